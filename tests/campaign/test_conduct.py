"""Campaigns from beginning to end: the same bytes on any workers, nothing finished is lost, whatever goes wrong is said."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from rich.console import Console

from controller.campaign import runner
from controller.campaign.conduct import Outcome, Ways, conduct
from controller.campaign.errors import EXIT_CLEAN, EXIT_FAULT, EXIT_INTERRUPTED, EXIT_VIOLATIONS, CampaignError
from controller.campaign.files import Journal
from controller.campaign.plan import Plan
from controller.campaign.work import Done, RunCase
from controller.virtual.case import COLUMNS
from tests.campaign import fakes

# Busy processes of its own: they must not run beside the real-time tests (docs/decisions/0006).
pytestmark = pytest.mark.xdist_group("realtime")

ROOT = Path(__file__).parents[2]
PLAN = Plan(patients=30, seed=5, faults="pairs")


def run(out: Path, plan: Plan = PLAN, fake: RunCase = fakes.fair, jobs: int = 2, stop: Event | None = None) -> Outcome:
    return conduct(plan, Ways(out, jobs, plots=False), stop or Event(), Console(file=io.StringIO()), fake)


def tables(out: Path) -> tuple[bytes, bytes]:
    return (out / "results.csv").read_bytes(), (out / "summary.json").read_bytes()


def journal(out: Path) -> list[int]:
    return [json.loads(line)["index"] for line in (out / "journal.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The campaign PLAN, run without trouble."""
    out = tmp_path_factory.mktemp("whole")
    outcome = run(out, jobs=1)
    assert (outcome.status, outcome.problems) == (EXIT_VIOLATIONS, [])
    return out


def test_a_row_for_each_procedure_in_order(whole: Path) -> None:
    lines = (whole / "results.csv").read_text().splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert [line.split(",")[0] for line in lines[1:]] == [str(index) for index in range(30)]
    expected = fakes.fair(PLAN.case(4)).row
    assert lines[5] == ",".join("" if value is None else str(value) for value in expected.values())


def test_the_same_bytes_on_two_processes(whole: Path, tmp_path: Path) -> None:
    run(tmp_path / "two", jobs=2)
    assert tables(tmp_path / "two") == tables(whole)


@pytest.mark.usefixtures("threads")
def test_the_same_bytes_with_short_procedures_in_chunks(tmp_path: Path) -> None:
    plan = Plan(patients=30, seed=5, fidelity="core")
    for jobs in (1, 2):
        run(tmp_path / str(jobs), plan, jobs=jobs)
    assert tables(tmp_path / "1") == tables(tmp_path / "2")


def test_violations_come_with_a_record_and_the_command_that_repeats_them(whole: Path) -> None:
    summary = json.loads((whole / "summary.json").read_text())
    assert [each["index"] for each in summary["violation_list"]] == [9, 19, 29]
    assert summary["violation_list"][0] == {
        "index": 9,
        "invariant": 2,
        "t_s": 12.5,
        "text": "the plunger went on for 0.3 s after a cause to stop",
        "repeat": "ductoject campaign --cohort mixed --seed 5 --faults pairs --fidelity wire --index 9",
    }
    records = sorted((whole / "records").iterdir())
    assert [record.name for record in records] == ["case-000009.sqlite", "case-000019.sqlite", "case-000029.sqlite"]
    assert records[0].read_text() == "record of 5/9"


@pytest.mark.usefixtures("threads")
def test_a_campaign_keeps_a_bounded_number_of_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.campaign.folder.MOST_RECORDS", 2)
    outcome = run(tmp_path / "out", jobs=1)
    assert outcome.summary["violations"] == 3
    assert len(list((tmp_path / "out" / "records").iterdir())) == 2


@pytest.mark.usefixtures("threads")
def test_no_violation_is_exit_0(tmp_path: Path) -> None:
    assert run(tmp_path / "out", Plan(patients=3)).status == EXIT_CLEAN


# -- interrupted and continued -------------------------------------------------------------------------------------------------


@contextmanager
def stop_after(monkeypatch: pytest.MonkeyPatch, count: int) -> Iterator[Event]:
    """An event that is set once so many procedures have come in."""
    stop, told = Event(), []

    def finished(self: object, done: Done) -> None:
        told.append(done.index)
        if len(told) == count:
            stop.set()

    with monkeypatch.context() as patched:
        patched.setattr("controller.campaign.progress.CampaignProgress.finished", finished)
        yield stop


