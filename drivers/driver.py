"""What every driver is: a sans-IO state machine between bytes (or lines) and typed observations.

No driver has a clock, a thread, a sleep or a policy. Time is passed in as seconds of one monotonic clock (`now_s`).
"""

from dataclasses import dataclass
from typing import Protocol

from drivers.link import InputLines, OutputLines

NEVER_S = float("inf")


@dataclass(frozen=True, slots=True)
class DeviceProblem:
    """A device that can not be used as configured (found while connecting): wrong model, range, serial number, no answer.

    device: "pump", "pressure" or "button". text: one sentence for people that names what was found and what was expected.
    """

    device: str
    text: str


class ByteDriver(Protocol):
    """A driver of a device that talks in bytes."""

    def receive(self, data: bytes, now_s: float) -> list[object]:
        """Takes what arrived (b"" is allowed: only time has passed) and returns typed observations, oldest first."""

    def transmit(self, now_s: float) -> bytes:
        """The next frame to be handed to the port now, or b"". At most one frame a call; called until it gives b""."""

    def next_deadline_s(self) -> float:
        """When this driver wants to be called next even if nothing arrives; NEVER_S when it does not care."""


class LineDriver(Protocol):
    """A driver of a device that is wired to modem lines."""

    def sample(self, lines: InputLines, now_s: float) -> list[object]:
        """Takes the lines as read now and returns typed observations."""

    def opens(self, lines: InputLines) -> bool:
        """Whether `sample` would certainly say of these lines that the button has been opened. Changes nothing."""

    def wanted_lines(self, now_s: float) -> OutputLines:
        """How the host's lines should be from now on."""

    def next_deadline_s(self) -> float:
        """When the lines should be read next."""
