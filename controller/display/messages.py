"""The control process's messages as the display understands them.

A field that is missing or makes no sense becomes None ("not known") and is shown as such: the display neither ends because of a
mistake of its sender, nor invents a number.
"""

import math
from dataclasses import dataclass

MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class Question:
    """An open question to the operator. typed: the word that has to be typed, or None where Enter is enough.

    Any change of it makes it a new question, that has to be read anew. The word has no space in it: space is a stop key.
    The answer to a question whose id is "go", or begins with "go-", is the operator's go.
    """

    id: str
    text: str
    typed: str | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """The present alarm. priority: "high", "medium" or "low"; whatever else was sent counts as high."""

    priority: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Hold:
    """The hold that is under way, in seconds."""

    elapsed_s: float
    limit_s: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The procedure as the control process sees it at t_s. None = not known."""

    t_s: float | None
    state: str
    increment: int | None
    increments: int | None
    delivered_ml: float | None
    target_ml: float | None
    line_kpa: float | None
    ceiling_kpa: float | None
    hold: Hold | None
    hold_kpa: tuple[float | None, ...]
    duct_limit_kpa: float | None
    button: str
    pump: str
    sensor: str
    recorder: str
    question: Question | None
    prompt: str
    alarm: Alarm | None
    simulated: bool
    banner: str


@dataclass(frozen=True, slots=True)
class End:
    """The last word of the control process. exit_code: what the command will give back, where it was told."""

    t_s: float | None
    reason: str
    text: str
    exit_code: int | None


def number(value: object) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        value = float(value)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def count(value: object) -> int | None:
    """A whole number from 0 up, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000 else None


def text(value: object) -> str:
    """One line of printable text; "" where there is none. What could steer a terminal (escape sequences) is taken out."""
    if not isinstance(value, str):
        return ""
    printable = "".join(c if c.isprintable() else " " for c in value[:MAX_TEXT])
    return " ".join(printable.split())


def snapshot(message: dict[str, object]) -> Snapshot:
    """Reads a message of type "snapshot"."""
    pressures = message.get("hold_kpa")
    return Snapshot(
        t_s=number(message.get("t_s")),
        state=text(message.get("state")) or "unknown",
        increment=count(message.get("increment")),
        increments=count(message.get("increments")),
        delivered_ml=number(message.get("delivered_ml")),
        target_ml=number(message.get("target_ml")),
        line_kpa=number(message.get("line_kpa")),
        ceiling_kpa=number(message.get("ceiling_kpa")),
        hold=_hold(message.get("hold")),
        hold_kpa=tuple(number(p) for p in pressures) if isinstance(pressures, list) else (),
        duct_limit_kpa=number(message.get("duct_limit_kpa")),
        button=text(message.get("button")) or "unknown",
        pump=text(message.get("pump")) or "unknown",
        sensor=text(message.get("sensor")) or "unknown",
        recorder=text(message.get("recorder")) or "unknown",
        question=_question(message.get("question")),
        prompt=text(message.get("prompt")),
        alarm=_alarm(message.get("alarm")),
        simulated=message.get("simulated") is True,
        banner=text(message.get("banner")),
    )


def end(message: dict[str, object]) -> End:
    """Reads a message of type "end"."""
    return End(
        t_s=number(message.get("t_s")),
        reason=text(message.get("reason")) or "ended",
        text=text(message.get("text")),
        exit_code=count(message.get("exit")),
    )


def _hold(value: object) -> Hold | None:
    if not isinstance(value, dict):
        return None
    elapsed_s, limit_s = number(value.get("elapsed_s")), number(value.get("limit_s"))
    return Hold(elapsed_s, limit_s) if elapsed_s is not None and limit_s is not None else None


def _question(value: object) -> Question | None:
    # A question without its text or its name can not be answered knowingly: there is none.
    if not isinstance(value, dict) or not text(value.get("id")) or not text(value.get("text")):
        return None
    typed = value.get("typed")
    if typed is not None and (not isinstance(typed, str) or not typed or text(typed) != typed):
        return None
    return Question(text(value.get("id")), text(value.get("text")), typed)


def _alarm(value: object) -> Alarm | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        return Alarm("high", "UNKNOWN", "the control process sent an alarm that can not be read")
    priority = value.get("priority")
    return Alarm(
        priority if priority in ("high", "medium", "low") else "high",
        text(value.get("reason")) or "UNKNOWN",
        text(value.get("text")),
    )
