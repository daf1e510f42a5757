"""A display on a real (pseudo) terminal with job control: drawing, keys, signals, and the terminal given back in every case."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator

import pytest

from controller.display.client import DIED
from controller.display.terminal import Keyboard, choose_mode
from controller.display.words import GONE

pytestmark = [pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(90)]
Make = Callable[..., dict[str, object]]

# What a shell does: a job of its own in the foreground, and the terminal taken back when that has ended.
SHELL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may have it ignored (nohup), and that would be passed on
ready, go = os.pipe()
job = os.fork()
if job == 0:
    os.read(ready, 1)
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
os.setpgid(job, job)
os.tcsetpgrp(0, job)
os.write(go, b"x")
_, status = os.waitpid(job, 0)
os.tcsetpgrp(0, os.getpgrp())
os.write(int(sys.argv[3]), b"job ended %d\\n" % os.waitstatus_to_exitcode(status))
sys.stdin.readline()
"""

CONTROL = """
import json, os, select, signal, sys
from controller.display.client import DisplayClient
commands, heard, shot = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
say = lambda text: os.write(heard, text.encode() + b"\\n")
signal.signal(signal.SIGINT, lambda *_: say("SIGINT"))
signal.signal(signal.SIGHUP, lambda *_: say("SIGHUP"))
display = DisplayClient.start("auto", "stdout")
say(f"{os.getpid()} {display._process.pid} {display.mode}")
told = False
while True:
    display.send(shot)
    for statement in display.receive():
        say(json.dumps(statement))
    if not display.alive and not told:
        told = True
        say("display dead")
    if commands in select.select([commands, display], [], [], 0.1)[0]:
        command = json.loads(os.read(commands, 4096))
        if command == "close":
            display.send({"type": "end", "reason": "VOLUME_REACHED", "text": "0.20 mL", "exit": 0})
            display.close(20.0)
            sys.exit(7)
        shot.update(command)
"""


class Bedside:
    """The terminal, the person before it, and the control process behind it."""

    def __init__(self, shot: dict[str, object]) -> None:
        self.master, self.slave = os.openpty()
        termios.tcsetwinsize(self.slave, (24, 80))
        self.modes = termios.tcgetattr(self.slave)
        self.shown = b""
        self._told = b""
        commands, self._commands = os.pipe()
        self._heard, heard = os.pipe()
        self.shell = subprocess.Popen(
            [sys.executable, "-c", SHELL, CONTROL, str(commands), str(heard), json.dumps(shot)],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            pass_fds=(commands, heard),
            env={**os.environ, "TERM": "xterm-256color", "PYTHONUTF8": "1"},
        )
        os.close(commands)
        os.close(heard)
        control, display, self.mode = self.hear("").split()
        self.control, self.display = int(control), int(display)

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def command(self, command: object) -> None:
        os.write(self._commands, json.dumps(command).encode())

    def see(self, words: str, after: int = 0, limit_s: float = 20.0) -> int:
        """Waits until the words were drawn; where they end in `shown`."""
        return self._until(lambda: self._find(words, after), words, limit_s)

    def hear(self, words: str, limit_s: float = 20.0) -> str:
        """The next line that the control process (or the shell) tells; it must contain the words."""
        give_up_s = time.monotonic() + limit_s
        while b"\n" not in self._told:
            assert time.monotonic() < give_up_s, f"not heard: {words}"
            self._read()
        line, self._told = self._told.split(b"\n", 1)
        assert words in line.decode()
        return line.decode()

    def hears_nothing_for(self, duration_s: float) -> bool:
        until_s = time.monotonic() + duration_s
        while time.monotonic() < until_s:
            self._read()
        return self._told == b""

    def given_back(self) -> bool:
        """Waits until the terminal has its old modes; then: cursor shown, alternate screen left."""
        give_up_s = time.monotonic() + 20.0
        while termios.tcgetattr(self.slave) != self.modes:
            assert time.monotonic() < give_up_s, "the terminal was not given back"
            self._read()
        return self.shown.rfind(b"\x1b[?25h") > self.shown.rfind(b"\x1b[?25l") and self.shown.rfind(
            b"\x1b[?1049l"
        ) > self.shown.rfind(b"\x1b[?1049h")

    def hang_up(self) -> None:
        os.close(self.master)
        self.master = os.open(os.devnull, os.O_RDONLY)

    def close(self) -> None:
        for pid in (self.control, self.display):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.shell.kill()
        self.shell.wait(20.0)
        for descriptor in (self.master, self.slave, self._commands, self._heard):
            os.close(descriptor)

    def _find(self, words: str, after: int) -> int:
        at = self.shown.find(words.encode(), after)
        return at + len(words.encode()) if at >= 0 else 0

    def _until(self, found: Callable[[], int], what: str, limit_s: float) -> int:
        give_up_s = time.monotonic() + limit_s
        while not (at := found()):
            assert time.monotonic() < give_up_s, f"not seen: {what}\n{self.shown[-6000:].decode(errors='replace')}"
            self._read()
        return at

    def _read(self) -> None:
        ready, _, _ = select.select([self.master, self._heard], [], [], 0.05)
        if self.master in ready and os.isatty(self.master):
            self.shown += os.read(self.master, 65536)
        if self._heard in ready:
            self._told += os.read(self._heard, 65536)


@pytest.fixture
def bedside(snapshot: Make) -> Iterator[Bedside]:
    place = Bedside(snapshot())
    yield place
    place.close()


