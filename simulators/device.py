"""What every simulated device is, whoever drives it: a real-time server with pseudo-terminals, or virtual time.

A device never reads a clock. Bytes reach it with the time at which their last bit arrived; what it sends leaves it with the
time at which each byte's last bit is on the wire. Mechanics and firmware time-outs advance by `advance`, and by nothing else.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


class ByteDevice(Protocol):
    """A simulated device on a serial line."""

    def receive(self, data: bytes, now_s: float) -> None:
        """Bytes that the host has handed to its port at now_s. The device's own UART paces them (baud rate)."""

    def advance(self, now_s: float) -> None:
        """Everything of the device moves on to now_s (never backwards): firmware, timers, motor."""

    def transmit(self, now_s: float) -> bytes:
        """The bytes whose last bit has left the device's UART by now_s, in order; each byte is given once."""

    def sent(self, now_s: float) -> list[tuple[float, int]]:
        """In place of `transmit`, once advanced to now_s: the same bytes, each with the time at which its last bit has left."""

    def sending(self) -> Sequence[tuple[float, int]]:
        """The bytes that `transmit` has not given yet, each with its time, as long as nothing happens to them. Not to be kept."""

    def lose_incoming(self, now_s: float) -> None:
        """The cable is out: of what the host has handed over, bytes that are not through by now_s never arrive."""

    def next_event_s(self, sending: bool = True) -> float:
        """No later than this `advance` must be called for everything to happen at its time; inf: nothing is due.

        sending: the end of what it is sending counts, too. What the host or a fault does to the device may change the answer.
        """


@dataclass(slots=True)
class Uart:
    """One direction of an asynchronous line: 10 bits a byte, one byte after the other, at `baud`."""

    baud: int
    under_way: deque[tuple[float, int]] = field(default_factory=deque)
    """What has not been taken yet, each byte with its time of arrival."""
    _ends_s: deque[float] = field(default_factory=deque)
    _free_s: float = 0.0

    def put(self, data: bytes, now_s: float) -> None:
        """Queues bytes from now_s on, behind whatever is still being shifted out."""
        if not data:
            return
        byte_s = 10.0 / self.baud
        start_s = max(self._free_s, now_s)
        for index, byte in enumerate(data, start=1):
            self.under_way.append((start_s + index * byte_s, byte))
        self._free_s = start_s + len(data) * byte_s
        self._ends_s.append(self._free_s)

    def take(self, now_s: float) -> list[tuple[float, int]]:
        """The bytes that have arrived by now_s, each with its time of arrival."""
        under_way = self.under_way
        if not under_way or under_way[0][0] > now_s:
            return []
        taken = []
        while under_way and under_way[0][0] <= now_s:
            taken.append(under_way.popleft())
        ends_s = self._ends_s
        while ends_s and ends_s[0] <= now_s:
            ends_s.popleft()
        return taken

    def pop(self) -> tuple[float, int]:
        """The next byte, with its time of arrival. Raises IndexError when none is under way."""
        first = self.under_way.popleft()
        if first[0] >= self._ends_s[0]:
            self._ends_s.popleft()
        return first

    def clear(self) -> None:
        """Loses what is under way (power cut, cable pulled)."""
        self.under_way.clear()
        self._ends_s.clear()

    @property
    def first_s(self) -> float:
        """When the next byte is through; inf when none is under way."""
        return self.under_way[0][0] if self.under_way else math.inf

    @property
    def due_s(self) -> float:
        """When the rest of what was queued first, by one `put`, is through; inf when nothing is under way."""
        return self._ends_s[0] if self._ends_s else math.inf

    @property
    def busy_until_s(self) -> float:
        """When the last queued bit is through."""
        return self._free_s
