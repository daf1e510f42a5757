"""The pain-stop button on the modem lines of a serial port: two normally closed contacts, RTS-[A]-CTS and DTR-[B]-DSR.

A contact that opens takes its input line down; so do a broken wire and a pulled plug. What would go unnoticed is an input
that stays up by itself: a short to a live wire, a converter that answers from a cache, a link whose far end is frozen. So
the host drops the lines in turn for a moment (test pulse) and wants to see the own input, and only that one, go down.
While a pulse is under way its own input says nothing about its contact, and the other one is watched as ever: a press opens
both. Only a contact that opens alone, just during its own pulse, is seen a pulse and a settle time later.
"""

from dataclasses import dataclass
from enum import Enum

from drivers.button import ButtonClosed, ButtonFault, ButtonFullyOpened, ButtonOpened
from drivers.link import InputLines, OutputLines
from drivers.modem_button.pedal import Pedal
from drivers.modem_button.pulse import Pulse, PulseTester

__all__ = ["ModemButtonDriver", "ModemButtonSettings"]


@dataclass(frozen=True, slots=True)
class ModemButtonSettings:
    """Times of the button driver. Raises ValueError naming the field and its limits.

    poll_s: 0.002..0.005, from one reading of the lines to the next.

    pulse_period_s: 0.05..0.2, from the begin of one test pulse to the next, channels in turn.

    pulse_limit_s: 0.02..0.08; a pulse that is not seen on its own channel by then is a fault.

    settle_s: 0.01..0.05; how long after its pulse a channel may take to close again. After that it counts as opened. It
    must exceed the line's round trip and one poll.

    release_s: 0.05..0.2; both contacts must be seen closed for so long before the button counts as released.

    disagree_s: 0.05..0.1; contacts that differ for longer are a fault.

    pedal: whether a foot pedal hangs on DCD.
    """

    poll_s: float = 0.005
    pulse_period_s: float = 0.1
    pulse_limit_s: float = 0.08
    settle_s: float = 0.02
    release_s: float = 0.1
    disagree_s: float = 0.1
    pedal: bool = False

    def __post_init__(self) -> None:
        for name, low, high in (
            ("poll_s", 0.002, 0.005),
            ("pulse_period_s", 0.05, 0.2),
            ("pulse_limit_s", 0.02, 0.08),
            ("settle_s", 0.01, 0.05),
            ("release_s", 0.05, 0.2),
            ("disagree_s", 0.05, 0.1),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} is {value}, allowed is {low} to {high}")


_LATE_POLLS = 5
_BOTH_UP = OutputLines(rts=True, dtr=True)
_ONE_DOWN = {"A": OutputLines(rts=False, dtr=True), "B": OutputLines(rts=True, dtr=False)}


class _State(Enum):
    UNKNOWN = "nothing is known yet: not released until seen closed for the release time"
    CLOSED = "released"
    OPEN = "pressed, broken or unplugged"


