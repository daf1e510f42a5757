"""One motion: what has to be so before it starts, and how long anything is waited for."""

import pytest

from controller.core.messages import (
    Durable,
    Operator,
    PreparePump,
    RunPump,
    Tick,
)
from controller.core.reasons import Reason
from controller.core.states import State
from drivers.button import ButtonOpened
from drivers.pressure import PressureSample
from drivers.pump import PumpHeard, PumpIdle, PumpPrepared, PumpStopped
from tests.core.bench import CoreBench, first_stop, in_state, kinds, motion


def armed_with_intent() -> CoreBench:
    bench = in_state(State.ARMED)
    bench.breathe(0.1)
    assert bench.intent.into == "patient"
    return bench


def test_nothing_is_programmed_before_the_intent_is_durable() -> None:
    bench = armed_with_intent()
    bench.breathe(1.0)
    assert [action.motion.volume_ul for action in bench.ordered(PreparePump)] == [10.0, 20.0]  # the priming


@pytest.mark.parametrize("number", [0, 1, 2, 4, 99, -1])
def test_the_durability_of_another_motion_is_none(number: int) -> None:
    bench = armed_with_intent()
    bench.say(Durable(number))
    bench.breathe(0.5)
    assert len(list(bench.ordered(PreparePump))) == 2


def test_an_intent_that_does_not_become_durable_ends_it() -> None:
    bench = armed_with_intent()
    bench.breathe(2.2)
    assert bench.desk.reason is Reason.RECORDER_FAULT


def test_an_intent_that_becomes_durable_after_the_stop_starts_nothing() -> None:
    bench = armed_with_intent()
    first_stop(bench.say(Operator("stop", "test")))
    later = bench.say(Durable(bench.intent.motion_number), PumpStopped(0.0, 0.0), PumpIdle(), Tick(), after_s=0.01)
    bench.breathe(3.0)
    assert not kinds(later) & {"PreparePump", "RunPump"}
    assert len(list(bench.ordered(RunPump))) == 2  # the priming


def test_another_motion_read_back_is_a_fault() -> None:
    bench = armed_with_intent()
    bench.say(Durable(bench.intent.motion_number))
    bench.breathe(0.05)
    assert first_stop(bench.say(PumpPrepared(motion(60.0)))).reason is Reason.PUMP_FAULT


def test_what_was_prepared_before_it_was_ordered_does_not_count() -> None:
    bench = armed_with_intent()
    bench.say(PumpPrepared(bench.intent.motion), Durable(bench.intent.motion_number), PumpIdle())
    bench.breathe(0.5)
    assert len(list(bench.ordered(RunPump))) == 2


def programmed() -> CoreBench:
    bench = armed_with_intent()
    bench.say(Durable(bench.intent.motion_number))
    bench.breathe(0.05)
    return bench


def test_no_start_with_an_old_pressure() -> None:
    bench = programmed()
    bench.say(PumpPrepared(bench.intent.motion), PumpIdle(), PumpHeard(), after_s=0.2)
    assert len(list(bench.ordered(RunPump))) == 2
    bench.say(PressureSample(0.0, bench.now_s))
    assert len(list(bench.ordered(RunPump))) == 3


def test_no_start_with_an_open_button() -> None:
    bench = programmed()
    actions = bench.say(ButtonOpened("A"), PressureSample(0.0, bench.now_s), PumpPrepared(bench.intent.motion), PumpIdle())
    assert first_stop(actions).reason is Reason.PAIN_STOP
    assert "RunPump" not in kinds(actions)


def test_a_pump_that_stays_busy_is_not_waited_for_without_end() -> None:
    bench = programmed()
    bench.say(PumpPrepared(bench.intent.motion))
    for _ in range(330):
        bench.say(PressureSample(0.0, bench.now_s), PumpHeard(), Tick(), after_s=0.01)
    assert bench.desk.reason is not None


def test_nothing_is_started_in_the_step_that_stops() -> None:
    """A sample may open the gate and show too much pressure at once."""
    bench = programmed()
    bench.say(PumpHeard(), after_s=0.2)
    bench.say(PumpPrepared(bench.intent.motion), PumpIdle())
    actions = bench.say(PressureSample(150.0, bench.now_s))
    first_stop(actions)
    assert not kinds(actions) & {"RunPump", "PreparePump", "PollPump", "ReleasePump"}
