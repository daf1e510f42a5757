"""What is known of one procedure from its control process's messages: the newest snapshot and its age, the history, the end.

Time is passed in, seconds of the clock that all processes share (controller.display.wire.clock_s). Nothing here is invented: what
has no news grows old, and is called old.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from controller.bedside.views import Point, note
from controller.core.reasons import Reason, alarm_priority
from controller.display import wire
from controller.display.messages import number, text

LIVE_S: Final = 1.0
SILENT_ALARM_S: Final = 2.0
GONE_STANDS_S: Final = 5.0
"""The pump's own watchdog stops it within a second or two of a death; so long the condition is called present."""
MOST_POINTS: Final = 6000
MOST_NOTES: Final = 500
GONE: Final = "the control process has died: the pump stops by its own watchdog; look at the pump"
SILENT: Final = "no news from the control process: look at the pump, press the stop button"
_FLOW_IS_OVER: Final = ("complete", "stopping", "relieving", "stopped")


class Live:
    """One procedure, from its beginning on. record: its file's name."""

    def __init__(self, record: str, begun_s: float) -> None:
        self.record = record
        self.end: dict[str, Any] | None = None
        self.snapshot: dict[str, Any] | None = None
        self.notes: deque[dict[str, Any]] = deque(maxlen=MOST_NOTES)
        self.points: list[Point] = []
        self._keep_every = 1
        self._came = 0
        self._begun_s = begun_s
        self._snapshot_s: float | None = None
        self._heard_s = begun_s
        self._flow_over_s: float | None = None
        self._over_s: float | None = None
        self._gone_s: float | None = None

    def take(self, message: Mapping[str, Any], now_s: float) -> dict[str, Any] | None:
        """One message of the control process; what the windows are to be told besides the next view."""
        sent_s = number(message.get(wire.SENT_KEY))
        self._heard_s = now_s
        body = {key: value for key, value in message.items() if key != wire.SENT_KEY}
        match message.get("type"):
            case "snapshot":
                self._look(body, now_s if sent_s is None else min(sent_s, now_s))
            case "note":
                return self._note(number(body.get("t_s")) or 0.0, text(body.get("text")), text(body.get("name")) or None)
            case "refused":  # after it had begun: the program has failed, and says at what
                problems = body.get("problems")
                said = " ".join(text(each) for each in problems) if isinstance(problems, list) else ""
                return self._note(self._t_s(now_s), said or "the control process gives up, and does not say why", "control_gone")
            case "end":
                self.end = body
                self._finish(now_s)
                return body
        return None

    def lose(self, now_s: float) -> dict[str, Any] | None:
        """The control process is no more. What the windows are to be told if that was not to be."""
        if self.end is not None or self._gone_s is not None:
            return None
        self._gone_s = now_s
        self._finish(now_s)
        return self._note(self._t_s(now_s), GONE, "control_gone")

    @property
    def over(self) -> bool:
        """Whether nothing more is to come."""
        return self._over_s is not None

    @property
    def reason(self) -> str | None:
        """Why it ended, by the reason's name; None where nobody knows, because the control process died."""
        return (text(self.end.get("reason")) or None) if self.end is not None else None

    @property
    def also(self) -> list[str]:
        """What came after the first cause."""
        also = self.end.get("also") if self.end is not None else None
        return [text(name) for name in also] if isinstance(also, list) else []

    def age_s(self, now_s: float) -> float | None:
        """Of the newest snapshot; None while there is none."""
        return None if self._snapshot_s is None else max(now_s - self._snapshot_s, 0.0)

    def live(self, now_s: float) -> bool:
        """Whether the newest snapshot may be taken for what is so now."""
        age_s = self.age_s(now_s)
        return not self.over and age_s is not None and age_s < LIVE_S

    def control(self, now_s: float) -> str:
        """ "ok", "silent", "gone", or "none" after the end."""
        if self._gone_s is not None:
            return "gone"
        if self.end is not None:
            return "none"
        return "ok" if now_s - self._heard_s < LIVE_S else "silent"

    def health(self, now_s: float) -> dict[str, str]:
        """The control process, and what it says of the devices while that is true."""
        devices = dict.fromkeys(("pump", "sensor", "button", "recorder"), "unknown")
        if self.snapshot is not None and self.live(now_s):
            devices = {name: text(self.snapshot.get(name)) or "unknown" for name in devices}
        return {"control": self.control(now_s), **devices}

    def elapsed_s(self, now_s: float) -> float:
        """Since the beginning; stands still after the end."""
        return (now_s if self._over_s is None else self._over_s) - self._begun_s

    def imaging_since_s(self, now_s: float) -> float | None:
        """Since nothing flows into the patient any more; None where nothing has."""
        return None if self._flow_over_s is None else max(now_s - self._flow_over_s, 0.0)

    def condition(self, now_s: float) -> dict[str, Any] | None:
        """The alarm that there is reason for at this moment."""
        if self._gone_s is not None:
            return _alarm("high", "CONTROL_GONE", GONE) if now_s - self._gone_s < GONE_STANDS_S else None
        if self.end is not None:
            return None
        if now_s - self._heard_s >= SILENT_ALARM_S:
            return _alarm("high", "CONTROL_SILENT", SILENT)
        alarm = self.snapshot.get("alarm") if self.snapshot is not None else None
        if alarm is None:
            return None
        if not isinstance(alarm, dict):
            return _alarm("high", "UNKNOWN", "the control process sent an alarm that can not be read")
        priority = alarm.get("priority")
        known = priority if priority in ("high", "medium", "low") else "high"
        return _alarm(known, text(alarm.get("reason")) or "UNKNOWN", text(alarm.get("text")))

    def last_alarm(self) -> dict[str, Any] | None:
        """What the end alone is reason for: its own reason, or what came after a good one."""
        if self.end is None:
            return None
        for name in (self.reason or "UNKNOWN", *self.also):
            reason = Reason.__members__.get(name)
            priority = "high" if reason is None else alarm_priority(reason)
            if priority is not None:
                words = text(self.end.get("text")) if name == self.reason else ""
                return _alarm(priority, name, words or (name if reason is None else reason.value))
        return None

    # -- keeping ---------------------------------------------------------------------------------------------------------------

    def _note(self, t_s: float, words: str, name: str | None) -> dict[str, Any]:
        told = note(t_s, words, name)
        self.notes.append(told)
        return told

    def _look(self, snapshot: dict[str, Any], sent_s: float) -> None:
        self.snapshot, self._snapshot_s = snapshot, sent_s
        delivered_ml = number(snapshot.get("delivered_ml"))
        if snapshot.get("state") in _FLOW_IS_OVER and delivered_ml:
            self._flow_over_s = sent_s if self._flow_over_s is None else self._flow_over_s
        if self._came % self._keep_every == 0:
            state = text(snapshot.get("state")) or "unknown"
            self.points.append((number(snapshot.get("t_s")) or 0.0, number(snapshot.get("line_kpa")), delivered_ml, state))
        self._came += 1
        if len(self.points) >= MOST_POINTS:  # a long procedure is kept whole, and coarser
            self.points = self.points[::2]
            self._keep_every *= 2

    def _finish(self, now_s: float) -> None:
        self._over_s = now_s
        delivered_ml = number((self.end or self.snapshot or {}).get("delivered_ml"))
        if self._flow_over_s is None and delivered_ml:
            self._flow_over_s = now_s

    def _t_s(self, now_s: float) -> float:
        t_s = number(self.snapshot.get("t_s")) if self.snapshot is not None else None
        return round(t_s + (self.age_s(now_s) or 0.0), 3) if t_s is not None else round(self.elapsed_s(now_s), 3)


def _alarm(priority: str, reason: str, words: str) -> dict[str, Any]:
    return {"priority": priority, "reason": reason, "text": words}
