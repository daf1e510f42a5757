"""For the control process: the terminal is given back even when the display was killed and could not do it itself."""

import os
import signal
import termios

from controller.display.terminal import in_foreground

# Ends a half-sent sequence, shows the cursor, leaves the alternate screen, ends colours.
_GIVE_BACK = "\x18\x1b[?25h\x1b[?1049l\x1b[0m\r"


class Rescue:
    """Remembers how the terminal was before the display had it. stream_fd: what the display draws or writes on."""

    def __init__(self, stream_fd: int, live: bool) -> None:
        self._live = live
        self._modes: list[object] | None = None
        self._screen: int | None = None
        try:
            if os.isatty(0) and in_foreground(0):
                self._modes = list(termios.tcgetattr(0))
            if os.isatty(stream_fd):
                flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
                self._screen = os.open(f"/proc/self/fd/{stream_fd}", flags)
        except (OSError, termios.error):
            self._screen = None  # such a terminal can not be given back; everything else works

    def give_back(self, text: str) -> None:
        """Cooked keyboard, cursor, normal screen, and one line that says why. Never waits, never raises, works once."""
        # A background job that sets a terminal is stopped by the system; with the signal blocked it is not.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            if self._modes is not None and in_foreground(0):
                termios.tcsetattr(0, termios.TCSANOW, self._modes)  # type: ignore[arg-type]  # as tcgetattr gave them
            if self._screen is not None:
                os.write(self._screen, f"{_GIVE_BACK if self._live else ''}\r\n{text}\r\n".encode())
        except (OSError, termios.error):
            pass  # the terminal is gone or full: there is nobody to tell
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            self.close()

    def close(self) -> None:
        """Gives up the terminal."""
        self._modes = None
        if self._screen is not None:
            os.close(self._screen)
            self._screen = None
