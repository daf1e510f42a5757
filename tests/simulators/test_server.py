"""The simulated bench as a process: the loop by hand with a clock of numbers, and the whole process through real ports."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import serial

from simulators.bench import BenchOptions
from simulators.scenario import load_scenario
from simulators.server import HeldUpError, Server, ServerOptions, main

realtime = [pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(40)]


@dataclass
class Clock:
    """A clock that says what it is told."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


@contextmanager
def server(clock: Clock, **options: Any) -> Iterator[Server]:
    made = Server(ServerOptions(**options), clock)
    try:
        made.start_clock()
        yield made
    finally:
        made.close()


def asked(served: Server, clock: Clock, **message: object) -> dict[str, Any]:
    """One question at the back door of a server that is turned by hand."""
    host, _, port = served.addresses["control"].partition(":")
    with socket.create_connection((host, int(port)), timeout=2.0) as door:
        door.sendall(json.dumps(message).encode() + b"\n")
        for _ in range(3):
            clock.now_s += 0.001
            served.turn()
        return json.loads(door.recv(65536))


def test_a_hold_up_is_made_up_for_and_told() -> None:
    clock = Clock()
    with server(clock) as served:
        clock.now_s += 0.0015
        served.turn()
        clock.now_s += 0.75
        served.turn()
        assert served.bench.now_s == pytest.approx(0.7515)
        truth, addresses = asked(served, clock, ask="truth"), served.addresses
    assert truth["late_ms_max"] == pytest.approx(749.0)
    assert truth["started_boottime_s"] == 1000.0
    assert truth["button_connected"] is False
    assert truth["ports"] == addresses
    assert addresses.keys() == {"pump", "pressure", "button", "control"}


def test_a_hold_up_that_nothing_can_make_up_for_is_the_end() -> None:
    clock = Clock()
    with server(clock) as served:
        clock.now_s += 3600.0
        with pytest.raises(HeldUpError, match=r"stood still for 3600\.0 s"):
            served.turn()


def test_ports_are_pulled_and_put_back_by_the_back_door() -> None:
    clock = Clock()
    with server(clock) as served:
        host = os.open(served.addresses["pump"], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        assert asked(served, clock, do="fault", name="port.unplug_pump") == {"ok": True}
        assert os.read(host, 10) == b""
        os.close(host)
        assert asked(served, clock, do="fault", name="unplug_pressure") == {"ok": True}
        assert asked(served, clock, do="clear", name="unplug_pump") == {"ok": True}
        assert asked(served, clock, do="clear", name="unplug_pressure") == {"ok": True}
        for name in ("pump", "pressure"):
            os.close(os.open(served.addresses[name], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK))
        for do, name in (("fault", "freeze_button"), ("clear", "freeze_button"), ("fault", "drop_button")):
            assert asked(served, clock, do=do, name=name) == {"ok": True}
        assert asked(served, clock, do="clear", name="drop_button") == {"ok": True}
        refused = asked(served, clock, do="fault", name="drop_button", often=True)
    assert refused == {"ok": False, "error": "port.drop_button: takes no values, not often"}


def test_a_scenario_and_the_person_act_at_the_bench() -> None:
    clock = Clock()
    scenario = load_scenario("button_not_plugged")
    with server(clock, scenario=scenario) as served:
        clock.now_s += 0.01
        served.turn()
        assert [entry["what"] for entry in served.bench.log] == ["fault button.unplug"]
        assert asked(served, clock, do="person", self_test=False, inserts_cannula=False) == {"ok": True}


def test_the_lifeline_ends_it_and_what_comes_through_it_does_not() -> None:
    clock = Clock()
    reading, writing = os.pipe()
    with server(clock, lifeline_fd=reading) as served:
        os.write(writing, b"alive")
        served.turn()
        assert not served.ended
        os.close(writing)
        served.turn()
        assert served.ended
    os.close(reading)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--set", "nonsense=1"], "nonsense: no such option; there are: "),
        (["--set", "nonsense"], "nonsense: write it as key=value"),
        (["--set", "bore_mm=wide"], "line.bore_mm: 'wide': Input should be a valid number"),
        (["--scenario", "nonsense"], "no scenario is called 'nonsense'; there are: air_in_line, button_link_frozen, "),
        (["--scenario", "./nowhere.toml"], "./nowhere.toml: No such file or directory"),
        (["--plant", "nowhere"], "plant 'nowhere': write it as module:factory"),
        (["--lifeline-fd", "997"], "--lifeline-fd 997: no such descriptor is open"),
    ],
)
def test_what_can_not_be_served_is_refused_in_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(sentence)
    assert err.count("\n") == 1


