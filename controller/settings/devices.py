"""What a profile has to know about device models before any of them is connected."""

import math
from dataclasses import dataclass
from typing import Final

from controller.settings.exact import NumberField


@dataclass(frozen=True, slots=True)
class PumpModel:
    """A syringe pump: plunger speeds it can hold, and the numbers it can be sent (rates in uL/min, volumes in uL).

    stop_bytes: the most that has to pass the wire before a stop has arrived: the frame under way, and the stop itself.
    """

    name: str
    numbers: NumberField
    slowest_cm_h: float
    fastest_cm_min: float
    stop_bytes: int

    def slowest_ul_s(self, inner_diameter_mm: float) -> float:
        """The lowest rate with a syringe of this inner diameter, in uL/s."""
        return _area_mm2(inner_diameter_mm) * self.slowest_cm_h * 10.0 / 3600.0

    def fastest_ul_s(self, inner_diameter_mm: float) -> float:
        """The highest rate with a syringe of this inner diameter, in uL/s."""
        return _area_mm2(inner_diameter_mm) * self.fastest_cm_min * 10.0 / 60.0


@dataclass(frozen=True, slots=True)
class TransmitterModel:
    """A pressure transmitter. sample_bytes: what passes the wire for one sample, request and reply."""

    name: str
    sample_bytes: int


# New Era NE-1000 manual (number format, framing; speeds of the standard model). Others of the family have other speeds.
PUMPS: Final = {
    "ne1000": PumpModel(
        "ne1000", NumberField(digits=4, decimals=3), slowest_cm_h=0.004205, fastest_cm_min=5.1005, stop_bytes=9 + 9
    ),
}

# KELLER communication protocol: function 73 asks with 5 bytes and is answered with 9.
TRANSMITTERS: Final = {"keller33x": TransmitterModel("keller33x", sample_bytes=5 + 9)}

BITS_A_BYTE: Final = 10  # 8N1: start bit, eight data bits, stop bit


def _area_mm2(diameter_mm: float) -> float:
    return math.pi / 4.0 * diameter_mm**2
