"""Drawing patients: reproducible, independent of each other and of order; what was drawn and what the bench is given."""

import math
import pickle
from pathlib import Path

import pytest
from scipy import stats

from simulators.cohorts import Cohort, CohortError, describe, load_cohort
from simulators.plant.hydraulics import poiseuille_kpa_s_ul

HEAD = 'title = "Mine"\ndescription = "For a test"\n'


def entry(key: str, text: str) -> str:
    return f'\n[{key}]\nsource = "somewhere"\ngrade = "D"\n{text}\n'


V0 = entry("everyone.line.duct_v0_ul", 'distribution = "lognormal"\nmedian = 250.0\ngsd = 1.4\nmin = 100.0\nmax = 500.0')
P0 = entry("everyone.line.duct_p0_kpa", 'distribution = "normal"\nmean = 2.0\nsd = 0.4\nmin = 1.0\nmax = 3.0')
REACTION = entry("everyone.person.reaction_s", 'distribution = "uniform"\nmin = 0.5\nmax = 3.0')
FALSE_PAIN = entry("everyone.person.false_pain_ul", 'distribution = "uniform"\nmin = 5.0\nmax = 200.0\nchance = 0.5')
INTACT = "\n[subgroups.intact]\nweight = 3.0\n"
MOTION = "\n[subgroups.motion]\nweight = 1.0\n" + entry(
    "subgroups.motion.line.motion_kpa", 'distribution = "constant"\nvalue = 2'
)


def cohort(tmp_path: Path, *parts: str, name: str = "mine") -> Cohort:
    path = tmp_path / f"{name}.toml"
    path.write_text(HEAD + "".join(parts))
    return load_cohort(str(path))


def test_the_same_patient_every_time(tmp_path: Path) -> None:
    mine = cohort(tmp_path, V0, P0, INTACT, MOTION)
    first = mine.draw(7, 3)
    for index in (5, 0, 3):
        mine.draw(7, index)
    assert mine.draw(7, 3) == first
    assert cohort(tmp_path, V0, P0, INTACT, MOTION).draw(7, 3) == first
    assert pickle.loads(pickle.dumps(first)) == first


def test_seed_index_and_cohort_each_make_another_patient(tmp_path: Path) -> None:
    mine, other = (cohort(tmp_path, V0, INTACT, name=name) for name in ("mine", "other"))
    drawn = [mine.draw(7, 3), mine.draw(3, 7), mine.draw(7, 4), mine.draw(8, 3), other.draw(7, 3)]
    assert len({patient.settings["line.duct_v0_ul"] for patient in drawn}) == 5
    assert [(patient.cohort, patient.seed, patient.index) for patient in drawn[-2:]] == [("mine", 8, 3), ("other", 7, 3)]


def test_a_value_that_is_known_stays_what_it_is(tmp_path: Path) -> None:
    """Patients of one seed are the same in later versions: whoever changes how they are drawn changes this number too."""
    patient = cohort(tmp_path, V0, P0, INTACT, MOTION).draw(1, 0)
    assert patient.subgroup == "intact"
    assert patient.drawn["line.duct_v0_ul"] == pytest.approx(303.0497432460582, rel=1e-12)


def test_order_does_not_matter(tmp_path: Path) -> None:
    one = cohort(tmp_path, V0, P0, REACTION, INTACT, MOTION)
    other = cohort(tmp_path, MOTION, INTACT, REACTION, P0, V0)
    assert [one.draw(1, index) for index in range(50)] == [other.draw(1, index) for index in range(50)]
    assert list(one.draw(1, 0).settings) == sorted(one.draw(1, 0).settings)


def test_another_parameter_changes_none_of_the_others(tmp_path: Path) -> None:
    before, after = cohort(tmp_path, V0, INTACT, MOTION), cohort(tmp_path, V0, P0, FALSE_PAIN, REACTION, INTACT, MOTION)
    for index in range(50):
        old, new = before.draw(1, index), after.draw(1, index)
        assert new.subgroup == old.subgroup
        assert new.settings.items() >= old.settings.items()


