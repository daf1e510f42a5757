"""What is asked after a procedure: views, findings, how the patient is, what was told to her, and what comes next."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from controller.bedside.advice import advice, is_good, reschedule, suspects_extravasation
from controller.bedside.fields import CLOCK, YES_NO, Field, accepted, complaints, options, told
from controller.core.reasons import Reason

FINDINGS_GROUPS: Final = ("Views", "Findings")
"""Groups of questions that are about the images; all the others are about the patient."""
GREATEST_DEPTH_MM: Final = 150.0

QUESTIONS: Final = (
    Field("imaging_cc_mag", "Views", "Magnified CC view taken", "check"),
    Field("imaging_lateral_mag", "Views", "Magnified lateral view taken", "check"),
    Field(
        "more_views", "Views", "Further views", "multi",
        options(rolled_cc="rolled magnified CC", mlo="mediolateral oblique (MLO)"),
        help="Where ducts overlap, or a finding needs them.",
    ),
    Field("findings_seen", "Findings", "Something found", "choice", options("none", "yes")),
    Field("filling_defect", "Findings", "Filling defect", "choice", YES_NO),
    Field("cut_off", "Findings", "Duct breaks off", "choice", YES_NO),
    Field(
        "cut_off_mm", "Findings", "Distance from the nipple to where it breaks off", "number", unit="mm",
        above=0.0, at_most=GREATEST_DEPTH_MM,
    ),
    Field("dilatation", "Findings", "Dilatation", "choice", options("none", "mild", "moderate", "marked")),
    Field("orifice_clock", "Findings", "Ducts filled towards", "choice", CLOCK, help="Seen from in front."),
    Field(
        "artefacts", "Findings", "Artefacts", "multi",
        options(air_bubbles="air bubbles", implant="implant or silicone", overlap="overlapping ducts", other="other"),
    ),
    Field("findings_text", "Findings", "In words", "text", long=True, help="No names: records hold none."),
    Field("pain_kind", "Patient", "Pain", "choice", options("focal", "burning", "other", "none"),
          help="Focal pain or burning means that contrast may have left the duct."),
    Field("pain_text", "Patient", "Pain in her words", "text", long=True, help="No names: records hold none."),
    Field("cannula_removed", "Patient", "The cannula is out", "check", required=True),
    Field("bleeding", "Patient", "Bleeding from the nipple", "choice", options("none", "slight", "significant"), required=True),
    Field("discharge_after", "Patient", "Discharge from the nipple", "choice", options("none", "some"), required=True),
    Field("analgesia", "Patient", "Analgesia", "choice", options("none", "given")),
    Field("analgesia_what", "Patient", "Analgesia: which, and how much", "text"),
    Field("instructions_verbal", "Next", "She was told what to watch for", "check", required=True),
    Field("instructions_printed", "Next", "She has it in writing", "check"),
    Field("pathology_follow_up", "Next", "Pathology: who follows it up, and when", "text", help="No names of patients."),
    Field("imaging_follow_up", "Next", "Further imaging", "text"),
    Field("recommendation", "Next", "Recommendation", "text", long=True),
)  # fmt: skip

_IN_FINDINGS: Final = ("filling_defect", "cut_off", "dilatation")
_LABELS: Final = {field.name: field.label for field in QUESTIONS}


def after_fields(reason: str | None, also: Sequence[str] = ()) -> tuple[Field, ...]:
    """The questions; which have to be answered goes by why it ended. also: what else the end of the record names."""
    needed = set()
    if is_good(reason):
        needed |= {"imaging_cc_mag", "imaging_lateral_mag", "findings_seen"}
    if not {Reason.PAIN_STOP.name, Reason.EXTRAVASATION_SUSPECTED.name}.isdisjoint({reason, *also}):
        needed |= {"pain_kind", "analgesia"}
    return tuple(replace(field, required=True) if field.name in needed else field for field in QUESTIONS)


def check_after(values: Mapping[str, object], reason: str | None, also: Sequence[str] = ()) -> dict[str, str]:
    """Field -> one sentence on what is missing or wrong; {} where nothing is. Never raises for what is in values."""
    fields = after_fields(reason, also)
    right = accepted(fields, values)
    problems = complaints(fields, values)
    for found in (_findings(right), _cut_off(right), _analgesia(right, reason, also)):
        problems = found | problems  # of several sentences on a field the first one stays
    return problems


def after_values_of(values: Mapping[str, object]) -> dict[str, object]:
    """What goes into the record: the answers with which nothing is wrong by themselves, of the questions that there are."""
    return accepted(QUESTIONS, values)


def _findings(right: Mapping[str, object]) -> dict[str, str]:
    seen = right.get("findings_seen")
    named = [name for name in _IN_FINDINGS if right.get(name) not in (None, "no", "none")]
    if seen == "none" and named:
        label = _LABELS[named[0]]
        return {"findings_seen": f'{_LABELS["findings_seen"]} = "none" does not go with {label} = {told(right[named[0]])}.'}
    if seen == "yes" and not named and "findings_text" not in right:
        return {"findings_seen": f'{_LABELS["findings_seen"]} = "yes": say what, below or in words.'}
    return {}


def _cut_off(right: Mapping[str, object]) -> dict[str, str]:
    broken, distance = right.get("cut_off"), right.get("cut_off_mm")
    label = _LABELS["cut_off_mm"]
    if broken == "yes" and distance is None:
        return {"cut_off_mm": f"{label}: is missing."}
    if broken != "yes" and distance is not None:
        return {"cut_off_mm": f'{label} = {told(distance)} mm goes only with {_LABELS["cut_off"]} = "yes".'}
    return {}


def _analgesia(right: Mapping[str, object], reason: str | None, also: Sequence[str]) -> dict[str, str]:
    given, what = right.get("analgesia"), right.get("analgesia_what")
    if given == "given" and what is None:
        return {"analgesia_what": f"{_LABELS['analgesia_what']}: is missing."}
    if given != "given" and what is not None:
        return {"analgesia_what": f'{_LABELS["analgesia_what"]} = {told(what)} goes only with {_LABELS["analgesia"]} = "given".'}
    if given is None and suspects_extravasation(reason, right, also):
        return {"analgesia": f"{_LABELS['analgesia']}: nothing is chosen yet; mild analgesia is advised after extravasation."}
    return {}


__all__ = [
    "FINDINGS_GROUPS",
    "advice",
    "after_fields",
    "after_values_of",
    "check_after",
    "reschedule",
    "suspects_extravasation",
]
