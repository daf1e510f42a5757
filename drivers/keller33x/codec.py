"""Frames of the KELLER bus: requests as bytes, and typed replies out of a byte stream that may hold anything.

Source: KELLER, description of the communication protocol of the Series 30 transmitters (33X, 35X and relatives). A
frame is `address function data... CRC_H CRC_L`: the high byte of the CRC goes first (Modbus sends the low one first). A
frame says neither its length nor, for a channel value, which request it answers: the length is taken from the function
alone and never from the stream, and telling requests of one kind apart is the driver's task.
"""

import struct
from array import array
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Function(IntEnum):
    """The functions used here. F95 (zero) and every other one that writes the device are left out on purpose."""

    READ_COEFFICIENT = 30
    INITIALISE = 48
    READ_SERIAL_NUMBER = 69
    READ_CHANNEL = 73


CHANNEL_P1 = 1
COEFFICIENT_P1_MIN_BAR = 80
COEFFICIENT_P1_MAX_BAR = 81

STAT_P1_INVALID = 0b1001_0010
"""STAT bits that make P1 worthless: /STD (7, still powering up), TOB1 (4, its temperature compensation), P1 (1)."""
STAT_POWERING_UP = 0b1000_0000

EXCEPTION_NOT_INITIALISED = 32
EXCEPTION_MEANINGS = {
    1: "function not implemented",
    2: "bad parameter",
    3: "bad length or data",
    4: "value invalid",
    EXCEPTION_NOT_INITIALISED: "not initialised since its power came on",
}

_EXCEPTION_FLAG = 0x80
_EXCEPTION_BYTES = 5
_REPLY_BYTES = {
    Function.READ_COEFFICIENT: 8,
    Function.INITIALISE: 10,
    Function.READ_SERIAL_NUMBER: 8,
    Function.READ_CHANNEL: 9,
}
_READ_CHANNEL = int(Function.READ_CHANNEL)
_LONGEST_FRAME_BYTES = max(_REPLY_BYTES.values())
# A stream of junk is worked through in pieces of this size, so that the work per byte does not grow with the backlog.
_PIECE_BYTES = 256


@dataclass(frozen=True, slots=True)
class Request:
    """One request, whole and with its CRC."""

    function: Function
    frame: bytes


@dataclass(frozen=True, slots=True)
class Initialised:
    """F48. status: 0 = first since power-on, 1 = was initialised before."""

    device_class: int
    group: int
    year: int
    week: int
    buffer_bytes: int
    status: int

    @property
    def firmware(self) -> str:
        """Class, group, year and week in the vendor's way of writing, for example "5.20-10.50"."""
        return f"{self.device_class}.{self.group}-{self.year}.{self.week:02d}"


@dataclass(frozen=True, slots=True)
class SerialNumber:
    """F69."""

    number: int


@dataclass(frozen=True, slots=True)
class Coefficient:
    """F30. The reply does not say which coefficient it is. value: whatever float came, NaN and infinities included."""

    value: float


@dataclass(frozen=True, slots=True)
class ChannelValue:
    """F73. value: whatever float came (bar for a pressure channel), NaN and infinities included. stat: the STAT byte."""

    value: float
    stat: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The transmitter answered a function with an exception."""

    function: Function
    code: int

    @property
    def meaning(self) -> str:
        """The exception in words."""
        return EXCEPTION_MEANINGS.get(self.code, "of unknown meaning")


Reply = Initialised | SerialNumber | Coefficient | ChannelValue | Refused


_SAMPLE = struct.Struct(">BBfBH")
"""The whole answer to F73: address, function, value, STAT, CRC."""
SAMPLE_BYTES = _SAMPLE.size


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ 0xA001 if byte & 1 else byte >> 1
    return byte


_CRC_OF_BYTE = array("H", map(_crc_of_byte, range(256)))  # in one piece: as a list of numbers it would lie all over the memory


def crc16(data: Iterable[int]) -> int:
    """CRC-16 of the KELLER bus: polynomial 0xA001 reflected, start value 0xFFFF."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC_OF_BYTE[(crc ^ byte) & 0xFF]
    return crc


def _request(address: int, function: Function, *parameters: int) -> Request:
    body = bytes((address, function, *parameters))
    return Request(function, body + crc16(body).to_bytes(2, "big"))


def initialise(address: int) -> Request:
    """F48: after every power interruption the transmitter answers nothing else before it. address: 1..250."""
    return _request(address, Function.INITIALISE)


def read_serial_number(address: int) -> Request:
    """F69."""
    return _request(address, Function.READ_SERIAL_NUMBER)


def read_coefficient(address: int, number: int) -> Request:
    """F30; number: COEFFICIENT_P1_MIN_BAR or COEFFICIENT_P1_MAX_BAR."""
    return _request(address, Function.READ_COEFFICIENT, number)


def read_channel(address: int, channel: int) -> Request:
    """F73; channel: CHANNEL_P1."""
    return _request(address, Function.READ_CHANNEL, channel)


