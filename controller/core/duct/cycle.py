"""The rows of one cycle: an increment and the hold behind it, in stretches that each have a constant of their own.

What is pushed and what arrives differ by a little at every change: the drive's play, a stopper that sticks, or slips in a hold.
A squeeze of the breast lifts the duct for up to a few seconds, and the integral for good. A new stretch begins behind each.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from controller.core.duct.bins import BIN_S
from controller.core.duct.family import UNKNOWNS, Array, Sums
from controller.core.duct.stretches import Mean, Stretches

ROW_COSTS = 0.8  # of leaving one row out, in squares of its standard deviation (which is a cautious one)
LEAST_ROUGH = 10
_MEDIAN_OF_BENDS = 1.4826 / 6.0**0.5  # of a normal one to the standard deviation of what bends
FIRST_ROWS = 256  # of 0.2 s: an increment at 5 ul/s and most holds


@dataclass(frozen=True, slots=True)
class Residual:
    """What one member leaves unexplained, row by row: less the mean of its stretch, and over its standard deviation.

    begins, counts: of the stretches.
    """

    left: Array
    time_s: Array
    begins: NDArray[np.intp]
    counts: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Asked:
    """Further columns (k) beside the rows: what they share with the rows (m, u, k) and the values (k), and their squares (k)."""

    across: Array
    value: Array
    square: Array


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a cycle stood at one moment: sums of the rows that it had then, their number, and the means of its stretches."""

    sums: Sums
    count: int
    means: list[Mean]


