"""The codes of the DICOM document: what its items are called, what they can be, and which of them each reason to stop is.

DICOM has no completion status for what matters most here. What comes nearest is taken, and the words stand beside it
(docs/records.md). What no code system has a concept for is named by a scheme of our own, 99DUCTOJECT.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from controller.core.reasons import Reason


class Code(NamedTuple):
    """A coded concept: value (at most 16 characters), scheme and meaning (at most 64 characters)."""

    value: str
    scheme: str
    meaning: str


def _dcm(value: str, meaning: str) -> Code:
    return Code(value, "DCM", meaning)


def _sct(value: str, meaning: str) -> Code:
    return Code(value, "SCT", meaning)


def _own(value: str, meaning: str) -> Code:
    return Code(value, OWN_SCHEME, meaning)


OWN_SCHEME: Final = "99DUCTOJECT"

# -- names of items: who reports, and on what ----------------------------------------------------------------------------------
LANGUAGE: Final = _dcm("121049", "Language of Content Item and Descendants")
OBSERVER_TYPE: Final = _dcm("121005", "Observer Type")
OBSERVER_UID: Final = _dcm("121012", "Device Observer UID")
OBSERVER_NAME: Final = _dcm("121013", "Device Observer Name")
OBSERVER_MODEL: Final = _dcm("121015", "Device Observer Model Name")
OBSERVER_SERIAL: Final = _dcm("121016", "Device Observer Serial Number")
STUDY_UID: Final = _dcm("121018", "Procedure Study Instance UID")
PROCEDURE_CODE: Final = _dcm("121023", "Procedure Code")
COMMENT: Final = _dcm("121106", "Comment")

# -- names of items: what is given, and through what ---------------------------------------------------------------------------
PERFORMED: Final = _dcm("130227", "Performed Imaging Agent Administration")
AGENT: Final = _dcm("130183", "Imaging Agent Information")
AGENT_ID: Final = _dcm("130254", "Imaging Agent Identifier")
INITIAL_VOLUME: Final = _dcm("130205", "Initial Volume of Imaging Agent in Container")
RESIDUAL_VOLUME: Final = _dcm("130206", "Residual Volume of Imaging Agent in Container")
OSMOLALITY: Final = _dcm("130184", "Osmolality at 37C")
VISCOSITY: Final = _dcm("130186", "Viscosity at 37C")
WARMED: Final = _dcm("130187", "Imaging Agent Warmed")
IS_IONIC: Final = _dcm("130189", "Is Ionic")
COMPONENT: Final = _dcm("130238", "Imaging Agent Component")
COMPONENT_VOLUME: Final = _dcm("130239", "Component Volume")
CONTRAST_AGENT: Final = _dcm("123011", "Contrast/Bolus Agent")
BRAND: Final = _dcm("111529", "Brand Name")
LOT: Final = _dcm("121149", "Lot Identifier")
INGREDIENT: Final = _sct("127489000", "Active Ingredient")
CONCENTRATION: Final = _dcm("122093", "Concentration")
CONSUMABLE: Final = _dcm("130222", "Imaging Agent Administration Consumable")
CONSUMABLE_TYPE: Final = _dcm("130223", "Imaging Agent Administration Consumable Type")
EXPIRY: Final = _own("EXPIRY", "Expiration Date")
TEMPERATURE: Final = _own("TEMPERATURE", "Imaging Agent Temperature as stated")

# -- names of items: how it was given ------------------------------------------------------------------------------------------
STEPS: Final = _dcm("130192", "Imaging Agent Administration Steps")
PROTOCOL: Final = _dcm("130200", "Imaging Agent Administration Protocol Name")
DESCRIPTION: Final = _dcm("130199", "Imaging Agent Administration Steps Description")
MODE: Final = _dcm("130181", "Administration Mode")
VOLUME_LIMIT: Final = _dcm("130228", "Contrast Volume Limit")
PRESSURE_LIMIT: Final = _dcm("130193", "Pressure Limit")
COMPLETION: Final = _dcm("130211", "Imaging Agent Administration Completion Status")
STEP: Final = _dcm("130195", "Imaging Agent Administration Step")
STEP_UID: Final = _dcm("130246", "Imaging Agent Administration Performed Step UID")
STEP_ID: Final = _dcm("130196", "Imaging Agent Administration Step Identifier")
STEP_TYPE: Final = _dcm("130250", "Administration Step Type")
STEP_VOLUME: Final = _dcm("130241", "Total Step Volume Administered")
ROUTE: Final = _sct("410675002", "Route of administration")
PHASE: Final = _dcm("130202", "Imaging Agent Administration Phase")
PHASE_UID: Final = _dcm("130261", "Imaging Agent Administration Performed Phase UID")
PHASE_ID: Final = _dcm("130203", "Imaging Agent Administration Phase Identifier")
PHASE_TYPE: Final = _dcm("130204", "Imaging Agent Administration Phase Type")
PHASE_VOLUME: Final = _dcm("130240", "Total Phase Volume Administered")
ACTIVITY: Final = _dcm("130237", "Imaging Agent Administration Activity")
STARTED: Final = _dcm("111526", "DateTime Started")
ENDED: Final = _dcm("111527", "DateTime Ended")
FIRST_FLOW: Final = _dcm("130208", "Starting Flow Rate of administration")
LAST_FLOW: Final = _dcm("130209", "Ending Flow Rate of administration")
PEAK_PRESSURE: Final = _dcm("130245", "Peak Pressure in Phase Activity")
ORDERED_VOLUME: Final = _own("ORDERED_VOLUME", "Ordered Volume")
LEAST_VOLUME: Final = _own("LEAST_VOLUME", "Least Volume that can have been administered")
MOST_VOLUME: Final = _own("MOST_VOLUME", "Most Volume that can have been administered")
TAKEN_BACK: Final = _own("TAKEN_BACK", "Volume taken back into the syringe by relief")
ZERO_FLOW: Final = _own("ZERO_FLOW", "Line Pressure at zero flow after this step")

# -- names of items: what went wrong -------------------------------------------------------------------------------------------
ADVERSE_EVENTS: Final = _dcm("130212", "Imaging Agent Administration Adverse Events")
ADVERSE_EVENT: Final = _sct("281647001", "Adverse reaction")
ADVERSE_TIME: Final = _dcm("130215", "Adverse Event Detection DateTime")
DISCONTINUED: Final = _dcm("130220", "Administration discontinued")
INJECTOR_EVENTS: Final = _dcm("130233", "Imaging Agent Administration Injector Events")
INJECTOR_EVENT: Final = _dcm("130234", "Imaging Agent Administration Injector Event Type")
EVENT_TIME: Final = _dcm("130235", "Injector Event Detection DateTime")
OF_STEP: Final = _dcm("130216", "Referenced Imaging Agent Administration Step UID")
OF_PHASE: Final = _dcm("130262", "Referenced Imaging Agent Administration Phase UID")
OF_AGENT: Final = _dcm("130255", "Referenced Imaging Agent Identifier")

# -- values --------------------------------------------------------------------------------------------------------------------
ENGLISH: Final = Code("en", "RFC5646", "English")
DEVICE: Final = _dcm("121007", "Device")
MAMMARY_DUCTOGRAM: Final = _sct("18102001", "Mammary ductogram")
YES: Final = _sct("373066001", "Yes")
NO: Final = _sct("373067005", "No")
IODINE: Final = _sct("44588005", "Iodine")
IOTHALAMATE: Final = _sct("353912008", "Iothalamate")
IOPAMIDOL: Final = _sct("109219007", "Iopamidol")
WATER: Final = _sct("11713004", "Water")
SYRINGE: Final = _sct("61968008", "Syringe")
NEEDLE: Final = _sct("79068005", "Needle")
TUBE: Final = _sct("83059008", "Tube")
AUTOMATED: Final = _dcm("130173", "Automated Administration")
DIAGNOSTIC: Final = _dcm("130249", "Diagnostic Administration")
PROGRAMMED: Final = _dcm("130168", "Automatic Programmed Administration Phase")
INTRALUMINAL: Final = _sct("37737002", "Intraluminal route")
HOLD_STARTED: Final = _dcm("130266", "Programmed hold started")
HOLD_LEFT: Final = _dcm("130268", "Manual resume from hold")
EQUIPMENT_FAILURE: Final = _dcm("110501", "Equipment failure")
BURNING: Final = _sct("95389008", "Injection site burning")
HEMORRHAGE: Final = _sct("95385002", "Injection site hemorrhage")
EXTRAVASATION: Final = _sct("95384003", "Injection Site Extravasation")
PAIN: Final = _sct("95388000", "Injection site pain")
COMPLETE: Final = _sct("255594003", "Complete")
BY_OPERATOR: Final = _dcm("130154", "Terminated due to request from operator")
BY_PRESSURE: Final = _dcm("130156", "Terminated due to pressure above termination limit")
BY_AIR: Final = _dcm("130176", "Terminated due to air detected")
BY_SILENCE: Final = _dcm("130159", "Terminated due to injector communication loss")
BY_FAILURE: Final = _dcm("130160", "Terminated due to unspecified injector failure")

# -- units ---------------------------------------------------------------------------------------------------------------------
ML: Final = Code("ml", "UCUM", "ml")
ML_S: Final = Code("ml/s", "UCUM", "ml/s")
MG_ML: Final = Code("mg/ml", "UCUM", "mg/ml")
KPA: Final = Code("kPa", "UCUM", "kPa")
CELSIUS: Final = Code("Cel", "UCUM", "degrees Celsius")
MOSM_KG: Final = Code("mosm/kg", "UCUM", "mosm/kg")
MPA_S: Final = Code("mPa.s", "UCUM", "mPa.s")

AGENTS: Final = {"conray": IOTHALAMATE, "isovue": IOPAMIDOL, "water": WATER}
"""The contrast agent by the first word of its key in the catalogue."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What a reason is in DICOM's words. event: None for a good end, which is no event. adverse: what befell the patient."""

    completion: Code
    event: Code | None
    adverse: Code | None = None


