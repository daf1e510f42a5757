"""Framing of the simulated NE-1000, both ways (vendor manual, chapter on RS-232: Basic and Safe mode).

Basic: `text CR` to the pump, `STX text ETX` from it. Safe: `STX LEN data CRC-high CRC-low ETX` both ways, where LEN counts
itself and everything behind it, and the CRC (CCITT, polynomial 0x1021, start 0) covers the data only.
"""

from binascii import crc_hqx
from typing import NamedTuple

from simulators.device import Burst

STX = 0x02
ETX = 0x03
CR = 0x0D

INTER_BYTE_TIMEOUT_S = 0.5
"""A packet with a gap this long inside is thrown away without a word."""

PACKET_OVERHEAD = 4
"""LEN, two CRC bytes and ETX."""

MAX_TEXT = 80
"""Characters kept of one Basic line; what is longer can not be a command."""


def crc_ccitt(data: bytes) -> int:
    """The pump's 16-bit checksum: polynomial 0x1021, highest bit first, start 0. (BinHex 4 has the same.)"""
    return crc_hqx(data, 0)


def encode_reply(text: str, *, safe: bool) -> bytes:
    """The bytes of one reply in the framing of the mode."""
    data = text.encode("ascii")
    if not safe:
        return bytes([STX]) + data + bytes([ETX])
    crc = crc_ccitt(data)
    return bytes([STX, len(data) + PACKET_OVERHEAD]) + data + bytes([crc >> 8, crc & 0xFF, ETX])


class Frame(NamedTuple):
    """One complete frame from the host.

    text: what stands in it (Basic: without spaces and control characters, upper case; Safe: as it came).
    intact: False when a Safe packet failed its CRC or its ETX. first_s, last_s: arrival of its first and last byte.
    """

    text: str
    intact: bool
    first_s: float
    last_s: float


class Receiver:
    """Finds frames in the bytes from the host.

    safe: the mode the pump is in; in Safe mode bare text is ignored. packets_in_basic: whether Safe packets are also
    understood in Basic mode; if not, their bytes end up in the text line.
    """

    def __init__(self, *, packets_in_basic: bool) -> None:
        self.safe = False
        self._packets_in_basic = packets_in_basic
        self._packet: bytearray | None = None
        self._text = bytearray()
        self._first_s = 0.0
        self._last_s = 0.0

    def reset(self) -> None:
        """Forgets whatever was half received."""
        self._packet = None
        self._text.clear()

    def take(self, burst: Burst, count: int) -> tuple[int, Frame | None]:
        """Takes some of the first count bytes of a burst: up to the end of a frame, or all. How many, and the frame."""
        index = 0
        while index < count:
            inside = self._inside(burst.at_s(index))
            if inside > 0 and self._packet is not None:
                self._packet += burst.data[index : min(index + inside, count)]
                index = min(index + inside, count)
                self._last_s = burst.at_s(index - 1)
                continue
            frame = self.feed(burst.data[index], burst.at_s(index))
            index += 1
            if frame is not None:
                return index, frame
        return count, None

    def _inside(self, at_s: float) -> int:
        """So many bytes from at_s on are inside a packet, behind its length and before its last byte: they are just kept."""
        if not self._packet or at_s - self._last_s >= INTER_BYTE_TIMEOUT_S:
            return 0
        return self._packet[0] - len(self._packet) - 1

    def feed(self, byte: int, at_s: float) -> Frame | None:
        """Takes one byte that arrived at at_s; returns the frame that it completes, if it does."""
        if self._packet is not None and at_s - self._last_s >= INTER_BYTE_TIMEOUT_S:
            self._packet = None
        self._last_s = at_s
        if self._packet is not None:
            return self._packet_byte(self._packet, byte, at_s)
        if byte == STX and (self.safe or self._packets_in_basic):
            self._packet = bytearray()
            self._text.clear()
            self._first_s = at_s
            return None
        if self.safe:
            return None
        return self._text_byte(byte, at_s)

    def _packet_byte(self, packet: bytearray, byte: int, at_s: float) -> Frame | None:
        packet.append(byte)
        length = packet[0]
        if length < PACKET_OVERHEAD:
            self._packet = None  # not a length at all: wait for the next STX
            return None
        if len(packet) < length:
            return None
        self._packet = None
        return self._unpacked(bytes(packet), at_s)

    def _unpacked(self, packet: bytes, last_s: float) -> Frame:
        """packet: from its length to its last byte."""
        data = packet[1:-3]
        intact = packet[-1] == ETX and int.from_bytes(packet[-3:-1], "big") == crc_ccitt(data)
        return Frame(data.decode("latin-1"), intact, self._first_s, last_s)

    def _text_byte(self, byte: int, at_s: float) -> Frame | None:
        if byte == CR:
            first_s = self._first_s if self._text else at_s
            text = self._text.decode("latin-1").upper()
            self._text.clear()
            return Frame(text, True, first_s, at_s)
        if byte <= 0x20 or byte == 0x7F:
            return None
        if not self._text:
            self._first_s = at_s
        if len(self._text) < MAX_TEXT:
            self._text.append(byte)
        return None
