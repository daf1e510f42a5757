"""New Era NE-1000: bytes <-> commands and replies, Basic and Safe framing. Pure functions and one incremental parser.

Source: New Era Pump Systems, NE-1000 series user manual, chapters on RS-232 protocol and Safe mode. The CRC of Safe packets is
the CCITT polynomial from zero (the manual's own SAF0 packet proves the variant).
"""

import binascii
import re
from dataclasses import dataclass
from decimal import Decimal

from drivers.pump import PumpAlarm, PumpStatus

STX, ETX, CR = 0x02, 0x03, 0x0D

_STATUS = {
    "I": PumpStatus.INFUSING,
    "W": PumpStatus.WITHDRAWING,
    "S": PumpStatus.STOPPED,
    "P": PumpStatus.PAUSED,
    "T": PumpStatus.TIMED_PAUSE,
    "U": PumpStatus.WAITING_FOR_TRIGGER,
    "X": PumpStatus.PURGING,
}
_ALARM = {
    "R": PumpAlarm.RESET,
    "S": PumpAlarm.STALL,
    "T": PumpAlarm.WATCHDOG,
    "E": PumpAlarm.PROGRAM,
    "O": PumpAlarm.PHASE,
}
_REPLY = re.compile(r"(\d{1,2})(?:A\?([RSTEO])|([IWSPTUX]))(.*)", re.DOTALL)
_ERROR = re.compile(r"\?(|NA|OOR|COM|IGN)")
_NUMBER = r"(\d{1,4}(?:\.\d{0,3})?|\.\d{1,3})"
_VOLUME = re.compile(rf"{_NUMBER}(UL|ML)")
DISPENSED = re.compile(rf"I{_NUMBER}W{_NUMBER}(UL|ML)")

# Everything this driver can say. What is not in this list can not be sent: a purge (PUR runs until stopped), a trigger that
# starts (TRG FT and its kin), and a volume of 0 (which the pump takes for "without end") among them.
_SENDABLE = re.compile(
    r"|STP|RUN|DIS|VER|CLDINF|CLDWDR"
    r"|PHN[12]?|FUN|FUNSTP|FUNRAT"
    r"|DIA|VOL|VOLUL|RAT|DIR|DIRINF|DIRWDR"
    r"|PF0?|LOC[01]?|TRG|TRGP2|TRGSH|SAF[012]?"
    r"|(DIA|VOL)(?=[\d.]*[1-9])(?![\d.]{6})\d{1,4}(\.\d{1,3})?"
    r"|RAT(?=[\d.]*[1-9])(?![\d.]{6})\d{1,4}(\.\d{1,3})?UM",
    re.ASCII,
)
_LONGEST_REPLY = 40


@dataclass(frozen=True, slots=True)
class Reply:
    """One valid frame from the pump. Exactly one of status and alarm is set; error is "" for a plain "?".

    safe: the frame had a CRC, so the pump is in Safe mode.
    """

    address: int
    status: PumpStatus | None
    alarm: PumpAlarm | None
    data: str
    error: str | None
    safe: bool = False


def format_number(value: float) -> str:
    """A value as the pump takes it: at most four digits, at most three of them decimals, never rounded.

    Raises ValueError where the value can not be said exactly.
    """
    exact = Decimal(repr(float(value)))
    if not exact.is_finite() or exact < 0:
        raise ValueError(f"{value!r} can not be sent to the pump: it takes finite numbers from 0 up")
    whole = len(str(int(exact)))
    decimals = min(3, 4 - whole)
    if decimals < 0 or exact != exact.quantize(Decimal(1).scaleb(-decimals)):
        raise ValueError(f"{value!r} can not be sent exactly: the pump takes four digits, at most three of them decimals")
    return f"{exact:.{decimals}f}"


def parse_number(text: str) -> float:
    """A number as the pump writes it ("50.00", "500.", ".5"). Raises ValueError."""
    if not re.fullmatch(_NUMBER, text):
        raise ValueError(f"the pump sent {text!r} for a number")
    return float(text)


def parse_dispensed(data: str) -> tuple[float, float] | None:
    """Infused and withdrawn microlitres of a DIS reply; None if this is not one."""
    match = DISPENSED.fullmatch(data)
    if match is None:
        return None
    return _microlitres(match[1], match[3]), _microlitres(match[2], match[3])


