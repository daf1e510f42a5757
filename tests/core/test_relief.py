"""Relief: how much, upon what, and what ends it."""

import pytest

from controller.core.line import LineModel
from controller.core.messages import (
    Action,
    Durable,
    HostFailed,
    Late,
    Operator,
    PreparePump,
    RunPump,
    Tick,
    WriteIntent,
)
from controller.core.reasons import Reason
from controller.core.states import State
from drivers.button import ButtonClosed, ButtonOpened
from drivers.pressure import PressureSample
from drivers.pump import PumpHeard, PumpIdle, PumpPrepared, PumpReading, PumpRefused, PumpStatus, PumpStopped
from tests.core.bench import CoreBench, first_stop, in_state, kinds


def relieving(kpa: float = 20.0) -> CoreBench:
    bench = in_state(State.RELIEVING)
    assert bench.intent.into == "relief"
    bench.say(PressureSample(kpa, bench.now_s))
    return bench


def test_relief_is_no_more_than_the_line_holds() -> None:
    bench = relieving()
    assert bench.intent.motion.volume_ul <= bench.desk.line.stored_ul(20.0, 0.0)
    assert bench.intent.motion.rate_ul_s <= 15.0


def test_no_relief_without_a_durable_intent() -> None:
    bench = relieving()
    bench.breathe(1.0, 20.0)
    assert len(list(bench.ordered(RunPump))) == 3


def test_the_pump_is_programmed_while_the_intent_is_being_written_and_waits_for_it() -> None:
    bench = relieving()
    assert [action.motion for action in bench.ordered(PreparePump)][-1] == bench.intent.motion
    bench.say(PumpPrepared(bench.intent.motion), PumpIdle(), PressureSample(20.0, bench.now_s), Tick())
    assert len(list(bench.ordered(RunPump))) == 3
    bench.say(Durable(bench.intent.motion_number))
    assert len(list(bench.ordered(RunPump))) == 4


def test_an_intent_that_does_not_come_to_the_disk_ends_relief() -> None:
    bench = relieving()
    bench.say(PumpPrepared(bench.intent.motion), PumpIdle())
    bench.breathe(2.1, 20.0)
    assert Reason.RECORDER_FAULT in bench.desk.also
    assert len(list(bench.ordered(RunPump))) == 3


def test_never_more_than_an_increment_is_programmed() -> None:
    bench = in_state(State.STOPPING)
    bench.desk.line = LineModel(5.0, 2.0)
    bench.say(PressureSample(90.0, bench.now_s), PumpStopped(20.1, 0.0), PumpIdle())
    assert bench.intent.motion.volume_ul == 50.0


def down_to(bench: CoreBench, kpa: float) -> list[Action]:
    """The line comes down in even steps, 20 ms each."""
    ordered = []
    at_kpa = bench.desk.view.pressure.kpa or 0.0
    while at_kpa > kpa and bench.state is State.RELIEVING:
        at_kpa -= 0.8
        ordered += bench.say(PressureSample(at_kpa, round(bench.now_s + 0.01, 6)), PumpHeard(), Tick(), after_s=0.01)
    return ordered


def test_a_stroke_ends_where_the_line_has_come_down_to_the_duct() -> None:
    bench = relieving()
    bench.start_motion(20.0)
    assert "StopPump" in kinds(down_to(bench, -0.4))
    assert 0.0 <= (bench.desk.view.pressure.kpa or 0.0) < 2.0
    assert bench.state is State.STOPPING


def test_no_reading_is_asked_for_where_the_stop_could_meet_it() -> None:
    bench = relieving()
    bench.start_motion(20.0)
    down_to(bench, 4.5)
    bench.say(PumpReading(PumpStatus.WITHDRAWING, 0.0, 0.5), PumpIdle())
    bench.say(PressureSample(4.0, round(bench.now_s + 0.03, 6)), after_s=0.03)
    assert bench.say(Tick()) == []
    for _ in range(20):
        bench.say(PressureSample(4.0, round(bench.now_s + 0.01, 6)), after_s=0.01)
    assert kinds(bench.say(Tick())) == {"PollPump"}, "but not for long"


def own_stop() -> CoreBench:
    """A stroke that was ended by its own stop; the plunger stands, and the line still holds 20 kPa."""
    bench = relieving()
    bench.start_motion(20.0)
    down_to(bench, -0.4)
    assert bench.state is State.STOPPING
    return bench


def test_behind_a_stop_of_its_own_another_stroke_may_follow() -> None:
    bench = own_stop()
    bench.breathe(0.04, 20.0)
    bench.say(PumpStopped(0.0, 0.5), PumpIdle(), PressureSample(20.0, bench.now_s))
    assert bench.state is State.RELIEVING
    assert bench.intent.into == "relief"


