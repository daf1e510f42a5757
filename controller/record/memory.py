"""A recorder without process or disk: for virtual time and for tests of what uses a recorder."""

from collections.abc import Mapping
from pathlib import Path

from controller.record.chain import RawEntry, make_entry
from controller.record.interface import LOST
from controller.record.store import write_record


class MemoryRecorder:
    """Keeps entries in a list and acknowledges them on the next pump. See interface.Recorder.

    holding: while true, nothing is acknowledged (a slow disk). fail(text) puts it into trouble, as a dead recorder process would.
    """

    def __init__(self) -> None:
        """Nothing recorded yet."""
        self.entries: list[RawEntry] = []
        self.holding = False
        self._durable_seq = 0
        self._trouble: str | None = None

    @property
    def durable_seq(self) -> int:
        """Every entry up to this one is acknowledged."""
        return self._durable_seq

    @property
    def trouble(self) -> str | None:
        """What fail was called with, or the first entry that could not be taken; None if neither happened."""
        return self._trouble

    @property
    def pid(self) -> int | None:
        """There is no process."""
        return None

    def fileno(self) -> int | None:
        """There is no descriptor."""
        return None

    def fail(self, text: str) -> None:
        """From now on in trouble: nothing more is taken or acknowledged."""
        if self._trouble is None:
            self._trouble = text
        self.holding = True

    def put(self, kind: str, t_s: float, body: Mapping[str, object]) -> int:
        """Keeps one entry and returns its seq, or LOST."""
        if self._trouble is not None:
            return LOST
        try:
            self.entries.append(make_entry(len(self.entries) + 1, t_s, kind, body))
        except (TypeError, ValueError, RecursionError, OverflowError) as error:
            self.fail(f"an entry can not be recorded: {error}")
            return LOST
        return len(self.entries)

    def pump(self, now_s: float) -> None:  # noqa: ARG002 - part of the interface
        """Acknowledges everything that was put before, unless holding."""
        if not self.holding:
            self._durable_seq = len(self.entries)

    def oldest_unacked_age_s(self, now_s: float) -> float:
        """How long ago the oldest entry happened that is not acknowledged; 0.0 when all are."""
        waiting = self.entries[self._durable_seq :]
        return max(0.0, now_s - waiting[0].t_s) if waiting else 0.0

    def finish(self, timeout_s: float) -> bool:
        """Acknowledges everything, at once; false while holding or in trouble."""
        self.pump(0.0)
        return self._trouble is None and self._durable_seq == len(self.entries) and timeout_s >= 0

    def save(self, path: Path) -> None:
        """Writes what was recorded as a closed record file. Raises RecordError."""
        write_record(path, self.entries)
