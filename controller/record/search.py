"""Which records of a directory are looked for."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from controller.core.reasons import Reason
from controller.record.dose import KINDS
from controller.record.listing import ListRow

NOT_CLOSED = "NOT_CLOSED"
"""In place of a reason: a record without an end."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row has to be; None for anything. since, until: days in UTC, both included."""

    patient: str | None = None
    duct: str | None = None
    kind: str | None = None
    reason: str | None = None
    since: date | None = None
    until: date | None = None

    @classmethod
    def of(
        cls, *, patient: str | None, duct: str | None, kind: str | None, reason: str | None, since: str | None, until: str | None
    ) -> Self:
        """As people write it. Raises ValueError, one sentence, for what no record can be."""
        if kind is not None and kind not in KINDS:
            raise ValueError(f"--kind {kind}: there are {', '.join(KINDS)}")
        if reason is not None and reason not in (*Reason.__members__, NOT_CLOSED):
            raise ValueError(f"--reason {reason}: there are {', '.join((*Reason.__members__, NOT_CLOSED))}")
        days = [_day(option, text) for option, text in (("--since", since), ("--until", until))]
        if days[0] is not None and days[1] is not None and days[0] > days[1]:
            raise ValueError(f"--since {since} is after --until {until}")
        return cls(patient, duct, kind, reason, *days)

    def fits(self, row: ListRow) -> bool:
        """Whether it is one of those. One that can not be read is: nobody knows what it is."""
        if row.problem is not None or row.started_utc is None:
            return True
        day = datetime.fromisoformat(row.started_utc).date()
        return (
            self.patient in (None, row.patient)
            and self.duct in (None, row.duct)
            and self.kind in (None, row.kind)
            and self.reason in (None, row.reason or NOT_CLOSED)
            and (self.since is None or self.since <= day)
            and (self.until is None or day <= self.until)
        )


def _day(option: str, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{option} {text}: has to be a day, as 2026-11-28") from None
