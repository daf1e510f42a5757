"""The measuring side of the transmitter: from the pressure at the diaphragm to the values of the channels.

Not modelled: hysteresis, temperature error, and the converter's own rate (every read is a new conversion with new noise).
"""

import math
from dataclasses import dataclass, field
from random import Random

from simulators.keller33x.options import Keller33xOptions

ATMOSPHERE_KPA = 101.325
KPA_PER_BAR = 100.0
_OVERLOAD_PART_OF_SPAN = 0.1
"""Beyond its range by more than this part of the span the channel is in over- or underflow. An estimate."""

P1_BIT = 0b0000_0010


@dataclass(slots=True)
class Sensor:
    """Diaphragm, filter, converter. `faults` are the active faults of the device by name, each with its arguments.

    The user's zero and gain (coefficients 64 and 65) stay over a loss of supply, as in the real EEPROM.
    """

    options: Keller33xOptions
    faults: dict[str, dict[str, float]]
    true_kpa: float = 0.0
    zero_bar: float = 0.0
    gain: float = 1.0
    _filtered_kpa: float = 0.0
    now_s: float = -math.inf
    _last_bar: float | None = None
    _random: Random = field(init=False)
    _reference_kpa: float = field(init=False)
    _overflow_kpa: float = field(init=False)
    _underflow_kpa: float = field(init=False)

    def __post_init__(self) -> None:
        options = self.options
        self._random = Random(options.seed)
        self._reference_kpa = ATMOSPHERE_KPA if options.absolute else 0.0
        margin_bar = _OVERLOAD_PART_OF_SPAN * (options.range_max_bar - options.range_min_bar)
        self._overflow_kpa = (options.range_max_bar + margin_bar) * KPA_PER_BAR
        self._underflow_kpa = (options.range_min_bar - margin_bar) * KPA_PER_BAR

    def advance(self, now_s: float) -> None:
        """The filter settles towards the true pressure (first order, exact for a pressure that is constant meanwhile)."""
        passed_s = now_s - self.now_s
        if not passed_s > 0.0:
            return
        self.now_s = now_s
        true_kpa, filter_s = self.true_kpa, self.options.filter_s
        beside_kpa = self._filtered_kpa - true_kpa
        if beside_kpa != 0.0:
            self._filtered_kpa = true_kpa + beside_kpa * math.exp(-passed_s / filter_s) if filter_s > 0.0 else true_kpa

    def pressure_bar(self) -> float:
        """One new reading of P1 in bar; NaN for a computation error, +-inf for over- and underflow."""
        faults, options = self.faults, self.options
        kpa = self._filtered_kpa + self._reference_kpa + options.offset_kpa
        if not faults:
            kpa = self._read_kpa(kpa, options.noise_kpa)
        elif "nan" in faults:
            return math.nan
        elif "freeze" in faults and self._last_bar is not None:
            return self._last_bar
        else:
            kpa = self._faulty_kpa(kpa)
        self._last_bar = kpa / KPA_PER_BAR * self.gain + self.zero_bar if math.isfinite(kpa) else kpa
        return self._last_bar

    def second_pressure_bar(self) -> float:
        """P2, or NaN on a transmitter that has none."""
        return (self._filtered_kpa + self._reference_kpa) / KPA_PER_BAR if self.options.second_sensor else math.nan

    def temperature_c(self) -> float:
        """TOB1, the temperature of the pressure sensor."""
        return self.options.temperature_c

    def second_temperature_c(self) -> float:
        """TOB2, or NaN on a transmitter that has none."""
        return self.options.temperature_c if self.options.second_sensor else math.nan

    def _read_kpa(self, kpa: float, noise_kpa: float) -> float:
        """What becomes of a pressure: noise, resolution, range."""
        if noise_kpa > 0.0:
            kpa += self._random.gauss(0.0, noise_kpa)
        if self.options.resolution_kpa > 0.0:
            kpa = round(kpa / self.options.resolution_kpa) * self.options.resolution_kpa
        if kpa > self._overflow_kpa:
            return math.inf
        return -math.inf if kpa < self._underflow_kpa else kpa

    def _faulty_kpa(self, kpa: float) -> float:
        for name in ("stuck_at", "out_of_range"):
            if name in self.faults:
                return self.faults[name]["kpa"]
        if "drift" in self.faults:
            drift = self.faults["drift"]
            kpa += drift["kpa_per_s"] * (self.now_s - drift["since_s"])
        if "spike" in self.faults:
            kpa += self._spike_kpa()
        return self._read_kpa(kpa, self.faults["noise"]["kpa"] if "noise" in self.faults else self.options.noise_kpa)

    def _spike_kpa(self) -> float:
        spike = self.faults["spike"]
        spike["n"] -= 1
        if spike["n"] <= 0:
            del self.faults["spike"]
        return spike["kpa"]
