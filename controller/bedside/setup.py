"""Is a set-up complete and right? And what becomes of it: options over the profile, and what the record's header keeps.

What the profile's own rules can judge is judged by them, on the very profile that would be run. Nothing here can widen one.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from controller.bedside.earlier import earlier_problems
from controller.bedside.fields import Field, accepted, answered, complaints, day_of, told
from controller.bedside.questions import CONTRAINDICATIONS, INDICATION, PROFILE_KEYS, QUESTIONS, first_values, setup_fields
from controller.settings import ConfigError, LoadedProfile, build_profile, catalogue

TOWEL_MIN: Final = (10, 15)
"""How many minutes the warm towel should lie."""
TOWEL_BEGAN: Final = "towel_began"
"""Comes with the answers when the towel is laid on; whoever keeps the answers keeps the time."""
WARM_TOWEL_S: Final = "warm_towel_s"
FURTHEST_EXPIRY: Final = timedelta(days=3653)  # contrast keeps for some years; what is further away was mistyped

_PSEUDONYM: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
_RECORD: Final = re.compile(r"[A-Za-z0-9_-]{1,64}(\.sqlite)?")
_NAMES: Final = {key: name for name, key in PROFILE_KEYS.items()}
_LABELS: Final = {field.name: field.label for field in QUESTIONS}


def check_setup(
    values: Mapping[str, object], loaded: LoadedProfile, today: date, records: Path, towel_s: float | None = None
) -> dict[str, str]:
    """Field -> one sentence on what is missing or wrong; {} where the procedure may begin. Never raises for what is in values.

    today: the patient's calendar day. records: where earlier records lie. towel_s: how long the warm towel has lain, None where
    its time was not taken. What is about no single field stands under "".
    """
    fields = _asked(values, loaded)
    right = accepted(fields, values)
    problems: dict[str, str] = {}
    for found in (
        _line(fields, values, loaded),  # knows more of an agent or a syringe than that it is not among the options
        complaints(fields, values, beside=(TOWEL_BEGAN,)),
        _indication(right),
        _contrast(right, today),
        _whose(values),
        _towel(right, towel_s),
        _goes_with(right, "discharge_other", "discharge", "other"),
        _goes_with(right, "anaesthetic_what", "anaesthetic", "given"),
    ):
        problems = found | problems  # of several sentences on a field the first one stays
    known = {name: value for name, value in right.items() if name not in problems}
    return earlier_problems(known, duct_name(known), today, records) | problems


def profile_overrides(values: Mapping[str, object]) -> dict[str, object]:
    """Dotted key of the profile -> (value, what the question is called), as a Request takes it, of what was answered."""
    return {key: (values[name], _LABELS[name]) for name, key in PROFILE_KEYS.items() if answered(values.get(name))}


def duct_name(values: Mapping[str, object]) -> str | None:
    """How records call the duct: "left 2", "right central". None while one of the two is not known."""
    side, duct = values.get("side"), values.get("duct")
    return f"{side} {duct}" if isinstance(side, str) and isinstance(duct, str) else None


def header_values(values: Mapping[str, object], towel_s: float | None) -> dict[str, object]:
    """What stands under "setup" in the record's header: the answers, and for how many seconds the warm towel lay."""
    kept = accepted(QUESTIONS, values)
    return kept if towel_s is None else kept | {WARM_TOWEL_S: round(towel_s, 1)}


def _asked(values: Mapping[str, object], loaded: LoadedProfile) -> tuple[Field, ...]:
    """Water on a bench has neither lot nor expiry."""
    agent = values.get("agent")
    known = catalogue().agents.get(agent) if isinstance(agent, str) else None
    bench_only = known is not None and known.bench_only
    fields = setup_fields(loaded)
    return tuple(replace(field, required=False) if bench_only and field.name in ("lot", "expiry") else field for field in fields)


