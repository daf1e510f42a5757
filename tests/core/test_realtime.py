"""What keeps the loop on time: taken, told, given back, and told where it can not be had."""

import gc
import os
from pathlib import Path

import pytest

from controller import realtime
from controller.realtime import Measure, missing, real_time

# It takes real-time priority: it must not run beside the real-time tests (docs/decisions/0006).
pytestmark = pytest.mark.xdist_group("realtime")


def test_everything_is_given_back() -> None:
    before = (os.sched_getaffinity(0), os.sched_getscheduler(0), gc.isenabled())
    with real_time(None) as measures:
        assert [each.name for each in measures] == list(realtime._REMEDIES)
        assert not gc.isenabled()
        had = {each.name for each in measures if each.had}
        assert ("processor" in had) == (len(os.sched_getaffinity(0)) == 1)
        assert ("priority" in had) == (os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO)
        locked = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmLck"))
        assert ("memory lock" in had) == (int(locked.split()[1]) > 1000)
    assert before == (os.sched_getaffinity(0), os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK, gc.isenabled())
    locked = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmLck"))
    assert int(locked.split()[1]) == 0


def test_what_can_not_be_had_is_told_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realtime, "LATENCY_DEVICE", Path("/nowhere/cpu_dma_latency"))
    with real_time(1023) as measures:
        told = missing(measures)
    assert [text.partition(":")[0] for text in told if not text.startswith(("memory", "priority"))] == [
        "processor",
        "sleep of the processor",
    ]
    assert any("No such file" in text and "udev rule" in text for text in told)
    assert missing([Measure("one", True, "had"), Measure("two", False, "not had")]) == ["two: not had"]
