"""Squeezes of the breast: a hand, a movement, a cough. Each is one half-sine of pressure on the duct and the tissue round it.

Size and length (0.5 to 3 kPa, 0.2 to 2 s) are estimates.
"""

import math
from random import Random

from simulators.plant.compiled import term


@term
def half_sine_kpa(now_s: float, from_s: float, kpa: float, lasts_s: float) -> float:
    """Pressure now of one squeeze that begins at from_s, reaches kpa in its middle, and is over after lasts_s."""
    since_s = now_s - from_s
    if kpa == 0.0 or not 0.0 < since_s < lasts_s:
        return 0.0
    return kpa * math.sin(math.pi * since_s / lasts_s)


class Squeezes:
    """The patient's own, one after the other: quiet times exponential with `per_min`, size and length each drawn evenly from
    half to one and a half of `kpa` and `lasts_s`. The same seed and index give the same ones.
    """

    def __init__(self, kpa: float, per_min: float, lasts_s: float, seed: int, index: int) -> None:
        self._kpa, self._per_min, self._lasts_s = kpa, per_min, lasts_s
        self._random = Random(f"{seed}/{index}/squeezes")

    def after(self, now_s: float) -> tuple[float, float, float]:
        """The next one after now_s: when it begins, its kPa, and how long it lasts."""
        from_s = now_s + self._random.expovariate(1.0) * 60.0 / self._per_min
        return from_s, self._kpa * self._random.uniform(0.5, 1.5), self._lasts_s * self._random.uniform(0.5, 1.5)
