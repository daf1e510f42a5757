"""Terminals and modem lines of the simulated bench, without real time: the test turns the selector itself."""

import errno
import fcntl
import os
import select
import selectors
import socket
import termios
import tty
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from simulators.modem_port import LinePort
from simulators.ports import Cable, Terminal

IAC, SB, SE, WILL, DO, COM_PORT = 255, 250, 240, 251, 253, 44
SET_CONTROL, NOTIFY_MODEMSTATE = 5, 107
DTR_ON, RTS_ON, RTS_OFF = 8, 11, 12


@dataclass
class Echo:
    """A device that notes when what arrived, and sends what it is told to."""

    received: list[tuple[bytes, float]] = field(default_factory=list)
    to_send: bytes = b""

    def receive(self, data: bytes, now_s: float) -> None:
        self.received.append((data, now_s))

    def advance(self, now_s: float) -> None:
        """Nothing moves here."""

    def transmit(self, now_s: float) -> bytes:
        data, self.to_send = self.to_send, b""
        return data


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.unplug()


def opened(terminal: Terminal) -> int:
    return os.open(terminal.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)


def readable(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 2.0)[0])


def test_every_byte_passes_unchanged_both_ways(terminal: Terminal) -> None:
    host = opened(terminal)
    every = bytes(range(256))
    os.write(host, every)
    terminal.write(every)
    assert readable(terminal.fileno() or 0)
    assert terminal.read() == every
    assert terminal.read() == b""
    assert readable(host)
    assert os.read(host, 1000) == every
    os.close(host)


def test_a_host_may_close_and_come_back(terminal: Terminal) -> None:
    for text in (b"first", b"second"):
        host = opened(terminal)
        os.write(host, text)
        assert readable(terminal.fileno() or 0)
        assert terminal.read() == text
        os.close(host)
        assert terminal.read() == b""


def test_what_nobody_reads_is_lost_and_never_waits(terminal: Terminal) -> None:
    for _ in range(100):
        terminal.write(b"x" * 1000)
    assert terminal.lost_bytes > 50_000
    host = opened(terminal)
    termios.tcflush(host, termios.TCIOFLUSH)
    terminal.write(b"fresh")
    assert readable(host)
    assert os.read(host, 100) == b"fresh"
    os.close(host)


def test_an_unplugged_host_sees_the_end_and_can_not_write(terminal: Terminal) -> None:
    host = opened(terminal)
    terminal.unplug()
    terminal.unplug()
    assert terminal.fileno() is None
    terminal.write(b"into the air")
    assert terminal.read() == b""
    assert os.read(host, 10) == b""
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        os.write(host, b"x")
    os.close(host)
    terminal.plug()
    host = opened(terminal)
    terminal.write(b"again")
    assert readable(host)
    os.close(host)


