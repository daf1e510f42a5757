"""The file: made once, owner only, whole after every kind of end, and read without being changed."""

import hashlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from controller.record import reader
from controller.record.chain import make_entry
from controller.record.errors import RecordError
from controller.record.files import record_files, record_path, utc_day_in_name
from controller.record.reader import open_record
from controller.record.store import RecordStore, side_files, write_record
from controller.record.verify import verify

DIES_WRITING = """
import os, signal, sys
from pathlib import Path
from controller.record.chain import make_entry
from controller.record.store import RecordStore
store = RecordStore.create(Path(sys.argv[1]))
store.append([make_entry(1, 0.0, "header", {"patient": "P1"})])
store.append([make_entry(seq, 0.0, "event", {"name": "x" * 1000}) for seq in range(2, 100)])
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def killed(records: Path) -> Path:
    """A record whose writer was killed between two commits."""
    path = records / "20261122T090000Z-00000000.sqlite"
    done = subprocess.run([sys.executable, "-c", DIES_WRITING, str(path)], check=False, timeout=30)
    assert done.returncode == -signal.SIGKILL
    assert side_files(path)[0].stat().st_size > 0
    return path


def contents(path: Path) -> dict[str, str]:
    """What lies beside and in a record, but for SQLite's -shm index."""
    return {
        item.name: hashlib.sha256(item.read_bytes()).hexdigest() for item in path.parent.iterdir() if item.suffix != ".sqlite-shm"
    }


def test_names_tell_the_start_in_utc() -> None:
    start = datetime(2026, 11, 22, 1, 2, 3, tzinfo=timezone(timedelta(hours=2)))
    path = record_path(Path("r"), start, "0a1b2c3d")
    assert path == Path("r/20261121T230203Z-0a1b2c3d.sqlite")
    assert utc_day_in_name(path.name) == datetime(2026, 11, 21, tzinfo=UTC).date()
    assert utc_day_in_name("20261341T230203Z-0a1b2c3d.sqlite") is None
    assert utc_day_in_name("copy of a record.sqlite") is None
    with pytest.raises(ValueError, match="zone"):
        record_path(Path("r"), start.replace(tzinfo=None), "0a1b2c3d")
    with pytest.raises(ValueError, match="hex"):
        record_path(Path("r"), start, "../../../")


def test_a_record_and_the_directories_made_for_it_are_the_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "records" / "a.sqlite"
    before = os.umask(0)
    try:
        store = RecordStore.create(path)
    finally:
        os.umask(before)
    assert side_files(path)[0].exists()
    for made in (path, *(side for side in side_files(path) if side.exists())):
        assert stat.S_IMODE(made.stat().st_mode) == 0o600
    for made in (path.parent, path.parent.parent):
        assert stat.S_IMODE(made.stat().st_mode) == 0o700
    store.close()


