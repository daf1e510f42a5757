"""What people ask of records: which there are, and what happened in one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.record.dose import Delivered, delivered, identity
from controller.record.errors import RecordError
from controller.record.files import record_files
from controller.record.reader import Entry, Record, open_record
from controller.record.verify import Problem, verify


@dataclass(frozen=True, slots=True)
class ListRow:
    """One record in a list. What is not known is None, never 0.

    reason, delivered_ml, increments: as the end of the record gives them. delivered_min_ml, delivered_max_ml: from its motions,
    so also for a record that was never closed. problem: why it can not be read; everything else is None then.
    """

    record: str
    started_utc: str | None = None
    kind: str | None = None
    patient: str | None = None
    duct: str | None = None
    reason: str | None = None
    delivered_ml: float | None = None
    delivered_min_ml: float | None = None
    delivered_max_ml: float | None = None
    increments: int | None = None
    closed: bool | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """One record in full, but for the raw inputs. dose is None, and dose_problem says why, where it can not be told."""

    record: str
    header: dict[str, Any]
    end: dict[str, Any] | None
    dose: Delivered | None
    dose_problem: str | None
    counts: dict[str, int]
    story: tuple[Entry, ...]
    last_hash: str
    problems: tuple[Problem, ...]


def list_records(directory: Path) -> Iterator[ListRow]:
    """A row for each record of a directory, oldest first; chains are not verified. Raises RecordError if it can not be listed."""
    for path in record_files(directory):
        try:
            with open_record(path) as record:
                row = _row(record)
        except RecordError as error:
            row = ListRow(path.name, problem=str(error))
        yield row


def show(path: Path) -> Shown:
    """Everything about a record that people read, with its verification. Raises RecordError if it can not be read."""
    with open_record(path) as record:
        counts: Counter[str] = Counter()
        story = []
        last_hash = ""
        for entry in record.entries():
            counts[entry.kind] += 1
            last_hash = entry.hash
            if entry.kind != "inputs":
                story.append(entry)
        try:
            dose, dose_problem = delivered(record), None
        except RecordError as error:
            dose, dose_problem = None, str(error)
        return Shown(
            record.name,
            record.header,
            record.end,
            dose,
            dose_problem,
            dict(counts),
            tuple(story),
            last_hash,
            tuple(verify(record)),
        )


def verify_file(path: Path) -> list[Problem]:
    """Opens and verifies a record. Raises RecordError if it can not be opened at all."""
    with open_record(path) as record:
        return verify(record)


def _row(record: Record) -> ListRow:
    whose, end, dose = identity(record), record.end, delivered(record)
    stated = {} if end is None else end
    reason, volume_ml, increments = stated.get("reason"), stated.get("delivered_ml"), stated.get("increments")
    return ListRow(
        record=record.name,
        started_utc=whose.started_utc.isoformat(),
        kind=whose.kind,
        patient=whose.patient,
        duct=whose.duct,
        reason=reason if isinstance(reason, str) else None,
        delivered_ml=float(volume_ml) if isinstance(volume_ml, int | float) else None,
        delivered_min_ml=dose.min_ul / 1000.0,
        delivered_max_ml=dose.max_ul / 1000.0,
        increments=increments if isinstance(increments, int) else None,
        closed=end is not None,
    )
