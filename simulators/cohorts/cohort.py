"""A cohort, and the patients that are drawn from it.

Each parameter of each patient has random numbers of its own, found by a text of cohort, seed, index and parameter: a new
parameter, another order or another patient changes nothing in those that were there before, and a patient drawn for another
subgroup keeps whatever this subgroup does not say otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from simulators.cohorts.derived import INGREDIENTS, derived_settings
from simulators.cohorts.distributions import Distribution
from simulators.cohorts.problems import CohortError
from simulators.options import Scalar
from simulators.scenario import Event, PersonTable

EVERYONE = "everyone"
_PERSON = "person."


@dataclass(frozen=True, slots=True)
class Patient:
    """One virtual patient with the line that is used for it.

    settings: for the simulated bench, keys in full. person: what this patient does at the button. events: what happens.
    drawn: the values as they were drawn, by parameter, for people; a parameter that this patient has not is missing.
    """

    cohort: str
    seed: int
    index: int
    subgroup: str
    settings: dict[str, Scalar]
    person: PersonTable
    events: tuple[Event, ...]
    drawn: dict[str, Scalar]


@dataclass(frozen=True, slots=True)
class Subgroup:
    """Patients of one kind. own: distributions by parameter that go before those of everyone. weight: relative, above 0."""

    weight: float
    description: str
    own: Mapping[str, Distribution]
    events: tuple[Event, ...] = ()


class Row(NamedTuple):
    """One distribution in words. who: everyone, or the subgroup it is for."""

    who: str
    parameter: str
    distribution: str
    source: str
    grade: str


@dataclass(frozen=True, slots=True)
class Cohort:
    """A population: what holds for everyone, and its subgroups. Made by load_cohort, which has checked all of it."""

    name: str
    title: str
    description: str
    everyone: Mapping[str, Distribution]
    subgroups: Mapping[str, Subgroup]
    _parameters: dict[str, dict[str, Distribution]] = field(init=False, default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, subgroup in self.subgroups.items():
            merged = {**self.everyone, **subgroup.own}
            self._parameters[name] = {key: merged[key] for key in sorted(merged)}

    @property
    def shares(self) -> dict[str, float]:
        """The part of the patients that belongs to each subgroup; they add up to 1."""
        whole = sum(subgroup.weight for subgroup in self.subgroups.values())
        return {name: self.subgroups[name].weight / whole for name in sorted(self.subgroups)}

    def draw(self, seed: int, index: int, subgroup: str | None = None) -> Patient:
        """The patient of this seed and index; subgroup: this one instead of the one that would be drawn.

        Raises CohortError if the cohort has no such subgroup.
        """
        name = self._subgroup(seed, index) if subgroup is None else subgroup
        if name not in self.subgroups:
            known = ", ".join(sorted(self.subgroups))
            raise CohortError(f"cohort {self.name}: subgroup = {name!r} does not exist; there are: {known}")
        drawn: dict[str, Scalar] = {}
        for parameter, distribution in self._parameters[name].items():
            value = distribution.draw(f"{self.name}/{seed}/{index}/{parameter}")
            if value is not None:
                drawn[parameter] = value
        person: dict[str, Any] = {key.removeprefix(_PERSON): drawn[key] for key in drawn if key.startswith(_PERSON)}
        direct = {key: value for key, value in drawn.items() if key not in INGREDIENTS and not key.startswith(_PERSON)}
        settings = {**derived_settings(drawn), **direct, "line.subgroup": name}
        return Patient(
            cohort=self.name,
            seed=seed,
            index=index,
            subgroup=name,
            settings={key: settings[key] for key in sorted(settings)},
            person=PersonTable(**person),
            events=self.subgroups[name].events,
            drawn=drawn,
        )

    def _subgroup(self, seed: int, index: int) -> str:
        shares = self.shares
        return Random(f"{self.name}/{seed}/{index}/subgroup").choices(list(shares), list(shares.values()))[0]


def describe(cohort: Cohort) -> list[Row]:
    """Every distribution of a cohort as a row of a table: first what holds for everyone, then each subgroup's own."""
    tables = [(EVERYONE, cohort.everyone), *((name, cohort.subgroups[name].own) for name in sorted(cohort.subgroups))]
    return [
        Row(who, parameter, table[parameter].text(), table[parameter].source, table[parameter].grade)
        for who, table in tables
        for parameter in sorted(table)
    ]
