"""Modem lines by RFC 2217 over loopback TCP: what a pseudo-terminal can not carry.

Nothing here waits: the one thread that runs the bench is called when something has come.
"""

import selectors
import socket
import struct
from collections.abc import Callable
from typing import Protocol

from serial.rfc2217 import PortManager

_READ_BYTES = 4096
_BACKLOG_BYTES = 65536  # what a client may leave unread before it is hung up
_READS_BEFORE_ACCEPT = 16
_SUBOPTION_BYTES = 256  # the longest RFC 2217 sub-negotiation is far below this


class ModemLines(Protocol):
    """Whatever is wired between RTS, DTR, CTS, DSR and DCD of the served port."""

    @property
    def cts(self) -> bool:
        """The line Clear To Send as the host should see it."""

    @property
    def dsr(self) -> bool:
        """The line Data Set Ready as the host should see it."""

    @property
    def dcd(self) -> bool:
        """The line Data Carrier Detect as the host should see it."""

    def set_outputs(self, rts: bool, dtr: bool) -> None:
        """The host drives its lines like this from now on."""


class _ServedPort:
    """What pyserial's server side takes for a serial port; only the modem lines mean anything here."""

    def __init__(self, lines: ModemLines, changed: Callable[[], None]) -> None:
        self._lines = lines
        self._changed = changed
        self._rts = False
        self._dtr = False
        self.baudrate = 9600
        self.bytesize = 8
        self.parity = "N"
        self.stopbits = 1
        self.xonxoff = False
        self.rtscts = False
        self.break_condition = False
        self.ri = False

    @property
    def cts(self) -> bool:
        return self._lines.cts

    @property
    def dsr(self) -> bool:
        return self._lines.dsr

    @property
    def cd(self) -> bool:
        return self._lines.dcd

    @property
    def rts(self) -> bool:
        return self._rts

    @rts.setter
    def rts(self, value: bool) -> None:
        self._rts = value
        self._lines.set_outputs(self._rts, self._dtr)
        self._changed()

    @property
    def dtr(self) -> bool:
        return self._dtr

    @dtr.setter
    def dtr(self, value: bool) -> None:
        self._dtr = value
        self._lines.set_outputs(self._rts, self._dtr)
        self._changed()

    def reset_input_buffer(self) -> None:
        """There is no data on this port."""

    def reset_output_buffer(self) -> None:
        """There is no data on this port."""


class _Client:
    """One connected host. pyserial's PortManager writes its answers to it."""

    def __init__(self, connection: socket.socket, lines: ModemLines) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = connection
        self.unsent = bytearray()
        self.manager = PortManager(_ServedPort(lines, self.tell), self)

    def tell(self) -> None:
        """Queues a notice of the input lines if they have changed."""
        self.manager.check_modem_lines()

    def write(self, data: bytes) -> None:
        """Queues what PortManager wants sent."""
        self.unsent += data

    def take(self, data: bytes) -> bool:
        """Works through what the host sent. False if it makes no sense: then the host is to be hung up."""
        try:
            for _ in self.manager.filter(data):
                pass
        except (struct.error, KeyError, TypeError, ValueError):
            return False
        return len(self.manager.suboption or b"") <= _SUBOPTION_BYTES

    def send(self) -> bool:
        """Sends what can be sent now. False if the host is gone or reads nothing."""
        try:
            while self.unsent:
                del self.unsent[: self.connection.send(self.unsent)]
        except BlockingIOError:
            return len(self.unsent) <= _BACKLOG_BYTES
        except OSError:
            return False
        return True


class LinePort:
    """A serial port that is only modem lines, served by RFC 2217 on a loopback port. One host at a time."""

    def __init__(self, lines: ModemLines, selector: selectors.BaseSelector) -> None:
        self._lines = lines
        self._selector = selector
        self._client: _Client | None = None
        self._frozen = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4)
        self._listener.setblocking(False)
        selector.register(self._listener, selectors.EVENT_READ, self._accept)
        lines.set_outputs(False, False)

    @property
    def url(self) -> str:
        """What pyserial's serial_for_url opens."""
        return f"rfc2217://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def connected(self) -> bool:
        """True while a host has this port open."""
        return self._client is not None

    def refresh(self) -> None:
        """Tells the host what its input lines are now, if they have changed. Call it after everything that may move them."""
        client = self._client
        if client is None or self._frozen:
            return
        client.tell()
        if not client.send():
            self.drop()

    def freeze(self) -> None:
        """The adapter hangs: the connection stays, but nothing is read, answered or told any more."""
        if self._frozen:
            return
        self._frozen = True
        self._selector.unregister(self._listener)
        if self._client is not None:
            self._selector.unregister(self._client.connection)

    def thaw(self) -> None:
        """The adapter goes on where it hung."""
        if not self._frozen:
            return
        self._frozen = False
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        if self._client is not None:
            self._selector.register(self._client.connection, selectors.EVENT_READ, self._read)

    def drop(self) -> None:
        """Hangs the host up. It may connect anew. With nobody connected, both output lines are low."""
        client, self._client = self._client, None
        if client is None:
            return
        if not self._frozen:
            self._selector.unregister(client.connection)
        client.connection.close()
        self._lines.set_outputs(False, False)

    def close(self) -> None:
        """Hangs up and listens no more."""
        self.drop()
        if not self._frozen:
            self._selector.unregister(self._listener)
        self._listener.close()

    def _accept(self) -> None:
        if self._frozen:  # since this turn began
            return
        # A host that has just closed and comes back: its old connection ends before the new one is judged.
        for _ in range(_READS_BEFORE_ACCEPT):
            if not self._read():
                break
        try:
            connection, _ = self._listener.accept()
        except OSError:  # gone again before it was taken
            return
        if self._client is not None:
            connection.close()
            return
        self._client = _Client(connection, self._lines)
        self._selector.register(connection, selectors.EVENT_READ, self._read)
        self.refresh()

    def _read(self) -> bool:
        """Takes what the host has sent. True if there was something, so that there may be more."""
        client = self._client
        if client is None or self._frozen:
            return False
        try:
            data = client.connection.recv(_READ_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data or not client.take(data):
            self.drop()
            return False
        self.refresh()
        return True
