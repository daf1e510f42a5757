"""The pump's transmitter: replies leave byte by byte, and some faults lose or spoil them on the way."""

import math
from collections.abc import Sequence

from simulators.device import Burst, Uart
from simulators.ne1000.faults import Faults


def garbled(data: bytes) -> bytes:
    """What bytes look like at the other end when the baud rates differ."""
    return bytes((byte * 37 + 11) % 128 | 0x80 for byte in data)


class Transmitter:
    """Everything that the pump sends goes through here."""

    def __init__(self, baud: int, faults: Faults, trailing: bytes) -> None:
        self._faults = faults
        self._trailing = trailing
        self._host_end = Uart(baud)
        self.sending_until_s = -math.inf
        """When the pump has shifted out the last bit of its last reply (late or lost on the way or not)."""

    def send(self, frame: bytes, from_s: float) -> None:
        """One reply (or alarm) from from_s on, behind whatever is still going out."""
        frame += self._trailing
        self.sending_until_s = max(self.sending_until_s, from_s) + len(frame) * (10.0 / self._host_end.baud)
        if self._faults.mute:
            return
        if self._faults.corruption is not None:
            frame = self._faults.corruption.apply(frame)
        self._host_end.put(garbled(frame) if self._faults.wrong_baud else frame, from_s + self._faults.delay_s)

    def echo(self, byte: int, at_s: float) -> None:
        """A byte that comes straight back."""
        self._host_end.put(bytes([byte]), at_s)

    def take(self, now_s: float) -> list[Burst]:
        """The bytes that are through by now_s."""
        return self._host_end.take(now_s)

    @property
    def under_way(self) -> Sequence[Burst]:
        """The bytes that have not been taken yet; always the same object."""
        return self._host_end.under_way

    def set_baud(self, baud: int) -> None:
        """What is sent from now on goes at this rate."""
        self._host_end.baud = baud

    def cut(self) -> None:
        """Power cut: what is not out yet will never be."""
        self._host_end.reset()
        self.sending_until_s = -math.inf
