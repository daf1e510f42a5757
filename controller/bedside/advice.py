"""What to do when a procedure has ended: by its reason, and by what the patient says. For the one who stands beside her."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from controller.core.reasons import GOOD_ENDS, Reason
from controller.record.dose import PAINS_OF_EXTRAVASATION

RESCHEDULE_DAYS: Final = (7, 14)

IMAGE_NOW: Final = "Image now: magnified CC and lateral views."
_MORE_VIEWS: Final = "Where ducts overlap or more has to be seen: rolled magnified CC views, or an MLO view."
_THEN_OUT: Final = "Leave the cannula taped until the views are taken; then take it out and look for bleeding or discharge."
_CANNULA_OUT: Final = "Take the cannula out."
_NO_MORE: Final = "Nothing more goes into this duct today."
_NOTHING_IN: Final = "Nothing was injected: put right what the message names, and begin again with a new self-test."
_SEE_WHAT_IS_IN: Final = "What contrast is in may still be worth a view: magnified CC and lateral."
_PUMP_OFF: Final = "Switch the pump off and open the line. Do not use the pump again before it was checked."
_STANDS_STILL: Final = "See that the plunger stands still."
_BY_HAND: Final = "The record could not be kept: look whether the disk is full. Note by hand what was injected."
_AGAIN: Final = "The record says what went in. Before another injection into this duct, continue this record."
_ASK: Final = "Ask where it hurts and how: focal pain or burning means that contrast has left the duct."

_BY_REASON: Final[Mapping[str, tuple[str, ...]]] = {
    "PAIN_STOP": (_ASK, "If the pain stays, take the cannula out."),
    "OPERATOR_STOP": (_SEE_WHAT_IS_IN, _THEN_OUT),
    "PRESSURE_CEILING": (
        "Open the line before anything else is touched; do not push by hand.",
        "The tip may stand against a wall or be clogged, or the duct is full.",
        _CANNULA_OUT,
    ),
    "RESISTANCE": (
        "Do not push by hand against it: the tip may stand against a wall or be clogged, or the duct is full.",
        _SEE_WHAT_IS_IN,
        _THEN_OUT,
    ),
    "REFLUX": (
        "Look whether the cannula sits deep enough and is taped to the skin.",
        "If it does: something may close the duct just behind the nipple. Note it with the findings.",
        _SEE_WHAT_IS_IN,
        _THEN_OUT,
    ),
    "LINE_OPEN": ("Look at luers, tube and the syringe's seat: fluid went where there was no resistance.", _CANNULA_OUT, _AGAIN),
    "AIR_IN_LINE": (
        "Air looks like a filling defect: judge no view of this injection by it.",
        "Take the cannula out, remove the bubbles from syringe, tube and cannula, and prime anew.",
        _AGAIN,
    ),
    "OVER_DELIVERY": (_PUMP_OFF, _CANNULA_OUT, _ASK),
    "UNCOMMANDED_MOTION": (_PUMP_OFF, _CANNULA_OUT, _ASK),
    "STOP_UNCONFIRMED": (_PUMP_OFF, _STANDS_STILL, _CANNULA_OUT, _ASK),
    "PUMP_FAULT": ("Read on the pump what has failed: stall, power or a setting it refused.", _CANNULA_OUT, _AGAIN),
    "PUMP_SILENT": ("Look at the plunger: the pump stops by itself within about two seconds.", _CANNULA_OUT, _AGAIN),
    "PRESSURE_FAULT": ("Look at the pressure transmitter, its cable and its supply.", _CANNULA_OUT, _AGAIN),
    "PRESSURE_SILENT": ("Look at the pressure transmitter, its cable and its supply.", _CANNULA_OUT, _AGAIN),
    "BUTTON_FAULT": (
        "Look at the stop button's plug, cable and adapter; a new self-test shows whether it works.",
        _CANNULA_OUT,
        _AGAIN,
    ),
    "HOST_LATE": ("The computer was too slow: end whatever else runs on it.", _CANNULA_OUT, _AGAIN),
    "HOST_ERROR": ("The program failed: keep the record for whoever maintains it.", _CANNULA_OUT, _AGAIN),
    "RECORDER_FAULT": (_BY_HAND, _CANNULA_OUT),
    "SELF_TEST_FAILED": (_NOTHING_IN,),
    "PRIME_REFUSED": (
        _NOTHING_IN,
        "Look for bubbles, a loose luer, and whether this is the contrast and the cannula that were named.",
    ),
}
_UNKNOWN: Final = (
    "How it ended is not known: look at the pump, and see that the plunger stands still.",
    _CANNULA_OUT,
    "What may have gone in counts as given.",
)


def reschedule(ended: date) -> tuple[date, date]:
    """Between which days a duct may be injected again after extravasation."""
    first, last = RESCHEDULE_DAYS
    return ended + timedelta(days=first), ended + timedelta(days=last)


def is_good(reason: str | None) -> bool:
    """Whether the reason is an end as it was planned."""
    return reason in Reason.__members__ and Reason[str(reason)] in GOOD_ENDS


def suspects_extravasation(reason: str | None, values: Mapping[str, object], also: Sequence[str] = ()) -> bool:
    """Whether the machine suspects it, or what the patient feels does. also: what else the end of the record names."""
    if Reason.EXTRAVASATION_SUSPECTED.name in (reason, *also):
        return True
    felt = values.get("pain_kind")
    return isinstance(felt, str) and felt in PAINS_OF_EXTRAVASATION


def advice(reason: str | None, ended: date, values: Mapping[str, object], also: Sequence[str] = ()) -> list[str]:
    """What to do, one sentence a step, the most urgent first. reason: None where the record has no end. Never raises."""
    said: list[str] = []
    if Reason.STOP_UNCONFIRMED.name in also:
        said += [_PUMP_OFF, _STANDS_STILL]
    if values.get("bleeding") == "significant":
        said.append("Press a sterile pad on the nipple until the bleeding stops, and have a physician look at it.")
    if suspects_extravasation(reason, values, also):
        first, last = reschedule(ended)
        said += [*(_BY_REASON["STOP_UNCONFIRMED"][:2] if reason == Reason.STOP_UNCONFIRMED.name else ()), _CANNULA_OUT]
        said += ["Give mild analgesia.", _NO_MORE, f"Reschedule between {first.isoformat()} and {last.isoformat()}."]
    elif is_good(reason):
        said += [IMAGE_NOW, _MORE_VIEWS, _THEN_OUT]
    else:
        said += _BY_REASON.get(str(reason), _UNKNOWN)
    if Reason.RECORDER_FAULT.name in also:
        said.append(_BY_HAND)
    return said
