"""The folder of a campaign belongs to one campaign; its files are whole or not there."""

import errno
import json
import resource
from pathlib import Path

import pytest

from controller.campaign import files, folder
from controller.campaign.errors import CampaignError
from controller.campaign.files import Journal, write_whole
from controller.campaign.folder import Folder
from controller.campaign.plan import Plan
from controller.campaign.work import Done
from controller.virtual.case import COLUMNS

PLAN = Plan(patients=4, seed=3)


def begun(path: Path, plan: Plan = PLAN) -> Folder:
    return Folder(path, plan, {"jobs": 1})


def done(index: int) -> Done:
    return Done(index, tuple(index if column == "index" else None for column in COLUMNS), ())


def refused(path: Path, plan: Plan = PLAN) -> str:
    with pytest.raises(CampaignError) as raised:
        begun(path, plan)
    assert len(raised.value.problems) == 1
    return raised.value.problems[0]


def test_the_very_same_campaign_is_continued(tmp_path: Path) -> None:
    first = begun(tmp_path / "out")
    first.add(done(2))
    assert first.missing == [0, 1, 3]
    first.close()
    again = begun(tmp_path / "out")
    assert (again.missing, again.finished[2]) == ([0, 1, 3], done(2))
    again.close()


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (Plan(patients=4, seed=4), "with --seed 3, not 4"),
        (Plan(patients=5, seed=3), "with --patients 4, not 5"),
        (Plan(patients=4, seed=3, faults="pairs"), 'with --faults "none", not "pairs"'),
        (Plan(patients=4, seed=3, target_ml=0.05), "without --target-ml, not with 0.05"),
    ],
)
def test_the_folder_of_another_campaign_is_refused(other: Plan, sentence: str, tmp_path: Path) -> None:
    begun(tmp_path).close()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert refused(tmp_path, other) == f"--out = {tmp_path}: holds another campaign, begun {sentence}; name another folder"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_campaign_with_an_option_is_not_one_without(tmp_path: Path) -> None:
    begun(tmp_path, Plan(patients=4, seed=3, plant="simulators.plant:line_and_duct")).close()
    assert 'begun with --plant "simulators.plant:line_and_duct", not without; name another folder' in refused(tmp_path)


def test_other_software_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(tmp_path).close()
    monkeypatch.setattr(folder, "software", lambda: {"version": "9.9", "commit": "0123456789ab"})
    assert "this is version 9.9 (commit 0123456789ab)" in refused(tmp_path)


def test_an_altered_cohort_is_refused(tmp_path: Path) -> None:
    cohort = tmp_path / "mine.toml"
    cohort.write_text("title = 'a'")
    plan = Plan(patients=4, cohort=str(cohort))
    begun(tmp_path / "out", plan).close()
    cohort.write_text("title = 'b'")
    assert "cohort, profile or plant was altered" in refused(tmp_path / "out", plan)


def test_an_altered_plant_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    module = tmp_path / "altered_plant.py"
    module.write_text("def make(seed, index): ...\n")
    plan = Plan(patients=4, plant="altered_plant:make")
    begun(tmp_path / "out", plan).close()
    begun(tmp_path / "out", plan).close()
    module.write_text("def make(seed, index): return None\n")
    assert "cohort, profile or plant was altered" in refused(tmp_path / "out", plan)


def test_two_processes_do_not_share_it(tmp_path: Path) -> None:
    first = begun(tmp_path)
    assert "another process is working on this campaign" in refused(tmp_path)
    first.close()
    begun(tmp_path).close()


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    assert "holds something else than a campaign" in refused(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_place_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "can not be written: Not a directory" in refused(tmp_path / "file" / "out")
    assert "--out = /proc/nowhere: " in refused(Path("/proc/nowhere"))


def test_on_a_full_disk_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, _: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(folder, "write_whole", full)
    assert "campaign.json can not be written: No space left on device" in refused(tmp_path / "deep" / "out")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "there").mkdir()
    refused(tmp_path / "there")
    assert [path.name for path in tmp_path.iterdir()] == ["there"], "it was not made by this campaign"


@pytest.mark.parametrize("text", ["nothing", "{}", "[]"])
def test_a_damaged_campaign_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "campaign.json").write_text(text)
    assert "campaign.json" in refused(tmp_path)


@pytest.mark.parametrize("line", ["{", "[]", '{"index": 4, "row": [], "violations": []}'])
def test_a_damaged_journal_is_refused(line: str, tmp_path: Path) -> None:
    begun(tmp_path).close()
    (tmp_path / "journal.jsonl").write_text(line + "\n")
    assert "journal.jsonl: line 1" in refused(tmp_path)


def test_what_was_begun_for_nothing_is_taken_away_but_results_never(tmp_path: Path) -> None:
    kept = begun(tmp_path / "kept")
    kept.add(done(0))
    kept.discard()
    kept.close()
    assert (tmp_path / "kept" / "journal.jsonl").exists()
    nothing = begun(tmp_path / "a" / "b")
    nothing.discard()
    nothing.close()
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_journal_takes_a_line_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    """The kernel refuses what goes beyond a limit, after it has taken a part: as a disk does that is full."""
    journal = Journal(tmp_path / "journal")
    journal.add(b"x" * 99)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            journal.add(b"y" * 99)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert journal.lines() == [b"x" * 99]
    journal.add(b"z")
    assert journal.lines() == [b"x" * 99, b"z"]
    journal.close()


def test_a_file_that_can_not_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "summary.json", json.dumps({"old": 1}).encode())

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "summary.json", b"new")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"summary.json": '{"old": 1}'}
