"""The end: what is still heard, what no longer moves, and when the pump is handed back."""

from dataclasses import replace

import pytest

from controller.core.line import LineModel
from controller.core.messages import (
    CloseIntent,
    Durable,
    Finish,
    Operator,
    PollPump,
    ReleasePump,
    StopPump,
    Tick,
)
from controller.core.reasons import Reason
from controller.core.states import State
from drivers.pressure import PressureSample
from drivers.pump import PumpHeard, PumpIdle, PumpReading, PumpStatus, PumpStopped
from tests.core.bench import PLAN, first_stop, in_state, kinds

CONFIRM = replace(PLAN, advance_auto=False, simulated=False)


@pytest.mark.parametrize("state", [State.COMPLETE, State.STOPPED])
def test_a_pump_that_moves_after_the_end_is_stopped_and_told(state: State) -> None:
    bench = in_state(state)
    now_ul = bench.desk.view.pump.infused_ul
    first_stop(bench.say(PumpReading(PumpStatus.INFUSING, now_ul + 1.0, 0.0)))
    bench.say(PumpStopped(now_ul + 2.0, 0.0), PumpIdle(), after_s=0.05)
    bench.breathe(3.0)
    outcome = bench.core.outcome
    assert outcome is not None
    assert "UNCOMMANDED_MOTION" in outcome["also"]
    assert outcome["delivered_max_ml"] >= (now_ul + 2.0) / 1000
    assert outcome["exit"] != 0
    assert [end.infused_max_ul for end in bench.ordered(CloseIntent)][-1] == pytest.approx(now_ul + 2.0)


def test_after_the_end_people_are_heard_and_nothing_moves() -> None:
    bench = in_state(State.COMPLETE)
    actions = bench.say(*(Operator(act, "test") for act in ("stop", "pain", "reflux", "go", "confirm")))
    assert not kinds(actions) & {"RunPump", "PreparePump"}
    assert bench.state is State.COMPLETE


def test_after_all_is_said_nothing_is_decided() -> None:
    bench = in_state(State.STOPPED)
    bench.breathe(3.0)
    assert len(list(bench.ordered(Finish))) == 1
    assert bench.say(Tick(), Operator("go", "test"), Durable(1), PumpReading(PumpStatus.INFUSING, 1.0, 0.0)) == []


def test_the_pump_is_handed_back_only_when_it_was_seen_to_stand() -> None:
    seen, unseen = in_state(State.STOPPED), in_state(State.STOPPING)
    seen.breathe(3.0)
    unseen.say(*[Tick()], after_s=30.0)
    unseen.breathe(15.0, 20.0)
    assert list(seen.ordered(ReleasePump))
    assert not list(unseen.ordered(ReleasePump))
    assert unseen.core.outcome is not None
    assert "STOP_UNCONFIRMED" in [unseen.core.outcome["reason"], *unseen.core.outcome["also"]]


def test_a_pump_that_ignores_the_stop_is_waited_for_to_the_end_of_its_motion() -> None:
    bench = in_state(State.INFUSING)
    bench.say(Operator("stop", "test"))
    for step in range(1, 190):
        bench.say(
            PumpReading(PumpStatus.INFUSING, step * 0.25, 0.0), PumpHeard(), PressureSample(20.0, bench.now_s + 0.05), Tick(),
            after_s=0.05,
        )  # fmt: skip
    assert bench.state is State.STOPPING
    bench.say(PumpStopped(50.0, 0.0), PumpIdle(), after_s=0.5)
    bench.breathe(3.0)
    assert bench.core.outcome is not None
    assert (bench.core.outcome["delivered_min_ml"], bench.core.outcome["delivered_max_ml"]) == (0.05, 0.05)


def test_polling_keeps_on_until_the_end_and_only_one_request_is_out() -> None:
    bench = in_state(State.READY)
    before = len(list(bench.ordered(PollPump)))
    bench.say(Tick(), Tick(), after_s=0.2)
    assert len(list(bench.ordered(PollPump))) - before <= 1
    assert bench.desk.view.pump.busy


def test_a_pump_that_stays_busy_is_called_silent() -> None:
    bench = in_state(State.READY)
    for _ in range(40):
        bench.say(PressureSample(0.0, bench.now_s), Tick(), after_s=0.01)
    assert bench.desk.reason is Reason.PUMP_SILENT


def test_a_line_that_is_not_known_is_not_relieved() -> None:
    bench = in_state(State.INFUSING)
    bench.count(20.0)
    bench.desk.line = LineModel()
    assert isinstance(first_stop(bench.say(Operator("stop", "test"))), StopPump)
    bench.say(PumpStopped(20.0, 0.0), PumpIdle(), PressureSample(20.0, bench.now_s))
    assert bench.state is State.STOPPED