@pytest.mark.parametrize("act", ["stop", "pain", "reflux"])
def test_what_anybody_says_behind_a_stop_of_its_own_ends_relief(act: str) -> None:
    bench = own_stop()
    bench.breathe(0.04, 20.0)
    bench.say(Operator(act, "test"))
    before = len(list(bench.ordered(WriteIntent)))
    bench.say(PumpStopped(0.0, 0.5), PumpIdle(), PressureSample(20.0, bench.now_s))
    bench.breathe(1.0, 20.0)
    assert len(list(bench.ordered(WriteIntent))) == before


def test_no_relief_upon_an_old_pressure() -> None:
    bench = relieving()
    bench.say(Durable(bench.intent.motion_number), PumpIdle())
    bench.breathe(0.05, 20.0)
    before = len(list(bench.ordered(RunPump)))
    bench.say(PumpPrepared(bench.intent.motion), PumpIdle(), PumpHeard(), after_s=0.15)
    assert len(list(bench.ordered(RunPump))) == before
    bench.say(PressureSample(20.0, bench.now_s))
    assert len(list(bench.ordered(RunPump))) == before + 1


def test_a_stroke_that_the_line_no_longer_holds_is_dropped() -> None:
    bench = relieving()
    first = bench.intent
    bench.breathe(0.05, 8.0)
    assert bench.intent.motion_number > first.motion_number
    assert bench.intent.motion.volume_ul < first.motion.volume_ul
    bench.breathe(0.05, 0.5)
    assert bench.state is State.STOPPED
    assert bench.core.desk.account.forward_ul("relief") == (0.0, 0.0)


ENDERS = [Operator("stop", "test"), Operator("pain", "test"), Operator("reflux", "test"), HostFailed("x"), PumpRefused("no")]


@pytest.mark.parametrize("cause", ENDERS, ids=str)
@pytest.mark.parametrize("moving", [False, True])
def test_every_cause_ends_relief_for_good(cause: object, moving: bool) -> None:
    bench = relieving()
    if moving:
        bench.start_motion(20.0)
    first_stop(bench.say(cause))
    bench.say(PumpStopped(0.0, 0.4 if moving else 0.0), PumpIdle(), PressureSample(20.0, bench.now_s))
    before = len(list(bench.ordered(WriteIntent)))
    bench.breathe(3.0, 20.0)
    assert len(list(bench.ordered(WriteIntent))) == before
    assert bench.core.outcome is not None


def test_the_operators_second_stop_ends_relief_too() -> None:
    bench = in_state(State.INFUSING)
    bench.count(20.0)
    bench.say(Operator("stop", "test"))
    bench.say(PumpStopped(20.0, 0.0), PumpIdle(), PressureSample(20.0, bench.now_s))
    assert bench.state is State.RELIEVING
    first_stop(bench.say(Operator("stop", "test")))
    assert bench.state is State.STOPPING


def test_a_second_lateness_ends_relief_too() -> None:
    bench = in_state(State.INFUSING)
    bench.count(20.0)
    bench.say(Late(0.1))
    bench.say(PumpStopped(20.0, 0.0), PumpIdle(), PressureSample(20.0, bench.now_s))
    bench.start_motion(20.0)
    first_stop(bench.say(Late(0.1)))


def test_an_open_button_does_not_end_relief() -> None:
    bench = relieving()
    bench.start_motion(20.0)
    assert not kinds(bench.say(ButtonClosed(), ButtonOpened("AB"), Tick())) & {"StopPump"}
    assert bench.state is State.RELIEVING


def test_relief_stops_above_its_floor() -> None:
    bench = relieving()
    bench.start_motion(20.0)
    first_stop(bench.say(PressureSample(-0.6, bench.now_s)))
    assert bench.state is State.STOPPING
    bench.say(PumpStopped(0.0, 1.0), PumpIdle())
    bench.breathe(3.0, 20.0)
    assert bench.core.outcome is not None


def test_a_pump_that_starts_while_the_stroke_is_prepared_is_stopped() -> None:
    bench = relieving()
    assert first_stop(bench.say(PumpReading(PumpStatus.INFUSING, 20.2, 0.0))).reason is Reason.UNCOMMANDED_MOTION


def test_no_relief_before_anything_went_into_the_patient() -> None:
    bench = in_state(State.PRIMING)
    bench.breathe(0.6)
    bench.start_motion(20.0)
    bench.say(ButtonOpened("AB"))
    bench.say(PumpStopped(2.0, 0.0), PumpIdle(), PressureSample(20.0, bench.now_s))
    assert bench.state is State.STOPPED