class ReplyParser:
    """Finds the valid replies of one transmitter in a stream of bytes. Never raises, whatever arrives.

    Every position is tried with the length that its function byte calls for, and only a frame with a right CRC leaves
    it. Bytes that fit nothing are dropped; at most one incomplete frame is kept. A request that comes back as an echo
    (some RS-485 converters do that) is taken out first: otherwise one echo in 65536, glued to the reply behind it,
    would pass for a frame.
    """

    def __init__(self, address: int) -> None:
        self._address = address
        self._buffer = bytearray()
        # The last two: an echo may still be in the line when the next request goes out.
        self._sent: deque[Request] = deque(maxlen=2)
        self._echo: bool | None = None
        self._echo_seen = False
        self._fed_bytes = 0
        self._explained_bytes = 0

    @property
    def echo(self) -> bool | None:
        """Whether the line echoes; None before the first reply to an F48."""
        return self._echo

    @property
    def echo_seen(self) -> bool:
        """Whether the current request has come back."""
        return self._echo_seen

    @property
    def unexplained_bytes(self) -> int:
        """Bytes since the current request that were neither an echo nor part of a valid reply."""
        return self._fed_bytes - self._explained_bytes

    def expect(self, request: Request) -> None:
        """Tells that this request goes out now. What is left of earlier bytes stays: a late reply may be half through."""
        self._sent.append(request)
        self._echo_seen = False
        self._fed_bytes = self._explained_bytes = 0

    def feed(self, data: bytes) -> list[Reply]:
        """Takes bytes as they arrive, in any portions, and returns the replies completed by them, oldest first."""
        self._fed_bytes += len(data)
        if len(data) == SAMPLE_BYTES:
            # What comes a hundred times a second, and nothing else with it. Anything else is looked at more closely.
            sample = self.glance(data)
            if sample is not None and self.is_sample(data):
                self._explained_bytes = min(self._fed_bytes, self._explained_bytes + SAMPLE_BYTES)
                return [sample]
        replies: list[Reply] = []
        for start in range(0, len(data), _PIECE_BYTES):
            self._buffer += data[start : start + _PIECE_BYTES]
            while (reply := self._next_reply()) is not None:
                if isinstance(reply, Initialised):
                    self._echo = self._echo_seen
                replies.append(reply)
        return replies

    def glance(self, data: bytes) -> ChannelValue | None:
        """What SAMPLE_BYTES bytes say if they are a whole answer to F73 by themselves, which `is_sample` has to find. Changes
        nothing; None where they can be none."""
        if self._buffer:
            return None
        address, function, value, stat, _ = _SAMPLE.unpack(data)
        return ChannelValue(value, stat) if address == self._address and function == _READ_CHANNEL else None

    def is_sample(self, data: bytes) -> bool:
        """Whether the CRC is right, and this is no echo of what was asked."""
        if crc16(data[:-2]) != data[-2] << 8 | data[-1]:
            return False
        return not any(data.startswith(request.frame) for request in self._sent)

    def _next_reply(self) -> Reply | None:
        start = 0
        while start < len(self._buffer):
            echo_bytes = self._echo_at(start)
            if echo_bytes:
                self._echo_seen = True
                self._consume(start, echo_bytes)
                start = 0
                continue
            frame_bytes, reply = self._reply_at(start)
            if reply is not None:
                self._consume(start, frame_bytes)
                return reply
            start += 1
        # Nothing whole is left, and no frame that is still incomplete can have begun before this point.
        del self._buffer[: max(0, len(self._buffer) - (_LONGEST_FRAME_BYTES - 1))]
        return None

    def _consume(self, start: int, count: int) -> None:
        # Bytes of an earlier request may be among them; explained must never exceed what was fed since.
        self._explained_bytes = min(self._fed_bytes, self._explained_bytes + count)
        del self._buffer[: start + count]

    def _echo_at(self, start: int) -> int:
        """Bytes of the echo that stands here, 0 where none does.

        No reply can be mistaken for one: an echoed F73 or F30 read as a reply would be a pressure of 4e-38 or a range
        of 1e10 bar, and an echoed F48 a device class that no address's CRC spells. Only a serial number can look like
        an echoed F69; so these are left alone on a line that is known not to echo.
        """
        for request in self._sent:
            if request.function is Function.READ_SERIAL_NUMBER and self._echo is False:
                continue
            if self._buffer.startswith(request.frame, start):
                return len(request.frame)
        return 0

    def _reply_at(self, start: int) -> tuple[int, Reply | None]:
        head = self._buffer[start : start + 2]
        if len(head) < 2 or head[0] != self._address:
            return 0, None
        refused = bool(head[1] & _EXCEPTION_FLAG)
        try:
            function = Function(head[1] & ~_EXCEPTION_FLAG)
        except ValueError:
            return 0, None
        size = _EXCEPTION_BYTES if refused else _REPLY_BYTES[function]
        frame = bytes(self._buffer[start : start + size])
        if len(frame) < size or crc16(frame[:-2]) != int.from_bytes(frame[-2:], "big"):
            return 0, None
        data = frame[2:-2]
        return size, Refused(function, data[0]) if refused else _decode(function, data)


def _decode(function: Function, data: bytes) -> Reply:
    if function is Function.INITIALISE:
        return Initialised(*data)
    if function is Function.READ_SERIAL_NUMBER:
        return SerialNumber(int.from_bytes(data, "big"))
    if function is Function.READ_COEFFICIENT:
        return Coefficient(struct.unpack(">f", data)[0])
    value, stat = struct.unpack(">fB", data)
    return ChannelValue(value, stat)
