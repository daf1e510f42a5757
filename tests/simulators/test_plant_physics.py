"""The plant's single physical terms against published tables and against closed forms."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.plant.duct import DuctLaw, elastic_kpa, elastic_stiffness_kpa_ul, elastic_ul
from simulators.plant.hydraulics import (
    VAPOUR_FLOOR_KPA,
    bubble_compliance_ul_kpa,
    poiseuille_kpa_s_ul,
    pressure_of_stored_kpa,
    stiffness_kpa_ul,
    stored_ul,
    viscosity_at_mpa_s,
)
from simulators.plant.network import flows_ul_s

CONRAY = ((25.0, 6.0), (37.0, 4.0))
ISOVUE_300 = ((20.0, 8.8), (37.0, 4.7))


@pytest.mark.parametrize(
    ("viscosity_mpa_s", "length_mm", "expected_kpa_s_ul"),
    [(6.0, 25.4, 9.72), (4.0, 25.4, 6.48), (3.3, 25.4, 5.34), (1.0, 25.4, 1.62), (4.0, 38.1, 9.72)],
)
def test_resistance_of_a_30g_cannula(viscosity_mpa_s: float, length_mm: float, expected_kpa_s_ul: float) -> None:
    assert poiseuille_kpa_s_ul(0.159, length_mm, viscosity_mpa_s) == pytest.approx(expected_kpa_s_ul, rel=2e-3)


def test_resistance_of_a_microbore_tube_and_of_the_bore_tolerance() -> None:
    assert poiseuille_kpa_s_ul(0.5, 300.0, 6.0) == pytest.approx(1.17, rel=5e-3)
    nominal = poiseuille_kpa_s_ul(0.159, 25.4, 4.0)
    assert poiseuille_kpa_s_ul(0.159 + 0.019, 25.4, 4.0) / nominal == pytest.approx(0.64, abs=0.005)
    assert poiseuille_kpa_s_ul(0.159 - 0.019, 25.4, 4.0) / nominal == pytest.approx(1.66, abs=0.01)


def test_viscosity_between_and_beyond_the_points_of_the_label() -> None:
    assert viscosity_at_mpa_s(25.0, *CONRAY) == pytest.approx(6.0)
    assert viscosity_at_mpa_s(37.0, *CONRAY) == pytest.approx(4.0)
    assert viscosity_at_mpa_s(31.0, *CONRAY) == pytest.approx(math.sqrt(24.0))
    assert viscosity_at_mpa_s(20.0, *CONRAY) == pytest.approx(7.1, abs=0.05)
    assert viscosity_at_mpa_s(21.0, *ISOVUE_300) / 8.8 == pytest.approx(1.0 - 0.037, abs=1e-3)


@pytest.mark.parametrize("points", [((25.0, 6.0), (25.0, 4.0)), ((25.0, 0.0), (37.0, 4.0)), ((25.0, 6.0), (37.0, -1.0))])
def test_viscosity_needs_two_points(points: tuple[tuple[float, float], tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="viscosity"):
        viscosity_at_mpa_s(30.0, *points)


def test_bubble_compliance_is_boyles() -> None:
    assert bubble_compliance_ul_kpa(10.0, 0.0) == pytest.approx(10.0 / 101.325)
    assert bubble_compliance_ul_kpa(10.0, 101.325) == pytest.approx(10.0 / 101.325 / 4.0)
    assert stored_ul(101.325, 1e-12, 10.0) == pytest.approx(5.0)


@given(
    pressure_kpa=st.floats(-97.0, 2000.0),
    compliance_ul_kpa=st.floats(0.01, 2.0),
    bubble_ul=st.one_of(st.just(0.0), st.floats(0.01, 200.0)),
)
def test_a_vessels_pressure_and_volume_are_each_others_inverse(
    pressure_kpa: float, compliance_ul_kpa: float, bubble_ul: float
) -> None:
    volume_ul = stored_ul(pressure_kpa, compliance_ul_kpa, bubble_ul)
    assert pressure_of_stored_kpa(volume_ul, compliance_ul_kpa, bubble_ul) == pytest.approx(pressure_kpa, rel=1e-7, abs=1e-6)
    more_kpa = pressure_of_stored_kpa(volume_ul + 1e-4 * compliance_ul_kpa, compliance_ul_kpa, bubble_ul)
    stiffness = stiffness_kpa_ul(pressure_kpa, compliance_ul_kpa, bubble_ul)
    assert (more_kpa - pressure_kpa) / (1e-4 * compliance_ul_kpa) == pytest.approx(stiffness, rel=1e-2)


def test_a_torn_liquid_pulls_no_harder() -> None:
    for bubble_ul in (0.0, 1.0):
        volume_ul = stored_ul(VAPOUR_FLOOR_KPA, 0.15, bubble_ul) - 5.0
        assert pressure_of_stored_kpa(volume_ul, 0.15, bubble_ul) == VAPOUR_FLOOR_KPA
    assert stiffness_kpa_ul(VAPOUR_FLOOR_KPA, 0.15) == 0.0


def test_duct_law_at_its_anchors() -> None:
    duct = DuctLaw(250.0, 2.0, 2.2)
    law = (duct.scale_ul, duct.scale_kpa)
    assert elastic_kpa(0.0, *law) == 0.0
    assert elastic_kpa(250.0, *law) == pytest.approx(2.0)
    assert elastic_kpa(125.0, *law) == pytest.approx(2.0 * (math.exp(1.1) - 1.0) / (math.exp(2.2) - 1.0))
    assert elastic_kpa(-0.1, *law) == pytest.approx(-5.0)
    assert elastic_stiffness_kpa_ul(-0.1, *law) == pytest.approx(50.0)


@given(volume_ul=st.floats(-1.0, 600.0), v0_ul=st.floats(20.0, 500.0), p0_kpa=st.floats(0.5, 5.0), k=st.floats(0.5, 4.0))
def test_duct_law_rises_and_inverts(volume_ul: float, v0_ul: float, p0_kpa: float, k: float) -> None:
    duct = DuctLaw(v0_ul, p0_kpa, k)
    law = (duct.scale_ul, duct.scale_kpa)
    exponent = volume_ul / duct.scale_ul
    if exponent > 50.0:  # beyond anything physical, where the exponent is cut off
        assert elastic_kpa(volume_ul, *law) > 1e6
        return
    pressure_kpa = elastic_kpa(volume_ul, *law)
    assert elastic_ul(pressure_kpa, *law) == pytest.approx(volume_ul, abs=1e-6)
    if not -1e-3 < volume_ul < 1e-3:  # the law has its kink at 0
        slope = (elastic_kpa(volume_ul + 1e-4, *law) - pressure_kpa) / 1e-4
        assert slope == pytest.approx(elastic_stiffness_kpa_ul(volume_ul, *law), rel=1e-2)


@pytest.mark.parametrize("numbers", [(0.0, 2.0, 2.2), (250.0, -1.0, 2.2), (250.0, 2.0, 0.0), (math.inf, 2.0, 2.2)])
def test_a_duct_that_can_not_be_is_refused(numbers: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="duct"):
        DuctLaw(*numbers)


@given(
    h_s=st.floats(1e-7, 1.0),
    plunger_ul_s=st.floats(-20.0, 20.0),
    pressures=st.tuples(*[st.floats(-90.0, 500.0)] * 3),
    stiffnesses=st.tuples(*[st.floats(0.0, 1000.0)] * 3),
    conductances=st.tuples(*[st.floats(0.0, 1000.0)] * 3),
    drain_g=st.floats(0.0, 100.0),
    drain_kpa=st.floats(0.0, 5.0),
)
def test_the_step_solves_its_own_equations(
    h_s: float,
    plunger_ul_s: float,
    pressures: tuple[float, float, float],
    stiffnesses: tuple[float, float, float],
    conductances: tuple[float, float, float],
    drain_g: float,
    drain_kpa: float,
) -> None:
    tube, cannula, leak, end_kpa = flows_ul_s(
        h_s,
        plunger_ul_s,
        (pressures[0], stiffnesses[0]),
        (pressures[1], stiffnesses[1]),
        (pressures[2], stiffnesses[2]),
        conductances,
        (drain_g, drain_g * drain_kpa),
    )
    drained = drain_g * (end_kpa - drain_kpa)
    line_kpa = pressures[0] + h_s * stiffnesses[0] * (plunger_ul_s - tube - leak)
    hub_kpa = pressures[1] + h_s * stiffnesses[1] * (tube - cannula)
    outer_kpa = pressures[2] + h_s * stiffnesses[2] * (cannula - drained)
    leak_g, tube_g, cannula_g = conductances
    # rounding of a flow is worth this much in pressure
    slack_kpa = 1e-7 * (1.0 + h_s * max(stiffnesses) * max(*conductances, drain_g))
    assert end_kpa == pytest.approx(outer_kpa, rel=1e-7, abs=slack_kpa)
    slack_ul_s = slack_kpa * (1.0 + max(conductances))
    assert leak == pytest.approx(line_kpa * leak_g, rel=1e-6, abs=slack_ul_s)
    assert tube == pytest.approx((line_kpa - hub_kpa) * tube_g, rel=1e-6, abs=slack_ul_s)
    assert cannula == pytest.approx((hub_kpa - outer_kpa) * cannula_g, rel=1e-6, abs=slack_ul_s)
