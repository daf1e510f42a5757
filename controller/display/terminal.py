"""Terminals: whether one can be drawn on, and how its keyboard is read key by key and given back as it was."""

import os
import select
import sys
import termios

_CONTROL_CHARACTERS = 6  # index of c_cc in what tcgetattr gives
_INPUT_FLAGS, _LOCAL_FLAGS = 0, 3
_MAX_READ = 4096


def in_foreground(fd: int) -> bool:
    """True unless fd is our controlling terminal and another job has it now."""
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return True  # not our controlling terminal: no job control here


def choose_mode(wanted: str, stream: str) -> str:
    """ "live" where the stream is a terminal that can be drawn on, else "plain". Raises ValueError for other names."""
    if wanted not in ("auto", "plain", "live") or stream not in ("stdout", "stderr"):
        raise ValueError(f"display mode {wanted!r} on {stream!r}: expected auto, plain or live on stdout or stderr")
    file = sys.stdout if stream == "stdout" else sys.stderr
    fd = 1 if stream == "stdout" else 2
    encoding = str(getattr(file, "encoding", "") or "").lower().replace("-", "")
    able = os.isatty(fd) and in_foreground(fd) and os.environ.get("TERM", "dumb") not in ("", "dumb", "unknown")
    return "live" if wanted != "plain" and able and encoding == "utf8" else "plain"


class Keyboard:
    """A terminal read key by key, without echo. Ctrl-C stays a signal."""

    def __init__(self, fd: int) -> None:
        """Raises OSError or termios.error where fd is no terminal."""
        self.fd = fd
        self._before = termios.tcgetattr(fd)
        wanted = termios.tcgetattr(fd)
        wanted[_LOCAL_FLAGS] &= ~(termios.ICANON | termios.ECHO)
        # Ctrl-S would freeze the screen with old numbers on it: it comes through as a key.
        wanted[_INPUT_FLAGS] &= ~termios.IXON
        wanted[_CONTROL_CHARACTERS][termios.VMIN] = 1
        wanted[_CONTROL_CHARACTERS][termios.VTIME] = 0
        # Ctrl-Z must not suspend the process that watches the patient.
        wanted[_CONTROL_CHARACTERS][termios.VSUSP] = b"\x00"
        termios.tcsetattr(fd, termios.TCSANOW, wanted)
        self._ours = termios.tcgetattr(fd)

    def read(self) -> bytes | None:
        """All that has been typed until now, without waiting; None when the terminal is gone or belongs to another job."""
        data = b""
        while len(data) < _MAX_READ and select.select([self.fd], [], [], 0.0)[0]:
            try:
                more = os.read(self.fd, 1024)
            except OSError:
                return data or None
            if not more:
                return data or None
            data += more
        return data

    def restore(self) -> None:
        """Gives the terminal back as it was, unless another job (the shell) has already set it for itself."""
        try:
            if in_foreground(self.fd) or termios.tcgetattr(self.fd) == self._ours:
                termios.tcsetattr(self.fd, termios.TCSANOW, self._before)
        except (OSError, termios.error):
            return  # it is gone: nothing to give back
