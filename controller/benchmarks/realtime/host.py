"""The host of a staged trial: its loop on real ports, and beside it recorder and display, each a process as ever."""

import contextlib
import mmap
import os
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Container, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, cast

from controller.display import process as display_process
from controller.display import wire
from controller.display.client import DisplayClient
from controller.display.rescue import Rescue
from controller.loop import Screen
from controller.realtime import real_time
from controller.record import process as recorder_process
from controller.record.client import BUFFER_BYTES, RecorderClient
from controller.virtual.procedure import VirtualProcedure
from controller.virtual.world import VirtualLink
from controller.world import RealWorld
from drivers.link import InputLines, Link, OutputLines
from drivers.serial_link import SerialLink
from simulators.contacts import Contacts

SOURCE: Final = "keyboard"
TIME: Final = struct.Struct("=q")
"""A time in ns of CLOCK_BOOTTIME, as it is told through pipes."""


class Attendants:
    """What host and devices share, made before the fork: the button's contact, the operator's line, recorder and display.

    folder: of the record; None for no recorder. display: a process that shows; the operator's line is there all the same.
    """

    def __init__(self, folder: Path | None, *, display: bool) -> None:
        self._folder = folder
        self._display = display
        self._pressed = mmap.mmap(-1, 1)
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._children: list[int] = []
        self.recorder: RecorderClient | None = None

    def __enter__(self) -> Self:
        self._ours.setblocking(False)
        if self._folder is not None:
            ours, theirs = socket.socketpair()
            path = self._folder / "record.sqlite"
            words = ["--fd", str(theirs.fileno()), "--path", str(path)]
            self._children.append(forked(lambda: recorder_process.main(words), keeps=(theirs.fileno(),)))
            theirs.close()
            ours.setblocking(False)
            process = cast("subprocess.Popen[bytes]", Forked(self._children[-1]))
            self.recorder = RecorderClient(path, ours, process, BUFFER_BYTES)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        if self.recorder is not None:
            self.recorder.close()
        for each in (self._ours, self._theirs):
            each.close()
        for child in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        self._pressed.close()

    @property
    def pressed(self) -> bool:
        """Whether the devices have opened the button's contact."""
        return self._pressed[0] != 0

    def bring_about(self, kind: str) -> None:
        """For the devices: the contact opens, or the operator says stop."""
        if kind == "button":
            self._pressed[0] = 1
        else:
            self._theirs.send(wire.encode({"operator": "stop"}) or b"")

    def await_word(self) -> None:
        """For a host of another make: waits for what the operator says."""
        self._ours.setblocking(True)
        self._ours.recv(4096)

    def screen(self) -> Screen:
        """For the host: its display, a process or nobody who looks. What it shows goes nowhere."""
        child = os.getpid()
        if self._display:
            log = os.open(os.devnull, os.O_WRONLY)
            words = ["--fd", str(self._theirs.fileno()), "--parent", str(os.getpid()), "--mode", "plain", "--stream", "stdout"]
            child = forked(lambda: display_process.main(words), keeps=(self._theirs.fileno(),), stdout=log)
            os.close(log)
        display = DisplayClient(
            cast("subprocess.Popen[bytes]", Forked(child)), self._ours, Rescue(os.open(os.devnull, os.O_WRONLY), False), "plain"
        )
        display.looks = self._display
        return display


def run_host(
    procedure: VirtualProcedure,
    pump: str,
    pressure: str,
    attendants: Attendants,
    ready: Callable[[], int],
    written: int,
    before_wait: Callable[[], None] | None = None,
) -> None:
    """The loop goes on, on these terminals, until the procedure has ended.

    ready: tells the devices, and returns the beginning. written: a pipe that gets the time at which a stop has been written.
    before_wait: called at the end of every cycle.
    """
    profile = procedure.loaded.profile
    links: dict[str, Link] = {
        "pump": _Watched(SerialLink.open("pump", pump, profile.pump.baud), written),
        "pressure": SerialLink.open("pressure", pressure, profile.pressure.baud),
        "button": _Button(procedure.world.ports["button"], procedure.bench.contacts, attendants),
    }
    screen = attendants.screen()
    with real_time(profile.host.cpu):
        began_ns = ready()
        with RealWorld(links, began_ns) if before_wait is None else _Interrupted(links, began_ns, before_wait) as world:
            procedure.go_on_in(world, attendants.recorder, [(SOURCE, screen)])
            time.sleep(max(0.0, procedure.bench.now_s - world.now_us() / 1e6))
            procedure.loop.run()


class _Interrupted(RealWorld):
    """Somebody has a look at the end of every cycle."""

    def __init__(self, links: Mapping[str, Link], began_ns: int, before_wait: Callable[[], None]) -> None:
        super().__init__(links, began_ns)
        self._before_wait = before_wait

    def wait_until(self, until_us: int) -> Container[str]:
        """See World."""
        self._before_wait()
        return super().wait_until(until_us)


class _Watched:
    """The pump's port, which notes when it has been told to stop for the first time."""

    def __init__(self, link: SerialLink, written: int) -> None:
        self._link = link
        self._written = written
        self.read, self.fileno, self.close = link.read, link.fileno, link.close
        self.lines, self.set_lines = link.lines, link.set_lines

    @property
    def unsent(self) -> bool:
        return self._link.unsent

    def write(self, frame: bytes) -> None:
        self._link.write(frame)
        if self._written >= 0 and b"STP" in frame:
            os.write(self._written, TIME.pack(time.clock_gettime_ns(time.CLOCK_BOOTTIME)))
            self._written = -1


class _Button:
    """The button's port. A terminal has no modem lines: this process's copy of the bench answers; the hand is the devices'."""

    unsent = False

    def __init__(self, port: VirtualLink, contacts: Contacts, attendants: Attendants) -> None:
        self._port = port
        self._contacts = contacts
        self._attendants = attendants

    def read(self) -> bytes:
        return b""

    def write(self, frame: bytes) -> None:
        raise AssertionError(f"nothing is ever sent to the button, but {frame!r} was")

    def lines(self) -> InputLines:
        if self._attendants.pressed and not self._contacts.pressed:
            self._contacts.press()
        return self._port.lines()

    def set_lines(self, wanted: OutputLines) -> None:
        self._port.set_lines(wanted)

    def fileno(self) -> int | None:
        return None

    def close(self) -> None:
        """Nothing to give back."""


class Forked:
    """As much of subprocess.Popen as the clients of recorder and display ask for, of a child that was forked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """It is somebody else's to wait for."""
        return None

    def wait(self, _timeout_s: float | None = None) -> int:
        """The same."""
        return 0

    def kill(self) -> None:
        """The same."""


def forked(main: Callable[[], Any], keeps: tuple[int, ...], stdout: int | None = None) -> int:
    """A child that runs this and nothing else, with these descriptors of its own."""
    child = os.fork()
    if child:
        return child
    try:
        if stdout is not None:
            os.dup2(stdout, 1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        highest = max((2, *keeps))
        for descriptor in range(3, highest + 1):
            if descriptor not in keeps:
                with contextlib.suppress(OSError):
                    os.close(descriptor)
        os.closerange(highest + 1, 1024)
        main()
    finally:
        os._exit(0)
