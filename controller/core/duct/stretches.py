"""Sums over the rows of a cycle, kept stretch by stretch, so that a judgement does not go over all rows again.

The constant of a stretch is taken out by its weighted mean: sum w (x - X)(y - Y) = sum w x y - W X Y. All is counted from the
first row of its stretch, so that no sum of large numbers hides a small one.
"""

from dataclasses import dataclass

import numpy as np

from controller.core.duct.family import UNKNOWNS, Array, Sums

_WIDE = UNKNOWNS + 1  # a row is what stands before the unknowns, and its value


@dataclass(frozen=True, slots=True)
class Mean:
    """Of one stretch: its rows' (m, u + 1), and the sum of their weights."""

    row: Array
    weight: float


class Stretches:
    """Of so many members. Flowing rows count with 1 here, and in the end with a weight that they share."""

    def __init__(self, members: int) -> None:
        self._members = members
        self.clear()

    def clear(self) -> None:
        """Forgets all of them."""
        wide = (self._members, _WIDE, _WIDE)
        self._behind_flowing, self._behind_holding = np.zeros(wide), np.zeros(wide)  # of the stretches that are behind
        self._means: list[Mean] = []
        self._products, self._row, self._weight = np.zeros(wide), np.zeros((self._members, _WIDE)), 0.0
        self._first = np.zeros((self._members, _WIDE))
        self._flows = True

    def begin(self, first: Array, *, flows: bool) -> None:
        """A new one, with its first row (m, u + 1), which is still to be added."""
        if self._weight > 0.0:
            self._means.append(self._mean())
            behind = self._behind_flowing if self._flows else self._behind_holding
            behind += self._products - self._outer(0, self._members) / self._weight
        self._products, self._row, self._weight = np.zeros_like(self._products), np.zeros_like(self._row), 0.0
        self._first, self._flows = first, flows

    def _outer(self, first: int, last: int) -> Array:
        row = self._row[first:last]
        return row[:, :, None] * row[:, None, :]

    def add(self, rows: Array, weight: Array) -> None:
        """Rows of the newest one: (m, n, u + 1), and their weights (n)."""
        rows = rows - self._first[:, None, :]
        weighed = (rows * (weight * weight)[None, :, None]).transpose(0, 2, 1)
        self._products += weighed @ rows
        self._row += weighed.sum(axis=2)
        self._weight += float(weight @ weight)

    def sums(self, first: int, last: int, flowing_weight: float) -> Sums:
        """Over all stretches, of the members first to last."""
        part = slice(first, last)
        square = flowing_weight * flowing_weight
        products = self._behind_holding[part] + square * self._behind_flowing[part]
        if self._weight > 0.0:
            scale = square if self._flows else 1.0
            products += scale * self._products[part] - (scale / self._weight) * self._outer(first, last)
        return Sums(products)

    def _mean(self) -> Mean:
        return Mean(self._first + self._row / self._weight, self._weight)

    def means(self) -> list[Mean]:
        """Of all of them, in their order."""
        return [*self._means, self._mean()] if self._weight > 0.0 else list(self._means)
