"""Names and places of record files: one procedure, one file, readable by its owner only."""

import os
import re
from datetime import UTC, date, datetime
from pathlib import Path

from controller.record.errors import RecordError

SUFFIX = ".sqlite"
_NAME = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{8}\.sqlite")
_STAMP = "%Y%m%dT%H%M%SZ"


def record_path(directory: Path, started_utc: datetime, token: str) -> Path:
    """Where a new record goes: `<UTC yyyymmddThhmmssZ>-<token>.sqlite`. token: 8 lower-case hex digits (secrets.token_hex(4)).

    Raises ValueError for a time without a zone or a token of another form.
    """
    if started_utc.tzinfo is None:
        raise ValueError("started_utc needs a time zone")
    name = f"{started_utc.astimezone(UTC).strftime(_STAMP)}-{token}{SUFFIX}"
    if not _NAME.fullmatch(name):
        raise ValueError(f"{token!r} is not 8 lower-case hex digits")
    return directory / name


def utc_day_in_name(name: str) -> date | None:
    """The UTC day that a record's file name tells, or None if the name is not of that form."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        return datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC).date()
    except ValueError:
        return None


def record_files(directory: Path) -> list[Path]:
    """Every record file of a directory, oldest name first; none if the directory does not exist.

    Raises RecordError if the directory is there but can not be read: "no records" must never be a guess.
    """
    try:
        with os.scandir(directory) as items:
            return sorted(Path(item.path) for item in items if item.name.endswith(SUFFIX))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RecordError(f"the record directory {directory} can not be read: {error.strerror}") from error


def create_private_file(path: Path) -> None:
    """Creates an empty file that only its owner may read (0600), and missing directories likewise (0700); all made durable.

    Raises RecordError if it can not be created or is there already.
    """
    try:
        for parent in reversed([path.parent, *path.parent.parents]):
            if not parent.is_dir():
                parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise RecordError(f"the directory {path.parent} can not be created: {error.strerror}") from error
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(descriptor, 0o600)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_directory(path.parent)
    except FileExistsError as error:
        raise RecordError(f"{path} exists already; a record is never written over") from error
    except OSError as error:
        raise RecordError(f"the record {path} can not be created: {error.strerror}") from error


def sync_directory(directory: Path) -> None:
    """Makes the names in a directory durable. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
