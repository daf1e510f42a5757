"""Every monitor below, at and above its limit, and in the states in which it has a say."""

from dataclasses import replace

import pytest

from controller.core.messages import Late, LinkLost, RecorderTrouble, Tick
from controller.core.monitors import (
    MONITORS,
    Roster,
    faulty_button,
    high_pressure,
    late_host,
    lost_port,
    lost_record,
    old_pressure,
    open_button,
    pump_alarm,
    silent_pump,
    too_much,
    unordered_motion,
    untrusted_pressure,
    unusable_device,
)
from controller.core.reasons import Reason
from controller.core.states import State
from drivers.button import ButtonClosed, ButtonFault, ButtonOpened
from drivers.driver import DeviceProblem
from drivers.pressure import PressureFault, PressureSample
from drivers.pump import PumpAlarm, PumpAlarmed, PumpConnected, PumpHeard, PumpReading, PumpRefused, PumpStatus
from tests.core.bench import PLAN, CoreBench, in_state

ENDED = {State.COMPLETE, State.STOPPED}
UNDER_WAY = [state for state in State if state not in ENDED | {State.STANDBY}]
BEFORE_PRIMING = {State.STANDBY, State.SELF_TEST}


def ask(monitor, bench: CoreBench, observation: object = None) -> Reason | None:
    verdict = monitor(bench.desk, observation)
    return None if verdict is None else verdict.reason


def any_state(*states: State):
    return pytest.mark.parametrize("state", states or State, ids=lambda state: state.value)


def faulted(state: State, reason: Reason) -> Reason | None:
    """What a fault of a device is called in a state."""
    return None if state in ENDED else Reason.SELF_TEST_FAILED if state in BEFORE_PRIMING else reason


def test_nothing_is_wrong_on_the_ordinary_way() -> None:
    for state in (State.PRIMING, State.READY, State.ARMED, State.INFUSING, State.HOLDING, State.COMPLETE):
        bench = in_state(state)
        assert [ask(monitor, bench, Tick()) for monitor in MONITORS] == [None] * len(MONITORS)


@pytest.mark.parametrize(("lateness_s", "stops"), [(0.049, False), (0.05, False), (0.051, True), (10.0, True)])
def test_lateness(lateness_s: float, stops: bool) -> None:
    assert ask(late_host, in_state(State.INFUSING), Late(lateness_s)) == (Reason.HOST_LATE if stops else None)


@any_state(State.SELF_TEST, State.PRIMING, State.READY, State.ARMED, State.HOLDING, State.COMPLETE, State.STOPPED)
def test_lateness_counts_only_while_something_may_move(state: State) -> None:
    assert ask(late_host, in_state(state), Late(1.0)) is None


@any_state()
def test_open_button(state: State) -> None:
    bench = in_state(state)
    bench.desk.view.button.closed = False
    with_the_patient = state in (State.ARMED, State.INFUSING, State.HOLDING)
    assert ask(open_button, bench) == (Reason.PAIN_STOP if with_the_patient else None)


def test_open_button_while_priming_moves() -> None:
    bench = in_state(State.PRIMING)
    bench.breathe(0.6)
    bench.start_motion()
    assert bench.say(ButtonOpened("A"))[0].reason is Reason.PAIN_STOP


@any_state()
def test_button_fault(state: State) -> None:
    bench = in_state(state)
    bench.desk.view.button.fault = "contacts disagree"
    assert ask(faulty_button, bench) == faulted(state, Reason.BUTTON_FAULT)


@pytest.mark.parametrize("channel", ["A", "B"])
@pytest.mark.parametrize(("age_s", "stops"), [(0.99, False), (1.0, False), (1.01, True)])
def test_each_channel_has_to_be_proved_live(channel: str, age_s: float, stops: bool) -> None:
    bench = in_state(State.INFUSING)
    bench.desk.view.button.proved_s = {"A": bench.now_s, "B": bench.now_s}
    bench.desk.view.button.proved_s[channel] = bench.desk.view.button.closed_s = bench.now_s - age_s
    bench.desk.now_s = bench.now_s
    assert ask(faulty_button, bench) == (Reason.BUTTON_FAULT if stops else None)


def test_a_button_that_was_held_for_long_has_its_time_to_prove_itself() -> None:
    """While it is open its test pulses can not be heard: what counts begins when it is let go."""
    bench = in_state(State.STOPPING)
    bench.say(*[Tick(), PumpHeard()], after_s=3.0)
    bench.say(ButtonClosed(), Tick())
    assert Reason.BUTTON_FAULT not in bench.desk.also
    bench.say(Tick(), after_s=1.1)
    assert Reason.BUTTON_FAULT in bench.desk.also


@pytest.mark.parametrize(("kpa", "stops"), [(199.99, False), (200.0, True), (5000.0, True)])
@any_state()
def test_line_pressure(state: State, kpa: float, stops: bool) -> None:
    bench = in_state(state)
    bench.desk.view.pressure.kpa = kpa
    expected = Reason.PRIME_REFUSED if state is State.PRIMING else Reason.PRESSURE_CEILING
    silent = not stops or state in ENDED | BEFORE_PRIMING
    assert ask(high_pressure, bench) == (None if silent else expected)


