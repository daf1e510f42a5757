"""The tests of the pressure that are compared, on made-up courses: each alarms at what it is for, and not before it happens."""

from collections.abc import Callable
from math import exp, inf

import pytest

from controller.benchmarks.detection.course import Course
from controller.benchmarks.detection.methods import BASELINES, Method, Setting, Steps, follow
from tests.benchmarks.courses import HOLD_S, INCREMENT_UL, INFUSE_S, RATE_UL_S, course

SETTING = Setting(RATE_UL_S, INCREMENT_UL)
PERIOD_S = INFUSE_S + HOLD_S


def steps(name: str, heard: Course) -> Steps:
    return follow(heard, BASELINES[name](SETTING))


def plateau(extra: Callable[[int, float], float] = lambda *_: 0.0) -> Callable[[int, float], float]:
    """A line of 40 kPa that rises with 1.5 s, and what comes on top of it."""
    return lambda number, since_s: 40.0 * (1.0 - exp(-since_s / 1.5)) + extra(number, since_s)


QUIET = course(plateau(), [1.0, 1.0, 1.0, 1.0])


def test_the_fixed_limit_is_the_highest_pressure_so_far() -> None:
    found = steps(
        "fixed_limit", course(plateau(lambda number, since_s: 20.0 if number == 2 and since_s > 8.0 else 0.0), [1.0] * 4)
    )
    assert found.highest(inf) == pytest.approx(60.0, abs=0.5)
    assert found.alarm_s(55.0) == pytest.approx(2 * PERIOD_S + 8.0, abs=0.1)


def test_the_score_of_every_test_knows_nothing_of_what_is_to_come() -> None:
    change = course(plateau(lambda number, _: -4.0 if number == 3 else 0.0), [1.0, 1.0, 1.0, 0.2])
    for name in BASELINES:
        before_s = 3 * PERIOD_S - 0.05
        early, late = steps(name, QUIET), steps(name, change)
        assert early.highest(before_s) == late.highest(before_s), name


class Remembers(Method):
    """Keeps the order in which it heard."""

    def __init__(self) -> None:
        super().__init__(SETTING)
        self.heard: list[str] = []

    def _put(self, what: str) -> None:
        if self.heard[-1:] != [what]:
            self.heard.append(what)

    def infuse(self, at_s: float) -> None:
        self._put("infuse")

    def rest(self, at_s: float) -> None:
        self._put("rest")

    def sample(self, asked_s: float, kpa: float) -> None:
        self._put("samples")

    def held(self, kpa: float) -> None:
        self._put(f"held {kpa:g}")


def test_a_test_hears_everything_in_its_order() -> None:
    method = Remembers()
    follow(course(plateau(), [1.0, 2.0]), method)
    assert method.heard == [
        *("infuse", "samples", "rest", "samples", "held 1", "samples"),
        *("infuse", "samples", "rest", "samples", "held 2", "samples"),
    ]
