"""What is added behind the end: chained, on the disk or not at all, and refused wherever the record is not sound."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.record import after
from controller.record.after import MAX_BODY_BYTES, after_values, append_after
from controller.record.chain import make_entry
from controller.record.dose import delivered
from controller.record.errors import RecordError
from controller.record.export import export_jsonl
from controller.record.ledger import day_total, unclosed
from controller.record.listing import list_records, show, verify_file
from controller.record.reader import open_record
from controller.record.store import RecordStore, side_files
from tests.record.test_verify import BODIES, breaches, chained

UTC = "2026-11-22T09:10:00+00:00"


def care(**values: object) -> dict[str, object]:
    return {"utc": UTC, "name": "after_care", "values": values}


@pytest.fixture
def closed(procedure: Callable, save: Callable) -> Path:
    """A whole record of many entries."""
    path: Path = save(procedure().increments(60, 5.0).end(delivered_ml=0.3))
    return path


def contents(path: Path) -> dict[str, bytes]:
    return {item.name: item.read_bytes() for item in path.parent.iterdir()}


# -- added ----------------------------------------------------------------------------------------------------------------------


def test_what_is_added_is_read_back_and_the_record_stays_whole(closed: Path) -> None:
    before = show(closed)
    assert append_after(closed, care(bleeding="slight")) == sum(before.counts.values()) + 1
    append_after(closed, {"utc": UTC, "name": "alarm", "do": "acknowledge"})
    append_after(closed, care(bleeding="none", findings_text="weiß \u2028"))
    assert verify_file(closed) == []
    now = show(closed)
    assert now.story[: len(before.story)] == before.story
    assert [entry.kind for entry in now.story[len(before.story) :]] == ["after"] * 3
    assert {entry.t_s for entry in now.story[len(before.story) - 1 :]} == {before.story[-1].t_s}
    assert now.end == before.end
    assert now.last_hash != before.last_hash
    with open_record(closed) as record:
        assert after_values(record) == {"bleeding": "none", "findings_text": "weiß \u2028"}, "the newest counts"
    assert [item.name for item in closed.parent.iterdir()] == [closed.name], "one file"


def test_a_record_without_answers_has_none(closed: Path) -> None:
    with open_record(closed) as record:
        assert after_values(record) == {}
    append_after(closed, {"utc": UTC, "name": "alarm", "do": "reset"})
    with open_record(closed) as record:
        assert after_values(record) == {}
    append_after(closed, {"utc": UTC, "name": "after_care", "values": "well"})
    with open_record(closed) as record, pytest.raises(RecordError, match="holds no answers"):
        after_values(record)


def test_dose_list_and_export_go_on_as_before(closed: Path, tmp_path: Path) -> None:
    before = next(list_records(closed.parent))
    append_after(closed, care(pain_text="EXTRAVASATION_SUSPECTED, she says"))
    assert next(list_records(closed.parent)) == before
    assert unclosed(closed.parent) == []
    with open_record(closed) as record:
        assert delivered(record).extravasation is False
    assert day_total(closed.parent, "P1", "left 2", "2026-11-22").max_ul == pytest.approx(300.0)
    lines = tmp_path / "record.jsonl"
    export_jsonl(closed, lines)
    assert json.loads(lines.read_text().splitlines()[-1])["kind"] == "after"


def test_every_addition_waits_for_the_disk(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def look(connection: sqlite3.Connection, name: str, body: object) -> int:
        asked.extend(connection.execute(f"PRAGMA {pragma}").fetchone()[0] for pragma in ("synchronous", "journal_mode"))
        return 1

    monkeypatch.setattr(after, "_append", look)
    append_after(closed, care())
    assert asked == [3, "delete"]  # 3: EXTRA


def test_a_record_that_was_left_in_two_files_is_made_one(records: Path) -> None:
    path = records / "a.sqlite"
    store = RecordStore.create(path)
    store.append([make_entry(1, 0.0, "header", {}), make_entry(2, 0.0, "end", {})])
    with open_record(path) as reader:  # keeps the store from folding it
        next(reader.entries())
        with pytest.raises(RecordError, match="-wal file"):
            store.close()
    assert side_files(path)[0].exists()
    append_after(path, care())
    assert not side_files(path)[0].exists()
    assert verify_file(path) == []


# -- at the same time -----------------------------------------------------------------------------------------------------------


def test_a_reader_in_the_middle_neither_hinders_nor_sees_half_of_it(closed: Path) -> None:
    with open_record(closed) as record:
        entries = record.entries()
        first = [next(entries) for _ in range(5)]
        append_after(closed, care(bleeding="none"))
        rest = list(entries)
    assert [entry.seq for entry in [*first, *rest]] == list(range(1, len(first) + len(rest) + 1))
    assert rest[-1].kind == "after"


MANY = """
import sys
from pathlib import Path
from controller.record.after import append_after
for number in range(15):
    append_after(Path(sys.argv[1]), {"utc": "", "name": "after_care", "values": {sys.argv[2]: number}})
