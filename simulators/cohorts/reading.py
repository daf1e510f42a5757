"""Reads cohorts from TOML. Everything that is wrong with a file is told at once; nothing is guessed, nothing is clamped.

A file stands on its own, or on a cohort that ships with the software (`base`): then it has the subgroups that it names, each
beginning as the base's subgroup of that name, and its own distributions go before the base's.
"""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulators.cohorts.cohort import EVERYONE, Cohort, Subgroup
from simulators.cohorts.distributions import KINDS, Distribution, read_distribution
from simulators.cohorts.parameters import incomplete, known_parameters, unfit
from simulators.cohorts.problems import CohortError, sentences
from simulators.scenario import Event

Name = Literal[
    "intact", "rupture_free_pressure", "rupture_free_mechanical", "rupture_dense_pressure", "rupture_dense_mechanical",
    "reflux", "tip_in_wall", "air", "wrong_contrast", "motion",
]  # fmt: skip
SUBGROUPS: tuple[str, ...] = get_args(Name)
"""Every kind of patient there is: the names by which campaigns tell them apart."""

_GROUPS = ("fluid", "cannula", "friction", "line", "plunger", "pressure", "person")
_Group = dict[str, Any]


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class _Groups(_Table):
    """Distributions by device; they are read one by one (see _distributions)."""

    fluid: _Group = {}
    cannula: _Group = {}
    friction: _Group = {}
    line: _Group = {}
    plunger: _Group = {}
    pressure: _Group = {}
    person: _Group = {}


class _SubgroupTable(_Groups):
    weight: Annotated[float, Field(gt=0)]
    description: str = ""
    event: list[Event] = []


class _File(_Table):
    title: Annotated[str, Field(min_length=1)]
    description: Annotated[str, Field(min_length=1)]
    base: str | None = None
    everyone: _Groups = _Groups()
    subgroups: Annotated[dict[Name, _SubgroupTable], Field(min_length=1)]


def cohort_names() -> list[str]:
    """The cohorts that come with the software, sorted."""
    return sorted(entry.name.removesuffix(".toml") for entry in _shelf().iterdir() if entry.name.endswith(".toml"))


def load_cohort(name_or_path: str) -> Cohort:
    """Reads a cohort by name (those that come with the software) or by path (ends in .toml or has a slash).

    A cohort from a path is called as its file is, so that its patients stay the same wherever the file lies.
    Raises CohortError, whose text has one sentence for each mistake.
    """
    if "/" in name_or_path or name_or_path.endswith(".toml"):
        source: Any = Path(name_or_path)
    elif name_or_path in cohort_names():
        source = _shelf() / f"{name_or_path}.toml"
    else:
        raise CohortError(f"no cohort is called {name_or_path!r}; there are: {', '.join(cohort_names())}")
    try:
        tree = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise CohortError(f"{name_or_path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML, or tables without end
        raise CohortError(f"{name_or_path}: not TOML: {error}") from None
    cohort, problems = _read(tree, name_or_path.rpartition("/")[2].removesuffix(".toml"))
    if cohort is None or problems:
        raise CohortError("\n".join(f"{name_or_path}: {problem}" for problem in problems))
    return cohort


def _shelf() -> Any:
    return files("config") / "cohorts"


def _read(tree: dict[str, Any], name: str) -> tuple[Cohort | None, list[str]]:
    """The cohort, or everything that is wrong with it."""
    problems: list[str] = []
    everyone = _distributions(tree.get(EVERYONE), EVERYONE, problems)
    tables = tree.get("subgroups")
    own = {
        kind: _distributions(table, f"subgroups.{kind}", problems)
        for kind, table in (tables.items() if isinstance(tables, dict) else ())
    }
    base = _base(tree.get("base"), problems)
    try:
        file = _File.model_validate(tree)
    except ValidationError as error:
        return None, [*sentences(error, not_keys=frozenset({"[key]"})), *problems]
    subgroups: dict[str, Subgroup] = {}
    for kind, table in file.subgroups.items():
        before = base.subgroups.get(kind) if base is not None else None
        inherited = (before.description, before.own, before.events) if before is not None else ("", {}, ())
        subgroups[kind] = Subgroup(
            weight=table.weight,
            description=table.description or inherited[0],
            own={**inherited[1], **own[kind]},
            events=tuple(table.event) or inherited[2],
        )
    cohort = Cohort(
        name=name,
        title=file.title,
        description=file.description,
        everyone={**(base.everyone if base is not None else {}), **everyone},
        subgroups=subgroups,
    )
    return cohort, problems or incomplete(cohort)


def _base(name: object, problems: list[str]) -> Cohort | None:
    if name is None or not isinstance(name, str):
        return None
    if name not in cohort_names():
        problems.append(f"base = {name!r}: no cohort of the software is called so; there are: {', '.join(cohort_names())}")
        return None
    if "base" in tomllib.loads((_shelf() / f"{name}.toml").read_text(encoding="utf-8")):
        problems.append(f"base = {name!r} has a base itself; a base must stand on its own")
        return None
    return load_cohort(name)


def _distributions(groups: object, where: str, problems: list[str]) -> dict[str, Distribution]:
    """Every distribution below one table, by parameter in full; mistakes go to problems. What is no table, _File tells."""
    found: dict[str, Distribution] = {}
    for group in _GROUPS:
        table = groups.get(group) if isinstance(groups, dict) else None
        for name, entry in table.items() if isinstance(table, dict) else ():
            key, at = f"{group}.{name}", f"{where}.{group}.{name}"
            if key not in known_parameters():
                known = ", ".join(each for each in sorted(known_parameters()) if each.startswith(f"{group}."))
                problems.append(f"{at} is not a known parameter; known here: {known}")
            try:
                found[key] = read_distribution(entry)
            except ValidationError as error:
                problems.extend(sentences(error, at, not_keys=KINDS))
            else:
                problems.extend(f"{at}{text}" for text in unfit(key, found[key]))
    return found
