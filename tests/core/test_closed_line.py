"""What a closed line tells when it is pressed: compliance, air, leak, and what never reached it."""

import random

import pytest

from controller.core.closed_line import ClosedLine, ClosedRun
from controller.core.line import ATMOSPHERE_KPA

STEP_S = 0.01


def pressed(
    compliance_ul_kpa: float = 0.17,
    bubble_ul: float = 0.0,
    *,
    leak_ul_s_kpa: float = 0.0,
    start_kpa: float = 0.0,
    lost_ul: float = 0.0,
    late_s: float = 0.0,
    noise_kpa: float = 0.05,
    to_kpa: float = 60.0,
) -> ClosedLine | None:
    """A small press and one to about to_kpa, at 2.5 ul/s, a second of rest behind each."""
    draw = random.Random(1)
    whole_ul = compliance_ul_kpa * to_kpa + bubble_ul * to_kpa / (ATMOSPHERE_KPA + to_kpa)
    run, kpa, now_s, left_ul = ClosedRun(0.0, start_kpa), start_kpa, 0.0, lost_ul
    for volume_ul in (whole_ul * 0.1, whole_ul * 0.9):
        run.press(now_s, volume_ul, 2.5)
        begun_s = now_s
        while now_s < begun_s + volume_ul / 2.5 + 1.0:
            now_s += STEP_S
            moved_s = now_s - begun_s - late_s
            flow_ul_s = 2.5 if 0.0 < moved_s <= volume_ul / 2.5 else 0.0
            if left_ul > 0.0 and flow_ul_s:
                left_ul -= flow_ul_s * STEP_S
                flow_ul_s = 0.0
            softness = compliance_ul_kpa + bubble_ul * ATMOSPHERE_KPA / (ATMOSPHERE_KPA + kpa) ** 2
            kpa += STEP_S * (flow_ul_s - leak_ul_s_kpa * kpa) / softness
            run.take(now_s, kpa + draw.gauss(0.0, noise_kpa))
    return run.identified()


@pytest.mark.parametrize("compliance", [0.05, 0.17, 0.6])
@pytest.mark.parametrize("bubble", [0.0, 2.0, 10.0])
def test_compliance_and_air_are_told_apart(compliance: float, bubble: float) -> None:
    found = pressed(compliance, bubble, start_kpa=1.0)
    assert found is not None
    assert found.compliance_at_rest_ul_kpa == pytest.approx(compliance + bubble / ATMOSPHERE_KPA, rel=0.025)
    assert found.compliance_ul_kpa == pytest.approx(compliance, rel=0.04)
    assert found.bubble_ul == pytest.approx(bubble, abs=0.4 if compliance < 0.5 else 2.0)
    assert abs(found.leak_ul_s_kpa) < 0.001


def test_a_leak_has_its_conductance() -> None:
    found = pressed(leak_ul_s_kpa=0.02)
    assert found is not None
    assert found.leak_ul_s_kpa == pytest.approx(0.02, rel=0.05)
    assert found.leak_ul_s_kpa > 3 * found.leak_error_ul_s_kpa


def test_what_never_reached_the_line_and_what_came_late_is_not_taken_for_air() -> None:
    found = pressed(bubble_ul=1.0, lost_ul=0.4, late_s=0.03)
    assert found is not None
    assert found.lost_ul == pytest.approx(0.4, abs=0.1)
    assert found.bubble_ul == pytest.approx(1.0, abs=1.2)
    assert found.compliance_at_rest_ul_kpa == pytest.approx(0.17 + 1.0 / ATMOSPHERE_KPA, rel=0.05)


def test_the_errors_cover_what_it_errs_by() -> None:
    found = pressed(bubble_ul=3.0, noise_kpa=0.3)
    assert found is not None
    assert abs(found.bubble_ul - 3.0) < 3 * found.bubble_error_ul
    assert abs(found.compliance_ul_kpa - 0.17) < 3 * found.compliance_error_ul_kpa


def test_nothing_pressed_tells_nothing() -> None:
    assert ClosedRun(0.0, 0.0).identified() is None
    run = ClosedRun(0.0, 0.0)
    run.press(0.0, 1.0, 2.5)
    for step in range(1, 50):
        run.take(step * STEP_S, 0.0)
    assert run.identified() is None


def test_a_sample_that_is_not_newer_is_not_counted() -> None:
    run = ClosedRun(1.0, 0.0)
    run.take(0.9, 50.0)
    run.take(1.1, 0.0)
    run.take(1.1, 50.0)
    assert run._sums.rows == 1
