"""After a cause to stop: see the pump stopped, take back what the line has stored where that is allowed, hand the pump back.

Relief is motion too and fenced in like one: only after the pump was seen stopped and with valid pressure, never more than the
line holds above the duct, slow, and ended by anything that would end an infusion but the open button.
"""

from controller.core.desk import Desk
from controller.core.limits import UNCONFIRMED_S
from controller.core.messages import ReleasePump
from controller.core.reasons import Reason
from controller.core.relief import Relief
from controller.core.states import State
from drivers.pump import Direction, PumpAlarm

GIVE_UP_S = 60.0
WATCHDOG_MARGIN_S = 1.5
RELEASE_S = 1.5
STALL_NOTICED_S = 0.5  # our estimate; the manual gives none
RELEASE_WAIT_S = 5.0


class Stopping:
    """From the cause to the very end. One object for the whole of it, so that relief can not begin anew."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.relief = Relief(desk)
        self._seen_s: float | None = None  # the first time
        self._told_stop_s: float | None = None
        self._rested_s: float | None = None
        self._release_ordered = False

    def take(self, observation: object) -> bool:
        """One observation further; True when nothing is left to do."""
        match self._desk.state:
            case State.STOPPING:
                self._await_stop()
            case State.RELIEVING:
                if self.relief.take(observation):
                    self._rest()
            case State.STOPPED | State.COMPLETE:
                return self._hand_back()
            case _:
                pass
        return False

    # -- seen stopped ----------------------------------------------------------------------------------------------------------

    def _await_stop(self) -> None:
        desk = self._desk
        waited_s = desk.now_s - (desk.stop_s if desk.stop_s is not None else desk.now_s)
        if desk.view.pump.seen_stopped:
            self._doubt_a_stalled_count()
            desk.close_motion(certain=desk.view.pump.alarm is not PumpAlarm.RESET)
            self.relief.stood_still()
            if self._seen_s is None:
                self._seen_s = desk.now_s
            if self._told_stop_s != desk.stop_s:
                self._told_stop_s = desk.stop_s
                desk.note(
                    "pump_stopped", f"pump seen stopped {waited_s * 1000:.0f} ms after the stop", waited_s=round(waited_s, 4)
                )
            if self._held_by_hand() and self.relief.stroke_ul() is not None and desk.now_s - self._seen_s < RELEASE_WAIT_S:
                desk.prompt = "Let the stop button go: the line is waiting to be relieved"
            elif self._held_by_hand() or not self.relief.begin():
                self._rest()
            return
        if desk.view.pump.connected is None:
            # Nothing was ever ordered from here; the stop was said all the same.
            if waited_s > UNCONFIRMED_S:
                self._rest()
            return
        if waited_s > UNCONFIRMED_S:
            desk.stop(Reason.STOP_UNCONFIRMED, f"the pump was not seen to stop within {UNCONFIRMED_S * 1000:.0f} ms")
        if waited_s > self._patience_s():
            self._give_up()
            self._rest()

    def _doubt_a_stalled_count(self) -> None:
        """A pump counts the steps it orders from its motor, and notices some time later that the motor does not follow."""
        entry = self._desk.account.moving
        if entry is not None and self._desk.view.pump.alarm is PumpAlarm.STALL:
            entry.overcounted_ul = max(entry.overcounted_ul, min(entry.infused_ul, entry.motion.rate_ul_s * STALL_NOTICED_S))

    def _give_up(self) -> None:
        """Closes the account of a pump that was not seen to stop."""
        desk = self._desk
        entry = desk.account.moving
        if entry is not None and entry.done_ul >= entry.motion.volume_ul:
            # It runs past its programmed end: what bounds it is its watchdog, once this program has fallen silent.
            unseen_s = desk.now_s - desk.view.pump.reading_s + desk.plan.watchdog_s + WATCHDOG_MARGIN_S
            entry.unseen_ul = entry.motion.rate_ul_s * unseen_s if entry.motion.direction is Direction.INFUSE else 0.0
        desk.close_motion(certain=False)

    def _held_by_hand(self) -> bool:
        """A button that is wired to the pump holds it: relief has to wait for its release, though not for ever."""
        return self._desk.plan.button_stops_pump and self._desk.view.button.closed is not True

    def _patience_s(self) -> float:
        """Until the pump's watchdog has acted, or the motion has run out if it ignores us."""
        desk = self._desk
        patience_s = desk.plan.watchdog_s + WATCHDOG_MARGIN_S
        entry = desk.account.moving
        if entry is not None and entry.started_s is not None and desk.stop_s is not None and "pump" not in desk.view.lost:
            began_s = desk.stop_s if entry.went_on else entry.started_s
            ends_s = began_s + entry.motion.volume_ul / entry.motion.rate_ul_s
            patience_s = max(patience_s, ends_s - desk.stop_s + 1.0)
        return min(patience_s, GIVE_UP_S)

    def _rest(self) -> None:
        self._desk.go("rest", "over")
        self._rested_s = self._desk.now_s

    # -- the end ---------------------------------------------------------------------------------------------------------------

    def _hand_back(self) -> bool:
        """Hands the pump back to people if it is known to stand still; leaves it locked and watched if not."""
        desk, pump = self._desk, self._desk.view.pump
        if self._rested_s is None:
            self._rested_s = desk.now_s
        if desk.stop_s is not None and desk.stop_s >= self._rested_s:
            # Stopped once more after the end: see it stand still, but not for ever.
            if desk.stop_under_way and desk.now_s - desk.stop_s <= RELEASE_S:
                return False
            desk.close_motion(certain=pump.seen_stopped)
        still = pump.connected is not None and "pump" not in desk.view.lost
        still = still and (pump.seen_stopped or desk.state is State.COMPLETE)
        if not still or pump.released or desk.now_s - self._rested_s > RELEASE_S:
            return True
        if not pump.busy and not self._release_ordered:
            self._release_ordered = True
            pump.busy = True
            desk.act(ReleasePump(why="all is still: keypad unlocked, watchdog off"))
        return False
