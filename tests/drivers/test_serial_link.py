"""SerialLink over real pseudo-terminals, loopback sockets and pyserial's own RFC 2217 server."""

import errno
import os
import select
import socket
import subprocess
import sys
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import serial
from serial import rfc2217

from drivers.fd_port import FdPort
from drivers.link import InputLines, LinkLostError, OutputLines
from drivers.serial_link import PortError, SerialLink, _device_words

pytestmark = [pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(60)]

PACE = threading.Event()  # never set: its wait is a short pause between two looks


def eventually(look: Callable[[], bool], limit_s: float = 5.0) -> None:
    until_s = time.monotonic() + limit_s
    while not look():
        assert time.monotonic() < until_s, "waited in vain"
        PACE.wait(0.002)


def gather(link: SerialLink, count: int, limit_s: float = 5.0) -> bytes:
    data = b""

    def enough() -> bool:
        nonlocal data
        data += link.read()
        return len(data) >= count

    eventually(enough, limit_s)
    return data


def lost(act: Callable[[], object]) -> str:
    """Repeats an act until the link says that it is lost, and returns what it says."""
    words: list[str] = []

    def raised() -> bool:
        try:
            act()
        except LinkLostError as error:
            words.append(str(error))
        return bool(words)

    eventually(raised)
    return words[0]


@pytest.fixture
def pair() -> Iterator[tuple[int, str]]:
    """A pseudo-terminal: the descriptor of its far end, and the path of its near end."""
    far, near = os.openpty()
    path = os.ttyname(near)
    tty.setraw(far)
    os.close(near)
    try:
        yield far, path
    finally:
        # The test may have closed it.
        with suppress(OSError):
            os.close(far)


# Devices and pseudo-terminals


def test_bytes_go_both_ways_and_nothing_waits(pair: tuple[int, str]) -> None:
    far, path = pair
    with closing(SerialLink.open("pump", path, 19_200)) as link:
        begin_s = time.monotonic()
        assert [link.read() for _ in range(100)] == [b""] * 100
        assert time.monotonic() - begin_s < 0.5
        link.write(b"\x02\x00\xff\r\n\x11\x13\x03")
        assert os.read(far, 100) == b"\x02\x00\xff\r\n\x11\x13\x03"
        os.write(far, b"\x03\x04\x00\xff\r\n\x11\x13")
        assert gather(link, 8) == b"\x03\x04\x00\xff\r\n\x11\x13"
        assert link.fileno() is not None
        os.write(far, b"x")
        assert select.select([link.fileno()], [], [], 5.0)[0]


@pytest.mark.parametrize("baud", [9600, 19_200, 115_200])
def test_baud_and_frame_are_applied(pair: tuple[int, str], baud: int) -> None:
    _, path = pair
    with closing(SerialLink.open("pump", path, baud)) as link:
        assert link.fileno() is not None
        _, _, cflag, lflag, ispeed, ospeed, _ = termios.tcgetattr(link.fileno())
        assert (ispeed, ospeed) == (getattr(termios, f"B{baud}"),) * 2
        # A pseudo-terminal keeps CS8 and has no parity; stop bits and flow control are as set.
        assert cflag & termios.CSIZE == termios.CS8
        assert not cflag & (termios.PARENB | termios.CSTOPB | termios.CRTSCTS)
        assert not lflag & (termios.ECHO | termios.ICANON | termios.ISIG)


def test_input_from_before_is_flushed(pair: tuple[int, str]) -> None:
    far, path = pair
    near = os.open(path, os.O_RDWR | os.O_NOCTTY)
    os.write(far, b"left over")
    try:
        with closing(SerialLink.open("pump", path, 19_200)) as link:
            os.write(far, b"new")
            assert gather(link, 3) == b"new"
    finally:
        os.close(near)


def test_a_peer_that_closes_is_a_lost_link_that_names_itself(pair: tuple[int, str]) -> None:
    far, path = pair
    link = SerialLink.open("pressure", path, 115_200)
    os.close(far)
    assert lost(link.read).startswith("pressure: ")
    assert lost(lambda: link.write(b"x")).startswith("pressure: ")
    link.close()
    link.close()


def test_a_port_that_takes_no_more_is_lost_and_what_it_took_is_in_order(pair: tuple[int, str]) -> None:
    far, path = pair
    with closing(SerialLink.open("pump", path, 19_200)) as link:
        frames = [bytes((number % 251,)) * 997 for number in range(200)]
        sent = 0
        refused = ""
        for frame in frames:
            try:
                link.write(frame)
            except LinkLostError as error:
                refused = str(error)
                break
            sent += 1
        assert "takes no more" in refused
        whole = b"".join(frames[:sent])
        assert sent > 1
        received = b""
        # What was left of the last frame goes out with the reads, ahead of anything new.
        while select.select([far], [], [], 0.2)[0]:
            received += os.read(far, 65_536)
            link.read()
        link.write(b"END")
        while select.select([far], [], [], 0.2)[0]:
            received += os.read(far, 65_536)
        assert received == whole + b"END"


