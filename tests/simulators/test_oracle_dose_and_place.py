"""Invariants 1, 3 and 4: how much, in which state and where, and what a host that is gone leaves behind."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simulators.acts import Fault, HostAct
from simulators.oracle import OracleLimits
from tests.simulators.oracle_stage import Stage, injection


def test_a_whole_procedure_is_found_in_order():
    stage = Stage()
    stage.arm()
    stage.increment()
    stage.increment()
    stage.state("complete")
    stage.rest(1.0)
    stage.finish()
    assert stage.found == []


# -- 1 -----------------------------------------------------------------------------------------------------------------------


def test_more_than_the_target():
    stage = Stage(OracleLimits(target_ul=90.0))
    stage.arm()
    stage.increment()
    stage.increment()
    assert stage.found == [1]
    assert "90 ul" in stage.texts


def test_more_than_the_day_allows():
    stage = Stage(OracleLimits(target_ul=400.0))
    stage.arm()
    for _ in range(6):
        stage.increment()
    assert stage.found == []
    stage.begin(1.0)
    stage.flow(5.0, 0.2)
    assert stage.found == [1]
    assert "300 ul" in stage.texts


def test_more_than_the_intents_allow():
    stage = Stage()
    stage.arm()
    stage.begin(20.0)
    stage.flow(5.0, 4.02)
    assert stage.found == [], "within the pump's four digits"
    stage.flow(5.0, 0.5)
    assert stage.found == [1]
    assert stage.oracle.violations[0].t_s == pytest.approx(stage.bench.now_s - 0.5 + 0.015, abs=0.006)


def test_what_an_injected_fault_pushes_is_bounded_and_not_forbidden():
    runaway = injection(Fault(name="pump.runaway"), within_s=0.4, by_itself=True)
    for seconds, found in ((0.35, []), (1.0, [1])):
        stage = Stage(injections=[runaway])
        stage.arm()
        stage.begin(20.0)
        stage.act(Fault(name="pump.runaway"))
        stage.flow(5.0, 4.0 + seconds)
        assert stage.found == found, stage.texts


def test_the_cannula_out_of_the_patient_makes_no_difference_once_armed():
    stage = Stage(OracleLimits(target_ul=10.0))
    stage.prime()
    stage.state("armed")
    stage.increment()
    assert stage.found == [1]


# -- 3 -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["self_test", "ready", "armed", "holding"])
def test_forward_in_another_state(state):
    stage = Stage()
    stage.arm()
    stage.intend("patient", 50.0)
    stage.state(state)
    stage.flow(5.0, 0.1)
    assert stage.found == [3]
    assert state in stage.texts


def test_before_the_record_says_anything():
    stage = Stage()
    stage.intend("air", 20.0)
    stage.flow(5.0, 0.1)
    assert stage.found == [3]


def test_priming_with_the_cannula_in_the_patient():
    stage = Stage()
    stage.state("self_test", "priming")
    stage.bench.tip = "patient"
    stage.intend("patient", 20.0)
    stage.flow(5.0, 0.1)
    assert stage.found == [3]
    assert "tip in the patient" in stage.texts


@pytest.mark.parametrize(("seconds", "found"), [(0.09, []), (0.2, [2, 3])])
def test_a_stop_takes_the_state_away_before_the_plunger_rests(seconds, found):
    stage = Stage()
    stage.under_way()
    stage.state("stopping")
    stage.cause("RESISTANCE")
    stage.flow(5.0, seconds)
    assert stage.found == found


def test_no_such_grace_without_a_stop():
    stage = Stage()
    stage.under_way()
    stage.state("holding")
    stage.flow(5.0, 0.05)
    assert stage.found == [3]


def test_a_pump_that_starts_itself_is_bounded_from_when_it_does():
    fault = Fault(name="pump.self_start")
    for seconds, found in ((0.3, []), (0.8, [3])):
        stage = Stage(injections=[injection(fault, within_s=0.5, by_itself=True)])
        stage.arm()
        stage.begin()
        stage.flow(5.0, 2.0)
        stage.rest(0.1)
        stage.state("holding")
        stage.act(fault)
        stage.rest(2.0)
        stage.flow(5.0, seconds)
        assert stage.found == found, stage.texts


# -- 4 -----------------------------------------------------------------------------------------------------------------------

KILL = HostAct(signal="SIGKILL")


@pytest.mark.parametrize(("seconds", "found"), [(1.4, []), (2.0, [2, 4])])
def test_the_watchdog_ends_what_a_killed_host_began(seconds, found):
    stage = Stage()
    stage.under_way()
    stage.cause("PAIN_STOP")
    stage.act(KILL)
    stage.flow(5.0, seconds)
    stage.finish(None)
    assert stage.found == found, stage.texts


def test_a_pump_without_a_watchdog_still_ends_with_the_increment():
    for seconds, found in ((8.0, [4]), (8.2, [4, 1, 4])):
        stage = Stage()
        stage.under_way()
        stage.act(KILL)
        stage.flow(5.0, seconds)
        assert stage.found == found, stage.texts


def test_a_pump_that_obeys_nothing_is_bounded_by_the_rest():
    for seconds, found in ((8.0, []), (8.2, [1, 4])):
        stage = Stage(injections=[injection(Fault(name="pump.ignore_stop"), blocks_stop="pump")])
        stage.arm()
        stage.begin()
        stage.act(Fault(name="ignore_stop"))
        stage.flow(5.0, 2.0)
        stage.act(KILL)
        stage.flow(5.0, seconds)
        assert sorted(stage.found) == found, stage.texts


def test_a_host_that_stands_still_is_gone_for_so_long():
    for freeze_s, found in ((1.0, []), (5.0, [4])):
        stage = Stage()
        stage.under_way()
        stage.act(HostAct(freeze_s=freeze_s))
        stage.flow(5.0, 2.5)
        assert stage.found == found, stage.texts


def test_the_recorder_is_not_the_host():
    stage = Stage()
    stage.under_way()
    stage.act(HostAct(signal="SIGKILL", target="recorder"))
    stage.act(HostAct(freeze_s=10.0, target="recorder"))
    stage.flow(5.0, 5.0)
    assert stage.found == []


def test_a_host_that_went_unheard_leaves_no_more_than_the_rest():
    for seconds, found in ((8.0, []), (9.0, [1, 4, 6])):
        stage = Stage()
        stage.under_way()
        stage.flow(5.0, seconds)
        stage.finish(None)
        assert sorted(stage.found) == found, stage.texts


def test_one_increment_at_most_is_announced():
    stage = Stage()
    stage.arm()
    stage.intend("patient", 60.0)
    assert stage.found == [4]
    stage.intend("patient", 10.0)
    assert stage.found == [4, 4]
    assert "before motion 2 has ended" in stage.texts


# -- the numbers -------------------------------------------------------------------------------------------------------------


@given(
    target_ul=st.integers(1, 6).map(lambda tens: 50.0 * tens),
    rate_ul_s=st.sampled_from([1.0, 5.0, 10.0]),
    step_s=st.sampled_from([0.001, 0.0025, 0.005]),
    extra_ul=st.floats(-5.0, 5.0),
)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_the_target_is_kept_to_whatever_the_steps(target_ul, rate_ul_s, step_s, extra_ul):
    stage = Stage(OracleLimits(target_ul=target_ul, increment_ul=1000.0, total_ul=1000.0, rate_ul_s=1e6))
    stage.arm()
    stage.begin(1000.0, 1e6)  # this is about volume: most of it comes within one step
    stage.flow(rate_ul_s, 1.0, step_s)
    stage.bench.forward_ul += target_ul + extra_ul - rate_ul_s
    stage.bench.forward_patient_ul += target_ul + extra_ul - rate_ul_s
    stage.flow(rate_ul_s, step_s, step_s)
    given_ul = target_ul + extra_ul + rate_ul_s * step_s
    assume(abs(given_ul - target_ul - 0.15) > 1e-6)  # no test of the last digit
    assert stage.found == ([1] if given_ul > target_ul + 0.15 else [])


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"target_ul": 0.0}, "target_ul = 0.0: has to be a number above 0"),
        ({"target_ul": float("nan")}, "target_ul = nan"),
        ({"target_ul": 50.0, "stop_s": -1.0}, "stop_s = -1.0"),
        ({"target_ul": 50.0, "relief_kpa": 1.0}, "relief_kpa = 1.0: has to be a number not above 0"),
    ],
)
def test_limits_that_are_none(values, text):
    with pytest.raises(ValueError, match=text.replace(".", r"\.")):
        OracleLimits(**values)


# -- one motion, its rate, and what went before ----------------------------------------------------------------------------------


def test_no_motion_goes_further_than_it_was_announced_whatever_the_others_left_undone():
    stage = Stage()
    stage.arm()
    stage.begin()
    stage.flow(5.0, 2.0)
    stage.state("holding")
    stage.ended(10.0)
    stage.rest(1.0)
    stage.begin(20.0)
    stage.flow(5.0, 4.02)
    assert stage.found == []
    stage.flow(5.0, 1.0)
    assert stage.found == [1]
    assert "motion 3 has gone" in stage.texts


def test_what_is_primed_beyond_its_announcement_was_not_announced_either():
    stage = Stage()
    stage.state("self_test", "priming")
    stage.intend("air", 20.0, 10.0)
    stage.flow(10.0, 2.1)
    assert stage.found == [1]


@pytest.mark.parametrize(("rate_ul_s", "found"), [(5.0, []), (5.04, []), (5.2, [1])])
def test_no_motion_is_faster_than_it_was_announced(rate_ul_s, found):
    stage = Stage()
    stage.arm()
    stage.begin(50.0, 5.0)
    stage.flow(rate_ul_s, 1.0)
    assert stage.found == found, stage.texts


def test_nothing_is_faster_than_the_limit_whatever_was_announced():
    stage = Stage()
    stage.arm()
    stage.begin(50.0, 20.0)
    stage.flow(20.0, 1.0)
    assert stage.found == [1]
    assert "10 ul/s is the most" in stage.texts


def test_a_pump_that_is_wrong_about_itself_is_not_the_hosts_fault():
    stage = Stage()
    stage.act(Fault(name="pump.short_delivery", factor=1.5))
    stage.arm()
    stage.begin()
    stage.flow(7.5, 2.0)
    assert stage.found == []


@pytest.mark.parametrize(("volume_ul", "found"), [(600.0, []), (601.0, [1])])
def test_no_more_is_primed_than_the_limit(volume_ul, found):
    stage = Stage()
    stage.state("self_test", "priming")
    stage.intend("air", 1000.0, 10.0)
    stage.flow(10.0, volume_ul / 10.0)
    assert stage.found == found


def test_infusing_is_a_word_unless_it_was_armed():
    stage = Stage()
    stage.prime()
    stage.bench.tip = "patient"
    stage.begin()
    stage.flow(5.0, 1.0)
    assert stage.found == [3]
    assert "never armed" in stage.texts
