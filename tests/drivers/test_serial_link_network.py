"""SerialLink over loopback sockets and pyserial's own RFC 2217 server."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import serial
from serial import rfc2217

from drivers.link import InputLines, OutputLines
from drivers.serial_link import PortError, SerialLink
from tests.drivers.serial_link_waits import PACE, eventually, gather, lost

pytestmark = [pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(60)]


# Sockets


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(5.0)
        yield server


def address(server: socket.socket, scheme: str) -> str:
    return f"{scheme}://127.0.0.1:{server.getsockname()[1]}"


def test_a_socket_carries_bytes_and_its_end_is_a_lost_link(listener: socket.socket) -> None:
    link = SerialLink.open("pump", address(listener, "socket"), 19_200)
    peer, _ = listener.accept()
    assert link.read() == b""
    link.write(b"\x02stop\x03\xff")
    assert peer.recv(100) == b"\x02stop\x03\xff"
    peer.sendall(b"answer\xff")
    assert gather(link, 7) == b"answer\xff"
    fd = link.fileno()
    assert fd is not None
    with socket.socket(fileno=os.dup(fd)) as connection:
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    peer.close()
    assert lost(link.read).startswith("pump: ")
    link.close()


@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
def test_nobody_listens(scheme: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        url = address(server, scheme)
    begin_s = time.monotonic()
    with pytest.raises(PortError, match="nothing answers at that address"):
        SerialLink.open("pump", url, 19_200)
    assert time.monotonic() - begin_s < 3.0


@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
def test_a_host_that_swallows_the_call_is_given_up_in_time(scheme: str) -> None:
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        callers = []
        # A full queue of callers makes the system drop the next one without a word, as an address without a host does.
        for _ in range(3):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(server.getsockname())
            callers.append(caller)
        begin_s = time.monotonic()
        with pytest.raises(PortError, match="nothing answers at that address"):
            SerialLink.open("pump", address(server, scheme), 19_200)
        assert time.monotonic() - begin_s < 3.0
        for caller in callers:
            caller.close()
    eventually(lambda: not [one for one in threading.enumerate() if one.name.startswith("opening")], 15.0)


def test_a_server_that_is_no_terminal_server(listener: socket.socket) -> None:
    begin_s = time.monotonic()
    with pytest.raises(PortError, match="not as by a terminal server"):
        SerialLink.open("button", address(listener, "rfc2217"), 19_200)
    assert time.monotonic() - begin_s < 3.0


@pytest.mark.parametrize(
    "url",
    [
        "rfc2217://127.0.0.1",
        "socket://:4000",
        "socket://127.0.0.1:99999",
        "rfc2217://127.0.0.1:x",
        "socket://127.0.0.1:4000/path",
        "rfc2217://127.0.0.1:4000?poll_modem",
        "socket://127.0.0.1:4000?logging=debug",
        "http://127.0.0.1:4000",
        "loop://",
    ],
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(PortError, match="pump: port"):
        SerialLink.open("pump", url, 19_200)


def test_a_socket_has_no_modem_lines(listener: socket.socket) -> None:
    with pytest.raises(PortError, match="rfc2217"):
        SerialLink.open("button", address(listener, "socket"), 9600, lines=True)


# RFC 2217


class RemotePort:
    """What pyserial's PortManager drives: a port whose contacts join RTS to CTS and DTR to DSR while closed."""

    def __init__(self) -> None:
        self.rts = self.dtr = False
        self.a_closed = self.b_closed = True
        self.ri = self.cd = self.break_condition = False
        self.baudrate, self.bytesize, self.parity, self.stopbits = 9600, 7, "E", 2
        self.xonxoff = self.rtscts = False

    @property
    def cts(self) -> bool:
        return self.rts and self.a_closed

    @property
    def dsr(self) -> bool:
        return self.dtr and self.b_closed

    def reset_input_buffer(self) -> None:
        """Nothing is buffered."""

    def reset_output_buffer(self) -> None:
        """Nothing is buffered."""