def test_a_changed_distribution_changes_none_of_the_others(tmp_path: Path) -> None:
    """However many random numbers a truncated one takes."""
    often_redrawn = P0.replace("mean = 2.0", "mean = 0.6")
    before, after = cohort(tmp_path, V0, P0, INTACT), cohort(tmp_path, V0, often_redrawn, INTACT)
    for index in range(50):
        assert before.draw(1, index).settings["line.duct_v0_ul"] == after.draw(1, index).settings["line.duct_v0_ul"]


def test_parameters_and_neighbours_are_not_correlated(tmp_path: Path) -> None:
    mine = cohort(tmp_path, V0, P0, INTACT)
    v0, p0 = zip(
        *((each["line.duct_v0_ul"], each["line.duct_p0_kpa"]) for each in (mine.draw(1, i).drawn for i in range(2000))),
        strict=True,
    )
    assert stats.spearmanr(v0, p0).pvalue > 1e-3
    assert stats.spearmanr(v0[1:], v0[:-1]).pvalue > 1e-3


def test_subgroups_come_by_their_weights(tmp_path: Path) -> None:
    mine = cohort(tmp_path, V0, INTACT, MOTION)
    assert mine.shares == {"intact": 0.75, "motion": 0.25}
    restless = sum(mine.draw(1, index).subgroup == "motion" for index in range(2000))
    assert stats.binomtest(restless, 2000, 0.25).pvalue > 1e-3


def test_a_subgroup_can_be_asked_for(tmp_path: Path) -> None:
    mine = cohort(tmp_path, V0, P0, INTACT, MOTION)
    for index in range(20):
        calm, restless = (mine.draw(1, index, subgroup=name) for name in ("intact", "motion"))
        assert mine.draw(1, index) in (calm, restless)
        assert (calm.subgroup, calm.settings["line.subgroup"]) == ("intact", "intact")
        changed = {"line.motion_kpa": 2, "line.subgroup": "motion"}
        assert restless.settings == {**calm.settings, **changed}
    with pytest.raises(CohortError, match=r"^cohort mine: subgroup = 'air' does not exist; there are: intact, motion$"):
        mine.draw(1, 0, subgroup="air")


def test_a_subgroups_own_goes_before_everyones(tmp_path: Path) -> None:
    small = entry("subgroups.motion.line.duct_v0_ul", 'distribution = "constant"\nvalue = 100.0')
    mine = cohort(tmp_path, V0, INTACT, MOTION, small)
    assert mine.draw(1, 0, subgroup="motion").settings["line.duct_v0_ul"] == 100.0
    assert mine.draw(1, 0, subgroup="intact").settings["line.duct_v0_ul"] != 100.0


def test_the_person_is_made_of_what_was_drawn(tmp_path: Path) -> None:
    mine = cohort(tmp_path, REACTION, FALSE_PAIN, INTACT)
    people = [mine.draw(1, index) for index in range(40)]
    for patient in people:
        assert patient.person.reaction_s == patient.drawn["person.reaction_s"]
        assert patient.person.false_pain_ul == patient.drawn.get("person.false_pain_ul")
        assert patient.person.inserts_cannula is True
        assert not [key for key in patient.settings if key.startswith("person")]
    assert {patient.person.false_pain_ul is None for patient in people} == {True, False}


def test_fluid_makes_viscosity_and_density(tmp_path: Path) -> None:
    def settings(agent: str, temperature_c: float) -> dict[str, object]:
        text = entry("everyone.fluid.agent", f'distribution = "constant"\nvalue = "{agent}"')
        text += entry("everyone.fluid.temperature_c", f'distribution = "constant"\nvalue = {temperature_c}')
        return dict(cohort(tmp_path, text, INTACT).draw(1, 0).settings)

    conray = settings("conray-60", 37.0)
    assert conray["line.viscosity_mpa_s"] == pytest.approx(4.0)
    assert conray["line.viscosity_change_per_c"] == pytest.approx(math.log(4 / 6) / 12)
    assert "line.density_kg_l" not in conray
    assert settings("conray-60", 20.0)["line.viscosity_mpa_s"] == pytest.approx(7.1, abs=0.01)  # physics reference: "about 7.1"
    thick = settings("isovue-370", 20.0)
    assert (thick["line.viscosity_mpa_s"], thick["line.density_kg_l"]) == (pytest.approx(20.9), 1.405)
    water = [settings("water", temperature_c)["line.viscosity_mpa_s"] for temperature_c in (20.0, 25.0, 37.0)]
    assert water == pytest.approx([1.0, 0.89, 0.69])


