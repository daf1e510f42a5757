"""What is answered in the browser tests: right for any day on which they run."""

from datetime import datetime, timedelta

_TODAY = datetime.now().astimezone().date()
EXPIRY = (_TODAY + timedelta(days=200)).isoformat()
YESTERDAY = (_TODAY - timedelta(days=1)).isoformat()
WEEK = (_TODAY + timedelta(days=7)).isoformat()
TWO_WEEKS = (_TODAY + timedelta(days=14)).isoformat()

SETUP: dict[str, object] = {
    "indication": ["spontaneous", "single_pore", "unilateral"],
    "discharge": "clear",
    "contra_iodine": "no",
    "contra_surgery": "no",
    "contra_retraction": "no",
    "contra_mastitis": "no",
    "consent": True,
    "scout_cc": True,
    "scout_ml": True,
    "scout_mag": True,
    "side": "left",
    "duct": "2",
    "patient": "P-17",
    "lot": "A123",
    "expiry": EXPIRY,
    "target_ml": 0.10,
    "anaesthetic": "none",
    "towel": "not_used",
    "positioned": True,
    "cleansed": True,
    "equipment": True,
}
"""In the order of the page. What is in the line the profile says already."""

CARE: dict[str, object] = {"cannula_removed": True, "bleeding": "none", "discharge_after": "none", "instructions_verbal": True}
IMAGES: dict[str, object] = {
    "imaging_cc_mag": True,
    "imaging_lateral_mag": True,
    "findings_seen": "yes",
    "filling_defect": "yes",
    "cut_off": "no",
    "dilatation": "mild",
}
