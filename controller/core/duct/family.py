"""A family of ducts: each member is one shape of duct, intact or torn, and all are held against the same data at once.

A member is an elastic bag with a wall that gives way in time, and, if it is torn, a way out:

    P_duct = zero + S e - F g - D x (e + 1),    e = exp(x) - 1,  x = (through - leaked) / s,    g' = (e - g) / tau
    leaked' = conductance * max(P_duct - tissue, 0)

The shape (s in ul, tau in s, conductance in ul/s/kPa, tissue in kPa) is the member's own. What stands before it is found by least
squares, with what a line is known to do beside it: S and F in kPa (elastic scale, and what of it the wall gives way; F/S is the
part that relaxes, 20 to 40 %), D (a correction of s), the height of the duct, the error of the line's resistance and its drift as
the contrast cools, the error of its compliance in a hold. Shapes and spreads are those of docs/physics.md, section 4.

The data are those of controller.core.duct.bins in the integrated form of controller.core.line: area - R through is the integral
of P_duct, plus a constant for every stretch of rows. Integrated, the noise of one row does not spread to the next, and no slope
of a noisy signal is taken. It is linear in all unknowns but the shape, so nothing can diverge; a torn member lets out what its
own fit says.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

UNKNOWNS = 8
HEIGHT, RESISTANCE, COOLING, ELASTIC, WALL, STORED, SHAPE, FILLED = range(UNKNOWNS)

SHAPES_UL = (36.0, 52.0, 75.0, 108.0, 156.0, 240.0)
WALL_S = (6.0, 14.0)
TORN_SHAPES_UL = (40.0, 65.0, 105.0, 180.0)
TORN_WALL_S = 10.0
CONDUCTANCES_UL_S_KPA = (0.2, 0.6, 2.0, 6.0, 20.0)
TISSUE_KPA = (0.0, 0.7, 1.6)

HEIGHT_KPA = 0.35
RESISTANCE_PART = 0.012
COOLING_PART_MIN, COOLING_SPREAD_MIN = 0.010, 0.006
ELASTIC_KPA, ELASTIC_SPREAD_KPA = 0.30, 0.15
GIVES_WAY, GIVES_WAY_SPREAD = 0.30, 0.08
STORED_PART, STORED_SPREAD = -0.04, 0.06
FILLED_SPREAD = 0.03
SHAPE_SPREAD = 0.15
LEAST_ELASTIC_KPA = 0.04
IMPLAUSIBLE = 60.0  # what it costs to be softer than any duct
_LARGEST_X = 8.0


@dataclass(slots=True)
class Sums:
    """Normal equations of members from some rows, the values as one more column: products (m, u + 1, u + 1)."""

    products: Array

    @property
    def matrix(self) -> Array:
        """Of the unknowns: (m, u, u)."""
        return self.products[:, :UNKNOWNS, :UNKNOWNS]

    @property
    def right(self) -> Array:
        """Of the unknowns and the values: (m, u)."""
        return self.products[:, :UNKNOWNS, UNKNOWNS]

    @property
    def square(self) -> Array:
        """Of the values: (m)."""
        return self.products[:, UNKNOWNS, UNKNOWNS]

    def with_rows(self, more: "Sums") -> "Sums":
        """More rows of the first members, and what was known of these members before."""
        return Sums(self.products[: len(more.products)] + more.products)

    def part(self, first: int, last: int) -> "Sums":
        """Those of the members first to last."""
        return Sums(self.products[first:last])

    def chosen(self, members: NDArray[np.intp]) -> "Sums":
        """Those of some members."""
        return Sums(self.products[members])


def first_sums(members: int, resistance_kpa_s_ul: float, tau_s: float) -> Sums:
    """What is known before anything is seen."""
    products = np.zeros((UNKNOWNS + 1, UNKNOWNS + 1))
    known = (
        (HEIGHT, 0.0, HEIGHT_KPA),
        (RESISTANCE, 0.0, RESISTANCE_PART * resistance_kpa_s_ul),
        (COOLING, COOLING_PART_MIN * resistance_kpa_s_ul, COOLING_SPREAD_MIN * resistance_kpa_s_ul),
        (ELASTIC, ELASTIC_KPA, ELASTIC_SPREAD_KPA),
        (STORED, STORED_PART * tau_s, STORED_SPREAD * tau_s),
        (FILLED, 0.0, FILLED_SPREAD * tau_s),
        (SHAPE, 0.0, SHAPE_SPREAD * ELASTIC_KPA),
    )
    for place, mean, spread in known:
        row = np.zeros(UNKNOWNS + 1)
        row[place], row[UNKNOWNS] = 1.0 / spread, mean / spread
        products += np.outer(row, row)
    gives_way = np.zeros(UNKNOWNS + 1)
    gives_way[ELASTIC], gives_way[WALL] = GIVES_WAY, -1.0
    gives_way /= GIVES_WAY_SPREAD * ELASTIC_KPA
    products += np.outer(gives_way, gives_way)
    return Sums(np.tile(products, (members, 1, 1)))


@dataclass(slots=True)
class Members:
    """Shapes and states of so many ducts, an array of (m) each; found is (m, u).

    integrals: over time, of e, -g and -x (e + 1), (m, 3).
    """

    shape_ul: Array
    wall_s: Array
    conductance_ul_s_kpa: Array
    tissue_kpa: Array
    wall: Array
    leaked_ul: Array
    found: Array
    integrals: Array

    def step(self, dt_s: float, through_ul: float) -> tuple[Array, Array, Array]:
        """Moves on by dt_s to a volume through the cannula; returns e, g and x (e + 1) there."""
        x = np.clip((through_ul - self.leaked_ul) / self.shape_ul, 0.0, _LARGEST_X)
        elastic = np.expm1(x)
        part = dt_s / self.wall_s
        self.wall = (self.wall + part * elastic) / (1.0 + part)
        bent = x * (elastic + 1.0)
        self.integrals = self.integrals + dt_s * np.stack([elastic, -self.wall, -bent], axis=1)
        found = self.found
        scale = np.maximum(found[:, ELASTIC], LEAST_ELASTIC_KPA)
        kpa = scale * elastic - found[:, WALL] * self.wall - found[:, SHAPE] * bent
        # the duct's own fall while it leaks is a part of the step
        stiffness = scale * (elastic + 1.0) / self.shape_ul
        over_kpa = np.maximum(kpa - self.tissue_kpa, 0.0)
        conductance = self.conductance_ul_s_kpa
        self.leaked_ul = self.leaked_ul + dt_s * conductance * over_kpa / (1.0 + dt_s * conductance * stiffness)
        return elastic, self.wall, bent

    def chosen(self, members: NDArray[np.intp]) -> "Members":
        """Some of them."""
        return Members(
            self.shape_ul[members],
            self.wall_s[members],
            self.conductance_ul_s_kpa[members],
            self.tissue_kpa[members],
            self.wall[members],
            self.leaked_ul[members],
            self.found[members],
            self.integrals[members],
        )


def intact(resistance_kpa_s_ul: float) -> Members:
    """Ducts that keep what goes in."""
    shapes = [(shape, wall) for shape in SHAPES_UL for wall in WALL_S]
    count = len(shapes)
    found = np.zeros((count, UNKNOWNS))
    found[:, ELASTIC], found[:, WALL] = ELASTIC_KPA, GIVES_WAY * ELASTIC_KPA
    found[:, COOLING] = COOLING_PART_MIN * resistance_kpa_s_ul
    none = np.zeros(count)
    shape_ul, wall_s = np.array(shapes).T
    return Members(shape_ul, wall_s, none, none, none.copy(), none.copy(), found, np.zeros((count, 3)))


def torn_from(ducts: Members, sums: Sums) -> tuple[Members, Sums]:
    """Ducts that have been as the nearest of these intact ones, and leak from here on."""
    kinds = np.array([(s, g, p) for s in TORN_SHAPES_UL for g in CONDUCTANCES_UL_S_KPA for p in TISSUE_KPA])
    far = np.abs(np.log(ducts.shape_ul[None, :] / kinds[:, :1])) + 0.01 * np.abs(ducts.wall_s[None, :] - WALL_S[-1])
    nearest = far.argmin(axis=1)
    torn = ducts.chosen(nearest)
    # The nearest one's own shape: its sums have been made with it.
    torn.wall_s = np.full(len(kinds), TORN_WALL_S)
    torn.conductance_ul_s_kpa, torn.tissue_kpa = kinds[:, 1].copy(), kinds[:, 2].copy()
    return torn, sums.chosen(nearest)


def joined(first: Members, second: Members) -> Members:
    """Both, in this order."""
    return Members(*(np.concatenate([getattr(first, each.name), getattr(second, each.name)]) for each in fields(Members)))


def joined_sums(first: Sums, second: Sums) -> Sums:
    """Both, in this order."""
    return Sums(np.concatenate([first.products, second.products]))
