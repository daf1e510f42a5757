"""The hold test: the duct's pressure from a relaxation, slips that say nothing of it, and no result where there is none."""

from collections.abc import Callable
from math import exp
from random import Random

import pytest

from controller.core.hold import Hold
from controller.core.line import ATMOSPHERE_KPA, LineModel
from controller.core.rest import Rest

LINE = LineModel(7.0, 0.17)
TAU_S = 7.0 * 0.17


def feed(hold: Hold, course: Callable[[float], float], seconds: float, noise: float = 0.1) -> tuple[float, Rest] | None:
    draw = Random(1)
    for step in range(1, round(seconds * 200)):
        rest = hold.take(10.0 + step / 200, course(step / 200) + draw.gauss(0.0, noise))
        if rest is not None:
            return step / 200, rest
    return None


def relaxing(duct_kpa: float, line: LineModel = LINE, start_kpa: float = 36.0, slips: dict[float, float] | None = None):
    """The pressure of this line, integrated in steps of 1 ms; slips: when so many ul are pushed into it at once."""
    course, kpa, left = [start_kpa], start_kpa, dict(slips or {})
    for step in range(1, 60_000):
        softness = line.compliance_ul_kpa + line.bubble_ul * ATMOSPHERE_KPA / (ATMOSPHERE_KPA + kpa) ** 2
        kpa -= 0.001 * (kpa - duct_kpa) / line.resistance_kpa_s_ul / softness
        for at_s in [at_s for at_s in left if step / 1000 >= at_s]:
            kpa += left.pop(at_s) / softness
        course.append(kpa)
    return lambda t: course[round(t * 1000)]


@pytest.mark.parametrize("duct_kpa", [-0.3, 0.0, 1.5, 4.9])
@pytest.mark.parametrize("line", [LineModel(7.0, 0.05), LINE, LineModel(7.0, 0.6), LineModel(7.0, 0.17, 5.0)])
def test_the_ducts_pressure_is_known_before_the_line_is_at_rest(duct_kpa: float, line: LineModel) -> None:
    course = relaxing(duct_kpa, line)
    found = feed(Hold(10.0, 0.1, line), course, 40.0)
    assert found is not None
    at_s, rest = found
    assert rest.kpa == pytest.approx(duct_kpa, abs=0.1)
    assert course(at_s) - duct_kpa > 0.2, "there was something left to relax"
    assert abs(rest.kpa - duct_kpa) < 3 * rest.error_kpa


@pytest.mark.parametrize("slip_ul", [0.08, 0.15, 0.3])
@pytest.mark.parametrize("at_s", [1.0, 3.0, 4.5])
def test_a_slip_of_the_stopper_is_not_the_ducts(slip_ul: float, at_s: float) -> None:
    hold = Hold(10.0, 0.05, LINE)
    found = feed(hold, relaxing(1.0, slips={at_s: slip_ul}), 40.0, noise=0.05)
    assert found is not None
    assert found[1].kpa == pytest.approx(1.0, abs=0.15)


def test_a_slip_is_counted_and_noise_is_not() -> None:
    slipped, calm = Hold(10.0, 0.1, LINE), Hold(10.0, 0.1, LINE)
    feed(slipped, relaxing(1.0, slips={3.0: 0.3}), 40.0)
    feed(calm, relaxing(1.0), 40.0)
    assert (slipped.slips, calm.slips) == (1, 0)


def test_another_time_constant_within_reason_is_found() -> None:
    found = feed(Hold(10.0, 0.1, LINE), relaxing(2.0, LineModel(7.0, 0.15)), 40.0)
    assert found is not None
    assert found[1].kpa == pytest.approx(2.0, abs=0.1)


def test_a_blocked_tip_tells_its_own_pressure() -> None:
    found = feed(Hold(10.0, 0.1, LINE), lambda t: 30.0, 40.0)
    assert found is not None
    assert found[1].kpa == pytest.approx(30.0, abs=0.1)


def test_a_clogged_cannula_is_waited_for() -> None:
    found = feed(Hold(10.0, 0.1, LINE), lambda t: 1.0 + 35.0 * exp(-t / (4 * TAU_S)), 60.0)
    assert found is not None
    at_s, rest = found
    assert at_s > 3.5 * 4 * TAU_S
    assert 0.9 < rest.kpa < 1.8, "rather too high than too low"


def test_a_steady_rise_is_no_result() -> None:
    assert feed(Hold(10.0, 0.02, LINE), lambda t: 2.0 * t, 30.0, 0.02) is None


def test_not_before_enough_of_the_relaxation_was_seen() -> None:
    found = feed(Hold(10.0, 0.02, LINE), lambda t: 1.0, 30.0, 0.02)
    assert found is not None
    assert found[0] >= 2.5 * TAU_S


def test_samples_from_before_the_standstill_do_not_count() -> None:
    hold = Hold(10.0, 0.02, LINE)
    assert all(hold.take(5.0 + step * 0.005, 1.0) is None for step in range(1000))
    assert all(hold.take(10.0 + step * 0.005, 1.0) is None for step in range(100))