_GOOD: Final = Ending(COMPLETE, None)
_ASKED: Final = Ending(BY_OPERATOR, BY_OPERATOR)
_PRESSED: Final = Ending(BY_PRESSURE, BY_PRESSURE)
_SILENT: Final = Ending(BY_SILENCE, BY_SILENCE)
_FAILED: Final = Ending(BY_FAILURE, EQUIPMENT_FAILURE)

ENDINGS: Final[dict[Reason, Ending]] = {
    Reason.VOLUME_REACHED: _GOOD,
    Reason.DUCT_FULL: _GOOD,
    Reason.FULLNESS: _GOOD,
    # The button and the keyboard are requests; there is no code for who made them. What was felt is the adverse event.
    Reason.PAIN_STOP: Ending(BY_OPERATOR, BY_OPERATOR, PAIN),
    Reason.EXTRAVASATION_SUSPECTED: Ending(BY_OPERATOR, BY_OPERATOR, EXTRAVASATION),
    Reason.OPERATOR_STOP: _ASKED,
    Reason.REFLUX: _ASKED,  # the operator sees it and says so; nothing was completed
    Reason.PRESSURE_CEILING: _PRESSED,
    Reason.RESISTANCE: _PRESSED,
    Reason.AIR_IN_LINE: Ending(BY_AIR, BY_AIR),
    Reason.PUMP_SILENT: _SILENT,
    Reason.PRESSURE_SILENT: _SILENT,
    Reason.LINE_OPEN: _FAILED,
    Reason.OVER_DELIVERY: _FAILED,
    Reason.UNCOMMANDED_MOTION: _FAILED,
    Reason.PUMP_FAULT: _FAILED,
    Reason.PRESSURE_FAULT: _FAILED,
    Reason.BUTTON_FAULT: _FAILED,
    Reason.HOST_LATE: _FAILED,
    Reason.HOST_ERROR: _FAILED,
    Reason.RECORDER_FAULT: _FAILED,
    Reason.STOP_UNCONFIRMED: _FAILED,
    Reason.SELF_TEST_FAILED: _FAILED,
    Reason.PRIME_REFUSED: _FAILED,
}


def ending_of(name: object) -> Ending | None:
    """What the reason of this name is in DICOM's words; None where this version does not know it."""
    return ENDINGS[Reason[str(name)]] if str(name) in Reason.__members__ else None
