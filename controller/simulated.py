"""The simulated bench as the host sees it: a process to start, addresses to open, and a back door that is not for deciding.

What counts as simulated is decided here. A port does if it is a pseudo-terminal or an address on this very machine, and a
whole bench does only if all its ports do and its transmitter is known by the serial number that no real one has
(docs/decisions/0003). Nothing a person can type makes a real device a simulated one.
"""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import urlsplit

from controller.settings import LoadedProfile, expected_resistance_kpa_s_ul
from controller.settings.profile import SIMULATED
from simulators.any_plant import DEFAULT_PLANT

SERIAL_NUMBER = 5157001  # the simulated transmitter's
_START_S = 5.0
_END_S = 2.0
_LAST_BYTES = 65536
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PTY_MAJORS = range(136, 144)  # Unix98 pseudo-terminals (Linux, Documentation/admin-guide/devices.txt)
_ROOT = Path(__file__).resolve().parents[1]


class SimulatedBenchError(Exception):
    """The simulated bench does not start or does not answer; the text is for people."""


def is_simulated_port(port: str) -> bool:
    """True for the word "simulated", a pseudo-terminal, or an address on this machine."""
    if port == SIMULATED:
        return True
    if "://" in port:
        return urlsplit(port).hostname in _LOOPBACK
    try:
        status = Path(port).stat()
    except OSError:
        return False
    return os.major(status.st_rdev) in _PTY_MAJORS


def why_not_simulated(loaded: LoadedProfile) -> list[str]:
    """What speaks against all devices of a profile being simulated ones, a sentence each; nothing does if the list is empty."""
    profile = loaded.profile
    if profile.kind != "simulation":
        return [f'{loaded.source}: kind = "{profile.kind}" is for real devices']
    ports = {"pump": profile.pump.port, "pressure": profile.pressure.port, "button": profile.button.port}
    found = [
        f"{loaded.source}: {name}.port = {port} is neither a pseudo-terminal nor on this machine, so it counts as a real device"
        for name, port in ports.items()
        if not is_simulated_port(port)
    ]
    serial = profile.pressure.serial_number
    if serial not in (None, SERIAL_NUMBER):
        text = f"is not the simulated transmitter's {SERIAL_NUMBER}, so it counts as a real device"
        found.append(f"{loaded.source}: pressure.serial_number = {serial} {text}")
    return found


def bench_settings(loaded: LoadedProfile, told_by_scenario: Mapping[str, object], plant: str | None = None) -> dict[str, object]:
    """What the simulated bench has to be made of to be the one the profile describes; what a scenario says goes before.

    plant: in place of the profile's. Another plant than ours has options of its own.
    """
    profile, parts = loaded.profile, loaded.parts
    temperature_c = profile.line.temperature_c
    whole = expected_resistance_kpa_s_ul(parts.agent, temperature_c, loaded.cannula, parts.tube)
    cannula = expected_resistance_kpa_s_ul(parts.agent, temperature_c, loaded.cannula)
    settings: dict[str, object] = {
        "pump.address": profile.pump.address,
        "pump.baud": profile.pump.baud,
        "pressure.address": min(profile.pressure.address, 249),  # 250 speaks to any one transmitter
        "pressure.baud": profile.pressure.baud,
        "bench.trigger_wired": profile.pump.trigger != "none",
    }
    profiles_plant = DEFAULT_PLANT if profile.simulation is None else profile.simulation.plant
    plant = plant or profiles_plant
    if plant == DEFAULT_PLANT:
        settings |= {
            "line.syringe_compliance_ul_kpa": parts.syringe.compliance_ul_kpa,
            "line.tube_compliance_ul_kpa": parts.tube.compliance_ul_kpa,
            "line.tube_resistance_kpa_s_ul": whole - cannula,
            "line.bore_mm": loaded.cannula.bore_mm,
            "line.length_mm": parts.cannula.length_mm,
            "line.viscosity_mpa_s": parts.agent.viscosity_mpa_s(temperature_c),
        }
    if profile.simulation is not None and plant == profiles_plant:
        settings |= dict(profile.simulation.options)
    taken = set(told_by_scenario)
    return {key: value for key, value in settings.items() if not taken & {key, key.partition(".")[2]}}


