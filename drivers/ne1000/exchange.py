"""New Era NE-1000: one exchange (a command and its reply), and the pieces that the driver's scripts are made of.

A script is a generator: it yields what is to be said, and gets the reply, or None after silence.
"""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass

from drivers.ne1000.codec import Reply, parse_number, parse_volume

REPLY_TIMEOUT_S = 0.100  # the longest exchange takes about 52 ms at 19200 baud with 30 ms of thinking
ATTEMPTS = 3

STATUS_ONLY = re.compile(r"")
DATA = re.compile(r".+", re.DOTALL)
ANYTHING = re.compile(r".*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command and what its reply has to look like; a reply that does not is a late one to something else, and passed over.

    command None: nothing is said, only listened.
    """

    command: str | None
    data: re.Pattern[str]
    timeout_s: float


Script = Generator[Exchange, Reply | None, None]


class NotDoneError(Exception):
    """Ends a script: the pump refused, stayed silent, or reads back something else. The text is for people."""


def say(command: str, data: re.Pattern[str]) -> Generator[Exchange, Reply | None, Reply]:
    """One command until it is answered; said again after silence, damage, and after an alarm that swallowed it.

    Only for what may be done twice: settings and questions, never RUN.
    """
    reply = None
    for _ in range(ATTEMPTS):
        reply = yield Exchange(command, data, REPLY_TIMEOUT_S)
        if reply is not None and reply.alarm is None and reply.error != "COM":
            return reply
    last = "no answer" if reply is None else refusal(reply)
    raise NotDoneError(f"the pump does not take {command!r}, said {ATTEMPTS} times: {last}")


def check(reply: Reply, command: str) -> None:
    """Raises NotDoneError if the reply is a refusal."""
    if reply.error is not None:
        raise NotDoneError(f"the pump refuses {command!r}: {refusal(reply)}")


def tell(command: str) -> Script:
    """A command that is answered by a bare status."""
    reply = yield from say(command, STATUS_ONLY)
    check(reply, command)


def ask(command: str, data: re.Pattern[str], what: str) -> Generator[Exchange, Reply | None, str]:
    """A question; returns the data of its answer. what: what is asked, for people."""
    reply = yield from say(command, data)
    if reply.error is not None:
        raise NotDoneError(f"the pump does not tell {what}: {refusal(reply)}")
    return reply.data


def set_checked(command: str, query: str, right: Callable[[str], bool], what: str) -> Script:
    """Sets something and reads it back; only what reads back right counts."""
    yield from tell(command)
    yield from read_back(query, right, what, command)


def read_back(query: str, right: Callable[[str], bool], what: str, command: str) -> Script:
    """Asks what was set by command; raises NotDoneError if it is not right."""
    data = yield from ask(query, DATA, what)
    if not right(data):
        raise NotDoneError(f"{what}: set by {command!r}, but the pump reads back {data!r}")


def is_int(wanted: int) -> Callable[[str], bool]:
    """Whether data is this number, with leading zeros or without."""
    return lambda data: data.isdecimal() and int(data) == wanted


def is_value(wanted: str, unit: str = "") -> Callable[[str], bool]:
    """Whether data has this value, in this unit and in whatever number of digits."""

    def right(data: str) -> bool:
        try:
            return data.endswith(unit) and parse_number(data.removesuffix(unit)) == float(wanted)
        except ValueError:
            return False

    return right


def is_volume(wanted: str) -> Callable[[str], bool]:
    """Whether data is this volume in microlitres, in whichever unit the pump says it."""

    def right(data: str) -> bool:
        try:
            return parse_volume(data) == float(wanted)
        except ValueError:
            return False

    return right


def status_word(reply: Reply) -> str:
    """What the pump says it is doing, for people."""
    return "alarm" if reply.status is None else reply.status.value


def refusal(reply: Reply) -> str:
    """Why a command was not carried out, for people."""
    if reply.alarm is not None:
        return f"alarm, {reply.alarm.value}"
    meaning = {
        "": "not recognised",
        "NA": "not applicable now",
        "OOR": "out of range",
        "COM": "packet damaged",
        "IGN": "ignored, a new phase began",
    }
    return meaning[reply.error or ""]
