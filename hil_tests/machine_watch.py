"""A witness of the machine: does nothing but wake up, at the highest priority, on each processor, and tells when it could not.

A shared or virtual machine can stand still as a whole, and then everything in it is late. A test in real time may ask here
whether that is why; a host that is late by itself is late while this witness is punctual.
"""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PERIOD_S = 0.002
TOLD_S = 0.010
START_S = 10.0
STOOD_STILL_S = 0.025
"""Half of what the host may be late: a test in real time that fails while a processor stood still for so long shows nothing."""
MOST_ATTEMPTS = 4
_END_S = 3.0

_WITNESS = f"""
import contextlib, ctypes, os, signal, sys, time
ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))
os.sched_setaffinity(0, {{int(sys.argv[1])}})
with contextlib.suppress(OSError):
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
clock = lambda: time.clock_gettime(time.CLOCK_BOOTTIME)
os.write(1, b"awake\\n")
os.set_blocking(1, False)
due_s = clock()
while os.getppid() == int(sys.argv[2]):
    due_s += {PERIOD_S}
    time.sleep(max(0.0, due_s - clock()))
    now_s = clock()
    if now_s - due_s >= {TOLD_S}:
        with contextlib.suppress(BlockingIOError):  # nobody has listened for thousands of these
            os.write(1, b"%.4f %.4f\\n" % (due_s, now_s))
    due_s = max(due_s, now_s - {PERIOD_S})
"""


@dataclass(frozen=True, slots=True)
class StoodStill:
    """One processor did nothing from then to then (CLOCK_BOOTTIME)."""

    from_s: float
    to_s: float

    @property
    def seconds(self) -> float:
        """For how long."""
        return self.to_s - self.from_s


class MachineWatch:
    """The witnesses of all processors that this process may use. Made by `start`."""

    def __init__(self, witnesses: "list[subprocess.Popen[bytes]]") -> None:
        self._witnesses = witnesses
        self._heard: dict[int, bytes] = dict.fromkeys(range(len(witnesses)), b"")
        self._seen: list[StoodStill] = []

    @classmethod
    @contextmanager
    def start(cls) -> Iterator[Self]:
        """Watches while the context lasts. Raises RuntimeError if a witness does not wake up."""
        witnesses = []
        try:
            for processor in sorted(os.sched_getaffinity(0)):
                command = [sys.executable, "-S", "-c", _WITNESS, str(processor), str(os.getpid())]
                witnesses.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0))
            for witness in witnesses:
                assert witness.stdout is not None
                if not select.select([witness.stdout], [], [], START_S)[0] or witness.stdout.readline() != b"awake\n":
                    raise RuntimeError(f"a witness of the machine did not wake up within {START_S:g} s")
                os.set_blocking(witness.stdout.fileno(), False)
            yield cls(witnesses)
        finally:
            for witness in witnesses:
                witness.kill()
            for witness in witnesses:
                witness.wait(_END_S)
                if witness.stdout is not None:
                    witness.stdout.close()

    @property
    def witnesses(self) -> list[int]:
        """Their process ids, one a processor."""
        return [witness.pid for witness in self._witnesses]

    def longest(self, from_s: float, to_s: float) -> StoodStill | None:
        """The longest time in this window for which a processor stood still by 10 ms or more."""
        self._listen()
        found = [seen for seen in self._seen if seen.to_s >= from_s and seen.from_s <= to_s]
        return max(found, key=lambda seen: seen.seconds, default=None)

    def excuse(self, from_s: float, to_s: float, failed: AssertionError) -> str | None:
        """Why a failure in this window shows nothing; None if it does."""
        stood = self.longest(from_s, to_s)
        if stood is None or stood.seconds < STOOD_STILL_S:
            return None
        return f"the machine stood still for {1000 * stood.seconds:.0f} ms ({str(failed).splitlines()[0][:200]})"

    def _listen(self) -> None:
        for number, witness in enumerate(self._witnesses):
            assert witness.stdout is not None
            while data := witness.stdout.read(65536):
                self._heard[number] += data
            *lines, self._heard[number] = self._heard[number].split(b"\n")
            self._seen += [StoodStill(*map(float, line.split())) for line in lines]


def boottime_s() -> float:
    """Now, on the clock of the witnesses and of the simulated bench."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Steady:
    """Tries something in real time, and once more where it failed while the machine itself stood still."""

    def __init__(self, watch: MachineWatch, folder: Path, told: Callable[[str], None]) -> None:
        """folder: each attempt gets a fresh one in it. told: hears of every attempt that showed nothing."""
        self._watch = watch
        self._folder = folder
        self._told = told

    def __call__(self, attempt: Callable[[Path], None]) -> None:
        """Raises what the last attempt raised."""
        for number in range(1, MOST_ATTEMPTS + 1):
            folder = self._folder / f"attempt-{number}"
            folder.mkdir()
            from_s = boottime_s()
            try:
                attempt(folder)
            except AssertionError as failed:
                why = self._watch.excuse(from_s, boottime_s(), failed)
                if why is None or number == MOST_ATTEMPTS:
                    raise
                self._told(why)
            else:
                return
