"""What the patient takes home: a page to be printed, made of what was recorded. It has no name on it, and no script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined

from controller.banner import BANNER
from controller.bedside.advice import is_good, reschedule, suspects_extravasation

_EXPECT: Final = (
    "The nipple may be tender for a day or two, and a little of the contrast may run out of it. A pad protects your clothes.",
    "A few drops of blood-tinged discharge on the first day are no cause for alarm.",
    "Do not press or massage the breast today.",
)
_CALL: Final = (
    "pain that grows, or does not go away within two days",
    "discharge or bleeding that goes on for more than two days, or is more than a few drops",
    "redness, warmth, swelling, or a new lump in the breast",
    "fever or shivering",
    "a rash, itching, or swelling of the face",
)
_AT_ONCE: Final = (
    "If you have trouble breathing, or feel faint: call the emergency number at once, "
    "and say that you were given iodinated contrast."
)
_BEFORE_ANYTHING: Final = ("SELF_TEST_FAILED", "PRIME_REFUSED")


@dataclass(frozen=True, slots=True)
class Instructions:
    """The page's contents. call_when: each goes behind "Call us when you have"."""

    title: str
    day: str
    happened: tuple[str, ...]
    expect: tuple[str, ...]
    call_when: tuple[str, ...]
    at_once: str
    appointments: tuple[str, ...]


def instructions(reason: str | None, ended: date, values: Mapping[str, object], also: Sequence[str] = ()) -> Instructions:
    """What she is told. values: what was answered afterwards; nothing in it is needed."""
    happened = [_what_was_done(reason, values)]
    expect: tuple[str, ...] = () if reason in _BEFORE_ANYTHING else _EXPECT
    appointments = []
    if suspects_extravasation(reason, values, also):
        first, last = reschedule(ended)
        happened.append(
            "Some of the contrast may have left the duct. The body takes it up; the breast may burn or ache for a while."
        )
        appointments.append(f"The examination can be repeated between {first.isoformat()} and {last.isoformat()}.")
    if values.get("analgesia") == "given":
        happened.append("You were given something for the pain.")
    for name, label in (("imaging_follow_up", "Further imaging"), ("pathology_follow_up", "Tissue examination")):
        told = values.get(name)
        if isinstance(told, str) and told.strip():
            appointments.append(f"{label}: {told.strip()}")
    return Instructions(
        "After your ductography", ended.isoformat(), tuple(happened), expect, _CALL, _AT_ONCE, tuple(appointments)
    )


def _what_was_done(reason: str | None, values: Mapping[str, object]) -> str:
    if reason in _BEFORE_ANYTHING:
        return "The examination was ended before anything was injected."
    if not is_good(reason):
        return "The examination was ended early. A small amount of contrast may be in a milk duct."
    views = any(values.get(name) is True for name in ("imaging_cc_mag", "imaging_lateral_mag"))
    return f"A small amount of contrast was injected into a milk duct{', and views of the breast were taken' if views else ''}."


def instructions_text(told: Instructions) -> str:
    """For a screen or a letter."""
    lines = [told.title, told.day, "", *told.happened]
    if told.expect:
        lines += ["", "What to expect", *(f"- {text}" for text in told.expect)]
    lines += ["", "Call us when you have"]
    lines += [f"- {text}" for text in told.call_when]
    lines += ["", told.at_once]
    if told.appointments:
        lines += ["", "What comes next", *(f"- {text}" for text in told.appointments)]
    return "\n".join(lines) + "\n"


def instructions_html(told: Instructions) -> bytes:
    """For the printer. Whatever was typed is text here."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    source = files("controller.bedside").joinpath("instructions.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source).render(told=told, banner=BANNER).encode("utf-8", "replace")
