"""A link: the bytes and modem lines between this host and one device.

Drivers never see a link; the loop reads it, hands the bytes to the driver, and writes what the driver wants sent.
"""

from dataclasses import dataclass
from typing import Protocol


class LinkLostError(Exception):
    """The port is gone, or takes no more bytes. Nothing more will come through it until it is opened anew."""


@dataclass(frozen=True, slots=True)
class InputLines:
    """Modem lines that the device drives. True = asserted."""

    cts: bool
    dsr: bool
    dcd: bool = False


@dataclass(frozen=True, slots=True)
class OutputLines:
    """Modem lines that the host drives. True = asserted."""

    rts: bool
    dtr: bool


class Link(Protocol):
    """A non-blocking byte stream plus modem lines. No call waits."""

    @property
    def unsent(self) -> bool:
        """True while a part of the last frame still waits to be taken: `read` has to be called for it to go out."""

    def read(self) -> bytes:
        """What has arrived since the last call; b"" when nothing has. Raises LinkLostError."""

    def write(self, frame: bytes) -> None:
        """Hands one whole frame to the port. Raises LinkLostError if it can not be taken at once."""

    def lines(self) -> InputLines:
        """The device's lines as they are now. Raises LinkLostError; only for links opened with lines."""

    def set_lines(self, wanted: OutputLines) -> None:
        """Drives the host's lines. Raises LinkLostError."""

    def fileno(self) -> int | None:
        """A descriptor that becomes readable when bytes arrive, or None where there is none (poll instead)."""

    def close(self) -> None:
        """Gives the port back. Never raises."""
