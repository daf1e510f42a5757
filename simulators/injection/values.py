"""Values of a fault: a constant, or what is drawn anew for every procedure out of a range or a list."""

import math
from dataclasses import dataclass
from random import Random
from typing import Any

Scalar = bool | int | float | str

_FORMS = "a constant, { uniform = [low, high] }, { integer = [low, high] } or { choice = [one, other, ...] }"


@dataclass(frozen=True, slots=True)
class Values:
    """Where a value comes from. kind: "constant", "uniform" (any number between two), "integer" or "choice".

    items: the constant, the two ends (the lower one first; both are possible), or all that can be chosen.
    """

    kind: str
    items: tuple[Any, ...]

    def draw(self, random: Random) -> Scalar:
        """One value."""
        value: Scalar
        match self.kind:
            case "uniform":
                value = random.uniform(*self.items)
            case "integer":
                value = random.randint(*self.items)
            case _:
                value = random.choice(self.items)
        return value

    def __str__(self) -> str:
        told = [_plain(item) for item in self.items]
        return f"{told[0]} to {told[1]}" if self.kind in ("uniform", "integer") else " or ".join(told)


def read_values(given: object) -> Values:
    """Reads what stands behind a key in TOML. Raises ValueError with what is allowed there."""
    if isinstance(given, bool | int | float | str):
        return Values("constant", (_finite(given),))
    if not isinstance(given, dict) or len(given) != 1:
        raise ValueError(f"{given!r} is not {_FORMS}")
    ((kind, items),) = given.items()
    if kind not in ("uniform", "integer", "choice") or not isinstance(items, list):
        raise ValueError(f"{given!r} is not {_FORMS}")
    return Values(kind, _a_choice(items) if kind == "choice" else _two_ends(items, whole=kind == "integer"))


def _two_ends(items: list[Any], *, whole: bool) -> tuple[Scalar, ...]:
    kinds: tuple[type, ...] = (int,) if whole else (int, float)
    possible = len(items) == 2 and all(isinstance(item, kinds) and not isinstance(item, bool) for item in items)
    if not possible or not items[0] < items[1]:
        raise ValueError(f"{items!r} has to be two {'whole ' if whole else ''}numbers, the lower one first")
    return tuple(_finite(item if whole else float(item)) for item in items)


def _a_choice(items: list[Any]) -> tuple[Scalar, ...]:
    if len(items) < 2 or not all(isinstance(item, bool | int | float | str) for item in items):
        raise ValueError(f"{items!r} has to be two or more constants")
    return tuple(_finite(item) for item in items)


def _finite(item: Scalar) -> Scalar:
    if isinstance(item, float) and not math.isfinite(item):
        raise ValueError(f"{item!r} is no finite number")
    return item


def _plain(item: Scalar) -> str:
    if isinstance(item, bool):
        return str(item).lower()
    return item if isinstance(item, str) else f"{item:g}"
