"""The duct tree as an elastic bag: an exponential law while it is open, a stiff seal round the tip once it has collapsed.

P = P0 (exp(k V / V0) - 1) / (exp(k) - 1), so that V0 is reached at P0; k says how much stiffer it gets (1.5 to 3). The shape
is that of soft tissue in general; V0 and P0 are anchored in duct dimensions and ejection pressures of the literature. What
the wall gives way in time stands in simulators.plant.wall.
"""

import math
from dataclasses import dataclass

from simulators.plant.compiled import term

SEAL_KPA_UL = 50.0
"""Stiffness once the duct is empty and its wall lies on the tip: nothing more can be drawn. An estimate."""

_LARGEST_EXPONENT = 60.0


@term
def elastic_kpa(volume_ul: float, scale_ul: float, scale_kpa: float) -> float:
    """Pressure of a wall that has just been stretched to this volume."""
    if volume_ul < 0.0:
        return SEAL_KPA_UL * volume_ul
    return scale_kpa * math.expm1(min(volume_ul / scale_ul, _LARGEST_EXPONENT))


@term
def elastic_stiffness_kpa_ul(volume_ul: float, scale_ul: float, scale_kpa: float) -> float:
    """Rise of elastic_kpa per volume."""
    if volume_ul < 0.0:
        return SEAL_KPA_UL
    return scale_kpa / scale_ul * math.exp(min(volume_ul / scale_ul, _LARGEST_EXPONENT))


def elastic_ul(pressure_kpa: float, scale_ul: float, scale_kpa: float) -> float:
    """The inverse of elastic_kpa."""
    if pressure_kpa < 0.0:
        return pressure_kpa / SEAL_KPA_UL
    return scale_ul * math.log1p(pressure_kpa / scale_kpa)


@dataclass(frozen=True, slots=True)
class DuctLaw:
    """One duct: volume v0_ul at p0_kpa, and the shape factor k. Raises ValueError where one is not above 0."""

    v0_ul: float = 250.0
    p0_kpa: float = 2.0
    k: float = 2.2

    def __post_init__(self) -> None:
        if not (0.0 < self.v0_ul < math.inf and 0.0 < self.p0_kpa < math.inf and 0.0 < self.k <= 20.0):
            raise ValueError(
                "a duct needs duct_v0_ul and duct_p0_kpa above 0, and duct_k above 0 and up to 20, "
                f"not {self.v0_ul}, {self.p0_kpa}, {self.k}"
            )

    @property
    def scale_ul(self) -> float:
        """The volume over which the stiffness grows by e."""
        return self.v0_ul / self.k

    @property
    def scale_kpa(self) -> float:
        """The pressure at which the law turns from a straight line into an exponential."""
        return self.p0_kpa / math.expm1(self.k)