class HalfTaken:
    """The pyserial port of a descriptor that the test owns."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def fileno(self) -> int:
        return self.fd

    def close(self) -> None:
        os.close(self.fd)


def test_the_rest_of_a_half_taken_frame_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    limits = iter([3, 0, 2, 100, 100])

    def take_some(fd: int, data: bytes) -> int:
        taken = min(next(limits), len(data))
        if taken == 0:
            raise BlockingIOError
        written.append(bytes(data[:taken]))
        return taken

    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    port = FdPort(HalfTaken(reading))
    monkeypatch.setattr("drivers.fd_port.os.write", take_some)
    port.write(b"abcdefg")
    assert port.read() == b""
    with pytest.raises(LinkLostError, match="takes no more"):
        port.write(b"STOP")
    port.write(b"STOP")
    assert b"".join(written) == b"abcdefgSTOP"
    port.close()
    os.close(writing)


def test_two_processes_can_not_have_the_same_port(pair: tuple[int, str]) -> None:
    _, path = pair
    program = (
        "import sys\n"
        "from drivers.serial_link import SerialLink\n"
        "link = SerialLink.open('pump', sys.argv[1], 19200)\n"
        "print('open', flush=True)\n"
        "sys.stdin.read()\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(PortError, match=r"pump: port /dev/pts/\d+ is taken by another process"):
            SerialLink.open("pump", path, 19_200)
        other.kill()
    # The lock ends with its process, however that ended.
    SerialLink.open("pump", path, 19_200).close()


def test_the_port_can_be_opened_again_after_close(pair: tuple[int, str]) -> None:
    _, path = pair
    for _ in range(3):
        SerialLink.open("pump", path, 19_200).close()


def test_a_missing_path_a_file_a_directory_and_a_device_that_is_no_terminal(tmp_path: Path) -> None:
    with pytest.raises(PortError, match="does not exist"):
        SerialLink.open("pump", "/dev/serial/by-id/no-such-adapter", 19_200)
    regular = tmp_path / "port"
    regular.write_bytes(b"")
    with pytest.raises(PortError, match="not a serial port"):
        SerialLink.open("pump", str(regular), 19_200)
    with pytest.raises(PortError, match="not a serial port"):
        SerialLink.open("pump", str(tmp_path), 19_200)
    with pytest.raises(PortError, match="not a serial port"):
        SerialLink.open("pump", "/dev/null", 19_200)
    with pytest.raises(PortError):
        SerialLink.open("pump", "a\0b", 19_200)
    with pytest.raises(PortError):
        SerialLink.open("pump", "", 19_200)


def test_a_baud_rate_that_is_none(pair: tuple[int, str]) -> None:
    with pytest.raises(PortError, match="baud rate"):
        SerialLink.open("pump", pair[1], -1)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (serial.SerialException(errno.EACCES, "could not open port"), "no permission"),
        (serial.SerialException(errno.EBUSY, "could not open port"), "taken"),
        (serial.SerialException(errno.EAGAIN, "could not lock"), "taken"),
        (OSError(errno.ENODEV, "no such device"), "no device"),
        (OSError(errno.EMFILE, "too many open files"), "too many open files"),
    ],
)
def test_words_for_what_the_system_says(error: OSError, words: str) -> None:
    assert words in _device_words("pump: port /dev/ttyUSB0", error)


def test_a_pseudo_terminal_has_no_modem_lines(pair: tuple[int, str]) -> None:
    with pytest.raises(PortError, match="no modem lines"):
        SerialLink.open("button", pair[1], 9600, lines=True)
    SerialLink.open("button", pair[1], 9600).close()


def test_lines_of_a_link_without_lines_are_a_mistake_of_the_program(pair: tuple[int, str]) -> None:
    with closing(SerialLink.open("pump", pair[1], 9600)) as link:
        with pytest.raises(RuntimeError):
            link.lines()
        with pytest.raises(RuntimeError):
            link.set_lines(OutputLines(rts=True, dtr=False))


def test_modem_lines_of_a_descriptor(monkeypatch: pytest.MonkeyPatch, pair: tuple[int, str]) -> None:
    """The ioctl path, with the system call replaced: no machine of the test bench has a wired port."""
    calls: list[tuple[int, int]] = []
    state = termios.TIOCM_CTS

    def ioctl(fd: int, request: int, argument: bytes = b"") -> bytes:
        if request == termios.TIOCMGET:
            return int(state).to_bytes(4, sys.byteorder)
        calls.append((request, int.from_bytes(argument, sys.byteorder)))
        return argument

    port = FdPort(HalfTaken(os.open(pair[1], os.O_RDWR | os.O_NOCTTY)))
    with pytest.raises(LinkLostError, match="ENOTTY"):
        port.lines()
    with monkeypatch.context() as patched:
        patched.setattr("drivers.fd_port.fcntl.ioctl", ioctl)
        assert port.lines() == InputLines(cts=True, dsr=False)
        port.set_lines(OutputLines(rts=True, dtr=True))
        assert calls == []
        port.set_lines(OutputLines(rts=False, dtr=True))
        port.set_lines(OutputLines(rts=True, dtr=False))
        assert calls == [
            (termios.TIOCMBIC, termios.TIOCM_RTS),
            (termios.TIOCMBIS, termios.TIOCM_RTS),
            (termios.TIOCMBIC, termios.TIOCM_DTR),
        ]
    with pytest.raises(LinkLostError, match="can not be set"):
        port.set_lines(OutputLines(rts=False, dtr=False))
    port.close()


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
