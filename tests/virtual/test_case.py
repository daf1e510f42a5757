"""One case: a pure function of its fields, the same at both fidelities, and clear about what can not be run."""

from pathlib import Path
from typing import Any

import pytest

import controller
from controller.replay import replay
from controller.settings import LoadedProfile
from controller.virtual import case as case_module
from controller.virtual.building import bench_options
from controller.virtual.case import COLUMNS, Case, CaseError, run_case, trace_case, trace_scenario
from controller.virtual.trace import Trace
from simulators.bench import BenchOptions
from simulators.injection import draw, load_catalogue

PATIENTS = (0, 3, 7, 11, 16)


def test_a_case_gives_the_same_row_and_the_same_bytes(tmp_path: Path) -> None:
    case = Case(3, 4, faults="single", target_ml=0.05)
    results = [run_case(case, record=tmp_path / f"{number}.sqlite") for number in (1, 2)]
    assert results[0] == results[1]
    assert tuple(results[0].row) == COLUMNS
    assert replay(tmp_path / "1.sqlite").mismatches == []
    assert (tmp_path / "1.sqlite").read_bytes() == (tmp_path / "2.sqlite").read_bytes()


@pytest.mark.parametrize("index", PATIENTS)
def test_both_fidelities_end_alike(index: int) -> None:
    wire, core = (run_case(Case(9, index, fidelity=fidelity, target_ml=0.10)).row for fidelity in ("wire", "core"))
    assert (wire["subgroup"], wire["reason"], wire["also"]) == (core["subgroup"], core["reason"], core["also"])
    for volume in ("delivered_ul", "into_duct_ul", "extravasated_ul", "reflux_ul"):
        assert wire[volume] == pytest.approx(core[volume], abs=1.0), volume


@pytest.mark.parametrize("index", range(5))
def test_both_fidelities_end_alike_whoever_it_is_where_the_stopper_does_not_stick(
    index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No patient is chosen here. A stopper that sticks turns a millisecond into a slip more or less, and a hold reads that."""

    def rigid(loaded: LoadedProfile, settings: dict[str, object], **more: Any) -> BenchOptions:
        return bench_options(loaded, {**settings, "plunger.drive_stiffness_kpa_ul": 0.0}, **more)

    monkeypatch.setattr(case_module, "bench_options", rigid)
    wire, core = (run_case(Case(3, index, fidelity=fidelity)).row for fidelity in ("wire", "core"))
    assert (wire["reason"], wire["also"], wire["increments"]) == (core["reason"], core["also"], core["increments"])
    for volume in ("delivered_ul", "into_duct_ul", "extravasated_ul", "reflux_ul", "post_stop_ul"):
        assert wire[volume] == pytest.approx(core[volume], abs=1.0), volume


def test_a_trace_goes_from_the_beginning_to_the_end() -> None:
    result, trace = trace_case(Case(3, 0, fidelity="core", target_ml=0.05))
    assert trace.t_s[0] < 0.1
    assert trace.t_s[-1] == pytest.approx(float(str(result.row["duration_s"])), abs=0.2)
    assert len(trace.t_s) == len(trace.line_kpa) == len(trace.duct_kpa) == len(trace.extravasated_ul)
    assert "infusing" in [what for _, what, _ in trace.events]


def test_every_fault_has_its_mark_in_a_trace_whether_its_moment_came_or_not() -> None:
    told = []
    for index in range(8):
        _, trace = trace_case(Case(1, index, fidelity="core", faults="pairs", target_ml=0.05))
        events = [what for _, what, _ in trace.events]
        for each in draw(load_catalogue(), "pairs", 1, index, 50.0, "core"):
            missed = f"NOT BEGUN: {each.name} ({each.phase})" in events
            assert missed or str(each.act) in events
            told.append(missed)
    assert {True, False} == set(told)


def test_a_fault_that_looks_like_what_somebody_did_has_not_begun_by_that() -> None:
    (first, second) = draw(load_catalogue(), "pairs", 1, 0, 50.0)
    trace = Trace()
    trace.heard(first.act, "scenario", False, 1.0)
    trace.heard(second.act.model_copy(), "person", False, 2.0)
    trace.ended((first, second), 3.0)
    assert trace.events[2:] == [(3.0, f"NOT BEGUN: {second.name} ({second.phase})", "")]


def test_a_scenario_can_be_traced() -> None:
    outcome, trace = trace_scenario("pain_button")
    assert outcome is not None
    assert outcome["reason"] == "PAIN_STOP"
    assert "press" in [what for _, what, by in trace.events if by == "scenario"]


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (Case(1, 0, cohort="nobody"), "nobody"),
        (Case(1, 0, profile="nowhere"), "nowhere"),
        (Case(1, 0, profile="bench"), "virtual time"),
        (Case(1, 0, plant="no.such.module:make"), "no.such.module"),
        (Case(1, 0, plant="simulators.plant:nothing"), "nothing"),
        (Case(1, 0, target_ml=0.5), "--target-ml"),
        (Case(1, 0, subgroup="martians"), "martians"),
        (Case(1, 0, faults="many"), "many"),  # type: ignore[arg-type]
    ],
)
def test_what_can_not_be_run_is_told(case: Case, said: str) -> None:
    with pytest.raises(CaseError, match=said):
        run_case(case)


PHANTOM = """
class Phantom:
    def __init__(self):
        self.line_kpa, self.known = 0.0, []

    def step(self, dt_s, plunger_flow_ul_s):
        self.line_kpa += dt_s * (plunger_flow_ul_s - self.line_kpa / 6.0) / 0.2
        return self.line_kpa

    def set_tip(self, tip):
        pass
{more}

def make(seed, index):
    return Phantom()
"""
BLOCKS = """
    def fault(self, name, **values):
        pass

    def clear(self, name):
        pass

FAULTS = {"block": "nothing passes"}
"""


def phantom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, more: str = "") -> str:
    """A plant that is not ours, and knows nothing of our faults but what `more` says."""
    (tmp_path / f"{name}.py").write_text(PHANTOM.format(more=more), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return f"{name}:make"


def drawn_for(index: int, plant: str | None = None) -> object:
    return run_case(Case(5, index, fidelity="core", faults="single", plant=plant, target_ml=0.05)).row["faults"]


def test_a_plant_that_is_not_ours_has_the_faults_of_the_line_that_it_offers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, blocks = (
        phantom(tmp_path, monkeypatch, "plain_phantom"),
        phantom(tmp_path, monkeypatch, "blocked_phantom", BLOCKS),
    )
    indices = (0, 6, 9)
    ours, theirs, some = ([drawn_for(index, plant) for index in indices] for plant in (None, plain, blocks))
    assert ours == ["line_opens", "duct_tears", "tip_clogs"]
    assert theirs == ["tip_out_and_back", "press_and_hold", "tip_out_and_back"]
    assert some == ["line_blocked_for_a_while", "tip_out_and_back", "line_blocked_for_a_while"]


def test_a_plant_that_the_profile_names_has_patients_of_its_own_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant = phantom(tmp_path, monkeypatch, "profiled_phantom")
    text = (Path(controller.__file__).parents[1] / "config" / "sim.toml").read_text(encoding="utf-8")
    profile = tmp_path / "phantom.toml"
    profile.write_text(text.replace("simulators.plant:line_and_duct", plant), encoding="utf-8")
    row = run_case(Case(5, 0, fidelity="core", profile=str(profile), target_ml=0.05)).row
    assert (row["subgroup"], row["into_duct_ul"]) == (None, None)
