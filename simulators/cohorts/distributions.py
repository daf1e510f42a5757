"""How one parameter is spread over a cohort, where the numbers come from, and how good that source is.

Nothing is clamped: a value outside of its bounds is drawn again, so that the shape between the bounds stays what it is.
"""

import math
from abc import ABC, abstractmethod
from random import Random
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from simulators.options import Scalar

REDRAWS = 1000
LEAST_SHARE = 0.05
"""The part of a distribution that must lie between its bounds. REDRAWS draws that all miss have then a chance of 1e-22."""

_Positive = Annotated[float, Field(gt=0)]


class _Entry(BaseModel, ABC):
    """source: where the numbers come from. grade: A primary source, B secondary, C taught but not verified, D estimate.

    chance: the part of the patients that have this parameter at all; the others keep the device's default.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    source: Annotated[str, Field(min_length=1)]
    grade: Literal["A", "B", "C", "D"]
    chance: Annotated[float, Field(gt=0, le=1)] = 1.0

    def draw(self, stream: str) -> Scalar | None:
        """The value that belongs to this text, which names cohort, seed, index and parameter; None: the patient has none."""
        if self.chance < 1.0 and Random(f"{stream}/chance").random() >= self.chance:
            return None
        return self._value(Random(stream))

    def text(self) -> str:
        """The distribution in words."""
        return self._shape() if self.chance == 1.0 else f"{self._shape()}; in {100 * self.chance:g} % of the patients"

    @abstractmethod
    def extremes(self) -> tuple[Scalar, ...]:
        """Values between which (or among which) every draw lies."""

    @abstractmethod
    def _value(self, random: Random) -> Scalar:
        """One draw."""

    @abstractmethod
    def _shape(self) -> str:
        """The distribution in words, for everybody who has the parameter."""


class Constant(_Entry):
    """The same for everybody."""

    distribution: Literal["constant"]
    value: Scalar

    def extremes(self) -> tuple[Scalar, ...]:
        """The value."""
        return (self.value,)

    def _value(self, random: Random) -> Scalar:  # noqa: ARG002 - nothing is left to chance
        return self.value

    def _shape(self) -> str:
        return _said(self.value)


class Choice(_Entry):
    """One of a few values, each with its weight; the weights need not add up to anything."""

    distribution: Literal["choice"]
    values: Annotated[list[Scalar], Field(min_length=1)]
    weights: list[_Positive]

    @model_validator(mode="after")
    def _one_weight_each(self) -> Self:
        if len(self.values) != len(self.weights):
            raise ValueError(f"{len(self.values)} values need as many weights, not {len(self.weights)}")
        return self

    def extremes(self) -> tuple[Scalar, ...]:
        """The values."""
        return tuple(self.values)

    def _value(self, random: Random) -> Scalar:
        return random.choices(self.values, self.weights)[0]

    def _shape(self) -> str:
        percent = [100 * weight / sum(self.weights) for weight in self.weights]
        return ", ".join(f"{_said(value)} ({share:.3g} %)" for value, share in zip(self.values, percent, strict=True))


class _Bounded(_Entry):
    min: float
    max: float

    @model_validator(mode="after")
    def _min_below_max(self) -> Self:
        if not self.min < self.max:
            raise ValueError(f"min = {self.min:g} must be below max = {self.max:g}")
        return self

    def extremes(self) -> tuple[Scalar, ...]:
        """The bounds."""
        return (self.min, self.max)


class Uniform(_Bounded):
    """Anything between min and max."""

    distribution: Literal["uniform"]

    def _value(self, random: Random) -> float:
        return random.uniform(self.min, self.max)

    def _shape(self) -> str:
        return f"uniform, {self.min:g} to {self.max:g}"


class _Truncated(_Bounded):
    """A bell between bounds: what falls outside is drawn again."""

    @model_validator(mode="after")
    def _most_lies_within(self) -> Self:
        if self.min < self.max and self._share() < LEAST_SHARE:
            text = f"{100 * self._share():.2g} % of it lies between min = {self.min:g} and max = {self.max:g}"
            raise ValueError(f"{text}; at least {100 * LEAST_SHARE:g} % must")
        return self

    def _value(self, random: Random) -> float:
        for _ in range(REDRAWS):
            value = self._unbounded(random)
            if self.min <= value <= self.max:
                return value
        raise ValueError(f"{self._shape()}: none of {REDRAWS} draws lies between the bounds")

    def _share(self) -> float:
        return _below(self._deviations(self.max)) - _below(self._deviations(self.min))

    def _unbounded(self, random: Random) -> float:
        raise NotImplementedError

    def _deviations(self, value: float) -> float:
        raise NotImplementedError


class Normal(_Truncated):
    """mean and sd are those of the bell before it is cut at its bounds."""

    distribution: Literal["normal"]
    mean: float
    sd: _Positive

    def _unbounded(self, random: Random) -> float:
        return random.normalvariate(self.mean, self.sd)

    def _deviations(self, value: float) -> float:
        return (value - self.mean) / self.sd

    def _shape(self) -> str:
        return f"normal, mean {self.mean:g}, sd {self.sd:g}, {self.min:g} to {self.max:g}"


class Lognormal(_Truncated):
    """The logarithm is normal. gsd: the factor of one standard deviation. Both are those before the cut at the bounds."""

    distribution: Literal["lognormal"]
    min: _Positive
    median: _Positive
    gsd: Annotated[float, Field(gt=1)]

    def _unbounded(self, random: Random) -> float:
        return random.lognormvariate(math.log(self.median), math.log(self.gsd))

    def _deviations(self, value: float) -> float:
        return math.log(value / self.median) / math.log(self.gsd)

    def _shape(self) -> str:
        return f"lognormal, median {self.median:g}, gsd {self.gsd:g}, {self.min:g} to {self.max:g}"


Distribution = Constant | Choice | Uniform | Normal | Lognormal
KINDS = frozenset({"constant", "choice", "uniform", "normal", "lognormal"})
_ADAPTER: TypeAdapter[Distribution] = TypeAdapter(Annotated[Distribution, Field(discriminator="distribution")])


def read_distribution(table: Any) -> Distribution:
    """A distribution from its table. Raises pydantic's ValidationError with every mistake."""
    return _ADAPTER.validate_python(table)


def _said(value: Scalar) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:g}"


def _below(deviations: float) -> float:
    """The part of a normal distribution below so many standard deviations."""
    return 0.5 * math.erfc(-deviations / math.sqrt(2.0))