def test_keys_answer_what_is_on_the_screen_and_nothing_else(bedside: Bedside) -> None:
    assert bedside.mode == "live"
    bedside.see("INFUSING")
    # Typed before the question is there: the screen says that there is none, and nothing is sent.
    bedside.type(b"\r")
    bedside.see("Enter: there is no open question")
    bedside.command({"state": "ready", "question": {"id": "cannula_in", "text": "Cannula in and taped?", "typed": None}})
    bedside.see("Cannula in and taped?")
    assert bedside.hears_nothing_for(0.6)
    bedside.type(b"\r")
    assert json.loads(bedside.hear("confirm")) == {"operator": "confirm", "question": "cannula_in", "typed": ""}
    bedside.command({"question": {"id": "arm", "text": "Arm the pump?", "typed": "ARM"}})
    bedside.see("Arm the pump?")
    assert bedside.hears_nothing_for(0.6)
    bedside.type(b"arm\r")
    bedside.see("is not it")
    bedside.type(b"ARM")
    bedside.see("ARM_")
    bedside.type(b"\r")
    assert json.loads(bedside.hear("confirm")) == {"operator": "confirm", "question": "arm", "typed": "ARM"}
    bedside.command({"question": None, "state": "armed"})
    bedside.see("ARMED")
    for keys, statement in ((b"p", "pain"), (b"r", "reflux"), (b" ", "stop"), (b"\x13", "stop")):
        bedside.type(keys)
        assert json.loads(bedside.hear(statement)) == {"operator": statement}
    bedside.command("close")
    assert bedside.hear("job ended") == "job ended 7"
    assert bedside.given_back()
    left = bedside.see("\x1b[?1049l")
    bedside.see("QUESTION: Arm the pump? [type ARM and press Enter]", left)
    bedside.see("END VOLUME_REACHED: 0.20 mL (exit 0)", left)


def test_ctrl_c_is_a_signal_and_ctrl_z_is_nothing(bedside: Bedside) -> None:
    bedside.see("INFUSING")
    bedside.type(b"\x1a")
    assert bedside.hears_nothing_for(0.3)
    bedside.type(b"\x03")
    bedside.hear("SIGINT")
    bedside.command({"state": "stopping"})
    bedside.see("STOPPING")
    bedside.type(b"\x03")
    bedside.hear("SIGINT")
    bedside.command("close")
    assert bedside.hear("job ended") == "job ended 7"
    assert bedside.given_back()


def test_a_killed_control_process_is_told_in_red_and_the_terminal_given_back(bedside: Bedside) -> None:
    bedside.see("INFUSING")
    os.kill(bedside.control, signal.SIGKILL)
    bedside.hear("job ended -9")
    left = bedside.see("\x1b[?1049l")
    bedside.see(f"\x1b[1;31m[   12.3 s] {GONE}\x1b[0m", left)
    assert bedside.given_back()


def test_a_killed_display_leaves_a_usable_terminal_and_a_control_process_that_goes_on(bedside: Bedside) -> None:
    bedside.see("INFUSING")
    os.kill(bedside.display, signal.SIGKILL)
    bedside.hear("display dead")
    bedside.see(DIED)
    assert bedside.given_back()
    bedside.type(b"\x03")
    bedside.hear("SIGINT")
    bedside.command("close")
    assert bedside.hear("job ended") == "job ended 7"


def test_a_control_process_that_hangs_is_seen(bedside: Bedside) -> None:
    bedside.see("INFUSING")
    os.kill(bedside.control, signal.SIGSTOP)
    old = bedside.see("NO NEWS FROM CONTROL FOR")
    os.kill(bedside.control, signal.SIGCONT)
    bedside.see(" SIMULATED ", old)


def test_a_hung_up_terminal_ends_the_display(bedside: Bedside) -> None:
    bedside.see("INFUSING")
    bedside.hang_up()
    told = {bedside.hear(""), bedside.hear("")}  # which of both is told first is the system's business
    assert any("SIGHUP" in line for line in told)
    assert any("display dead" in line for line in told)


def test_a_keyboard_is_given_back_only_if_it_is_still_as_it_was_set() -> None:
    master, slave = os.openpty()
    before = termios.tcgetattr(slave)
    keyboard = Keyboard(slave)
    assert keyboard.read() == b""
    os.write(master, b"s")
    assert select.select([slave], [], [], 5.0)[0]
    assert keyboard.read() == b"s"
    assert not select.select([master], [], [], 0.0)[0], "nothing is echoed"
    keyboard.restore()
    assert termios.tcgetattr(slave) == before
    os.close(master)
    assert keyboard.read() is None
    keyboard.restore()
    os.close(slave)


@pytest.mark.parametrize("wanted", ["auto", "live", "plain"])
def test_without_a_terminal_lines_are_plain(wanted: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert choose_mode(wanted, "stdout") == "plain"
    assert choose_mode(wanted, "stderr") == "plain"


def test_a_terminal_without_abilities_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda _: True)
    monkeypatch.setattr("controller.display.terminal.in_foreground", lambda _: True)

    class Stream:
        encoding = "utf-8"

    monkeypatch.setattr(sys, "stdout", Stream())
    modes = []
    for term in ("xterm-256color", "dumb", ""):
        monkeypatch.setenv("TERM", term)
        modes.append(choose_mode("auto", "stdout"))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(Stream, "encoding", "iso-8859-1")
    modes.append(choose_mode("auto", "stdout"))
    assert modes == ["live", "plain", "plain", "plain"]
