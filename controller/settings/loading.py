"""Loads a profile: file, then options over it, then every check at once. The only error that comes out is ConfigError."""

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from config import PROFILES, shipped
from controller.settings import rules
from controller.settings.catalogue import Agent, Cannula, Syringe, Tube, catalogue, expected_resistance_kpa_s_ul
from controller.settings.problems import ConfigError, Origin, Problem, shown
from controller.settings.profile import Profile, known_values
from controller.settings.reading import parse, plain, plain_table, read_file
from controller.settings.sentences import field_problems, leaves, unknown_key

_FREE_TABLE: Final = "simulation.options."


@dataclass(frozen=True, slots=True)
class Parts:
    """The catalogue's entries of what is in the line."""

    syringe: Syringe
    agent: Agent
    cannula: Cannula
    tube: Tube


@dataclass(frozen=True, slots=True)
class LoadedProfile:
    """A profile that passed every check.

    source: its file, as the user named it. raw: what the file and the options said, without defaults. canonical_json: the
    profile with defaults and the catalogue entries it names, in the one spelling that is hashed; a record keeps this text.
    hash: SHA-256 of canonical_json, in hex.
    """

    profile: Profile
    parts: Parts
    source: str
    raw: dict[str, object]
    canonical_json: str
    hash: str

    @property
    def expected_resistance_kpa_s_ul(self) -> float:
        """What the line is expected to resist: by the lot's calibration where there is one, else by the catalogue."""
        line = self.profile.line
        return expected_resistance_kpa_s_ul(self.parts.agent, line.temperature_c, self.cannula, self.parts.tube)

    @property
    def cannula(self) -> Cannula:
        """The catalogue's cannula, with the bore of the lot where that was measured."""
        lot_bore_mm = self.profile.line.lot_bore_mm
        return self.parts.cannula if lot_bore_mm is None else self.parts.cannula.model_copy(update={"bore_mm": lot_bore_mm})


def load_profile(name_or_path: str, overrides: Mapping[str, object] | None = None) -> LoadedProfile:
    """The profile of that name (sim, bench, bedside), or of the TOML file at that path.

    overrides: dotted key -> value, or -> (value, what the user calls it, such as "--target-ml"), which then stands in the
    error messages. A value of None means not given. Raises ConfigError with everything that is wrong, and nothing else.
    """
    if name_or_path in PROFILES:
        file = shipped(name_or_path)
        source = file.name
        try:
            data = file.read_bytes()
        except OSError as error:
            raise ConfigError([f"{source}: can not be read: {error.strerror}"]) from None
    elif "/" in name_or_path or name_or_path.endswith(".toml"):
        source = name_or_path if name_or_path.isprintable() else shown(name_or_path)
        data = read_file(name_or_path, source)
    else:
        known = ", ".join(PROFILES)
        raise ConfigError([f"there is no profile {shown(name_or_path)}; known: {known}, or the path of a .toml file"])
    return build_profile(parse(data, source), source, overrides)


def build_profile(tree: Mapping[str, object], source: str, overrides: Mapping[str, object] | None = None) -> LoadedProfile:
    """A profile from a tree of tables (such as json.loads(canonical_json)["profile"] of a record). Otherwise as load_profile."""
    catalogue()  # a broken catalogue is reported as itself, before anything else
    raw = plain_table(tree, source)
    options = _labelled(overrides or {})
    problems = _apply(options, raw)
    origin = Origin(source, tree, options)
    profile, bad = None, set()
    try:
        profile = Profile.model_validate(raw)
    except ValidationError as error:
        wrong_fields = field_problems(error, Profile)
        problems += wrong_fields
        bad = {".".join(problem.key) for problem in wrong_fields}
    problems += rules.check(known_values(raw, bad))
    if profile is None or problems:
        raise ConfigError([origin.sentence(problem) for problem in problems], problems)
    return _loaded(profile, source, raw)


def _labelled(overrides: Mapping[str, object]) -> dict[str, tuple[str, object]]:
    """Dotted key -> (label, plain value) of the overrides that are given."""
    labelled: dict[str, tuple[str, object]] = {}
    for dotted, given in overrides.items():
        match given:
            case (value, str(label)) if isinstance(given, tuple):
                pass
            case value:
                label = dotted
        if value is not None:
            labelled[dotted] = (label, plain(value, label))
    return labelled


def _apply(options: Mapping[str, tuple[str, object]], raw: dict[str, object]) -> list[Problem]:
    """Puts the options over the file's values; those whose key does not exist come back as problems."""
    problems = []
    known = set(leaves(Profile))
    for dotted, (_, value) in options.items():
        if dotted not in known and not (dotted.startswith(_FREE_TABLE) and dotted.isprintable()):
            problems.append(unknown_key(tuple(dotted.split(".")), Profile))
            continue
        *sections, last = dotted.split(".")
        here: object = raw
        for section in sections:
            here = here.setdefault(section, {}) if isinstance(here, dict) else here
        if isinstance(here, dict):  # else the file has something else in the section's place, which is reported by itself
            here[last] = copy.deepcopy(value)
    return problems


def _loaded(profile: Profile, source: str, raw: dict[str, object]) -> LoadedProfile:
    known, line = catalogue(), profile.line
    parts = Parts(known.syringes[line.syringe], known.agents[line.agent], known.cannulas[line.cannula], known.tubes[line.tube])
    content = {
        "profile": profile.model_dump(exclude_none=True),
        "catalogue": {
            "syringe": parts.syringe.model_dump(exclude_none=True),
            "agent": parts.agent.model_dump(exclude_none=True),
            "cannula": parts.cannula.model_dump(exclude_none=True),
            "tube": parts.tube.model_dump(exclude_none=True),
        },
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return LoadedProfile(profile, parts, source, raw, text, hashlib.sha256(text.encode("ascii")).hexdigest())
