"""The rows of one cycle: an increment and the hold behind it, in stretches that each have a constant of their own.

What is pushed and what arrives differ by a little at every change: the drive's play, a stopper that sticks, or slips in a hold.
A squeeze of the breast lifts the duct for up to a few seconds, and the integral for good. A new stretch begins behind each.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from controller.core.duct.bins import BIN_S
from controller.core.duct.family import UNKNOWNS, Array, Sums

ROW_COSTS = 0.8  # of leaving one row out, in squares of its standard deviation (which is a cautious one)
LEAST_ROUGH = 10
_MEDIAN_OF_BENDS = 1.4826 / 6.0**0.5  # of a normal one to the standard deviation of what bends
FIRST_ROWS = 256  # of 0.2 s: an increment at 5 ul/s and most holds


@dataclass(frozen=True, slots=True)
class Centred:
    """The rows that count, each less the mean of its stretch and over its standard deviation: (m, n, 7), (n) values and times.

    begins, counts: of the stretches.
    """

    rows: Array
    value: Array
    time_s: Array
    begins: NDArray[np.intp]
    counts: NDArray[np.intp]
    weight: Array

    def column(self, course: Array) -> Array:
        """One more column, or several: (n, k), treated like the rows."""
        means = np.add.reduceat(course, self.begins, axis=0) / self.counts[:, None]
        return np.asarray((course - np.repeat(means, self.counts, axis=0)) * self.weight[:, None])


class Cycle:
    """Rows of so many members since the increment began."""

    def __init__(self, members: int) -> None:
        self._rows = np.zeros((members, FIRST_ROWS, UNKNOWNS))
        self._value = np.zeros(FIRST_ROWS)
        self._time_s = np.zeros(FIRST_ROWS)
        self._weight = np.zeros(FIRST_ROWS)
        self._flowing = np.zeros(FIRST_ROWS, dtype=bool)
        self._stretch = np.zeros(FIRST_ROWS, dtype=np.intp)
        self._now = 0
        self.count = 0

    def begin_stretch(self) -> None:
        """What comes now has a constant of its own."""
        self._now += 1

    def add(self, rows: Array, value: float, time_s: float, weight: float, *, flowing: bool) -> None:
        """One row of every member: (m, 7)."""
        at = self.count
        if at >= len(self._time_s):
            self._make_room()
        self._rows[:, at], self._value[at], self._time_s[at], self._weight[at] = rows, value, time_s, weight
        self._stretch[at], self._flowing[at] = self._now, flowing
        self.count = at + 1

    def _make_room(self) -> None:
        """Twice as many rows: a slow increment or a long hold may not end what is seen."""
        self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)], axis=1)
        self._value, self._time_s, self._weight, self._flowing, self._stretch = (
            np.concatenate([kept, np.zeros_like(kept)])
            for kept in (self._value, self._time_s, self._weight, self._flowing, self._stretch)
        )

    def roughness_kpa_s(self) -> float | None:
        """Standard deviation of one row while fluid flows, from how three in a row bend; None where there are too few."""
        flowing = self._flowing[: self.count]
        value, stretch = self._value[: self.count][flowing], self._stretch[: self.count][flowing]
        if len(value) < LEAST_ROUGH:
            return None
        bend = (value[2:] - 2.0 * value[1:-1] + value[:-2])[stretch[2:] == stretch[:-2]]
        return None if len(bend) < LEAST_ROUGH - 2 else float(np.median(np.abs(bend))) * _MEDIAN_OF_BENDS

    def weigh_flowing(self, weight: float) -> None:
        """All rows of flowing fluid count so much."""
        self._weight[: self.count][self._flowing[: self.count]] = weight

    def leave_out(self, from_s: float, to_s: float) -> None:
        """Rows of this time count no longer, and what follows has a constant of its own."""
        time_s = self._time_s[: self.count]
        keep = np.flatnonzero((time_s < from_s) | (time_s > to_s))
        begun = self.count == 0 or self._stretch[self.count - 1] != self._now or time_s[-1] <= to_s
        label = 2 * self._stretch[keep] + (time_s[keep] > to_s)
        count = len(keep)
        self._stretch[:count] = np.cumsum(np.diff(label, prepend=label[:1]) != 0)
        self._rows[:, :count] = self._rows[:, keep]
        self._value[:count], self._weight[:count] = self._value[keep], self._weight[keep]
        self._flowing[:count] = self._flowing[keep]
        self._time_s[:count] = time_s[keep]
        self.count = count
        self._now = (int(self._stretch[count - 1]) if count else 0) + int(begun)

    def centred(self, first: int, last: int, without_s: tuple[float, float] | None = None) -> Centred:
        """The rows of members first to last; without_s: as if what lies between these times had been left out."""
        time_s, stretch = self._time_s[: self.count], self._stretch[: self.count]
        chosen: NDArray[np.intp] | slice = slice(0, self.count)
        if without_s is not None:
            chosen = np.flatnonzero((time_s < without_s[0]) | (time_s > without_s[1]))
            stretch = 2 * stretch[chosen] + (time_s[chosen] > without_s[1])
        time_s = time_s[chosen]
        rows, value, weight = self._rows[first:last, chosen], self._value[chosen], self._weight[chosen]
        if len(time_s) == 0:
            none = np.zeros(0, dtype=np.intp)
            return Centred(rows, value, time_s, none, none, weight)
        begins = np.concatenate([[0], np.flatnonzero(np.diff(stretch)) + 1])
        counts = np.diff(begins, append=len(time_s))
        means = np.add.reduceat(rows, begins, axis=1) / counts[None, :, None]
        rows = rows - np.repeat(means, counts, axis=1)
        rows *= weight[None, :, None]
        value = (value - np.repeat(np.add.reduceat(value, begins) / counts, counts)) * weight
        return Centred(rows, value, time_s, begins, counts, weight)


def with_rows(sums: Sums, centred: Centred, first: int, last: int) -> Sums:
    """The sums of members first to last with their rows added."""
    rows = centred.rows
    across = rows.transpose(0, 2, 1)
    return Sums(
        sums.matrix[first:last] + across @ rows,
        sums.right[first:last] + across @ centred.value,
        sums.square[first:last] + float(centred.value @ centred.value),
    )


def hump(centred: Centred, residual: Array, lengths: tuple[int, ...]) -> tuple[float, float, float]:
    """The window that is most worth leaving out: what that would save in squares, from when, until when.

    residual: (n), what one member leaves unexplained. Behind the window the integral has to lie higher than before it.
    """
    best = (0.0, 0.0, 0.0)
    half_s = 0.5 * BIN_S
    for begin, count in zip(centred.begins.tolist(), centred.counts.tolist(), strict=True):
        left = residual[begin : begin + count]
        sums = np.concatenate([[0.0], np.cumsum(left)])
        squares = np.concatenate([[0.0], np.cumsum(left * left)])
        for length in lengths:
            if count < length + 4:
                break
            first = np.arange(2, count - length - 1)
            behind = first + length
            mean_before = sums[first] / first
            mean_behind = (sums[count] - sums[behind]) / (count - behind)
            saved = squares[behind] - squares[first] + first * mean_before**2 + (count - behind) * mean_behind**2
            worth = np.where(mean_behind > mean_before, saved - ROW_COSTS * length, 0.0)
            at = int(worth.argmax())
            if worth[at] > best[0]:
                from_s = float(centred.time_s[begin + first[at]]) - half_s
                best = (float(worth[at]), from_s, float(centred.time_s[begin + behind[at] - 1]) + half_s)
    return best
