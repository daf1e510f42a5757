"""A timer that wakes an epoll at an absolute time of CLOCK_BOOTTIME, to the microsecond.

epoll's own timeout is a number of whole milliseconds from now, rounded up. The kernel's timerfd takes an absolute time; Python
has it from 3.13 on, so libc is called here.
"""

import ctypes
import os
import time
from typing import Final

_TFD_NONBLOCK, _TFD_CLOEXEC = os.O_NONBLOCK, os.O_CLOEXEC
_TFD_TIMER_ABSTIME: Final = 1
_NS: Final = 1_000_000_000
_libc = ctypes.CDLL(None, use_errno=True)


class _Spec(ctypes.Structure):
    """struct itimerspec: interval (none), then the time itself."""

    _fields_ = [(name, ctypes.c_long) for name in ("every_s", "every_ns", "at_s", "at_ns")]


class Wakeup:
    """One timer. `descriptor` is readable from the time on that was asked for last, until the next is asked for."""

    def __init__(self) -> None:
        """Raises OSError."""
        self.descriptor = int(_libc.timerfd_create(time.CLOCK_BOOTTIME, _TFD_NONBLOCK | _TFD_CLOEXEC))
        if self.descriptor < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        self._spec = _Spec()
        self._pointer = ctypes.byref(self._spec)
        self._set = _libc.timerfd_settime

    def at(self, boot_ns: int) -> bool:
        """Asks for this time, in nanoseconds of CLOCK_BOOTTIME; False where that fails."""
        self._spec.at_s, self._spec.at_ns = divmod(boot_ns, _NS)
        return bool(self._set(self.descriptor, _TFD_TIMER_ABSTIME, self._pointer, None) == 0)

    def close(self) -> None:
        """Gives it back."""
        os.close(self.descriptor)