def test_exclusive_use_ends_with_its_host_and_not_before(terminal: Terminal) -> None:
    host = opened(terminal)
    tty.setraw(host)
    fcntl.flock(host, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.ioctl(host, termios.TIOCEXCL)
    terminal.forget_dead_owner()
    assert terminal.exclusive
    os.close(host)
    assert terminal.exclusive
    terminal.forget_dead_owner()
    assert not terminal.exclusive
    successor = opened(terminal)
    fcntl.flock(successor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(successor)


def test_an_unplugged_terminal_belongs_to_nobody(terminal: Terminal) -> None:
    terminal.unplug()
    assert not terminal.exclusive
    terminal.forget_dead_owner()


def turn(selector: selectors.BaseSelector, timeout_s: float = 2.0) -> None:
    for key, _ in selector.select(timeout_s):
        key.data()


def test_a_cable_carries_bytes_at_the_benchs_time_and_can_be_pulled() -> None:
    selector, device = selectors.SelectSelector(), Echo()
    cable = Cable(device, selector)
    host = opened(cable.terminal)
    device.to_send = b"hello"
    cable.carry(1.5)
    assert readable(host)
    assert os.read(host, 100) == b"hello"
    os.write(host, b"there")
    turn(selector)
    assert device.received == [(b"there", 1.5)]
    cable.unplug()
    cable.unplug()
    assert not selector.get_map()
    device.to_send = b"lost"
    cable.carry(2.0)
    os.close(host)
    cable.plug()
    cable.plug()
    host = opened(cable.terminal)
    os.write(host, b"back")
    turn(selector)
    assert device.received[1:] == [(b"back", 2.0)]
    os.close(host)
    cable.unplug()
    selector.close()


@dataclass
class Wires:
    """Two closed contacts."""

    rts: bool = True
    dtr: bool = True
    closed: bool = True
    history: list[tuple[bool, bool]] = field(default_factory=list)

    @property
    def cts(self) -> bool:
        return self.rts and self.closed

    @property
    def dsr(self) -> bool:
        return self.dtr and self.closed

    @property
    def dcd(self) -> bool:
        return False

    def set_outputs(self, rts: bool, dtr: bool) -> None:
        self.rts, self.dtr = rts, dtr
        self.history.append((rts, dtr))


class Rig:
    """A line port and raw hosts; everything is turned by hand."""

    def __init__(self) -> None:
        self.wires = Wires()
        self.selector = selectors.SelectSelector()
        self.port = LinePort(self.wires, self.selector)
        self._sockets: list[socket.socket] = []

    def connect(self) -> socket.socket:
        host, _, port = self.port.url.removeprefix("rfc2217://").partition(":")
        client = socket.create_connection((host, int(port)), timeout=2.0)
        self._sockets.append(client)
        turn(self.selector)
        return client

    def agreed(self) -> socket.socket:
        client = self.connect()
        client.sendall(bytes((IAC, WILL, COM_PORT, IAC, DO, COM_PORT)))
        turn(self.selector)
        heard(client)
        return client

    def close(self) -> None:
        self.port.close()
        for client in self._sockets:
            client.close()
        assert not self.selector.get_map()
        self.selector.close()


def heard(client: socket.socket) -> bytes:
    """What has come; b"" at the end of the connection; None would hang, so that silence fails by its time-out."""
    try:
        return client.recv(4096)
    except ConnectionResetError:
        return b""


def silent(client: socket.socket) -> bool:
    return not select.select([client], [], [], 0.05)[0]


def notices(data: bytes) -> list[int]:
    """The modem states told in this data, deltas left out."""
    mark = bytes((IAC, SB, COM_PORT, NOTIFY_MODEMSTATE))
    return [part[0] & 0xF0 for part in data.split(mark)[1:]]


def control(value: int) -> bytes:
    return bytes((IAC, SB, COM_PORT, SET_CONTROL, value, IAC, SE))


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.close()


def test_lines_are_low_without_a_host_and_follow_the_one_that_is_there(rig: Rig) -> None:
    assert rig.wires.history == [(False, False)]
    client = rig.agreed()
    assert rig.port.connected
    client.sendall(control(DTR_ON) + control(RTS_ON))
    turn(rig.selector)
    assert rig.wires.history[1:] == [(False, True), (True, True)]
    assert notices(heard(client)) == [0x20, 0x30]


def test_a_pulse_within_one_packet_is_told_edge_by_edge(rig: Rig) -> None:
    client = rig.agreed()
    client.sendall(control(RTS_ON) + control(RTS_OFF) + control(RTS_ON))
    turn(rig.selector)
    assert notices(heard(client)) == [0x10, 0x00, 0x10]


def test_an_opened_contact_is_told_at_the_next_refresh_and_once(rig: Rig) -> None:
    client = rig.agreed()
    client.sendall(control(RTS_ON) + control(DTR_ON))
    turn(rig.selector)
    heard(client)
    rig.wires.closed = False
    rig.port.refresh()
    assert notices(heard(client)) == [0x00]
    rig.port.refresh()
    assert silent(client)


def test_a_second_host_is_refused_and_the_first_one_stays(rig: Rig) -> None:
    first = rig.agreed()
    second = rig.connect()
    assert heard(second) == b""
    rig.wires.rts = True
    rig.port.refresh()
    assert notices(heard(first)) == [0x10]


def test_a_host_that_closes_and_comes_back_at_once_is_taken(rig: Rig) -> None:
    first = rig.agreed()
    first.sendall(control(RTS_ON))
    first.close()
    second = rig.connect()
    assert heard(second)
    assert rig.port.connected
    assert rig.wires.history[-1] == (False, False)


@pytest.mark.parametrize(
    "nonsense",
    [
        bytes((IAC, SE)),
        bytes((IAC, SB, COM_PORT, 1, 0, IAC, SE)),
        bytes((IAC, SB, COM_PORT, 3, 99, IAC, SE)),
        bytes((IAC, SB, COM_PORT, 11, IAC, SE)),
        bytes((IAC, SB, *([7] * 1000))),
    ],
)
def test_a_host_that_talks_nonsense_is_hung_up_and_nobody_else_suffers(rig: Rig, nonsense: bytes) -> None:
    client = rig.agreed()
    client.sendall(nonsense)
    turn(rig.selector)
    assert not rig.port.connected
    rig.agreed()
    assert rig.port.connected


def test_a_frozen_adapter_tells_nothing_reads_nothing_and_takes_nobody(rig: Rig) -> None:
    client = rig.agreed()
    rig.port.freeze()
    rig.port.freeze()
    client.sendall(control(RTS_ON))
    turn(rig.selector, 0.05)
    rig.wires.dtr = True
    rig.port.refresh()
    assert silent(client)
    assert not rig.wires.rts
    rig.port.thaw()
    rig.port.thaw()
    turn(rig.selector)
    rig.port.refresh()
    assert notices(heard(client))
    assert rig.wires.rts


def test_a_dropped_host_sees_the_end_and_may_come_back(rig: Rig) -> None:
    client = rig.agreed()
    client.sendall(control(RTS_ON))
    turn(rig.selector)
    heard(client)
    rig.port.drop()
    rig.port.drop()
    assert heard(client) == b""
    assert rig.wires.history[-1] == (False, False)
    rig.agreed()
    assert rig.port.connected


@pytest.mark.parametrize("frozen", [True, False])
def test_closing_leaves_nothing_behind(frozen: bool) -> None:
    rig = Rig()
    rig.agreed()
    if frozen:
        rig.port.freeze()
    rig.close()


def test_a_host_that_reads_nothing_is_hung_up_in_the_end(rig: Rig) -> None:
    client = rig.agreed()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for number in range(2_000_000):
        rig.wires.rts = number % 2 == 0
        rig.port.refresh()
        if not rig.port.connected:
            return
    pytest.fail("unread notices are kept without end")
