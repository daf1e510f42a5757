"""What every pump driver says and understands (the device kind's protocol).

Volumes are plunger volumes in microlitres, rates in microlitres per second, times in seconds.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from drivers.driver import ByteDriver


class Direction(Enum):
    """Which way the plunger goes."""

    INFUSE = "infuse"
    WITHDRAW = "withdraw"


class PumpStatus(Enum):
    """What the pump says it is doing."""

    INFUSING = "infusing"
    WITHDRAWING = "withdrawing"
    STOPPED = "stopped"
    PAUSED = "paused"
    TIMED_PAUSE = "timed pause"
    WAITING_FOR_TRIGGER = "waiting for trigger"
    PURGING = "purging"

    @property
    def moving(self) -> bool:
        """True while the motor turns."""
        return self in (PumpStatus.INFUSING, PumpStatus.WITHDRAWING, PumpStatus.PURGING)


class PumpAlarm(Enum):
    """Alarms of the pump itself."""

    RESET = "reset: its power was interrupted"
    STALL = "motor stalled"
    WATCHDOG = "its communication watchdog expired"
    PROGRAM = "program error"
    PHASE = "phase out of range"


@dataclass(frozen=True, slots=True)
class Motion:
    """One programmed motion: the only kind there is. It ends by itself after volume_ul."""

    volume_ul: float
    rate_ul_s: float
    direction: Direction

    @property
    def rate_ul_min(self) -> float:
        """The rate as pumps take it, free of binary dust (0.1 ul/s is 6 ul/min, not 6.000000000000001)."""
        return round(self.rate_ul_s * 60.0, 9)


@dataclass(frozen=True, slots=True)
class PumpConnected:
    """Identified, quiet, set up; everything that was set was read back."""

    model: str
    firmware: str


@dataclass(frozen=True, slots=True)
class PumpPrepared:
    """A motion is programmed; these are the values read back, and what is counted begins at zero."""

    motion: Motion


@dataclass(frozen=True, slots=True)
class PumpReading:
    """One answer of the pump: status and what it has dispensed since the last PumpPrepared."""

    status: PumpStatus
    infused_ul: float
    withdrawn_ul: float


@dataclass(frozen=True, slots=True)
class PumpStopped:
    """Seen stopped after a stop request: status and an unchanged volume, and the pump has left its pause."""

    infused_ul: float
    withdrawn_ul: float


@dataclass(frozen=True, slots=True)
class PumpAlarmed:
    """The pump reports an alarm. Whatever it was told in that exchange it has not done."""

    alarm: PumpAlarm


@dataclass(frozen=True, slots=True)
class PumpHeard:
    """Any valid answer of the pump (also contained in the others): it is alive."""


@dataclass(frozen=True, slots=True)
class PumpIdle:
    """The request under way has come to its end, however it ended: the next one can be given."""


@dataclass(frozen=True, slots=True)
class PumpRefused:
    """The pump refused a request, or a value read back differs from what was set. text says which."""

    text: str


@dataclass(frozen=True, slots=True)
class PumpReleased:
    """The pump was handed back: watchdog off, keypad unlocked."""


class PumpDriver(ByteDriver, Protocol):
    """A pump. Requests are taken one at a time; stop is taken at any time and goes before everything else."""

    @property
    def busy(self) -> bool:
        """True while a request is under way."""

    def connect(self, now_s: float) -> None:
        """Identify, quieten, set up, read back, watchdog on. Ends in PumpConnected or DeviceProblem, in bounded time."""

    def prepare(self, motion: Motion, now_s: float) -> None:
        """Program one motion. Ends in PumpPrepared or PumpRefused. Raises ValueError if a number can not be sent exactly."""

    def run(self, now_s: float) -> None:
        """Start the prepared motion. Whether it runs is seen by polling."""

    def poll(self, now_s: float) -> None:
        """Ask for status and volume once; this also keeps the pump's watchdog alive. Ends in PumpReading."""

    @property
    def stop_frame(self) -> bytes:
        """What says stop now, whatever is under way: to be sent before anything else is done about a stop."""

    def stop(self, now_s: float, *, said: bool = False) -> None:
        """Stop at once; repeated by the driver until PumpStopped. said: the stop_frame has been sent already."""

    def release(self, now_s: float) -> None:
        """Hand the stopped pump back to people. Ends in PumpReleased or PumpRefused."""
