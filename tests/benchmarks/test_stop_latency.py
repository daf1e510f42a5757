"""The benchmark of the stop: staged procedures, forked trials, and what they tell. No time is judged here."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.benchmarks.realtime import stop_latency
from controller.benchmarks.realtime.reference import compiled
from controller.benchmarks.realtime.staged import Stage, Trial
from controller.virtual.case import Case
from controller.virtual.procedure import NotEndedError

# It takes real-time priority: it must not run beside the real-time tests (docs/decisions/0006).
pytestmark = pytest.mark.xdist_group("realtime")

CASE = Case(7, 0, "mixed", "wire", subgroup="intact")
TRIES = 6  # a machine that holds a process up for so long that the host stops for that has spoilt a trial


def one(trial: Callable[[], Trial | None]) -> Trial:
    found = next((each for _ in range(TRIES) if (each := trial()) is not None), None)
    assert found is not None
    return found


def test_a_staged_procedure_is_stopped_by_the_crossing_and_by_nothing_else(tmp_path: Path) -> None:
    stage = Stage(CASE, 18.0, 22.0)
    for _ in range(2):  # a stage is as good as new after a trial
        trial = one(stage.ours)
        assert trial.stop_s > trial.crossed_s
        assert b"STP" in trial.stop
        assert b"DIS" in trial.poll
    if shutil.which("cc") or shutil.which("gcc"):
        program = compiled("stop", tmp_path)
        assert one(lambda: stage.reference(program, trial.stop, trial.poll)).stop == trial.stop


def test_a_procedure_that_never_comes_so_far_can_not_be_staged() -> None:
    with pytest.raises(NotEndedError, match="never infuses at 190 kPa"):
        Stage(CASE, 190.0, 195.0)


def test_trials_in_which_no_stop_came_are_counted() -> None:
    row = stop_latency._row("ours", [Trial(1.0, 1.002, b"STP", b""), None, Trial(1.0, 1.004, b"STP", b"")])
    assert (row["trials"], row["lost"], row["p50_ms"], row["max_ms"]) == (2, 1, 3.0, 4.0)
    assert stop_latency._row("ours", [None])["p99_ms"] is None