def test_every_commit_waits_for_the_disk(records: Path) -> None:
    store = RecordStore.create(records / "a.sqlite")
    asked = [store._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")]
    store.close()
    assert asked == [2, "wal"]  # 2: FULL


def test_a_record_is_never_written_over(records: Path) -> None:
    path = records / "a.sqlite"
    path.write_text("something else")
    with pytest.raises(RecordError, match="exists already"):
        RecordStore.create(path)
    link = records / "link.sqlite"
    link.symlink_to(records / "nowhere.sqlite")
    with pytest.raises(RecordError, match="exists already"):
        RecordStore.create(link)
    assert path.read_text() == "something else"


def test_a_record_that_can_not_be_made_leaves_nothing(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (records / "file").write_text("")
    with pytest.raises(RecordError, match="can not be created"):
        RecordStore.create(records / "file" / "a.sqlite")
    monkeypatch.setattr("controller.record.store.SCHEMA", "CREATE NONSENSE")
    with pytest.raises(RecordError, match="can not be created"):
        RecordStore.create(records / "a.sqlite")
    assert [item.name for item in records.iterdir()] == ["file"]


def test_a_closed_record_is_one_file_and_reading_it_changes_nothing(procedure: Callable, save: Callable) -> None:
    path = save(procedure().increments(3).end())
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    before = contents(path)
    with open_record(path) as record:
        assert record.name == path.name
        assert record.header["patient"] == "P1"
        assert record.end == {"reason": "VOLUME_REACHED", "also": []}
        assert not record.wal_missing
        entries = list(record.entries())
        assert [entry.seq for entry in entries] == list(range(1, 15))
        assert [entry.kind for entry in record.entries(["intent", "end"])] == ["intent"] * 3 + ["end"]
        assert list(record.entries([])) == []
        assert verify(record) == []
        assert {item.name for item in path.parent.iterdir()} == {path.name}
    assert contents(path) == before


def test_negative_zero_comes_back_as_what_was_hashed(records: Path) -> None:
    path = records / "a.sqlite"
    write_record(path, [make_entry(1, -0.0, "header", {"x": -0.0})])
    with open_record(path) as record:
        assert [problem.breach for problem in verify(record)] == [False]


def test_a_record_is_readable_while_it_is_written(records: Path) -> None:
    path = records / "a.sqlite"
    store = RecordStore.create(path)
    store.append([make_entry(1, 0.0, "header", {})])
    with open_record(path) as record:
        assert [entry.seq for entry in record.entries()] == [1]
        store.append([make_entry(2, 0.0, "event", {})])
        assert [entry.seq for entry in record.entries()] == [1, 2]
        assert record.end is None
    store.append([make_entry(3, 0.0, "end", {})])
    store.close()
    with open_record(path) as record:
        assert verify(record) == []


def test_what_a_killed_writer_had_committed_is_read_and_left_as_it_was(killed: Path) -> None:
    before = contents(killed)
    for _ in range(2):
        with open_record(killed) as record:
            assert [entry.seq for entry in record.entries()] == list(range(1, 100))
            assert [problem.text[:10] for problem in verify(record)] == ["not closed"]
            assert not record.wal_missing
        assert contents(killed) == before


def test_it_is_read_from_a_copy_where_sqlite_can_not_open_it_in_place(killed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = reader._connect

    def only_elsewhere(path: Path, options: str) -> sqlite3.Connection:
        if path.parent == killed.parent:
            raise sqlite3.OperationalError("unable to open database file")
        return connect(path, options)

    side_files(killed)[1].unlink()
    before = contents(killed)
    monkeypatch.setattr(reader, "_connect", only_elsewhere)
    with open_record(killed) as record:
        copies = Path(record._copy.name)
        assert len(list(record.entries())) == 99
        assert stat.S_IMODE(copies.stat().st_mode) == 0o700
    assert not copies.exists()
    assert contents(killed) == before
    assert not side_files(killed)[1].exists()


def test_a_lost_wal_file_is_noted(killed: Path) -> None:
    for side in side_files(killed):
        side.unlink(missing_ok=True)
    with open_record(killed) as record:
        assert record.wal_missing
        assert any("-wal file" in problem.text for problem in verify(record))
        with pytest.raises(RecordError, match="header"):
            _ = record.header


def test_what_is_no_record_is_refused_by_name(records: Path) -> None:
    with pytest.raises(RecordError, match=r"there is no record .*none\.sqlite"):
        open_record(records / "none.sqlite")
    path = records / "a.sqlite"
    path.write_text("no database " * 1000)
    with pytest.raises(RecordError, match=r"a\.sqlite can not be read"):
        open_record(path)
    path.write_bytes(b"")
    with pytest.raises(RecordError, match=r"a\.sqlite is not a ductoject record"):
        open_record(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("PRAGMA user_version=2", "format 2; this software reads format 1"),
        ("PRAGMA application_id=7", "not a ductoject record"),
        ("ALTER TABLE entries ADD COLUMN more TEXT", "no table of entries"),
        ("DROP TABLE entries", "no table of entries"),
    ],
)
def test_another_format_is_refused(procedure: Callable, save: Callable, change: str, said: str) -> None:
    path = save(procedure().end())
    connection = sqlite3.connect(path)
    connection.execute(change)
    connection.close()
    with pytest.raises(RecordError, match=said):
        open_record(path)


def test_a_gap_in_the_numbers_is_not_written(records: Path) -> None:
    store = RecordStore.create(records / "a.sqlite")
    store.append([make_entry(1, 0.0, "header", {})])
    for seq in (1, 3):
        with pytest.raises(ValueError, match="does not follow"):
            store.append([make_entry(seq, 0.0, "event", {})])
    assert store.last_seq == 1
    store.close()


def test_an_append_that_failed_may_be_repeated_whether_or_not_it_reached_the_disk(records: Path) -> None:
    path = records / "a.sqlite"
    store = RecordStore.create(path)
    store.append([make_entry(1, 0.0, "header", {})])
    rows = [make_entry(2, 0.0, "event", {}), make_entry(3, 0.0, "event", {})]
    for lands in (False, True):
        failing = _FailsAtCommit(store._connection, lands)
        store._connection, connection = failing, store._connection
        with pytest.raises(RecordError, match="can not be written: no room"):
            store.append(rows)
        store._connection = connection
    store.append([*rows, make_entry(4, 0.0, "end", {})])
    assert store.last_seq == 4
    store.close()
    with open_record(path) as record:
        assert verify(record) == []


class _FailsAtCommit:
    """A connection whose commit reports a failure, after it has reached the disk or before."""

    def __init__(self, connection: sqlite3.Connection, lands: bool) -> None:
        self.connection = connection
        self.lands = lands

    def __getattr__(self, name: str) -> object:
        return getattr(self.connection, name)

    def execute(self, sql: str) -> sqlite3.Cursor:
        if sql == "COMMIT":
            if self.lands:
                self.connection.execute(sql)
            raise sqlite3.OperationalError("no room")
        return self.connection.execute(sql)


def test_a_reader_that_stays_keeps_the_record_in_two_files_and_that_is_said(
    records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.record.store._BUSY_MS", 1)
    path = records / "a.sqlite"
    store = RecordStore.create(path)
    store.append([make_entry(1, 0.0, "header", {}), make_entry(2, 0.0, "end", {})])
    with open_record(path) as record:
        entries = record.entries()
        next(entries)
        with pytest.raises(RecordError, match="-wal file"):
            store.close()
        entries.close()
    with open_record(path) as record:
        assert verify(record) == []


def test_a_directory_that_is_not_there_has_no_records_and_one_that_can_not_be_read_is_an_error(records: Path) -> None:
    assert record_files(records / "none") == []
    (records / "file").write_text("")
    with pytest.raises(RecordError, match="can not be read"):
        record_files(records / "file")
