"""By how much the loop's own wait is late, beside a C program's and cyclictest's, in turn in the same run.

All of them wake up at absolute times, at the same priority, on whichever CPU is free, with locked memory. Ours waits as the loop
does: a timer and the ports' descriptors in one epoll (controller.world).
"""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from controller.benchmarks.realtime.reference import NoReferenceError, compiled
from controller.benchmarks.realtime.rows import Against, time_row
from controller.realtime import PRIORITY, missing, real_time
from controller.world import RealWorld

PERIOD_US = 5_000
TURNS = 4
SPARE_S = 20.0
LIMIT = 1.5
_OURS, _C, _CYCLICTEST = "ductoject", "C reference", "cyclictest"

Late = npt.NDArray[np.float64]
"""Lateness in ms, one a cycle."""


def measure_jitter(cycles: int, say: Callable[[str], object] = lambda _: None) -> list[dict[str, Any]]:
    """Rows of controller.benchmarks.realtime.rows, the 99.9th percentile held against the reference's."""
    with tempfile.TemporaryDirectory() as folder:
        tests = dict(_tests(Path(folder), say))
        found: dict[str, list[Late]] = {name: [] for name in tests}
        for turn in range(TURNS):
            for name, test in tests.items():
                say(f"{name}, turn {turn + 1} of {TURNS}")
                found[name].append(test(cycles * (turn + 1) // TURNS - cycles * turn // TURNS))
    late = {name: np.concatenate(parts) for name, parts in found.items()}
    reference = next((name for name in (_CYCLICTEST, _C) if name in late), None)
    against = None if reference is None else Against("p999_ms", reference, float(np.percentile(late[reference], 99.9)), LIMIT)
    return [time_row(name, values.tolist(), against=against if name == _OURS else None) for name, values in late.items()]


def _tests(folder: Path, say: Callable[[str], object]) -> Iterator[tuple[str, Callable[[int], Late]]]:
    yield _OURS, lambda cycles: _ours(cycles, say)
    try:
        program = compiled("jitter", folder)
    except NoReferenceError as error:
        say(f"no C reference: {error}")
    else:
        yield _C, lambda cycles: _c_reference(program, cycles)
    cyclictest = shutil.which("cyclictest")
    if cyclictest is None:
        say("no cyclictest here (Debian: rt-tests)")
    else:
        yield _CYCLICTEST, lambda cycles: run_cyclictest(cyclictest, cycles, folder)


def _ours(cycles: int, say: Callable[[str], object]) -> Late:
    late = np.zeros(cycles)
    read_end, write_end = os.pipe()
    try:
        with RealWorld({}) as world, real_time(None) as measures:
            for sentence in missing(measures):
                say(f"without {sentence}")
            world.watch("a port", read_end)
            due_us = world.now_us()
            for cycle in range(cycles):
                due_us += PERIOD_US
                world.wait_until(due_us)
                now_us = world.now_us()
                late[cycle] = (now_us - due_us) / 1000.0
                if now_us > due_us + PERIOD_US:
                    due_us = now_us
    finally:
        os.close(read_end)
        os.close(write_end)
    return late


def _c_reference(program: Path, cycles: int) -> Late:
    command = [str(program), str(PERIOD_US), str(cycles), str(PRIORITY)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_limit_s(cycles), check=True)
    return np.array([float(line) for line in done.stdout.split()]) / 1e6


def run_cyclictest(program: str, cycles: int, folder: Path) -> Late:
    """Its histogram, in microseconds, as so many values in ms. Raises subprocess.SubprocessError, OSError."""
    histogram = folder / "histogram"
    subprocess.run(
        [*cyclictest_command(program, histogram), f"--loops={cycles}"], capture_output=True, timeout=_limit_s(cycles), check=True
    )
    return counted_ms(histogram)


def cyclictest_command(program: str, histogram: Path) -> list[str]:
    """One thread at our period and priority, which writes into this file at its end."""
    return [
        program, "--mlockall", f"--priority={PRIORITY}", f"--interval={PERIOD_US}", "--threads=1", "--quiet",
        "--histogram=100000", f"--histfile={histogram}",
    ]  # fmt: skip


def counted_ms(histogram: Path) -> Late:
    """cyclictest's histogram as so many values; the file is taken away."""
    counted = re.findall(r"^(\d+)\s+(\d+)", histogram.read_text(), re.MULTILINE)
    with contextlib.suppress(OSError):
        histogram.unlink()
    return np.repeat([float(us) / 1000.0 for us, _ in counted], [int(count) for _, count in counted])


def _limit_s(cycles: int) -> float:
    return cycles * PERIOD_US / 1e6 + SPARE_S
