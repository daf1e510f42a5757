"""Frames of the KELLER bus on the wire: check sum, and where one request ends.

A frame is `address function data... CRC_H CRC_L`. Source: KELLER, "Communication protocol X-Line", data-link layer.
"""

from dataclasses import dataclass, field

_IDLE_CHARACTERS = 3.5
_BITS_A_CHARACTER = 10.0


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ 0xA001 if byte & 1 else byte >> 1
    return byte


_CRC_TABLE = tuple(_crc_of_byte(byte) for byte in range(256))


def crc16(data: bytes) -> int:
    """CRC-16, polynomial 0xA001 (reflected), initial value 0xFFFF."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc


def seal(body: bytes) -> bytes:
    """The body with its check sum, high byte first (Modbus has the low byte first)."""
    return body + crc16(body).to_bytes(2, "big")


def unseal(frame: bytes) -> bytes | None:
    """The body of a frame, or None where it is too short or its check sum is wrong."""
    if len(frame) < 4 or seal(frame[:-2]) != frame:
        return None
    return frame[:-2]


@dataclass(slots=True)
class Assembler:
    """Cuts the bytes on the wire into frames: a silence of 3.5 characters ends one, as RS-485 slaves do.

    A request longer than the receive buffer is lost as a whole: its check sum can not be seen any more.
    """

    baud: int
    buffer: int
    _data: bytearray = field(default_factory=bytearray)
    _last_s: float = 0.0

    @property
    def silence_s(self) -> float:
        """How long nothing must arrive for a frame to end."""
        return _IDLE_CHARACTERS * _BITS_A_CHARACTER / self.baud

    @property
    def ends_s(self) -> float | None:
        """When the frame that is under way is complete, if nothing else arrives; None when none is."""
        return self._last_s + _IDLE_CHARACTERS * _BITS_A_CHARACTER / self.baud if self._data else None

    @property
    def last_bit_s(self) -> float:
        """When the newest byte arrived."""
        return self._last_s

    def add(self, byte: int, at_s: float) -> None:
        """One byte whose last bit arrived at at_s."""
        self._data.append(byte)
        self._last_s = at_s

    def take(self) -> bytes:
        """What has been collected; b"" where it did not fit into the receive buffer."""
        frame = bytes(self._data)
        self._data.clear()
        return frame if len(frame) <= self.buffer else b""

    def clear(self) -> None:
        """Forgets what is under way."""
        self._data.clear()
