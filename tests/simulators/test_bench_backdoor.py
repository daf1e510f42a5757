"""The back door, without real time: the test turns the selector itself."""

import json
import math
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from simulators.acts import Act, ActError, HostAct, Operator
from simulators.backdoor import BackDoor
from simulators.host_process import HostProcesses


@dataclass
class Insider:
    """A bench that notes what is done."""

    done: list[tuple[str, str]] = field(default_factory=list)
    told: dict[str, object] = field(default_factory=lambda: {"t_s": 1.0})

    def act(self, act: Act, by: str, cause: bool = False) -> None:
        if str(act) == "tip capped":
            raise ActError("there is no cap")
        self.done.append((str(act), by))

    def truth(self) -> dict[str, object]:
        return self.told

    def faults(self) -> dict[str, str]:
        return {"pump.stall": "it jams"}

    @property
    def log(self) -> list[dict[str, object]]:
        return [{"t_s": 0.5, "what": "press"}]


class Rig:
    """A back door and any number of visitors."""

    def __init__(self) -> None:
        self.insider = Insider()
        self.host = HostProcesses()
        self.selector = selectors.SelectSelector()
        self.door = BackDoor(self.insider, self.host, self.selector, lambda: {"late_ms_max": 0.1})
        self.visitors: list[socket.socket] = []

    def turn(self) -> None:
        for key, _ in self.selector.select(0.2):
            key.data()
        self.door.flush()

    def visit(self) -> socket.socket:
        host, _, port = self.door.address.partition(":")
        visitor = socket.create_connection((host, int(port)), timeout=2.0)
        self.visitors.append(visitor)
        self.turn()
        return visitor

    def say(self, visitor: socket.socket, line: bytes) -> list[dict[str, object]]:
        visitor.sendall(line)
        self.turn()
        return [json.loads(answer) for answer in visitor.recv(65536).splitlines()]

    def ask(self, visitor: socket.socket, **message: object) -> dict[str, object]:
        (answer,) = self.say(visitor, json.dumps(message).encode() + b"\n")
        return answer

    def close(self) -> None:
        self.door.close()
        self.host.forget()
        for visitor in self.visitors:
            visitor.close()
        assert not self.selector.get_map()
        self.selector.close()


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.close()


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    made = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    yield made
    made.kill()
    made.wait(10)
    assert made.stdin is not None
    made.stdin.close()


def state(process: subprocess.Popen[bytes]) -> str:
    """The kernel's letter for what the process does: T is stopped by a signal."""
    return Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]


def stopped(process: subprocess.Popen[bytes]) -> bool:
    """Waits for the kernel to say that the process has been stopped."""
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    return os.WIFSTOPPED(status)


def continued(process: subprocess.Popen[bytes]) -> bool:
    """Waits for the kernel to say that the process goes on."""
    _, status = os.waitpid(process.pid, os.WCONTINUED)
    return os.WIFCONTINUED(status)


def test_questions_are_answered(rig: Rig) -> None:
    visitor = rig.visit()
    assert rig.ask(visitor, ask="truth") == {"ok": True, "t_s": 1.0, "late_ms_max": 0.1}
    assert rig.ask(visitor, ask="log") == {"ok": True, "log": [{"t_s": 0.5, "what": "press"}]}
    assert rig.ask(visitor, ask="faults") == {"ok": True, "faults": {"pump.stall": "it jams"}}


def test_acts_are_done_and_refusals_are_told(rig: Rig) -> None:
    visitor = rig.visit()
    assert rig.ask(visitor, do="press") == {"ok": True}
    assert rig.ask(visitor, do="fault", name="pump.stall", detect_s=0.1) == {"ok": True}
    assert rig.ask(visitor, do="tip", where="capped") == {"ok": False, "error": "there is no cap"}
    assert rig.insider.done == [("press", "back door"), ("fault pump.stall detect_s=0.1", "back door")]


@pytest.mark.parametrize(
    "line",
    [
        b"garbage\n",
        b"[1]\n",
        b'"press"\n',
        b"\xff\xfe\n",
        b"{\n",
        b"[" * 3000 + b"\n",
        b'{"do": 3}\n',
        b'{"do": ["press"]}\n',
        b'{"ask": "weather"}\n',
        b'{"ask": "truth", "do": "press"}\n',
        b'{"do": "quit", "now": true}\n',
        b'{"do": "fault", "name": "pump.stall", "detect_s": {}}\n',
        b'{"do": "fault", "name": "pump.stall", "detect_s": NaN}\n',
        b'{"do": "hello"}\n',
        b'{"do": "hello", "pid": "1"}\n',
        b'{"do": "hello", "pid": 1}\n',
        b'{"do": "hello", "pid": 99999999999999999999}\n',
        b"{}\n",
    ],
)
def test_lines_that_make_no_sense_are_answered_and_the_next_one_counts(rig: Rig, line: bytes) -> None:
    visitor = rig.visit()
    (answer,) = rig.say(visitor, line)
    assert answer["ok"] is False
    assert answer["error"]
    assert rig.insider.done == []
    assert not rig.door.quit_asked
    assert rig.ask(visitor, do="press") == {"ok": True}


