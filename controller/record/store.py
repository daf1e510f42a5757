"""The writer of one record file: SQLite in WAL mode, every commit on the disk before it returns.

The schema is committed before the file is put into WAL mode, so that a main file without its -wal still says what it is; and a
closed record is taken out of WAL mode again, so that a file that is still in it, but has no -wal beside it, can be told to
have lost something (see reader.py).
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from controller.record.chain import FORMAT_VERSION, GENESIS, RawEntry, entry_hash
from controller.record.errors import RecordError
from controller.record.files import create_private_file, sync_directory

APPLICATION_ID = 0x44554354  # "DUCT": what SQLite's header names the file as
SCHEMA = (
    "CREATE TABLE entries (seq INTEGER PRIMARY KEY, t_s REAL NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, "
    "hash TEXT NOT NULL)"
)
_BUSY_MS = 2000  # a reader may hold the file for a moment while it is folded into one


class RecordStore:
    """Appends entries to a new record. Not for the control process: every append waits for the disk."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Use RecordStore.create."""
        self.path = path
        self._connection = connection
        self._tail = (0, GENESIS)
        self._tail_known = True

    @classmethod
    def create(cls, path: Path) -> "RecordStore":
        """Creates the file exclusively and durably. Raises RecordError; then no file is left behind."""
        create_private_file(path)
        try:
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
            try:
                _set_up(connection)
                sync_directory(path.parent)
            except BaseException:
                connection.close()
                raise
        except (sqlite3.Error, OSError) as error:
            for name in (path, *side_files(path)):
                with contextlib.suppress(OSError):
                    name.unlink()
            raise RecordError(f"the record {path} can not be created: {error}") from error
        return cls(path, connection)

    @property
    def last_seq(self) -> int:
        """The newest entry that is on the disk, 0 before the first."""
        return self._tail[0]

    def append(self, entries: Sequence[RawEntry]) -> None:
        """Commits all entries at once; they are on the disk when this returns. May be called again with the same after a failure.

        Raises RecordError if the disk did not take them (none of them counts as written then), ValueError on a gap in seq.
        """
        try:
            before = self._tail[0]
            if not self._tail_known:
                self._tail = self._read_tail()
                self._tail_known = True
            seq, previous = self._tail
            rows = []
            for entry in entries:
                if before < entry.seq <= self._tail[0]:
                    continue  # a commit that reported a failure had reached the disk after all
                if entry.seq != seq + 1:
                    raise ValueError(f"entry {entry.seq} does not follow entry {seq}")
                seq, previous = entry.seq, entry_hash(previous, entry)
                rows.append((entry.seq, entry.t_s, entry.kind, entry.body, previous))
            if rows:
                self._commit(rows)
                self._tail = (seq, previous)
        except sqlite3.Error as error:
            raise RecordError(f"the record {self.path} can not be written: {error}") from error

    def close(self) -> None:
        """Folds everything into the single file and closes it.

        Raises RecordError if the -wal file has to stay: nothing is lost, but the two files belong together.
        """
        try:
            try:
                mode = self._connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
            finally:
                self._connection.close()
            sync_directory(self.path.parent)
        except (sqlite3.Error, OSError) as error:
            raise RecordError(f"the record {self.path} still needs the -wal file beside it: {error}") from error
        if mode != "delete":
            raise RecordError(f"the record {self.path} still needs the -wal file beside it: somebody is reading it")

    def _commit(self, rows: list[tuple[int, float, str, str, str]]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            self._tail_known = False
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _read_tail(self) -> tuple[int, str]:
        row = self._connection.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        return (row[0], row[1]) if row else (0, GENESIS)


def write_record(path: Path, entries: Iterable[RawEntry]) -> None:
    """Writes a whole closed record in one go (simulations in virtual time keep theirs in memory first).

    Raises RecordError; ValueError on a gap in seq. On failure the file stays, with what it holds.
    """
    store = RecordStore.create(path)
    try:
        store.append(list(entries))
    finally:
        store.close()


def side_files(path: Path) -> tuple[Path, ...]:
    """The files that SQLite may keep beside a record while it is open, or after its writer was killed."""
    return tuple(path.with_name(path.name + tail) for tail in ("-wal", "-shm", "-journal"))


def _set_up(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={FORMAT_VERSION}")
    connection.execute(SCHEMA)
    if connection.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":
        raise sqlite3.OperationalError("this file system does not carry SQLite's write-ahead log")
    # makes the -wal file now, so that a record that was begun and has none has lost it
    connection.execute("SELECT count(*) FROM entries").fetchone()
