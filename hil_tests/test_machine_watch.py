"""The witness of the machine: it tells when it was held up, and when."""

import os
import signal
import time
from pathlib import Path

import pytest

from hil_tests.machine_watch import MOST_ATTEMPTS, MachineWatch, Steady, boottime_s

pytestmark = [pytest.mark.simulated_only, pytest.mark.realtime, pytest.mark.xdist_group("realtime")]

HELD_UP_S = 0.06
LIMIT_S = 5.0


def test_a_witness_that_is_held_up_tells_for_how_long_and_when() -> None:
    with MachineWatch.start() as watch:
        from_s = boottime_s()
        os.kill(watch.witnesses[0], signal.SIGSTOP)
        time.sleep(HELD_UP_S)
        os.kill(watch.witnesses[0], signal.SIGCONT)
        to_s = boottime_s()
        while (stood := watch.longest(from_s, to_s)) is None or stood.seconds < HELD_UP_S / 2:
            assert boottime_s() < to_s + LIMIT_S, f"only {stood} was told"
            time.sleep(0.01)
        assert stood.from_s < from_s + HELD_UP_S
        assert watch.longest(from_s - 20.0, from_s - 10.0) is None, "nobody watched then"


def test_no_witness_outlives_the_watch() -> None:
    with MachineWatch.start() as watch:
        witnesses = watch.witnesses
    assert len(witnesses) == len(os.sched_getaffinity(0))
    for pid in witnesses:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def held_up(watch: MachineWatch) -> None:
    """One processor seems to stand still, and the watch has heard of it."""
    from_s = boottime_s()
    os.kill(watch.witnesses[0], signal.SIGSTOP)
    time.sleep(HELD_UP_S)
    os.kill(watch.witnesses[0], signal.SIGCONT)
    while (stood := watch.longest(from_s, boottime_s())) is None or stood.seconds < HELD_UP_S / 2:
        assert boottime_s() < from_s + LIMIT_S
        time.sleep(0.01)


def test_what_fails_while_the_machine_stands_still_is_tried_again(machine: MachineWatch, tmp_path: Path) -> None:
    tried: list[Path] = []
    told: list[str] = []

    def attempt(folder: Path) -> None:
        tried.append(folder)
        if len(tried) < 3:
            held_up(machine)
            raise AssertionError("the loop woke up 60 ms late")

    Steady(machine, tmp_path, told.append)(attempt)
    assert len(set(tried)) == 3
    assert len(told) == 2
    assert "ms (the loop woke up 60 ms late)" in told[0]


def test_what_fails_for_good_fails(machine: MachineWatch, tmp_path: Path) -> None:
    tried: list[Path] = []

    def attempt(folder: Path) -> None:
        tried.append(folder)
        held_up(machine)
        raise AssertionError("again")

    with pytest.raises(AssertionError, match="again"):
        Steady(machine, tmp_path, lambda _: None)(attempt)
    assert len(tried) == MOST_ATTEMPTS
