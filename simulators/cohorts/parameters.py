"""Which parameters a cohort may draw, and whether the devices and the physics can live with the values."""

from collections.abc import Callable
from functools import cache

from pydantic import ValidationError

from simulators.any_plant import DEFAULT_PLANT, load_plant
from simulators.cohorts.cohort import EVERYONE, Cohort
from simulators.cohorts.derived import DERIVATIONS, INGREDIENTS, wrong_ingredient
from simulators.cohorts.distributions import Distribution
from simulators.keller33x import Keller33xOptions
from simulators.options import Options, OptionsError, Scalar
from simulators.plunger import PlungerOptions
from simulators.scenario import PersonTable

_NOT_DRAWN = ("seed", "index", "subgroup")


@cache
def known_parameters() -> frozenset[str]:
    """Every parameter that can be drawn, in full: options of the devices, habits of the person, and what they follow from."""
    always_derived = {key for derivation in DERIVATIONS if derivation.only for key in derivation.gives}
    habits = {f"person.{name}" for name in PersonTable.model_fields}
    return (frozenset(_options().keys) | habits | frozenset(INGREDIENTS)) - always_derived


def unfit(key: str, distribution: Distribution) -> list[str]:
    """What speaks against the extreme values of a distribution, to be put behind its key; nothing if the list is empty."""
    if key not in known_parameters():
        return []
    if key in INGREDIENTS and distribution.chance < 1.0:
        return [f".chance = {distribution.chance:g} is not possible here: every patient has one"]
    found = [(value, _why_not(key, value)) for value in distribution.extremes()]
    return [f" = {value!r}: {text}" for value, text in found if text is not None]


def incomplete(cohort: Cohort) -> list[str]:
    """Parameters that only make sense together, or not together, told once where they are so in every subgroup."""
    found: dict[str, list[str]] = {}
    for kind in sorted(cohort.subgroups):
        given = {**cohort.everyone, **cohort.subgroups[kind].own}
        for text in _contradictions(given):
            found.setdefault(text, []).append(kind)
    return [
        f"{where}: {text}"
        for text, kinds in found.items()
        for where in ([EVERYONE] if len(kinds) == len(cohort.subgroups) else [f"subgroups.{kind}" for kind in kinds])
    ]


def _contradictions(given: dict[str, Distribution]) -> list[str]:
    texts = []
    for derivation in DERIVATIONS:
        there = [key for key in derivation.needs if key in given]
        missing = [key for key in derivation.needs if key not in given]
        if there and missing:
            texts.append(f"{there[0]} needs {missing[0]} beside it")
        elif there:
            whole = " and ".join(derivation.needs)
            texts += [f"{key} follows from {whole}; give one or the other" for key in derivation.gives if key in given]
    return texts


@cache
def _makers() -> dict[str, Callable[..., object]]:
    return {
        "line": load_plant(DEFAULT_PLANT).named_options,
        "plunger": PlungerOptions,
        "pressure": Keller33xOptions,
        "person": PersonTable,
    }


@cache
def _options() -> Options:
    return Options({name: maker for name, maker in _makers().items() if name != "person"}, not_settable=_NOT_DRAWN)


def _why_not(key: str, value: Scalar) -> str | None:
    """Tries the value alone, everything else at its default."""
    if key in INGREDIENTS:
        return wrong_ingredient(key, value)
    device, _, name = key.partition(".")
    try:
        if device != "person":
            _options().sort({key: value})
        _makers()[device](**{name: value})
    except OptionsError as error:
        return str(error).removeprefix(f"{key}: {value!r}: ").replace("Input should be", "must be")
    except ValidationError as error:
        return error.errors()[0]["msg"].replace("Input should be", "must be")
    except ValueError as error:  # of the device: its own name for the option, the value, and what must be
        before, must, limit = str(error).partition(" must ")
        return f"must {limit}" if must else before
    return None
