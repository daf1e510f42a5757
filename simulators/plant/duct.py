"""The duct tree as an elastic bag: an exponential law while it is open, a stiff seal round the tip once it has collapsed.

P = P0 (exp(k V / V0) - 1) / (exp(k) - 1), so that V0 is reached at P0; k says how much stiffer it gets (1.5 to 3). The shape
is that of soft tissue in general; V0 and P0 are anchored in duct dimensions and ejection pressures of the literature.
"""

import math
from dataclasses import dataclass

_SEAL_KPA_UL = 50.0
"""Stiffness once the duct is empty and its wall lies on the tip: nothing more can be drawn. An estimate."""

_LARGEST_EXPONENT = 60.0


@dataclass(frozen=True, slots=True)
class DuctLaw:
    """One duct: volume v0_ul at p0_kpa, and the shape factor k. Raises ValueError where one is not above 0."""

    v0_ul: float = 250.0
    p0_kpa: float = 2.0
    k: float = 2.2

    def __post_init__(self) -> None:
        if not (0.0 < self.v0_ul < math.inf and 0.0 < self.p0_kpa < math.inf and 0.0 < self.k <= 20.0):
            raise ValueError("a duct needs v0_ul and p0_kpa above 0, and k above 0 and up to 20")

    @property
    def scale_ul(self) -> float:
        """The volume over which the stiffness grows by e."""
        return self.v0_ul / self.k

    @property
    def _scale_kpa(self) -> float:
        return self.p0_kpa / math.expm1(self.k)

    def pressure_kpa(self, volume_ul: float) -> float:
        """Transmural pressure with this volume in it."""
        if volume_ul < 0.0:
            return _SEAL_KPA_UL * volume_ul
        return self._scale_kpa * math.expm1(min(volume_ul / self.scale_ul, _LARGEST_EXPONENT))

    def stiffness_kpa_ul(self, volume_ul: float) -> float:
        """Rise of pressure per volume at this volume."""
        if volume_ul < 0.0:
            return _SEAL_KPA_UL
        return self._scale_kpa / self.scale_ul * math.exp(min(volume_ul / self.scale_ul, _LARGEST_EXPONENT))

    def volume_ul(self, pressure_kpa: float) -> float:
        """The volume at this transmural pressure."""
        if pressure_kpa < 0.0:
            return pressure_kpa / _SEAL_KPA_UL
        return self.scale_ul * math.log1p(pressure_kpa / self._scale_kpa)
