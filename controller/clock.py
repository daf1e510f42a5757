"""How far the system's clock can be trusted. The loop does not go by it; the record says by it when a procedure was begun."""

import ctypes
from dataclasses import dataclass
from typing import Final

_UNSYNCHRONISED: Final = 0x40  # STA_UNSYNC
_SPARE_BYTES: Final = 256  # more than the rest of the structure takes
_libc = ctypes.CDLL(None, use_errno=True)


class _Timex(ctypes.Structure):
    """The begin of struct timex (adjtimex(2)), as far as it is read here."""

    _fields_ = [
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("rest", ctypes.c_byte * _SPARE_BYTES),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClockState:
    """synchronised: None where the system does not say. max_error_s: how far it may be off, as its keeper reckons."""

    synchronised: bool | None
    max_error_s: float | None

    @property
    def text(self) -> str:
        """A sentence for people."""
        if self.synchronised is None:
            return "the system does not say whether its clock is synchronised"
        if not self.synchronised:
            return "NOT synchronised"
        return f"synchronised, at most {self.max_error_s:.3f} s off"

    def body(self) -> dict[str, object]:
        """For the record."""
        return {"synchronised": self.synchronised, "max_error_s": self.max_error_s, "text": self.text}


def clock_state() -> ClockState:
    """As the kernel has it from whoever keeps its time (NTP, PTP). Changes nothing. Never raises."""
    timex = _Timex(modes=0)
    try:
        answer = _libc.adjtimex(ctypes.byref(timex))
    except AttributeError:  # another kind of system
        return ClockState(None, None)
    if answer < 0:  # forbidden in some containers
        return ClockState(None, None)
    return ClockState(not timex.status & _UNSYNCHRONISED, timex.maxerror / 1e6)
