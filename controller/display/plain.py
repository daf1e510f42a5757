"""The procedure as plain lines: one for each thing that happened, with the elapsed seconds. ASCII except for texts of others."""

from controller.display import messages, words
from controller.display.messages import Question, Snapshot


class PlainLines:
    """Turns messages into lines (without line end). The live screen keeps these too, as what stays in the scroll-back."""

    def __init__(self, keyboard: bool) -> None:
        self._keyboard = keyboard
        self._last: Snapshot | None = None
        self._t_s: float | None = None
        self._increments_done = 0
        self._silent = False

    def take(self, message: dict[str, object]) -> list[str]:
        """The lines that one message is worth; messages of unknown type are worth none."""
        match message.get("type"):
            case "snapshot":
                return self._snapshot(messages.snapshot(message))
            case "note":
                note = messages.text(message.get("text"))
                return [self._line(note, messages.number(message.get("t_s")))] if note else []
            case "end":
                end = messages.end(message)
                code = "" if end.exit_code is None else f" (exit {end.exit_code})"
                return [self._line(f"END {end.reason}: {end.text}{code}", end.t_s)]
        return []

    def silence(self, age_s: float, stale: bool) -> list[str]:
        """A line when the control process falls silent, and one when it is back."""
        if stale == self._silent:
            return []
        self._silent = stale
        if stale:
            return [self._line(f"NO NEWS from the control process for {age_s:.1f} s")]
        return [self._line("the control process is heard again")]

    def feedback(self, text: str) -> list[str]:
        """What a key that was pressed has led to."""
        return [self._line(text)]

    def gone(self) -> str:
        """The control process died."""
        return self._line(words.GONE)

    def closed(self) -> str:
        """The control process closed the display without an end."""
        return self._line(words.CLOSED)

    def _line(self, text: str, t_s: float | None = None) -> str:
        t_s = self._t_s if t_s is None else t_s
        return f"[{'?' if t_s is None else format(t_s, '.1f'):>7} s] {text}"

    def _snapshot(self, shot: Snapshot) -> list[str]:
        last, self._last = self._last, shot
        self._t_s = shot.t_s if shot.t_s is not None else self._t_s
        texts = []
        if last is None:
            kind = "SIMULATED devices" if shot.simulated else "real devices"
            texts.append(f"ductoject, {kind}. {shot.banner}".rstrip())
        texts += self._finished_increments(shot)
        if last is None or (shot.state, shot.increment) != (last.state, last.increment):
            texts.append(f"{_state(shot)}, delivered {_delivered(shot)}")
        if shot.alarm != (last.alarm if last else None):
            alarm = shot.alarm
            said = f"{alarm.priority.upper()} {alarm.reason}: {alarm.text}" if alarm else "none any more"
            texts.append(f"ALARM {said}")
        if shot.prompt and shot.prompt != (last.prompt if last else ""):
            texts.append(f"PLEASE: {shot.prompt}")
        if shot.question and shot.question != (last.question if last else None):
            texts.append(f"QUESTION: {shot.question.text} [{self._how(shot.question)}]")
        return [self._line(text) for text in texts]

    def _finished_increments(self, shot: Snapshot) -> list[str]:
        done, before = len(shot.hold_kpa), self._increments_done
        self._increments_done = done
        return [
            f"increment {index + 1} finished: delivered {_delivered(shot)}, "
            f"duct {words.kilopascals(shot.hold_kpa[index], 2)} kPa at zero flow"
            for index in range(before, done)
        ]

    def _how(self, question: Question) -> str:
        if not self._keyboard:
            return "no keyboard here: it can not be answered in this terminal"
        return "press Enter" if question.typed is None else f"type {question.typed} and press Enter"


def _state(shot: Snapshot) -> str:
    increment = words.of_increments(shot)
    return f"{shot.state}: {increment}" if increment else shot.state


def _delivered(shot: Snapshot) -> str:
    return f"{words.millilitres(shot.delivered_ml)} of {words.millilitres(shot.target_ml)} mL"
