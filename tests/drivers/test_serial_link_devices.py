"""SerialLink over real pseudo-terminals, and its modem lines with the system call replaced."""

import errno
import os
import select
import subprocess
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import serial

from drivers.fd_port import FdPort
from drivers.link import InputLines, LinkLostError, OutputLines
from drivers.serial_link import PortError, SerialLink, _device_words
from tests.drivers.serial_link_waits import gather, lost

pytestmark = [pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(60)]


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
