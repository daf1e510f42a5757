"""The host as people start it: the console script, as a process, bounded, with its result and its record."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hil_tests.simulated_bench import SimulatedBench

DUCTOJECT = str(Path(sys.executable).with_name("ductoject"))
PROCEDURE_S = 100.0


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended. outcome: the object on standard output, None where there is none."""

    status: int
    outcome: dict[str, Any] | None
    said: str

    @property
    def record(self) -> Path:
        """The record of the run."""
        assert self.outcome is not None, self.said
        return Path(self.outcome["record"])


def ductoject(*arguments: str, timeout_s: float = PROCEDURE_S) -> Result:
    """Runs a command to its end."""
    done = subprocess.run(
        [DUCTOJECT, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    return _result(done.returncode, done.stdout, done.stderr)


class Host:
    """A running `ductoject run --json`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def signal(self, number: signal.Signals) -> None:
        """Sends the control process a signal."""
        os.kill(self.process.pid, number)

    def result(self, timeout_s: float = PROCEDURE_S) -> Result:
        """Waits for its end."""
        out, err = self.process.communicate(timeout=timeout_s)
        return _result(self.process.returncode, out, err)


@contextmanager
def host(bench: SimulatedBench, folder: Path, overrides: dict[str, object] | None = None, *more: str) -> Iterator[Host]:
    """A host at a simulated bench, its records in folder/records; killed at the end if it still runs."""
    profile = folder / "bench.toml"
    profile.write_text(bench.profile_text(overrides))
    command = [DUCTOJECT, "run", "--profile", str(profile), "--records", str(folder / "records"), "--json", *more]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield Host(process)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate(timeout=10)


def _result(status: int, out: str, err: str) -> Result:
    lines = out.splitlines()
    assert len(lines) <= 1, f"standard output holds more than one object: {out}"
    return Result(status, json.loads(lines[0]) if lines else None, err)
