"""The catalogue: what it must hold, its physics against independent tables, and what is said when somebody breaks it."""

import math

import pytest

from config import CATALOGUE, shipped
from controller.settings import ConfigError, catalogue, expected_resistance_kpa_s_ul
from controller.settings.catalogue import parse_catalogue
from controller.settings.devices import PUMPS
from controller.settings.exact import exact

STRAIGHT = "30g-straight"


@pytest.mark.parametrize(
    ("agent", "temperature_c", "resistance", "at_5_ul_s", "at_20_ul_s"),
    [
        ("conray-60", 25.0, 9.72, 48.6, 194.0),
        ("conray-60", 37.0, 6.48, 32.4, 130.0),
        ("isovue-200", 20.0, 5.34, 26.7, 107.0),
        ("isovue-200", 37.0, 3.24, 16.2, 64.8),
        ("isovue-300", 20.0, 14.2, 71.2, 285.0),
        ("isovue-300", 37.0, 7.61, 38.1, 152.0),
        ("isovue-370", 20.0, 33.8, 169.0, 677.0),
        ("isovue-370", 37.0, 15.2, 76.1, 304.0),
        ("water", 20.0, 1.62, 8.1, 32.4),
    ],
)
def test_cannula_resistance_is_that_of_the_pressure_drop_table(
    agent: str, temperature_c: float, resistance: float, at_5_ul_s: float, at_20_ul_s: float
) -> None:
    known = catalogue()
    found = expected_resistance_kpa_s_ul(known.agents[agent], temperature_c, known.cannulas[STRAIGHT])
    assert found == pytest.approx(resistance, rel=5e-3)
    assert found * 5.0 == pytest.approx(at_5_ul_s, rel=5e-3)
    assert found * 20.0 == pytest.approx(at_20_ul_s, rel=5e-3)


@pytest.mark.parametrize(("tube", "extra"), [("microbore-30cm", 1.2), ("pressure-30cm", 0.07)])
def test_a_tube_adds_its_resistance(tube: str, extra: float) -> None:
    known = catalogue()
    conray, cannula = known.agents["conray-60"], known.cannulas[STRAIGHT]
    alone = expected_resistance_kpa_s_ul(conray, 25.0, cannula)
    assert expected_resistance_kpa_s_ul(conray, 25.0, cannula, known.tubes[tube]) - alone == pytest.approx(extra, rel=0.05)


def test_resistance_grows_with_length_and_the_fourth_power_of_the_bore() -> None:
    known = catalogue()
    conray, cannula = known.agents["conray-60"], known.cannulas[STRAIGHT]
    base = expected_resistance_kpa_s_ul(conray, 30.0, cannula)
    longer = cannula.model_copy(update={"length_mm": 38.1})
    narrower = cannula.model_copy(update={"bore_mm": cannula.bore_mm / 2})
    assert expected_resistance_kpa_s_ul(conray, 30.0, longer) == pytest.approx(1.5 * base)
    assert expected_resistance_kpa_s_ul(conray, 30.0, narrower) == pytest.approx(16.0 * base)


def test_bore_tolerance_spreads_the_resistance() -> None:
    for cannula in catalogue().cannulas.values():
        assert cannula.resistance_spread == pytest.approx((0.64, 1.66), abs=5e-3)


@pytest.mark.parametrize(
    ("agent", "points"),
    [
        ("conray-60", {25: 6, 37: 4}),
        ("conray-43", {25: 3, 37: 2}),
        ("conray-30", {25: 2, 37: 1.5}),
        ("isovue-200", {20: 3.3, 37: 2.0}),
        ("isovue-250", {20: 5.1, 37: 3.0}),
        ("isovue-300", {20: 8.8, 37: 4.7}),
        ("isovue-370", {20: 20.9, 37: 9.4}),
    ],
)
def test_viscosity_is_the_labels_at_the_labels_points(agent: str, points: dict[float, float]) -> None:
    for temperature_c, mpa_s in points.items():
        assert catalogue().agents[agent].viscosity_mpa_s(temperature_c) == pytest.approx(mpa_s)


@pytest.mark.parametrize(
    ("agent", "percent_per_c"), [("conray-60", -3.4), ("isovue-200", -2.9), ("isovue-300", -3.7), ("isovue-370", -4.7)]
)
def test_viscosity_falls_log_linearly(agent: str, percent_per_c: float) -> None:
    entry = catalogue().agents[agent]
    for temperature_c in (26.0, 30.0, 36.0):
        ratio = entry.viscosity_mpa_s(temperature_c + 0.5) / entry.viscosity_mpa_s(temperature_c - 0.5)
        assert math.log(ratio) * 100.0 == pytest.approx(percent_per_c, abs=0.06)


