"""The line between plunger and cannula tip: what it resists, what it stores, and what a measured run tells of both.

Model: everything that stores (syringe, tube, the drive's give, a bubble) stands before one resistance (tube and cannula), and the
tip is at the pressure of what it ends in:

    plunger flow = d/dt stored(P) + (P - P_tip) / R,      stored(P) = C * P + V * P / (P_a + P)

P is gauge pressure at the transmitter in kPa, R in kPa/(ul/s), C in ul/kPa, V the volume in ul of a bubble at atmospheric
pressure P_a. The bubble obeys Boyle's law: its compliance falls as it is squeezed and plastic's does not, which tells them apart.
(Lumped model as for syringe pumps in Snijder et al. 2015.)
"""

from dataclasses import dataclass, field
from math import exp, sqrt

from controller.core.least_squares import LeastSquares

ATMOSPHERE_KPA = 101.325
LEAST_INDEPENDENT = 4.0
# Measured over 600 good lines of the cohort `mixed` (seeds 221 to 223), each at its temperature during the run: R then errs by
# 0.96 of its standard error (rms), C by 0.79, air by 0.55.
_R_CORRELATED = 2.0


@dataclass(slots=True)
class LineModel:
    """R in kPa/(ul/s), C in ul/kPa, the bubble in ul at atmospheric pressure; R and C are 0 until the line was primed.

    late_s: how much later than ordered the fluid moves.
    """

    resistance_kpa_s_ul: float = 0.0
    compliance_ul_kpa: float = 0.0
    bubble_ul: float = 0.0
    late_s: float = 0.0

    @property
    def known(self) -> bool:
        """True once R and C are identified."""
        return self.resistance_kpa_s_ul > 0 and self.compliance_ul_kpa > 0

    @property
    def compliance_at_rest_ul_kpa(self) -> float:
        """Of everything that stores, the bubble included, at no pressure."""
        return self.compliance_ul_kpa + self.bubble_ul / ATMOSPHERE_KPA

    def filled_ul(self, kpa: float) -> float:
        """What the line holds at this pressure more than at none."""
        return self.compliance_ul_kpa * kpa + self.bubble_ul * squeezed(kpa)

    def stored_ul(self, line_kpa: float, duct_kpa: float) -> float:
        """What the line holds above the duct's pressure and would still let go."""
        return max(0.0, self.filled_ul(line_kpa) - self.filled_ul(duct_kpa)) if line_kpa > duct_kpa else 0.0

    def tau_s(self, from_kpa: float, to_kpa: float) -> float:
        """Time constant of a relaxation between these pressures (a bubble's compliance is that of the secant)."""
        apart_kpa = from_kpa - to_kpa
        if self.bubble_ul == 0.0 or abs(apart_kpa) < 1e-6:
            return self.resistance_kpa_s_ul * (self.compliance_ul_kpa + self.bubble_ul * squeezed_slope(to_kpa))
        return self.resistance_kpa_s_ul * (self.filled_ul(from_kpa) - self.filled_ul(to_kpa)) / apart_kpa

    def expected_kpa(self, rate_ul_s: float, elapsed_s: float, start_kpa: float, end_kpa: float) -> float:
        """Line pressure after elapsed_s of infusion, from start_kpa, towards R times rate plus end_kpa downstream."""
        final_kpa = self.resistance_kpa_s_ul * rate_ul_s + end_kpa
        return final_kpa + (start_kpa - final_kpa) * exp(-elapsed_s / self.tau_s(start_kpa, final_kpa))

    def relaxed_kpa(self, line_kpa: float, duct_kpa: float, elapsed_s: float) -> float:
        """Line pressure after elapsed_s without motion."""
        return duct_kpa + (line_kpa - duct_kpa) * exp(-elapsed_s / self.tau_s(line_kpa, duct_kpa))


def squeezed(kpa: float) -> float:
    """By what part of its volume at atmospheric pressure a bubble is smaller at this gauge pressure."""
    return kpa / (ATMOSPHERE_KPA + kpa)


def squeezed_slope(kpa: float) -> float:
    """The slope of `squeezed`, in 1/kPa: a bubble's compliance over its volume."""
    return ATMOSPHERE_KPA / (ATMOSPHERE_KPA + kpa) ** 2


@dataclass(frozen=True, slots=True)
class Identified:
    """What a run tells of its line, each with one standard error.

    late_s: how much later than ordered the fluid moved. residual_ul: what the model leaves unexplained, rms.
    """

    line: LineModel
    resistance_error_kpa_s_ul: float
    compliance_error_ul_kpa: float
    bubble_error_ul: float
    late_s: float
    residual_ul: float


@dataclass(slots=True)
class MeasuredRun:
    """One run into air, from the order to move until the line has come back to rest; feed it every sample of that time.

    Integrated over time, the model says that the area under the pressure is R times what has left the line:

        area(t) = R * pushed(t) + R*C * (P_0 - P(t)) + R*V * (s(P_0) - s(P(t))) - R * rate * late_s * moving(t)

    with s = `squeezed`. That is linear in R, RC, RV and R*late, needs no slope of a noisy signal, and no line at rest before it:
    what is stored at the beginning stands in P_0. The plunger has to be engaged, so a run before it takes up the drive's play.
    """

    began_s: float
    start_kpa: float
    volume_ul: float
    rate_ul_s: float
    peak_kpa: float = 0.0
    _sums: LeastSquares = field(default_factory=lambda: LeastSquares(4))
    _area_kpa_s: float = 0.0
    _last: tuple[float, float] | None = None

    def take(self, asked_s: float, kpa: float) -> None:
        """One sample of line pressure."""
        since_s, before_kpa = self._last if self._last is not None else (self.began_s, self.start_kpa)
        if asked_s <= since_s:
            return
        self._area_kpa_s += 0.5 * (kpa + before_kpa) * (asked_s - since_s)
        self._last = (asked_s, kpa)
        self.peak_kpa = max(self.peak_kpa, kpa)
        ordered_ul = (asked_s - self.began_s) * self.rate_ul_s
        moving = ordered_ul < self.volume_ul
        row = (
            ordered_ul if moving else self.volume_ul,
            self.start_kpa - kpa,
            squeezed(self.start_kpa) - squeezed(kpa),
            1.0 if moving else 0.0,
        )
        self._sums.add(row, self._area_kpa_s)

    def identified(self) -> Identified | None:
        """What the run tells; None where it tells of no line."""
        found = self._sums.solve()
        if found is None or self._last is None:
            return None
        resistance, stored, bubble, late = found.values
        spread = list(found.spread)
        if bubble < 0.0:  # there is no such bubble: what is stored is stored in plastic
            without = self._sums.solve((0, 1, 3))
            if without is None:
                return None
            found = without
            (resistance, stored, late), bubble = found.values, 0.0
            spread[0] = found.spread[0]  # C and air keep theirs: that none was found does not mean that there is none
        if resistance <= 0.0 or stored <= 0.0:
            return None
        # Residuals are integrals, stick-slip, and alike for about a time constant: so many of them are independent.
        independent = max(LEAST_INDEPENDENT, (self._last[0] - self.began_s) / stored)
        error = found.rms * sqrt(self._sums.rows / independent) / resistance
        late_s = -late / (resistance * self.rate_ul_s)
        return Identified(
            LineModel(resistance, stored / resistance, bubble / resistance, late_s),
            resistance_error_kpa_s_ul=_R_CORRELATED * error * resistance * spread[0],
            compliance_error_ul_kpa=error * spread[1],
            bubble_error_ul=error * spread[2],
            late_s=late_s,
            residual_ul=found.rms / resistance,
        )
