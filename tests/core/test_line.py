"""The line model against its closed forms, and the retraction that never draws at the duct."""

from math import exp, log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.line import ATMOSPHERE_KPA, LineModel, MeasuredRun

R, C = st.floats(0.3, 40.0), st.floats(0.01, 2.0)


def measured(
    line: LineModel, *, start_kpa: float = 0.0, late_s: float = 0.0, rest_taus: float = 6.0, noise: float = 0.0
) -> MeasuredRun:
    """20 ul at 10 ul/s through this line into air, integrated in steps of 0.1 ms and sampled every 5 ms."""
    run, kpa, now_s, random = MeasuredRun(0.0, start_kpa, 20.0, 10.0), start_kpa, 0.0, Random(1)
    tau_s = line.resistance_kpa_s_ul * (line.compliance_ul_kpa + line.bubble_ul / ATMOSPHERE_KPA)
    for step in range(1, round((2.0 + late_s + rest_taus * tau_s) / 1e-4) + 1):
        flow_ul_s = 10.0 if late_s <= now_s < 2.0 + late_s else 0.0
        softness = line.compliance_ul_kpa + line.bubble_ul * ATMOSPHERE_KPA / (ATMOSPHERE_KPA + kpa) ** 2
        kpa += 1e-4 * (flow_ul_s - kpa / line.resistance_kpa_s_ul) / softness
        now_s = step * 1e-4
        if step % 50 == 0:
            run.take(now_s, kpa + (random.gauss(0.0, noise) if noise else 0.0))
    return run


@pytest.mark.parametrize("resistance", [2.0, 7.0, 12.0])
@pytest.mark.parametrize("compliance", [0.05, 0.17, 0.6])
@pytest.mark.parametrize("start_kpa", [0.0, 20.0])
def test_a_run_finds_the_line_it_went_through(resistance: float, compliance: float, start_kpa: float) -> None:
    found = measured(LineModel(resistance, compliance), start_kpa=start_kpa, noise=0.1).identified()
    assert found is not None
    assert found.line.known
    assert found.line.resistance_kpa_s_ul == pytest.approx(resistance, rel=0.01)
    assert found.line.compliance_at_rest_ul_kpa == pytest.approx(compliance, rel=0.08)
    assert found.residual_ul < 0.1


@pytest.mark.parametrize("bubble_ul", [0.0, 1.0, 6.0, 20.0])
def test_a_run_tells_air_from_plastic(bubble_ul: float) -> None:
    found = measured(LineModel(7.0, 0.17, bubble_ul), noise=0.1).identified()
    assert found is not None
    assert found.line.bubble_ul == pytest.approx(bubble_ul, abs=1.0)
    assert found.line.compliance_ul_kpa == pytest.approx(0.17, rel=0.08)


@pytest.mark.parametrize("late_s", [0.0, 0.02, 0.05])
def test_a_late_start_is_found_and_is_no_resistance(late_s: float) -> None:
    found = measured(LineModel(7.0, 0.17), late_s=late_s).identified()
    assert found is not None
    assert found.late_s == pytest.approx(late_s, abs=0.005)
    assert found.line.resistance_kpa_s_ul == pytest.approx(7.0, rel=0.005)


def test_the_errors_that_a_run_tells_are_about_those_that_it_makes() -> None:
    line = LineModel(7.0, 0.17, 3.0)
    found = measured(line, noise=0.3).identified()
    assert found is not None
    assert abs(found.line.resistance_kpa_s_ul - 7.0) < 4 * found.resistance_error_kpa_s_ul + 0.02
    assert abs(found.line.bubble_ul - 3.0) < 4 * found.bubble_error_ul
    assert 0.0 < found.resistance_error_kpa_s_ul < 0.3
    assert 0.0 < found.bubble_error_ul < 3.0


def test_a_run_without_pressure_is_no_line() -> None:
    run = MeasuredRun(0.0, 0.0, 20.0, 10.0)
    assert run.identified() is None
    for step in range(1, 100):
        run.take(step * 0.01, 0.0)
    assert run.identified() is None
    assert not LineModel().known


def test_a_sample_from_before_is_not_taken_twice() -> None:
    once, twice = MeasuredRun(0.0, 0.0, 20.0, 10.0), MeasuredRun(0.0, 0.0, 20.0, 10.0)
    for step in range(1, 500):
        once.take(step * 0.01, min(step, 200) * 0.1)
        twice.take(step * 0.01, min(step, 200) * 0.1)
        twice.take(step * 0.01, 500.0)
    assert once.identified() == twice.identified()


@given(R, C, st.floats(0.1, 10.0), st.floats(-1.0, 50.0), st.floats(0.0, 5.0))
def test_expected_pressure_goes_from_start_to_its_end(r: float, c: float, rate: float, start: float, end: float) -> None:
    line = LineModel(r, c)
    final = r * rate + end
    assert line.expected_kpa(rate, 0.0, start, end) == pytest.approx(start, abs=1e-9)
    assert line.expected_kpa(rate, 60 * r * c, start, end) == pytest.approx(final, abs=1e-6)
    assert line.expected_kpa(rate, r * c, start, end) == pytest.approx(final + (start - final) / exp(1), abs=1e-9)


@given(R, C, st.floats(0.0, 200.0), st.floats(0.0, 5.0))
def test_relaxation_and_what_is_stored(r: float, c: float, excess: float, duct: float) -> None:
    line = LineModel(r, c)
    assert line.relaxed_kpa(duct + excess, duct, r * c * log(2)) == pytest.approx(duct + excess / 2, abs=1e-9)
    assert line.stored_ul(duct + excess, duct) == pytest.approx(c * excess, abs=1e-6)
    assert line.stored_ul(duct - 1.0, duct) == 0.0


@given(R, C, st.floats(0.0, 50.0), st.floats(1.0, 150.0), st.floats(0.0, 5.0))
def test_a_bubble_stores_and_is_let_go(r: float, c: float, bubble_ul: float, line_kpa: float, duct_kpa: float) -> None:
    line, plastic = LineModel(r, c, bubble_ul), LineModel(r, c)
    more_ul = bubble_ul * (line_kpa / (ATMOSPHERE_KPA + line_kpa) - duct_kpa / (ATMOSPHERE_KPA + duct_kpa))
    assert line.stored_ul(line_kpa, duct_kpa) == pytest.approx(
        max(0.0, plastic.stored_ul(line_kpa, duct_kpa) + more_ul), abs=1e-9
    )
    assert line.tau_s(line_kpa, duct_kpa) >= plastic.tau_s(line_kpa, duct_kpa) * (1 - 1e-9)
    assert line.tau_s(duct_kpa, duct_kpa) == pytest.approx(line.tau_s(duct_kpa + 1e-4, duct_kpa), rel=1e-3)
