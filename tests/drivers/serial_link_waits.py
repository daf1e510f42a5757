"""Bounded waits for the tests of SerialLink: until something is so, until bytes have come, until the link is lost."""

import threading
import time
from collections.abc import Callable

from drivers.link import LinkLostError
from drivers.serial_link import SerialLink

PACE = threading.Event()  # never set: its wait is a short pause between two looks


def eventually(look: Callable[[], bool], limit_s: float = 5.0) -> None:
    until_s = time.monotonic() + limit_s
    while not look():
        assert time.monotonic() < until_s, "waited in vain"
        PACE.wait(0.002)


def gather(link: SerialLink, count: int, limit_s: float = 5.0) -> bytes:
    data = b""

    def enough() -> bool:
        nonlocal data
        data += link.read()
        return len(data) >= count

    eventually(enough, limit_s)
    return data


def lost(act: Callable[[], object]) -> str:
    """Repeats an act until the link says that it is lost, and returns what it says."""
    words: list[str] = []

    def raised() -> bool:
        try:
            act()
        except LinkLostError as error:
            words.append(str(error))
        return bool(words)

    eventually(raised)
    return words[0]
