"""The control side with a real display process: whatever becomes of the display, the caller goes on."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from controller.display import client as client_module
from controller.display.client import DisplayClient
from controller.display.statements import STATEMENTS_AT_ONCE
from controller.display.words import CLOSED, GONE

pytestmark = [pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(60)]
Make = Callable[..., dict[str, object]]
Start = Callable[[], DisplayClient]
END = {"type": "end", "reason": "VOLUME_REACHED", "text": "0.20 mL", "exit": 0}


def pid_of(display: DisplayClient) -> int:
    return display._process.pid


def until(condition: Callable[[], bool], limit_s: float = 20.0) -> bool:
    """Looks again and again, with a pause that is bounded like the whole."""
    give_up_s = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > give_up_s:
            return False
        select.select([], [], [], 0.01)
    return True


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a display within the test (so that capfd has its output), and sees to its end."""
    clients: list[DisplayClient] = []

    def starter() -> DisplayClient:
        clients.append(DisplayClient.start("plain", "stdout"))
        return clients[-1]

    yield starter
    for client in clients:
        client.close(0.0)
        assert client._process.returncode is not None


def test_lines_come_out_and_the_end_is_the_end(start: Start, snapshot: Make, capfd: pytest.CaptureFixture[str]) -> None:
    display = start()
    assert display.alive
    assert display.mode == "plain"
    assert display.send(snapshot(hold_kpa=[]))
    assert display.send({"type": "note", "t_s": 13.0, "text": "a note"})
    assert display.send(END)
    display.close(20.0)
    assert not display.alive
    assert display._process.returncode == 0
    assert capfd.readouterr().out.splitlines() == [
        "[   12.3 s] ductoject, SIMULATED devices. Investigational: bench and simulation only",
        "[   12.3 s] infusing: increment 2 of 4, delivered 0.07 of 0.20 mL",
        "[   13.0 s] a note",
        "[   12.3 s] END VOLUME_REACHED: 0.20 mL (exit 0)",
    ]
    assert not display.send(END)
    assert display.receive() == []
    display.close(1.0)


