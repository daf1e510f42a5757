"""The real world of the loop: its clock, its ports, its signals. (Virtual time has a world of its own with the same face.)

The clock is CLOCK_BOOTTIME: a machine that was suspended has lost that time, and the loop sees it.
"""

import contextlib
import select
import signal
import socket
import time
from collections.abc import Container, Mapping
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


SIGNALS = "signals"
"""The name by which `World.wait_until` tells of them."""


class Everything:
    """Holds whatever it is asked for: where nobody knows what there is news of, everything has to be looked at."""

    def __contains__(self, _name: object) -> bool:
        return True


EVERYTHING: Container[str] = Everything()


class World(Protocol):
    """What the loop needs of the world."""

    links: Mapping[str, Link]

    def watch(self, name: str, descriptor: int | None) -> None:
        """Wakes up for this descriptor too, and tells of it by this name; None: one that has to be looked at in every cycle."""

    def now_us(self) -> int:
        """Microseconds since the procedure began."""

    def wait_until(self, until_us: int) -> Container[str]:
        """Waits for bytes, a signal, or the time; never longer. Returns the names of what there may be news of."""

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
        self._names: dict[int, str] = {}  # of what is watched
        self._always: frozenset[str] = frozenset()  # what has no descriptor
        self._previous: dict[signal.Signals, object] = {}
        self._previous_wakeup = -1
        for name, link in links.items():
            self.watch(name, link.fileno())
        self.watch(SIGNALS, self._wake_in.fileno())
        self.watch("time", self._wakeup.descriptor)

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

    def watch(self, name: str, descriptor: int | None) -> None:
        """See World."""
        if descriptor is None:
            self._always |= {name}
            return
        with contextlib.suppress(FileExistsError):  # it is watched; another file under an old number is not
            self._epoll.register(descriptor, select.EPOLLIN)
        self._names[descriptor] = name

    def forget_link(self, name: str) -> None:
        """This port is gone: a descriptor that has hung up is always readable, and the loop would spin on it."""
        self._always -= {name}
        for descriptor in [descriptor for descriptor, watched in self._names.items() if watched == name]:
            del self._names[descriptor]
            with contextlib.suppress(OSError, ValueError):
                self._epoll.unregister(descriptor)

    def now_us(self) -> int:
        """Microseconds since the procedure began."""
        return (_now_ns() - self._began_ns) // 1000

    def wait_until(self, until_us: int) -> Container[str]:
        """See World."""
        left_us = until_us - self.now_us()
        if left_us <= 0:
            happened = self._epoll.poll(0)
        else:
            self._wakeup.at(self._began_ns + until_us * 1000)
            happened = self._epoll.poll(left_us / 1e6 + LAST_RESORT_S)
        names = self._names
        return self._always.union([names[descriptor] for descriptor, _ in happened if descriptor in names])

    def signals(self) -> list[str]:
        """The stop signals that came since the last call, by name."""
        try:
            numbers = self._wake_in.recv(256)
        except BlockingIOError:
            return []
        return [signal.Signals(number).name for number in numbers]


def _heard(_number: int, _frame: FrameType | None) -> None:
    """The byte on the wake-up descriptor says it all; this only keeps the default action from happening."""
