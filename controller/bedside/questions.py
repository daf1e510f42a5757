"""What is asked before a procedure, in the order in which it is done; the wording is for the one who stands beside the patient.

What a profile says of the line already is asked too, so that it is confirmed against what really lies there.
"""

from dataclasses import replace
from typing import Final

from controller.bedside.fields import CLOCK, YES_NO, Field, Option, options
from controller.settings import LoadedProfile, catalogue
from controller.settings.catalogue import COLDEST_C, WARMEST_C
from controller.settings.profile import NARROWEST_BORE_MM, WIDEST_BORE_MM

PROFILE_KEYS: Final = {
    "agent": "line.agent",
    "temperature_c": "line.temperature_c",
    "syringe": "line.syringe",
    "fill_ml": "line.fill_ml",
    "cannula": "line.cannula",
    "lot_bore_mm": "line.lot_bore_mm",
    "target_ml": "injection.target_ml",
}
"""Which of the questions are about what a profile holds, and under which key."""

INDICATION: Final = options(spontaneous="spontaneous", single_pore="from a single pore", unilateral="of one breast only")
CONTRAINDICATIONS: Final = {
    "contra_iodine": "Severe allergic reaction to iodinated contrast",
    "contra_surgery": "Earlier surgery of this nipple that may have displaced its ducts",
    "contra_retraction": "Retracted nipple",
    "contra_mastitis": "Mastitis or abscess of this breast",
}

QUESTIONS: Final = (
    Field("indication", "Indication", "The discharge is", "multi", INDICATION, required=True),
    Field(
        "indication_note", "Indication", "Indicated all the same, because", "text",
        help="Only where one of the three does not hold.",
    ),
    Field(
        "discharge", "Indication", "Appearance", "choice",
        options("serosanguineous", "sanguineous", "clear", "other"), required=True,
        help="Bloody, bloody-watery and clear discharge are the suspicious ones.",
    ),
    Field("discharge_other", "Indication", "Other appearance", "text"),
    *(Field(name, "Contraindications", label, "choice", YES_NO, required=True) for name, label in CONTRAINDICATIONS.items()),
    Field(
        "consent", "Consent", "Risks, benefits and alternatives were discussed, and the patient has consented", "check",
        required=True,
    ),
    Field("scout_cc", "Scout views", "Scout view craniocaudal (CC)", "check", required=True),
    Field("scout_ml", "Scout views", "Scout view mediolateral (ML)", "check", required=True),
    Field("scout_mag", "Scout views", "Scout view behind the areola, magnified", "check", required=True),
    Field(
        "scout_findings", "Scout views", "Seen on the scout views", "text", long=True,
        help="Calcifications, masses. No names: records hold none.",
    ),
    Field("side", "Duct", "Side", "choice", options("left", "right"), required=True),
    Field(
        "duct", "Duct", "Orifice", "choice", CLOCK, required=True,
        help="Seen from in front. Pressing around the areola shows which pore discharges.",
    ),
    Field(
        "patient", "Duct", "Pseudonym", "text", required=True,
        help="Letters, digits, - and _, 32 at most, one digit at least. Never a name.",
    ),
    Field("continues", "Duct", "Continues the record", "text", help="Only where this duct has had an injection today."),
    Field("agent", "Contrast", "Contrast agent", "choice", required=True, help="Full strength, water soluble."),
    Field("lot", "Contrast", "Lot", "text", required=True),
    Field("expiry", "Contrast", "Expiry", "date", required=True, help="Where only a month is printed: that month's last day."),
    Field(
        "temperature_c", "Contrast", "Temperature", "number", unit="°C", required=True,
        help=f"As it is in the syringe, {COLDEST_C:g} to {WARMEST_C:g} °C.",
    ),
    Field("syringe", "Line", "Syringe", "choice", required=True, help="What stands on its barrel: the dose follows from it."),
    Field(
        "fill_ml", "Line", "Fill volume", "number", unit="mL", required=True,
        help="Priming, target and reserve have to be in it. Without bubbles.",
    ),
    Field(
        "cannula", "Line", "Cannula", "choice", required=True,
        help="Where it does not go in: hold the nipple between thumb and finger, tilt or turn it; a warm moist cloth relaxes it.",
    ),
    Field(
        "lot_bore_mm", "Line", "Calibrated bore of the lot", "number", unit="mm",
        help=f"Where the lot was measured, {NARROWEST_BORE_MM:g} to {WIDEST_BORE_MM:g} mm. Else left empty.",
    ),
    Field("target_ml", "Line", "Target", "number", unit="mL", required=True, help="In whole increments."),
    Field("anaesthetic", "Patient", "Local anaesthetic", "choice", options("none", "given"), required=True,
          help="Pain warns less then: the limits stay as they are."),
    Field("anaesthetic_what", "Patient", "Local anaesthetic: which, and how much", "text"),
    Field(
        "towel", "Patient", "Warm towel on the breast", "choice", options(used="used", not_used="not used"), required=True,
        help="For 10 to 15 minutes; it relaxes the muscle around the ducts.",
    ),
    Field("towel_note", "Patient", "Towel for less than 10 minutes, because", "text"),
    Field(
        "positioned", "Patient", "Lies obliquely on the back, the arm of this side raised, the hand behind the head", "check",
        required=True,
    ),
    Field("cleansed", "Patient", "Nipple and areola are cleansed, disinfected and draped", "check", required=True),
    Field(
        "equipment", "Patient", "Mammography unit, contrast, cannula, lamp, magnifying lens and sterile supplies are ready",
        "check", required=True,
    ),
)  # fmt: skip


def setup_fields(loaded: LoadedProfile) -> tuple[Field, ...]:
    """The questions, with what the catalogue offers for this profile's kind."""
    known, profile = catalogue(), loaded.profile
    offered: dict[str, tuple[Option, ...]] = {
        "agent": tuple(
            Option(key, f"{agent.name}, {agent.iodine_mg_ml:g} mg iodine/mL")
            for key, agent in known.agents.items()
            if profile.kind != "bedside" or not agent.bench_only
        ),
        "syringe": tuple(Option(key, syringe.name) for key, syringe in known.syringes.items()),
        "cannula": tuple(Option(key, cannula.name) for key, cannula in known.cannulas.items()),
    }
    fields = (replace(field, options=offered[field.name]) if field.name in offered else field for field in QUESTIONS)
    # where the profile gives a calibrated bore, an empty field would leave it in force unseen
    calibrated = profile.line.lot_bore_mm is not None
    return tuple(replace(field, required=True) if calibrated and field.name == "lot_bore_mm" else field for field in fields)


def first_values(loaded: LoadedProfile) -> dict[str, object]:
    """What the profile says of line and target: to be confirmed rather than typed. Nothing that has to be ticked is ticked."""
    line = loaded.profile.line
    first: dict[str, object] = {
        "agent": line.agent,
        "temperature_c": line.temperature_c,
        "syringe": line.syringe,
        "fill_ml": line.fill_ml,
        "cannula": line.cannula,
        "target_ml": loaded.profile.injection.target_ml,
    }
    return first if line.lot_bore_mm is None else first | {"lot_bore_mm": line.lot_bore_mm}