def test_cannulas_of_a_lot_spread_in_resistance(tmp_path: Path) -> None:
    text = entry("everyone.cannula.lot_bore_mm", 'distribution = "constant"\nvalue = 0.159')
    text += entry("everyone.cannula.resistance_factor", 'distribution = "normal"\nmean = 1.0\nsd = 0.04\nmin = 0.8\nmax = 1.2')
    mine = cohort(tmp_path, text, INTACT)
    nominal = poiseuille_kpa_s_ul(0.159, 25.4, 4.0)
    bores = [float(mine.draw(1, index).settings["line.bore_mm"]) for index in range(2000)]
    factors = [poiseuille_kpa_s_ul(bore_mm, 25.4, 4.0) / nominal for bore_mm in bores]
    assert stats.kstest(factors, stats.norm(1.0, 0.04).cdf).pvalue > 1e-3
    assert factors[:5] == pytest.approx([mine.draw(1, index).drawn["cannula.resistance_factor"] for index in range(5)])


def test_static_friction_is_never_below_sliding_friction(tmp_path: Path) -> None:
    text = entry("everyone.friction.sliding_kpa", 'distribution = "uniform"\nmin = 10.0\nmax = 100.0')
    text += entry("everyone.friction.stick_slip_kpa", 'distribution = "uniform"\nmin = 0.0\nmax = 50.0')
    mine = cohort(tmp_path, text, INTACT)
    for index in range(50):
        patient = mine.draw(1, index)
        sliding, static = (patient.settings[f"plunger.{kind}_friction_kpa"] for kind in ("sliding", "static"))
        assert sliding == patient.drawn["friction.sliding_kpa"]
        assert float(static) - float(sliding) == pytest.approx(patient.drawn["friction.stick_slip_kpa"])


def test_events_go_with_their_subgroup(tmp_path: Path) -> None:
    event = '\n[[subgroups.motion.event]]\nwhen = { forward_patient_ul = 30.0 }\ncause = true\ndo = "press"\n'
    mine = cohort(tmp_path, V0, INTACT, MOTION, event)
    assert mine.draw(1, 0, subgroup="intact").events == ()
    (pressed,) = mine.draw(1, 0, subgroup="motion").events
    assert (pressed.when.forward_patient_ul, pressed.cause, str(pressed.does)) == (30.0, True, "press")


def test_a_base_is_built_upon(tmp_path: Path) -> None:
    mixed = load_cohort("mixed")
    mine = cohort(tmp_path, 'base = "mixed"\n', P0, "\n[subgroups.air]\nweight = 1.0\n[subgroups.reflux]\nweight = 2\n")
    assert mine.shares == {"air": pytest.approx(1 / 3), "reflux": pytest.approx(2 / 3)}
    assert mine.everyone["line.duct_p0_kpa"].source == "somewhere"
    assert mine.everyone["line.duct_v0_ul"] == mixed.everyone["line.duct_v0_ul"]
    assert mine.subgroups["air"].own == mixed.subgroups["air"].own
    assert mine.subgroups["air"].description == mixed.subgroups["air"].description


def test_a_bases_subgroup_goes_before_the_new_everyone(tmp_path: Path) -> None:
    bubble = entry("everyone.line.bubble_ul", 'distribution = "constant"\nvalue = 0.0')
    mine = cohort(tmp_path, 'base = "mixed"\n', bubble, "\n[subgroups.air]\nweight = 1.0\n[subgroups.reflux]\nweight = 2\n")
    assert mine.draw(1, 0, subgroup="reflux").settings["line.bubble_ul"] == 0.0
    assert float(mine.draw(1, 0, subgroup="air").settings["line.bubble_ul"]) >= 3.0


def test_described_row_by_row(tmp_path: Path) -> None:
    assert [tuple(row) for row in describe(cohort(tmp_path, V0, INTACT, MOTION))] == [
        ("everyone", "line.duct_v0_ul", "lognormal, median 250, gsd 1.4, 100 to 500", "somewhere", "D"),
        ("motion", "line.motion_kpa", "2", "somewhere", "D"),
    ]
