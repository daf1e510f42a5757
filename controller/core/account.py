"""The account of what the plunger has done: for every motion what is certain, and the most it can have been.

All volumes are gross plunger volumes in ul. What can not be known is counted at its most: a motion under way may yet run to
its programmed end whatever becomes of host and line.
"""

from dataclasses import dataclass

from drivers.pump import Direction, Motion

COUNT_TOLERANCE_UL = 0.1  # the pump tells its volumes in four digits


@dataclass(slots=True)
class Entry:
    """One motion. into: "air", "patient" or "relief"."""

    number: int
    into: str
    motion: Motion
    started_s: float | None = None
    infused_ul: float = 0.0
    withdrawn_ul: float = 0.0
    closed: bool = False
    certain: bool = False

    @property
    def infused_max_ul(self) -> float:
        """The most that can have gone forward."""
        if self.certain or self.started_s is None:
            return self.infused_ul
        planned = self.motion.volume_ul if self.motion.direction is Direction.INFUSE else 0.0
        return max(planned, self.infused_ul)

    @property
    def done_ul(self) -> float:
        """What the pump has counted in the ordered direction."""
        return self.infused_ul if self.motion.direction is Direction.INFUSE else self.withdrawn_ul


class Account:
    """All motions of one procedure, in order; the last one is the one the pump's counters speak of."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    @property
    def current(self) -> Entry | None:
        """The motion that may be under way; None where nothing was ordered, or all is closed."""
        if not self.entries or self.entries[-1].closed:
            return None
        return self.entries[-1]

    @property
    def moving(self) -> Entry | None:
        """The motion that was started and has not been seen to end."""
        entry = self.current
        return entry if entry is not None and entry.started_s is not None else None

    def open(self, into: str, motion: Motion) -> Entry:
        """Begins the account of the next motion (before its intent is written)."""
        entry = Entry(number=len(self.entries) + 1, into=into, motion=motion)
        self.entries.append(entry)
        return entry

    def take_counters(self, infused_ul: float, withdrawn_ul: float) -> bool:
        """Takes what the pump has counted since the last motion was programmed; True if it went on by itself.

        Counters that went back (the pump lost its power) say nothing: what was seen before stays counted.
        """
        if not self.entries or self.entries[-1].started_s is None:
            return False
        entry = self.entries[-1]
        went_on = entry.closed and (
            infused_ul > entry.infused_ul + COUNT_TOLERANCE_UL or withdrawn_ul > entry.withdrawn_ul + COUNT_TOLERANCE_UL
        )
        entry.infused_ul = max(entry.infused_ul, infused_ul)
        entry.withdrawn_ul = max(entry.withdrawn_ul, withdrawn_ul)
        return went_on

    def close(self, *, certain: bool) -> Entry | None:
        """Ends the account of the motion under way, if there is one, and returns it."""
        entry = self.current
        if entry is not None:
            entry.closed, entry.certain = True, certain
        return entry

    def forward_ul(self, into: str) -> tuple[float, float]:
        """Least and most that has gone forward into "air", "patient" or "relief"."""
        chosen = [entry for entry in self.entries if entry.into == into]
        return sum(entry.infused_ul for entry in chosen), sum(entry.infused_max_ul for entry in chosen)

    def patient_forward_ul(self) -> tuple[float, float]:
        """Least and most that has gone forward since arming, whatever it was meant for."""
        chosen = [entry for entry in self.entries if entry.into != "air"]
        return sum(entry.infused_ul for entry in chosen), sum(entry.infused_max_ul for entry in chosen)
