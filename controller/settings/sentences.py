"""Turns what pydantic found into problems that people can read: expected type, limit with its unit, nearest known key."""

import difflib
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from controller.settings.problems import Problem, shown

RULES: Final = "rules"  # the error type of rules over several keys; they are worded where they are checked


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of a field, for its messages."""

    text: str

    def quantity(self, value: float) -> str:
        """A number with its unit; millilitres always with two decimals."""
        return f"{value:.2f} mL" if self.text == "mL" else f"{value:.10g} {self.text}".strip()


def field_problems(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """One problem for each key of `model` that is missing, unknown, of the wrong type or beyond a limit."""
    return [_problem(details, model) for details in error.errors(include_url=False) if details["type"] != RULES]


def model_of(annotation: object) -> type[BaseModel] | None:
    """The model behind an annotation, also behind `Model | None`; None if it is not one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType):
        return next((found for argument in get_args(annotation) if (found := model_of(argument))), None)
    return None


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The dotted names of all keys of a model and the models in it."""
    for name, field in model.model_fields.items():
        inner = model_of(field.annotation)
        if inner is None:
            yield f"{prefix}{name}"
        else:
            yield from leaves(inner, f"{prefix}{name}.")


def unknown_key(key: tuple[str, ...], model: type[BaseModel]) -> Problem:
    """The problem of a key that `model` does not have, with the key that was probably meant."""
    siblings_of = _field_at(model, key[:-1])[1]
    siblings = list(siblings_of.model_fields) if siblings_of else []
    parent = ".".join([*key[:-1], ""])
    elsewhere = {leaf.rpartition(".")[2]: leaf for leaf in leaves(model)}
    if key[-1] in siblings:
        return Problem(key, "is a section and not a single value", quote_value=False)
    if not siblings:
        hint = f"there is nothing below {parent.removesuffix('.')}"
    elif near := difflib.get_close_matches(key[-1], siblings, 1):
        hint = f"did you mean {parent}{near[0]}?"
    elif near := difflib.get_close_matches(key[-1], list(elsewhere), 1):
        hint = f"did you mean {elsewhere[near[0]]}?"
    else:
        hint = f"known here: {', '.join(siblings)}"
    return Problem(key, f"is not a known key; {hint}", quote_value=False)


def _problem(details: ErrorDetails, model: type[BaseModel]) -> Problem:
    key = tuple(str(part) for part in details["loc"])
    if details["type"] == "extra_forbidden":
        return unknown_key(key, model)
    field, section = _field_at(model, key)
    context = details.get("ctx", {})
    unit = next((mark for mark in field.metadata if isinstance(mark, Unit)), Unit("")) if field else Unit("")
    match details["type"]:
        case "missing":
            return Problem(key, f"is missing{_wanted(field, unit)}", quote_value=False, is_section=section is not None)
        case "less_than_equal":
            text = f"is above the limit of {unit.quantity(context['le'])}"
        case "greater_than_equal":
            text = f"is below the limit of {unit.quantity(context['ge'])}"
        case "greater_than":
            text = f"is not above the limit of {unit.quantity(context['gt'])}"
        case "float_type":
            text = f"is not a number{_wanted(field, unit)}"
        case "finite_number":
            text = f"is not a finite number{_wanted(field, unit)}"
        case "int_type":
            text = f"is not a whole number{_wanted(field, unit)}"
        case "string_type":
            text = "is not a text in quotes"
        case "bool_type":
            text = "is neither true nor false"
        case "literal_error" if field:
            text = f"is not one of {', '.join(shown(value) for value in get_args(field.annotation))}"
        case "model_type" | "dict_type":
            text = f"is not a section; write it as [{'.'.join(key)}]" if section or field else "is not a table"
        case "tuple_type" | "list_type":
            text = "is not a list"
        case "string_too_short" | "too_short":
            text = f"has fewer than {context.get('min_length')} entries or characters"
        case _:
            text = details["msg"]  # of our own validators, written to follow "key = value"
    return Problem(key, text)


def _wanted(field: FieldInfo | None, unit: Unit) -> str:
    """What the limits of a field are, to be put behind an error; empty where it has none."""
    words = []
    for mark in field.metadata if field else ():
        match mark:
            case annotated_types.Gt(gt):
                words.append(f"above {unit.quantity(float(str(gt)))}")
            case annotated_types.Ge(ge):
                words.append(f"at least {unit.quantity(float(str(ge)))}")
            case annotated_types.Le(le):
                words.append(f"at most {unit.quantity(float(str(le)))}")
    return f"; it has to be {' and '.join(words)}" if words else ""


def _field_at(model: type[BaseModel], key: tuple[str, ...]) -> tuple[FieldInfo | None, type[BaseModel] | None]:
    """The field at a path (None for an element of a table or list), and the model that lies there if it is a section."""
    field: FieldInfo | None = None
    annotation: object = model
    for part in key:
        if section := model_of(annotation):
            if part not in section.model_fields:
                return None, None
            field = section.model_fields[part]
            annotation = field.annotation
        elif get_origin(annotation) in (dict, tuple):
            field = None
            annotation = get_args(annotation)[1 if get_origin(annotation) is dict else 0]
        else:
            return None, None
    return field, model_of(annotation)