def test_closing_without_an_end_says_so(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    display = start()
    display.close(20.0)
    assert capfd.readouterr().out == f"[      ? s] {CLOSED}\n"
    refused = start()
    refused.close(20.0, told=True)
    assert capfd.readouterr().out == ""


def test_signals_that_reach_everyone_do_not_end_it(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    display = start()
    # From its first moment on: they are blocked before they are ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGTSTP):
        os.kill(pid_of(display), number)
    display.send(END)
    display.close(20.0)
    assert display._process.returncode == 0
    assert "END VOLUME_REACHED" in capfd.readouterr().out


def test_a_stopped_display_costs_the_caller_nothing_and_is_killed_in_the_end(start: Start, snapshot: Make) -> None:
    display = start()
    os.kill(pid_of(display), signal.SIGSTOP)
    began_s, cpu_s = time.monotonic(), time.process_time()
    results = [display.send(snapshot(t_s=float(index))) for index in range(2000)]
    assert time.process_time() - cpu_s < 2.0
    assert time.monotonic() - began_s < 10.0
    assert results[0]
    assert not results[-1]
    assert display.dropped == results.count(False)
    assert display.receive() == []
    assert not display.send(END)
    began_s = time.monotonic()
    display.close(0.2)
    assert time.monotonic() - began_s < 5.0
    assert display._process.returncode == -signal.SIGKILL


def test_an_end_that_was_not_taken_at_first_is_still_told(
    start: Start, snapshot: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    display = start()
    os.kill(pid_of(display), signal.SIGSTOP)
    assert until(lambda: not display.send(snapshot()))
    assert not display.send(END)
    os.kill(pid_of(display), signal.SIGCONT)
    display.close(20.0)
    assert "END VOLUME_REACHED: 0.20 mL (exit 0)" in capfd.readouterr().out


def test_a_dead_display_does_not_make_the_loop_spin(start: Start, snapshot: Make) -> None:
    display = start()
    descriptor = display.fileno()
    epoll = select.epoll()
    epoll.register(descriptor, select.EPOLLIN)
    os.kill(pid_of(display), signal.SIGKILL)
    assert until(lambda: not display.alive)
    assert epoll.poll(20.0) != []
    assert display.receive() == []
    assert epoll.poll(0.0) == []
    assert display.fileno() == descriptor
    assert not display.send(snapshot())
    assert display.receive() == []
    epoll.close()


def test_a_display_that_was_killed_is_told_once_and_started_again(
    start: Start, snapshot: Make, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    display = start()
    assert display.mend(may_start=True) is None
    first, descriptor = pid_of(display), display.fileno()
    os.kill(first, signal.SIGKILL)
    assert until(lambda: not display.alive)
    assert display.mend(may_start=True) == "the display has died"
    assert display.mend(may_start=True) is None, "not at once: it might die again and again"
    monkeypatch.setattr(client_module, "_AGAIN_S", 0.0)
    assert display.mend(may_start=False) is None
    assert display.mend(may_start=True) == "the display was started again"
    assert pid_of(display) != first
    assert display.fileno() == descriptor
    assert display.alive
    assert display.mend(may_start=True) is None
    assert display.send(snapshot())
    assert display.send(END)
    display.close(20.0)
    assert "END VOLUME_REACHED: 0.20 mL (exit 0)" in capfd.readouterr().out


def test_a_display_that_keeps_dying_is_left_alone(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_AGAIN_S", 0.0)
    display = start()
    told: list[str | None] = []
    for _ in range(6):
        if display.alive:
            os.kill(pid_of(display), signal.SIGKILL)
            assert until(lambda: not display.alive)
        told += [display.mend(may_start=True), display.mend(may_start=True)]
    assert told.count("the display was started again") == client_module._MOST_STARTS - 1
    assert told[-2:] == [None, None]


def test_a_display_that_can_not_be_started_again_is_told(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    display = start()
    os.kill(pid_of(display), signal.SIGKILL)
    assert until(lambda: not display.alive)
    assert display.mend(may_start=True) == "the display has died"
    monkeypatch.setattr(client_module, "_AGAIN_S", 0.0)
    monkeypatch.setattr(client_module.sys, "executable", "/nowhere/python")
    assert display.mend(may_start=True) == "the display can not be started again: No such file or directory"
    assert not display.send({"type": "note", "text": "lost"})
    assert display.receive() == []


def test_what_was_said_before_the_display_died_is_heard(start: Start) -> None:
    display = start()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait(20.0)
    other = DisplayClient(dead, ours, display._rescue, "plain")
    assert other.send({"type": "note", "text": "never read"})
    for data in (b'{"operator":"pain"}', b"nonsense", b'{"operator":"stop"}'):
        theirs.send(data)
    theirs.close()
    assert not other.send({"type": "note", "text": "lost"})
    assert other.receive() == [{"operator": "pain"}, {"operator": "stop"}]
    assert not other.alive
    other.close(1.0)


def test_what_is_received_at_once_is_bounded(start: Start) -> None:
    display = start()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    other = DisplayClient(display._process, ours, display._rescue, "plain")
    for _ in range(100):
        theirs.send(b'{"operator":"stop"}')
    assert len(other.receive()) == STATEMENTS_AT_ONCE
    theirs.close()
    ours.close()
    os.close(other._silence)


def test_an_unwritable_message_is_dropped_and_counted(start: Start) -> None:
    display = start()
    assert not display.send({"type": "note", "text": object()})
    assert display.dropped == 1
    assert display.alive


def test_other_modes_are_refused() -> None:
    with pytest.raises(ValueError, match="expected auto, plain or live"):
        DisplayClient.start("curses", "stdout")  # type: ignore[arg-type]  # that is the point
    with pytest.raises(ValueError, match="expected auto, plain or live"):
        DisplayClient.start("auto", "printer")  # type: ignore[arg-type]  # that is the point


CONTROL = """
import os, signal
from controller.display.client import DisplayClient
from controller.display.statements import STATEMENTS_AT_ONCE
display = DisplayClient.start("auto", "stdout")
display.send({"type": "note", "t_s": 1.0, "text": "last note"})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_control_process_that_is_killed_is_reported(capfd: pytest.CaptureFixture[str]) -> None:
    control = subprocess.run(
        [sys.executable, "-c", CONTROL], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=40, check=False
    )
    assert control.returncode == -signal.SIGKILL
    assert control.stdout == f"[    1.0 s] last note\n[      ? s] {GONE}\n"
    assert control.stderr == ""


def test_a_control_process_that_is_killed_is_noticed_where_someone_holds_its_socket(
    capfd: pytest.CaptureFixture[str],
) -> None:
    holder = CONTROL.replace(
        "os.kill(", "os.dup2(display.fileno(), 9); os.posix_spawn('/bin/sleep', ['sleep', '8'], {}); os.kill("
    )
    began_s = time.monotonic()
    with subprocess.Popen([sys.executable, "-c", holder], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as control:
        assert control.stdout is not None
        lines = [control.stdout.readline() for _ in range(2)]
        assert time.monotonic() - began_s < 7.0
    assert lines == ["[    1.0 s] last note\n", f"[      ? s] {GONE}\n"]


def test_an_output_that_nobody_reads_any_more_ends_it_quietly() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    reader, writer = os.pipe()
    os.close(reader)
    options = ["--fd", str(theirs.fileno()), "--parent", str(os.getpid()), "--mode", "plain", "--stream", "stdout"]
    process = subprocess.Popen(
        [sys.executable, "-m", "controller.display.process", *options],
        stdout=writer,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        pass_fds=(theirs.fileno(),),
    )
    os.close(writer)
    theirs.close()
    ours.send(b'{"type":"note","text":"for nobody"}')
    _, errors = process.communicate(timeout=40)
    assert (process.returncode, errors) == (0, b"")
    ours.close()
