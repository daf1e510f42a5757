"""A port that is a file descriptor (serial device, pseudo-terminal, TCP socket), read and written without ever waiting."""

import errno
import fcntl
import os
import struct
import termios
from typing import Any, Final

from drivers.link import InputLines, LinkLostError, OutputLines

_READ_BYTES: Final = 4096


# Major device numbers of Unix 98 pseudo-terminals (Linux, admin-guide/devices).
_PSEUDO_TERMINAL_MAJORS: Final = range(136, 144)


def ready_terminal(fd: int) -> None:
    """Finishes what pyserial has set up on a terminal. Raises OSError or termios.error.

    TIOCEXCL keeps other programs out that do not ask for pyserial's lock (root excepted). Not on a pseudo-terminal: there
    the kernel keeps the mark until its *other* end is closed, so that nobody but root could open it again after this
    process was killed, and the lock alone must do.

    VMIN = 1 makes "nothing there" (EAGAIN) different from "hung up" (end of file): with pyserial's VMIN = 0 both read as
    no bytes. A break on the line must not throw away what is in the queues.
    """
    if os.major(os.fstat(fd).st_rdev) not in _PSEUDO_TERMINAL_MAJORS:
        fcntl.ioctl(fd, termios.TIOCEXCL)
    attributes = termios.tcgetattr(fd)
    attributes[0] &= ~(termios.BRKINT | termios.INPCK | termios.ISTRIP | termios.PARMRK)
    attributes[6][termios.VMIN] = 1
    attributes[6][termios.VTIME] = 0
    termios.tcsetattr(fd, termios.TCSANOW, attributes)
    termios.tcflush(fd, termios.TCIFLUSH)


class FdPort:
    """An opened pyserial port with a descriptor, as a Link. Raises LinkLostError, without a name: the caller knows it.

    Of a frame that the system takes only in part the rest is kept. It goes out before anything else, at the next read or
    write, so that bytes are neither lost nor change places. If it can not go out by the next write, the port has stopped
    taking bytes and the link counts as lost: a stop must never queue up behind something that does not move.
    """

    def __init__(self, port: Any) -> None:
        self._port = port
        self._fd: int = port.fileno()
        self._rest = b""
        # pyserial asserts both when it opens a port.
        self._driven = OutputLines(rts=True, dtr=True)

    @property
    def unsent(self) -> bool:
        """See Link."""
        return bool(self._rest)

    def read(self) -> bytes:
        """See Link. At most 4096 bytes a call: 0.3 s of the fastest line used here."""
        if self._rest:
            self._send_rest()
        try:
            data = os.read(self._fd, _READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise LinkLostError(f"the port is gone ({_words(error)})") from error
        if not data:
            raise LinkLostError("the port is gone (its other end was closed)")
        return data

    def write(self, frame: bytes) -> None:
        """See Link."""
        if self._rest:
            self._send_rest()
            if self._rest:
                raise LinkLostError("the port takes no more bytes")
        taken = self._offer(frame)
        if frame and not taken:
            raise LinkLostError("the port takes no more bytes")
        self._rest = frame[taken:]

    def lines(self) -> InputLines:
        """See Link: one ioctl for all, read from the hardware (or whatever the adapter's driver makes of that)."""
        state = modem_lines(self._fd)
        cts, dsr, dcd = (bool(state & bit) for bit in (termios.TIOCM_CTS, termios.TIOCM_DSR, termios.TIOCM_CAR))
        return InputLines(cts, dsr, dcd)

    def set_lines(self, wanted: OutputLines) -> None:
        """See Link. Only what changes is sent: an adapter may need a USB transfer for every call."""
        if wanted == self._driven:
            return
        bits = ((termios.TIOCM_RTS, wanted.rts, self._driven.rts), (termios.TIOCM_DTR, wanted.dtr, self._driven.dtr))
        raised = sum(bit for bit, now, before in bits if now and not before)
        dropped = sum(bit for bit, now, before in bits if before and not now)
        try:
            if raised:
                fcntl.ioctl(self._fd, termios.TIOCMBIS, struct.pack("I", raised))
            if dropped:
                fcntl.ioctl(self._fd, termios.TIOCMBIC, struct.pack("I", dropped))
        except OSError as error:
            raise LinkLostError(f"the port's modem lines can not be set ({_words(error)})") from error
        self._driven = wanted

    def fileno(self) -> int | None:
        """See Link."""
        return self._fd

    def close(self) -> None:
        """See Link."""
        close_client(self._port)

    def _send_rest(self) -> None:
        self._rest = self._rest[self._offer(self._rest) :]

    def _offer(self, data: bytes) -> int:
        """How many of these bytes the system has taken."""
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise LinkLostError(f"the port is gone ({_words(error)})") from error


def close_client(client: Any) -> None:
    """Closes a pyserial port, and the socket that its network kinds leave open where the peer has gone first."""
    connection = getattr(client, "_socket", None)
    client.close()
    if connection is not None:
        connection.close()


def modem_lines(fd: int) -> int:
    """The state of all modem lines (TIOCM_... bits). Raises LinkLostError where the port is gone or has none."""
    try:
        answer = fcntl.ioctl(fd, termios.TIOCMGET, struct.pack("I", 0))
    except OSError as error:
        raise LinkLostError(f"the port's modem lines can not be read ({_words(error)})") from error
    return int(struct.unpack("I", answer)[0])


def _words(error: OSError) -> str:
    return f"{errno.errorcode.get(error.errno or 0, error.errno)}: {error.strerror}"
