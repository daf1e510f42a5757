"""The rules by which tests of the pressure are judged, each on made-up runs that a wrong rule would judge otherwise."""

from math import inf

import pytest

from controller.benchmarks.detection.course import Course, Held
from controller.benchmarks.detection.judging import Fate, Run, alarm_in, fate, judge, label, reference, run_of, threshold_at
from controller.benchmarks.detection.measure import WITH_BUTTON, alarm_at, alarms, place
from controller.benchmarks.detection.methods import METHODS, OURS
from controller.benchmarks.detection.methods.method import steps_of
from tests.benchmarks.courses import run

AT_1 = alarm_at("test", 1.0)


def test_the_alarm_is_the_first_time_at_which_the_score_reaches_the_threshold() -> None:
    steps = steps_of([(1.0, 0.5), (2.0, 0.4), (3.0, 1.0), (4.0, 2.0)])
    assert list(steps.at_s) == [1.0, 3.0, 4.0], "what is not higher is no step"
    assert steps.alarm_s(0.4) == 1.0
    assert steps.alarm_s(1.0) == 3.0
    assert steps.alarm_s(1.1) == 4.0
    assert steps.alarm_s(2.1) is None
    assert [steps.highest(at_s) for at_s in (0.9, 1.0, 3.5, 99.0)] == [-inf, 0.5, 1.0, 2.0]


def test_the_end_is_the_first_of_full_and_all_in() -> None:
    course = Course(0, "intact", 5.0, 50.0, full_s=80.0, volume_s=120.0)
    assert run_of(course, {}).end_s == 80.0
    course.full_s = None
    assert run_of(course, {}).end_s == 120.0
    course.volume_s = None
    assert run_of(course, {}).end_s == inf


def test_missed_tears_of_ducts_that_were_called_full_are_counted() -> None:
    spilt = ((0.0, 0.0), (100.0, 50.0))
    full = [run(tear_s=50.0, end_s=end_s, spilt=spilt) for end_s in (60.0, 80.0)]
    for one in full:
        one.full = True
    found = run(tear_s=50.0, end_s=70.0, spilt=spilt, score=[(60.0, 1.0)])
    found.full = True
    row = judge("rupture_free_pressure", [*full, found, run(tear_s=50.0, spilt=spilt)], AT_1, 0.0)
    assert (row["full"], row["full_median_ul"]) == (2, 35.0)
    assert (row["sensitivity"], row["stopped_after"]) == (0.25, 0.75)
    course = Course(0, "intact", 5.0, 50.0, full_s=80.0, volume_s=120.0)
    assert run_of(course, {}).full
    course.full_s = None
    assert not run_of(course, {}).full


def test_an_alarm_after_the_end_does_not_exist_and_one_at_the_last_hold_does() -> None:
    assert alarm_in(run(score=[(100.1, 1.0)]), AT_1) is None
    assert alarm_in(run(score=[(100.0, 1.0)]), AT_1) == 100.0


@pytest.mark.parametrize(
    ("one", "became"),
    [
        (run(tear_s=50.0, score=[(60.0, 1.0)]), Fate.FOUND),
        (run(tear_s=50.0, score=[(50.0, 1.0)]), Fate.FOUND),
        (run(tear_s=50.0, score=[(60.0, 0.9)]), Fate.MISSED),
        (run(tear_s=50.0, score=[(40.0, 1.0)]), Fate.STOPPED_BEFORE),
        (run(tear_s=50.0, end_s=70.0, score=[(80.0, 1.0)]), Fate.MISSED),  # full after the tear, and nobody had noticed
        (run(tear_s=50.0, end_s=40.0, score=[(60.0, 1.0)]), Fate.NEVER),  # full before it: it would not have come
        (run(tear_s=50.0, end_s=40.0, score=[(30.0, 1.0)]), Fate.NEVER),
        (run(tear_s=None, score=[(60.0, 1.0)]), Fate.NEVER),
        (run(tear_s=50.0, end_s=inf, score=[(60.0, 1.0)]), Fate.FOUND),
    ],
)
def test_what_becomes_of_a_tear(one: Run, became: Fate) -> None:
    assert fate(one, AT_1) is became


def test_in_dense_tissue_only_those_count_that_would_spill_more_than_20_ul() -> None:
    little, much = ((0.0, 0.0), (100.0, 20.0)), ((0.0, 0.0), (100.0, 20.1))
    for name in ("rupture_dense_pressure", "rupture_dense_mechanical"):
        assert fate(run(name, tear_s=50.0, spilt=little), AT_1) is Fate.TOO_LITTLE
        assert fate(run(name, tear_s=50.0, spilt=much), AT_1) is Fate.MISSED
        assert fate(run(name, tear_s=50.0, spilt=()), AT_1) is Fate.TOO_LITTLE, "not told"
    assert fate(run("rupture_free_pressure", tear_s=50.0, spilt=little), AT_1) is Fate.MISSED


