"""Whole procedures as people run them, with everything that belongs to them, on a busy machine: how many cycles came too late.

Beside each procedure cyclictest waits at the same period and priority: what it counts beyond the same limit is what the machine
itself does.
"""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from controller.benchmarks.realtime.jitter import counted_ms, cyclictest_command
from controller.benchmarks.realtime.load import under_load
from controller.benchmarks.realtime.rows import time_row
from controller.core.limits import LATENESS_S
from controller.lateness import BOUNDS_US
from controller.record.reader import open_record

END_S: Final = 10.0
LIMIT_S: Final = 300.0
"""No simulated procedure lasts longer."""
LIMIT_MS: Final = LATENESS_S * 1000.0

Say = Callable[[str], object]


def measure_procedures(procedures: int, say: Say = lambda _: None) -> list[dict[str, Any]]:
    """Rows of controller.benchmarks.realtime.rows, with `late` beyond the limit. Raises RuntimeError.

    A procedure keeps a histogram of its lateness: its percentiles are the upper bounds of the bins in which they lie.
    """
    cyclictest = shutil.which("cyclictest")
    if cyclictest is None:
        say("no cyclictest here (Debian: rt-tests)")
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as folder, under_load():
        for number in range(procedures):
            with _beside(cyclictest, Path(folder) / "histogram", theirs):
                outcome = _procedure(Path(folder), number)
            found = lateness_of(Path(outcome["record"]))
            upper_ms = [min(bound / 1000.0, found["latest_ms"]) for bound in BOUNDS_US] + [found["latest_ms"]]
            ours += np.repeat(upper_ms, found["cycles"]).tolist()
            say(f"{number + 1} of {procedures}: {outcome['reason']}, latest {found['latest_ms']} ms ({found['ran']})")
    return late_rows(ours, theirs)


@contextmanager
def _beside(cyclictest: str | None, histogram: Path, found_ms: list[float]) -> Iterator[None]:
    """cyclictest for as long as this lasts, and what it found."""
    if cyclictest is None:
        yield
        return
    command = cyclictest_command(cyclictest, histogram)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)  # upon which it writes what it has counted
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
    found_ms += counted_ms(histogram).tolist()


def late_rows(ours_ms: list[float], theirs_ms: list[float]) -> list[dict[str, Any]]:
    """Ours, and the reference's where there is one."""
    late, limit = (sum(each > LIMIT_MS for each in times_ms) for times_ms in (ours_ms, theirs_ms))
    row = time_row("procedures under load", ours_ms) | {"late": late}
    if not theirs_ms:
        return [row]
    ratio = late / limit if limit else None
    row |= {"reference": "cyclictest's count", "ratio": ratio, "limit": limit, "ok": late <= limit}
    return [row, time_row("cyclictest beside them", theirs_ms) | {"late": limit}]


def _procedure(folder: Path, number: int) -> dict[str, Any]:
    command = [sys.executable, "-c", "from controller.cli import main; main()", "run", "--profile", "sim", "--json"]
    command += ["--records", str(folder / "records"), "--patient", f"bench-{number}", "--duct", "1"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    try:
        outcome: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise RuntimeError(f"procedure {number + 1} gave no result: {done.stderr.strip()[-500:]}") from None
    return outcome


def lateness_of(record: Path) -> dict[str, Any]:
    """What the procedure says of its own lateness at its end."""
    with open_record(record) as opened:
        bodies = [entry.body for entry in opened.entries(["host"])]
    found = next(body for body in reversed(bodies) if "cycles" in body)
    if tuple(found["bounds_us"]) != BOUNDS_US:
        raise RuntimeError(f"{record.name}: its histogram has other bounds")
    return {"cycles": found["cycles"], "latest_ms": found["latest_ms"], "ran": found["ran"]}
