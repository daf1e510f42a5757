"""Reads a record without changing it: closed, still being written, or left behind by a writer that was killed.

A closed record is one file. It is locked for moments only, a few entries at a time, so that what is added when a procedure is
over (after.py) never waits for somebody who reads slowly. Beside a record that is not closed lies its -wal file; SQLite reads
both in place and at most makes its -shm index beside them anew. Where it may not (a read-only directory, a medium), a private
copy is read instead.
"""

import contextlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from controller.record.chain import FORMAT_VERSION
from controller.record.errors import RecordError
from controller.record.store import APPLICATION_ID, SCHEMA, side_files

_BUSY_MS = 2000
_COPY_TRIES = 3
_LEAST_SEQ = -(2**63)  # whatever somebody may have put in
_ROWS_AT_ONCE = 64  # some of them hold a second of raw inputs


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the control process put it. t_s: seconds of the loop's clock."""

    seq: int
    t_s: float
    kind: str
    body: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One row exactly as it lies in the file; nothing about it has been checked. Bytes that are not UTF-8 stay, escaped."""

    seq: object
    t_s: object
    kind: object
    body: object
    hash: object


class Record:
    """An open record. Use open_record; close it, or use it as a context manager."""

    def __init__(self, path: Path, connection: sqlite3.Connection, copy: tempfile.TemporaryDirectory[str] | None) -> None:
        """path: the record itself. copy: where the private copy lies that is read instead, if one is."""
        self.path = path
        self._connection = connection
        self._copy = copy
        self.wal_missing = _in_wal_mode(path) and not side_files(path)[0].exists()
        """The file was never folded into one, and the -wal file that belongs to it is not there: entries may be missing."""

    @property
    def name(self) -> str:
        """The file's name: how records call each other."""
        return self.path.name

    @property
    def header(self) -> dict[str, Any]:
        """The body of the first entry. Raises RecordError if that is not a header."""
        first = next(self.entries(), None)
        if first is None or first.seq != 1 or first.kind != "header":
            raise RecordError(f"{self.name} does not begin with a header")
        return first.body

    @property
    def end(self) -> dict[str, Any] | None:
        """The body of the end, or None: the record was never ended (its tail may then be missing). Raises RecordError."""
        ends = list(self.entries(["end"]))
        return ends[-1].body if ends else None

    def entries(self, kinds: Sequence[str] | None = None) -> Iterator[Entry]:
        """Entries in order, of these kinds or all. Raises RecordError, naming the entry, at one that can not be read."""
        for row in self.rows(kinds):
            yield _entry(self.name, row)

    def rows(self, kinds: Sequence[str] | None = None) -> Iterator[StoredRow]:
        """Rows in order, as stored. Raises RecordError if the file is damaged so far that SQLite can not read on."""
        wanted = "" if kinds is None else f" AND kind IN ({','.join('?' * len(kinds))})"
        beyond, seq, most = ">=", _LEAST_SEQ, 1  # the header is often all that is wanted
        while True:
            where = f"WHERE seq {beyond} ?{wanted} ORDER BY seq LIMIT {most}"
            try:
                sql = f"SELECT seq, t_s, kind, body, hash FROM entries {where}"
                rows = self._connection.execute(sql, (seq, *(kinds or ()))).fetchall()
            except sqlite3.Error as error:
                raise RecordError(f"{self.name} is damaged: {error}") from error
            for row in rows:
                yield StoredRow(*row)
            if len(rows) < most:
                return
            if beyond == ">" and rows[-1][0] <= seq:  # only in a damaged file, which could be read round and round
                raise RecordError(f"{self.name} is damaged: its entries are not in order")
            beyond, seq, most = ">", rows[-1][0], _ROWS_AT_ONCE

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()
        if self._copy is not None:
            self._copy.cleanup()

    def __enter__(self) -> "Record":
        """The record itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Closes the file."""
        self.close()


def open_record(path: Path) -> Record:
    """Opens a record for reading. Raises RecordError if there is none, if it is none, or if its format is another one."""
    path = path.absolute()
    try:
        if not path.is_file():
            raise RecordError(f"there is no record {path}")
        connection, copy = _open(path)
    except (sqlite3.Error, OSError) as error:
        raise RecordError(f"{path.name} can not be read: {error}") from error
    try:
        _check_format(path, connection)
        return Record(path, connection, copy)
    except BaseException as error:
        connection.close()
        if copy is not None:
            copy.cleanup()
        if isinstance(error, sqlite3.Error | OSError):
            raise RecordError(f"{path.name} can not be read: {error}") from error
        raise


def _open(path: Path) -> tuple[sqlite3.Connection, tempfile.TemporaryDirectory[str] | None]:
    wal, _, journal = side_files(path)
    if not wal.exists() and not journal.exists() and _in_wal_mode(path):
        return _connect(path, "mode=ro&immutable=1"), None  # SQLite would make a new -wal file, and hide that one is missing
    with contextlib.suppress(sqlite3.OperationalError):
        return _connect(path, "mode=ro"), None
    return _open_copy(path)


def _open_copy(path: Path) -> tuple[sqlite3.Connection, tempfile.TemporaryDirectory[str]]:
    """Copies what belongs to the record to a private place and opens that. Raises OSError or sqlite3.Error."""
    wal, _, journal = side_files(path)
    parts = [path, wal, journal]
    copy = tempfile.TemporaryDirectory(prefix="ductoject-record-")
    try:
        for _ in range(_COPY_TRIES):
            before = _state(parts)
            for part in parts:
                if part.exists():
                    shutil.copyfile(part, Path(copy.name, part.name))
            if _state(parts) == before:
                return _connect(Path(copy.name, path.name), "mode=rw"), copy
    except BaseException:
        copy.cleanup()
        raise
    copy.cleanup()
    raise OSError("it is being written while it is copied")


def _state(parts: Sequence[Path]) -> list[tuple[int, int] | None]:
    stats = [part.stat() if part.exists() else None for part in parts]
    return [None if stat is None else (stat.st_size, stat.st_mtime_ns) for stat in stats]


def _connect(path: Path, options: str) -> sqlite3.Connection:
    """Opens the file and reads from it once, so that what can not be opened is seen here. Raises sqlite3.Error."""
    connection = sqlite3.connect(f"{path.as_uri()}?{options}", uri=True, isolation_level=None)
    try:
        connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA query_only=ON")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _check_format(path: Path, connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise RecordError(f"{path.name} is not a ductoject record")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != FORMAT_VERSION:
        raise RecordError(f"{path.name} is of record format {version}; this software reads format {FORMAT_VERSION}")
    if connection.execute("SELECT sql FROM sqlite_master WHERE name = 'entries'").fetchall() != [(SCHEMA,)]:
        raise RecordError(f"{path.name} has no table of entries as this software writes it")


def _in_wal_mode(path: Path) -> bool:
    """Whether SQLite's header (bytes 18 and 19: write and read version) says that a write-ahead log belongs to the file."""
    with path.open("rb") as file:
        return file.read(20)[18:20] == b"\x02\x02"


def _entry(name: str, row: StoredRow) -> Entry:
    try:
        body = json.loads(row.body) if isinstance(row.body, str) else None
    except (ValueError, RecursionError):
        body = None
    if (
        not isinstance(row.seq, int)
        or not isinstance(row.t_s, float)
        or not isinstance(row.kind, str)
        or not isinstance(row.hash, str)
        or not isinstance(body, dict)
    ):
        raise RecordError(f"entry {row.seq} of {name} can not be read")
    return Entry(row.seq, row.t_s, row.kind, body, row.hash)
