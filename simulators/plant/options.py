"""The numbers of one line and one duct."""

import math
from dataclasses import dataclass, fields
from random import Random

from simulators.plant.duct import DuctLaw
from simulators.plant.hydraulics import poiseuille_kpa_s_ul


@dataclass(frozen=True, slots=True)
class LineOptions:
    """Syringe, tube, cannula, agent and duct, as physical numbers. Defaults: about 35 kPa at 5 uL/s.

    Syringe: 1 mL, an estimate by scaling (bench-measure it). Tube: 20 cm of 0.5 mm bore with 4 mPa.s would be 0.52
    kPa/(uL/s). Cannula: 30G nominal bore, 25.4 mm; `bore_tolerance_mm` (gauge chart: 0.019) draws each line's own bore evenly
    from +-tolerance by seed and index. Viscosity: iothalamate 60 % at 37 C (its label). `meniscus_kpa`: what a dry tip in air
    holds back. Duct: see simulators.plant.duct.

    Raises ValueError where a number is not finite, or not above 0 (the last two: below 0).
    """

    syringe_compliance_ul_kpa: float = 0.15
    tube_compliance_ul_kpa: float = 0.02
    tube_resistance_kpa_s_ul: float = 0.5
    bore_mm: float = 0.159
    length_mm: float = 25.4
    viscosity_mpa_s: float = 4.0
    duct_v0_ul: float = 250.0
    duct_p0_kpa: float = 2.0
    duct_k: float = 2.2
    bore_tolerance_mm: float = 0.0
    meniscus_kpa: float = 0.0

    def __post_init__(self) -> None:
        may_be_zero = {"bore_tolerance_mm", "meniscus_kpa"}
        for each in fields(self):
            value = getattr(self, each.name)
            if not math.isfinite(value) or value < 0.0 or (value == 0.0 and each.name not in may_be_zero):
                raise ValueError(f"plant option {each.name} = {value} must be finite and above 0")
        if self.bore_tolerance_mm >= self.bore_mm:
            raise ValueError("plant option bore_tolerance_mm must be below bore_mm")

    @property
    def duct(self) -> DuctLaw:
        """The duct's law."""
        return DuctLaw(self.duct_v0_ul, self.duct_p0_kpa, self.duct_k)

    def cannula_kpa_s_ul(self, seed: int, index: int) -> float:
        """Resistance of the cannula of this run; with a tolerance, of the bore drawn for seed and index."""
        bore_mm = self.bore_mm
        if self.bore_tolerance_mm > 0.0:
            bore_mm += Random(f"{seed}/{index}").uniform(-self.bore_tolerance_mm, self.bore_tolerance_mm)
        return poiseuille_kpa_s_ul(bore_mm, self.length_mm, self.viscosity_mpa_s)


def options_from(given: dict[str, float]) -> LineOptions:
    """Options by name, unknown names refused. Raises ValueError naming what is wrong."""
    known = {each.name for each in fields(LineOptions)}
    unknown = sorted(given.keys() - known)
    if unknown:
        raise ValueError(f"unknown plant options {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    return LineOptions(**given)
