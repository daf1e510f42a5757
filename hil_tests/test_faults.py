"""What fails beside the loop: the disk, the display, the system's clock. Each ends as its reason says, and nothing is lost."""

import os
import resource
import signal
import time
from pathlib import Path

import pytest

from controller.record.listing import verify_file
from controller.record.reader import open_record
from controller.replay import replay
from hil_tests.hosts import host
from hil_tests.machine_watch import Steady
from hil_tests.simulated_bench import SimulatedBench
from hil_tests.test_processes import wait_for_forward

pytestmark = [pytest.mark.simulated_only, pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(300)]

ONE_INCREMENT = {"injection.target_ml": 0.05}
ROOM_BYTES = 20_000
SET_BACK = """
import datetime, os, time

open(os.path.join(os.path.dirname(__file__), str(os.getpid())), "w").close()
_began_s, _time, _gettime, _datetime = time.monotonic(), time.time, time.clock_gettime, datetime.datetime

def _back_s():
    return 3600.0 if time.monotonic() - _began_s > 5.0 else 0.0

class _SetBack(_datetime):
    @classmethod
    def now(cls, tz=None):
        return _datetime.now(tz) - datetime.timedelta(seconds=_back_s())

time.time = lambda: _time() - _back_s()
time.time_ns = lambda: int(time.time() * 1e9)
time.clock_gettime = lambda clock: _gettime(clock) - (_back_s() if clock == time.CLOCK_REALTIME else 0.0)
datetime.datetime = _SetBack
"""
"""For every Python process of the host, 5 s after its start: what a clock that is set back an hour shows them."""


def process_of(parent: int, module: str) -> int | None:
    """The child of this process that runs this module; None where there is none."""
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and module.encode() in (entry / "cmdline").read_bytes():
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == parent:
                    return int(entry.name)
        except (OSError, IndexError):
            continue
    return None


@pytest.mark.campaign  # with `make scenarios`; tests/record fills a disk without a procedure
def test_a_full_disk_stops_the_increment_and_what_was_written_stays(steady: Steady) -> None:
    def attempt(folder: Path) -> None:
        with SimulatedBench.start(overrides=ONE_INCREMENT) as bench, host(bench, folder, ONE_INCREMENT) as running:
            wait_for_forward(bench, 5.0, timeout_s=60.0, into="forward_patient_ul")
            records = folder / "records"
            room = max(each.stat().st_size for each in records.iterdir()) + ROOM_BYTES
            recorder = process_of(running.process.pid, "controller.record.process")
            assert recorder is not None
            resource.prlimit(recorder, resource.RLIMIT_FSIZE, (room, room))
            result = running.result(timeout_s=60.0)
            truth = bench.truth()
        assert result.outcome is not None, result.said
        assert (result.outcome["reason"], result.status) == ("RECORDER_FAULT", 4), result.said
        assert truth["forward_patient_ul"] < 50.0, "it was stopped and not given to its end"
        assert truth["flow_ul_s"] == 0.0
        (record,) = records.glob("*.sqlite")
        assert [problem for problem in verify_file(record) if problem.breach] == []
        assert replay(record).mismatches == []
        with open_record(record) as opened:
            assert opened.end is None
            last_s = max(entry.t_s for entry in opened.entries())
        assert last_s > result.outcome["duration_s"] - 20.0, "everything up to the last room is there"

    steady(attempt)


@pytest.mark.campaign  # a whole procedure that goes well: with `make scenarios`
def test_a_dead_display_and_a_clock_that_is_set_back_are_nothing_but_notes(
    steady: Steady, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shim = tmp_path / "set-back"
    shim.mkdir()
    (shim / "sitecustomize.py").write_text(SET_BACK)

    def attempt(folder: Path) -> None:
        with SimulatedBench.start(overrides=ONE_INCREMENT) as bench:
            monkeypatch.setenv("PYTHONPATH", str(shim))
            with host(bench, folder, ONE_INCREMENT) as running:
                monkeypatch.delenv("PYTHONPATH")
                wait_for_forward(bench, 5.0, timeout_s=60.0, into="forward_patient_ul")
                first = process_of(running.process.pid, "controller.display.process")
                assert first is not None
                os.kill(first, signal.SIGKILL)
                wait_for_forward(bench, 50.0, timeout_s=30.0, into="forward_patient_ul")
                until_s = time.monotonic() + 10.0
                second = None
                while second in (None, first) and time.monotonic() < until_s:
                    time.sleep(0.05)
                    second = process_of(running.process.pid, "controller.display.process")
                result = running.result(timeout_s=90.0)
        assert second is not None, "another display was started as soon as nothing moved"
        assert result.outcome is not None, result.said
        assert (result.outcome["reason"], result.status) == ("VOLUME_REACHED", 0), result.said
        assert "END VOLUME_REACHED" in result.said, "and it tells the end"
        assert replay(result.record).mismatches == []
        assert verify_file(result.record) == []
        with open_record(result.record) as opened:
            told = [str(entry.body.get("text")) for entry in opened.entries() if entry.kind == "host" and "screen" in entry.body]
            times_s = [entry.t_s for entry in opened.entries()]
        assert told == ["the display has died", "the display was started again"]
        assert max(times_s) < result.outcome["duration_s"] + 1.0
        assert result.outcome["duration_s"] < 200.0, "an hour back or forth would show here"
        assert len(list(shim.glob("[0-9]*"))) >= 4, "host, recorder and both displays have seen the clock set back"

    steady(attempt)
