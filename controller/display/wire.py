"""The messages between the control process and its display: one JSON object a packet, and the clock that both read."""

import json
import time
from collections.abc import Mapping

MAX_MESSAGE_BYTES = 65536
SENT_KEY = "sent_s"  # when the control process handed the message over, on the clock below

OPERATOR_STATEMENTS = ("confirm", "stop", "pain", "reflux", "full", "go", "acknowledge")


def clock_s() -> float:
    """Seconds of a clock that all processes of this machine share and that goes on while the machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def encode(message: Mapping[str, object]) -> bytes | None:
    """One packet, or None when the message can not be written as JSON or is larger than a packet may be."""
    try:
        data = json.dumps(message, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError):
        return None
    return data if len(data) <= MAX_MESSAGE_BYTES else None


def decode(data: bytes) -> dict[str, object] | None:
    """The JSON object in one packet, or None when it is not one."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def operator_statement(data: bytes) -> dict[str, str] | None:
    """What the operator said, read strictly: anything that is not exactly a known statement is None."""
    message = decode(data)
    if message is None or message.get("operator") not in OPERATOR_STATEMENTS:
        return None
    statement = {key: value for key, value in message.items() if isinstance(value, str)}
    expected = {"operator", "question", "typed"} if statement["operator"] == "confirm" else {"operator"}
    return statement if statement.keys() == message.keys() == expected else None
