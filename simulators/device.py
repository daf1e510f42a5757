"""What every simulated device is, whoever drives it: a real-time server with pseudo-terminals, or virtual time.

A device never reads a clock. Bytes reach it with the time at which their last bit arrived; what it sends leaves it with the
time at which each byte's last bit is on the wire. Mechanics and firmware time-outs advance by `advance`, and by nothing else.
"""

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


@dataclass(slots=True)
class Uart:
    """One direction of an asynchronous line: 10 bits a byte, one byte after the other, at `baud`."""

    baud: int
    _free_s: float = 0.0
    _queue: list[tuple[float, int]] = field(default_factory=list)

    def put(self, data: bytes, now_s: float) -> None:
        """Queues bytes from now_s on, behind whatever is still being shifted out."""
        byte_s = 10.0 / self.baud
        start_s = max(self._free_s, now_s)
        for index, byte in enumerate(data, start=1):
            self._queue.append((start_s + index * byte_s, byte))
        self._free_s = start_s + len(data) * byte_s

    def take(self, now_s: float) -> list[tuple[float, int]]:
        """The bytes that have arrived by now_s, each with its time of arrival."""
        count = 0
        for at_s, _ in self._queue:
            if at_s > now_s:
                break
            count += 1
        taken, self._queue = self._queue[:count], self._queue[count:]
        return taken

    def clear(self) -> None:
        """Loses what is under way (power cut, cable pulled)."""
        self._queue.clear()

    @property
    def busy_until_s(self) -> float:
        """When the last queued bit is through."""
        return self._free_s
