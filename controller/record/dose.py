"""What one record says of itself: whose it is, and what it delivered into the patient."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from controller.record.errors import RecordError
from controller.record.reader import Entry, Record

EXTRAVASATION = "EXTRAVASATION_SUSPECTED"
PAINS_OF_EXTRAVASATION = ("focal", "burning")
"""What a patient feels of an extravasation, as the after-care names it (How to Perform: Ductograms, troubleshooting)."""
KINDS = ("simulation", "bench", "bedside")
_SLACK_UL = 1e-6  # two sums of the same volumes may differ by rounding


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose record it is. day: the patient's calendar day; predecessor: the file name of the procedure it continues."""

    kind: str
    patient: str
    duct: str
    day: date
    predecessor: str | None
    started_utc: datetime


@dataclass(frozen=True, slots=True)
class Motion:
    """One motion that was announced (or that ended without having been). Volumes are forward plunger volumes.

    It delivered between min_ul and max_ul; certain is false where it never ended, or ended uncertainly.
    """

    number: int
    min_ul: float
    max_ul: float
    certain: bool


@dataclass(frozen=True, slots=True)
class Delivered:
    """What went into the patient: between min_ul and max_ul. uncertain: at least one motion's volume is not known exactly.

    extravasation: suspected by the machine, or by the pain that was noted afterwards.
    """

    min_ul: float
    max_ul: float
    uncertain: bool
    extravasation: bool
    motions: tuple[Motion, ...] = field(default=(), repr=False)


def identity(record: Record) -> Identity:
    """Reads the header. Raises RecordError naming the record and what is wrong with it."""
    header = record.header
    texts = {key: header.get(key) for key in ("kind", "patient", "duct", "day", "started_utc")}
    for key, value in texts.items():
        if not isinstance(value, str) or not value.strip():
            raise RecordError(f"the header of {record.name} has no {key}")
    if texts["kind"] not in KINDS:
        raise RecordError(f"the header of {record.name} is of kind {texts['kind']!r}, not {', '.join(KINDS)}")
    predecessor = header.get("predecessor")
    if predecessor is not None and not isinstance(predecessor, str):
        raise RecordError(f"the header of {record.name} names no record as its predecessor")
    try:
        day = date.fromisoformat(str(texts["day"]))
        started_utc = datetime.fromisoformat(str(texts["started_utc"]))
    except ValueError as error:
        raise RecordError(f"the header of {record.name} has a time that is none: {error}") from error
    if started_utc.tzinfo is None:
        raise RecordError(f"the header of {record.name} has a start without a time zone")
    return Identity(str(texts["kind"]), str(texts["patient"]), str(texts["duct"]), day, predecessor, started_utc)


def delivered(record: Record) -> Delivered:
    """Sums what the record's motions delivered into the patient, in uL of plunger travel.

    Counted are the infusions into the patient: by the range their end gives, or, without one, from nothing to all of it. On the
    safe side, forward volume also counts where it should not have been: in a motion that was never announced, or in a relief.
    And where the end of the record gives a greater maximum than its motions, that is taken. Raises RecordError on a body that
    does not say what it must.
    """
    intents: dict[int, tuple[Entry, float]] = {}
    ends: dict[int, Motion] = {}
    last: dict[str, object] | None = None
    alarmed = pained = False
    for entry in record.entries(["intent", "motion_end", "event", "decision", "end", "after"]):
        if entry.kind == "intent":
            number = _number(record, entry)
            if number in intents:
                raise RecordError(f"motion {number} is announced twice in {record.name}")
            intents[number] = (entry, _forward_ul(record, entry))
        elif entry.kind == "motion_end":
            motion = _motion_end(record, entry)
            ends[motion.number] = _widest(ends.get(motion.number), motion)
        elif entry.kind == "end":
            last = entry.body
        elif entry.kind == "after":
            values = entry.body.get("values")
            if isinstance(values, dict):  # the newest that was noted counts, as a whole
                pained = values.get("pain_kind") in PAINS_OF_EXTRAVASATION
        else:
            alarmed = alarmed or EXTRAVASATION in json.dumps(entry.body)
    motions = _motions(intents, ends)
    low, high = math.fsum(m.min_ul for m in motions), math.fsum(m.max_ul for m in motions)
    uncertain = any(not m.certain for m in motions)
    if last is not None:
        # An ended record says itself why; in one that was cut off, whatever was seen last has to do.
        alarmed = EXTRAVASATION in json.dumps([last.get("reason"), last.get("also")])
        stated_ul = _end_ul(record, last)
        if stated_ul > high + _SLACK_UL:
            high, uncertain = stated_ul, True
    return Delivered(low, high, uncertain, alarmed or pained, motions)


def _motions(intents: Mapping[int, tuple[Entry, float]], ends: Mapping[int, Motion]) -> tuple[Motion, ...]:
    motions = []
    for number in sorted(intents.keys() | ends.keys()):
        intent, end = intents.get(number), ends.get(number)
        if intent is None:
            if end is not None:
                motions.append(Motion(number, end.min_ul, end.max_ul, certain=False))
            continue
        entry, volume_ul = intent
        if entry.body.get("into") == "air":
            continue
        if end is None:
            end = Motion(number, 0.0, volume_ul, certain=False)
        if volume_ul > 0 or end.max_ul > 0:
            motions.append(end)
    return tuple(motions)


def _forward_ul(record: Record, intent: Entry) -> float:
    """How much of an intent can go forward into the patient: its volume, or 0.0 where it goes elsewhere or back."""
    into, direction = intent.body.get("into"), intent.body.get("direction")
    if into not in ("patient", "air", "relief") or direction not in ("infuse", "withdraw"):
        raise RecordError(f"entry {intent.seq} of {record.name} is a motion {direction!r} into {into!r}")
    volume_ul = _volume(record, intent, "volume_ul")
    return volume_ul if into == "patient" and direction == "infuse" else 0.0


def _motion_end(record: Record, entry: Entry) -> Motion:
    low, high = _volume(record, entry, "infused_min_ul"), _volume(record, entry, "infused_max_ul")
    certain = entry.body.get("certain")
    if low > high or not isinstance(certain, bool):
        raise RecordError(f"entry {entry.seq} of {record.name} ends a motion between {low} and {high} uL, certain {certain!r}")
    return Motion(_number(record, entry), low, high, certain)


def _widest(one: Motion | None, other: Motion) -> Motion:
    if one is None:
        return other
    return Motion(other.number, min(one.min_ul, other.min_ul), max(one.max_ul, other.max_ul), one.certain and other.certain)


def _number(record: Record, entry: Entry) -> int:
    number = entry.body.get("motion")
    if not isinstance(number, int) or isinstance(number, bool):
        raise RecordError(f"entry {entry.seq} of {record.name} names no motion")
    return number


def _volume(record: Record, entry: Entry, key: str) -> float:
    value = entry.body.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
        raise RecordError(f"entry {entry.seq} of {record.name} has {key} {value!r}, not a volume")
    return float(value)


def _end_ul(record: Record, end: Mapping[str, object]) -> float:
    value = end.get("delivered_max_ml", 0.0)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
        raise RecordError(f"the end of {record.name} has delivered_max_ml {value!r}, not a volume")
    return float(value) * 1000.0
