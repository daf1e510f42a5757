"""Questions to people: which word answers which, and that nobody is waited for without end."""

from dataclasses import replace

import pytest

from controller.core.messages import (
    Operator,
    Tick,
    WriteIntent,
)
from controller.core.reasons import Reason
from controller.core.states import State
from drivers.button import ButtonClosed, ButtonOpened, PedalUsed
from tests.core.bench import PLAN, CoreBench, in_state

CONFIRM = replace(PLAN, advance_auto=False, simulated=False)


def ready_to_arm() -> CoreBench:
    bench = in_state(State.READY)
    bench.desk.plan = replace(PLAN, advance_auto=False, simulated=False)
    bench.breathe(0.02)
    for question in ("no_bubbles", "cannula_in"):
        assert bench.desk.question is not None
        assert bench.desk.question.id == question
        bench.say(Operator("confirm", "test", question), Tick())
        bench.breathe(0.02)
    assert bench.desk.question is not None
    assert bench.desk.question.id == "arm"
    return bench


def test_arming_takes_the_typed_word() -> None:
    bench = ready_to_arm()
    for typed in ("", "arm", "ARM "):
        bench.say(Operator("confirm", "test", "arm", typed))
        assert bench.state is State.READY
    bench.say(Operator("confirm", "test", "arm", "ARM"))
    assert bench.state is State.ARMED


@pytest.mark.parametrize("statement", [Operator("go", "test"), Operator("confirm", "test", "cannula_in", "ARM")])
def test_another_answer_does_not_arm(statement: Operator) -> None:
    bench = ready_to_arm()
    bench.say(statement)
    assert bench.state is State.READY


def test_a_yes_while_something_is_in_the_way_does_not_arm_later() -> None:
    bench = ready_to_arm()
    bench.say(ButtonOpened("A"))
    bench.say(Operator("confirm", "test", "arm", "ARM"), ButtonClosed(), Tick())
    bench.breathe(0.5)
    assert bench.state is State.READY
    bench.say(Operator("confirm", "test", "arm", "ARM"))
    assert bench.state is State.ARMED


@pytest.mark.parametrize("state", [State.PRIMING, State.READY, State.ARMED])
def test_a_question_that_nobody_answers_ends_with_the_zero(state: State) -> None:
    bench = in_state(state, replace(PLAN, hold_s=30.0))
    bench.desk.plan = CONFIRM
    if state is State.ARMED:
        bench = in_state(State.HOLDING)
        bench.desk.plan = CONFIRM
        bench.hold(0.3)
    bench.breathe(604.0, 0.3 if state is State.ARMED else 0.0, step_s=0.25)
    assert bench.desk.reason is Reason.PRIME_REFUSED


def test_without_a_go_no_increment() -> None:
    bench = ready_to_arm()
    bench.say(Operator("confirm", "test", "arm", "ARM"))
    bench.breathe(3.0)
    assert [intent.into for intent in bench.ordered(WriteIntent)] == ["air", "air"]
    bench.say(Operator("go", "test"))
    assert [intent.into for intent in bench.ordered(WriteIntent)] == ["air", "air", "patient"]


def waiting_for_the_go() -> CoreBench:
    bench = in_state(State.HOLDING)
    bench.desk.plan = replace(bench.desk.plan, advance_auto=False)
    bench.hold(0.1)
    bench.breathe(0.01, 0.1)
    assert bench.desk.question is not None
    assert bench.desk.question.id == "next_increment"
    return bench


def test_the_pedal_says_go_by_a_press_that_began_after_the_result_was_shown() -> None:
    bench = waiting_for_the_go()
    intents = len(list(bench.ordered(WriteIntent)))
    began_s = bench.now_s + 0.4
    bench.breathe(0.6, 0.1)
    bench.say(PedalUsed(began_s), Tick())
    assert len(list(bench.ordered(WriteIntent))) == intents + 1


@pytest.mark.parametrize("early_s", [-5.0, -0.1, 0.1])
def test_a_press_that_was_begun_before_says_nothing(early_s: float) -> None:
    bench = waiting_for_the_go()
    intents = len(list(bench.ordered(WriteIntent)))
    began_s = bench.now_s + early_s
    bench.breathe(0.6, 0.1)
    bench.say(PedalUsed(began_s), Tick())
    bench.breathe(0.1, 0.1)
    assert len(list(bench.ordered(WriteIntent))) == intents
    assert bench.desk.question is not None


def test_the_pedal_answers_nothing_else() -> None:
    bench = ready_to_arm()
    bench.breathe(0.5)
    bench.say(PedalUsed(bench.now_s - 0.05), Tick())
    assert bench.state is State.READY
