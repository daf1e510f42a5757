"""The account of what the plunger has done: for every motion what is certain, and the most it can have been.

All volumes are gross plunger volumes in ul. What can not be known is counted at its most: a motion under way may yet run to
its programmed end whatever becomes of host and line.
"""

from dataclasses import dataclass
from math import inf

from drivers.pump import Direction, Motion

COUNT_TOLERANCE_UL = 0.1  # the pump tells its volumes in four digits


@dataclass(slots=True)
class Entry:
    """One motion. into: "air", "patient" or "relief"."""

    number: int
    into: str
    motion: Motion
    programmed: bool = False  # read back from the pump: its counters speak of this motion from here on
    started_s: float | None = None
    infused_ul: float = 0.0
    withdrawn_ul: float = 0.0
    overcounted_ul: float = 0.0  # what the pump may have counted without moving it (a stall is noticed late)
    unseen_ul: float = 0.0  # what may have followed unseen, where not even the programmed end is a bound
    went_on: bool = False  # it moved without an order: before its start, or after its end
    unordered: bool = False  # it is no motion of ours at all, and the counters spoke of another one before
    before_infused_ul: float = 0.0  # what the pump had counted when it began, if that was not nothing
    before_withdrawn_ul: float = 0.0
    closed: bool = False
    certain: bool = False

    @property
    def infused_min_ul(self) -> float:
        """The least that has gone forward."""
        return max(0.0, self.infused_ul - self.overcounted_ul)

    @property
    def infused_max_ul(self) -> float:
        """The most that can have gone forward."""
        if self.certain or (self.started_s is None and not self.went_on):
            return self.infused_ul
        planned = self.motion.volume_ul if self.motion.direction is Direction.INFUSE else 0.0
        return max(planned, self.infused_ul + self.unseen_ul)

    @property
    def done_ul(self) -> float:
        """What the pump has counted in the ordered direction."""
        return self.infused_ul if self.motion.direction is Direction.INFUSE else self.withdrawn_ul


class Account:
    """All motions of one procedure, in order. The pump's counters speak of the last one that it was programmed with."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    @property
    def counted(self) -> Entry | None:
        """The motion that the pump's counters speak of."""
        for entry in reversed(self.entries):
            if entry.programmed:
                return entry
        return None

    @property
    def moving(self) -> Entry | None:
        """The motion that was started and has not been seen to end."""
        entry = self.counted
        return entry if entry is not None and entry.started_s is not None and not entry.closed else None

    def open(self, into: str, motion: Motion) -> Entry:
        """Begins the account of the next motion (before its intent is written)."""
        entry = Entry(number=len(self.entries) + 1, into=into, motion=motion)
        self.entries.append(entry)
        return entry

    def take_counters(self, infused_ul: float, withdrawn_ul: float) -> bool:
        """Takes what the pump has counted since the last motion was programmed; True if it went on by itself.

        Counters that went back (the pump lost its power) say nothing: what was seen before stays counted. A motion that went on
        is open again, so that its end will be written down again.
        """
        entry = self.counted
        if entry is None:
            return False
        infused_ul -= entry.before_infused_ul
        withdrawn_ul -= entry.before_withdrawn_ul
        grew_ul = max(infused_ul - entry.infused_ul, withdrawn_ul - entry.withdrawn_ul)
        went_on = (entry.closed or entry.started_s is None) and grew_ul > COUNT_TOLERANCE_UL
        if went_on and entry.closed and entry.into == "air":
            infused_ul -= entry.infused_ul
            withdrawn_ul -= entry.withdrawn_ul
            entry = self._open_unordered(entry)
        elif went_on:
            entry.went_on, entry.closed, entry.certain = True, False, False
        entry.infused_ul = max(entry.infused_ul, infused_ul)
        entry.withdrawn_ul = max(entry.withdrawn_ul, withdrawn_ul)
        return went_on

    def _open_unordered(self, primed: Entry) -> Entry:
        """What moves after priming has ended may go into the patient: the cannula may be in. Or not: so the least is nothing."""
        entry = self.open("patient", primed.motion)
        entry.unordered = entry.went_on = entry.programmed = True
        entry.started_s = primed.started_s
        entry.overcounted_ul = inf
        entry.before_infused_ul = primed.before_infused_ul + primed.infused_ul
        entry.before_withdrawn_ul = primed.before_withdrawn_ul + primed.withdrawn_ul
        return entry

    def close(self, *, certain: bool) -> list[Entry]:
        """Ends the account of every motion that is open, and returns them. One that never began is certain in any case."""
        ended = [entry for entry in self.entries if not entry.closed]
        for entry in ended:
            never_began = entry.started_s is None and not entry.went_on
            entry.closed, entry.certain = True, certain or never_began
        return ended

    def forward_ul(self, into: str) -> tuple[float, float]:
        """Least and most that has gone forward into "air", "patient" or "relief"."""
        chosen = [entry for entry in self.entries if entry.into == into]
        return sum(entry.infused_min_ul for entry in chosen), sum(entry.infused_max_ul for entry in chosen)

    def patient_forward_ul(self) -> tuple[float, float]:
        """Least and most that has gone forward since arming, whatever it was meant for."""
        chosen = [entry for entry in self.entries if entry.into != "air"]
        return sum(entry.infused_min_ul for entry in chosen), sum(entry.infused_max_ul for entry in chosen)