class RemoteServer:
    """One client of a terminal server, served in a thread of the test."""

    def __init__(self, listener: socket.socket) -> None:
        self.port = RemotePort()
        self.received = bytearray()
        self.to_send = bytearray()
        self.quit = threading.Event()
        self.frozen = threading.Event()
        self._listener = listener
        self._thread = threading.Thread(target=self._serve, name="remote server", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.quit.set()
        self._thread.join(5.0)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        self._listener.settimeout(0.05)
        while not self.quit.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            with closing(connection):
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        lock = threading.Lock()

        class Connection:
            def write(self, data: bytes) -> None:
                with lock:
                    connection.sendall(data)

        manager = rfc2217.PortManager(self.port, Connection())
        connection.settimeout(0.001)
        try:
            while not self.quit.is_set():
                if self.frozen.is_set():
                    self.quit.wait(0.01)
                    continue
                manager.check_modem_lines()
                if self.to_send:
                    connection.sendall(b"".join(manager.escape(bytes(self.to_send))))
                    self.to_send.clear()
                try:
                    data = connection.recv(1024)
                except TimeoutError:
                    continue
                if not data:
                    return
                self.received += b"".join(manager.filter(data))
        except OSError:
            return  # the client has gone


@pytest.fixture
def server(listener: socket.socket) -> Iterator[RemoteServer]:
    remote = RemoteServer(listener)
    yield remote
    remote.stop()


@pytest.fixture
def remote_link(listener: socket.socket, server: RemoteServer) -> Iterator[SerialLink]:
    link = SerialLink.open("button", address(listener, "rfc2217"), 19_200, lines=True)
    yield link
    link.close()
    link.close()


def test_a_remote_port_is_set_up_and_carries_bytes(remote_link: SerialLink, server: RemoteServer) -> None:
    port = server.port
    assert (port.baudrate, port.bytesize, port.parity, port.stopbits) == (19_200, 8, serial.PARITY_NONE, 1)
    assert remote_link.fileno() is None
    assert remote_link.read() == b""
    remote_link.write(b"\x02\xff\x03")
    eventually(lambda: bytes(server.received) == b"\x02\xff\x03")
    server.to_send += b"abc\xffd"
    assert gather(remote_link, 5) == b"abc\xffd"


def test_remote_lines_follow_the_contacts_and_the_outputs_without_waiting(remote_link: SerialLink, server: RemoteServer) -> None:
    both = InputLines(cts=True, dsr=True)
    assert (server.port.rts, server.port.dtr) == (True, True)
    eventually(lambda: remote_link.lines() == both)
    begin_s = time.monotonic()
    remote_link.set_lines(OutputLines(rts=False, dtr=True))
    assert time.monotonic() - begin_s < 0.04
    eventually(lambda: remote_link.lines() == InputLines(cts=False, dsr=True))
    remote_link.set_lines(OutputLines(rts=True, dtr=False))
    eventually(lambda: remote_link.lines() == InputLines(cts=True, dsr=False))
    remote_link.set_lines(OutputLines(rts=True, dtr=True))
    eventually(lambda: remote_link.lines() == both)
    server.port.a_closed = server.port.b_closed = False
    eventually(lambda: remote_link.lines() == InputLines(cts=False, dsr=False))


def test_a_server_that_goes_is_a_lost_link(remote_link: SerialLink, server: RemoteServer) -> None:
    server.stop()
    assert lost(remote_link.read).startswith("button: ")
    assert lost(remote_link.lines).startswith("button: ")
    assert lost(lambda: remote_link.write(b"x")).startswith("button: ")
    assert lost(lambda: remote_link.set_lines(OutputLines(rts=False, dtr=True))).startswith("button: ")


def test_a_frozen_server_leaves_the_lines_as_they_were_and_never_makes_a_call_wait(
    remote_link: SerialLink, server: RemoteServer
) -> None:
    eventually(lambda: remote_link.lines() == InputLines(cts=True, dsr=True))
    server.frozen.set()
    PACE.wait(0.05)
    begin_s = time.monotonic()
    remote_link.set_lines(OutputLines(rts=False, dtr=True))
    assert remote_link.lines() == InputLines(cts=True, dsr=True)
    words = lost(lambda: remote_link.write(b"x" * 65_536))
    assert "takes no more" in words
    assert time.monotonic() - begin_s < 4.0


def test_a_remote_port_can_be_opened_again(listener: socket.socket, server: RemoteServer) -> None:
    for _ in range(2):
        SerialLink.open("pump", address(listener, "rfc2217"), 19_200).close()


def test_a_server_that_says_nothing_of_its_lines(
    monkeypatch: pytest.MonkeyPatch, listener: socket.socket, server: RemoteServer
) -> None:
    monkeypatch.setattr(rfc2217.PortManager, "check_modem_lines", lambda manager, force_notification=False: None)
    begin_s = time.monotonic()
    with pytest.raises(PortError, match="modem lines"):
        SerialLink.open("button", address(listener, "rfc2217"), 19_200, lines=True)
    assert time.monotonic() - begin_s < 3.0
    eventually(lambda: not [one for one in threading.enumerate() if one.name.startswith("opening")])
