"""Everything that the live screen shows, gathered from messages; no drawing and no clock in here."""

from collections import deque

from controller.display import messages
from controller.display.messages import End, Snapshot
from controller.display.trace import Trace
from controller.display.wire import SENT_KEY

STALE_S = 1.0


class Picture:
    """The newest of each kind. Times are seconds of the clock that the messages were stamped with (see wire.py)."""

    def __init__(self) -> None:
        self.shot: Snapshot | None = None
        self.end: End | None = None
        self.trace = Trace()
        self.notes: deque[str] = deque(maxlen=50)
        self.alarm_since_s = 0.0
        self._sent_s: float | None = None

    def take(self, message: dict[str, object], now_s: float) -> None:
        """Takes one message; unknown types are passed over."""
        match message.get("type"):
            case "snapshot":
                self._snapshot(messages.snapshot(message), message, now_s)
            case "note":
                note, t_s = messages.text(message.get("text")), messages.number(message.get("t_s"))
                if note:
                    self.notes.append(note if t_s is None else f"{t_s:.1f} s  {note}")
            case "end":
                self.end = messages.end(message)

    def age_s(self, now_s: float) -> float | None:
        """How old the newest snapshot is, counted from when it was sent; None before the first."""
        return None if self._sent_s is None else max(0.0, now_s - self._sent_s)

    def stale(self, now_s: float) -> bool:
        """True while the newest snapshot is too old to be believed. After the end nothing more is expected."""
        age_s = self.age_s(now_s)
        return self.end is None and age_s is not None and age_s > STALE_S

    def _snapshot(self, shot: Snapshot, message: dict[str, object], now_s: float) -> None:
        if shot.alarm != (self.shot.alarm if self.shot else None):
            self.alarm_since_s = now_s
        self.shot = shot
        # A snapshot that waited in the socket is as old as it is, not as new as its reading.
        sent_s = messages.number(message.get(SENT_KEY))
        self._sent_s = now_s if sent_s is None else min(sent_s, now_s)
        if shot.t_s is not None:
            self.trace.add(shot.t_s, shot.line_kpa)