"""


def test_writers_at_the_same_time_lose_nothing(closed: Path) -> None:
    count = sum(show(closed).counts.values())
    writers = [subprocess.Popen([sys.executable, "-c", MANY, str(closed), name]) for name in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert verify_file(closed) == []
    with open_record(closed) as record:
        added = [entry.body["values"] for entry in record.entries(["after"])]
    assert len(added) == 30
    for name in "ab":
        assert [value[name] for value in added if name in value] == list(range(15))
    assert sum(show(closed).counts.values()) == count + 30


def test_one_who_keeps_it_locked_is_waited_for_so_long_and_then_told(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(after, "_BUSY_MS", 50)
    other = sqlite3.connect(closed, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    before = closed.read_bytes()
    with pytest.raises(RecordError, match="somebody else is using it"):
        append_after(closed, care())
    other.execute("ROLLBACK")
    other.close()
    assert closed.read_bytes() == before
    append_after(closed, care())


# -- power cut ------------------------------------------------------------------------------------------------------------------

DIES = """
import os, signal, sqlite3, sys
from pathlib import Path
path = Path(sys.argv[1])
connection = sqlite3.connect(path, isolation_level=None)
connection.execute("PRAGMA cache_size=1")
connection.execute("PRAGMA synchronous=EXTRA")
connection.execute("BEGIN IMMEDIATE")
for number in range(1, 200):  # more than the cache holds: pages of the record itself are written over before the commit
    connection.execute("UPDATE entries SET body = ? WHERE seq = ?", ("x" * 3000, number))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_addition_that_was_cut_off_leaves_the_record_as_it_was(closed: Path) -> None:
    before = show(closed)
    done = subprocess.run([sys.executable, "-c", DIES, str(closed)], check=False, timeout=30)
    assert done.returncode == -signal.SIGKILL
    journal = side_files(closed)[2]
    assert journal.stat().st_size > 0, "cut off in the middle"
    assert show(closed) == before, "whoever reads sees what was there"
    assert journal.exists(), "and changes nothing"
    append_after(closed, care(bleeding="none"))
    assert not journal.exists()
    assert verify_file(closed) == []
    assert show(closed).story[:-1] == before.story


# -- refused --------------------------------------------------------------------------------------------------------------------


def test_an_open_record_gets_nothing(procedure: Callable, save: Callable) -> None:
    path = save(procedure().increments(1))
    before = contents(path)
    with pytest.raises(RecordError, match=r"nothing was added to .*: it is not closed"):
        append_after(path, care())
    assert contents(path) == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entries SET body = replace(body, 'VOLUME_REACHED', 'DUCT_FULL') WHERE kind = 'end'",
        "UPDATE entries SET t_s = t_s + 1 WHERE kind = 'after'",
        "UPDATE entries SET body = '{}' WHERE kind = 'after'",
        "UPDATE entries SET body = CAST(X'7B22FF223A317D' AS TEXT) WHERE seq = 3",
        "DELETE FROM entries WHERE seq = 7",
        "DELETE FROM entries WHERE kind = 'end'",
        "UPDATE entries SET hash = 'x' WHERE seq = 1",
        "INSERT INTO entries SELECT max(seq) + 1, t_s, 'event', body, hash FROM entries",
    ],
)
def test_a_record_that_is_not_what_was_written_gets_nothing(closed: Path, change: str) -> None:
    append_after(closed, care())
    connection = sqlite3.connect(closed)
    with connection:
        assert connection.execute(change).rowcount > 0
    connection.close()
    before = contents(closed)
    with pytest.raises(RecordError, match=r"nothing was added to .* it is not what was written"):
        append_after(closed, care())
    assert contents(closed) == before


def test_what_is_no_record_gets_nothing(records: Path) -> None:
    with pytest.raises(RecordError, match="there is no record"):
        append_after(records / "none.sqlite", care())
    assert list(records.iterdir()) == []
    path = records / "a.sqlite"
    path.write_text("no database " * 1000)
    with pytest.raises(RecordError, match=r"a\.sqlite can not be read"):
        append_after(path, care())
    path.unlink()
    sqlite3.connect(path).execute("CREATE TABLE entries (seq)").connection.close()
    with pytest.raises(RecordError, match="not a ductoject record"):
        append_after(path, care())


