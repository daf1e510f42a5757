"""The monitors that need no model: each looks at the facts and says, or does not say, that everything has to stop.

They are asked before the phase that is under way, in the order of the list at the end: all that judge a condition at the Tick
that ends every cycle, and each at once when an observation has come that it is named for. Each knows in which states it has a
say. None of them can be switched off by configuration.
"""

from collections.abc import Callable, Sequence

from controller.core.account import COUNT_TOLERANCE_UL
from controller.core.desk import Desk, Verdict
from controller.core.limits import LINE_KPA, PUMP_SILENT_S, TOTAL_UL
from controller.core.messages import Late, LinkLost, RecorderTrouble, Tick
from controller.core.reasons import Reason
from controller.core.states import State
from drivers.button import ButtonFault, ButtonOpened
from drivers.driver import DeviceProblem
from drivers.pressure import PressureFault, PressureSample
from drivers.pump import Direction, PumpAlarmed, PumpReading, PumpRefused

Monitor = Callable[[Desk, object], Verdict | None]

RESTING_SAMPLE_AGE_S = 0.5  # while nothing moves
BUTTON_PROOF_S = 1.0  # pulses come every 0.1 s, each channel every 0.2 s
RATE_FACTOR = 1.05
RATE_SLACK_S = 0.15  # between RUN going out and the pump's first step, and the age of a reading

_LOST = {"pump": Reason.PUMP_SILENT, "pressure": Reason.PRESSURE_SILENT, "button": Reason.BUTTON_FAULT}
_ENDED = (State.COMPLETE, State.STOPPED)
_WITH_THE_PATIENT = (State.ARMED, State.INFUSING, State.HOLDING)


_ASKED_ON: dict[Monitor, tuple[type, ...]] = {}


def _asked_on(*kinds: type) -> Callable[[Monitor], Monitor]:
    """Names the observations that a monitor is asked on."""

    def name(monitor: Monitor) -> Monitor:
        _ASKED_ON[monitor] = kinds
        return monitor

    return name


class Roster(dict[type, tuple[Monitor, ...]]):
    """Kind of observation -> the monitors that are asked when one has come, in their order.

    A monitor that names no observations is asked on every one.
    """

    def __init__(self, monitors: Sequence[Monitor]) -> None:
        super().__init__()
        self._monitors = tuple(monitors)

    def __missing__(self, kind: type) -> tuple[Monitor, ...]:
        chosen = tuple(monitor for monitor in self._monitors if kind in _ASKED_ON.get(monitor, (kind,)))
        self[kind] = chosen
        return chosen


def _phase_reason(desk: Desk, reason: Reason) -> Reason:
    """Before priming, whatever is wrong is a failed self-test."""
    return reason if desk.self_test_passed else Reason.SELF_TEST_FAILED


@_asked_on(LinkLost, Tick)
def lost_port(desk: Desk, _: object) -> Verdict | None:
    """A port that is gone is gone for good."""
    for device, text in desk.view.lost.items():
        reason = _phase_reason(desk, _LOST[device])
        if reason is desk.reason or reason in desk.also or (desk.state in _ENDED and device != "pump"):
            continue  # told already: another one may be gone as well
        return Verdict(reason, f"{device}: {text}")
    return None


@_asked_on(DeviceProblem)
def unusable_device(desk: Desk, observation: object) -> Verdict | None:
    """What a driver can not work with."""
    if not isinstance(observation, DeviceProblem) or desk.state in _ENDED:
        return None
    reasons = {"pump": Reason.PUMP_FAULT, "pressure": Reason.PRESSURE_FAULT, "button": Reason.BUTTON_FAULT}
    return Verdict(_phase_reason(desk, reasons[observation.device]), f"{observation.device}: {observation.text}")


@_asked_on(Late)
def late_host(desk: Desk, observation: object) -> Verdict | None:
    """The loop itself, while anything moves."""
    if isinstance(observation, Late) and observation.lateness_s > desk.plan.lateness_s and desk.account.moving is not None:
        ran = f" ({observation.ran})" if observation.ran else ""
        return Verdict(Reason.HOST_LATE, f"the loop woke up {observation.lateness_s * 1000:.0f} ms late{ran}", again=True)
    return None


@_asked_on(ButtonOpened, Tick)
def open_button(desk: Desk, _: object) -> Verdict | None:
    """The patient's word, or a broken wire: the same."""
    asked = desk.state in _WITH_THE_PATIENT or (desk.state is State.PRIMING and desk.account.moving is not None)
    if asked and desk.view.button.closed is False:
        return Verdict(Reason.PAIN_STOP, f"stop button open (channel {desk.view.button.channels_open or '?'})")
    return None


@_asked_on(ButtonFault, Tick)
def faulty_button(desk: Desk, _: object) -> Verdict | None:
    """A button that can not be trusted is no button."""
    button = desk.view.button
    if desk.state in _ENDED:
        return None
    if button.fault is not None:
        return Verdict(_phase_reason(desk, Reason.BUTTON_FAULT), button.fault)
    if not desk.self_test_passed or button.closed is not True:
        return None
    for channel in ("A", "B"):
        since_s = max(button.closed_s, button.proved_s.get(channel, float("-inf")))  # an open one can not be proved
        if desk.now_s - since_s > BUTTON_PROOF_S:
            return Verdict(Reason.BUTTON_FAULT, f"channel {channel} has not answered its test pulses for {BUTTON_PROOF_S} s")
    return None


