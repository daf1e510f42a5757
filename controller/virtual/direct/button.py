"""A button driver without wires that could break (drivers.driver.LineDriver): open, closed, and test pulses that come back.

The pulses are driven as the real driver does, one line down for a moment: the simulated person takes them for the prompt.
That they come back is taken for granted here; broken, shorted and welded contacts need `wire` fidelity.
"""

from controller.virtual.direct.latencies import BUTTON_RELEASE_S, PULSE_PERIOD_S
from drivers.button import ButtonClosed, ButtonFullyOpened, ButtonOpened, ButtonProved
from drivers.driver import NEVER_S
from drivers.link import InputLines, OutputLines

BOTH_CLOSED, BOTH_OPEN = InputLines(cts=True, dsr=True), InputLines(cts=False, dsr=False)
_UP = OutputLines(rts=True, dtr=True)
_PULSES = {"A": OutputLines(rts=False, dtr=True), "B": OutputLines(rts=True, dtr=False)}
_PROVED = {"A": ButtonProved("A"), "B": ButtonProved("B")}


class DirectButton:
    """Give it BOTH_CLOSED or BOTH_OPEN at every change of the contacts and whenever next_deadline_s has come."""

    def __init__(self) -> None:
        self._closed: bool | None = None
        self._closed_since_s: float | None = None
        self._next_pulse_s = 0.0
        self._channel = "A"
        self._pulse: str | None = None
        self._due_s = 0.0

    def sample(self, lines: InputLines, now_s: float) -> list[object]:
        """See LineDriver."""
        if lines is not BOTH_CLOSED:
            return self._opened()
        if self._closed_since_s is None:
            self._closed_since_s = now_s
            self._due_s = now_s + BUTTON_RELEASE_S
        found: list[object] = []
        if not self._closed and now_s >= self._closed_since_s + BUTTON_RELEASE_S:
            self._closed = True
            self._next_pulse_s = max(self._next_pulse_s, now_s)
            found.append(ButtonClosed())
        if self._closed:
            self._test(now_s, found)
        return found

    def opens(self, lines: InputLines) -> bool:
        """See LineDriver."""
        return lines is BOTH_OPEN and self._closed is True

    def wanted_lines(self, now_s: float) -> OutputLines:  # noqa: ARG002 - part of the interface
        """See LineDriver."""
        return _UP if self._pulse is None else _PULSES[self._pulse]

    def next_deadline_s(self) -> float:
        """See LineDriver."""
        return self._due_s

    def _opened(self) -> list[object]:
        self._closed_since_s, self._pulse, self._due_s = None, None, NEVER_S
        if self._closed is False:
            return []
        self._closed = False
        return [ButtonOpened("AB"), ButtonFullyOpened()]

    def _test(self, now_s: float, found: list[object]) -> None:
        """A pulse begins with one reading of the lines and is seen by the next one."""
        if self._pulse is not None:
            found.append(_PROVED[self._pulse])
            self._pulse = None
        if now_s < self._next_pulse_s:
            self._due_s = self._next_pulse_s
            return
        self._pulse, self._channel = self._channel, "B" if self._channel == "A" else "A"
        self._next_pulse_s = max(self._next_pulse_s + PULSE_PERIOD_S, now_s)
        self._due_s = now_s
