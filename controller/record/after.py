"""What is added to a record when its procedure is over: how the patient is, what was found, what comes next.

Such entries stand behind the end, are of one kind, carry on the chain, and nothing that was written before them is touched. A
commit is on the disk when it returns, and a power cut in the middle of one leaves the record as it was: SQLite's rollback journal
is beside the file then, and the next one to be added puts it back; whoever only reads puts it back in a copy.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from controller.record.chain import entry_hash, make_entry
from controller.record.errors import RecordError
from controller.record.files import sync_directory
from controller.record.reader import Entry, Record, StoredRow, open_record
from controller.record.verify import AFTER, check_rows

AFTER_CARE: Final = "after_care"
"""The name of entries that hold what was answered; of several the newest counts."""
MAX_BODY_BYTES: Final = 64 * 1024

_BUSY_MS: Final = 5000  # another writer checks the whole chain before it lets go
_ROWS: Final = "SELECT seq, t_s, kind, body, hash FROM entries ORDER BY seq"
_WHY: Final = {
    sqlite3.SQLITE_FULL: "there is no room left for it",
    sqlite3.SQLITE_READONLY: "it, or the directory that it is in, may not be written to",
    sqlite3.SQLITE_CANTOPEN: "it, or the directory that it is in, may not be written to",
    sqlite3.SQLITE_BUSY: "somebody else is using it; try again",
}


def append_after(path: Path, body: Mapping[str, object]) -> int:
    """Adds one entry of kind "after" behind the end and returns its seq; it is on the disk then.

    body: a JSON object with at least the texts "utc" and "name". Raises RecordError, and the record is as it was: it is none, not
    closed, not what was written, not to be written to, the disk is full, or the body can not be recorded. Waits a few seconds at
    most for another writer.
    """
    for key in ("utc", "name"):
        if not isinstance(body.get(key), str):
            raise RecordError(f"nothing was added to {path.name}: what is to be added has no {key}")
    with open_record(path):
        pass  # what is no record at all is told here, in better words than SQLite's
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
        try:
            _set_up(connection, path.name)
            seq = _append(connection, path.name, body)
        finally:
            connection.close()
        sync_directory(path.absolute().parent)
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        raise RecordError(f"nothing was added to {path.name}: {_WHY.get(code, str(error))}") from error
    except OSError as error:
        raise RecordError(f"what was added to {path.name} may not be on the disk yet: {error.strerror}") from error
    return seq


def after_values(record: Record) -> dict[str, object]:
    """What was answered after the procedure, as the newest entry has it; {} where nothing was. Raises RecordError."""
    return newest_values(record.name, record.entries([AFTER]))


def newest_values(name: str, entries: Iterable[Entry]) -> dict[str, object]:
    """As after_values, from entries. name: the record's. Raises RecordError where one holds no answers."""
    newest: dict[str, object] = {}
    for entry in entries:
        if entry.kind == AFTER and entry.body.get("name") == AFTER_CARE:
            values = entry.body.get("values")
            if not isinstance(values, dict):
                raise RecordError(f"entry {entry.seq} of {name} holds no answers")
            newest = values
    return newest


def _set_up(connection: sqlite3.Connection, name: str) -> None:
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA synchronous=EXTRA")  # FULL, and the journal's removal is on the disk too before a commit returns
    # a closed record is out of WAL mode, unless somebody was reading it when it was closed
    if connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0] != "delete":
        raise RecordError(f"nothing was added to {name}: somebody else is using it; try again")


def _append(connection: sqlite3.Connection, name: str, body: Mapping[str, object]) -> int:
    """One transaction. The lock is taken before the chain is looked at: of two writers the second sees what the first wrote."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        last, end = _tail(connection, name)
        try:
            entry = make_entry(int(str(last.seq)) + 1, end.t_s, AFTER, body)
        except (TypeError, ValueError, RecursionError, OverflowError) as error:
            raise RecordError(f"nothing was added to {name}: what is to be added can not be recorded: {error}") from error
        if len(entry.body) > MAX_BODY_BYTES:
            size = f"{len(entry.body)} bytes, above the limit of {MAX_BODY_BYTES}"
            raise RecordError(f"nothing was added to {name}: what is to be added has {size}")
        row = (entry.seq, entry.t_s, entry.kind, entry.body, entry_hash(str(last.hash), entry))
        connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", row)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return entry.seq


def _tail(connection: sqlite3.Connection, name: str) -> tuple[StoredRow, StoredRow]:
    """The last entry and the end of a record that is closed and is what was written. Raises RecordError."""
    seen: dict[str, StoredRow] = {}

    def rows() -> Iterator[StoredRow]:
        for values in connection.execute(_ROWS):
            row = StoredRow(*values)
            seen["last"] = row
            if row.kind == "end":
                seen["end"] = row
            yield row

    for problem in check_rows(rows()):
        if problem.breach:
            raise RecordError(f"nothing was added to {name}: it is not what was written: {problem.text}")
    if "end" not in seen:
        raise RecordError(f"nothing was added to {name}: it is not closed")
    return seen["last"], seen["end"]
