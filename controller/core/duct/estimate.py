"""What the fits say in numbers that people use: the duct's pressure, how stiff it is, and where the next increment would lead."""

from dataclasses import dataclass
from math import exp, expm1, sqrt

import numpy as np

from controller.core.duct.family import ELASTIC, HEIGHT, SHAPE, UNKNOWNS, WALL, Array, Members, Sums

_PLAUSIBLE = 6.0  # misfit above the least: a chance of one in twenty
_LARGEST_X = 8.0
_STEP_S = 0.5


@dataclass(frozen=True, slots=True)
class Estimate:
    """A duct that keeps what goes in, as the data show it. Errors are one standard error.

    duct_kpa: with nothing flowing, at the transmitter's zero. elastance_kpa_ul: its rise with a little more volume, at once.
    """

    duct_kpa: float
    duct_error_kpa: float
    elastance_kpa_ul: float
    volume_ul: float


def estimate(members: Members, sums: Sums, misfit: Array, count: int, through_ul: float) -> Estimate:
    """Of the best of the first `count` members; sums, misfit and what they have found are those of everything so far."""
    best = int(misfit[:count].argmin())
    x = _x(through_ul - float(members.leaked_ul[best]), float(members.shape_ul[best]))
    row = _row(x, float(members.wall[best]))
    found = members.found[best]
    slope = found[ELASTIC] * exp(x) - found[SHAPE] * exp(x) * (1.0 + x)
    return Estimate(
        duct_kpa=float(row @ found),
        duct_error_kpa=_error(sums.matrix[best], row),
        elastance_kpa_ul=float(slope / members.shape_ul[best]),
        volume_ul=through_ul,
    )


def predicted_kpa(
    members: Members, sums: Sums, misfit: Array, count: int, through_ul: float, more_ul: float, rate_ul_s: float, sigmas: float
) -> float:
    """The most that an intact duct would hold once more_ul are in as well, over all shapes that are plausible."""
    least, highest = float(misfit[:count].min()), float("-inf")
    for member in range(count):
        if misfit[member] > least + _PLAUSIBLE:
            continue
        shape_ul, wall_s = float(members.shape_ul[member]), float(members.wall_s[member])
        wall, in_ul, left_ul = float(members.wall[member]), through_ul - float(members.leaked_ul[member]), more_ul
        while left_ul > 0.0:
            part_ul = min(left_ul, _STEP_S * rate_ul_s)
            in_ul, left_ul = in_ul + part_ul, left_ul - part_ul
            part = part_ul / rate_ul_s / wall_s
            wall = (wall + part * expm1(_x(in_ul, shape_ul))) / (1.0 + part)
        row = _row(_x(in_ul, shape_ul), wall)
        highest = max(highest, float(row @ members.found[member]) + sigmas * _error(sums.matrix[member], row))
    return highest


def _x(volume_ul: float, shape_ul: float) -> float:
    return min(max(volume_ul, 0.0) / shape_ul, _LARGEST_X)


def _row(x: float, wall: float) -> Array:
    row = np.zeros(UNKNOWNS)
    row[HEIGHT], row[ELASTIC], row[WALL], row[SHAPE] = 1.0, expm1(x), -wall, -x * exp(x)
    return row


def _error(matrix: Array, row: Array) -> float:
    return sqrt(max(0.0, float(row @ np.linalg.solve(matrix, row))))
