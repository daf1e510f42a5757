"""The receiving half of the host's port: a 16550 UART, which collects bytes before it hands them over.

Source: data sheet of the PC16550D (FIFO interrupt mode; Linux sets the trigger level of 14 bytes).
"""

import math
from collections.abc import Sequence

from simulators.device import Burst, in_order

TRIGGER_BYTES = 14
"""So many waiting bytes are handed over at once."""
TIMEOUT_CHARACTERS = 4
"""Fewer are handed over when nothing has come behind them for the time of so many characters of 10 bits."""


class Receiver:
    """Bytes with their times in, chunks with their times out. `chunks` is what is to be handed over, oldest first."""

    def __init__(self, baud: int) -> None:
        self.chunks: list[tuple[float, bytes]] = []
        self._timeout_s = TIMEOUT_CHARACTERS * 10.0 / baud
        self._apart_s = self._timeout_s / 2.0
        """Bytes this far apart, from a much slower sender, are looked at one by one: the time-out may come between them."""
        self.waiting = bytearray()
        """What has come and is not handed over yet."""
        self._last_s = -math.inf

    def take(self, at_s: float, byte: int, *, alone: bool) -> None:
        """One byte whose last bit came at at_s. alone: the UART collects nothing."""
        self.time_out(at_s, later=True)
        self.waiting.append(byte)
        self._last_s = at_s
        if alone or len(self.waiting) >= TRIGGER_BYTES:
            self._hand_over(at_s)

    def take_burst(self, burst: Burst) -> None:
        """Bytes one behind the other, to be collected."""
        if burst.byte_s >= self._apart_s:
            for at_s, byte in burst.timed():
                self.take(at_s, byte, alone=False)
            return
        self.time_out(burst.begins_s, later=True)
        data, taken = burst.data, 0
        while len(data) - taken >= (room := TRIGGER_BYTES - len(self.waiting)):
            self.waiting += data[taken : taken + room]
            taken += room
            self._hand_over(burst.at_s(taken - 1))
        self.waiting += data[taken:] if taken else data
        self._last_s = burst.ends_s

    def time_out(self, now_s: float, *, later: bool = False) -> None:
        """Nothing has come until now_s. later: but something comes right now."""
        if not self.waiting:
            return
        due_s = self._last_s + self._timeout_s
        if due_s < now_s if later else due_s <= now_s:
            self._hand_over(due_s)

    def due_s(self, coming: Sequence[Burst]) -> float:
        """When the next chunk is handed over if these bytes come; inf where none waits or comes."""
        waiting, last_s = len(self.waiting), self._last_s
        for burst in coming:
            if burst.byte_s >= self._apart_s:
                return self.due_s(in_order(coming))
            if waiting and burst.begins_s > last_s + self._timeout_s:
                break
            if waiting + len(burst.data) >= TRIGGER_BYTES:
                return burst.at_s(TRIGGER_BYTES - waiting - 1)
            waiting, last_s = waiting + len(burst.data), burst.ends_s
        return last_s + self._timeout_s if waiting else math.inf

    def _hand_over(self, at_s: float) -> None:
        self.chunks.append((at_s, bytes(self.waiting)))
        self.waiting.clear()
