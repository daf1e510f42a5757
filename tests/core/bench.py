"""A core at work without devices: says to it what drivers would say, and keeps what it orders."""

from collections.abc import Iterator
from typing import TypeVar

from controller.core.core import Core
from controller.core.line import ATMOSPHERE_KPA, LineModel
from controller.core.messages import Action, Durable, Operator, PreparePump, RunPump, StopPump, Tick, WriteIntent
from controller.core.plan import Plan
from controller.core.states import State
from drivers.button import ButtonClosed, ButtonFullyOpened, ButtonOpened, ButtonProved
from drivers.pressure import PressureConnected, PressureSample
from drivers.pump import Direction, Motion, PumpConnected, PumpHeard, PumpIdle, PumpPrepared, PumpReading, PumpStatus, PumpStopped

PLAN = Plan(
    target_ul=100.0,
    increment_ul=50.0,
    rate_ul_s=5.0,
    relief_rate_ul_s=14.7,
    first_prime_ul=10.0,
    first_prime_rate_ul_s=5.0,
    prime_ul=20.0,
    prime_rate_ul_s=10.0,
    closed_tip=False,
    line_limit_kpa=200.0,
    duct_limit_kpa=5.0,
    sample_age_s=0.1,
    lateness_s=0.05,
    hold_s=30.0,
    watchdog_s=1.0,
    expected_resistance_kpa_s_ul=5.0,
    lot_calibrated=False,
    greatest_compliance_ul_kpa=0.62,
    zero_min_kpa=-3.0,
    zero_max_kpa=3.0,
    advance_auto=True,
    button_stops_pump=False,
    simulated=True,
)
LINE = LineModel(resistance_kpa_s_ul=5.0, compliance_ul_kpa=0.17)

Some = TypeVar("Some", bound=Action)