def test_a_row_of_tears() -> None:
    runs = [
        run(tear_s=50.0, score=[(60.0, 1.0)]),  # found after 10 s, 60 uL
        run(tear_s=50.0, score=[(80.0, 1.0)]),  # after 30 s, 80 uL
        run(tear_s=50.0),
        run(tear_s=50.0, score=[(40.0, 1.0)]),
        run(tear_s=50.0, end_s=40.0),
    ]
    row = judge("rupture_free_pressure", runs, AT_1, 0.02)
    assert (row["n"], row["sensitivity"], row["stopped_before"], row["never"]) == (4, 0.5, 1, 1)
    assert (row["median_ul"], row["p95_ul"], row["delay_s"]) == (70.0, 79.0, 20.0)
    assert row["false_stop_rate"] == 0.02


def test_rows_without_tears_tell_their_own_false_stops() -> None:
    runs = [run("intact", score=[(10.0, 1.0)]), run("intact"), run("intact", score=[(101.0, 1.0)]), run("intact")]
    row = judge("intact", runs, AT_1, 0.9)
    assert (row["n"], row["false_stop_rate"], row["sensitivity"], row["median_ul"]) == (4, 0.25, None, None)


@pytest.mark.parametrize("name", ["reflux", "tip_in_wall"])
def test_for_reflux_and_a_tip_in_the_wall_any_alarm_counts(name: str) -> None:
    runs = [run(name, score=[(10.0, 1.0)]), run(name), run(name), run(name, score=[(101.0, 1.0)])]
    row = judge(name, runs, AT_1, 0.02)
    assert (row["n"], row["sensitivity"], row["median_ul"], row["delay_s"]) == (4, 0.25, 10.0, None)


def test_no_row_of_nobody() -> None:
    row = judge("rupture_free_pressure", [], AT_1, None)
    assert (row["n"], row["sensitivity"], row["false_stop_rate"]) == (0, None, None)


def test_the_threshold_lets_so_many_stop_and_no_more() -> None:
    runs = [run("motion", score=[(10.0, float(height))]) for height in range(200)]
    for rate in (0.01, 0.02, 0.05):
        at = alarm_at("test", threshold_at(runs, "test", rate))
        assert sum(alarm_in(each, at) is not None for each in runs) == rate * 200


def test_scores_after_the_end_set_no_threshold() -> None:
    runs = [run("motion", score=[(10.0, 1.0), (101.0, 9.0)]) for _ in range(10)]
    assert 1.0 < threshold_at(runs, "test", 0.01) < 1.1


def test_where_scores_tie_at_infinity_no_threshold_helps_and_the_rate_is_what_it_is() -> None:
    certain = [run("motion", score=[(10.0, inf)]) for _ in range(3)]
    runs = certain + [run("motion", score=[(10.0, 0.5)]) for _ in range(97)]
    threshold = threshold_at(runs, "test", 0.02)
    assert threshold == inf
    assert judge("motion", runs, alarm_at("test", threshold), None)["false_stop_rate"] == 0.03


def test_motion_sets_the_thresholds_and_who_else_where_there_is_none() -> None:
    motion, intact, torn = run("motion"), run("intact"), run(tear_s=50.0)
    assert reference([intact, torn, motion]) == [motion]
    assert reference([intact, torn]) == [intact]
    unnamed = run("unknown")
    assert reference([torn, unnamed, run("reflux")]) == [unnamed]
    assert reference([run("unknown", torn=None, tear_s=50.0)]) == []


def test_a_subgroup_that_is_not_ours_is_parted_by_its_tears() -> None:
    told, whole, silent = run("glass", tear_s=5.0), run("glass", torn=False), run("glass")
    silent.torn = None
    assert [label(each) for each in (told, whole, silent)] == ["glass, torn", "glass, not torn", "glass"]
    assert label(run(tear_s=None)) == "rupture_free_pressure"
    assert judge("glass, torn", [told], AT_1, 0.0)["sensitivity"] == 0.0
    assert judge("glass, not torn", [whole], AT_1, 0.5)["false_stop_rate"] == 0.0
    assert sorted(["unknown", "motion", "intact"], key=place) == ["intact", "motion", "unknown"]


def test_ours_is_judged_at_its_own_threshold_too_and_with_the_button() -> None:
    one = run("motion", score=[(10.0, 0.9), (30.0, 1.0)], method=OURS, button_s=20.0)
    one.steps |= dict.fromkeys(METHODS, one.steps[OURS])
    judged = list(alarms([one]))
    assert [(method, rate) for method, rate, *_ in judged[-2:]] == [(OURS, None), (WITH_BUTTON, None)]
    assert [alarm(one) for *_, alarm in judged[-2:]] == [30.0, 20.0]
    assert {(method, rate) for method, rate, *_ in judged[:-2]} == {(m, r) for m in METHODS for r in (0.01, 0.02, 0.05)}
    one.button_s = None
    assert judged[-1][-1](one) == 30.0


def test_what_came_first_is_heard_first() -> None:
    course = Course(0, "intact", 5.0, 50.0, held=[Held(3.0, 1.0, 0.1, 2.0)])
    assert [type(each).__name__ for each in course.heard()] == ["Held"]
