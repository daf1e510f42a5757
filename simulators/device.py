"""What every simulated device is, whoever drives it: a real-time server with pseudo-terminals, or virtual time.

A device never reads a clock. Bytes reach it with the time at which their last bit arrived; what it sends leaves it with the
time at which each byte's last bit is on the wire. Mechanics and firmware time-outs advance by `advance`, and by nothing else.
"""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Protocol


class Burst:
    """Bytes one right behind the other on a line: the last bit of data[i] is through at start_s + (first + i) * byte_s.

    first is 1 for what begins at start_s, and more for what is left of it. begins_s, ends_s: when the first and the last of
    these bytes are through.
    """

    __slots__ = ("begins_s", "byte_s", "data", "ends_s", "first", "start_s")

    def __init__(self, start_s: float, byte_s: float, data: bytes, first: int = 1) -> None:
        """data: not empty."""
        self.start_s = start_s
        self.byte_s = byte_s
        self.data = data
        self.first = first
        self.begins_s = start_s + first * byte_s
        self.ends_s = start_s + (first + len(data) - 1) * byte_s

    def at_s(self, index: int) -> float:
        """When data[index] is through."""
        return self.start_s + (self.first + index) * self.byte_s

    def timed(self) -> list[tuple[float, int]]:
        """Each byte with its time."""
        return [(self.start_s + number * self.byte_s, byte) for number, byte in enumerate(self.data, start=self.first)]

    def through(self, now_s: float) -> int:
        """How many bytes are through by now_s."""
        if self.ends_s <= now_s:
            return len(self.data)
        count = 0
        while self.at_s(count) <= now_s:
            count += 1
        return count

    def split(self, count: int) -> tuple["Burst", "Burst"]:
        """The first count bytes, and the others; neither may be none."""
        head = Burst(self.start_s, self.byte_s, self.data[:count], self.first)
        return head, Burst(self.start_s, self.byte_s, self.data[count:], self.first + count)


def alone(at_s: float, byte: int) -> Burst:
    """One byte by itself that is through at at_s."""
    return Burst(at_s, 0.0, bytes((byte,)))


def in_order(bursts: Iterable[Burst]) -> list[Burst]:
    """The same bytes, each by itself, by their times; of several at one time first what stands first."""
    timed = [pair for burst in bursts for pair in burst.timed()]
    return [alone(at_s, byte) for at_s, byte in sorted(timed, key=lambda pair: pair[0])]


class ByteDevice(Protocol):
    """A simulated device on a serial line."""

    @property
    def echoes(self) -> bool:
        """It gives back what it receives, byte by byte, and neither `sending` nor `next_event_s` foresees that."""

    def receive(self, data: bytes, now_s: float) -> None:
        """Bytes that the host has handed to its port at now_s. The device's own UART paces them (baud rate)."""

    def advance(self, now_s: float) -> None:
        """Everything of the device moves on to now_s (never backwards): firmware, timers, motor."""

    def transmit(self, now_s: float) -> bytes:
        """The bytes whose last bit has left the device's UART by now_s, in order; each byte is given once."""

    def sent(self, now_s: float) -> list[Burst]:
        """In place of `transmit`, once advanced to now_s: the same bytes, with the times at which their last bits have left."""

    def sending(self) -> Sequence[Burst]:
        """What `transmit` has not given yet, as long as nothing happens to it. Always the same object, with what is in it now."""

    def lose_incoming(self, now_s: float) -> None:
        """The cable is out: of what the host has handed over, bytes that are not through by now_s never arrive."""

    def next_event_s(self, sending: bool = True) -> float:
        """No later than this `advance` must be called for everything to happen at its time; inf: nothing is due.

        sending: the end of what it is sending counts, too. What the host or a fault does to the device may change the answer.
        """


class Uart:
    """One direction of an asynchronous line: 10 bits a byte, one byte after the other, at `baud`."""

    __slots__ = ("_free_s", "baud", "under_way")

    def __init__(self, baud: int) -> None:
        self.baud = baud
        self.under_way: deque[Burst] = deque()
        """What has not been taken yet; each `put` is a burst of its own."""
        self._free_s = 0.0

    def put(self, data: bytes, now_s: float) -> None:
        """Queues bytes from now_s on, behind whatever is still being shifted out."""
        if not data:
            return
        burst = Burst(now_s if now_s > self._free_s else self._free_s, 10.0 / self.baud, data)
        self.under_way.append(burst)
        self._free_s = burst.ends_s

    def take(self, now_s: float) -> list[Burst]:
        """The bytes that have arrived by now_s."""
        under_way = self.under_way
        taken: list[Burst] = []
        while under_way and under_way[0].begins_s <= now_s:
            first = under_way[0]
            taken.append(under_way.popleft() if first.ends_s <= now_s else self.take_first(first.through(now_s)))
        return taken

    def take_first(self, count: int) -> Burst:
        """The next count bytes (1 or more) of the first burst. Raises IndexError when none is under way."""
        first = self.under_way.popleft()
        if count < len(first.data):
            first, rest = first.split(count)
            self.under_way.appendleft(rest)
        return first

    def clear(self) -> None:
        """Loses what is under way (power cut, cable pulled). The time that it would have taken still has to pass."""
        self.under_way.clear()

    def reset(self) -> None:
        """As new: nothing is under way, and the line is free at once."""
        self.under_way.clear()
        self._free_s = 0.0

    @property
    def first_s(self) -> float:
        """When the next byte is through; inf when none is under way."""
        return self.under_way[0].begins_s if self.under_way else math.inf

    @property
    def due_s(self) -> float:
        """When the rest of what was queued first, by one `put`, is through; inf when nothing is under way."""
        return self.under_way[0].ends_s if self.under_way else math.inf

    @property
    def busy_until_s(self) -> float:
        """When the last queued bit is through."""
        return self._free_s
