"""Lists, single records and exports."""

import csv
import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.record.chain import GENESIS, RawEntry, entry_hash
from controller.record.errors import RecordError
from controller.record.export import COLUMNS, export_csv, export_jsonl
from controller.record.listing import ListRow, list_records, show, verify_file

EXPORTS = [export_csv, export_jsonl]


def test_a_list_has_a_row_for_every_file(records: Path, procedure: Callable, save: Callable) -> None:
    closed = save(procedure().increments(3).end("DUCT_FULL", delivered_ml=0.14, increments=3), hour=9)
    made = procedure(kind="bench").increments(1)
    made.intent(50.0)
    cut = save(made, hour=10)
    broken = records / "20261122T110000Z-00000000.sqlite"
    broken.write_text("broken " * 1000)
    rows = list(list_records(records))
    common = {"started_utc": "2026-11-22T09:00:00+00:00", "patient": "P1", "duct": "left 2"}
    assert rows[0] == ListRow(
        closed.name,
        kind="simulation",
        reason="DUCT_FULL",
        delivered_ml=0.14,
        delivered_min_ml=0.15,
        delivered_max_ml=0.15,
        increments=3,
        closed=True,
        **common,
    )
    assert rows[1] == ListRow(cut.name, kind="bench", delivered_min_ml=0.05, delivered_max_ml=0.1, closed=False, **common)
    assert rows[2].problem is not None
    assert rows[2].closed is None
    assert len(rows) == 3


def test_show_tells_everything_but_the_raw_inputs(procedure: Callable, save: Callable) -> None:
    path = save(procedure().increments(2).end())
    shown = show(path)
    assert shown.header["patient"] == "P1"
    assert shown.end is not None
    assert shown.dose is not None
    assert shown.dose.max_ul == 100.0
    assert shown.counts == {"header": 1, "decision": 2, "intent": 2, "motion_end": 2, "inputs": 2, "end": 1}
    assert len(shown.story) == 8
    assert shown.problems == ()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT hash FROM entries ORDER BY seq DESC").fetchone() == (shown.last_hash,)
    connection.close()


def test_show_tells_where_the_dose_can_not_be_told(procedure: Callable, save: Callable) -> None:
    shown = show(save(procedure().end(delivered_max_ml="much")))
    assert shown.dose is None
    assert "delivered_max_ml 'much'" in str(shown.dose_problem)


def test_verify_file_raises_for_what_is_no_record(records: Path) -> None:
    with pytest.raises(RecordError, match="there is no record"):
        verify_file(records / "none.sqlite")


def test_csv_holds_the_chain(procedure: Callable, save: Callable, tmp_path: Path) -> None:
    path = save(procedure().increments(2).end())
    target = tmp_path / "out.csv"
    assert export_csv(path, target) == 10
    with target.open(newline="", encoding="utf-8") as file:
        head, *rows = list(csv.reader(file))
    assert head == list(COLUMNS) == ["seq", "t_s", "kind", "body", "hash"]
    previous = GENESIS
    for seq, t_s, kind, body, digest in rows:
        previous = entry_hash(previous, RawEntry(int(seq), float(t_s), kind, body))
        assert previous == digest


def test_json_lines_hold_the_entries(procedure: Callable, save: Callable, tmp_path: Path) -> None:
    path = save(procedure(patient="Ä").increments(2).end())
    target = tmp_path / "out.jsonl"
    assert export_jsonl(path, target) == 10
    lines = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, 11))
    assert lines[0]["body"]["patient"] == "Ä"
    assert sorted(lines[0]) == sorted(COLUMNS)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize("export", EXPORTS)
def test_what_is_there_is_only_overwritten_when_told(
    procedure: Callable, save: Callable, tmp_path: Path, export: Callable
) -> None:
    path = save(procedure().end())
    target = tmp_path / "out"
    target.write_text("precious")
    with pytest.raises(RecordError, match="exists already"):
        export(path, target)
    assert target.read_text() == "precious"
    export(path, target, overwrite=True)
    assert "P1" in target.read_text()
    with pytest.raises(RecordError, match="the record itself"):
        export(path, path, overwrite=True)
    assert verify_file(path) == []


def test_a_target_that_comes_up_meanwhile_is_kept(
    procedure: Callable, save: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(procedure().end())
    target = tmp_path / "out"
    target.write_text("precious")
    monkeypatch.setattr("controller.record.export.os.path.lexists", lambda path: False)
    with pytest.raises(RecordError, match="exists already"):
        export_csv(path, target)
    assert target.read_text() == "precious"
    assert sorted(item.name for item in tmp_path.iterdir()) == ["out", "records"]


def test_a_file_system_without_links_is_written_too(
    procedure: Callable, save: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(path: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    path = save(procedure().end())
    monkeypatch.setattr(os, "link", no_link)
    assert export_csv(path, tmp_path / "out") == 2
    assert sorted(item.name for item in tmp_path.iterdir()) == ["out", "records"]


def test_a_target_that_can_not_be_written_is_named(procedure: Callable, save: Callable, tmp_path: Path) -> None:
    path = save(procedure().end())
    with pytest.raises(RecordError, match="none/out can not be written"):
        export_csv(path, tmp_path / "none" / "out")
    (tmp_path / "directory").mkdir()
    with pytest.raises(RecordError, match="directory can not be written"):
        export_csv(path, tmp_path / "directory", overwrite=True)


@pytest.mark.parametrize("body", ["[1]", "{", '{"a":1e999}'])
@pytest.mark.parametrize("export", EXPORTS)
def test_a_damaged_entry_is_named_and_nothing_is_left(
    procedure: Callable, save: Callable, tmp_path: Path, export: Callable, body: str
) -> None:
    path = save(procedure().increments(1).end())
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE entries SET body = ? WHERE seq = 3", (body,))
    connection.close()
    with pytest.raises(RecordError, match=path.name):
        export(path, tmp_path / "out")
    assert [item.name for item in tmp_path.iterdir()] == ["records"]


LIMITED = """
import resource, sys
from pathlib import Path
from controller.record.errors import RecordError
from controller.record import export
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY))
try:
    getattr(export, sys.argv[1])(Path(sys.argv[2]), Path(sys.argv[3]))
except RecordError as error:
    print(error)
"""


@pytest.mark.parametrize("size", [100, 20_000])
@pytest.mark.parametrize("export", ["export_csv", "export_jsonl"])
def test_a_full_disk_is_said_and_nothing_is_left(
    procedure: Callable, save: Callable, tmp_path: Path, export: str, size: int
) -> None:
    path = save(procedure().increments(50).end())
    target = tmp_path / "out"
    command = [sys.executable, "-c", LIMITED, export, str(path), str(target), str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.startswith(f"{target} was not written: there is no room left for it")
    assert done.stderr == ""
    assert [item.name for item in tmp_path.iterdir()] == ["records"]
