"""The cohorts that ship: they load, their patients fit the bench, their numbers are those of the documentation."""

from pathlib import Path
from statistics import fmean

import pytest
from scipy import stats

from simulators.bench import BenchOptions, SimulatedBench
from simulators.cohorts import SUBGROUPS, Row, cohort_names, describe, load_cohort
from simulators.plant import LineOptions, line_and_duct
from simulators.plant.hydraulics import poiseuille_kpa_s_ul
from simulators.plunger import PlungerOptions

RUPTURES = {name for name in SUBGROUPS if name.startswith("rupture_")}
NOMINAL_KPA_S_UL = poiseuille_kpa_s_ul(0.159, 25.4, 4.0)  # what the profile sim expects of its cannula
DOCS = Path(__file__).parents[2] / "docs" / "cohorts.md"


def test_these_ship() -> None:
    assert cohort_names() == ["benign", "intact", "mixed", "rupture"]
    assert set(load_cohort("mixed").subgroups) == set(SUBGROUPS)
    assert set(load_cohort("intact").subgroups) == {"intact"}
    assert load_cohort("rupture").shares == dict.fromkeys(sorted(RUPTURES), 0.25)
    assert load_cohort("benign").shares == {"intact": 0.5, "motion": 0.5}


@pytest.mark.parametrize("name", cohort_names())
def test_two_hundred_patients_fit_the_devices(name: str) -> None:
    cohort = load_cohort(name)
    for index in range(200):
        patient = cohort.draw(1, index)
        by_device: dict[str, dict[str, object]] = {"line": {}, "plunger": {}, "pressure": {}}
        for key, value in patient.settings.items():
            device, _, option = key.partition(".")
            by_device[device][option] = value
        LineOptions(**by_device["line"])  # type: ignore[arg-type]
        PlungerOptions(**by_device["plunger"])  # type: ignore[arg-type]
        assert patient.settings["line.subgroup"] == patient.subgroup


@pytest.mark.parametrize("subgroup", SUBGROUPS)
def test_a_bench_takes_them(subgroup: str) -> None:
    patient = load_cohort("mixed").draw(2, 0, subgroup=subgroup)
    bench = SimulatedBench(BenchOptions(settings=patient.settings, seed=2, index=0))
    bench.advance(0.02)
    assert bench.truth()["subgroup"] == subgroup


def test_weights_of_mixed() -> None:
    shares = load_cohort("mixed").shares
    assert sum(shares[name] for name in RUPTURES) == pytest.approx(0.065)  # near the 6.8 % of the only proxy
    assert shares["intact"] == pytest.approx(0.745)


def test_good_lines_resist_as_the_profile_expects() -> None:
    """The prime check of the profile sim refuses below 0.4 and above 2.5 times the catalogue's expectation."""
    cohort = load_cohort("mixed")
    factors = []
    for index in range(2000):
        settings = cohort.draw(3, index, subgroup="intact").settings
        bore_mm, viscosity_mpa_s = float(settings["line.bore_mm"]), float(settings["line.viscosity_mpa_s"])
        factors.append(poiseuille_kpa_s_ul(bore_mm, 25.4, viscosity_mpa_s) / NOMINAL_KPA_S_UL)
    assert min(factors) > 0.55
    assert max(factors) < 2.1
    assert 0.95 < fmean(factors) < 1.15


def test_only_the_torn_can_tear() -> None:
    cohort = load_cohort("mixed")
    for name in SUBGROUPS:
        settings = cohort.draw(4, 0, subgroup=name).settings
        tears = {key for key in settings if key.startswith("line.rupture")}
        assert tears == ({f"line.rupture_{'kpa' if name.endswith('pressure') else 'after_ul'}"} if name in RUPTURES else set())
        assert ("line.reflux_kpa" in settings) == (name == "reflux")
        assert ("line.wall_contact_factor" in settings) == (name == "tip_in_wall")
        assert ("line.motion_per_min" in settings) == (name == "motion")
        assert (float(settings["line.bubble_ul"]) >= 3.0) == (name == "air")


def test_who_presses_without_a_cause() -> None:
    for name, chance in (("mixed", 0.03), ("intact", 0.03), ("benign", 0.25)):
        cohort = load_cohort(name)
        pressing = sum(cohort.draw(5, index).person.false_pain_ul is not None for index in range(1000))
        assert stats.binomtest(pressing, 1000, chance).pvalue > 1e-3


def test_some_can_not_press_and_some_feel_nothing() -> None:
    cohort = load_cohort("rupture")
    people = [cohort.draw(6, index).person for index in range(1000)]
    assert stats.binomtest(sum(not each.can_press for each in people), 1000, 0.05).pvalue > 1e-3
    assert stats.binomtest(sum(not each.feels_pain for each in people), 1000, 0.05).pvalue > 1e-3
    assert all(0.5 <= each.reaction_s <= 3.0 for each in people)


@pytest.mark.parametrize("subgroup", ["rupture_free_pressure", "rupture_dense_pressure"])
def test_ducts_that_are_to_tear_by_pressure_do_so_within_the_usual_target(subgroup: str) -> None:
    """0.2 mL at 5 uL/s, no machine that would stop."""
    cohort = load_cohort("rupture")
    torn = 0
    for index in range(20):
        settings = cohort.draw(7, index, subgroup=subgroup).settings
        options = {key.removeprefix("line."): value for key, value in settings.items() if key.startswith("line.")}
        plant = line_and_duct(7, index, **options)  # type: ignore[arg-type]
        plant.set_tip("patient")
        for _ in range(400):
            plant.step(0.1, 5.0)
        torn += bool(plant.truth()["ruptured"])
    assert torn >= 14


def test_the_documentation_has_the_numbers_of_the_file() -> None:
    text = DOCS.read_text(encoding="ascii")
    for row in describe(load_cohort("mixed")):
        assert markdown(row) in text
    own = [row for row in describe(load_cohort("benign")) if row.source.startswith("chosen: often")]
    assert [markdown(row) in text for row in own] == [True]
    for name, share in load_cohort("mixed").shares.items():
        assert f"| {name} | {100 * share:g} % |" in text


def markdown(row: Row) -> str:
    return f"| {row.who} | `{row.parameter}` | {row.distribution} | {row.grade} | {row.source} |"
