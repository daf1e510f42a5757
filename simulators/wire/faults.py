"""The faults that a serial cable can have, the values they take, and how often they strike."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

FAULTS: dict[str, str] = {
    "drop": "Bytes are lost: every n-th (every, default 10) or each with probability, count of them at most.",
    "corrupt": "In bytes one bit is wrong: every n-th (every, default 10) or each with probability, count of them at most.",
    "duplicate": "Bytes, or with what='chunk' whole chunks, arrive twice: every n-th (every, default 10) or with probability.",
    "delay": "Everything arrives delay_s later (default 0.05), in order.",
    "jitter": "Everything arrives later by a random time of up_to_s at most (default 0.02), in order.",
    "echo": "What the host sends also comes back to it.",
    "cut": "Nothing passes, and what is under way is lost.",
    "noise": "Random bytes arrive at the host, per_s of them each second on the average (default 10).",
    "fragment": "Bytes are handed over one by one, gap_s of silence between them (default 0); the UART collects nothing.",
}
"""All but echo and noise take direction='both' (default), 'to_device' or 'to_host'."""

DIRECTIONS = ("to_device", "to_host")

_LONGEST_S = 10.0
_CHANCE = {"every": (1.0, math.inf), "probability": (0.0, 1.0), "count": (1.0, math.inf)}
_DEFAULT_EVERY = 10.0


@dataclass(frozen=True, slots=True)
class _Kind:
    """What one fault takes: limits of its numbers, their defaults, the texts allowed, and whether it has a direction."""

    limits: Mapping[str, tuple[float, float]]
    defaults: Mapping[str, float]
    texts: Mapping[str, tuple[str, ...]]
    directed: bool = True


_KINDS: dict[str, _Kind] = {
    "drop": _Kind(_CHANCE, {}, {}),
    "corrupt": _Kind(_CHANCE, {}, {}),
    "duplicate": _Kind(_CHANCE, {}, {"what": ("byte", "chunk")}),
    "delay": _Kind({"delay_s": (0.0, _LONGEST_S)}, {"delay_s": 0.05}, {}),
    "jitter": _Kind({"up_to_s": (0.0, _LONGEST_S)}, {"up_to_s": 0.02}, {}),
    "echo": _Kind({}, {}, {}, directed=False),
    "cut": _Kind({}, {}, {}),
    "noise": _Kind({"per_s": (0.001, 10_000.0)}, {"per_s": 10.0}, {}, directed=False),
    "fragment": _Kind({"gap_s": (0.0, _LONGEST_S)}, {"gap_s": 0.0}, {}),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault with its values, checked. directions: empty where it has none."""

    name: str
    directions: tuple[str, ...]
    numbers: Mapping[str, float]
    texts: Mapping[str, str]


def known(name: str) -> None:
    """Raises ValueError where a wire has no such fault."""
    if name not in FAULTS:
        raise ValueError(f"a wire has no fault {name!r}; it has {', '.join(FAULTS)}")


def checked(name: str, values: Mapping[str, object]) -> Fault:
    """The fault with all its values. Raises ValueError, one sentence, for what it does not have or can not take."""
    known(name)
    kind = _KINDS[name]
    choices = {**kind.texts, **({"direction": ("both", *DIRECTIONS)} if kind.directed else {})}
    strange = [value for value in values if value not in choices and value not in kind.limits]
    if strange:
        takes = ", ".join((*kind.limits, *choices)) or "no values"
        raise ValueError(f"{name} takes {takes}, not {', '.join(strange)}")
    if "every" in values and "probability" in values:
        raise ValueError(f"{name}: every and probability exclude each other")
    numbers = {**kind.defaults, **{key: _number(name, key, values[key], kind) for key in kind.limits if key in values}}
    texts = {key: _text(name, key, values.get(key, allowed[0]), allowed) for key, allowed in choices.items()}
    direction = texts.pop("direction", None)
    directions = () if direction is None else DIRECTIONS if direction == "both" else (direction,)
    return Fault(name, directions, numbers, texts)


def _number(fault: str, key: str, value: Any, kind: _Kind) -> float:
    low, high = kind.limits[key]
    whole = key in ("every", "count")
    possible = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    if not possible or (whole and value % 1):
        wanted = f"whole number of {low:g} or more" if whole else f"number from {low:g} to {high:g}"
        raise ValueError(f"{fault}: {key} must be a {wanted}, not {value!r}")
    return float(value)


def _text(fault: str, key: str, value: object, allowed: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{fault}: {key} must be one of {', '.join(allowed)}, not {value!r}")
    return value


class Chance:
    """Which of the things that pass are hit: every n-th or each with a probability, `count` of them at most."""

    def __init__(self, numbers: Mapping[str, float], random: Random) -> None:
        self.random = random
        self._every = int(numbers.get("every", _DEFAULT_EVERY))
        self._probability = numbers.get("probability")
        self._left = numbers.get("count", math.inf)
        self._passed = 0

    def hits(self) -> bool:
        """Whether the next one is hit."""
        if self._left <= 0:
            return False
        if self._probability is not None:
            hit = self.random.random() < self._probability
        else:
            self._passed += 1
            hit = self._passed % self._every == 0
        if hit:
            self._left -= 1
        return hit
