"""The pump's mechanics without its firmware: one programmed motion that begins, ends by itself, or is stopped.

Orders carry the time at which they take effect; the motor keeps to it however long the steps of the bench are.
"""

from math import inf

from controller.virtual.direct.latencies import STALL_NOTICED_S
from drivers.pump import Direction, Motion
from simulators.ne1000.drive import Drive


class Motor:
    """A plunger drive and its counters. Volumes in ul, times in s; status letters as the NE-1000 says them (I, W, S, P)."""

    def __init__(self) -> None:
        self.status = "S"
        self.forward_ul = 0.0  # true gross travel since construction, as of the last advance
        self.withdrawn_ul = 0.0
        self.obeys_trigger = False
        self.stalled = False  # noticed: the pump's alarm
        self._drive = Drive()
        self._motion: Motion | None = None
        self._now_s = 0.0
        self._stop_s = inf
        self._stall_s = inf
        self._held = False

    # -- what the host orders --------------------------------------------------------------------------------------------------

    def program(self, motion: Motion) -> None:
        """The next motion; the counters begin anew."""
        self._motion = motion
        self._drive.clear_counter(1, self._now_s)
        self._drive.clear_counter(-1, self._now_s)

    def run(self, at_s: float) -> bool:
        """The programmed motion begins at at_s; False if the trigger input holds the pump. Raises RuntimeError without one."""
        motion, self._motion = self._motion, None
        if motion is None:
            raise RuntimeError("the pump was told to run, but no motion is programmed")
        if self._held and self.obeys_trigger:
            return False
        infuse = motion.direction is Direction.INFUSE
        self._drive.set_factor(1.0, self._now_s)
        self._stall_s = self._stop_s = inf
        self._drive.move(1 if infuse else -1, motion.rate_ul_s, motion.volume_ul, at_s)
        self.status = "I" if infuse else "W"
        return True

    def stop(self, at_s: float) -> None:
        """Stands still from at_s on, if not before, and forgets what was programmed."""
        self._motion = None
        self._stop_s = min(self._stop_s, at_s)

    def counted_ul(self) -> tuple[float, float]:
        """Infused and withdrawn since the last programming, as the pump counts it."""
        return self._drive.counted_ul(1, self._now_s), self._drive.counted_ul(-1, self._now_s)

    # -- what happens to it ----------------------------------------------------------------------------------------------------

    def hold(self, *, held: bool, now_s: float) -> None:
        """The trigger input: a contact that opens pauses a pump that was told to obey it."""
        self._held = held
        if held and self.obeys_trigger and self._drive.moving:
            self._come_to_rest(now_s, "P")

    def stall(self, now_s: float) -> None:
        """The plunger can go no further: it stands, the counters go on until the pump notices."""
        if self._drive.moving and self._stall_s == inf:
            self._drive.set_factor(0.0, now_s)
            self._stall_s = now_s + STALL_NOTICED_S

    def advance(self, to_s: float) -> bool:
        """Everything up to to_s happens. True if the plunger is, or was, ordered to move meanwhile."""
        self._now_s = to_s
        drive = self._drive
        if not drive.moving:
            if self._stop_s <= to_s:
                self._stop_s, self.status = inf, "S"
            return False
        if min(self._stop_s, self._stall_s, drive.end_s) <= to_s:
            if self._stall_s < min(self._stop_s, drive.end_s):
                self.stalled = True
                self._come_to_rest(self._stall_s, "P")
            else:
                self._come_to_rest(min(self._stop_s, drive.end_s), "S")
        self.forward_ul = drive.true_forward_ul(to_s)
        self.withdrawn_ul = drive.true_withdrawn_ul(to_s)
        return True

    def _come_to_rest(self, at_s: float, status: str) -> None:
        self._drive.stop(at_s)
        self._stop_s = self._stall_s = inf
        self.status = status
