"""Invariants 5 and 6: what has ended stays ended, relief stays inside its fence, and the record misses nothing that moved."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.acts import Act, Fault, HostAct, Operator, Press
from simulators.oracle import OracleLimits
from tests.simulators.oracle_stage import FakeInjection, Stage, injection


def stopping(reason: str = "PAIN_STOP", injections: Sequence[FakeInjection] = ()) -> Stage:
    """A procedure that was stopped in time; the line still holds something."""
    stage = Stage(injections=injections)
    stage.under_way()
    stage.stopped_in_time(reason)
    stage.ended(10.25)
    return stage


def relieving(volume_ul: float = 5.0) -> Stage:
    """The same with an announced relief."""
    stage = stopping()
    stage.state("relieving")
    stage.intend("relief", volume_ul, 10.0)
    stage.rest(0.2)
    return stage


# -- 5: relief ---------------------------------------------------------------------------------------------------------------


def test_a_relief_inside_its_fence():
    stage = relieving()
    stage.flow(-10.0, 0.5)
    stage.ended(0.0, withdrawn_ul=5.0)
    stage.state("stopped")
    stage.rest(1.0)
    stage.finish("PAIN_STOP")
    assert stage.found == []


@pytest.mark.parametrize(
    ("rate_ul_s", "seconds", "kpa", "text"),
    [
        (-10.0, 0.55, 0.0, "a relief of 5 ul has taken back"),
        (-16.0, 0.2, 0.0, "the relief goes at 16.00 ul/s, limit 15 ul/s"),
        (-10.0, 0.2, -1.6, "to -1.60 kPa, floor -1 kPa"),
    ],
)
def test_a_relief_outside_its_fence(rate_ul_s, seconds, kpa, text):
    stage = relieving()
    stage.bench.line_kpa = kpa
    stage.flow(rate_ul_s, seconds)
    assert stage.found == [5]
    assert text in stage.texts


def test_a_relief_as_far_as_it_may_go():
    stage = relieving()
    stage.bench.line_kpa = -1.45
    stage.flow(-15.0, 0.335)
    assert stage.found == []


def test_the_floor_is_not_demanded_of_who_is_lied_to():
    stage = stopping()
    stage.act(Fault(name="pressure.drift"))
    stage.state("relieving")
    stage.intend("relief", 5.0, 10.0)
    stage.bench.line_kpa = -5.0
    stage.flow(-10.0, 0.3)
    assert stage.found == []


def test_taking_back_without_an_open_relief():
    never = stopping()
    over = relieving()
    over.ended(0.0)
    for stage in (never, over):
        stage.flow(-10.0, 0.01)
        assert stage.found == [], "within the tolerance"
        stage.flow(-10.0, 0.1)
        assert stage.found == [5]
        assert "without an open relief" in stage.texts


def test_a_relief_that_a_fault_drives_on():
    runaway = injection(Fault(name="pump.runaway"), within_s=0.5, by_itself=True)
    for seconds, found in ((0.9, []), (1.5, [5])):
        stage = stopping(injections=[runaway])
        stage.state("relieving")
        stage.intend("relief", 5.0, 10.0)
        stage.act(Fault(name="pump.runaway"))
        stage.flow(-10.0, seconds)
        assert stage.found == found, stage.texts


@pytest.mark.parametrize("reason", ["LINE_OPEN", "PRESSURE_FAULT", "PUMP_SILENT", "UNCOMMANDED_MOTION"])
def test_no_relief_after_some_reasons(reason):
    stage = stopping(reason)
    stage.state("relieving")
    stage.intend("relief", 5.0, 10.0)
    assert stage.found == [5]
    assert reason in stage.texts


def test_a_relief_that_goes_forward_or_comes_before_a_stop():
    stage = stopping()
    stage.state("relieving")
    stage.intend("relief", 5.0, 10.0, direction="infuse")
    assert stage.found == [5]
    stage = Stage()
    stage.arm()
    stage.intend("relief", 5.0, 10.0)
    assert stage.found == [5]


# -- 5: the end ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "found"), [(0.025, [3]), (0.05, [3, 5])])
def test_forward_after_the_end(seconds, found):
    stage = Stage()
    stage.arm()
    stage.increment()
    stage.state("complete")
    stage.intend("patient", 50.0)
    assert stage.found == [5], "nothing is announced any more"
    stage.flow(5.0, seconds)
    assert stage.found == [5, *found]


def test_a_stop_that_never_arrived_may_outlive_the_procedure():
    for seconds, found in ((1.4, []), (3.0, [2, 3, 5])):
        stage = Stage()
        stage.under_way()
        stage.act(Fault(name="pump.deaf"))
        stage.state("stopping")
        stage.cause("PUMP_SILENT")
        stage.state("stopped")
        stage.flow(5.0, seconds)
        assert stage.found == found, stage.texts


def test_a_pump_that_starts_itself_after_the_end():
    fault = Fault(name="pump.self_start")
    for seconds, found in ((0.4, []), (1.0, [2, 3, 5])):
        stage = Stage(injections=[injection(fault, within_s=0.5, by_itself=True)])
        stage.arm()
        stage.increment()
        stage.state("complete")
        stage.act(fault)
        stage.flow(5.0, 0.2)
        stage.state("stopping")
        stage.cause("UNCOMMANDED_MOTION")
        stage.flow(5.0, seconds - 0.2)
        stage.state("stopped")
        stage.rest(0.1)
        assert [number for number in stage.found if number != 1] == found, stage.texts


@pytest.mark.parametrize(
    ("states", "found"),
    [
        (["complete", "stopping", "stopped"], []),
        (["complete", "relieving"], [5]),
        (["complete", "infusing"], [5]),
        (["complete", "stopping", "relieving"], [5]),
        (["stopping", "stopped"], []),
        (["stopping", "stopped", "stopping"], [5]),
        (["stopping", "stopped", "standby"], [5]),
    ],
)
def test_terminal_states_latch(states, found):
    stage = Stage()
    stage.arm()
    stage.state(*states)
    assert stage.found == found


@pytest.mark.parametrize(
    ("causes", "reason", "found"),
    [
        (["PAIN_STOP", "PUMP_SILENT"], "PAIN_STOP", []),
        (["PAIN_STOP", "PUMP_SILENT"], "PUMP_SILENT", [5]),
        ([], "VOLUME_REACHED", []),
        (["PAIN_STOP"], None, []),
    ],
)
def test_the_first_cause_is_the_reason(causes, reason, found):
    stage = Stage()
    stage.arm()
    for cause in causes:
        stage.cause(cause)
    stage.finish(reason)
    assert stage.found == found


@pytest.mark.parametrize(("reason", "found"), [("VOLUME_REACHED", []), ("UNCOMMANDED_MOTION", [5])])
def test_what_comes_after_a_good_end_does_not_take_its_place(reason, found):
    stage = Stage()
    stage.arm()
    stage.increment()
    stage.state("complete")
    stage.state("stopping")
    stage.cause("UNCOMMANDED_MOTION")
    stage.finish(reason)
    assert stage.found == found


# -- 6 -------------------------------------------------------------------------------------------------------------------------


def test_a_motion_that_was_never_announced():
    stage = Stage()
    stage.arm()
    stage.state("infusing")
    stage.flow(5.0, 0.02)
    assert stage.found == [6]
    assert "no intent" in stage.texts


def test_an_announcement_that_comes_too_late():
    stage = Stage()
    stage.arm()
    stage.state("infusing")
    stage.flow(5.0, 0.01)
    stage.intend("patient", 50.0)
    stage.flow(5.0, 1.0)
    assert stage.found == [6]


@pytest.mark.parametrize(
    ("least_ul", "most_ul", "found"),
    [
        (10.25, 10.25, []),
        (0.0, 50.0, []),
        (10.35, 10.4, []),
        (10.15, 10.2, []),
        (0.0, 10.0, [6]),
        (10.6, 50.0, [6]),
        (10.4, 10.2, [6]),
    ],
)
def test_the_record_s_bounds_hold_the_truth(least_ul, most_ul, found):
    stage = Stage()
    stage.under_way()
    stage.stopped_in_time()
    stage.ended(least_ul, most_ul, certain=False)
    stage.state("stopped")
    stage.finish("PAIN_STOP")
    assert stage.found == found, stage.texts


def test_a_motion_that_is_still_open_counts_in_full():
    stage = Stage()
    stage.under_way()
    stage.stopped_in_time()
    stage.finish(None)
    assert stage.found == []


def test_what_a_motion_became_may_be_said_again():
    stage = stopping()
    stage.ended(20.0)
    stage.ended(10.25)
    stage.finish("PAIN_STOP")
    assert stage.found == []


def test_the_end_of_a_motion_that_never_was():
    stage = Stage()
    stage.arm()
    stage.ended(0.0, motion=7)
    assert stage.found == [6]


@pytest.mark.parametrize("name", ["pump.stall", "pump.short_delivery"])
def test_less_than_counted_is_no_lie_of_the_record_under_a_fault(name):
    for fault, found in ((None, [6]), (name, [])):
        stage = Stage()
        stage.under_way()
        if fault is not None:
            stage.act(Fault(name=fault))
        stage.stopped_in_time()
        stage.ended(30.0, 30.0)
        stage.finish("PAIN_STOP")
        assert stage.found == found


def test_more_than_counted_under_a_motor_that_nobody_sees():
    for reported, found in ((True, [6]), (False, [])):
        stage = Stage()
        stage.under_way()
        stage.act(Fault(name="pump.runaway", reported=reported))
        stage.flow(5.0, 1.0)
        stage.state("stopping")
        stage.cause("PAIN_STOP")
        stage.rest(1.0)
        stage.ended(5.0)
        stage.finish("PAIN_STOP")
        assert stage.found == found, stage.texts


def test_priming_and_relief_are_accounted_for_as_well():
    stage = Stage()
    stage.state("self_test", "priming")
    stage.intend("air", 20.0, 10.0)
    stage.flow(10.0, 2.0)
    stage.rest(0.1)
    stage.ended(19.0)
    stage.finish("PRIME_REFUSED")
    assert stage.found == [6]
    assert "into air" in stage.texts
    stage = relieving()
    stage.flow(-10.0, 0.5)
    stage.rest(0.1)
    stage.ended(0.0, withdrawn_ul=4.0)
    stage.finish("PAIN_STOP")
    assert stage.found == [6]
    assert "taken back" in stage.texts


def test_the_replay_is_judged_elsewhere_and_told_here():
    stage = Stage()
    stage.oracle.replayed([])
    assert stage.found == []
    stage.oracle.replayed(["entry 1", "entry 2", "entry 3", "entry 4"])
    assert stage.found == [6]
    assert "in 4 places: entry 1; entry 2; entry 3" in stage.texts


def test_entries_that_are_none_of_its_business():
    stage = Stage()
    for kind in ("header", "inputs", "decision", "host", "end"):
        stage.put(kind, {"anything": 1})
    stage.put("event", {"name": "question", "text": "?"})
    with pytest.raises(KeyError):
        stage.put("intent", {"motion": 1})
    assert stage.found == []


@given(
    volumes=st.lists(st.sampled_from([10.0, 20.0, 50.0]), min_size=1, max_size=5),
    rate_ul_s=st.sampled_from([2.0, 5.0, 10.0]),
    missing_ul=st.sampled_from([0.0, 0.1, 0.3, 5.0]),
)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_whatever_was_given_is_either_in_the_record_or_found_missing(volumes, rate_ul_s, missing_ul):
    stage = Stage(OracleLimits(target_ul=sum(volumes)))
    stage.arm()
    for volume_ul in volumes:
        stage.increment(volume_ul, rate_ul_s)
    stage.ended(volumes[-1] - missing_ul)
    stage.state("complete")
    stage.finish()
    assert stage.found == ([6] if missing_ul > 0.15 else [])


# -- what only the end shows --------------------------------------------------------------------------------------------------


def test_going_back_is_relief_whatever_it_is_called():
    stage = Stage()
    stage.arm()
    stage.increment()
    stage.intend("patient", 5.0, direction="withdraw")
    assert stage.found == [5]


def test_no_relief_without_a_cause():
    stage = Stage()
    stage.under_way()
    stage.state("stopping")
    stage.rest(0.2)
    stage.ended(10.0)
    stage.state("relieving")
    stage.intend("relief", 5.0, 10.0)
    assert stage.found == [5]
    assert "no cause" in stage.texts


@pytest.mark.parametrize(
    ("reason", "seconds", "found"),
    [("PRESSURE_SILENT", 0.1, []), ("PRESSURE_SILENT", 0.2, [5]), ("OPERATOR_STOP", 0.2, [5]), ("PAIN_STOP", 0.2, [])],
)
def test_a_relief_under_way_ends_with_any_cause_but_the_open_button(reason, seconds, found):
    stage = relieving()
    stage.flow(-10.0, 0.1)
    stage.cause(reason)
    stage.flow(-10.0, seconds)
    assert stage.found == found, stage.texts


def test_a_relief_under_way_that_no_stop_can_reach():
    stage = relieving()
    stage.flow(-10.0, 0.1)
    stage.act(Fault(name="pump.ignore_stop"))
    stage.cause("OPERATOR_STOP")
    stage.flow(-10.0, 0.3)
    assert stage.found == []


@pytest.mark.parametrize("act", [Press(), Operator(say="pain"), HostAct(signal="SIGTERM")], ids=str)
@pytest.mark.parametrize(("seconds", "found"), [(0.1, []), (0.2, [5])])
def test_no_end_is_good_that_somebody_wanted_to_stop(act: Act, seconds: float, found: list[int]):
    stage = Stage()
    stage.arm()
    stage.increment()
    stage.act(act)
    stage.rest(seconds)
    stage.state("complete")
    stage.finish()
    assert stage.found == found, stage.texts


@pytest.mark.parametrize(("bounds_ml", "found"), [((0.05, 0.05), []), ((0.02, 0.03), [6]), ((0.06, 0.07), [6]), ((0.0, 0.1), [])])
def test_the_outcome_tells_what_went_in(bounds_ml, found):
    stage = Stage()
    stage.arm()
    stage.increment()
    stage.state("complete")
    told = {"reason": "VOLUME_REACHED", "also": [], "delivered_min_ml": bounds_ml[0], "delivered_max_ml": bounds_ml[1]}
    stage.oracle.finish(stage.bench, told)
    assert stage.found == found, stage.texts


@pytest.mark.parametrize(("seconds", "found"), [(0.03, []), (0.0, [5])])
def test_the_plunger_stands_still_when_the_last_word_is_said(seconds, found):
    stage = relieving()
    stage.flow(-10.0, 0.1)
    stage.rest(seconds)
    stage.ended(0.0, withdrawn_ul=1.0)
    stage.finish("PAIN_STOP")
    assert stage.found == found, stage.texts


def test_a_plunger_that_nobody_could_stop_may_be_left():
    stage = relieving()
    stage.act(Fault(name="pump.deaf"))
    stage.flow(-10.0, 0.1)
    stage.ended(0.0, withdrawn_ul=1.0)
    stage.finish("PAIN_STOP")
    assert stage.found == []
