"""Writes a record out for other programs: CSV (a row an entry) or JSON Lines. What is written is either complete or not there."""

import csv
import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from controller.record.chain import canonical_json
from controller.record.errors import RecordError
from controller.record.files import sync_directory
from controller.record.reader import open_record
from controller.record.store import side_files

COLUMNS = ("seq", "t_s", "kind", "body", "hash")
"""The columns of the CSV, and the keys of each JSON line. body is JSON: a text in the CSV, an object in JSON Lines."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def export_csv(record: Path, target: Path, overwrite: bool = False) -> int:
    """Writes all entries as CSV (UTF-8, a head line, line ends as in RFC 4180) and returns how many. Raises RecordError."""
    with open_record(record) as source, _replacing(record, target, overwrite) as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        count = 0
        for entry in source.entries():
            writer.writerow((entry.seq, repr(entry.t_s), entry.kind, canonical_json(entry.body), entry.hash))
            count += 1
    return count


def export_jsonl(record: Path, target: Path, overwrite: bool = False) -> int:
    """Writes all entries as JSON Lines (one object a line) and returns how many. Raises RecordError."""
    with open_record(record) as source, _replacing(record, target, overwrite) as file:
        count = 0
        for entry in source.entries():
            values = (entry.seq, entry.t_s, entry.kind, entry.body, entry.hash)
            file.write(canonical_json(dict(zip(COLUMNS, values, strict=True))) + "\n")
            count += 1
    return count


def write_beside(record: Path, target: Path, data: bytes, overwrite: bool = False) -> None:
    """Writes something that was made from a record, whole or not at all, readable by its owner only. Raises RecordError."""
    with _replacing(record, target, overwrite) as file:
        file.buffer.write(data)


@contextmanager
def _replacing(record: Path, target: Path, overwrite: bool) -> Iterator[TextIO]:
    """A file that gets the target's name, durably and all at once, when the block ends well, and is gone if it does not."""
    if target.resolve() in {path.resolve() for path in (record, *side_files(record))}:
        raise RecordError(f"{target} is the record itself; it is never written over")
    if not overwrite and os.path.lexists(target):
        raise RecordError(f"{target} exists already; say so if it is to be overwritten")
    try:
        with _temporary(target) as (file, path):
            yield file
            file.flush()
            os.fsync(file.fileno())
            _rename(path, target, overwrite)
        sync_directory(target.parent)
    except ValueError as error:
        raise RecordError(f"{record.name} holds an entry that can not be written out: {error}") from error
    except FileExistsError as error:
        raise RecordError(f"{target} exists already; say so if it is to be overwritten") from error
    except OSError as error:
        if error.errno in _FULL:
            raise RecordError(f"{target} was not written: there is no room left for it ({error.strerror})") from error
        raise RecordError(f"{target} can not be written: {error.strerror}") from error


@contextmanager
def _temporary(target: Path) -> Iterator[tuple[TextIO, Path]]:
    """A file of its owner's only, beside the target; gone afterwards, unless it was renamed. Raises OSError."""
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    path = Path(name)
    file = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
    try:
        yield file, path
    finally:
        try:
            with suppress(OSError):  # what could not be written was reported by the flush before the rename
                file.close()
        finally:
            path.unlink(missing_ok=True)


def _rename(path: Path, target: Path, overwrite: bool) -> None:
    """Gives the file its name. Raises OSError; FileExistsError if a target that must stay has come up meanwhile."""
    if overwrite:
        path.replace(target)
        return
    try:
        os.link(path, target)  # unlike a rename, never replaces
    except FileExistsError:
        raise
    except OSError:
        # a file system without hard links, such as that of a memory stick
        if os.path.lexists(target):
            raise
        path.replace(target)
