"""A set-up with which nothing is wrong, to be spoilt one answer at a time."""

from datetime import date

TODAY = date(2026, 11, 28)

RIGHT: dict[str, object] = {
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
    "agent": "conray-60",
    "lot": "A123",
    "expiry": "2027-05-31",
    "temperature_c": 37.0,
    "syringe": "bd-1ml",
    "fill_ml": 0.9,
    "cannula": "30g-straight",
    "target_ml": 0.2,
    "anaesthetic": "none",
    "towel": "not_used",
    "positioned": True,
    "cleansed": True,
    "equipment": True,
}
