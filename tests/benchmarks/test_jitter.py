"""The benchmark of the wait: every test is asked in turn, a reference that is missing is said. No time is judged here."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from controller.benchmarks.realtime import jitter
from controller.benchmarks.realtime.reference import NoReferenceError, compiled

# It takes real-time priority: it must not run beside the real-time tests (docs/decisions/0006).
pytestmark = pytest.mark.xdist_group("realtime")


def test_ours_and_the_references_take_turns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: list[str] = []
    rows = {row["name"]: row for row in jitter.measure_jitter(40, told.append)}
    assert [text for text in told if "turn" in text][:1] == ["ductoject, turn 1 of 4"]
    ours = rows["ductoject"]
    assert ours["count"] == 40
    assert 0.0 <= ours["p50_ms"] <= ours["p99_ms"] <= ours["p999_ms"] <= ours["max_ms"]
    assert set(rows) >= {"ductoject", "C reference"} or any("no C reference" in text for text in told)
    if ours["reference"] is not None:
        assert ours["ratio"] == pytest.approx(ours["p999_ms"] / max(1e-6, rows[ours["reference"]]["p999_ms"]), abs=0.02, rel=0.1)


def test_a_missing_compiler_is_said_and_ours_is_measured_all_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    told: list[str] = []
    rows = jitter.measure_jitter(8, told.append)
    assert [row["name"] for row in rows] == ["ductoject"]
    assert (rows[0]["reference"], rows[0]["ratio"], rows[0]["ok"]) == (None, None, None)
    assert any("no C compiler here" in text for text in told)
    with pytest.raises(NoReferenceError, match="no C compiler"):
        compiled("jitter", tmp_path)


def test_the_histogram_of_cyclictest_is_read_as_so_many_values(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run(command: list[str], **_: object) -> None:
        assert "--priority=50" in command
        target = next(word for word in command if word.startswith("--histfile=")).partition("=")[2]
        Path(target).write_text("# Histogram\n000000 000000\n000004 000003\n000120 000001\n# Total: 000000004\n")

    monkeypatch.setattr(subprocess, "run", run)
    assert np.allclose(jitter.run_cyclictest("cyclictest", 4, tmp_path), [0.004, 0.004, 0.004, 0.12])
