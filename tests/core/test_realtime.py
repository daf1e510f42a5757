"""What keeps the loop on time: taken, told, given back, and told where it can not be had."""

import gc
import os
from pathlib import Path

import pytest

from controller import realtime
from controller.procedure import tell_missing
from controller.realtime import Measure, missing, real_time
from tests.core.fakes import FakeScreen

# It takes real-time priority: it must not run beside the real-time tests (docs/decisions/0006).
pytestmark = pytest.mark.xdist_group("realtime")


def test_everything_is_given_back() -> None:
    before = (os.sched_getaffinity(0), os.sched_getscheduler(0), gc.isenabled())
    cpu = max(before[0])
    with real_time(cpu) as measures:
        assert [each.name for each in measures] == list(realtime._REMEDIES)
        assert not gc.isenabled()
        had = {each.name for each in measures if each.had}
        assert os.sched_getaffinity(0) == {cpu}
        assert ("priority" in had) == (os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO)
        locked = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmLck"))
        assert ("memory lock" in had) == (int(locked.split()[1]) > 1000)
    assert before == (os.sched_getaffinity(0), os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK, gc.isenabled())
    locked = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmLck"))
    assert int(locked.split()[1]) == 0


def test_on_which_processor_is_left_open_if_nobody_asks() -> None:
    before = os.sched_getaffinity(0)
    with real_time(None) as measures:
        assert "processor" not in [each.name for each in measures]
        assert os.sched_getaffinity(0) == before


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


def test_adapters_that_keep_bytes_back_are_told(tmp_path: Path) -> None:
    for name, timer in (("ttyUSB0", "16"), ("ttyUSB1", "1"), ("ttyACM0", None)):
        device = tmp_path / "sys" / name / "device"
        device.mkdir(parents=True)
        if timer is not None:
            (device / "latency_timer").write_text(f"{timer}\n")
    (tmp_path / "by-id").symlink_to("/dev/ttyUSB0")
    ports = {
        "pump": str(tmp_path / "by-id"), "pressure": "/dev/ttyUSB1", "button": "/dev/ttyACM0", "other": "rfc2217://h:1",
    }  # fmt: skip
    measures = realtime.adapters(ports, tmp_path / "sys")
    assert [(each.name, each.had) for each in measures] == [("adapter of the pump", False), ("adapter of the pressure", True)]
    (told,) = missing(measures)
    assert told.startswith("adapter of the pump: keeps bytes back for 16 ms; write 1 into latency_timer")


def test_what_is_missing_is_told_to_whoever_looks() -> None:
    screen, operator = FakeScreen(), FakeScreen()
    operator.looks = False
    measures = [Measure("priority", False, "Operation not permitted; needs CAP_SYS_NICE"), Measure("memory lock", True, "all")]
    tell_missing(measures, [("keyboard", screen), ("simulated operator", operator)])
    (note,) = screen.sent
    assert note["text"] == "not kept on time as it could be: priority: Operation not permitted; needs CAP_SYS_NICE"
    assert operator.sent == []
