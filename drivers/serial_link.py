"""Links over pyserial: serial devices and pseudo-terminals by path, terminal servers by rfc2217:// and socket:// URLs."""

import contextlib
import errno
import socket
import stat
import termios
import threading
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlsplit

import serial

from drivers.fd_port import FdPort, close_client, modem_lines, ready_terminal
from drivers.link import InputLines, LinkLostError, OutputLines
from drivers.rfc2217_port import WAIT_S, Rfc2217Port

OPEN_LIMIT_S: Final = 2.5
"""The longest that opening a network port may take before it is given up."""
_NETWORK_SCHEMES: Final = ("rfc2217", "socket")
_NETWORK_HELP: Final = "check the address, and that its server is running"


class PortError(Exception):
    """A port can not be opened. The message is one sentence for people: which port, what is wrong, what to do."""


class SerialLink:
    """A Link over a pyserial port. Made by `open`; every LinkLostError names the link."""

    def __init__(self, name: str, port: FdPort | Rfc2217Port, *, has_lines: bool) -> None:
        self._name = name
        self._port = port
        self._has_lines = has_lines

    @classmethod
    def open(cls, name: str, url: str, baud: int, *, lines: bool = False) -> Self:
        """Opens a port for this process alone: 8N1, no flow control, RTS and DTR asserted, input flushed.

        name: for messages ("pump", "pressure", "button"). url: a device path, rfc2217://host:port or socket://host:port.
        lines: the modem lines are needed. Raises PortError, after OPEN_LIMIT_S at the latest.
        """
        where = f"{name}: port {url}"
        scheme = urlsplit(url).scheme if "://" in url else ""
        if scheme == "":
            return cls(name, _open_device(where, url, baud, lines=lines), has_lines=lines)
        if scheme not in _NETWORK_SCHEMES:
            raise PortError(f"{where} is of an unknown kind; give a device path, rfc2217://host:port or socket://host:port")
        if scheme == "socket" and lines:
            raise PortError(f"{where} has no modem lines; a socket:// port carries bytes only, use rfc2217://")
        return cls(name, _open_network(where, url, baud, scheme, lines=lines), has_lines=lines)

    @property
    def unsent(self) -> bool:
        """See Link."""
        return self._port.unsent

    def read(self) -> bytes:
        """See Link."""
        try:
            return self._port.read()
        except LinkLostError as error:
            raise self._named(error) from error

    def write(self, frame: bytes) -> None:
        """See Link."""
        try:
            self._port.write(frame)
        except LinkLostError as error:
            raise self._named(error) from error

    def lines(self) -> InputLines:
        """See Link. Raises RuntimeError for a link that was opened without lines."""
        self._need_lines()
        try:
            return self._port.lines()
        except LinkLostError as error:
            raise self._named(error) from error

    def set_lines(self, wanted: OutputLines) -> None:
        """See Link. Raises RuntimeError for a link that was opened without lines."""
        self._need_lines()
        try:
            self._port.set_lines(wanted)
        except LinkLostError as error:
            raise self._named(error) from error

    def fileno(self) -> int | None:
        """See Link."""
        return self._port.fileno()

    def close(self) -> None:
        """See Link."""
        # A port that is gone may refuse even this; there is nothing left to do about it.
        with contextlib.suppress(OSError, serial.SerialException):
            self._port.close()

    def _need_lines(self) -> None:
        if not self._has_lines:
            raise RuntimeError(f"{self._name}: this link was opened without modem lines")

    def _named(self, error: LinkLostError) -> LinkLostError:
        return LinkLostError(f"{self._name}: {error}")


def _open_device(where: str, path: str, baud: int, *, lines: bool) -> FdPort:
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError) as error:
        raise PortError(_device_words(where, error)) from error
    if not stat.S_ISCHR(mode):
        raise PortError(f"{where} is not a serial port; check the path in the profile")
    try:
        port = serial.serial_for_url(path, baudrate=baud, timeout=0, exclusive=True, do_not_open=True)
        port.open()
    except (OSError, termios.error, ValueError, OverflowError) as error:
        raise PortError(_device_words(where, error)) from error
    try:
        # Shorter delays in USB adapters that have such a mode (FTDI); others refuse, and do without.
        with contextlib.suppress(ValueError, NotImplementedError):
            port.set_low_latency_mode(True)
        ready_terminal(port.fileno())
        if lines:
            modem_lines(port.fileno())
    except LinkLostError as error:
        port.close()
        raise PortError(f"{where} has no modem lines, which the stop button needs; use a real serial port") from error
    except (OSError, termios.error) as error:
        port.close()
        raise PortError(_device_words(where, error)) from error
    return FdPort(port)