def test_lines_may_come_in_pieces_and_several_at_once(rig: Rig) -> None:
    visitor = rig.visit()
    visitor.sendall(b'{"do": "pre')
    rig.turn()
    assert rig.insider.done == []
    answers = rig.say(visitor, b'ss"}\n\n{"do": "release"}\nx\n')
    assert [answer["ok"] for answer in answers] == [True, True, False]


def test_what_is_no_number_is_told_as_null_and_numpy_is_told_as_numbers(rig: Rig) -> None:
    rig.insider.told = {
        "a": math.nan, "b": -math.inf, "c": np.float64(1.5), "d": np.bool_(True), "e": (1, np.int64(2)), "f": {1: 2j},
    }  # fmt: skip
    answer = rig.ask(rig.visit(), ask="truth")
    assert [answer[name] for name in "abcdef"] == [None, None, 1.5, True, [1, 2], {"1": "2j"}]


def test_several_visitors_are_served_and_too_many_are_turned_away(rig: Rig) -> None:
    visitors = [rig.visit() for _ in range(16)]
    assert rig.visit().recv(10) == b""
    assert all(rig.ask(visitor, do="press") == {"ok": True} for visitor in visitors)
    visitors[0].close()
    rig.turn()
    assert rig.ask(rig.visit(), do="press") == {"ok": True}


def test_a_line_without_end_is_hung_up(rig: Rig) -> None:
    visitor = rig.visit()

    def talk_on() -> None:
        for _ in range(100):
            visitor.sendall(b"x" * 4000)
            rig.turn()

    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        talk_on()
    assert rig.ask(rig.visit(), do="press") == {"ok": True}


def test_quit_is_noted_and_answered(rig: Rig) -> None:
    assert rig.ask(rig.visit(), do="quit") == {"ok": True}
    assert rig.door.quit_asked


def test_a_host_that_has_introduced_itself_hears_the_operator(rig: Rig, process: subprocess.Popen[bytes]) -> None:
    host, other = rig.visit(), rig.visit()
    with pytest.raises(ActError, match="no host has introduced itself"):
        rig.host.hear(Operator(say="pain"))
    assert rig.ask(host, do="hello", pid=process.pid) == {"ok": True}
    rig.host.hear(Operator(say="pain"))
    rig.door.flush()
    assert json.loads(host.recv(1000)) == {"operator": "pain"}
    other.close()
    rig.turn()
    rig.host.hear(Operator(say="go"))
    host.close()
    rig.turn()
    with pytest.raises(ActError, match="no host has introduced itself"):
        rig.host.hear(Operator(say="stop"))


def test_a_process_that_does_not_exist_is_refused(rig: Rig, process: subprocess.Popen[bytes]) -> None:
    visitor = rig.visit()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(10)
    answer = rig.ask(visitor, do="hello", pid=process.pid, recorder_pid=gone.pid)
    assert answer == {"ok": False, "error": f"process {gone.pid} (recorder): {os.strerror(3)}"}
    answer = rig.ask(visitor, do="hello", pid=os.getpid())
    assert answer["error"] == f"process {os.getpid()} (control): can not be a process of the host"


def test_a_signal_reaches_the_process_it_is_for(rig: Rig, process: subprocess.Popen[bytes]) -> None:
    rig.ask(rig.visit(), do="hello", pid=process.pid, recorder_pid=process.pid)
    rig.host.happen(HostAct(signal="SIGTERM", target="recorder"), 0.0)
    assert process.wait(10) == -signal.SIGTERM
    with pytest.raises(ActError, match="SIGTERM to the recorder process: No such process"):
        rig.host.happen(HostAct(signal="SIGTERM", target="recorder"), 0.0)


def test_no_signal_without_an_introduction(rig: Rig) -> None:
    with pytest.raises(ActError, match="no host has introduced itself with a control process"):
        rig.host.happen(HostAct(signal="SIGKILL"), 0.0)


@pytest.mark.timeout(20)
def test_a_frozen_process_goes_on_when_its_time_has_come(rig: Rig, process: subprocess.Popen[bytes]) -> None:
    rig.ask(rig.visit(), do="hello", pid=process.pid)
    rig.host.happen(HostAct(freeze_s=0.2), 1.0)
    assert stopped(process)
    rig.host.advance(1.19)
    assert state(process) == "T"
    rig.host.advance(1.2)
    assert continued(process)


@pytest.mark.timeout(20)
def test_nothing_stays_frozen_when_the_host_has_left(rig: Rig, process: subprocess.Popen[bytes]) -> None:
    host = rig.visit()
    rig.ask(host, do="hello", pid=process.pid, recorder_pid=process.pid)
    rig.host.happen(HostAct(freeze_s=60.0, target="recorder"), 1.0)
    assert stopped(process)
    host.close()
    rig.turn()
    assert continued(process)


@pytest.mark.timeout(20)
def test_a_process_that_was_killed_while_frozen_does_no_harm(rig: Rig, process: subprocess.Popen[bytes]) -> None:
    rig.ask(rig.visit(), do="hello", pid=process.pid)
    rig.host.happen(HostAct(freeze_s=0.2), 1.0)
    process.kill()
    process.wait(10)
    rig.host.advance(2.0)
    with pytest.raises(ActError):
        rig.host.happen(HostAct(freeze_s=0.2), 2.0)
