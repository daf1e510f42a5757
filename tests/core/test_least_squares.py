"""Least squares from sums, held against numpy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.least_squares import LeastSquares


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.floats(1e-3, 1e3))
def test_the_same_as_numpy(seed: int, unknowns: int, scale: float) -> None:
    random = np.random.default_rng(seed)
    rows = random.normal(size=(50, unknowns)) * scale ** np.arange(unknowns)
    values = rows @ random.normal(size=unknowns) + 0.1 * random.normal(size=50)
    sums = LeastSquares(unknowns)
    for row, value in zip(rows, values, strict=True):
        sums.add([float(number) for number in row], float(value))
    found = sums.solve()
    expected, *_ = np.linalg.lstsq(rows, values, rcond=None)
    assert found is not None
    # A small unknown beside large ones is the small difference of large sums: as exact as those are, in its own column's unit.
    exact = 1e-14 * np.abs(values).max() / np.sqrt(np.mean(rows**2, axis=0))
    for value, wanted, least in zip(found.values, expected, exact, strict=True):
        assert value == pytest.approx(wanted, rel=1e-6, abs=float(least))
    rounding = 1e-7 * float(np.abs(values).max())  # the residuals are a small difference of large sums
    assert found.rms == pytest.approx(float(np.sqrt(np.mean((values - rows @ expected) ** 2))), rel=1e-4, abs=rounding)
    assert found.spread == pytest.approx(list(np.sqrt(np.diag(np.linalg.inv(rows.T @ rows)))), rel=1e-6)


def test_only_the_chosen_unknowns() -> None:
    sums = LeastSquares(3)
    for x in range(10):
        sums.add((1.0, float(x), float(x * x)), 2.0 + 3.0 * x)
    found = sums.solve((0, 1))
    assert found is not None
    assert found.values == pytest.approx((2.0, 3.0))
    assert found.rms == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("rows", [[], [(1.0, 2.0)], [(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)], [(1.0, 0.0), (2.0, 0.0)]])
def test_what_can_not_be_told_apart_is_not_told(rows: list[tuple[float, float]]) -> None:
    sums = LeastSquares(2)
    for row in rows:
        sums.add(row, 1.0)
    assert sums.solve() is None