class ModemButtonDriver:
    """A LineDriver for the button. One per opened link; its observations are those of drivers.button."""

    def __init__(self, settings: ModemButtonSettings) -> None:
        self._settings = settings
        self._state = _State.UNKNOWN
        self._tester = PulseTester(settings.pulse_period_s, limit_s=settings.pulse_limit_s, settle_s=settings.settle_s)
        self._pedal = Pedal() if settings.pedal else None
        self._next_poll_s = 0.0
        self._last_sample_s = 0.0
        self._closed_since_s: float | None = None
        self._differ_since_s: float | None = None
        # Of the current opening:
        self._said_fully_opened = False
        self._said_disagreement = False
        self._began_in: Pulse | None = None

    def next_deadline_s(self) -> float:
        """See LineDriver. At once before the first reading, then on a steady grid; readings that were missed are not made up."""
        return self._next_poll_s

    def opens(self, lines: InputLines) -> bool:
        """See LineDriver. During a test pulse it takes more than a look."""
        return not (lines.cts and lines.dsr) and self._state is _State.CLOSED and self._tester.pulse is None

    def wanted_lines(self, now_s: float) -> OutputLines:
        """See LineDriver. Both asserted, but for the channel of a test pulse; no pulse begins unless the button is closed."""
        dropped = self._tester.dropped_channel(now_s, may_begin=self._state is _State.CLOSED)
        return _BOTH_UP if dropped is None else _ONE_DOWN[dropped]

    def sample(self, lines: InputLines, now_s: float) -> list[object]:
        """See LineDriver. The first open contact that is not a test pulse's own is reported by this very call."""
        self._next_poll_s = round(self._next_poll_s + self._settings.poll_s, 6)  # free of binary dust
        if self._next_poll_s <= now_s:
            self._next_poll_s = now_s + self._settings.poll_s
        # Nobody looked for a while: what was closed before and is closed now may have been open in between.
        late = now_s - self._last_sample_s > _LATE_POLLS * self._settings.poll_s
        self._last_sample_s = now_s
        used = None if self._pedal is None else self._pedal.sample(lines.dcd, now_s)
        if lines.cts and lines.dsr and not late and self._state is _State.CLOSED and self._tester.pulse is None:
            return [] if used is None else [used]  # released, no pulse under way: nothing below would find anything
        opened = {channel for channel, asserted in (("A", lines.cts), ("B", lines.dsr)) if not asserted}
        pulse = self._tester.pulse
        tested = self._tester.sample(opened, now_s)
        observations: list[object] = []
        # A pulse that ended with this sample because its channel did not close again no longer excuses it.
        counted = opened - self._tester.excused
        if counted and self._state is not _State.OPEN:
            observations.append(ButtonOpened("".join(sorted(counted))))
            self._begin_opening(counted, pulse)
        observations += tested
        if self._state is _State.OPEN and not self._tester.excused:
            observations += self._watch_open_contacts(opened, now_s)
        observations += self._watch_release(opened, now_s, late=late)
        return observations if used is None else [*observations, used]

    def _begin_opening(self, counted: set[str], pulse: Pulse | None) -> None:
        self._state = _State.OPEN
        self._said_fully_opened = self._said_disagreement = False
        self._differ_since_s = None
        self._began_in = pulse if pulse is not None and pulse.channel not in counted else None
        self._tester.abort()

    def _watch_open_contacts(self, opened: set[str], now_s: float) -> list[object]:
        """Only outside of pulses and their settle times: here an open input is an open contact."""
        if opened:
            # Still open when the pulse in which it began is long over: not an image of that pulse.
            self._began_in = None
        if len(opened) != 1:
            self._differ_since_s = None
            if opened and not self._said_fully_opened:
                self._said_fully_opened = True
                return [ButtonFullyOpened()]
            return []
        if self._differ_since_s is None:
            self._differ_since_s = now_s
        elif now_s - self._differ_since_s > self._settings.disagree_s and not self._said_disagreement:
            self._said_disagreement = True
            (channel,) = opened
            return [
                ButtonFault(
                    f"button contact {channel} is open and the other one closed for more than "
                    f"{1000 * self._settings.disagree_s:.0f} ms: a broken wire, or a contact that is welded"
                )
            ]
        return []

    def _watch_release(self, opened: set[str], now_s: float, *, late: bool) -> list[object]:
        if opened:
            self._closed_since_s = None
            return []
        if self._closed_since_s is None or late:
            self._closed_since_s = now_s
        if self._state is _State.CLOSED or now_s - self._closed_since_s < self._settings.release_s:
            return []
        self._state = _State.CLOSED
        self._differ_since_s = None
        began_in, self._began_in = self._began_in, None
        if began_in is None:
            return [ButtonClosed()]
        # Opened during the other channel's pulse and closed for good with it. A press can be as short as that only by a
        # rare accident, and then the fault costs a new self-test; a connection between the circuits does it every time.
        other = "B" if began_in.channel == "A" else "A"
        return [
            ButtonFault(
                f"the test pulse of button channel {began_in.channel} opens channel {other} as well: "
                "the two circuits touch each other"
            ),
            ButtonClosed(),
        ]
