"""Fullness is no pain: what is under way may come to its end, and nothing more is given."""

from dataclasses import replace

import pytest

from controller.core.messages import Operator, StopPump, WriteIntent
from controller.core.reasons import EXIT_GOOD, Reason, alarm_priority, exit_code
from controller.core.states import State
from tests.core.bench import PLAN, CoreBench, in_state

FULL = Operator("full", "test")


def into_patient(bench: CoreBench) -> int:
    return len([intent for intent in bench.ordered(WriteIntent) if intent.into == "patient"])


def test_reported_while_it_flows_the_increment_is_the_last_one() -> None:
    bench = in_state(State.INFUSING)
    bench.say(FULL)
    assert bench.state is State.INFUSING
    assert bench.core.snapshot()["fullness"] is True
    bench.finish_motion()
    bench.hold(0.1)
    assert (bench.state, bench.desk.reason) == (State.COMPLETE, Reason.FULLNESS)
    assert into_patient(bench) == 1
    assert not list(bench.ordered(StopPump))


def test_reported_in_the_hold_the_hold_is_waited_for() -> None:
    bench = in_state(State.HOLDING)
    bench.say(FULL)
    assert bench.state is State.HOLDING
    bench.hold(0.1)
    assert (bench.state, bench.desk.reason) == (State.COMPLETE, Reason.FULLNESS)
    assert into_patient(bench) == 1


def test_reported_while_the_go_is_waited_for_it_ends_there() -> None:
    bench = in_state(State.HOLDING, replace(PLAN, target_ul=150.0))
    bench.desk.plan = replace(bench.desk.plan, advance_auto=False)
    bench.hold(0.1)
    bench.breathe(0.05, 0.1)
    assert bench.desk.question is not None
    bench.say(FULL)
    bench.breathe(0.02, 0.1)
    assert (bench.state, bench.desk.reason) == (State.COMPLETE, Reason.FULLNESS)
    assert bench.desk.question is None
    assert into_patient(bench) == 1


def test_what_is_wrong_comes_first() -> None:
    bench = in_state(State.INFUSING)
    bench.say(FULL, Operator("pain", "test"))
    assert (bench.state, bench.desk.reason) == (State.STOPPING, Reason.PAIN_STOP)


def test_the_whole_volume_is_the_whole_volume() -> None:
    bench = in_state(State.HOLDING)
    bench.hold(0.1)
    bench.start_motion(0.1)
    bench.say(FULL)
    bench.finish_motion()
    bench.hold(0.2)
    assert bench.desk.reason is Reason.VOLUME_REACHED


@pytest.mark.parametrize("state", [State.PRIMING, State.READY, State.ARMED, State.COMPLETE, State.STOPPED])
def test_where_nothing_is_given_it_changes_nothing(state: State) -> None:
    bench = in_state(state)
    reason = bench.desk.reason
    bench.say(FULL)
    assert (bench.state, bench.desk.reason, bench.desk.fullness) == (state, reason, False)


def test_it_is_a_good_end_without_an_alarm() -> None:
    assert exit_code(Reason.FULLNESS) == EXIT_GOOD
    assert alarm_priority(Reason.FULLNESS) is None


def test_an_acknowledgement_is_written_down_and_does_nothing_else() -> None:
    bench = in_state(State.STOPPED)
    ordered = bench.say(Operator("acknowledge", "page"))
    assert "page: the alarm was acknowledged" in [getattr(action, "why", "") for action in ordered]
    assert (bench.state, bench.desk.reason) == (State.STOPPED, Reason.OPERATOR_STOP)