@_asked_on(PressureSample, Tick)
def high_pressure(desk: Desk, _: object) -> Verdict | None:
    """The line's absolute limit, in every state in which pressure is known."""
    kpa = desk.view.pressure.kpa
    limit = min(desk.plan.line_limit_kpa, LINE_KPA)
    if not desk.self_test_passed or desk.state in _ENDED or kpa is None or kpa < limit:
        return None
    if desk.state is State.PRIMING:
        return Verdict(Reason.PRIME_REFUSED, f"line blocked: {kpa:.1f} kPa while priming, limit {limit:.0f} kPa")
    return Verdict(Reason.PRESSURE_CEILING, f"line pressure {kpa:.1f} kPa, limit {limit:.0f} kPa")


@_asked_on(PressureFault, PressureSample, Tick)
def untrusted_pressure(desk: Desk, _: object) -> Verdict | None:
    """What the transmitter's driver found."""
    fault = desk.view.pressure.fault
    return None if fault is None or desk.state in _ENDED else Verdict(_phase_reason(desk, Reason.PRESSURE_FAULT), fault)


@_asked_on(Tick)
def old_pressure(desk: Desk, observation: object) -> Verdict | None:
    """The age of the newest valid sample, counted from when it was asked for."""
    if not isinstance(observation, Tick) or not desk.self_test_passed or desk.state in _ENDED:
        return None
    if desk.view.pressure.fault is not None:
        return None  # told already, and by its own name
    limit_s = desk.plan.sample_age_s if desk.account.moving is not None else RESTING_SAMPLE_AGE_S
    age_s = desk.now_s - desk.view.pressure.asked_s
    if age_s > limit_s:
        return Verdict(
            Reason.PRESSURE_SILENT, f"the newest pressure sample is {age_s * 1000:.0f} ms old, limit {limit_s * 1000:.0f} ms"
        )
    return None


@_asked_on(PumpAlarmed, PumpRefused)
def pump_alarm(desk: Desk, observation: object) -> Verdict | None:
    """The pump's own alarms and refusals; while it is being connected they are collected and dealt with by its driver."""
    if desk.view.pump.connected is None:
        return None
    if isinstance(observation, PumpAlarmed):
        return Verdict(_phase_reason(desk, Reason.PUMP_FAULT), f"the pump reports: {observation.alarm.value}")
    if isinstance(observation, PumpRefused) and desk.state not in _ENDED:
        return Verdict(_phase_reason(desk, Reason.PUMP_FAULT), observation.text)
    return None


@_asked_on(Tick)
def silent_pump(desk: Desk, observation: object) -> Verdict | None:
    """No valid answer for too long."""
    pump = desk.view.pump
    if not isinstance(observation, Tick) or pump.connected is None or pump.released or desk.state is State.STOPPED:
        return None
    silence_s = desk.now_s - pump.heard_s
    if silence_s > PUMP_SILENT_S:
        return Verdict(_phase_reason(desk, Reason.PUMP_SILENT), f"no answer from the pump for {silence_s * 1000:.0f} ms")
    return None


@_asked_on(PumpReading)
def unordered_motion(desk: Desk, observation: object) -> Verdict | None:
    """The pump moves and nobody told it to, or it moves the wrong way."""
    if not isinstance(observation, PumpReading) or desk.view.pump.connected is None:
        return None
    entry = desk.account.moving
    if entry is None:
        if observation.status.moving and not desk.stop_under_way:
            return Verdict(Reason.UNCOMMANDED_MOTION, f"the pump is {observation.status.value} and was not told to", again=True)
        return None
    other_way = observation.withdrawn_ul if entry.motion.direction is Direction.INFUSE else observation.infused_ul
    if other_way > COUNT_TOLERANCE_UL:
        return Verdict(Reason.UNCOMMANDED_MOTION, f"the pump goes the wrong way ({other_way:.2f} ul so far)")
    return None


@_asked_on(PumpReading)
def too_much(desk: Desk, observation: object) -> Verdict | None:
    """More than the motion, the plan or the rate allows."""
    if not isinstance(observation, PumpReading):
        return None
    entry = desk.account.moving
    if entry is None or entry.started_s is None or entry.went_on:
        return None  # what goes on without an order has a name of its own
    motion = entry.motion
    if entry.done_ul > motion.volume_ul + COUNT_TOLERANCE_UL:
        return Verdict(Reason.OVER_DELIVERY, f"{entry.done_ul:.2f} ul counted of {motion.volume_ul:g} ul ordered")
    could_ul = motion.rate_ul_s * RATE_FACTOR * (desk.now_s - entry.started_s + RATE_SLACK_S)
    if entry.done_ul > could_ul + COUNT_TOLERANCE_UL:
        return Verdict(Reason.OVER_DELIVERY, f"{entry.done_ul:.2f} ul counted where {could_ul:.2f} ul were due: too fast")
    total_ul = desk.account.patient_forward_ul()[0]
    limit_ul = min(desk.plan.target_ul, TOTAL_UL)
    if total_ul > limit_ul + COUNT_TOLERANCE_UL:
        return Verdict(Reason.OVER_DELIVERY, f"{total_ul:.2f} ul in all, planned {limit_ul:g} ul")
    return None


@_asked_on(RecorderTrouble, Tick)
def lost_record(desk: Desk, _: object) -> Verdict | None:
    """Nothing moves that is not written down."""
    trouble = desk.view.recorder_trouble
    return None if trouble is None or desk.state in _ENDED else Verdict(Reason.RECORDER_FAULT, trouble)


MONITORS: tuple[Monitor, ...] = (
    unusable_device,
    late_host,
    open_button,
    high_pressure,
    unordered_motion,
    too_much,
    pump_alarm,
    silent_pump,
    untrusted_pressure,
    old_pressure,
    faulty_button,
    lost_port,
    lost_record,
)
