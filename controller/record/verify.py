"""Is a record what was written, all of it, in that order?

What is found: any entry that was changed, removed, inserted or moved, up to the last one that is there. What is not: the removal
of the last entries, which leaves a shorter chain that is whole; only the missing "end" tells of it, just as it tells of a
procedure whose control process died, so it is a note and not a breach. And, as the chain has no key, the work of somebody who
rewrites everything behind a change (compare the last hash with one that was kept elsewhere, such as in a signed report).

Behind the end stands nothing but what was added when the procedure was over (after.py). Of these too, a cut tail does not show.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from controller.record.chain import GENESIS, RawEntry, canonical_json, entry_hash
from controller.record.errors import RecordError
from controller.record.reader import Record, StoredRow

AFTER: Final = "after"
"""The kind of entries that stand behind the end, and nowhere else."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a record. breach: it is not what was written; otherwise it was written so, and is worth knowing.

    seq: the entry where it shows, None for the record as a whole.
    """

    seq: int | None
    text: str
    breach: bool


def verify(record: Record) -> list[Problem]:
    """Checks every entry. An empty list: whole, in order, closed, and every motion has its end. Raises nothing."""
    problems: list[Problem] = []
    try:
        problems.extend(check_rows(record.rows()))
    except RecordError as error:
        problems.append(Problem(None, str(error), breach=True))
    if record.wal_missing:
        text = "the -wal file that belongs to it is not there: entries may be missing"
        problems.append(Problem(None, text, breach=False))
    return problems


def check_rows(rows: Iterable[StoredRow]) -> Iterator[Problem]:
    """The problems of a sequence of rows, in order; those of the whole last."""
    check = _Check()
    for row in rows:
        yield from check.row(row)
    yield from check.whole()


class _Check:
    """What has to be remembered from one row to the next."""

    def __init__(self) -> None:
        self.due_seq = 1
        self.previous = GENESIS
        self.end_seq: int | None = None
        self.open_motions: dict[str, int] = {}

    def row(self, row: StoredRow) -> Iterator[Problem]:
        if not isinstance(row.seq, int):
            yield Problem(None, f"an entry has the number {row.seq!r}", breach=True)
            return
        seq = row.seq
        if seq > self.due_seq:
            missing = f"entry {self.due_seq} is" if seq == self.due_seq + 1 else f"entries {self.due_seq} to {seq - 1} are"
            yield Problem(seq, f"{missing} missing", breach=True)
        elif seq < self.due_seq:
            yield Problem(seq, f"entry {seq} stands where {self.due_seq} was due", breach=True)
        self.due_seq = seq + 1
        if self.end_seq is not None and row.kind != AFTER:
            yield Problem(seq, f"entry {seq} stands behind the end", breach=True)
        elif self.end_seq is None and row.kind == AFTER:
            yield Problem(seq, f"entry {seq} belongs behind an end, and there was none before it", breach=True)
        if (row.kind == "header") != (seq == 1):
            yield Problem(seq, "the first entry is no header" if seq == 1 else f"entry {seq} is a second header", breach=True)
        yield from self._chain(seq, row)

    def _chain(self, seq: int, row: StoredRow) -> Iterator[Problem]:
        if not (
            isinstance(row.t_s, float) and isinstance(row.kind, str) and isinstance(row.body, str) and isinstance(row.hash, str)
        ):
            yield Problem(seq, f"entry {seq} has a field of the wrong type", breach=True)
            self.previous = str(row.hash)
            return
        if entry_hash(self.previous, RawEntry(seq, row.t_s, row.kind, row.body)) != row.hash:
            yield Problem(seq, f"the chain breaks at entry {seq}: it, or what stood before it, was changed", breach=True)
        self.previous = row.hash  # go on from what is there, so that one change is one problem
        body = _canonical_object(row.body)
        if body is None:
            yield Problem(seq, f"the body of entry {seq} is not a canonical JSON object", breach=True)
            return
        if row.kind == "end":
            self.end_seq = seq
        elif row.kind == "intent":
            self.open_motions[str(body.get("motion"))] = seq
        elif row.kind == "motion_end":
            self.open_motions.pop(str(body.get("motion")), None)

    def whole(self) -> Iterator[Problem]:
        if self.due_seq == 1:
            yield Problem(None, "there are no entries, not even a header", breach=True)
        for motion, seq in self.open_motions.items():
            yield Problem(seq, f"motion {motion} has no end: what it delivered is uncertain", breach=False)
        if self.end_seq is None:
            yield Problem(None, "not closed: the procedure died here, or the rest was removed", breach=False)


def _canonical_object(text: str) -> dict[str, object] | None:
    try:
        value = json.loads(text)
        canonical = canonical_json(value)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and canonical == text else None
