"""Files that are either complete or not there, and a journal from which nothing that was written is lost."""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from controller.record.files import sync_directory

SYNC_S = 1.0
_MODE = 0o666  # less what the user's umask takes away: no patient exists, results are nobody's secret


def write_whole(path: Path, data: bytes) -> None:
    """Gives a file these contents, durably and all at once; one that was there stays until then. Raises OSError."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, _MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def make_folder(path: Path) -> list[Path]:
    """Makes the folder; returns those that were not there, innermost first. Raises OSError."""
    made = []
    for folder in (path, *path.parents):
        if folder.exists():
            break
        made.append(folder)
    for folder in reversed(made):
        folder.mkdir(exist_ok=True)
    return made


class Journal:
    """Lines that are only ever added. After a crash, at most the line that was being written is missing.

    Each line is with the operating system before `add` returns, and on the disk about a second later.
    """

    def __init__(self, path: Path) -> None:
        """Opens the journal; creates it if there is none. Raises OSError."""
        self._path = path
        self._descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, _MODE)
        self._synced_s = time.monotonic()

    def lock(self) -> bool:
        """Makes it this process's own until it is closed; False if another process has it. Raises OSError."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def lines(self) -> list[bytes]:
        """What was written so far. A last line without its end is cut off: its writer died. Raises OSError."""
        data = self._path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.ftruncate(self._descriptor, whole)
        return data[:whole].splitlines()

    def add(self, line: bytes) -> None:
        """Writes one line as a whole or, if there is no room for it, not at all. Raises OSError."""
        data = line + b"\n"
        before = os.fstat(self._descriptor).st_size
        try:
            written = 0
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, before)
            raise
        if time.monotonic() - self._synced_s >= SYNC_S:
            self.sync()

    def sync(self) -> None:
        """Makes everything durable. Raises OSError."""
        os.fsync(self._descriptor)
        self._synced_s = time.monotonic()

    def close(self) -> None:
        """Ends it, and the lock. Raises OSError if the last lines may not be durable."""
        try:
            self.sync()
        finally:
            os.close(self._descriptor)
