"""A device that says what it is told and remembers what it hears, and hosts that read it through a wire."""

import math
from collections.abc import Sequence

from simulators.device import Burst, Uart
from simulators.wire import Wire

BAUD = 19200
BYTE_S = 10.0 / BAUD


class Talker:
    """A ByteDevice without any firmware. heard: every byte that has arrived, with its time."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, int]] = []
        self._incoming = Uart(BAUD)
        self._outgoing = Uart(BAUD)

    @property
    def echoes(self) -> bool:
        return False

    def say(self, data: bytes, at_s: float) -> None:
        self._outgoing.put(data, at_s)

    def receive(self, data: bytes, now_s: float) -> None:
        self._incoming.put(data, now_s)

    def advance(self, now_s: float) -> None:
        for burst in self._incoming.take(now_s):
            self.heard += burst.timed()

    def transmit(self, now_s: float) -> bytes:
        return b"".join(burst.data for burst in self.sent(now_s))

    def sent(self, now_s: float) -> list[Burst]:
        return self._outgoing.take(now_s)

    def sending(self) -> Sequence[Burst]:
        return self._outgoing.under_way

    def lose_incoming(self, now_s: float) -> None:
        self.advance(now_s)
        self._incoming.clear()

    def next_event_s(self, sending: bool = True) -> float:
        return min(self._incoming.due_s, self._outgoing.due_s if sending else math.inf)

    @property
    def heard_bytes(self) -> bytes:
        return bytes(byte for _, byte in self.heard)


def wired(seed: int = 1) -> tuple[Talker, Wire]:
    talker = Talker()
    return talker, Wire(talker, BAUD, seed)


def read_in_steps(wire: Wire, from_s: float, to_s: float, step_s: float = 0.0001) -> list[tuple[float, bytes]]:
    """What the host reads, and when, if it looks every step_s."""
    found = []
    for number in range(1, round((to_s - from_s) / step_s) + 1):
        now_s = from_s + number * step_s
        data = wire.read(now_s)
        if data:
            found.append((now_s, data))
    return found


def read_when_due(wire: Wire, from_s: float, to_s: float) -> list[tuple[float, bytes]]:
    """What the host reads, and when, if it looks only when the wire says so, and at to_s."""
    found, now_s = [], from_s
    while now_s < to_s:
        due_s = wire.next_s(now_s)
        assert due_s > now_s, "the wire is due in the past"
        now_s = min(due_s, to_s)
        data = wire.read(now_s)
        if data:
            found.append((now_s, data))
    return found


def all_of(found: list[tuple[float, bytes]]) -> bytes:
    return b"".join(data for _, data in found)
