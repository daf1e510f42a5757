"""What every pressure transmitter driver says (the device kind's protocol). Pressures in kPa as the device gives them."""

from dataclasses import dataclass
from typing import Protocol

from drivers.driver import ByteDriver


@dataclass(frozen=True, slots=True)
class PressureConnected:
    """Identified; serial number and range are what the configuration says."""

    serial_number: int
    firmware: str
    range_min_kpa: float
    range_max_kpa: float


@dataclass(frozen=True, slots=True)
class PressureSample:
    """One valid sample that passed every monitor of the driver. asked_s: when it was asked for (its greatest age)."""

    kpa: float
    asked_s: float


@dataclass(frozen=True, slots=True)
class PressureRejected:
    """One sample was thrown away (bad CRC, impossible slew); the next one decides."""

    text: str


@dataclass(frozen=True, slots=True)
class PressureFault:
    """The transmitter can not be trusted. text says which monitor and what it saw."""

    text: str


class PressureDriver(ByteDriver, Protocol):
    """A pressure transmitter that samples by itself once connected."""

    @property
    def awaits_answer(self) -> bool:
        """True while something is asked and neither answered nor given up."""

    def exceeds(self, data: bytes, limit_kpa: float, zero_kpa: float) -> bool:
        """Whether `receive` would certainly make one valid sample of these bytes, limit_kpa or more above zero_kpa.

        Changes nothing.
        """

    def connect(self, now_s: float) -> None:
        """Identify and begin to sample. Ends in PressureConnected or DeviceProblem, in bounded time."""

    def learn_noise(self, samples_kpa: list[float]) -> str:
        """Sets the limit of the frozen-sensor monitor from samples at rest; returns a sentence that says what it is.

        Raises ValueError where the samples do not dither at all (a dead or far too coarse transmitter).
        """
