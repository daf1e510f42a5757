"""What a page says to the server, read strictly: whatever is not exactly one of these is no message at all."""

import json
from dataclasses import dataclass
from typing import Any, Final

MAX_MESSAGE_BYTES: Final = 65536
MAX_TEXT: Final = 200
STOPPING: Final = ("stop", "pain", "reflux", "full")
"""Whoever has the operator's cookie may say these, from any window."""
ALARM_ACTS: Final = ("acknowledge", "reset", "pause_audio")


@dataclass(frozen=True, slots=True)
class Say:
    """A statement for the control process, as controller.display.wire has it."""

    statement: dict[str, str]

    @property
    def stops(self) -> bool:
        """One that ends something, and needs no desk."""
        return self.statement["operator"] in STOPPING


@dataclass(frozen=True, slots=True)
class AlarmAct:
    """do: one of ALARM_ACTS."""

    do: str


@dataclass(frozen=True, slots=True)
class TakeDesk:
    """This window wants the desk."""


@dataclass(frozen=True, slots=True)
class Pong:
    """The view of this number is on the screen."""

    n: int


Act = Say | AlarmAct | TakeDesk | Pong


def act_of(data: str) -> Act | None:
    """The act in one message, or None."""
    message = _object(data)
    if message is None:
        return None
    keys = frozenset(message)
    match message:
        case {"type": "say", "operator": "confirm", "question": str(question), "typed": str(typed)} if len(keys) == 4:
            fits = 0 < len(question) <= MAX_TEXT and len(typed) <= MAX_TEXT
            return Say({"operator": "confirm", "question": question, "typed": typed}) if fits else None
        case {"type": "say", "operator": str(word)} if len(keys) == 2 and word in (*STOPPING, "go"):
            return Say({"operator": word})
        case {"type": "alarm", "do": str(do)} if len(keys) == 2 and do in ALARM_ACTS:
            return AlarmAct(do)
        case {"type": "take_desk"} if len(keys) == 1:
            return TakeDesk()
        case {"type": "pong", "n": int(n)} if len(keys) == 2 and not isinstance(n, bool) and 0 <= n < 2**53:
            return Pong(n)
    return None


def _object(data: str) -> dict[str, Any] | None:
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None
