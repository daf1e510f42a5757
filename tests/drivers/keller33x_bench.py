"""A KELLER 33X of a few lines for the driver's tests: its frames, the transmitter, and a wire between them in virtual time.

Frames are written here with a CRC of their own; nothing of the driver's codec is used.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from drivers.keller33x.driver import Keller33xDriver, Keller33xSettings

T = TypeVar("T")
SERIAL_NUMBER = 123_456


def crc(body: bytes) -> bytes:
    register = 0xFFFF
    for byte in body:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ 0xA001 if register & 1 else register >> 1
    return bytes((register >> 8, register & 0xFF))


def framed(*body: int) -> bytes:
    return bytes(body) + crc(bytes(body))


def settings(**changes: object) -> Keller33xSettings:
    values: dict[str, object] = {"address": 1, "must_cover_kpa": (-20.0, 300.0)} | changes
    return Keller33xSettings(**values)  # type: ignore[arg-type]  # any mixture of fields


def pressure_reply(kpa: float, stat: int = 0, address: int = 1) -> bytes:
    return framed(address, 73, *struct.pack(">f", kpa / 100.0), stat)


@dataclass
class Transmitter:
    """Answers as described. kpa(t): what it measures; change any field at any time."""

    address: int = 1
    serial_number: int = SERIAL_NUMBER
    range_bar: tuple[float, float] = (-1.0, 10.0)
    initialised: bool = False
    status: int | None = None
    stat: int = 0
    kpa: Callable[[float], float] = lambda now_s: 0.3 + 0.001 * ((now_s * 7919) % 1.0)
    asked: list[tuple[float, bytes]] = field(default_factory=list)

    def answer(self, frame: bytes, now_s: float) -> bytes:
        self.asked.append((now_s, frame))
        assert frame[0] == self.address
        assert crc(frame[:-2]) == frame[-2:], "a transmitter does not answer to a bad CRC"
        function = frame[1]
        if function == 48:
            status = int(self.initialised) if self.status is None else self.status
            self.initialised = True
            return framed(self.address, 48, 5, 20, 10, 50, 10, status)
        if not self.initialised:
            return framed(self.address, function | 0x80, 32)
        if function == 69:
            return framed(self.address, 69, *self.serial_number.to_bytes(4, "big"))
        if function == 30:
            return framed(self.address, 30, *struct.pack(">f", self.range_bar[frame[2] - 80]))
        assert function == 73
        assert frame[2] == 1
        return pressure_reply(self.kpa(now_s), self.stat, self.address)


@dataclass
class Bench:
    """Serves the driver at its own deadlines and whenever bytes arrive. wire: what arrives when, for each answer."""

    driver: Keller33xDriver
    transmitter: Transmitter = field(default_factory=Transmitter)
    wire: Callable[[float, bytes, bytes], list[tuple[float, bytes]]] = lambda now_s, request, answer: [(0.003, answer)]
    now_s: float = 100.0
    seen: list[tuple[float, object]] = field(default_factory=list)
    sent: list[tuple[float, bytes]] = field(default_factory=list)
    arriving: list[tuple[float, bytes]] = field(default_factory=list)

    def serve(self, data: bytes = b"") -> None:
        self.seen += [(self.now_s, observation) for observation in self.driver.receive(data, self.now_s)]
        for _ in range(10):
            frame = self.driver.transmit(self.now_s)
            if not frame:
                return
            self.sent.append((self.now_s, frame))
            answer = self.transmitter.answer(frame, self.now_s)
            self.arriving += [(self.now_s + delay_s, part) for delay_s, part in self.wire(self.now_s, frame, answer)]
            self.arriving.sort(key=lambda item: item[0])
        raise AssertionError("the driver does not stop sending")

    def run(self, duration_s: float) -> list[object]:
        """Runs for a while and returns what was observed in it."""
        until_s = self.now_s + duration_s
        first = len(self.seen)
        for _ in range(200_000):
            next_s = min(self.driver.next_deadline_s(), self.arriving[0][0] if self.arriving else float("inf"))
            if next_s > until_s:
                self.now_s = until_s
                return [observation for _, observation in self.seen[first:]]
            self.now_s = max(self.now_s, next_s)
            data = b""
            while self.arriving and self.arriving[0][0] <= self.now_s:
                data += self.arriving.pop(0)[1]
            self.serve(data)
        raise AssertionError("the driver's deadlines do not move on")

    def sleep(self, duration_s: float) -> None:
        """The host does not come for a while; what arrives meanwhile waits in its port."""
        self.now_s += duration_s

    def connected(self) -> "Bench":
        self.driver.connect(self.now_s)
        self.run(0.1)
        return self


def of_kind(kind: type[T], observations: list[object]) -> list[T]:
    return [observation for observation in observations if isinstance(observation, kind)]


def lose(numbers: set[int]) -> Callable[[float, bytes, bytes], list[tuple[float, bytes]]]:
    """A wire that loses the replies with these numbers, counted from now."""
    counter = iter(range(1_000_000))
    return lambda now_s, request, answer: [] if next(counter) in numbers else [(0.003, answer)]
