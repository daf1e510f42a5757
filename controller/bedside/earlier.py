"""What earlier records say of the duct that is to be injected: what is left of its dose, and whether it has to rest."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from controller.bedside.advice import reschedule
from controller.record.dose import delivered, identity
from controller.record.errors import RecordError
from controller.record.files import record_files, utc_day_in_name
from controller.record.ledger import remainder_ul
from controller.record.reader import open_record

_SLACK_UL = 1e-6
_ZONES = timedelta(days=1)  # a patient's calendar day and the UTC day of a file's name differ by less


def earlier_problems(known: Mapping[str, object], duct: str | None, today: date, records: Path) -> dict[str, str]:
    """Field -> one sentence; {} while patient or duct is not known. known: answers with which nothing is wrong by themselves."""
    patient, continues, target_ml = known.get("patient"), known.get("continues"), known.get("target_ml")
    if not isinstance(patient, str) or duct is None:
        return {}
    try:
        resting = _resting(records, patient, duct, today)
        if resting is not None:
            return {"duct": resting}
        left = remainder_ul(records, continues if isinstance(continues, str) else None, patient, duct, today)
    except RecordError as error:
        return {"": f"Refused: {error}."}
    except OSError as error:
        return {"": f"Refused: the records in {records} can not be read: {error.strerror}."}
    if left.allowed_ul <= 0.0:
        return {"continues": left.why}
    if isinstance(target_ml, int | float) and target_ml * 1000.0 > left.allowed_ul + _SLACK_UL:
        return {
            "target_ml": f"Target = {target_ml:g} mL is more than the {left.allowed_ul / 1000.0:.3g} mL that are left. {left.why}"
        }
    return {}


def _resting(records: Path, patient: str, duct: str, today: date) -> str | None:
    """Whether extravasation was suspected in this duct too lately, by the machine or by what was noted afterwards."""
    for path in record_files(records):
        named = utc_day_in_name(path.name)
        if named is not None and reschedule(named)[0] + _ZONES <= today:
            continue
        try:
            with open_record(path) as record:
                whose = identity(record)
                first, last = reschedule(whose.day)
                if today >= first or (_plain(whose.patient), _plain(whose.duct)) != (_plain(patient), _plain(duct)):
                    continue
                if delivered(record).extravasation:
                    seen = f"{record.name} of {whose.day} has suspected extravasation in this duct"
                    return f"Refused: {seen}; it is to be injected again between {first} and {last}, and today is {today}."
        except RecordError:
            continue  # whether it may be passed over is for the ledger to say
    return None


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