@pytest.mark.usefixtures("threads")
def test_interrupted_and_continued_gives_the_same_bytes(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with stop_after(monkeypatch, 7) as stop:
        outcome = run(tmp_path / "out", stop=stop)
    assert outcome.status == EXIT_INTERRUPTED
    before = journal(tmp_path / "out")
    assert 7 <= len(before) < 30
    assert outcome.summary["finished"] == len(before)
    assert len((tmp_path / "out" / "results.csv").read_text().splitlines()) == 1 + len(before)
    run(tmp_path / "out")
    assert tables(tmp_path / "out") == tables(whole)
    assert sorted(journal(tmp_path / "out")) == list(range(30)), "nothing was run twice"
    again = run(tmp_path / "out", fake=fakes.raising)  # a finished campaign runs nothing
    assert again.status == EXIT_VIOLATIONS
    assert tables(tmp_path / "out") == tables(whole)


@pytest.mark.usefixtures("threads")
def test_a_line_that_was_cut_off_is_run_again(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with stop_after(monkeypatch, 5) as stop:
        run(tmp_path / "out", stop=stop)
    file = tmp_path / "out" / "journal.jsonl"
    file.write_bytes(file.read_bytes()[:-20])  # the machine died while it was written
    run(tmp_path / "out")
    assert tables(tmp_path / "out") == tables(whole)
    assert sorted(journal(tmp_path / "out")) == list(range(30))


def test_stuck_procedures_do_not_hold_up_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LAST_S", 0.5)
    begun_s = time.monotonic()
    with stop_after(monkeypatch, 2) as stop:
        outcome = run(tmp_path / "out", fake=fakes.stuck, stop=stop)
    assert time.monotonic() - begun_s < 20.0
    assert outcome.status == EXIT_INTERRUPTED
    assert sorted(journal(tmp_path / "out")) == [0, 1]


def alone(out: Path, fake: str, patients: int, **environment: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.campaign.alone", str(out), fake, str(patients)]
    return subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environment, start_new_session=True, stderr=subprocess.PIPE, text=True
    )


def wait_for(what: Callable[[], bool], limit_s: float = 40.0) -> None:
    end_s = time.monotonic() + limit_s
    while not what():
        assert time.monotonic() < end_s
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_stop_it_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = alone(out, "slow", 5000)
    wait_for(lambda: (out / "journal.jsonl").exists() and len((out / "journal.jsonl").read_bytes().splitlines()) > 3)
    os.killpg(process.pid, number)  # as terminals and service managers do: the workers get it, too
    _, complaints = process.communicate(timeout=20)
    assert (process.returncode, complaints) == (130, "")
    finished = len(journal(out))
    assert len((out / "results.csv").read_text().splitlines()) == 1 + finished
    assert json.loads((out / "summary.json").read_text())["finished"] == finished


def test_workers_do_not_outlive_their_campaign(tmp_path: Path) -> None:
    (tmp_path / "pids").mkdir()
    process = alone(tmp_path / "out", "telling", 5000, PIDS=str(tmp_path / "pids"))
    wait_for(lambda: len(list((tmp_path / "pids").iterdir())) == 2)
    process.kill()
    process.communicate(timeout=20)
    workers = [int(file.name) for file in (tmp_path / "pids").iterdir()]
    wait_for(
        lambda: not any(Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes() for pid in workers)
    )


# -- what goes wrong -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("threads")
def test_a_procedure_that_raises_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    outcome = run(tmp_path / "out", fake=fakes.raising, jobs=1)
    assert outcome.status == EXIT_FAULT
    assert outcome.problems[0].startswith("procedure 4 could not be run: ZeroDivisionError: by zero (")
    assert outcome.problems[1].endswith("--faults pairs --fidelity wire --index 4")
    assert {0, 1, 2, 3} <= set(journal(tmp_path / "out"))
    assert 4 not in journal(tmp_path / "out")
    assert str(tmp_path / "out") in outcome.problems[-1]
    assert len((tmp_path / "out" / "results.csv").read_text().splitlines()) == 1 + len(journal(tmp_path / "out"))
    assert "ZeroDivisionError" in (tmp_path / "out" / "failure.txt").read_text()


@pytest.mark.usefixtures("threads")
def test_what_can_not_be_run_at_all_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(CampaignError) as raised:
        run(tmp_path / "deep" / "out", fake=fakes.refusing)
    assert raised.value.problems == ["the plant demo:make has no option bubble_ul", "and another mistake"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("threads")
def test_a_value_that_no_file_holds_is_named(tmp_path: Path) -> None:
    outcome = run(tmp_path / "out", fake=fakes.without_a_number, jobs=1)
    assert outcome.status == EXIT_FAULT
    assert "procedure 3 could not be run" in outcome.problems[0]
    assert "delivered_ul = nan can not stand in a table" in outcome.problems[0]


@pytest.mark.usefixtures("threads")
def test_a_procedure_that_can_not_be_repeated_is_a_fault(tmp_path: Path) -> None:
    outcome = run(tmp_path / "out", fake=fakes.forgetful, jobs=1)
    assert outcome.status == EXIT_FAULT
    assert "procedure 9 could not be run: NotRepeatableError" in outcome.problems[0]


def test_a_worker_that_dies_is_told_and_the_rest_is_kept(whole: Path, tmp_path: Path) -> None:
    outcome = run(tmp_path / "out", fake=fakes.dying)
    assert outcome.status == EXIT_FAULT
    assert "a worker was lost while it ran one of the procedures" in outcome.problems[0]
    assert "4" in outcome.problems[0].split("(")[0]
    assert {0, 1, 2, 3} <= set(journal(tmp_path / "out"))
    run(tmp_path / "out")
    assert tables(tmp_path / "out") == tables(whole)


@pytest.mark.usefixtures("threads")
def test_a_full_disk_keeps_what_was_finished(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    added = []
    add = Journal.add

    def until_full(self: Journal, line: bytes) -> None:
        if len(added) == 6:
            raise OSError(28, "No space left on device")
        added.append(line)
        add(self, line)

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "add", until_full)
        outcome = run(tmp_path / "out")
    assert outcome.status == EXIT_FAULT
    assert "No space left on device" in outcome.problems[0]
    assert "the 6 finished procedures stay in journal.jsonl" in outcome.problems[0]
    assert len(journal(tmp_path / "out")) == 6
    assert len((tmp_path / "out" / "results.csv").read_text().splitlines()) == 1 + 6
    run(tmp_path / "out")
    assert tables(tmp_path / "out") == tables(whole)
