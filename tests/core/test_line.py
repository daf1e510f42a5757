"""The line model against its closed forms, and the retraction that never draws at the duct."""

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.line import LineModel, PrimingRun

R, C = st.floats(0.3, 40.0), st.floats(0.01, 2.0)


def rc_run(resistance: float, compliance: float, rate_ul_s: float, volume_ul: float, rest_s: float, dt_s: float) -> PrimingRun:
    """A priming run of an ideal RC line, sampled every dt_s."""
    tau_s, run_s = resistance * compliance, volume_ul / rate_ul_s
    top = resistance * rate_ul_s * (1 - exp(-run_s / tau_s))
    run, told = PrimingRun(), False
    for step in range(round((run_s + rest_s) / dt_s) + 1):
        at_s = step * dt_s
        run.take(at_s, resistance * rate_ul_s * (1 - exp(-at_s / tau_s)) if at_s <= run_s else top * exp(-(at_s - run_s) / tau_s))
        if not told and at_s >= run_s - 1e-9:
            run.plunger_stopped(volume_ul)
            told = True
    return run


@pytest.mark.parametrize("resistance", [2.0, 6.0, 12.0])
@pytest.mark.parametrize("compliance", [0.05, 0.17, 0.4])
def test_priming_finds_the_line_it_ran_through(resistance: float, compliance: float) -> None:
    line = rc_run(resistance, compliance, 10.0, 20.0, 12 * resistance * compliance, 0.002).line()
    assert line is not None
    assert line.known
    assert line.resistance_kpa_s_ul == pytest.approx(resistance, rel=0.01)
    assert line.compliance_ul_kpa == pytest.approx(compliance, rel=0.05)
    assert line.tau_s == line.resistance_kpa_s_ul * line.compliance_ul_kpa


def test_a_run_without_pressure_is_no_line() -> None:
    run = PrimingRun()
    for step in range(100):
        run.take(step * 0.01, 0.0)
    run.plunger_stopped(20.0)
    assert run.line() is None
    assert PrimingRun().line() is None
    assert not LineModel().known


@given(R, C, st.floats(0.1, 10.0), st.floats(-1.0, 50.0), st.floats(0.0, 5.0))
def test_expected_pressure_goes_from_start_to_its_end(r: float, c: float, rate: float, start: float, end: float) -> None:
    line = LineModel(r, c)
    final = r * rate + end
    assert line.expected_kpa(rate, 0.0, start, end) == pytest.approx(start, abs=1e-9)
    assert line.expected_kpa(rate, 60 * line.tau_s, start, end) == pytest.approx(final, abs=1e-6)
    assert line.expected_kpa(rate, line.tau_s, start, end) == pytest.approx(final + (start - final) / exp(1), abs=1e-9)


@given(R, C, st.floats(0.0, 200.0), st.floats(0.0, 5.0))
def test_relaxation_and_what_is_stored(r: float, c: float, excess: float, duct: float) -> None:
    line = LineModel(r, c)
    assert line.relaxed_kpa(duct + excess, duct, line.tau_s * log(2)) == pytest.approx(duct + excess / 2, abs=1e-9)
    assert line.stored_ul(duct + excess, duct) == pytest.approx(c * excess, abs=1e-6)
    assert line.stored_ul(duct - 1.0, duct) == 0.0


@given(R, C, st.floats(0.0, 200.0), st.floats(0.0, 5.0), st.floats(0.5, 15.0))
def test_relief_never_draws_the_line_below_the_duct(r: float, c: float, excess: float, duct: float, rate: float) -> None:
    """In the linear model, withdrawing at a steady rate, the pressure falls all the while: its lowest is at the end."""
    line = LineModel(r, c)
    volume = line.relief_ul(duct + excess, duct, rate)
    assert 0.0 <= volume <= line.stored_ul(duct + excess, duct) + 1e-12
    at_end = duct - r * rate + (excess + r * rate) * exp(-(volume / rate) / line.tau_s)
    assert at_end >= duct - 1e-6
