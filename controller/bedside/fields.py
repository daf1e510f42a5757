"""What a page asks, as data, and what can be said of an answer by its field alone.

Answers come from a page and may be anything that JSON can hold. A wrong one gets a sentence; none is changed, cut or guessed.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from controller.settings.problems import shown

Kind = Literal["choice", "check", "text", "number", "date", "multi"]

LONGEST_LINE: Final = 120
LONGEST_TEXT: Final = 2000
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_GREATEST: Final = 1e9  # of nothing that is asked here is there more; it also keeps numbers of a thousand digits out of sentences


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers that can be chosen."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One question.

    An answer is a text ("choice": the option's value; "date": as 2026-11-28), True ("check"), a number, or a list of options'
    values ("multi"). above, at_most: limits of a number, in its unit. long: a text of several lines.
    """

    name: str
    group: str
    label: str
    kind: Kind
    options: tuple[Option, ...] = ()
    unit: str | None = None
    required: bool = False
    help: str | None = None
    above: float | None = None
    at_most: float | None = None
    long: bool = False

    def body(self) -> dict[str, object]:
        """As the page gets it."""
        return {
            "name": self.name,
            "group": self.group,
            "label": self.label,
            "kind": self.kind,
            "options": [{"value": option.value, "label": option.label} for option in self.options],
            "unit": self.unit,
            "required": self.required,
            "help": self.help,
        }

    def missing(self) -> str:
        """What is said where there is no answer and there has to be one."""
        if self.kind == "check":
            return f"{self.label}: not confirmed yet."
        return f"{self.label}: {'nothing is chosen yet' if self.kind in ('choice', 'multi') else 'is missing'}."

    def wrong_type(self, value: object) -> str | None:
        """What is wrong with the type or form of an answer, whatever it says."""
        match self.kind:
            case "check":
                text = None if isinstance(value, bool) else "is neither true nor false"
            case "number":
                text = _wrong_number(value)
            case "multi":
                texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
                text = None if texts else "is not a list of choices"
            case "date":
                text = None if day_of(value) is not None else "is not a day; it has to be written as 2026-11-28"
            case "choice" | "text":
                text = self._wrong_text(value)
        return None if text is None else self._sentence(value, text)

    def complaint(self, value: object) -> str | None:
        """What is wrong with an answer, as far as its field can tell; None if nothing is."""
        if (wrong := self.wrong_type(value)) is not None:
            return wrong
        chosen = value if isinstance(value, list) else [value]
        if self.options and (strange := [each for each in chosen if each not in self._values()]):
            return self._sentence(strange[0], f"is not one of {', '.join(self._values())}")
        if self.kind == "multi" and len(set(chosen)) < len(chosen):
            return self._sentence(value, "names one of them twice")
        if isinstance(value, int | float) and not isinstance(value, bool):
            if self.above is not None and value <= self.above:
                return self._sentence(value, f"is not above the limit of {self._quantity(self.above)}")
            if self.at_most is not None and value > self.at_most:
                return self._sentence(value, f"is above the limit of {self._quantity(self.at_most)}")
        return None

    def words(self, value: object) -> str:
        """An answer for people; one that this version could not have got is shown as it stands."""
        labels = {option.value: option.label for option in self.options}
        match value:
            case bool():
                return "yes" if value else "no"
            case str() if self.kind in ("choice", "multi"):
                return labels.get(value, told(value))
            case str() if all(sign.isprintable() or sign in "\n\t" for sign in value):
                return value
            case list():
                return ", ".join(labels.get(each, told(each)) if isinstance(each, str) else told(each) for each in value)
            case int() | float() if self.kind == "number" and _wrong_number(value) is None:
                return self._quantity(value)
            case _:
                return told(value)

    def _wrong_text(self, value: object) -> str | None:
        if not isinstance(value, str):
            return "is not a text"
        longest = LONGEST_TEXT if self.long else LONGEST_LINE
        if len(value) > longest:
            return f"has {len(value)} characters, above the limit of {longest}"
        spaces = "\n\t" if self.long else ""
        return None if all(sign.isprintable() or sign in spaces for sign in value) else "holds characters that can not be printed"

    def _values(self) -> list[str]:
        return [option.value for option in self.options]

    def _quantity(self, value: float) -> str:
        return f"{value:.10g} {self.unit or ''}".strip()

    def _sentence(self, value: object, text: str) -> str:
        return f"{self.label} = {told(value)} {text}."


def options(*values: str, **labelled: str) -> tuple[Option, ...]:
    """Options whose label is their value, then those with a label of their own."""
    return (*(Option(value, value) for value in values), *(Option(value, label) for value, label in labelled.items()))


YES_NO: Final = options("no", "yes")
CLOCK: Final = (*(Option(str(hour), f"{hour} o'clock") for hour in range(1, 13)), Option("central", "central"))
"""Where on the nipple, or in the breast, seen from in front."""


def answered(value: object) -> bool:
    """Whether it is an answer at all: an unticked box, a blank text and an empty choice are none."""
    return value is not None and value is not False and value != [] and not (isinstance(value, str) and not value.strip())


def complaints(fields: Iterable[Field], values: Mapping[str, object], beside: Collection[str] = ()) -> dict[str, str]:
    """Field -> one sentence, for what is missing or wrong by itself. beside: names that may be there without being fields.

    An answer to what nobody asked stands under "".
    """
    found = {}
    known = set(beside)
    for field in fields:
        known.add(field.name)
        value = values.get(field.name)
        if not answered(value):
            if field.required:
                found[field.name] = field.missing()
        elif (text := field.complaint(value)) is not None:
            found[field.name] = text
    strange = [name for name in values if name not in known]
    if strange:
        found[""] = f"There is no field {told(strange[0])} here."
    return found


def accepted(fields: Iterable[Field], values: Mapping[str, object]) -> dict[str, object]:
    """The answers, and the boxes that were left unticked, with which nothing is wrong: what may stand in a record, texts without
    the blanks around them."""
    kept: dict[str, object] = {}
    for field in fields:
        value = values.get(field.name)
        if value is False and field.kind == "check":
            kept[field.name] = False
        elif answered(value) and field.complaint(value) is None:
            kept[field.name] = value.strip() if isinstance(value, str) else value
    return kept


def pairs(fields: Iterable[Field], values: Mapping[str, object]) -> list[tuple[str, str]]:
    """Label and words of all that was answered, in the fields' order."""
    return [
        (field.label, field.words(values[field.name]))
        for field in fields
        if field.name in values and (values[field.name] is False or answered(values[field.name]))
    ]


def told(value: object) -> str:
    """A value in a sentence, cut where it is long."""
    if isinstance(value, int) and abs(value) > _GREATEST:
        return "a number beyond all measure"
    return shown(value)


def day_of(value: object) -> date | None:
    """The day that an answer names, None if it names none."""
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _wrong_number(value: object) -> str | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return "is not a number"
    if isinstance(value, float) and not math.isfinite(value):
        return "is not a finite number"
    return "is beyond all measure" if abs(value) > _GREATEST else None
