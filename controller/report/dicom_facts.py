"""What of a record stands in its DICOM document: everything that is read before an item is made.

A document goes where nobody reads a warning on its first line, so it is stricter than a report for people: a record that is not
as it was written, or whose dose can not be told, gives none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from controller.record.after import AFTER_CARE
from controller.record.dose import Delivered, Identity, identity
from controller.record.errors import RecordError
from controller.record.listing import Shown, show
from controller.record.reader import open_record
from controller.record.verify import AFTER
from controller.replay import configuration
from controller.report.content import words_of
from controller.report.dicom_given import Cause, Given, causes_of, dials_of, given_of, named
from controller.settings import LoadedProfile
from drivers.pressure import PressureConnected
from drivers.pump import PumpConnected


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything.

    holds_s, resumed_s: when the line was left to come to rest, and when a person said go again. moved_ul: what has left the
    syringe, None where that is not certain. taken_back_ul: by relief. last_s: when the procedure was over, or was last heard of.
    seed: the hash of the end, or of the last entry; the identifiers of the procedure are made from it.
    """

    shown: Shown
    who: Identity
    loaded: LoadedProfile
    dose: Delivered
    given: tuple[Given, ...]
    causes: tuple[Cause, ...]
    holds_s: tuple[float, ...]
    resumed_s: tuple[float, ...]
    moved_ul: float | None
    taken_back_ul: float
    pump: PumpConnected | None
    pressure: PressureConnected | None
    last_s: float
    seed: str

    @property
    def setup(self) -> Mapping[str, Any]:
        """What was set up, where the procedure was begun from a page; else empty."""
        setup = self.shown.header.get("setup")
        return setup if isinstance(setup, dict) else {}

    @property
    def after(self) -> tuple[datetime, Mapping[str, Any]] | None:
        """When the newest account of the care afterwards was given, and what is in it."""
        for entry in reversed(self.shown.story):
            if entry.kind == AFTER and entry.body.get("name") == AFTER_CARE:
                return datetime.fromisoformat(str(entry.body["utc"])), dict(entry.body["values"])
        return None

    @property
    def reason(self) -> str | None:
        """The name of the reason that it ended for; None where that is not in the record."""
        return None if self.shown.end is None else str(self.shown.end.get("reason"))

    @property
    def headline(self) -> str:
        """How it ended, in a sentence."""
        if self.reason is None:
            return "NOT CLOSED: how it ended is not in the record"
        return f"{self.reason}: {words_of(self.reason)}"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader has to know before anything else."""
        found = [f"Of this record: {problem.text}" for problem in self.shown.problems]
        if self.dose.uncertain:
            low_ml, high_ml = self.dose.min_ul / 1000, self.dose.max_ul / 1000
            found.append(f"What was delivered is known within bounds only: between {low_ml:.5f} and {high_ml:.5f} mL")
        return tuple(found)

    def utc(self, t_s: float) -> datetime:
        """When that was, by the system's clock at the start."""
        return (self.who.started_utc + timedelta(seconds=t_s)).astimezone(UTC)

    def under_way(self, t_s: float) -> Given | None:
        """The motion into the patient that was the newest then."""
        begun = [given for given in self.given if given.announced_s <= t_s]
        return begun[-1] if begun else None


def facts_of(path: Path) -> Facts:
    """Raises RecordError where the record can not be read, is not what was written, or does not say what was delivered."""
    shown = show(path)
    breach = next((problem.text for problem in shown.problems if problem.breach), None)
    if breach is not None:
        raise RecordError(f"{shown.record} is not as it was written, so no DICOM document is made of it: {breach}")
    if shown.dose is None:
        raise RecordError(f"no DICOM document is made of {shown.record}: {shown.dose_problem}")
    with open_record(path) as record:
        loaded, _ = configuration(record)
        who = identity(record)
        dials = dials_of(record)
    story = [entry for entry in shown.story if entry.kind != AFTER]
    answers = [entry for entry in named(story, "answer") if entry.body.get("id") == "next_increment"]
    causes = causes_of(shown)
    return Facts(
        shown=shown,
        who=who,
        loaded=loaded,
        dose=shown.dose,
        given=given_of(shown.dose, story, causes, dials.peaks),
        causes=causes,
        holds_s=tuple(entry.t_s for entry in named(story, "increment_done")),
        resumed_s=tuple(entry.t_s for entry in answers if not str(entry.body["text"]).startswith("simulated operator")),
        moved_ul=_moved_ul(shown),
        taken_back_ul=sum(float(entry.body["withdrawn_ul"]) for entry in story if entry.kind == "motion_end"),
        pump=dials.pump,
        pressure=dials.pressure,
        last_s=story[-1].t_s,
        seed=next((entry.hash for entry in story if entry.kind == "end"), shown.last_hash),
    )


def _moved_ul(shown: Shown) -> float | None:
    """What has left the syringe, priming included; None where a motion has no certain end."""
    begun = {int(entry.body["motion"]) for entry in shown.story if entry.kind == "intent"}
    ends = {int(entry.body["motion"]): entry.body for entry in shown.story if entry.kind == "motion_end"}
    if begun != set(ends) or not all(body["certain"] is True for body in ends.values()):
        return None
    return sum(float(body["infused_max_ul"]) - float(body["withdrawn_ul"]) for body in ends.values())