def parse_volume(data: str) -> float:
    """Microlitres of a VOL reply ("50.00UL", "0.050ML"). Raises ValueError."""
    match = _VOLUME.fullmatch(data)
    if match is None:
        raise ValueError(f"the pump sent {data!r} for a volume")
    return _microlitres(match[1], match[2])


def _microlitres(number: str, unit: str) -> float:
    return float(Decimal(number) * (1000 if unit == "ML" else 1))


def encode(address: int, command: str, *, safe: bool) -> bytes:
    """The frame for one command. Raises ValueError for a command this driver must not send."""
    if not 0 <= address <= 99:
        raise ValueError(f"pump address {address} is outside 0-99")
    if not _SENDABLE.fullmatch(command):
        raise ValueError(f"{command!r} is not among the commands this driver may send")
    data = f"{address}{command}".encode("ascii")
    if not safe:
        return data + bytes([CR])
    crc = binascii.crc_hqx(data, 0)
    return bytes([STX, len(data) + 4]) + data + bytes([crc >> 8, crc & 0xFF, ETX])


def parse_reply(data: bytes, *, safe: bool = False) -> Reply | None:
    """The content of a frame (without framing) as a reply; None if it is not one. Blanks in it mean nothing."""
    try:
        match = _REPLY.fullmatch(data.decode("ascii"))
    except UnicodeDecodeError:
        return None
    if match is None:
        return None
    address, alarm, status, rest = match.groups()
    rest = "".join(rest.split())
    error = _ERROR.fullmatch(rest)
    return Reply(
        address=int(address),
        status=_STATUS[status] if status else None,
        alarm=_ALARM[alarm] if alarm else None,
        data="" if error else rest,
        error=error[1] if error else None,
        safe=safe,
    )


class ReplyParser:
    """Finds frames of either framing in a stream that may begin, break off and be disturbed anywhere.

    A Safe frame is taken by its length and CRC, never by looking for ETX (CRC bytes may be ETX). The first byte behind STX
    tells the framing: a Basic reply begins with an address digit (0x30 up), a Safe length is always smaller than that.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.broken_frames = 0
        self.safe_only = False  # once the pump is in Safe mode, nothing without a CRC counts

    def feed(self, data: bytes) -> list[Reply]:
        """Takes bytes and returns the replies that are complete now."""
        self._buffer += data
        replies = []
        while (frame := self._next_frame()) is not None:
            safe = frame[1] < 0x30
            reply = parse_reply(frame[2:-3] if safe else frame[1:-1], safe=safe)
            if reply is None:
                self.broken_frames += 1
            else:
                replies.append(reply)
        return replies

    def _next_frame(self) -> bytes | None:
        """The first whole frame, or None while there is none; what lies before it is dropped.

        A whole frame behind one that has only begun proves that the beginning was a false one: no frame contains another.
        """
        buffer = self._buffer
        begun = len(buffer)
        start = buffer.find(STX)
        while start >= 0:
            size = self._frame_size(buffer[start:], basic_allowed=not self.safe_only)
            if size is None:
                begun = min(begun, start)
            elif size > 0:
                frame = bytes(buffer[start : start + size])
                self._drop(start)
                del buffer[:size]
                return frame
            start = buffer.find(STX, start + 1)
        self._drop(begun)
        return None

    def _drop(self, size: int) -> None:
        """Throws away what can not be, or will not become, a frame."""
        self.broken_frames += self._buffer[:size].count(STX)
        del self._buffer[:size]

    @staticmethod
    def _frame_size(buffer: bytearray, *, basic_allowed: bool) -> int | None:
        """Size of the frame at the front; None while it is incomplete, 0 if no frame is here."""
        if len(buffer) < 2:
            return None
        second = buffer[1]
        if basic_allowed and 0x30 <= second <= 0x39:
            end = buffer.find(ETX, 1, _LONGEST_REPLY)
            if buffer.find(STX, 1, end if end >= 0 else len(buffer)) >= 0:
                return 0  # another frame begins before this one ended: this one is lost
            if end >= 0:
                return end + 1
            return None if len(buffer) < _LONGEST_REPLY else 0
        if not 4 <= second < 0x30:
            return 0
        if len(buffer) < second + 1:
            return None
        content, crc = bytes(buffer[2 : second - 2]), int.from_bytes(buffer[second - 2 : second], "big")
        return second + 1 if buffer[second] == ETX and binascii.crc_hqx(content, 0) == crc else 0