def test_no_plan_raises_the_absolute_line_limit() -> None:
    bench = in_state(State.INFUSING, replace(PLAN, line_limit_kpa=1000.0))
    bench.desk.view.pressure.kpa = 250.0
    assert ask(high_pressure, bench) is Reason.PRESSURE_CEILING


@any_state()
def test_untrusted_pressure(state: State) -> None:
    bench = in_state(state)
    bench.desk.view.pressure.fault = "frozen"
    assert ask(untrusted_pressure, bench) == faulted(state, Reason.PRESSURE_FAULT)


@pytest.mark.parametrize("kpa", [float("nan"), float("inf"), float("-inf"), 1e30])
def test_a_sample_that_can_not_be_is_a_fault(kpa: float) -> None:
    bench = in_state(State.HOLDING)
    assert bench.say(PressureSample(kpa, bench.now_s))[0].reason is Reason.PRESSURE_FAULT
    assert bench.desk.view.pressure.kpa != kpa


def test_a_sample_from_the_future_is_never_fresh() -> None:
    bench = in_state(State.INFUSING)
    assert bench.say(PressureSample(1.0, bench.now_s + 3600.0))[0].reason is Reason.PRESSURE_FAULT


@pytest.mark.parametrize(
    ("state", "limit_s"), [(State.INFUSING, 0.1), (State.RELIEVING, 0.5), (State.HOLDING, 0.5), (State.READY, 0.5)]
)
def test_age_of_the_newest_pressure(state: State, limit_s: float) -> None:
    bench = in_state(state)
    for age_s, stops in ((limit_s - 0.01, False), (limit_s + 0.01, True)):
        bench.desk.view.pressure.asked_s = bench.desk.now_s - age_s
        assert ask(old_pressure, bench, Tick()) == (Reason.PRESSURE_SILENT if stops else None)
    assert ask(old_pressure, bench, Late(0.001)) is None  # what has arrived in this cycle has to be looked at first


@any_state(State.STANDBY, State.SELF_TEST, State.COMPLETE, State.STOPPED)
def test_age_of_pressure_has_no_say(state: State) -> None:
    bench = in_state(state)
    bench.desk.view.pressure.asked_s = float("-inf")
    assert ask(old_pressure, bench, Tick()) is None


@any_state(*UNDER_WAY)
def test_alarm_and_refusal_of_the_pump(state: State) -> None:
    bench = in_state(state)
    bench.desk.view.pump.connected = PumpConnected("NE-1000", "1")
    expected = faulted(state, Reason.PUMP_FAULT)
    assert ask(pump_alarm, bench, PumpAlarmed(PumpAlarm.STALL)) == expected
    assert ask(pump_alarm, bench, PumpRefused("no")) == expected


def test_what_a_pump_had_to_say_before_our_time_is_left_to_its_driver() -> None:
    assert ask(pump_alarm, in_state(State.SELF_TEST), PumpAlarmed(PumpAlarm.RESET)) is None


@pytest.mark.parametrize(("silence_s", "stops"), [(0.29, False), (0.31, True)])
@any_state(
    State.PRIMING, State.READY, State.ARMED, State.INFUSING, State.HOLDING, State.COMPLETE, State.STOPPING, State.RELIEVING
)
def test_silence_of_the_pump(state: State, silence_s: float, stops: bool) -> None:
    bench = in_state(state)
    bench.desk.view.pump.heard_s = bench.desk.now_s - silence_s
    assert ask(silent_pump, bench, Tick()) == (Reason.PUMP_SILENT if stops else None)
    assert ask(silent_pump, bench, None) is None


def test_a_pump_that_was_handed_back_may_be_silent() -> None:
    bench = in_state(State.COMPLETE)
    bench.desk.view.pump.heard_s, bench.desk.view.pump.released = 0.0, True
    assert ask(silent_pump, bench, Tick()) is None


@pytest.mark.parametrize("status", PumpStatus, ids=lambda status: status.name)
@any_state(State.PRIMING, State.READY, State.ARMED, State.HOLDING, State.COMPLETE, State.RELIEVING, State.STOPPED)
def test_motion_without_an_order(state: State, status: PumpStatus) -> None:
    """In `relieving` too: the stroke is still being written down and programmed here."""
    bench = in_state(state)
    expected = Reason.UNCOMMANDED_MOTION if status.moving else None
    assert ask(unordered_motion, bench, PumpReading(status, 0.0, 0.0)) == expected


@pytest.mark.parametrize(("withdrawn_ul", "stops"), [(0.0, False), (0.1, False), (0.11, True)])
def test_motion_the_wrong_way(withdrawn_ul: float, stops: bool) -> None:
    reading = PumpReading(PumpStatus.INFUSING, 0.1, withdrawn_ul)
    assert ask(unordered_motion, in_state(State.INFUSING), reading) == (Reason.UNCOMMANDED_MOTION if stops else None)


