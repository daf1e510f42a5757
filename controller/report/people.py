"""What people answered, before and after a procedure, as tables: only those of which the record holds something."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from controller.bedside import after_care
from controller.bedside.fields import Field, pairs, told
from controller.bedside.questions import QUESTIONS, setup_fields
from controller.bedside.setup import WARM_TOWEL_S
from controller.record.after import newest_values
from controller.record.reader import Entry
from controller.record.verify import AFTER
from controller.settings import LoadedProfile

Rows = tuple[tuple[str, str], ...]

_ELSEWHERE: Final = ("patient", "continues", "temperature_c", "syringe", "fill_ml", "cannula", "lot_bore_mm", "target_ml")
"""Of the set-up: what other tables say, as it was in force."""
_TOWEL: Final = next(field.label for field in QUESTIONS if field.name == "towel")
_ALARM: Final = {"acknowledge": "alarm acknowledged (UTC)", "reset": "alarm reset (UTC)"}


def setup_rows(header: Mapping[str, Any], loaded: LoadedProfile) -> Rows:
    """What was answered before; empty where the procedure was not set up on a page."""
    values = _object(header.get("setup"))
    asked = [field for field in setup_fields(loaded) if field.name not in _ELSEWHERE]
    lain_s = values.get(WARM_TOWEL_S)
    lain = f", for {lain_s / 60.0:.1f} min" if isinstance(lain_s, int | float) else ""
    rows = _rows(asked, values, {*_ELSEWHERE, WARM_TOWEL_S})
    return tuple((label, f"{text}{lain}" if label == _TOWEL and values.get("towel") == "used" else text) for label, text in rows)


def after_rows(name: str, story: Sequence[Entry], end: Mapping[str, Any], day: date) -> tuple[Rows, Rows]:
    """What was found, and how the patient was cared for: views and findings, and all the rest. Raises RecordError.

    end: of the record, {} where it has none. day: the patient's calendar day.
    """
    values = newest_values(name, story)
    about_images = [field for field in after_care.QUESTIONS if field.group in after_care.FINDINGS_GROUPS]
    others = [field for field in after_care.QUESTIONS if field.group not in after_care.FINDINGS_GROUPS]
    findings = tuple(pairs(about_images, values))
    cared = _rows(others, values, {field.name for field in about_images})
    alarms = tuple(
        (_ALARM.get(str(entry.body.get("do")), "alarm"), _moment(entry.body.get("utc")))
        for entry in story
        if entry.kind == AFTER and entry.body.get("name") == "alarm"
    )
    written = [
        _moment(entry.body.get("utc")) for entry in story if entry.kind == AFTER and entry.body.get("name") == "after_care"
    ]
    last = (("written down (UTC)", written[-1]),) if written else ()
    return findings, (*_again(values, end, day), *cared, *alarms, *last)


def _again(values: Mapping[str, Any], end: Mapping[str, Any], day: date) -> Rows:
    """What is planned where contrast has left the duct."""
    also = end.get("also")
    if not after_care.suspects_extravasation(str(end.get("reason")), values, also if isinstance(also, list) else ()):
        return ()
    first, last = after_care.reschedule(day)
    return (("Plan after extravasation", f"to be injected again between {first} and {last}"),)


def _rows(fields: Sequence[Field], values: Mapping[str, Any], elsewhere: set[str]) -> Rows:
    """The answers in order; what another version asked stands behind them by its name."""
    known = {field.name for field in fields} | elsewhere
    return (*pairs(fields, values), *((name, told(value)) for name, value in sorted(values.items()) if name not in known))


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _moment(utc: object) -> str:
    return str(utc)[:19].replace("T", " ")