def _line(fields: Iterable[Field], values: Mapping[str, object], loaded: LoadedProfile) -> dict[str, str]:
    """What the rules of profiles say of the line and the dose. A rule that needs an answer which is still missing is left out."""
    usable = {
        field.name: values[field.name]
        for field in fields
        if field.name in PROFILE_KEYS and answered(values.get(field.name)) and field.wrong_type(values[field.name]) is None
    }
    try:
        build_profile(loaded.raw, loaded.source, profile_overrides(usable))
    except ConfigError as error:
        if not error.found:
            return {"": f"{error.problems[0]}."}
        found: dict[str, str] = {}
        for problem, sentence in zip(error.found, error.problems, strict=True):
            keys = (".".join(problem.key), *problem.involved)
            names = [_NAMES[key] for key in keys if key in _NAMES]
            if all(name in usable for name in names):
                found.setdefault(names[0] if names else "", f"{sentence}.")
        return found
    return {}


def _indication(right: Mapping[str, object]) -> dict[str, str]:
    found = {
        name: f"{label}: this is a contraindication, and the procedure can not be begun."
        for name, label in CONTRAINDICATIONS.items()
        if right.get(name) == "yes"
    }
    ticked = right.get("indication")
    if isinstance(ticked, list) and "indication_note" not in right:
        without = [option.label for option in INDICATION if option.value not in ticked]
        if without:
            said = " and ".join(f'"{label}"' for label in without)
            found["indication"] = f"{said} not ticked: tick it, or say why the procedure is indicated all the same."
    return found


def _contrast(right: Mapping[str, object], today: date) -> dict[str, str]:
    expiry = day_of(right.get("expiry"))
    if expiry is None:
        return {}
    if expiry < today:
        lot = f"lot {right['lot']}" if "lot" in right else "this lot"
        return {"expiry": f"Expiry = {expiry}: the contrast of {lot} has expired, for today is {today}."}
    if expiry - today > FURTHEST_EXPIRY:
        return {"expiry": f"Expiry = {expiry} is more than ten years from today, {today}: no contrast keeps so long."}
    return {}


def _whose(values: Mapping[str, object]) -> dict[str, str]:
    found = {}
    patient, continues = values.get("patient"), values.get("continues")
    if isinstance(patient, str) and answered(patient):
        if _PSEUDONYM.fullmatch(patient) is None:
            allowed = "only letters (A-Z, a-z), digits, - and _ are allowed, 32 at most, and no spaces"
            found["patient"] = f"Pseudonym = {told(patient)} is refused: {allowed}; records hold no name."
        elif not any(sign.isdigit() for sign in patient):
            found["patient"] = f"Pseudonym = {told(patient)} may be a name: it needs at least one digit; records hold no name."
    if isinstance(continues, str) and answered(continues) and _RECORD.fullmatch(continues) is None:
        found["continues"] = f"{_LABELS['continues']} = {told(continues)} is not the name of a record."
    return found


def _towel(right: Mapping[str, object], towel_s: float | None) -> dict[str, str]:
    if right.get("towel") != "used" or "towel_note" in right:
        return {}
    least_min, most_min = TOWEL_MIN
    if towel_s is None:
        return {"towel": "Warm towel: its time was not taken; start the timer, or say why it was less than 10 minutes."}
    left_s = least_min * 60.0 - towel_s
    if left_s <= 0.0:
        return {}
    left = f"{int(left_s // 60)} min {int(left_s % 60)} s"
    recommended = f"of the {least_min} to {most_min} min that are recommended"
    return {"towel": f"Warm towel: {left} are left {recommended}; wait, or say why it is less."}


def _goes_with(right: Mapping[str, object], name: str, choice: str, wanted: str) -> dict[str, str]:
    """A text that belongs to one answer of a choice, and to no other."""
    chosen = right.get(choice)
    if chosen == wanted and name not in right:
        return {name: f"{_LABELS[name]}: is missing."}
    if chosen is not None and chosen != wanted and name in right:
        return {name: f'{_LABELS[name]} = {told(right[name])} does not go with {_LABELS[choice]} = "{chosen}".'}
    return {}


__all__ = [
    "TOWEL_BEGAN",
    "WARM_TOWEL_S",
    "check_setup",
    "duct_name",
    "first_values",
    "header_values",
    "profile_overrides",
    "setup_fields",
]