def _device_words(where: str, error: Exception) -> str:
    """One sentence for what the system says. pyserial passes the number on where there is one."""
    match getattr(error, "errno", None):
        case errno.ENOENT | errno.ENOTDIR:
            return f"{where} does not exist; is the device plugged in and switched on, and the path in the profile right?"
        case errno.EACCES | errno.EPERM:
            return f"{where} may not be opened by this user (no permission); add the user to the port's group, often dialout"
        case errno.EBUSY | errno.EAGAIN:
            return f"{where} is taken by another process; close the other program (one may be left over from an earlier run)"
        case errno.ENXIO | errno.ENODEV | errno.EIO:
            return f"{where} exists, but no device is behind it; plug the adapter out and in again"
        case None if isinstance(error, ValueError | OverflowError):
            return f"{where} can not be set up as configured ({error}); check the path and the baud rate"
        case None | errno.ENOTTY | errno.EINVAL:
            return f"{where} is not a serial port; check the path in the profile"
    return f"{where} can not be opened ({error}); check the device and its path in the profile"


def _open_network(where: str, url: str, baud: int, scheme: str, *, lines: bool) -> FdPort | Rfc2217Port:
    client_url = _client_url(where, url, scheme)
    try:
        client = serial.serial_for_url(client_url, baudrate=baud, timeout=0, do_not_open=True)
    except ValueError as error:
        raise PortError(f"{where} can not be set up as configured ({error}); check the baud rate") from error
    opening = _Opening(client, needs_lines=lines)
    failure = opening.result(OPEN_LIMIT_S)
    if isinstance(failure, TimeoutError):
        if opening.opened.is_set():
            raise PortError(f"{where} says nothing of its modem lines; check that its server reports them") from failure
        raise PortError(f"{where} can not be opened, nothing answers at that address in {OPEN_LIMIT_S:g} s; {_NETWORK_HELP}")
    if failure is not None and isinstance(failure.__context__, OSError):
        cause = failure.__context__
        raise PortError(f"{where} can not be opened, nothing answers at that address ({cause}); {_NETWORK_HELP}") from failure
    if failure is not None:
        raise PortError(f"{where} is answered, but not as by a terminal server ({failure}); {_NETWORK_HELP}") from failure
    if scheme == "rfc2217":
        return Rfc2217Port(client)
    # A frame is a few bytes: it must not wait in the kernel for more to come.
    connection = socket.socket(fileno=client.fileno())
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.detach()
    return FdPort(client)


def _client_url(where: str, url: str, scheme: str) -> str:
    """The URL for pyserial, which answers odd ones with odd errors. Raises PortError."""
    wrong = PortError(f"{where} is not of the form {scheme}://host:port; check the address in the profile")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        options = [key for key, _ in parse_qsl(parts.query, keep_blank_values=True)]
    except ValueError as error:
        raise wrong from error
    if not host or not port or parts.path not in ("", "/") or parts.username is not None or parts.fragment:
        raise wrong
    for option in options:
        # Of pyserial's options this one is needed for some servers; poll_modem and timeout would make calls wait.
        if option != "ign_set_control" or scheme != "rfc2217":
            raise PortError(f"{where} has the option {option}, which is not supported; leave it out")
    if scheme == "socket":
        return f"socket://{parts.netloc}"
    return f"rfc2217://{parts.netloc}?" + "&".join([f"timeout={WAIT_S:g}", *(f"{option}=" for option in options)])


class _Opening:
    """pyserial's open of a network port, in a thread, and only that.

    It waits 5 s for each address of a host, for a name server as long as that likes, and then for up to seven answers
    one after the other. A thread that is given up ends by itself, and closes what it may still have opened.
    """

    def __init__(self, client: Any, *, needs_lines: bool) -> None:
        self._client = client
        self._needs_lines = needs_lines
        self._error: Exception | None = None
        self._lock = threading.Lock()
        self._given_up = threading.Event()
        self.opened = threading.Event()
        self._done = threading.Event()
        threading.Thread(target=self._run, name=f"opening {client.port}", daemon=True).start()

    def result(self, timeout_s: float) -> Exception | None:
        """None when it is open; what went wrong, or TimeoutError."""
        self._done.wait(timeout_s)
        with self._lock:
            if self._done.is_set():
                return self._error
            self._given_up.set()
            return TimeoutError()

    def _run(self) -> None:
        error = self._open()
        with self._lock:
            self._error = error
            self._done.set()
            given_up = self._given_up.is_set()
        if given_up and error is None:
            with contextlib.suppress(OSError):
                close_client(self._client)

    def _open(self) -> Exception | None:
        try:
            self._client.open()
        except (OSError, ValueError) as error:
            failed: Exception = error
            return failed
        self.opened.set()
        while self._needs_lines and not self._given_up.is_set():
            try:
                self._client.get_modem_state()
            except serial.SerialException:
                # A server may tell of its lines somewhat later. Whoever opens this gives up in time.
                self._given_up.wait(0.02)
            else:
                break
        return None
