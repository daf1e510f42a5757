"""Faults that can be put on the simulated NE-1000 while it runs.

Fault arguments have the names and units given in FAULTS; unknown names are refused with ValueError, unknown arguments
with TypeError, so that a scenario with a typing error does not pass as a quiet one.
"""

import math
import random
from dataclasses import dataclass
from typing import Literal

FAULTS: dict[str, str] = {
    "power_off": "The power is cut: motion and bytes under way end at once, volatile state is lost.",
    "power_on": "The power comes back: alarm A?R is pending, and with PF1 the interrupted program pumps again.",
    "power_cycle": "The power is cut for off_s seconds (default 1).",
    "stall": "The plunger stands; after detect_s (default 0.05) alarm A?S, or never and counting on with detected=False.",
    "leftover_phase2": "Phase 2 holds an old RAT of rate_ul_s (default 5) and volume_ul (default 0 = without end).",
    "ignore_stop": "STP does not stop the motor; answer='running', 'stopped' or 'none'; every_stop=True: no other stop does.",
    "deaf": "Nothing that the host sends is received.",
    "mute": "Everything is done but all replies are lost.",
    "corrupt_replies": "Every n-th reply (every=1), or each with probability (seed), is damaged: kind='flip', 'drop' or 'junk'.",
    "delay_replies": "Replies come delay_s seconds later than they should.",
    "short_delivery": "The plunger moves only factor (default 0.5) times the counted volume.",
    "runaway": "The motor goes on for extra_ul (default without end) beyond the volume; reported=False: hidden, STP useless.",
    "keypad_start": "Somebody presses the start key; a locked keypad does nothing.",
    "self_start": "The pump starts its stored program by itself, locked keypad or not.",
    "other_model": "VER answers version (default NE500V3.919).",
    "echo": "Every byte received is sent back, too (wrong adapter, shorted wires).",
    "lose_next_command": "The next n commands (default 1) are lost without an answer.",
    "wrong_baud": "Pump and host are set to different baud rates: neither understands a byte of the other.",
}

Answer = Literal["running", "stopped", "none"]
Damage = Literal["flip", "drop", "junk"]


@dataclass(slots=True)
class Stall:
    """A blocked plunger since since_s."""

    since_s: float
    detected: bool = True
    detect_s: float = 0.05


@dataclass(slots=True)
class IgnoreStop:
    """A stop that does not work."""

    answer: Answer = "running"
    every_stop: bool = False


@dataclass(slots=True)
class Runaway:
    """A volume target that is run over."""

    extra_ul: float = math.inf
    reported: bool = True


class Corruption:
    """Damages replies; the same seed damages the same ones."""

    def __init__(self, every: int = 1, probability: float | None = None, kind: Damage = "flip", seed: int = 0) -> None:
        if every < 1:
            raise ValueError(f"every {every} is less than 1")
        if kind not in ("flip", "drop", "junk"):
            raise ValueError(f"kind {kind!r} is none of flip, drop, junk")
        self._every = every
        self._probability = probability
        self._kind = kind
        self._random = random.Random(seed)
        self._replies = 0

    def apply(self, frame: bytes) -> bytes:
        """The frame as it leaves the pump."""
        self._replies += 1
        if self._probability is not None:
            if self._random.random() >= self._probability:
                return frame
        elif self._replies % self._every:
            return frame
        at = self._random.randrange(len(frame))
        if self._kind == "drop":
            return frame[:at] + frame[at + 1 :]
        if self._kind == "junk":
            return frame[:at] + bytes([self._random.randrange(256)]) + frame[at:]
        return frame[:at] + bytes([frame[at] ^ 1 << self._random.randrange(8)]) + frame[at + 1 :]


@dataclass(slots=True)
class Faults:
    """The faults that are on now."""

    deaf: bool = False
    mute: bool = False
    echo: bool = False
    wrong_baud: bool = False
    version: str | None = None
    delay_s: float = 0.0
    corruption: Corruption | None = None
    lose_commands: int = 0
    factor: float = 1.0
    stall: Stall | None = None
    ignore_stop: IgnoreStop | None = None
    runaway: Runaway | None = None

    @property
    def true_factor(self) -> float:
        """True plunger motion for each counted microlitre."""
        return 0.0 if self.stall else self.factor
