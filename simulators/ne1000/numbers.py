"""Numbers and units as the NE-1000 reads and writes them (vendor manual, RS-232 grammar)."""

import math
import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Literal

NumberStyle = Literal["padded", "short"]

MAX_DIGITS = 4
MAX_DECIMALS = 3
_LAST_DIGITS = tuple(Decimal(1).scaleb(-decimals) for decimals in range(MAX_DECIMALS, -1, -1))
ROLL_OVER = Decimal(10_000)
"""Counters begin again at zero here: four digits are all there is."""
_ROLLS_OVER_FROM = ROLL_OVER - Decimal("0.5")  # what would be rounded up to it

MAX_SPEED_CM_MIN = 5.1005
MIN_SPEED_CM_H = 0.004205
MICROLITRE_UNITS_UP_TO_MM = Decimal("14.00")
"""Up to this diameter volumes are in microlitres by default, above it in millilitres."""

_NUMBER = re.compile(r"\d+\.?\d*|\.\d+", re.ASCII)

_UL_S_PER_UNIT = {
    "UM": Decimal(1) / 60,
    "MM": Decimal(1000) / 60,
    "UH": Decimal(1) / 3600,
    "MH": Decimal(1000) / 3600,
}
_UL_PER_UNIT = {"UL": Decimal(1), "ML": Decimal(1000)}

RATE_UNITS = tuple(_UL_S_PER_UNIT)
VOLUME_UNITS = tuple(_UL_PER_UNIT)


class CommandError(Exception):
    """What the pump answers instead of doing it: `?`, `?NA`, `?OOR` or `?IGN`."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


def not_recognised() -> CommandError:
    """The pump does not know what this is."""
    return CommandError("?")


def not_applicable() -> CommandError:
    """Known, but not now."""
    return CommandError("?NA")


def out_of_range() -> CommandError:
    """Known, but not with this value."""
    return CommandError("?OOR")


def parse_number(text: str) -> Decimal:
    """A number of at most four digits and at most three of them behind the point.

    Raises CommandError: `?OOR` when it is longer, `?` when it is no number.
    """
    if not _NUMBER.fullmatch(text):
        raise not_recognised()
    whole, _, fraction = text.partition(".")
    if len(whole) + len(fraction) > MAX_DIGITS or len(fraction) > MAX_DECIMALS:
        raise out_of_range()
    return Decimal(text if whole else "0" + text)


def parse_integer(text: str, low: int, high: int) -> int:
    """A whole number from low to high. Raises CommandError: `?OOR` outside, `?` when it is none."""
    if not text.isascii() or not text.isdigit():
        raise not_recognised()
    if len(text) > len(str(high)) or not low <= int(text) <= high:
        raise out_of_range()
    return int(text)


def render_number(value: Decimal, style: NumberStyle) -> str:
    """Four digits with a point, as many behind it as fit (at most three): 4.780, 50.00, 500.0, 1000."""
    text = ""
    whole_digits = len(str(int(value)))
    for step in _LAST_DIGITS[max(0, whole_digits - MAX_DIGITS + MAX_DECIMALS) :] or _LAST_DIGITS[-1:]:
        text = str(value.quantize(step, rounding=ROUND_HALF_UP))
        if len(text.replace(".", "")) <= MAX_DIGITS:
            break
    if "." not in text:
        text += "."
    if style == "short":
        whole, _, fraction = text.partition(".")
        text = f"{whole}.{fraction.rstrip('0') or '0'}"
    return text


def rate_ul_s(value: Decimal, units: str) -> float:
    """A rate in one of the pump's units, in microlitres per second."""
    return float(value * _UL_S_PER_UNIT[units])


def volume_ul(value: Decimal, units: str) -> float:
    """A volume in one of the pump's units, in microlitres."""
    return float(value * _UL_PER_UNIT[units])


@lru_cache(maxsize=8)  # of the two counters one stands at least
def render_counter(counted_ul: float, units: str, style: NumberStyle) -> str:
    """A dispensed volume as the pump shows it; it rolls over behind four digits."""
    value = Decimal(counted_ul) / _UL_PER_UNIT[units] % ROLL_OVER
    shown = value.quantize(_LAST_DIGITS[0], rounding=ROUND_HALF_UP)
    return render_number(shown if shown < _ROLLS_OVER_FROM else Decimal(0), style)


def default_volume_units(diameter_mm: Decimal) -> str:
    """The units that a new diameter brings with it."""
    return "UL" if diameter_mm <= MICROLITRE_UNITS_UP_TO_MM else "ML"


def rate_limits_ul_s(diameter_mm: Decimal) -> tuple[float, float]:
    """Slowest and fastest rate that the drive can do with this syringe."""
    area_cm2 = math.pi / 4.0 * (float(diameter_mm) / 10.0) ** 2
    return MIN_SPEED_CM_H * area_cm2 * 1000.0 / 3600.0, MAX_SPEED_CM_MIN * area_cm2 * 1000.0 / 60.0


def rate_is_possible(rate: float, diameter_mm: Decimal) -> bool:
    """Whether the drive can do this rate (uL/s) with this syringe."""
    low, high = rate_limits_ul_s(diameter_mm)
    return low <= rate <= high