@dataclass(slots=True)
class BenchProcess:
    """A running simulated bench of our own. Ends with us: the pipe to it closes when this process dies."""

    addresses: dict[str, str]
    _process: "subprocess.Popen[str]"
    _lifeline: int
    _said: IO[bytes]
    """A file and no pipe: nobody reads while the bench runs, and a plant that prints must not be held up by that."""

    @classmethod
    def start(cls, settings: Mapping[str, object], *, plant: str, seed: int, index: int, scenario: str | None) -> "BenchProcess":
        """Starts it and waits until it says where it is. Raises SimulatedBenchError."""
        inner, outer = os.pipe()
        command = [sys.executable, "-m", "simulators.server", "--lifeline-fd", str(inner)]
        command += ["--plant", plant, "--seed", str(seed), "--index", str(index)]
        command += [] if scenario is None else ["--scenario", scenario]
        command += [word for key, value in settings.items() for word in ("--set", f"{key}={_toml(value)}")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])}
        said = TemporaryFile()  # noqa: SIM115 - `end` closes it
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            pass_fds=(inner,),
            env=environment,
            start_new_session=True,  # Ctrl-C is for the host alone
        )
        os.close(inner)
        bench = cls({}, process, outer, said)
        try:
            bench.addresses = bench._first_line()
        except SimulatedBenchError:
            bench.end()
            raise
        return bench

    def _first_line(self) -> dict[str, str]:
        out = self._process.stdout
        assert out is not None
        ready, _, _ = select.select([out], [], [], _START_S)
        line = out.readline() if ready else ""
        if line:
            return {str(key): str(value) for key, value in json.loads(line).items()}
        if not ready:
            raise SimulatedBenchError(f"the simulated bench did not start within {_START_S:.0f} s")
        raise SimulatedBenchError(self._last_words() or "the simulated bench did not start")

    def end(self) -> str:
        """Ends it, by force if need be. Returns the sentence it ended with if it had failed before, and "" otherwise."""
        said = self._last_words().rpartition("\n")[2] if self._process.poll() else ""
        with contextlib.suppress(OSError):
            os.close(self._lifeline)
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_END_S)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._said.close()
        return said

    def _last_words(self) -> str:
        file = self._said.fileno()
        begin = max(0, os.fstat(file).st_size - _LAST_BYTES)
        return os.pread(file, _LAST_BYTES, begin).decode(errors="replace").strip()


class BackDoorLine:
    """A line to the simulated bench's back door. It carries what scenarios have the operator say; `receive` never waits."""

    looks = False

    def __init__(self, address: str, pid: int, recorder_pid: int | None) -> None:
        """Introduces this process. Raises SimulatedBenchError."""
        host, _, port = address.rpartition(":")
        try:
            self._socket = socket.create_connection((host or "127.0.0.1", int(port)), timeout=_START_S)
        except (OSError, ValueError, OverflowError) as error:
            raise SimulatedBenchError(f"simulation.control = {address!r}: no back door answers there ({error})") from error
        hello = {"do": "hello", "pid": pid} | ({} if recorder_pid is None else {"recorder_pid": recorder_pid})
        self._socket.sendall(json.dumps(hello).encode() + b"\n")
        self._buffer = b""
        self._alive = True
        self._await_welcome()
        self._socket.setblocking(False)

    def _await_welcome(self) -> None:
        until_s = time.monotonic() + _START_S
        while b"\n" not in self._buffer:
            self._socket.settimeout(max(0.01, until_s - time.monotonic()))
            try:
                data = self._socket.recv(4096)
            except OSError:
                data = b""
            if not data:
                raise SimulatedBenchError("simulation.control: the back door does not answer")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        reply = json.loads(line)
        if not reply.get("ok"):
            raise SimulatedBenchError(f"simulation.control: {reply.get('error')}")

    def send(self, message: Mapping[str, object]) -> bool:  # noqa: ARG002 - a screen that shows nothing
        """Takes telemetry and drops it."""
        return True

    def tell(self, act: Mapping[str, object]) -> None:
        """Has something done at the bench; a line that is lost is found out where it is listened to."""
        with contextlib.suppress(OSError):
            self._socket.sendall(json.dumps(act).encode() + b"\n")

    def fileno(self) -> int | None:
        """None: it is asked in every cycle, and one that is gone must not wake anybody up."""
        return None

    def mend(self, *, may_start: bool) -> str | None:  # noqa: ARG002 - as other screens
        """A bench that has gone shows by its devices."""
        return None

    def receive(self) -> list[dict[str, object]]:
        """Statements that have come."""
        while self._alive:
            try:
                data = self._socket.recv(4096)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            self._alive = bool(data)
            self._buffer += data
        *lines, self._buffer = self._buffer.split(b"\n")
        messages = []
        for line in lines:
            with contextlib.suppress(ValueError):
                message = json.loads(line)
                if isinstance(message, dict):
                    messages.append(message)
        return messages

    def close(self) -> None:
        """Leaves."""
        self._socket.close()


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