def test_viscosity_goes_on_beyond_the_labels_points() -> None:
    assert catalogue().agents["conray-60"].viscosity_mpa_s(20.0) == pytest.approx(7.1, abs=0.05)
    assert catalogue().agents["isovue-300"].viscosity_mpa_s(40.0) < 4.7


def test_an_agent_with_several_points_meets_every_one_of_them() -> None:
    water = catalogue().agents["water"]
    assert [water.viscosity_mpa_s(t) for t in (20.0, 25.0, 37.0)] == pytest.approx([1.0, 0.89, 0.69])
    assert 0.69 < water.viscosity_mpa_s(30.0) < 0.89


@pytest.mark.parametrize("temperature_c", [14.9, 40.1, float("nan"), float("inf"), -300.0])
def test_no_viscosity_is_made_up_outside_of_what_is_known(temperature_c: float) -> None:
    with pytest.raises(ValueError, match="outside of 15 to 40 C"):
        catalogue().agents["conray-60"].viscosity_mpa_s(temperature_c)


def test_all_that_practice_uses_is_there() -> None:
    known = catalogue()
    diameters = {(s.nominal_ml, s.inner_diameter_mm) for s in known.syringes.values()}
    assert diameters == {(1.0, 4.699), (1.0, 4.78), (3.0, 8.585), (3.0, 8.66)}
    assert set(known.cannulas) == {"30g-straight", "30g-right-angled"}
    conray = known.agents["conray-60"]
    assert (conray.iodine_mg_ml, conray.osmolality_mosm_kg, conray.ionic) == (282.0, 1400.0, True)
    assert known.syringes["bd-1ml"].compliance_range_ul_kpa == (0.08, 0.6)
    assert {key for key, agent in known.agents.items() if agent.bench_only} == {"water"}


@pytest.mark.parametrize(("tube", "volume_ul"), [("pressure-30cm", 236.0), ("microbore-30cm", 59.0)])
def test_tube_dead_volume(tube: str, volume_ul: float) -> None:
    assert catalogue().tubes[tube].dead_volume_ul == pytest.approx(volume_ul, abs=0.5)


def test_every_entry_says_where_it_comes_from() -> None:
    known = catalogue()
    for entries in (known.syringes, known.agents, known.cannulas, known.tubes):
        assert entries
        for key, entry in entries.items():
            assert entry.key == key
            assert len(entry.source) > 10
            assert entry.grade[0] in "ABCD"


def test_every_diameter_can_be_sent_to_every_pump() -> None:
    for syringe in catalogue().syringes.values():
        assert all(pump.numbers.holds(exact(syringe.inner_diameter_mm)) for pump in PUMPS.values())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("nominal_ml = 1.0\n", "", "c.toml: syringes.bd-1ml.nominal_ml is missing; it has to be above 0.00 mL"),
        ("nominal_ml = 1.0", "nominal_ml = 0.0", "c.toml: syringes.bd-1ml.nominal_ml = 0.0 is not above the limit of 0.00 mL"),
        ("compliance_min_ul_kpa = 0.08", "compliance_min_ul_kpa = 0.2", "c.toml: [syringes.bd-1ml] has a compliance outside"),
        ("mpa_s = 6.0", 'mpa_s = "6"', 'c.toml: agents.conray-60.viscosity.0.mpa_s = "6" is not a number; it has to be above 0'),
        ("mpa_s = 6.0", "mpas = 6.0", "did you mean agents.conray-60.viscosity.0.mpa_s?"),
        ("temperature_c = 25.0, mpa_s = 6.0", "temperature_c = 38.0, mpa_s = 6.0", "not in order of rising temperature"),
        ("outer_mm = 0.3112", "outer_mm = 0.1", "c.toml: [cannulas.30g-straight] has a bore that is not between"),
        ("length_min_mm = 12.0", "length_min_mm = 26.0", "c.toml: [cannulas.30g-straight] has a length outside"),
        ('source = "diameter', 'sauce = "diameter', "c.toml: syringes.bd-1ml.sauce is not a known key; did you mean"),
        ('grade = "A"', 'grade = ""', 'c.toml: agents.conray-60.grade = "" has fewer than 1'),
        ("[tubes.microbore-30cm]", '[tubes.microbore-30cm]\nkey = "x"', "c.toml has an entry [microbore-30cm] that gives itself"),
        ("[tubes.microbore-30cm]", "[tube.microbore-30cm]", "c.toml: [tube] is not a known key; did you mean tubes?"),
    ],
)
def test_a_broken_catalogue_says_where(old: str, new: str, said: str) -> None:
    text = shipped(CATALOGUE).read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ConfigError) as caught:
        parse_catalogue(text.replace(old, new, 1).encode(), "c.toml")
    assert said in str(caught.value)
