"""The simulated bench as `ductoject simulate` serves it: a process of its own, its addresses, and its back door."""

import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Self

from config import PROFILES, shipped

START_S = 15.0  # a cold start on a busy machine; about 2 s otherwise
END_S = 3.0
ANSWER_S = 5.0
DEVICES = ("pump", "pressure", "button")

# Ends the bench with this process, even where nothing of this one is left to end it: PR_SET_PDEATHSIG, prctl(2), which
# outlives execv.
_LAUNCHER = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))
if os.getppid() != int(sys.argv[1]):
    sys.exit("whoever started this is gone")
os.execv(sys.argv[2], sys.argv[2:])
"""
REALTIME_PRIORITY = 40


class BenchError(Exception):
    """The simulated bench does not start, does not answer, or refuses an act; the text says which."""


class SimulatedBench:
    """A running simulated bench. Made by `start`."""

    def __init__(self, process: "subprocess.Popen[bytes]", complaints: IO[bytes], profile: dict[str, Any]) -> None:
        self._process = process
        self._complaints = complaints
        self._profile = profile
        first = self._first_line()
        # It has to be as punctual as a device is. Not before it runs: the second that its start takes would hold up others.
        with suppress(OSError):  # not permitted everywhere
            os.sched_setscheduler(process.pid, os.SCHED_FIFO, os.sched_param(REALTIME_PRIORITY))
        self.control = first["control"]
        host, _, port = self.control.rpartition(":")
        self._door = socket.create_connection((host, int(port)), timeout=ANSWER_S)
        self._door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._door.makefile("rb")

    @classmethod
    @contextmanager
    def start(
        cls, scenario: str | None = None, profile: str = "sim", overrides: Mapping[str, object] | None = None
    ) -> Iterator[Self]:
        """Serves a bench while the context lasts; it is gone afterwards, whatever happens.

        scenario: name or path. profile: name or path of the bench to simulate. overrides: dotted profile key -> value. Raises
        BenchError; also at the end, if the bench has failed in the meantime.
        """
        tree = _profile_tree(profile)
        _put(tree, overrides or {})
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="simulated-bench-")))
            file = folder / "served.toml"
            file.write_text(toml_text(tree))
            command = [sys.executable, "-c", _LAUNCHER, str(os.getpid()), str(Path(sys.executable).with_name("ductoject"))]
            command += ["simulate", "--profile", str(file), "--json"] + ([] if scenario is None else ["--scenario", scenario])
            complaints = stack.enter_context((folder / "stderr").open("w+b"))
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
                start_new_session=True,  # Ctrl-C is for the tests
            )
            stack.callback(_end, process)
            bench = cls(process, complaints, tree)
            stack.callback(bench._hang_up)
            yield bench
            if process.poll():
                raise BenchError(f"the simulated bench ended by itself: {bench._complaint()}")

    # -- addresses ---------------------------------------------------------------------------------------------------------

    @property
    def urls(self) -> dict[str, str]:
        """Where pump, pressure and button are served now (a port that was pulled and put back may have a new path)."""
        ports = self.truth()["ports"]
        return {name: str(ports[name]) for name in DEVICES}

    def profile_text(self, overrides: Mapping[str, object] | None = None) -> str:
        """A kind = "simulation" profile, as TOML, that names this bench's ports and back door. Overrides: dotted key -> value.

        Nothing in it is checked here: whoever reads the profile does that.
        """
        tree = json.loads(json.dumps(self._profile))
        _put(tree, {f"{name}.port": url for name, url in self.urls.items()})
        _put(tree, {"simulation.control": self.control, **(overrides or {})})
        return toml_text(tree)

    # -- back door ---------------------------------------------------------------------------------------------------------

    def truth(self) -> dict[str, Any]:
        """The physical truth now."""
        return self._told({"ask": "truth"})

    def wait_until_still(self, timeout_s: float, for_s: float = 0.5) -> None:
        """Waits until the plunger has not moved for for_s. Raises BenchError if that does not come in time."""
        until_s = time.monotonic() + timeout_s
        before, since_s = None, time.monotonic()
        while time.monotonic() < until_s:
            position = self.truth()["plunger_ul"]
            if position != before:
                before, since_s = position, time.monotonic()
            elif time.monotonic() - since_s >= for_s:
                return
            time.sleep(0.02)
        raise BenchError(f"the plunger still moves after {timeout_s:g} s")

    def log(self) -> list[dict[str, Any]]:
        """What has happened at the bench, oldest first."""
        entries: list[dict[str, Any]] = self._told({"ask": "log"})["log"]
        return entries

    def do(self, act: Mapping[str, object]) -> None:
        """Does something at the bench, for instance {"do": "press"}; it is done when this returns. Raises BenchError."""
        self._told(act)

    def _told(self, message: Mapping[str, object]) -> dict[str, Any]:
        try:
            self._door.sendall(json.dumps(message).encode() + b"\n")
            line = self._answers.readline()
        except OSError as error:
            raise BenchError(f"the back door does not answer ({error}): {self._complaint()}") from error
        if not line.endswith(b"\n"):
            raise BenchError(f"the back door was closed: {self._complaint()}")
        answer: dict[str, Any] = json.loads(line)
        if not answer.pop("ok"):
            raise BenchError(f"{dict(message)}: {answer['error']}")
        return answer

    # -- the process -------------------------------------------------------------------------------------------------------

    def _first_line(self) -> dict[str, str]:
        out = self._process.stdout
        assert out is not None
        ready, _, _ = select.select([out], [], [], START_S)
        if not ready:
            raise BenchError(f"the simulated bench did not start within {START_S:g} s")
        line = out.readline()
        if not line:
            raise BenchError(f"the simulated bench did not start: {self._complaint()}")
        first: dict[str, str] = json.loads(line)
        return first

    def _complaint(self) -> str:
        self._complaints.seek(0)
        return self._complaints.read(10_000).decode(errors="replace").strip() or "it says nothing"

    def _hang_up(self) -> None:
        with suppress(OSError):
            self._answers.close()
            self._door.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(END_S)
    if process.stdout is not None:
        process.stdout.close()


# -- profiles ----------------------------------------------------------------------------------------------------------------


def _profile_tree(name_or_path: str) -> dict[str, Any]:
    source = shipped(name_or_path) if name_or_path in PROFILES else Path(name_or_path)
    return tomllib.loads(source.read_text())


def _put(tree: dict[str, Any], overrides: Mapping[str, object]) -> None:
    for dotted, value in overrides.items():
        *sections, last = dotted.split(".")
        here = tree
        for section in sections:
            here = here.setdefault(section, {})
        here[last] = value


def toml_text(tree: Mapping[str, object], name: str = "") -> str:
    """Tables of plain values as TOML."""
    tables = {key: value for key, value in tree.items() if isinstance(value, Mapping)}
    lines = [f"[{name}]"] if name else []
    lines += [f"{key} = {_toml_value(value)}" for key, value in tree.items() if key not in tables]
    inner = [toml_text(table, f"{name}.{key}" if name else key) for key, table in tables.items()]
    return "\n".join([*lines, "", *inner])


def _toml_value(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list() | tuple():
            return f"[{', '.join(_toml_value(item) for item in value)}]"
    raise TypeError(f"{value!r} is no value of a profile")