def test_relief_that_goes_forward() -> None:
    bench = in_state(State.RELIEVING)
    bench.breathe(0.1, 20.0)
    bench.start_motion(20.0)
    said = bench.say(PumpReading(PumpStatus.WITHDRAWING, 20.6, 0.0))
    assert said[0].reason is Reason.UNCOMMANDED_MOTION


@pytest.mark.parametrize(("infused_ul", "stops"), [(50.0, False), (50.1, False), (50.11, True), (1e9, True)])
def test_more_than_was_ordered(infused_ul: float, stops: bool) -> None:
    bench = in_state(State.INFUSING)
    bench.desk.now_s += 20.0
    bench.desk.account.take_counters(infused_ul, 0.0)
    assert ask(too_much, bench, PumpReading(PumpStatus.INFUSING, infused_ul, 0.0)) == (Reason.OVER_DELIVERY if stops else None)


@pytest.mark.parametrize(("infused_ul", "stops"), [(11.1, False), (11.2, True)])
def test_faster_than_was_ordered(infused_ul: float, stops: bool) -> None:
    """After 1.95 s and 0.15 s of slack at 5.25 ul/s at most 11.025 ul, and the pump's own rounding."""
    bench = in_state(State.INFUSING)
    entry = bench.desk.account.moving
    assert entry is not None
    assert entry.started_s is not None
    bench.desk.now_s = entry.started_s + 1.95
    bench.desk.account.take_counters(infused_ul, 0.0)
    assert ask(too_much, bench, PumpReading(PumpStatus.INFUSING, infused_ul, 0.0)) == (Reason.OVER_DELIVERY if stops else None)


@pytest.mark.parametrize(("before_ul", "stops"), [(50.0, False), (50.2, True)])
def test_more_than_was_planned_in_all(before_ul: float, stops: bool) -> None:
    bench = in_state(State.INFUSING)
    first = bench.desk.account.entries[-1]
    first.infused_ul, first.closed, first.certain = before_ul, True, True
    second = bench.desk.account.open("patient", first.motion)
    second.programmed, second.started_s = True, bench.desk.now_s - 20.0
    bench.desk.account.take_counters(50.0, 0.0)
    assert ask(too_much, bench, PumpReading(PumpStatus.INFUSING, 50.0, 0.0)) == (Reason.OVER_DELIVERY if stops else None)


@pytest.mark.parametrize(
    ("device", "reason"),
    [("pump", Reason.PUMP_SILENT), ("pressure", Reason.PRESSURE_SILENT), ("button", Reason.BUTTON_FAULT)],
)
@any_state()
def test_a_lost_port(state: State, device: str, reason: Reason) -> None:
    bench = in_state(state)
    bench.desk.view.lost[device] = "gone"
    assert ask(lost_port, bench, LinkLost(device, "gone")) == (
        reason if state in ENDED and device == "pump" else faulted(state, reason)
    )


@any_state()
def test_a_lost_record(state: State) -> None:
    bench = in_state(state)
    bench.desk.view.recorder_trouble = "disk full"
    assert ask(lost_record, bench, RecorderTrouble("disk full")) == (None if state in ENDED else Reason.RECORDER_FAULT)


@pytest.mark.parametrize(
    ("device", "reason"),
    [("pump", Reason.PUMP_FAULT), ("pressure", Reason.PRESSURE_FAULT), ("button", Reason.BUTTON_FAULT)],
)
@any_state()
def test_a_device_that_its_driver_can_not_work_with(state: State, device: str, reason: Reason) -> None:
    assert ask(unusable_device, in_state(state), DeviceProblem(device, "no")) == faulted(state, reason)


STOPPERS = [
    ButtonFault("no pulse"), PressureFault("frozen"), PumpAlarmed(PumpAlarm.STALL), PumpRefused("no"), LinkLost("pump", "gone"),
    RecorderTrouble("full"), PressureSample(250.0, 0.0), PumpReading(PumpStatus.INFUSING, 60.0, 0.0), Late(0.2),
    ButtonOpened("A"),
]  # fmt: skip


@pytest.mark.parametrize("observation", STOPPERS, ids=lambda item: type(item).__name__)
def test_the_stop_is_the_first_of_all_actions(observation: object) -> None:
    bench = in_state(State.INFUSING)
    if isinstance(observation, PressureSample):
        observation = replace(observation, asked_s=bench.now_s)
    actions = bench.say(observation)
    assert type(actions[0]).__name__ == "StopPump"
    assert bench.state is State.STOPPING


def test_every_condition_is_asked_at_the_end_of_every_cycle() -> None:
    """What only an observation can tell is asked on that; everything else also when nothing has come."""
    at_the_end = set(Roster(MONITORS)[Tick])
    told = {"unusable_device", "late_host", "unordered_motion", "too_much", "pump_alarm"}
    assert {monitor.__name__ for monitor in MONITORS} - {monitor.__name__ for monitor in at_the_end} == told