def test_a_file_that_is_damaged_as_a_database_gets_nothing(closed: Path) -> None:
    content = bytearray(closed.read_bytes())
    for page in range(3 * 4096, len(content), 4096):
        content[page : page + 100] = b"\xff" * 100
    closed.write_bytes(content)
    with pytest.raises(RecordError, match="nothing was added"):
        append_after(closed, care())
    assert closed.read_bytes() == content


def test_a_full_disk_is_said_and_nothing_is_lost(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up = after._set_up

    def full(connection: sqlite3.Connection, name: str) -> None:
        set_up(connection, name)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    before = contents(closed)
    monkeypatch.setattr(after, "_set_up", full)
    with pytest.raises(RecordError, match=r"nothing was added to .*: there is no room left for it"):
        append_after(closed, care(findings_text="x" * 20_000))
    assert contents(closed) == before


def test_a_file_that_may_not_be_written_is_said(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect  # as SQLite itself opens it where the file's mode or its medium forbids more

    def read_only(address: str, **given: object) -> sqlite3.Connection:
        return connect(address.replace("mode=rw", "mode=ro"), **given)  # type: ignore[call-overload]

    monkeypatch.setattr(after.sqlite3, "connect", read_only)
    before = contents(closed)
    with pytest.raises(RecordError, match=r"nothing was added to .*: it, or the directory that it is in, may not be written to"):
        append_after(closed, care())
    assert contents(closed) == before


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"name": "after_care"}, "has no utc"),
        ({"utc": UTC}, "has no name"),
        ({"utc": UTC, "name": 7}, "has no name"),
        ({"utc": UTC, "name": "x", "values": float("nan")}, "can not be recorded"),
        ({"utc": UTC, "name": "x", "values": {1: 2, "a": 3}}, "can not be recorded"),
        ({"utc": UTC, "name": "x", "values": b"bytes"}, "can not be recorded"),
        ({"utc": UTC, "name": "x", "values": "x" * MAX_BODY_BYTES}, f"above the limit of {MAX_BODY_BYTES}"),
    ],
)
def test_what_can_not_be_recorded_is_refused(closed: Path, body: dict[str, object], why: str) -> None:
    before = contents(closed)
    with pytest.raises(RecordError, match=why):
        append_after(closed, body)
    assert contents(closed) == before


# -- verify ---------------------------------------------------------------------------------------------------------------------

ADDED = ("after", {"name": "after_care", "values": {}})


def test_only_such_entries_may_stand_behind_the_end() -> None:
    assert breaches(chained([*BODIES, ADDED, ADDED])) == []
    assert [problem.seq for problem in breaches(chained([*BODIES, ADDED, BODIES[4]]))] == [8]
    assert [problem.seq for problem in breaches(chained([*BODIES, ADDED, BODIES[-1]]))] == [8]


def test_before_the_end_such_an_entry_is_a_breach() -> None:
    found = breaches(chained([BODIES[0], ADDED, BODIES[-1]]))
    assert [problem.text for problem in found] == ["entry 2 belongs behind an end, and there was none before it"]


def test_a_change_or_a_gap_in_them_is_found_and_a_cut_tail_is_not() -> None:
    rows = chained([*BODIES, ADDED, ("after", {"name": "alarm"}), ADDED])
    assert breaches([*rows[:6], *rows[7:]])
    assert breaches([*rows[:7], *rows[8:]])
    assert breaches(rows[:-1]) == []
    assert breaches(rows[:6]) == []


def test_nobody_but_the_owner_may_read_it_afterwards_either(closed: Path) -> None:
    before = closed.stat().st_mode
    mask = os.umask(0)
    try:
        append_after(closed, care())
    finally:
        os.umask(mask)
    assert closed.stat().st_mode == before


def test_pain_of_an_extravasation_that_is_noted_afterwards_closes_the_duct(closed: Path) -> None:
    def suspected() -> bool:
        with open_record(closed) as record:
            return delivered(record).extravasation

    append_after(closed, care(pain_kind="other"))
    assert not suspected()
    for kind in ("focal", "burning"):
        append_after(closed, care(pain_kind=kind))
        assert suspected()
    append_after(closed, care(pain_kind="none"))  # a mistake that was put right: the newest counts
    assert not suspected()
