"""Alarms as they are shown: a condition comes and goes, its signal stays until a person has acknowledged it and then reset it.

Pure: time is passed in, seconds of any clock that does not go back. Modelled after IEC 60601-1-8 as it is generally taught; no
conformity is claimed. Each reason has a signal of its own. The most urgent one is shown; what comes beside it waits behind it, so
that nothing is hidden for good and nothing is lost.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from controller.bedside.errors import DeniedError

PAUSE_S: Final = 120.0
SEEN_S: Final = 0.3
"""Nobody reads an alarm within this time: what is pressed then was meant for what was shown before."""
MOST_KEPT: Final = 500
PRIORITIES: Final = ("high", "medium", "low")


@dataclass(slots=True)
class _Signal:
    """One alarm, from its condition until its reset. number: counts up with every occurrence."""

    number: int
    priority: str
    reason: str
    text: str
    acknowledged: bool = False
    present: bool = True

    @property
    def rank(self) -> tuple[int, bool, int]:
        """The smallest is shown: the highest priority, of these one that nobody has acknowledged, of these the first cause."""
        return PRIORITIES.index(self.priority), self.acknowledged, self.number


class Alarms:
    """All alarms of one page's server. log: what became of them, (now_s, sentence), the newest last."""

    def __init__(self) -> None:
        self.log: deque[tuple[float, str]] = deque(maxlen=MOST_KEPT)
        self._signals: dict[str, _Signal] = {}
        self._count = 0
        self._paused_until_s: float | None = None
        self._shown: int | None = None
        self._shown_s = float("-inf")

    def take(self, alarm: Mapping[str, Any] | None, now_s: float) -> None:
        """What there is reason for at this moment; None: nothing. To be called often. An unknown priority counts as high."""
        self._end_pause(now_s)
        reason = None if alarm is None else str(alarm.get("reason"))
        for signal in self._signals.values():
            if signal.present and signal.reason != reason:
                signal.present = False
                self._note(now_s, signal, "the condition is over")
        if alarm is not None and reason is not None:
            priority = alarm.get("priority")
            self._raise(priority if priority in PRIORITIES else "high", reason, str(alarm.get("text")), now_s)
        self._look(now_s)

    def view(self, now_s: float) -> dict[str, Any] | None:
        """The alarm that is shown; None where there is none. others: how many wait behind it."""
        signal = self._top()
        if signal is None:
            return None
        left_s = self._pause_left_s(now_s)
        return {
            "id": signal.number,
            "priority": signal.priority,
            "reason": signal.reason,
            "text": signal.text,
            "acknowledged": signal.acknowledged,
            "present": signal.present,
            "audio": "paused" if left_s > 0.0 else "on",
            "paused_left_s": round(left_s, 1),
            "others": len(self._signals) - 1,
        }

    def acknowledge(self, now_s: float) -> None:
        """Somebody has seen the alarm that is shown. Nothing ends by that but its sound. Raises DeniedError."""
        signal = self._handled(now_s)
        if signal.acknowledged:
            raise DeniedError(409, f"the alarm {signal.reason} has been acknowledged already")
        signal.acknowledged = True
        self._note(now_s, signal, "acknowledged")
        self._look(now_s)

    def reset(self, now_s: float) -> None:
        """Takes the alarm that is shown away. Raises DeniedError while its cause is there, and before it was acknowledged."""
        signal = self._handled(now_s)
        if not signal.acknowledged:
            raise DeniedError(409, f"the alarm {signal.reason} is not acknowledged yet: acknowledge it first")
        if signal.present:
            raise DeniedError(409, f"the alarm {signal.reason} can not be reset while its cause is there")
        del self._signals[signal.reason]
        self._note(now_s, signal, "reset")
        if not self._signals:
            self._paused_until_s = None
        self._look(now_s)

    def pause_audio(self, now_s: float) -> None:
        """No sound for PAUSE_S from now on, unless another alarm comes. Raises DeniedError where there is no alarm."""
        signal = self._handled(now_s)
        self._paused_until_s = now_s + PAUSE_S
        self._note(now_s, signal, f"audio paused for {PAUSE_S:g} s")

    # -- conditions ------------------------------------------------------------------------------------------------------------

    def _raise(self, priority: str, reason: str, text: str, now_s: float) -> None:
        before = self._signals.get(reason)
        if before is not None and before.present and PRIORITIES.index(before.priority) <= PRIORITIES.index(priority):
            before.text = text  # a latched priority does not fall
            return
        if before is not None and PRIORITIES.index(before.priority) < PRIORITIES.index(priority):
            priority = before.priority
        self._count += 1
        signal = self._signals[reason] = _Signal(self._count, priority, reason, text)
        self._note(now_s, signal, f"raised: {text}")
        if self._paused_until_s is not None:
            self._paused_until_s = None
            self._note(now_s, signal, "the audio pause has ended: this alarm is new")

    def _end_pause(self, now_s: float) -> None:
        until_s = self._paused_until_s
        if until_s is not None and now_s >= until_s:
            self._paused_until_s = None
            self.log.append((until_s, "the audio pause has timed out"))

    # -- what is shown ---------------------------------------------------------------------------------------------------------

    def _top(self) -> _Signal | None:
        return min(self._signals.values(), key=lambda signal: signal.rank, default=None)

    def _look(self, now_s: float) -> None:
        top = self._top()
        number = None if top is None else top.number
        if number != self._shown:
            self._shown, self._shown_s = number, now_s

    def _handled(self, now_s: float) -> _Signal:
        """The alarm that an act is meant for. Raises DeniedError."""
        signal = self._top()
        if signal is None:
            raise DeniedError(409, "there is no alarm")
        if now_s - self._shown_s < SEEN_S:
            raise DeniedError(409, f"another alarm has come just now, {signal.reason}: read it first")
        return signal

    def _pause_left_s(self, now_s: float) -> float:
        return 0.0 if self._paused_until_s is None else max(self._paused_until_s - now_s, 0.0)

    def _note(self, now_s: float, signal: _Signal, what: str) -> None:
        self.log.append((now_s, f"alarm {signal.number}, {signal.priority}, {signal.reason}: {what}"))
