"""The line between plunger and cannula tip: what its own priming run tells of its resistance and compliance.

Model: one compliance C (syringe, tube) in front of one resistance R (cannula), tip at zero pressure. Everything the plunger
pushed in flows out through R, so the time integral of pressure over the whole run, relaxation included, is R times the
volume. What was stored when the plunger stopped is what had gone in less what had flowed out by then; divided by the
pressure at that moment it is C. No steady state is needed. (Lumped RC model as used for syringe pumps by Snijder et al. 2015.)
"""

from dataclasses import dataclass
from math import exp, log


@dataclass(slots=True)
class LineModel:
    """R in kPa/(ul/s), C in ul/kPa; 0 until the line was primed."""

    resistance_kpa_s_ul: float = 0.0
    compliance_ul_kpa: float = 0.0

    @property
    def known(self) -> bool:
        """True once both are identified."""
        return self.resistance_kpa_s_ul > 0 and self.compliance_ul_kpa > 0

    @property
    def tau_s(self) -> float:
        """Time constant of the relaxation."""
        return self.resistance_kpa_s_ul * self.compliance_ul_kpa

    def expected_kpa(self, rate_ul_s: float, elapsed_s: float, start_kpa: float, end_kpa: float) -> float:
        """Line pressure after elapsed_s of infusion, from start_kpa, towards R times rate plus end_kpa downstream."""
        final = self.resistance_kpa_s_ul * rate_ul_s + end_kpa
        return final + (start_kpa - final) * exp(-elapsed_s / self.tau_s)

    def relaxed_kpa(self, line_kpa: float, duct_kpa: float, elapsed_s: float) -> float:
        """Line pressure after elapsed_s without motion."""
        return duct_kpa + (line_kpa - duct_kpa) * exp(-elapsed_s / self.tau_s)

    def stored_ul(self, line_kpa: float, duct_kpa: float) -> float:
        """What the line holds above the duct's pressure and would still let go."""
        return self.compliance_ul_kpa * max(0.0, line_kpa - duct_kpa)

    def relief_ul(self, line_kpa: float, duct_kpa: float, rate_ul_s: float) -> float:
        """Retraction at rate_ul_s that brings the line just down to the duct's pressure.

        The line lets go through the cannula meanwhile, so this is less than what it has stored: the linear RC line meets
        duct_kpa after tau * ln(1 + dp / (R * rate)).
        """
        excess_kpa = max(0.0, line_kpa - duct_kpa)
        duration_s = self.tau_s * log(1.0 + excess_kpa / (self.resistance_kpa_s_ul * rate_ul_s))
        return min(rate_ul_s * duration_s, self.stored_ul(line_kpa, duct_kpa))


@dataclass(slots=True)
class PrimingRun:
    """Integrates one priming run; feed it every sample from the start of the motion to rest."""

    volume_ul: float = 0.0
    area_kpa_s: float = 0.0
    area_at_stop_kpa_s: float | None = None
    stop_kpa: float = 0.0
    peak_kpa: float = 0.0
    _last: tuple[float, float] | None = None

    def take(self, asked_s: float, kpa: float) -> None:
        """One sample of line pressure."""
        if self._last is not None:
            self.area_kpa_s += 0.5 * (kpa + self._last[1]) * (asked_s - self._last[0])
        self._last = (asked_s, kpa)
        self.peak_kpa = max(self.peak_kpa, kpa)

    def plunger_stopped(self, volume_ul: float) -> None:
        """The plunger has stopped now, after volume_ul in all."""
        self.volume_ul = volume_ul
        self.area_at_stop_kpa_s = self.area_kpa_s
        self.stop_kpa = self._last[1] if self._last is not None else 0.0

    def line(self) -> LineModel | None:
        """R and C of the line; None where the run does not give positive values."""
        if self.area_at_stop_kpa_s is None or self.volume_ul <= 0 or self.area_kpa_s <= 0 or self.stop_kpa <= 0:
            return None
        resistance = self.area_kpa_s / self.volume_ul
        stored_ul = self.volume_ul - self.area_at_stop_kpa_s / resistance
        compliance = stored_ul / self.stop_kpa
        return LineModel(resistance, compliance) if compliance > 0 else None
