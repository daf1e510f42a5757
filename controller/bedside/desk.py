"""Who holds the desk: of all windows of the operator's browser one alone gives the go, answers, and handles the alarm.

Stopping needs no desk. A window is known by its own name, which survives a reload; so a reload keeps the desk.
"""

from dataclasses import dataclass
from typing import Final

GRACE_S: Final = 5.0
"""So long the desk waits for a window that has gone (a reload), before the next new one gets it."""

NOT_AT_THE_DESK: Final = "another window has the desk: take it over first"


@dataclass(frozen=True, slots=True)
class Seat:
    """One connection of a window. Two tabs may bear the same name (a tab that was duplicated does): number tells them apart."""

    window: str
    number: int


class DeskHolder:
    """One desk. Only windows with the operator's cookie are told to it."""

    def __init__(self) -> None:
        self._holder: Seat | None = None
        self._left_s: float | None = None

    def arrive(self, seat: Seat, now_s: float) -> bool:
        """A window has connected; True if the desk has changed hands by that."""
        free = self._holder is None or (self._left_s is not None and now_s - self._left_s >= GRACE_S)
        if free or (self._holder is not None and self._holder.window == seat.window):
            return self.take(seat)
        return False

    def take(self, seat: Seat) -> bool:
        """This window takes it over; True if that changes anything."""
        changed = self._holder != seat
        self._holder, self._left_s = seat, None
        return changed

    def leave(self, seat: Seat, now_s: float) -> None:
        """A window has gone. The desk is kept for it for a while."""
        if seat == self._holder:
            self._left_s = now_s

    def clear(self) -> None:
        """The operator's session is another one now: who held the desk holds nothing."""
        self._holder, self._left_s = None, None

    def has(self, seat: Seat) -> bool:
        """Whether this connection has it."""
        return self._holder == seat

    def window_has(self, window: str | None) -> bool:
        """Whether a window of this name has it."""
        return self._holder is not None and self._holder.window == window
