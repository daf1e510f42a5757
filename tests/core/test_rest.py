"""Rest: told at rest and only then."""

from math import exp
from random import Random

import pytest

from controller.core.rest import Rest, RestWatch


def feed(hold: RestWatch, course, seconds: float, noise: float, rate_hz: float = 200.0) -> tuple[float, Rest] | None:
    draw = Random(1)
    for step in range(round(seconds * rate_hz)):
        at_s = 10.0 + step / rate_hz
        rest = hold.take(at_s, course(at_s - 10.0) + draw.gauss(0.0, noise))
        if rest is not None:
            return at_s - 10.0, rest
    return None


@pytest.mark.parametrize("tau_s", [0.3, 0.85, 3.0])
def test_rests_close_to_the_end_of_an_exponential(tau_s: float) -> None:
    found = feed(RestWatch(10.0, 0.03, 0.02), lambda t: 1.5 + 30.0 * exp(-t / tau_s), 40.0, 0.03)
    assert found is not None
    at_s, rest = found
    assert rest.kpa == pytest.approx(1.5, abs=0.03 + 0.05 * tau_s)
    assert at_s > 3 * tau_s
    assert 0 < rest.error_kpa < 0.01


def test_a_steady_rise_is_no_rest() -> None:
    assert feed(RestWatch(10.0, 0.02, 0.02), lambda t: 0.5 * t, 30.0, 0.02) is None


def test_too_few_samples_are_no_rest() -> None:
    assert feed(RestWatch(10.0, 0.02, 0.02), lambda t: 1.0, 30.0, 0.02, rate_hz=20.0) is None


def test_not_before_a_whole_window() -> None:
    found = feed(RestWatch(10.0, 0.02, 0.02), lambda t: 1.0, 30.0, 0.02)
    assert found is not None
    assert found[0] >= 1.0


def test_samples_from_before_the_standstill_do_not_count() -> None:
    hold = RestWatch(10.0, 0.02, 0.02)
    assert all(hold.take(9.0 + step * 0.005, 1.0) is None for step in range(199))
    assert all(hold.take(10.0 + step * 0.005, 1.0) is None for step in range(100))
