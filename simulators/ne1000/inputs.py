"""The TTL connector of the NE-1000 (DB-9; vendor manual, TTL I/O): levels, and what each trigger mode makes of them."""

from typing import Literal

Action = Literal["start", "stop", "toggle"]

TRIGGER_PIN = 2
DIRECTION_PIN = 3
EVENT_PIN = 4
PROGRAM_PIN = 6
INPUT_PINS = (TRIGGER_PIN, DIRECTION_PIN, EVENT_PIN, PROGRAM_PIN)

# mode -> (action on the falling edge, action on the rising edge)
_EDGES: dict[str, tuple[Action | None, Action | None]] = {
    "FT": ("toggle", None),
    "FH": ("start", "stop"),
    "F2": (None, "toggle"),
    "LE": ("stop", "start"),
    "ST": ("start", None),
    "T2": (None, "start"),
    "SP": ("stop", None),
    "P2": (None, "stop"),
}

# mode -> (level that acts, action)
_LEVELS: dict[str, tuple[bool, Action]] = {
    "RL": (False, "start"),
    "RH": (True, "start"),
    "SL": (False, "stop"),
    "SH": (True, "stop"),
}


def edge_action(mode: str, *, high: bool) -> Action | None:
    """What the trigger input does when it has just become high or low."""
    level = _LEVELS.get(mode)
    if level is not None:
        return level[1] if level[0] == high else None
    falling, rising = _EDGES.get(mode, (None, None))
    return rising if high else falling


def level_action(mode: str, *, high: bool) -> Action | None:
    """What the trigger input does by being high or low (level modes only)."""
    level = _LEVELS.get(mode)
    return level[1] if level is not None and level[0] == high else None


class Inputs:
    """Levels of the input pins, and of the program output (pin 5). An open input is high."""

    def __init__(self) -> None:
        self._high = dict.fromkeys(INPUT_PINS, True)
        self.output_high = False

    def high(self, pin: int) -> bool:
        """The level of an input pin."""
        return self._high[pin]

    def change(self, pin: int, *, high: bool) -> bool:
        """Sets a level; returns whether that was an edge."""
        edge = self._high[pin] != high
        self._high[pin] = high
        return edge