@pytest.mark.parametrize("fault", ["pump.flies", "pump_wire.cut"])  # bytes do not go over the wires of virtual time here
def test_a_scenario_with_an_event_that_this_bench_does_not_know_is_refused(
    fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.toml"
    path.write_text(f'title = "odd"\n[[event]]\ndo = "fault"\nname = "{fault}"\n')
    assert main(["--scenario", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"odd: event.0: name '{fault}': no such fault")


@dataclass
class Process:
    """A running server, and a visitor at its back door."""

    process: subprocess.Popen[str]
    addresses: dict[str, str]
    lifeline: int
    _door: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        host, _, port = self.addresses["control"].partition(":")
        self._door = socket.create_connection((host, int(port)), timeout=5.0)
        self.lines = self._door.makefile("rw", encoding="utf-8")

    def ask(self, **message: object) -> dict[str, Any]:
        self.lines.write(json.dumps(message) + "\n")
        self.lines.flush()
        answer: dict[str, Any] = json.loads(self.lines.readline())
        return answer

    def close(self) -> None:
        self.lines.close()
        self._door.close()


@contextmanager
def running(*arguments: str) -> Iterator[Process]:
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "simulators.server", "--lifeline-fd", str(reading), *arguments]
    process = subprocess.Popen(command, pass_fds=[reading], stdout=subprocess.PIPE, text=True)
    os.close(reading)
    try:
        assert process.stdout is not None
        served = Process(process, json.loads(process.stdout.readline()), writing)
        try:
            yield served
        finally:
            served.close()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        process.stdout.close()
        try:
            os.close(writing)
        except OSError:
            assert process.returncode == 0  # the test itself has let go of the lifeline


@pytest.fixture
def process() -> Iterator[Process]:
    with running() as served:
        yield served


class TestProcess:
    """Through real ports, in real time."""

    pytestmark = realtime

    def test_pump_and_transmitter_answer_and_survive_that_the_host_goes_and_comes(self, process: Process) -> None:
        for prompt in (b"\x0200A?R\x03", b"\x0200S\x03"):
            with serial.Serial(process.addresses["pump"], 19200, timeout=5.0) as pump:
                pump.write(b"\r")
                assert pump.read(len(prompt)) == prompt
            with serial.Serial(process.addresses["pressure"], 115200, timeout=5.0) as transmitter:
                transmitter.write(bytes((1, 48, 52, 0)))
                assert len(transmitter.read(10)) == 10

    def test_a_press_reaches_a_client_of_rfc_2217(self, process: Process) -> None:
        with serial.serial_for_url(process.addresses["button"], timeout=1.0) as button:
            assert process.ask(ask="truth")["button_connected"] is True
            assert (button.cts, button.dsr) == (True, True)
            assert process.ask(do="press") == {"ok": True}
            while button.cts or button.dsr:
                process.ask(ask="truth")
            assert process.ask(do="release") == {"ok": True}
            while not (button.cts and button.dsr):
                process.ask(ask="truth")
            button.rts = False
            while button.cts:
                process.ask(ask="truth")
            assert button.dsr

    def test_the_person_answers_the_first_test_pulse(self, process: Process) -> None:
        with serial.serial_for_url(process.addresses["button"], timeout=1.0) as button:
            button.rts = False
            while [entry["what"] for entry in process.ask(ask="log")["log"]] != ["press", "release"]:
                continue
        press, release = process.ask(ask="log")["log"]
        assert press["by"] == release["by"] == "person"
        assert release["t_s"] - press["t_s"] == pytest.approx(0.4, abs=0.01)

    def test_time_is_real_and_the_pump_moves_in_it(self, process: Process) -> None:
        with serial.Serial(process.addresses["pump"], 19200, timeout=5.0) as pump:
            pump.write(b"\r")
            pump.read_until(b"\x03")
            for command in (b"DIA4.70", b"VOLUL", b"VOL5.000", b"RAT300.0UM", b"DIRINF", b"PHN2", b"FUNSTP", b"RUN1"):
                pump.write(command + b"\r")
                assert pump.read_until(b"\x03")
            while (truth := process.ask(ask="truth"))["pump_status"] == "I":
                continue
        assert truth["forward_ul"] == pytest.approx(5.0)
        assert truth["forward_patient_ul"] == 0.0

    def test_the_operator_and_signals_reach_a_host(self, process: Process) -> None:
        host = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
        try:
            assert process.ask(do="hello", pid=host.pid) == {"ok": True}
            process.lines.write('{"do": "operator", "say": "pain"}\n')
            process.lines.flush()
            said = [json.loads(process.lines.readline()) for _ in range(2)]
            assert {"operator": "pain"} in said
            assert {"ok": True} in said
            assert process.ask(do="host", signal="SIGTERM") == {"ok": True}
            assert host.wait(10) == -signal.SIGTERM
        finally:
            host.kill()
            host.communicate(timeout=10)

    def test_the_end_of_the_lifeline_ends_it(self, process: Process) -> None:
        os.close(process.lifeline)
        assert process.process.wait(10) == 0

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_signals_end_it_cleanly(self, process: Process, number: signal.Signals) -> None:
        process.process.send_signal(number)
        assert process.process.wait(10) == 0

    def test_quit_is_answered_and_ends_it(self, process: Process) -> None:
        assert process.ask(do="quit") == {"ok": True}
        assert process.process.wait(10) == 0

    def test_options_and_a_scenario_from_the_command_line(self) -> None:
        with running("--scenario", "other_pump", "--set", "trigger_wired=true", "--seed", "3") as served:
            while not (log := served.ask(ask="log")["log"]):
                continue
            assert log[0]["what"] == "fault pump.other_model"
            assert "pump.other_model" in served.ask(ask="faults")["faults"]


def test_the_seed_and_index_reach_the_bench() -> None:
    with server(Clock(), bench=BenchOptions(seed=2, index=5)) as served:
        assert served.bench.pressure.options.seed == 2 * 1_000_003 + 5


def test_a_bench_that_is_refused_leaves_the_environment_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    assert main(["--plant", "nowhere:make"]) == 2
    assert "NUMBA_DISABLE_JIT" not in os.environ
