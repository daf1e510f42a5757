"""What a line stores, and how much of it is air, from pressing a known volume into it while its tip is closed.

Nothing flows out then, so the balance of controller.core.line has no resistance in it:

    pushed(t) = C * (P(t) - P_0) + V * (s(P(t)) - s(P_0)) + leak * area(t) + rate * late_s * moving(t) + lost

with s = `squeezed` and the area under the pressure. That is linear in C, V, leak, late_s and lost, the volume that never reaches
the line: before a stopper moves at all, the drive has to press it up to its friction. So a small press goes before the one that
is measured, and that is one single press: at every new start a stopper may lose another bit.

The pressure is what tells air from plastic: a bubble's compliance falls with the square of the absolute pressure.
"""

from dataclasses import dataclass, field
from math import inf, sqrt

from controller.core.least_squares import LeastSquares
from controller.core.line import squeezed, squeezed_slope

LIKE_FOR_S = 0.2  # residuals are the stopper's slips: what lies closer together is alike
LEAST_INDEPENDENT = 4.0
_AIR, _LEAK = 1, 2


@dataclass(frozen=True, slots=True)
class ClosedLine:
    """C and air with one standard error each; leak: what flows out somewhere, in ul/s for each kPa, negative is noise.

    lost_ul: what never reached the line. residual_ul: what the model leaves unexplained, rms.
    """

    compliance_ul_kpa: float
    compliance_error_ul_kpa: float
    bubble_ul: float
    bubble_error_ul: float
    leak_ul_s_kpa: float
    leak_error_ul_s_kpa: float
    lost_ul: float
    residual_ul: float

    @property
    def compliance_at_rest_ul_kpa(self) -> float:
        """Of everything that stores, the bubble included, at no pressure."""
        return self.compliance_ul_kpa + self.bubble_ul * squeezed_slope(0.0)


@dataclass(slots=True)
class ClosedRun:
    """Everything that is pressed into a closed line, in one or more presses; feed it every sample from the first one on.

    began_s, start_kpa: when the first press is ordered, and the pressure that was closed in.
    """

    began_s: float
    start_kpa: float
    pushed_ul: float = 0.0
    _rate_ul_s: float = 0.0
    _press_s: float = inf
    _press_ul: float = 0.0
    _sums: LeastSquares = field(default_factory=lambda: LeastSquares(5))
    _area_kpa_s: float = 0.0
    _last: tuple[float, float] | None = None

    def press(self, now_s: float, volume_ul: float, rate_ul_s: float) -> None:
        """A press is ordered now; the one before has ended."""
        self.pushed_ul += self._press_ul
        self._press_s, self._press_ul, self._rate_ul_s = now_s, volume_ul, rate_ul_s

    def take(self, asked_s: float, kpa: float) -> None:
        """One sample of line pressure."""
        since_s, before_kpa = self._last if self._last is not None else (self.began_s, self.start_kpa)
        if asked_s <= since_s:
            return
        self._area_kpa_s += 0.5 * (kpa + before_kpa) * (asked_s - since_s)
        self._last = (asked_s, kpa)
        ordered_ul = max(0.0, asked_s - self._press_s) * self._rate_ul_s
        moving = ordered_ul < self._press_ul
        row = (
            kpa - self.start_kpa,
            squeezed(kpa) - squeezed(self.start_kpa),
            self._area_kpa_s,
            self._rate_ul_s if moving else 0.0,
            1.0,
        )
        self._sums.add(row, self.pushed_ul + min(ordered_ul, self._press_ul))

    def identified(self) -> ClosedLine | None:
        """What was pressed tells; None where it tells of no line."""
        found = self._sums.solve()
        if found is None or self._last is None:
            return None
        values, spread = list(found.values), list(found.spread)
        if values[_AIR] < 0.0:  # there is no such bubble; the errors of C and air stay those of a fit which may have one
            without = self._sums.solve((0, 2, 3, 4))
            if without is None:
                return None
            found = without
            values = [found.values[0], 0.0, *found.values[1:]]
            spread = [spread[0], spread[_AIR], *found.spread[1:]]
        if values[0] <= 0.0:
            return None
        independent = max(LEAST_INDEPENDENT, (self._last[0] - self.began_s) / LIKE_FOR_S)
        error = found.rms * sqrt(self._sums.rows / independent)
        return ClosedLine(
            compliance_ul_kpa=values[0],
            compliance_error_ul_kpa=error * spread[0],
            bubble_ul=values[_AIR],
            bubble_error_ul=error * spread[_AIR],
            leak_ul_s_kpa=values[_LEAK],
            leak_error_ul_s_kpa=error * spread[_LEAK],
            lost_ul=values[4],
            residual_ul=found.rms,
        )
