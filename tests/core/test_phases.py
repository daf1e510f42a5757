"""What the phases do and do not: gates before motion, questions, prediction, relief, the end."""

from dataclasses import replace
from itertools import cycle

import pytest

from controller.core.line import LineModel
from controller.core.messages import (
    Action,
    CloseIntent,
    Durable,
    Finish,
    HostFailed,
    Late,
    LearnNoise,
    Operator,
    PollPump,
    PreparePump,
    ReleasePump,
    RunPump,
    StopPump,
    Tick,
    WriteIntent,
)
from controller.core.plan import Plan
from controller.core.reasons import Reason
from controller.core.states import State
from drivers.button import ButtonClosed, ButtonFullyOpened, ButtonOpened, ButtonProved
from drivers.driver import DeviceProblem
from drivers.pressure import PressureConnected, PressureSample
from drivers.pump import PumpConnected, PumpHeard, PumpIdle, PumpPrepared, PumpReading, PumpRefused, PumpStatus, PumpStopped
from tests.core.bench import PLAN, CoreBench, first_stop, in_state, motion

CONFIRM = replace(PLAN, advance_auto=False, simulated=False)


def kinds(actions: list) -> set[str]:
    return {type(action).__name__ for action in actions}


# -- one motion ----------------------------------------------------------------------------------------------------------------


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


# -- questions -----------------------------------------------------------------------------------------------------------------


def ready_to_arm() -> CoreBench:
    bench = in_state(State.READY)
    bench.desk.plan = replace(PLAN, advance_auto=False, simulated=False)
    bench.breathe(0.02)
    bench.say(Operator("confirm", "test", "cannula_in"), Tick())
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
        bench.breathe(2.8, 0.3)
    bench.breathe(604.0, 0.3 if state is State.ARMED else 0.0, step_s=0.25)
    assert bench.desk.reason is Reason.PRIME_REFUSED


def test_without_a_go_no_increment() -> None:
    bench = ready_to_arm()
    bench.say(Operator("confirm", "test", "arm", "ARM"))
    bench.breathe(3.0)
    assert [intent.into for intent in bench.ordered(WriteIntent)] == ["air", "air"]
    bench.say(Operator("go", "test"))
    assert [intent.into for intent in bench.ordered(WriteIntent)] == ["air", "air", "patient"]


def test_a_transmitter_that_does_not_dither_is_refused_even_if_all_else_is_done() -> None:
    """The driver says so right after the zero is taken; whatever else is done by then, the self-test is not over."""
    bench = CoreBench().to_self_test()
    bench.say(PressureConnected(1, "1", -100.0, 1000.0), PumpConnected("NE-1000", "3.928"), ButtonClosed())
    bench.say(ButtonOpened("AB"), ButtonFullyOpened(), ButtonClosed(), ButtonProved("A"), ButtonProved("B"))
    heard = cycle([PumpHeard(), PumpIdle(), PressureSample(0.0, 0.0)])
    while not list(bench.ordered(LearnNoise)):
        now_s = round(bench.now_s + 0.004, 6)
        bench.say(
            *(replace(one, asked_s=now_s) if isinstance(one, PressureSample) else one for one in [next(heard)]), after_s=0.004
        )
    bench.say(DeviceProblem("pressure", "the samples do not dither"))
    assert bench.desk.reason is Reason.SELF_TEST_FAILED


# -- prediction ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held_kpa", "limit_kpa", "full"),
    [(1.0, 5.0, False), (1.25, 5.0, False), (1.40, 5.0, True), (-0.3, 5.0, False), (4.9, 5.0, True), (0.6, 2.0, True)],
)
def test_after_the_first_hold_the_duct_is_taken_to_stiffen_by_e(held_kpa: float, limit_kpa: float, full: bool) -> None:
    bench = in_state(State.HOLDING)
    bench.desk.plan = replace(PLAN, duct_limit_kpa=limit_kpa)
    bench.breathe(2.7, held_kpa)
    assert (bench.state is State.COMPLETE) == full
    assert bench.desk.reason is (Reason.DUCT_FULL if full else None)


def test_a_hold_at_the_limit_is_resistance() -> None:
    bench = in_state(State.HOLDING)
    bench.breathe(2.7, 5.1)
    assert bench.desk.reason is Reason.RESISTANCE


def held(kpa: list[float], plan: Plan = PLAN) -> CoreBench:
    """The ends of some increments, and what the duct is found to hold after each."""
    bench = in_state(State.HOLDING, plan)
    for count, held_kpa in enumerate(kpa):
        if count:
            bench.start_motion(kpa[count - 1])
            bench.finish_motion()
        bench.breathe(2.8, held_kpa)
    return bench


@pytest.mark.parametrize("target_ul", [150.0, 200.0])
def test_a_duct_that_holds_less_than_before_has_lost_what_went_in(target_ul: float) -> None:
    bench = held([0.6, 1.2, 0.5], replace(PLAN, target_ul=target_ul))
    assert bench.desk.reason is Reason.EXTRAVASATION_SUSPECTED, "also after the last increment: that is no good end"
    assert "and held 1.2" in bench.desk.reason_text
    assert "after increment 2" in bench.desk.reason_text
    bench.say(PumpStopped(50.0, 0.0), PumpIdle())
    bench.breathe(1.0)
    assert bench.state is State.STOPPED


@pytest.mark.parametrize("kpa", [[0.6, 1.2, 0.8], [0.3, 1.2, 0.6], [0.3, 0.6, 0.9]], ids=["little", "one_too_high", "rises"])
def test_what_noise_and_movement_explain_is_no_loss(kpa: list[float]) -> None:
    assert held(kpa, replace(PLAN, target_ul=150.0)).desk.reason is Reason.VOLUME_REACHED


def test_the_last_increment_is_what_is_left() -> None:
    bench = in_state(State.HOLDING, replace(PLAN, target_ul=60.0))
    bench.breathe(2.8, 0.3)
    assert bench.intent.motion.volume_ul == 10.0


def test_what_a_pump_counts_short_is_not_ordered_again() -> None:
    """It tells four digits: 49.95 of 50 is an increment, and 0.05 ul more would be beyond what was planned."""
    bench = in_state(State.INFUSING, replace(PLAN, target_ul=50.0))
    bench.count(49.95, 20.0)
    bench.say(PumpReading(PumpStatus.STOPPED, 49.95, 0.0), PumpIdle())
    bench.breathe(2.8, 0.3)
    assert bench.desk.reason is Reason.VOLUME_REACHED


# -- relief --------------------------------------------------------------------------------------------------------------------


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
    bench.count(20.0, 20.0)
    bench.say(Operator("stop", "test"))
    bench.say(PumpStopped(20.0, 0.0), PumpIdle(), PressureSample(20.0, bench.now_s))
    assert bench.state is State.RELIEVING
    first_stop(bench.say(Operator("stop", "test")))
    assert bench.state is State.STOPPING


def test_a_second_lateness_ends_relief_too() -> None:
    bench = in_state(State.INFUSING)
    bench.count(20.0, 20.0)
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


# -- the end -------------------------------------------------------------------------------------------------------------------


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
    bench.count(20.0, 20.0)
    bench.desk.line = LineModel()
    assert isinstance(first_stop(bench.say(Operator("stop", "test"))), StopPump)
    bench.say(PumpStopped(20.0, 0.0), PumpIdle(), PressureSample(20.0, bench.now_s))
    assert bench.state is State.STOPPED