class CoreBench:
    """Says things to a core. The pump in here does what it is told, at once, unless a test says otherwise."""

    def __init__(self, plan: Plan = PLAN) -> None:
        self.core = Core(plan)
        self.now_s = 0.0
        self.actions: list[Action] = []

    @property
    def desk(self):
        return self.core.desk

    @property
    def state(self) -> State:
        return self.core.desk.state

    def say(self, *observations: object, after_s: float = 0.0) -> list[Action]:
        """Says these at one moment; returns what was ordered."""
        self.now_s = round(self.now_s + after_s, 6)
        ordered = [action for observation in observations for action in self.core.decide(self.now_s, observation)]
        self.actions += ordered
        return ordered

    def ordered(self, kind: type[Some]) -> Iterator[Some]:
        """Everything of one kind that was ever ordered."""
        return (action for action in self.actions if isinstance(action, kind))

    def breathe(self, seconds: float, kpa: float = 0.0, *, step_s: float = 0.01, noise: float = 0.02) -> None:
        """Time in which everything is well and the pump, if asked, answers that nothing has changed."""
        for count in range(round(seconds / step_s)):
            pump = self.desk.view.pump
            sign = 1 if count % 2 else -1
            self.say(
                ButtonProved("A"),
                ButtonProved("B"),
                PressureSample(kpa + sign * noise, round(self.now_s + step_s, 6)),
                PumpHeard(),
                *([PumpIdle()] if pump.busy else []),
                Tick(),
                after_s=step_s,
            )

    def until(self, state: State, limit_s: float = 3.0) -> "CoreBench":
        """Breathes until a state is reached."""
        for _ in range(round(limit_s / 0.01)):
            if self.state is state:
                return self
            self.breathe(0.01)
        raise AssertionError(f"never {state}: {self.core.snapshot()}")

    # -- the way to each state -------------------------------------------------------------------------------------------------

    def to_self_test(self) -> "CoreBench":
        self.say(Tick())
        return self

    def to_priming(self) -> "CoreBench":
        self.to_self_test()
        self.say(PressureConnected(1, "1", -100.0, 1000.0), PumpConnected("NE-1000", "3.928"), ButtonClosed())
        self.say(ButtonOpened("AB"), ButtonFullyOpened(), ButtonClosed(), ButtonProved("A"), ButtonProved("B"))
        return self.until(State.PRIMING)

    def to_ready(self) -> "CoreBench":
        self.to_priming()
        self.breathe(0.6)
        self.prime(LINE)
        assert self.state is State.READY, self.core.snapshot()
        self.desk.line = LINE
        return self

    def prime(self, line: LineModel, limit_s: float = 20.0, *, lost_ul_s: float = 0.0, hears: float = 1.0) -> None:
        """Both runs of priming, and the rest behind them, through an ideal line into air, until something is asked.

        lost_ul_s: what a leak takes of the plunger's flow. hears: what part of the pressure the transmitter tells.
        """
        kpa = 0.0
        for _ in range(2):
            if self.desk.reason is not None:
                return
            self.start_motion(hears * kpa)
            kpa = self._push(line, kpa, lost_ul_s, hears)
        for _ in range(round(limit_s / 0.01)):
            if self.state is not State.PRIMING or self.desk.question is not None:
                return
            kpa = after_10_ms(line, kpa, 0.0)
            self.breathe(0.01, hears * kpa)

    def _push(self, line: LineModel, kpa: float, lost_ul_s: float, hears: float) -> float:
        """The motion under way, in steps of 10 ms, with the pressure that it makes. Returns that of its end."""
        entry = self.desk.account.moving
        assert entry is not None
        motion, done_ul = entry.motion, 0.0
        while done_ul < motion.volume_ul - 1e-9 and self.desk.reason is None:
            kpa = after_10_ms(line, kpa, motion.rate_ul_s - lost_ul_s)
            done_ul = min(motion.volume_ul, done_ul + motion.rate_ul_s * 0.01)
            self.say(
                ButtonProved("A"), ButtonProved("B"), PressureSample(hears * kpa, round(self.now_s + 0.01, 6)), PumpHeard(),
                PumpReading(PumpStatus.INFUSING, done_ul, 0.0), PumpIdle(), Tick(), after_s=0.01,
            )  # fmt: skip
        if self.desk.reason is None:
            self.say(PumpReading(PumpStatus.STOPPED, motion.volume_ul, 0.0), PumpIdle())
            self.breathe(0.01, hears * kpa)
        return kpa

    def to_armed(self) -> "CoreBench":
        self.to_ready()
        return self.until(State.ARMED)

    def to_infusing(self, kpa: float = 0.0) -> "CoreBench":
        self.to_armed()
        self.breathe(0.6, kpa)
        self.start_motion(kpa)
        assert self.state is State.INFUSING
        return self

    def to_holding(self) -> "CoreBench":
        self.to_infusing()
        self.finish_motion()
        assert self.state is State.HOLDING
        return self

    def to_complete(self) -> "CoreBench":
        self.to_holding()
        self.hold(0.1)
        self.start_motion(0.1)
        self.finish_motion()
        self.hold(0.2)
        assert self.state is State.COMPLETE
        return self

    def hold(self, duct_kpa: float, limit_s: float = 15.0, line: LineModel | None = None) -> None:
        """The line comes down to what the duct holds, until the hold has told its result, or has ended otherwise.

        line: what it has become, if it is no longer LINE.
        """
        results, kpa = len(self.desk.hold_kpa), self.desk.view.pressure.kpa or 0.0
        for _ in range(round(limit_s / 0.01)):
            if len(self.desk.hold_kpa) > results or self.state is not State.HOLDING:
                return
            kpa = duct_kpa + after_10_ms(line or LINE, kpa - duct_kpa, 0.0)
            self.breathe(0.01, kpa)
        raise AssertionError(f"no result: {self.core.snapshot()}")

    def to_stopping(self) -> "CoreBench":
        self.to_infusing()
        self.count(20.0)
        self.say(ButtonOpened("AB"))
        assert self.state is State.STOPPING
        return self

    def to_relieving(self) -> "CoreBench":
        self.to_stopping()
        self.say(PumpStopped(20.1, 0.0), PumpIdle(), after_s=0.03)
        assert self.state is State.RELIEVING
        return self

    def to_stopped(self) -> "CoreBench":
        self.to_infusing()
        self.say(Operator("stop", "test"), PumpStopped(0.2, 0.0), PumpIdle())
        assert self.state is State.STOPPED
        return self

    # -- one motion ------------------------------------------------------------------------------------------------------------

    @property
    def intent(self) -> WriteIntent:
        """The newest intent."""
        return list(self.ordered(WriteIntent))[-1]

    def start_motion(self, kpa: float = 0.0) -> None:
        """Durable, programmed, allowed, started."""
        before = len(list(self.ordered(PreparePump)))
        self.say(Durable(self.intent.motion_number))
        for _ in range(5):  # the pump may be busy
            if len(list(self.ordered(PreparePump))) > before:
                break
            self.breathe(0.01, kpa)
        before = len(list(self.ordered(RunPump)))
        self.say(PressureSample(kpa, self.now_s), PumpPrepared(self.intent.motion), PumpIdle())
        if len(list(self.ordered(RunPump))) == before:
            self.breathe(0.02, kpa)
        assert len(list(self.ordered(RunPump))) == before + 1, self.core.snapshot()

    def count(
        self, volume_ul: float, kpa: float | None = None, *, withdraw: bool = False, duct_kpa: tuple[float, float] = (0.0, 0.0)
    ) -> None:
        """The motion under way goes on to volume_ul, with everything well.

        kpa: None for that of an ideal line with a duct at its end, whose pressure goes straight from the one to the other.
        """
        done = self.desk.account.moving
        assert done is not None
        rate_ul_s = done.motion.rate_ul_s
        status = PumpStatus.WITHDRAWING if withdraw else PumpStatus.INFUSING
        steps = max(1, round((volume_ul - done.done_ul) / rate_ul_s / 0.05))
        start_ul = done.done_ul
        ideal_kpa = self.desk.view.pressure.kpa or 0.0
        for step in range(1, steps + 1):
            inside_kpa = duct_kpa[0] + (duct_kpa[1] - duct_kpa[0]) * step / steps
            for _ in range(5):
                ideal_kpa = inside_kpa + after_10_ms(LINE, ideal_kpa - inside_kpa, -rate_ul_s if withdraw else rate_ul_s)
            so_far = start_ul + (volume_ul - start_ul) * step / steps
            counters = (0.0, so_far) if withdraw else (so_far, 0.0)
            self.say(
                ButtonProved("A"), ButtonProved("B"), PumpHeard(),
                PressureSample(ideal_kpa if kpa is None else kpa, round(self.now_s + 0.05, 6)),
                PumpReading(status, *counters), PumpIdle(), Tick(), after_s=0.05,
            )  # fmt: skip

    def finish_motion(self, peak_kpa: float | None = None, duct_kpa: tuple[float, float] = (0.0, 0.0)) -> None:
        """The motion under way runs to its end; peak_kpa and duct_kpa as in count."""
        entry = self.desk.account.moving
        assert entry is not None
        withdraw = entry.motion.direction is Direction.WITHDRAW
        self.count(entry.motion.volume_ul, peak_kpa, withdraw=withdraw, duct_kpa=duct_kpa)
        counters = (0.0, entry.motion.volume_ul) if withdraw else (entry.motion.volume_ul, 0.0)
        self.say(PumpReading(PumpStatus.STOPPED, *counters), PumpIdle())


