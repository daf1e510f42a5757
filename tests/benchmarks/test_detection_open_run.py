"""One patient without stops: the run goes to 0.30 mL whatever happens to the duct, and knows what would have stopped it."""

from dataclasses import replace
from pathlib import Path

import pytest

from controller.benchmarks.detection.course import Course, Phase
from controller.benchmarks.detection.open_desk import OpenDesk
from controller.benchmarks.detection.open_run import open_run
from controller.compose import plan_of
from controller.core.messages import StopPump
from controller.core.reasons import Reason
from controller.core.states import State
from controller.virtual.case import Case, run_case, set_up

TORN = Case(201, 1, subgroup="rupture_free_pressure")
FULL = Case(201, 3, subgroup="motion")


@pytest.fixture(scope="module")
def torn() -> Course:
    return open_run(TORN)


def test_it_goes_to_the_whole_volume_through_a_tear(torn: Course) -> None:
    assert torn.refused is None
    assert torn.tear_s is not None
    assert torn.volume_s is not None
    assert torn.tear_s < torn.causes[Reason.EXTRAVASATION_SUSPECTED] < torn.volume_s
    assert len(torn.held) == 6
    assert torn.extravasated[-1][1] > 150.0


def test_it_keeps_what_the_core_has_seen(torn: Course) -> None:
    assert [change.phase for change in torn.changes] == [Phase.INFUSING, Phase.HOLDING] * 6
    assert all(0.0 < sample.heard_s - sample.asked_s < 0.01 for sample in torn.samples)
    assert torn.samples[-1].heard_s == torn.volume_s == torn.held[-1].at_s, "to the very cycle that ends it"
    gaps_s = [after.asked_s - before.asked_s for before, after in zip(torn.samples, torn.samples[1:], strict=False)]
    assert max(gaps_s) < 0.015, "none was missed"
    assert torn.line is not None
    assert torn.line["resistance_kpa_s_ul"] > 1.0


def test_it_says_when_the_patient_would_have_pressed(torn: Course) -> None:
    _, patient = set_up(TORN)
    assert patient.person.feels_pain
    assert patient.person.can_press
    hurts_s = next(at_s for at_s, ul in torn.extravasated if ul >= patient.settings["line.pain_extravasated_ul"])
    assert torn.button_s is not None
    assert torn.button_s <= hurts_s + patient.person.reaction_s + 0.05


def test_the_stop_comes_when_the_real_procedure_stops() -> None:
    """Up to its end the open run is the same procedure."""
    for case in (TORN, FULL):
        open_one = open_run(case)
        row = run_case(replace(case, fidelity="core", target_ml=0.30)).row
        reason = Reason[str(row["reason"])]
        if reason is Reason.PAIN_STOP:
            ended_s = open_one.button_s
        elif reason is Reason.DUCT_FULL:
            ended_s = open_one.full_s
        else:
            ended_s = open_one.causes.get(reason, open_one.volume_s)
        assert ended_s is not None
        assert float(str(row["duration_s"])) == pytest.approx(ended_s, abs=4.0), reason


def test_a_duct_at_its_limit_would_have_stopped_it() -> None:
    course = open_run(Case(201, 3, subgroup="rupture_dense_pressure"))
    high_s = next(held.at_s for held in course.held if held.kpa >= 5.0)
    assert course.causes[Reason.RESISTANCE] <= high_s
    full_s = next(held.at_s for held in course.held if held.predicted_kpa >= 5.0)
    assert course.full_s == full_s <= high_s


def test_a_hold_without_a_result_ends_it() -> None:
    course = open_run(Case(201, 0, subgroup="tip_in_wall"))
    assert course.volume_s is None
    assert course.held == []
    assert Reason.RESISTANCE in course.causes


def test_a_line_that_is_refused_has_no_course() -> None:
    for index in range(6):
        course = open_run(Case(201, index, subgroup="air"))
        if course.refused is not None:
            assert course.refused.startswith("PRIME_REFUSED")
            assert course.samples == course.held == course.changes == []
            return
    pytest.fail("none of these lines was refused")


@pytest.mark.parametrize("state", [State.ARMED, State.INFUSING, State.HOLDING])
def test_only_with_the_patient_a_cause_is_not_heeded(state: State) -> None:
    loaded, _ = set_up(TORN)
    desk = OpenDesk(plan_of(loaded, simulated=True))
    desk.state = state
    for now_s, reason in ((1.0, Reason.PAIN_STOP), (2.0, Reason.RESISTANCE), (3.0, Reason.PAIN_STOP)):
        desk.now_s = now_s
        desk.stop(reason, "seen")
    assert desk.unheeded == {Reason.PAIN_STOP: 1.0, Reason.RESISTANCE: 2.0}
    assert desk.reason is None
    assert desk.actions == []


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.PRIMING, Reason.PRIME_REFUSED),
        (State.READY, Reason.OPERATOR_STOP),
        (State.INFUSING, Reason.HOST_ERROR),
        (State.INFUSING, Reason.PUMP_FAULT),
    ],
)
def test_everything_else_stops(state: State, reason: Reason) -> None:
    loaded, _ = set_up(TORN)
    desk = OpenDesk(plan_of(loaded, simulated=True))
    for trigger in ("begin", "self_test_passed", "prime_passed", "arm", "infuse"):
        if desk.state is state:
            break
        desk.go(trigger, "")
    desk.actions = []
    desk.stop(reason, "seen")
    assert desk.reason is reason
    assert isinstance(desk.actions[0], StopPump)


def test_no_part_of_the_program_but_the_benchmark_knows_such_a_desk() -> None:
    root = Path(__file__).parents[2]
    users = {
        str(file.relative_to(root))
        for package in ("controller", "drivers", "simulators", "config")
        for file in (root / package).rglob("*.py")
        if "OpenDesk" in file.read_text(encoding="utf-8")
    }
    assert users == {"controller/benchmarks/detection/open_desk.py", "controller/benchmarks/detection/open_run.py"}
