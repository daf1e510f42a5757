"""The real world of the loop: its clock, its ports, its signals. (Virtual time has a world of its own with the same face.)

The clock is CLOCK_BOOTTIME: a machine that was suspended has lost that time, and the loop sees it.
"""

import contextlib
import select
import signal
import socket
import time
from collections.abc import Mapping
from types import FrameType
from typing import Protocol

from controller.wakeup import Wakeup
from drivers.link import Link

LAST_RESORT_S = 0.002  # should the timer ever fail, epoll's own timeout ends the wait so much later

STOP_SIGNALS = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGTSTP,
    signal.SIGPIPE,
)


class World(Protocol):
    """What the loop needs of the world."""

    links: Mapping[str, Link]

    def now_us(self) -> int:
        """Microseconds since the procedure began."""

    def wait_until(self, until_us: int) -> None:
        """Waits for bytes, a signal, or the time; never longer."""

    def forget_link(self, name: str) -> None:
        """This port is gone: waiting for it would return at once, for ever."""

    def signals(self) -> list[str]:
        """Names of the stop signals that came since the last call."""


def _now_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class RealWorld:
    """Ports and time as they are. A context manager: signals are the loop's while it is entered."""

    def __init__(self, links: Mapping[str, Link], began_ns: int | None = None) -> None:
        """began_ns: when the procedure began, in CLOCK_BOOTTIME; None for now."""
        self.links = links
        self._began_ns = _now_ns() if began_ns is None else began_ns
        self._epoll = select.epoll()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wakeup = Wakeup()
        self._watched: set[int] = set()
        self._previous: dict[signal.Signals, object] = {}
        self._previous_wakeup = -1
        self._descriptors = {name: link.fileno() for name, link in links.items()}
        for descriptor in self._descriptors.values():
            self.watch(descriptor)
        self.watch(self._wake_in.fileno())
        self.watch(self._wakeup.descriptor)

    def __enter__(self) -> "RealWorld":
        for end in (self._wake_in, self._wake_out):
            end.setblocking(False)
        self._previous_wakeup = signal.set_wakeup_fd(self._wake_out.fileno(), warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            self._previous[number] = signal.signal(number, _heard)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # as signal.signal itself returned it
        signal.set_wakeup_fd(self._previous_wakeup)
        self._epoll.close()
        self._wakeup.close()
        self._wake_in.close()
        self._wake_out.close()

    def watch(self, descriptor: int | None) -> None:
        """Wakes up for this descriptor too."""
        if descriptor is not None and descriptor not in self._watched:
            self._epoll.register(descriptor, select.EPOLLIN)
            self._watched.add(descriptor)

    def forget_link(self, name: str) -> None:
        """This port is gone: a descriptor that has hung up is always readable, and the loop would spin on it."""
        descriptor = self._descriptors.pop(name, None)
        if descriptor is not None and descriptor in self._watched:
            self._watched.discard(descriptor)
            with contextlib.suppress(OSError, ValueError):
                self._epoll.unregister(descriptor)

    def now_us(self) -> int:
        """Microseconds since the procedure began."""
        return (_now_ns() - self._began_ns) // 1000

    def wait_until(self, until_us: int) -> None:
        """Waits for a watched descriptor or the time."""
        left_us = until_us - self.now_us()
        if left_us <= 0:
            self._epoll.poll(0)
            return
        self._wakeup.at(self._began_ns + until_us * 1000)
        self._epoll.poll(left_us / 1e6 + LAST_RESORT_S)

    def signals(self) -> list[str]:
        """The stop signals that came since the last call, by name."""
        try:
            numbers = self._wake_in.recv(256)
        except BlockingIOError:
            return []
        return [signal.Signals(number).name for number in numbers]


def _heard(_number: int, _frame: FrameType | None) -> None:
    """The byte on the wake-up descriptor says it all; this only keeps the default action from happening."""
