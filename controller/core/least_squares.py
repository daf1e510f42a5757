"""Least squares for a few unknowns, from sums: constant work for every row, and the same bits on every machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

_SINGULAR = 1e-12


@dataclass(frozen=True, slots=True)
class Solution:
    """values: the unknowns. spread: square roots of the diagonal of the inverted normal matrix. rms: of the residuals.

    With independent residuals the standard error of an unknown is its spread times rms.
    """

    values: tuple[float, ...]
    spread: tuple[float, ...]
    rms: float


class LeastSquares:
    """The normal equations of `value = sum of row[i] * unknown[i]`."""

    def __init__(self, unknowns: int) -> None:
        self._count = unknowns
        self._matrix = [[0.0] * unknowns for _ in range(unknowns)]
        self._right = [0.0] * unknowns
        self._square = 0.0
        self.rows = 0

    def add(self, row: Sequence[float], value: float) -> None:
        """One more equation."""
        for i in range(self._count):
            line, factor = self._matrix[i], row[i]
            for j in range(i, self._count):
                line[j] += factor * row[j]
            self._right[i] += factor * value
        self._square += value * value
        self.rows += 1

    def solve(self, chosen: Sequence[int] | None = None) -> Solution | None:
        """The best unknowns; chosen: only these, the others being 0. None where the rows do not tell them apart."""
        picked = list(range(self._count)) if chosen is None else list(chosen)
        size = len(picked)
        matrix = [[self._matrix[min(i, j)][max(i, j)] for j in picked] for i in picked]
        right = [self._right[i] for i in picked]
        scale = [sqrt(matrix[i][i]) for i in range(size)]
        if self.rows < size or min(scale, default=0.0) <= 0.0:
            return None
        # Scaled to a diagonal of ones, so that "singular" does not depend on units.
        rows = [
            [matrix[i][j] / (scale[i] * scale[j]) for j in range(size)] + [1.0 if i == j else 0.0 for j in range(size)]
            for i in range(size)
        ]
        if not _invert(rows, size):
            return None
        values, spread = [], []
        for i in range(size):
            values.append(sum(rows[i][size + j] * right[j] / scale[j] for j in range(size)) / scale[i])
            variance = rows[i][size + i]
            spread.append(sqrt(variance) / scale[i] if variance > 0.0 else inf)
        explained = sum(value * known for value, known in zip(values, right, strict=True))
        return Solution(tuple(values), tuple(spread), sqrt(max(0.0, self._square - explained) / self.rows))


def _invert(rows: list[list[float]], size: int) -> bool:
    """Gauss-Jordan with pivots, in place, on a matrix with the identity beside it; False where it is singular."""
    for column in range(size):
        pivot = max(range(column, size), key=lambda index: abs(rows[index][column]))
        if abs(rows[pivot][column]) < _SINGULAR:
            return False
        rows[column], rows[pivot] = rows[pivot], rows[column]
        factor = rows[column][column]
        rows[column] = [value / factor for value in rows[column]]
        for index in range(size):
            if index != column and rows[index][column] != 0.0:
                factor = rows[index][column]
                rows[index] = [value - factor * own for value, own in zip(rows[index], rows[column], strict=True)]
    return True
