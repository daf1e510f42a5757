"""What is answered in the browser tests: right for any day on which they run."""

from datetime import datetime, timedelta

from tests.bedside.answers import RIGHT

_TODAY = datetime.now().astimezone().date()
EXPIRY = (_TODAY + timedelta(days=200)).isoformat()
YESTERDAY = (_TODAY - timedelta(days=1)).isoformat()
WEEK = (_TODAY + timedelta(days=7)).isoformat()
TWO_WEEKS = (_TODAY + timedelta(days=14)).isoformat()

_IN_THE_LINE = ("agent", "temperature_c", "syringe", "fill_ml", "cannula")
SETUP: dict[str, object] = {name: value for name, value in RIGHT.items() if name not in _IN_THE_LINE} | {
    "expiry": EXPIRY,
    "target_ml": 0.10,
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
