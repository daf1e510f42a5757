"""A terminal, pipe or file that is written without waiting: who does not read delays nobody."""

import errno
import os
import select
import stat
import time

_CHUNK = 4096  # a pipe that is writable at all takes this much (PIPE_BUF)
_MAX_PENDING = 1 << 20


class OutputGoneError(Exception):
    """Nobody reads the output any more: a broken pipe, a terminal that was hung up."""


class Output:
    """A terminal, pipe or file that is written without ever waiting for it."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._owned = False
        self._pending = b""
        self._lost = 0
        kind = os.fstat(fd).st_mode
        if os.isatty(fd) or stat.S_ISFIFO(kind):
            try:
                # Opened anew: "never wait" then holds for this process alone and not for everyone who shares the terminal.
                self._fd = os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
                self._owned = True
            except OSError:
                self._fd = fd

    def fileno(self) -> int:
        """The descriptor that is written."""
        return self._fd

    @property
    def pending(self) -> bool:
        """True while something has been put that was not yet taken."""
        return bool(self._pending)

    def put(self, data: bytes) -> None:
        """Queues bytes. Beyond 1 MiB of backlog they are dropped, and a line says so later."""
        if len(self._pending) > _MAX_PENDING:
            self._lost += 1
            return
        if self._lost:
            data = f"[{self._lost} lines were lost: nobody took the output]\n".encode() + data
            self._lost = 0
        self._pending += data

    def flush(self) -> None:
        """Writes what is taken now. Raises OutputGoneError."""
        while self._pending and select.select([], [self._fd], [], 0.0)[1]:
            try:
                written = os.write(self._fd, self._pending[:_CHUNK])
            except BlockingIOError:
                return
            except OSError as error:
                self._pending = b""
                raise OutputGoneError(errno.errorcode.get(error.errno or 0, "unknown")) from error
            self._pending = self._pending[written:]

    def drain(self, patience_s: float) -> None:
        """Writes what is pending, for at most patience_s. Raises OutputGoneError."""
        until_s = time.monotonic() + patience_s
        self.flush()
        while self._pending and (left_s := until_s - time.monotonic()) > 0.0:
            select.select([], [self._fd], [], left_s)
            self.flush()

    def close(self) -> None:
        """Ends the use of the descriptor."""
        if self._owned:
            os.close(self._fd)
            self._owned = False
