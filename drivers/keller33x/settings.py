"""What must be known of the transmitter before it is connected."""

from dataclasses import dataclass
from typing import Literal

LOWEST_ATMOSPHERE_KPA = 80.0
HIGHEST_ATMOSPHERE_KPA = 106.0


@dataclass(frozen=True, slots=True)
class Keller33xSettings:
    """Settings of one KELLER 33X or 35X on a KELLER bus. Raises ValueError naming the field and its limits.

    address: 1..250; 250 answers whatever the transmitter's own address is (only one transmitter on the line).

    must_cover_kpa: lowest and highest pressure, relative to the atmosphere for either reference, that must be
    measurable. Of an absolute transmitter this asks the same on top of any atmosphere between 80 and 106 kPa.

    sample_hz: 100..200 samples per second.

    expected_serial: the serial number that must answer; None takes any.

    reference: what the transmitter measures against. Nothing is subtracted: samples of an absolute one are absolute.

    reply_timeout_s: 0.005..0.1; how long a sample's reply is waited for.

    slew_limit_kpa_s: 100..100000. More than any pressure in the line can do: a blocked line rises by 4 to 40 kPa/s, a
    knock on the syringe or a line that comes apart moves a few hundred kPa within some tenths of a second. 2000 kPa/s
    is beyond all of these and still only 10 kPa from one sample to the next at 200 Hz.
    """

    address: int
    must_cover_kpa: tuple[float, float]
    sample_hz: float = 200.0
    expected_serial: int | None = None
    reference: Literal["gauge", "absolute"] = "gauge"
    reply_timeout_s: float = 0.025
    slew_limit_kpa_s: float = 2000.0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("address", 1, 250),
            ("sample_hz", 100, 200),
            ("reply_timeout_s", 0.005, 0.1),
            ("slew_limit_kpa_s", 100, 100_000),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} is {value}, allowed is {low} to {high}")
        if self.reference not in ("gauge", "absolute"):
            raise ValueError(f"reference is {self.reference!r}, allowed is 'gauge' or 'absolute'")
        if not self.must_cover_kpa[0] < self.must_cover_kpa[1]:
            raise ValueError(f"must_cover_kpa is {self.must_cover_kpa}, its first value must be the smaller one")

    @property
    def period_s(self) -> float:
        """From one sample to the next."""
        return 1.0 / self.sample_hz

    @property
    def transmitter_must_cover_kpa(self) -> tuple[float, float]:
        """must_cover_kpa as the transmitter itself counts."""
        low_kpa, high_kpa = self.must_cover_kpa
        if self.reference == "gauge":
            return low_kpa, high_kpa
        return low_kpa + LOWEST_ATMOSPHERE_KPA, high_kpa + HIGHEST_ATMOSPHERE_KPA

    @property
    def open_line_below_kpa(self) -> float:
        """Below this, as the transmitter counts, the sensor's line is open: 20 kPa below the (lowest) atmosphere."""
        return -20.0 if self.reference == "gauge" else LOWEST_ATMOSPHERE_KPA - 20.0
