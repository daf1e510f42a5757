"""Distributions of cohorts: what is drawn has the shape that was written. Seeds are fixed: nothing here is left to luck."""

import math
from statistics import fmean, median, pstdev
from typing import Any

import pytest
from pydantic import ValidationError
from scipy import stats

from simulators.cohorts.distributions import Distribution, read_distribution

DRAWS = 4000
UNLIKELY = 1e-3  # a right shape fails a test at this level once in a thousand seeds; these are fixed


def made(distribution: str, **values: object) -> Distribution:
    return read_distribution({"distribution": distribution, "source": "test", "grade": "D", **values})


def draws(of: Distribution, count: int = DRAWS) -> list[Any]:
    return [of.draw(f"test/1/{index}/line.x") for index in range(count)]


def test_constant() -> None:
    assert set(draws(made("constant", value=3.5), 10)) == {3.5}
    assert set(draws(made("constant", value="conray-60"), 10)) == {"conray-60"}
    (yes,) = set(draws(made("constant", value=True), 10))
    assert yes is True


def test_uniform() -> None:
    values = draws(made("uniform", min=2.0, max=6.0))
    assert stats.kstest(values, stats.uniform(2.0, 4.0).cdf).pvalue > UNLIKELY
    assert fmean(values) == pytest.approx(4.0, abs=4 * 4.0 / math.sqrt(12 * DRAWS))


def test_normal_between_its_bounds() -> None:
    values = draws(made("normal", mean=2.0, sd=0.4, min=1.0, max=3.0))
    shape = stats.truncnorm(-2.5, 2.5, 2.0, 0.4)
    assert stats.kstest(values, shape.cdf).pvalue > UNLIKELY
    assert fmean(values) == pytest.approx(2.0, abs=4 * 0.4 / math.sqrt(DRAWS))
    assert pstdev(values) == pytest.approx(shape.std(), rel=0.05)
    assert all(1.0 <= value <= 3.0 for value in values)


def test_what_lies_outside_is_drawn_again_and_not_moved_to_the_bound() -> None:
    values = draws(made("normal", mean=0.0, sd=1.0, min=0.5, max=1.5))
    assert stats.kstest(values, stats.truncnorm(0.5, 1.5).cdf).pvalue > UNLIKELY
    assert not {0.5, 1.5} & set(values)


def test_lognormal_has_its_median_and_its_geometric_deviation() -> None:
    values = draws(made("lognormal", median=0.2, gsd=2.5, min=1e-4, max=1e3))
    assert median(values) == pytest.approx(0.2, rel=0.06)
    assert math.exp(pstdev([math.log(value) for value in values])) == pytest.approx(2.5, rel=0.04)
    cut = draws(made("lognormal", median=5.0, gsd=1.5, min=1.5, max=4.0))
    scale = math.log(1.5)
    shape = stats.truncnorm((math.log(1.5 / 5)) / scale, math.log(4 / 5) / scale, math.log(5), scale)
    assert stats.kstest([math.log(value) for value in cut], shape.cdf).pvalue > UNLIKELY


def test_choice_follows_its_weights() -> None:
    values = draws(made("choice", values=["a", "b", "c"], weights=[1.0, 2, 5.0]))
    counts = [values.count(each) for each in "abc"]
    assert stats.chisquare(counts, [DRAWS / 8, DRAWS / 4, DRAWS * 5 / 8]).pvalue > UNLIKELY


def test_chance_leaves_the_parameter_out() -> None:
    always, sometimes = made("uniform", min=0.0, max=1.0), made("uniform", min=0.0, max=1.0, chance=0.25)
    values = draws(sometimes)
    missing = values.count(None)
    assert stats.binomtest(DRAWS - missing, DRAWS, 0.25).pvalue > UNLIKELY
    assert all(value in (None, whole) for value, whole in zip(values, draws(always), strict=True))


def test_chance_and_value_are_independent() -> None:
    values = [value for value in draws(made("uniform", min=0.0, max=1.0, chance=0.25)) if value is not None]
    assert stats.kstest(values, stats.uniform.cdf).pvalue > UNLIKELY


def test_bounds_that_hold_hardly_anything_are_refused_before_anything_is_drawn() -> None:
    with pytest.raises(ValidationError, match=r"2\.3 % of it lies between min = 2 and max = 9; at least 5 % must"):
        made("normal", mean=0.0, sd=1.0, min=2.0, max=9.0)
    with pytest.raises(ValidationError, match="at least 5 % must"):
        made("lognormal", median=1.0, gsd=1.1, min=2.0, max=3.0)


def test_redrawing_ends() -> None:
    honest = made("normal", mean=0.0, sd=1.0, min=-1.0, max=1.0)
    hopeless = honest.model_copy(update={"min": 50.0, "max": 51.0})
    with pytest.raises(ValueError, match="none of 1000 draws lies between the bounds"):
        hopeless.draw("x")


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (made("constant", value=0.5), "0.5"),
        (made("uniform", min=0.0, max=1.0, chance=0.03), "uniform, 0 to 1; in 3 % of the patients"),
        (made("normal", mean=0, sd=1.5, min=-4, max=4), "normal, mean 0, sd 1.5, -4 to 4"),
        (made("lognormal", median=32.0, gsd=1.8, min=5.0, max=300.0), "lognormal, median 32, gsd 1.8, 5 to 300"),
        (made("choice", values=[True, False], weights=[0.95, 0.05]), "yes (95 %), no (5 %)"),
    ],
)
def test_in_words(written: Distribution, text: str) -> None:
    assert written.text() == text
