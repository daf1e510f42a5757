"""The numbers of one virtual patient at the end of one line."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from random import Random

from simulators.plant.duct import DuctLaw
from simulators.plant.hydraulics import column_kpa, poiseuille_kpa_s_ul

_Limit = tuple[Callable[[float], bool], str]

_POSITIVE: _Limit = (lambda value: 1e-6 <= value <= 1e6, "from 1e-6 to 1e6")
_NOT_NEGATIVE: _Limit = (lambda value: 0.0 <= value <= 1e6, "from 0 to 1e6")
_FROM_0_OR_NEVER: _Limit = (lambda value: value >= 0.0, "0 or above (infinity: never)")
_AT_LEAST_1: _Limit = (lambda value: 1.0 <= value <= 1e6, "from 1 to 1e6")

_LIMITS: dict[str, _Limit] = {
    "bore_mm": (lambda value: 0.01 <= value <= 5.0, "from 0.01 to 5"),
    "bore_tolerance_mm": _NOT_NEGATIVE,
    "meniscus_kpa": (lambda value: 0.0 <= value <= 20.0, "from 0 to 20"),
    "density_kg_l": (lambda value: 0.5 <= value <= 3.0, "from 0.5 to 3"),
    "bubble_ul": _NOT_NEGATIVE,
    "wall_relaxation": (lambda value: 0.0 <= value <= 0.6, "from 0 to 0.6"),
    "rupture_kpa": _FROM_0_OR_NEVER,
    "rupture_after_ul": _FROM_0_OR_NEVER,
    "tissue_kpa": _NOT_NEGATIVE,
    "tissue_stiffness_kpa_ul": _NOT_NEGATIVE,
    "micro_leak_kpa": _FROM_0_OR_NEVER,
    "reflux_kpa": _FROM_0_OR_NEVER,
    "wall_contact_factor": _AT_LEAST_1,
    "viscosity_change_per_c": (lambda value: -0.2 <= value <= 0.2, "from -0.2 to 0.2"),
    "cooling_c_min": (lambda value: -2.0 <= value <= 2.0, "from -2 to 2"),
    "height_cm": (lambda value: -200.0 <= value <= 200.0, "from -200 to 200"),
    "motion_kpa": _NOT_NEGATIVE,
    "motion_per_min": (lambda value: 0.0 <= value <= 600.0, "from 0 to 600"),
    "motion_s": (lambda value: 0.01 <= value <= 60.0, "from 0.01 to 60"),
    "pain_extravasated_ul": _FROM_0_OR_NEVER,
    "pain_duct_kpa": _FROM_0_OR_NEVER,
}
"""What is allowed where it is not _POSITIVE."""


@dataclass(frozen=True, slots=True)
class LineOptions:
    """Syringe, tube, cannula, agent, duct and tissue, as physical numbers. Defaults: an intact elastic duct, and about 35 kPa
    at 5 uL/s. Sources and grades: docs/physics.md.

    Line. Syringe: 1 mL, an estimate by scaling (bench-measure it). Tube: 20 cm of 0.5 mm bore with 4 mPa.s would be 0.52
    kPa/(uL/s). Cannula: 30G nominal bore, 25.4 mm; `bore_tolerance_mm` (gauge chart: 0.019) draws each line's own bore evenly
    from +-tolerance by seed and index. Viscosity: iothalamate 60 % at 37 C (its label); it changes by `viscosity_change_per_c`
    (log-linear, a fraction per C) while the fluid cools by `cooling_c_min` C per minute from the beginning on, and cannula and
    tube with it. `meniscus_kpa`: what a dry tip in air holds back. `bubble_ul`: gas at atmospheric pressure. `height_cm`:
    while the tip is in the patient the transmitter sees a column of this height (`density_kg_l`) more than the duct's pressure.

    Duct: duct_v0_ul, duct_p0_kpa, duct_k in simulators.plant.duct; `wall_relaxation` of its pressure is lost with
    `wall_tau_s`, see simulators.plant.wall. `wall_contact_factor`: the tip lies in the wall, the cannula's resistance is this
    many times as high while it is in the patient.

    Ways out, see simulators.plant.openings. The duct tears at `rupture_kpa` across its wall, or once `rupture_after_ul` have
    gone through the tip into the patient (0: perforated at insertion); then it runs through `tissue_resistance_kpa_s_ul` into
    tissue that takes nothing below `tissue_kpa`, and stiffens by `tissue_stiffness_kpa_ul` per uL it holds. Clefts open at
    `micro_leak_kpa`, the orifice at `reflux_kpa`.

    Squeezes: see simulators.plant.squeeze. Pain is felt from `pain_extravasated_ul` or `pain_duct_kpa` (across the wall) on.
    `subgroup` is a name that is handed on.

    Raises ValueError naming the option, its value and what is allowed.
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
    bubble_ul: float = 0.0
    wall_relaxation: float = 0.0
    wall_tau_s: float = 10.0
    rupture_kpa: float = math.inf
    rupture_after_ul: float = math.inf
    tissue_resistance_kpa_s_ul: float = 0.2
    tissue_kpa: float = 0.0
    tissue_stiffness_kpa_ul: float = 0.0
    micro_leak_kpa: float = math.inf
    micro_leak_resistance_kpa_s_ul: float = 50.0
    reflux_kpa: float = math.inf
    reflux_resistance_kpa_s_ul: float = 3.7
    wall_contact_factor: float = 1.0
    viscosity_change_per_c: float = -0.034
    cooling_c_min: float = 0.0
    height_cm: float = 0.0
    density_kg_l: float = 1.3
    motion_kpa: float = 0.0
    motion_per_min: float = 0.0
    motion_s: float = 0.6
    pain_extravasated_ul: float = math.inf
    pain_duct_kpa: float = math.inf
    subgroup: str = ""

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name == "subgroup":
                if not isinstance(value, str):
                    raise ValueError(f"plant option subgroup = {value!r} must be a text")
                continue
            fine, sentence = _LIMITS.get(each.name, _POSITIVE)
            if isinstance(value, bool) or not isinstance(value, int | float) or not fine(value):
                raise ValueError(f"plant option {each.name} = {value!r} must be a number {sentence}")
        if self.bore_tolerance_mm >= self.bore_mm:
            raise ValueError(f"plant option bore_tolerance_mm = {self.bore_tolerance_mm} must be below bore_mm = {self.bore_mm}")
        DuctLaw(self.duct_v0_ul, self.duct_p0_kpa, self.duct_k)

    @property
    def duct(self) -> DuctLaw:
        """The duct's law."""
        return DuctLaw(self.duct_v0_ul, self.duct_p0_kpa, self.duct_k)

    @property
    def thickening_per_s(self) -> float:
        """Growth rate of the logarithm of viscosity while the fluid cools."""
        return -self.viscosity_change_per_c * self.cooling_c_min / 60.0

    @property
    def column_kpa(self) -> float:
        """What the height adds at the transmitter."""
        return column_kpa(self.height_cm, self.density_kg_l)

    def cannula_kpa_s_ul(self, seed: int, index: int) -> float:
        """Resistance of the cannula of this run; with a tolerance, of the bore drawn for seed and index."""
        bore_mm = self.bore_mm
        if self.bore_tolerance_mm > 0.0:
            bore_mm += Random(f"{seed}/{index}").uniform(-self.bore_tolerance_mm, self.bore_tolerance_mm)
        return poiseuille_kpa_s_ul(bore_mm, self.length_mm, self.viscosity_mpa_s)


def options_from(given: dict[str, float | str]) -> LineOptions:
    """Options by name, unknown names refused. Raises ValueError naming what is wrong."""
    known = {each.name for each in fields(LineOptions)}
    unknown = sorted(given.keys() - known)
    if unknown:
        raise ValueError(f"unknown plant options {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    return LineOptions(**given)  # type: ignore[arg-type]  # each is checked there