class Cycle:
    """Rows of so many members since the increment began."""

    def __init__(self, members: int) -> None:
        self._rows = np.zeros((members, FIRST_ROWS, UNKNOWNS + 1))  # the value stands behind what stands before the unknowns
        self._time_s = np.zeros(FIRST_ROWS)
        self._weight = np.zeros(FIRST_ROWS)
        self._flowing = np.zeros(FIRST_ROWS, dtype=bool)
        self._stretch = np.zeros(FIRST_ROWS, dtype=np.intp)
        self._now = 0
        self._flowing_weight = 1.0
        self.count = 0
        self._stretches = Stretches(members)
        self._summed = 0  # so many rows are in the stretches' sums

    def begin_stretch(self) -> None:
        """What comes now has a constant of its own."""
        self._now += 1

    def add(self, rows: Array, value: float, time_s: float, weight: float, *, flowing: bool) -> None:
        """One row of every member: (m, u). weight: of a row in the hold; flowing ones share theirs."""
        at = self.count
        if at >= len(self._time_s):
            self._make_room()
        self._rows[:, at, :UNKNOWNS], self._rows[:, at, UNKNOWNS], self._time_s[at] = rows, value, time_s
        self._weight[at] = 1.0 if flowing else weight
        self._stretch[at], self._flowing[at] = self._now, flowing
        self.count = at + 1

    def _make_room(self) -> None:
        """Twice as many rows: a slow increment or a long hold may not end what is seen."""
        self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)], axis=1)
        self._time_s, self._weight, self._flowing, self._stretch = (
            np.concatenate([kept, np.zeros_like(kept)]) for kept in (self._time_s, self._weight, self._flowing, self._stretch)
        )

    def roughness_kpa_s(self) -> float | None:
        """Standard deviation of one row while fluid flows, from how three in a row bend; None where there are too few."""
        flowing = self._flowing[: self.count]
        value, stretch = self._rows[0, : self.count, UNKNOWNS][flowing], self._stretch[: self.count][flowing]
        if len(value) < LEAST_ROUGH:
            return None
        bend = (value[2:] - 2.0 * value[1:-1] + value[:-2])[stretch[2:] == stretch[:-2]]
        return None if len(bend) < LEAST_ROUGH - 2 else float(np.median(np.abs(bend))) * _MEDIAN_OF_BENDS

    def weigh_flowing(self, weight: float) -> None:
        """All rows of flowing fluid count so much."""
        self._flowing_weight = weight

    def leave_out(self, from_s: float, to_s: float) -> None:
        """Rows of this time count no longer, and what follows has a constant of its own."""
        time_s = self._time_s[: self.count]
        keep = np.flatnonzero((time_s < from_s) | (time_s > to_s))
        begun = self.count == 0 or self._stretch[self.count - 1] != self._now or time_s[-1] <= to_s
        label = 2 * self._stretch[keep] + (time_s[keep] > to_s)
        count = len(keep)
        self._stretch[:count] = np.cumsum(np.diff(label, prepend=label[:1]) != 0)
        self._rows[:, :count] = self._rows[:, keep]
        self._weight[:count], self._flowing[:count] = self._weight[keep], self._flowing[keep]
        self._time_s[:count] = time_s[keep]
        self.count = count
        self._now = (int(self._stretch[count - 1]) if count else 0) + int(begun)
        self._summed = 0
        self._stretches.clear()

    def sums(self, first: int, last: int) -> Sums:
        """Over all rows, of the members first to last."""
        self._sum()
        return self._stretches.sums(first, last, self._flowing_weight)

    def stand(self, last: int) -> Stand:
        """As it is now, of the members before last: what is asked later goes by these rows, not by what has come meanwhile."""
        return Stand(self.sums(0, last), self.count, self._stretches.means())

    def _sum(self) -> None:
        """Takes the rows into the stretches' sums that are not yet in them."""
        while self._summed < self.count:
            at, stretch = self._summed, self._stretch
            if at == 0 or stretch[at] != stretch[at - 1]:
                self._stretches.begin(self._rows[:, at].copy(), flows=bool(self._flowing[at]))
            until = at + int(np.searchsorted(stretch[at : self.count], stretch[at], side="right"))
            self._stretches.add(self._rows[:, at:until], self._weight[at:until])
            self._summed = until

    def sums_without(self, from_s: float, to_s: float, last: int) -> tuple[Sums, int]:
        """As if the rows of this time had been left out, of the members before last; and how many rows that leaves."""
        time_s = self._time_s[: self.count]
        keep = np.flatnonzero((time_s < from_s) | (time_s > to_s))
        stretch = 2 * self._stretch[keep] + (time_s[keep] > to_s)
        alone = Cycle(last)
        alone._rows, alone._weight = self._rows[:last, keep], self._weight[keep]
        alone._flowing, alone._stretch = self._flowing[keep], stretch
        alone.count, alone._flowing_weight = len(keep), self._flowing_weight
        return alone.sums(0, last), len(keep)

    def asked(self, stand: Stand, since_s: float, columns: Array) -> Asked:
        """What columns (k, n) share with the rows; they are 0 for every row before since_s. n: the rows of times_s."""
        first, last = self._from(since_s), len(stand.sums.products)
        rows, flowing = self._rows[:last, first : stand.count], self._flowing[first : stand.count]
        square = self._flowing_weight**2
        weighed = columns * np.where(flowing, square, self._weight[first : stand.count] ** 2)
        begins = [0, *(np.flatnonzero(np.diff(self._stretch[first : stand.count])) + 1).tolist(), stand.count - first]
        across, squares = np.zeros((last, UNKNOWNS + 1, len(columns))), (weighed * columns).sum(axis=1)
        for mean, begin, end in zip(stand.means[1 - len(begins) :], begins, begins[1:], strict=False):
            # The rows less their own mean, so that nothing large is subtracted from something large.
            part = weighed[:, begin:end]
            across += (rows[:, begin:end] - mean.row[:last, None, :]).transpose(0, 2, 1) @ part.T
            whole = mean.weight * (square if flowing[begin] else 1.0)
            squares -= part.sum(axis=1) ** 2 / whole
        return Asked(across[:, :UNKNOWNS], across[0, UNKNOWNS], squares)

    def times_s(self, stand: Stand, since_s: float = float("-inf")) -> Array:
        """Of the rows from since_s on."""
        return self._time_s[self._from(since_s) : stand.count]

    def _from(self, since_s: float) -> int:
        return int(np.searchsorted(self._time_s[: self.count], since_s, side="right"))

    def residual(self, member: int, found: Array) -> Residual:
        """What this member leaves with what it has found (u)."""
        count = self.count
        left = self._rows[member, :count] @ np.append(-found, 1.0)
        weight = np.where(self._flowing[:count], self._flowing_weight, self._weight[:count])
        begins = np.concatenate([[0], np.flatnonzero(np.diff(self._stretch[:count])) + 1])
        counts = np.diff(begins, append=count)
        means = np.add.reduceat(left * weight**2, begins) / np.add.reduceat(weight**2, begins)
        return Residual((left - np.repeat(means, counts)) * weight, self._time_s[:count], begins, counts)


def hump(residual: Residual, lengths: tuple[int, ...]) -> tuple[float, float, float]:
    """The window that is most worth leaving out: what that would save in squares, from when, until when.

    Behind the window the integral has to lie higher than before it.
    """
    best = (0.0, 0.0, 0.0)
    half_s = 0.5 * BIN_S
    for begin, count in zip(residual.begins.tolist(), residual.counts.tolist(), strict=True):
        left = residual.left[begin : begin + count]
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
                from_s = float(residual.time_s[begin + first[at]]) - half_s
                best = (float(worth[at]), from_s, float(residual.time_s[begin + behind[at] - 1]) + half_s)
    return best
