"""The recorder of a virtual procedure: everything stays in memory, what is heavy to spell is spelt when the record is saved."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from controller.record.chain import RawEntry, make_entry
from controller.record.interface import LOST
from controller.record.store import write_record

Listener = Callable[[str, float, Mapping[str, object]], None]


class VirtualRecorder:
    """Keeps entries and acknowledges them on the next pump (controller.record.interface.Recorder).

    listeners hear of every entry at once. The bodies of "inputs" are kept as they are: the loop hands each over for good.
    """

    def __init__(self) -> None:
        """Nothing recorded yet."""
        self.listeners: list[Listener] = []
        self._entries: list[tuple[str, float, Mapping[str, object] | RawEntry]] = []
        self._durable_seq = 0
        self._trouble: str | None = None
        self._holding_until_s = 0.0

    @property
    def durable_seq(self) -> int:
        """Every entry up to this one is acknowledged."""
        return self._durable_seq

    @property
    def trouble(self) -> str | None:
        """The first thing that went wrong."""
        return self._trouble

    @property
    def pid(self) -> int | None:
        """There is no process."""
        return None

    def fileno(self) -> int | None:
        """There is no descriptor."""
        return None

    def fail(self, text: str) -> None:
        """From now on in trouble, as when the process has died: nothing more is taken or acknowledged."""
        self._trouble = self._trouble or text

    def hold(self, until_s: float) -> None:
        """Nothing is acknowledged before until_s (a slow disk)."""
        self._holding_until_s = max(self._holding_until_s, until_s)

    def put(self, kind: str, t_s: float, body: Mapping[str, object]) -> int:
        """Keeps one entry and returns its seq, or LOST."""
        if self._trouble is not None:
            return LOST
        seq = len(self._entries) + 1
        if kind == "inputs":
            self._entries.append((kind, t_s, body))
            return seq
        try:
            self._entries.append((kind, t_s, make_entry(seq, t_s, kind, body)))
        except (TypeError, ValueError, RecursionError, OverflowError) as error:
            self.fail(f"an entry can not be recorded: {error}")
            return LOST
        for listener in self.listeners:
            listener(kind, t_s, body)
        return seq

    def pump(self, now_s: float) -> None:
        """Acknowledges everything that was put before, unless holding or in trouble."""
        if now_s >= self._holding_until_s and self._trouble is None:
            self._durable_seq = len(self._entries)

    def oldest_unacked_age_s(self, now_s: float) -> float:
        """How long ago the oldest entry happened that is not acknowledged; 0.0 when all are."""
        if self._durable_seq == len(self._entries):
            return 0.0
        return max(0.0, now_s - self._entries[self._durable_seq][1])

    def finish(self, timeout_s: float) -> bool:
        """Acknowledges everything, at once; false while holding or in trouble."""
        return self._trouble is None and self._durable_seq == len(self._entries) and timeout_s >= 0

    def entries(self) -> Iterator[RawEntry]:
        """All entries, spelt as a record keeps them."""
        for seq, (kind, t_s, kept) in enumerate(self._entries, start=1):
            yield kept if isinstance(kept, RawEntry) else make_entry(seq, t_s, kind, kept)

    def heard(self) -> Iterator[tuple[str, float, Mapping[str, object] | str]]:
        """All entries in order: kind, time, and the body, as an object for "inputs" and as its text for everything else."""
        for kind, t_s, kept in self._entries:
            yield kind, t_s, kept.body if isinstance(kept, RawEntry) else kept

    def save(self, path: Path) -> None:
        """Writes what was recorded as a closed record file. Raises RecordError."""
        write_record(path, list(self.entries()))
