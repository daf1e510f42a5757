"""What the plunger truly does, step by step: the gross travel both ways, and since when it goes forward."""

import math

from simulators.oracle.limits import GAP_S, MOVED_UL


class Plunger:
    """Volumes in ul, times in s. A forward motion is one as long as the plunger does not stand still for GAP_S."""

    __slots__ = (
        "began_s",
        "drawn_ul",
        "forward_s",
        "forward_ul",
        "just_began",
        "moved_ul",
        "patient_ul",
        "unordered_since_s",
        "way",
        "way_s",
        "withdrawn_ul",
    )

    def __init__(self) -> None:
        self.forward_ul = 0.0
        self.patient_ul = 0.0  # the part of it with the tip in the patient
        self.withdrawn_ul = 0.0
        self.moved_ul = 0.0  # forward in this step
        self.drawn_ul = 0.0  # backward in this step
        self.just_began = False
        self.began_s = -math.inf  # the forward motion under way, or the last one
        self.forward_s = -math.inf  # when it last went forward
        self.way = 0  # which way it last went
        self.way_s = -math.inf  # and when
        self.unordered_since_s: float | None = None  # since when nothing allowed the motion under way, either way

    def take(self, since_s: float, now_s: float, forward_ul: float, patient_ul: float, withdrawn_ul: float) -> bool:
        """One step of the bench, from since_s to now_s; True if the plunger moved in it."""
        self.moved_ul = forward_ul - self.forward_ul
        self.drawn_ul = withdrawn_ul - self.withdrawn_ul
        self.just_began = False
        forward, backward = self.moved_ul > MOVED_UL, self.drawn_ul > MOVED_UL
        if forward and since_s - self.forward_s > GAP_S:
            self.just_began = True
            self.began_s = since_s
        if forward or backward:
            way = 1 if forward else -1
            if way != self.way or since_s - self.way_s > GAP_S:
                self.unordered_since_s = None
            self.way, self.way_s = way, now_s
        if forward:
            self.forward_s = now_s
        self.forward_ul, self.patient_ul, self.withdrawn_ul = forward_ul, patient_ul, withdrawn_ul
        return forward or backward

    def going(self, now_s: float) -> bool:
        """Whether it goes forward now, or did a moment ago."""
        return now_s - self.forward_s <= GAP_S
