"""The benchmarks of memory, cycle and whole procedures: what they see, and that they would see it. No time is judged here."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from controller.benchmarks.realtime import load, memory, procedures
from controller.benchmarks.realtime.cycle import PARTS, measure_cycle
from controller.benchmarks.realtime.rows import Against, time_row
from controller.lateness import BOUNDS_US
from controller.virtual.case import Case

pytestmark = pytest.mark.timeout(180)
ROOT = Path(__file__).resolve().parents[2]
realtime = pytest.mark.xdist_group("realtime")
"""For what takes real-time priority or keeps processors busy: not beside the real-time tests (docs/decisions/0006)."""


@pytest.fixture
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "SETTLED_S", 20.0)
    monkeypatch.setattr(memory, "LOOK_S", 1.0)


@pytest.mark.usefixtures("in_a_hurry")
def test_a_loop_that_waits_armed_is_measured() -> None:
    (row,) = memory.measure_memory(0.01)
    assert row["hours"] == 0.01
    assert row["start_mib"] > 10.0
    assert row["per_day_kib"] == pytest.approx(row["grown_kib"] * 2400.0, abs=0.1)


LEAKING = """
import json
from controller.benchmarks.realtime import memory
from controller.station import Station

memory.SETTLED_S, memory.LOOK_S = 20.0, 1.0
kept, step = [], Station.step

def leaking(self, inputs):
    kept.append(bytes(2000))
    step(self, inputs)

Station.step = leaking
print(json.dumps(memory.measure_memory(0.01)))
"""


def test_a_loop_that_keeps_something_of_every_cycle_is_found_out() -> None:
    """In a process of its own, as the command is: what other tests have left free would take it in."""
    done = subprocess.run([sys.executable, "-c", LEAKING], capture_output=True, text=True, timeout=120, check=True, cwd=ROOT)
    (row,) = json.loads(done.stdout)
    assert row["ok"] is False
    assert row["grown_kib"] > 1000.0


def test_a_procedure_that_does_not_wait_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_LAST_QUESTION", "arm")
    monkeypatch.setattr(memory, "ARMED_WITHIN_S", 5.0)
    monkeypatch.setattr(memory, "SETTLED_S", 5.0)
    with pytest.raises(RuntimeError, match="did not wait to the end"):
        memory.measure_memory(0.01)


@realtime
def test_the_parts_of_a_cycle_make_up_the_whole() -> None:
    rows = {row["name"]: row for row in measure_cycle(Case(7, 0, "mixed", "wire", subgroup="intact"), 1.0)}
    assert set(rows) == {*PARTS, "the whole cycle"}
    assert rows["deciding"]["count"] == rows["the whole cycle"]["count"] > 100
    assert 0 < rows["the record"]["count"] < rows["deciding"]["count"], "it waits for a gap"
    assert rows["the whole cycle"]["max_ms"] >= rows["deciding"]["max_ms"]


def test_late_cycles_are_held_against_those_of_the_machine() -> None:
    ours, theirs = procedures.late_rows([0.1] * 98 + [50.1, 60.0], [0.1] * 99 + [70.0])
    assert (ours["late"], theirs["late"], ours["limit"], ours["ratio"], ours["ok"]) == (2, 1, 1, 2.0, False)
    ours, _ = procedures.late_rows([0.1, 50.0], [0.1, 0.2])
    assert (ours["late"], ours["ratio"], ours["ok"]) == (0, None, True)
    (alone,) = procedures.late_rows([0.1], [])
    assert alone["ok"] is None


def test_a_procedure_is_run_and_its_histogram_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = {"cycles": [0] * len(BOUNDS_US) + [1], "latest_ms": 120.0, "ran": "the record"}
    body["cycles"][1] = 9
    monkeypatch.setattr(procedures, "_procedure", lambda *_: {"record": "nowhere", "reason": "VOLUME_REACHED"})
    monkeypatch.setattr(procedures, "lateness_of", lambda _: body)
    monkeypatch.setattr(procedures.shutil, "which", lambda _: None)
    told: list[str] = []
    (row,) = procedures.measure_procedures(1, told.append)
    assert (row["count"], row["late"], row["p50_ms"], row["max_ms"]) == (10, 1, 0.05, 120.0)
    assert any("no cyclictest" in text for text in told)


@realtime
def test_the_load_is_there_and_gone_again() -> None:
    def busy() -> int:
        found = 0
        for entry in Path("/proc").iterdir():
            try:
                found += entry.name.isdigit() and b"while True: pass" in (entry / "cmdline").read_bytes()
            except OSError:
                continue
        return found

    before = busy()
    with load.under_load():
        until_s = time.monotonic() + 10.0
        while busy() < before + load.BUSY and time.monotonic() < until_s:
            time.sleep(0.05)
        assert busy() == before + load.BUSY
    assert busy() == before


def test_a_row_names_what_it_is_held_against() -> None:
    row = time_row("ours", [1.0, 2.0], against=Against("p99_ms", "theirs", 1.0, 1.5))
    assert (row["compared"], row["reference"], row["limit"], row["ok"]) == ("p99_ms", "theirs", 1.5, False)
    assert json.dumps(time_row("none", [])).count("null") >= 8
