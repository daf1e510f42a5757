"""Frames of the KELLER bus on the wire: check sum, and where one request ends.

A frame is `address function data... CRC_H CRC_L`. Source: KELLER, "Communication protocol X-Line", data-link layer.
"""

import math
from functools import lru_cache

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


@lru_cache(maxsize=64)  # a host asks the same thing again and again
def unseal(frame: bytes) -> bytes | None:
    """The body of a frame, or None where it is too short or its check sum is wrong."""
    if len(frame) < 4 or seal(frame[:-2]) != frame:
        return None
    return frame[:-2]


class Assembler:
    """Cuts the bytes on the wire into frames: a silence of 3.5 characters ends one, as RS-485 slaves do.

    A request longer than the receive buffer is lost as a whole: its check sum can not be seen any more.
    """

    __slots__ = ("_buffer", "_data", "ends_s", "last_bit_s", "silence_s")

    def __init__(self, baud: int, buffer: int) -> None:
        self._buffer = buffer
        self._data = bytearray()
        self.silence_s = _IDLE_CHARACTERS * _BITS_A_CHARACTER / baud
        """How long nothing must arrive for a frame to end."""
        self.ends_s = math.inf
        """When the frame that is under way is complete, if nothing else arrives; inf when none is."""
        self.last_bit_s = 0.0
        """When the newest byte arrived."""

    def add(self, data: bytes, last_s: float) -> None:
        """Bytes with no silence between them, of which the last bit arrived at last_s."""
        self._data += data
        self.last_bit_s = last_s
        self.ends_s = last_s + self.silence_s

    def take(self) -> bytes:
        """What has been collected; b"" where it did not fit into the receive buffer."""
        frame = bytes(self._data)
        self.clear()
        return frame if len(frame) <= self._buffer else b""

    def clear(self) -> None:
        """Forgets what is under way."""
        self._data.clear()
        self.ends_s = math.inf