def after_10_ms(line: LineModel, kpa: float, flow_ul_s: float) -> float:
    """The pressure of an ideal line into air, 10 ms later."""
    for _ in range(20):
        softness = line.compliance_ul_kpa + line.bubble_ul * ATMOSPHERE_KPA / (ATMOSPHERE_KPA + kpa) ** 2
        kpa += 0.0005 * (flow_ul_s - kpa / line.resistance_kpa_s_ul) / softness
    return kpa


WAYS = {
    State.STANDBY: lambda bench: bench,
    State.SELF_TEST: CoreBench.to_self_test,
    State.PRIMING: CoreBench.to_priming,
    State.READY: CoreBench.to_ready,
    State.ARMED: CoreBench.to_armed,
    State.INFUSING: CoreBench.to_infusing,
    State.HOLDING: CoreBench.to_holding,
    State.COMPLETE: CoreBench.to_complete,
    State.STOPPING: CoreBench.to_stopping,
    State.RELIEVING: CoreBench.to_relieving,
    State.STOPPED: CoreBench.to_stopped,
}


def in_state(state: State, plan: Plan = PLAN) -> CoreBench:
    """A core that has come to a state in the ordinary way."""
    bench = WAYS[state](CoreBench(plan))
    assert bench.state is state
    return bench


def kinds(actions: list[Action]) -> set[str]:
    """The kinds of these, by name."""
    return {type(action).__name__ for action in actions}


def first_stop(actions: list[Action]) -> StopPump:
    """Asserts that the order to stop comes before everything else, and returns it."""
    assert actions, "nothing was ordered"
    assert isinstance(actions[0], StopPump), actions
    return actions[0]


def motion(volume_ul: float = 50.0, rate_ul_s: float = 5.0, direction: Direction = Direction.INFUSE) -> Motion:
    return Motion(volume_ul, rate_ul_s, direction)
