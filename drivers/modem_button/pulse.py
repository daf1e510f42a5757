"""Test pulses: the host drops one of its lines for a moment and looks for it on the input of the same channel."""

from dataclasses import dataclass

from drivers.button import ButtonFault, ButtonProved


@dataclass(slots=True)
class Pulse:
    """One test pulse. Times are those at which the lines were handed to the port, None where that has not happened yet."""

    channel: str
    began_s: float
    seen: bool = False
    aborted: bool = False
    wants_end: bool = False
    ended_s: float | None = None
    # A late host finds old lines in its first reading: what counts against a channel must be seen twice.
    samples: int = 0
    samples_since_end: int = 0


class PulseTester:
    """Begins pulses, ends them when seen, and judges them. Knows nothing of the button's state."""

    def __init__(self, period_s: float, *, limit_s: float, settle_s: float) -> None:
        self._period_s = period_s
        self._limit_s = limit_s
        self._settle_s = settle_s
        self._next_channel = "A"
        self._next_begin_s = 0.0
        self._faulty: set[str] = set()
        self.pulse: Pulse | None = None

    @property
    def excused(self) -> set[str]:
        """The channel whose input says nothing about its contact now."""
        return {self.pulse.channel} if self.pulse is not None else set()

    def abort(self) -> None:
        """Ends the pulse under way: something else has opened. Its channel stays excused for the settle time."""
        if self.pulse is not None:
            self.pulse.aborted = self.pulse.wants_end = True

    def dropped_channel(self, now_s: float, *, may_begin: bool) -> str | None:
        """The channel whose line is to be down from now on. may_begin: both contacts are known to be closed."""
        if self.pulse is None and now_s < self._next_begin_s:
            return None
        if self.pulse is None and may_begin and now_s >= self._next_begin_s:
            self.pulse = Pulse(self._next_channel, now_s)
            self._next_channel = "B" if self._next_channel == "A" else "A"
            self._next_begin_s += self._period_s
            if self._next_begin_s <= now_s:
                self._next_begin_s = now_s + self._period_s
        if self.pulse is None:
            return None
        if self.pulse.wants_end and self.pulse.ended_s is None:
            self.pulse.ended_s = now_s
        return None if self.pulse.wants_end else self.pulse.channel

    def sample(self, opened: set[str], now_s: float) -> list[object]:
        """Judges the pulse under way by the inputs as read now."""
        pulse = self.pulse
        if pulse is None:
            return []
        pulse.samples += 1
        own_open = pulse.channel in opened
        if not pulse.wants_end:
            if own_open:
                pulse.seen = pulse.wants_end = True
            elif now_s - pulse.began_s >= self._limit_s and pulse.samples > 1:
                return self._not_seen(pulse)
            return []
        if pulse.ended_s is None:
            pulse.ended_s = now_s  # the lines were not fetched; the excuse must not last for ever
        pulse.samples_since_end += 1
        if pulse.seen and not pulse.aborted and not opened:
            return self._seen_to_its_end(pulse)
        if now_s - pulse.ended_s >= self._settle_s and pulse.samples_since_end > 1:
            # An aborted pulse has run out. Or the channel has not closed again: from here on it counts like any other.
            self.pulse = None
        return []

    def _seen_to_its_end(self, pulse: Pulse) -> list[object]:
        self.pulse = None
        self._faulty.discard(pulse.channel)
        return [ButtonProved(pulse.channel)]

    def _not_seen(self, pulse: Pulse) -> list[object]:
        # The channel stays excused for the settle time: a line slower than the limit shows the pulse after all.
        pulse.aborted = pulse.wants_end = True
        if pulse.channel in self._faulty:
            return []
        self._faulty.add(pulse.channel)
        return [
            ButtonFault(
                f"the test pulse of button channel {pulse.channel} does not come back within {1000 * self._limit_s:.0f} ms: "
                "its input is held by a short circuit, or the link to it is frozen"
            )
        ]
