"""The foot pedal on the button's spare input: a normally open contact between DTR and DCD.

DTR falls for a moment in every second test pulse, and the pedal's input with it: a foot is off only when that lasts for longer.
"""

from typing import Final

from drivers.button import PedalUsed

PRESSED_S: Final = 0.02
"""A press has to last for so long: what is shorter is a bounce, or a disturbance on the wire."""
RELEASED_S: Final = 0.15
"""Longer than any test pulse with the time it may take to come back."""
LONGEST_S: Final = 3.0
"""A foot that rests on the pedal says nothing."""


class Pedal:
    """Tells of a press when it is over, and only then."""

    def __init__(self) -> None:
        self._up_s: float | None = None  # since when the input is asserted
        self._down_s: float | None = None  # since when it is not, while a press is under way
        self._last_up_s = 0.0

    def sample(self, asserted: bool, now_s: float) -> PedalUsed | None:
        """The input as it was read now."""
        if asserted:
            if self._up_s is None:
                self._up_s = now_s
            self._down_s, self._last_up_s = None, now_s
            return None
        if self._up_s is None:
            return None
        if self._down_s is None:
            self._down_s = now_s
        if now_s - self._down_s < RELEASED_S:
            return None
        began_s, self._up_s, self._down_s = self._up_s, None, None
        lasted_s = self._last_up_s - began_s
        return PedalUsed(began_s) if PRESSED_S <= lasted_s <= LONGEST_S else None
