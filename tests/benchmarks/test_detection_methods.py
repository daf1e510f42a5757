"""The tests of the pressure that are compared, on made-up courses: each alarms at what it is for, and not before it happens."""

from collections.abc import Callable
from math import exp, inf

import pytest

from controller.benchmarks.detection.course import Course
from controller.benchmarks.detection.methods import BASELINES, Method, Setting, Steps, follow, our_steps
from controller.core.reasons import Reason
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


def test_ours_is_infinite_from_the_first_moment_of_a_stop() -> None:
    made = course(
        plateau(),
        [1.0],
        causes={Reason.PAIN_STOP: 1.0, Reason.LINE_OPEN: 8.0, Reason.RESISTANCE: 5.0},
        suspicion=[(0.1, 0.0), (2.0, 0.7), (6.0, 1.2)],
    )
    found = our_steps(made)
    assert list(zip(found.at_s, found.score, strict=True)) == [(0.1, 0.0), (2.0, 0.7), (5.0, inf)]


def test_a_core_without_evidence_of_its_own_scores_by_its_stops() -> None:
    assert our_steps(course(plateau(), [1.0], causes={Reason.PAIN_STOP: 1.0})).alarm_s(1.0) is None
    assert our_steps(course(plateau(), [1.0], causes={Reason.AIR_IN_LINE: 9.0})).alarm_s(1.0) == 9.0


def test_two_rates_see_a_resistance_that_has_grown() -> None:
    torn = course(plateau(lambda number, _: 0.5 if number == 2 else 0.0), [1.0, 1.0, 0.3, 1.0])
    found = steps("two_rates", torn)
    assert found.highest(inf) == pytest.approx((40.5 - 0.3) / 39.0 - 1.0, abs=0.005)
    assert found.alarm_s(0.02) == torn.held[2].at_s, "it is known when the hold has its result"
    assert steps("two_rates", QUIET).highest(inf) == pytest.approx(0.0, abs=0.005)


def test_the_deviation_counts_standard_deviations_below_the_increment_before() -> None:
    torn = course(plateau(lambda number, _: -2.0 if number == 2 else 0.0), [1.0, 1.0, 1.0, 1.0])
    found = steps("deviation", torn)
    at_s = found.alarm_s(5.0)
    assert at_s is not None
    assert 2 * PERIOD_S + INFUSE_S / 2 < at_s < 2 * PERIOD_S + INFUSE_S
    risen = course(plateau(lambda number, _: 2.0 if number == 2 else 0.0), [1.0, 1.0, 1.0])
    assert steps("deviation", risen).alarm_s(5.0) is None, "a duct that fills is no loss"
    assert steps("deviation", QUIET).alarm_s(5.0) is None


def test_the_deviation_of_a_line_without_noise_is_finite() -> None:
    flat = course(lambda *_: 40.0, [1.0, 1.0], noise_kpa=0.0)
    assert steps("deviation", flat).highest(inf) == pytest.approx(0.0, abs=1e-6)


def test_slopes_have_to_be_out_of_range_so_often_in_a_row() -> None:
    def falls(for_s: float) -> Course:
        """From 3 s on in the third increment, by 1 kPa/s."""
        return course(plateau(lambda number, since_s: -min(max(since_s - 3.0, 0.0), for_s) if number == 2 else 0.0), [1.0] * 3)

    lasting = steps("slope_vote", falls(7.0)).alarm_s(0.8)
    assert lasting is not None
    assert 2 * PERIOD_S + 3.0 + 4.5 < lasting <= 2 * PERIOD_S + INFUSE_S
    assert steps("slope_vote", falls(1.0)).alarm_s(0.8) is None
    assert steps("slope_vote", QUIET).alarm_s(0.4) is None
