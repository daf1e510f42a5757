"""What is wrong with a configuration, and how it is said: one sentence a problem, naming file, key, value and limit."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_LONGEST_VALUE = 60


class ConfigError(Exception):
    """A configuration that can not be used. `problems` holds one sentence for each thing that is wrong, all of them.

    found: the same, one for one, with their keys; empty where it is not about keys.
    """

    def __init__(self, problems: Sequence[str], found: "Sequence[Problem]" = ()) -> None:
        self.problems = list(problems)
        self.found = tuple(found)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """A fractional number of a file, with the text it was written as, so that messages can quote it."""

    text: str

    @property
    def value(self) -> float:
        """The number; inf where the text is beyond what a float holds."""
        return float(self.text)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    key: path of the key it is about. text: what follows "key = value" in the sentence. involved: other dotted keys that
    have a part in it. quote_value: false where the value says nothing (an unknown key). is_section: it is about a whole
    section, which may be missing.
    """

    key: tuple[str, ...]
    text: str
    involved: tuple[str, ...] = ()
    quote_value: bool = True
    is_section: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the values came from: a file (its name as the user gave it, its contents) and options that went over it.

    options: dotted key -> (what the user calls it, such as "--target-ml", value).
    """

    source: str
    tree: Mapping[str, object]
    options: Mapping[str, tuple[str, object]] = field(default_factory=dict)

    def sentence(self, problem: Problem) -> str:
        """The problem in one sentence."""
        if not problem.key:
            return f"{self.source} {problem.text}"
        dotted = ".".join(problem.key)
        found, value = _at(self.tree, problem.key)
        if dotted in self.options:
            label, value = self.options[dotted]
            found = True
            subject = label if problem.quote_value or label == dotted else f"{label}: {_key_text(problem.key)}"
        elif not found and (labels := self._labels_below(dotted)):
            subject = f"{labels[0]}: [{dotted}]"  # the section is there only because an option made it
        else:
            is_table = problem.is_section or isinstance(value, Mapping)
            subject = f"{self.source}: {f'[{_key_text(problem.key)}]' if is_table else _key_text(problem.key)}"
        if found and problem.quote_value and not isinstance(value, Mapping):
            subject += f" = {shown(value)}"
        others = [f"{label} = {shown(v)}" for key in problem.involved if key in self.options for label, v in [self.options[key]]]
        tail = f" (with {', '.join(others)})" if others else ""
        return f"{subject} {problem.text}{tail}"

    def _labels_below(self, dotted: str) -> list[str]:
        return [label for key, (label, _) in self.options.items() if key.startswith(f"{dotted}.")]


def shown(value: object) -> str:
    """A value as its file has it, cut where it is very long."""
    match value:
        case WrittenNumber(text):
            result = text
        case bool():
            result = "true" if value else "false"
        case str():
            result = json.dumps(value, ensure_ascii=not value.isprintable())
        case Mapping():
            result = "{...}"
        case list() | tuple():
            result = "[...]"
        case _:
            result = str(value)
    return result if len(result) <= _LONGEST_VALUE else f"{result[:_LONGEST_VALUE]}..."


def _key_text(key: Sequence[str]) -> str:
    return ".".join(part if _is_bare(part) else shown(part) for part in key)


def _is_bare(part: str) -> bool:
    return part != "" and part.isascii() and part.replace("_", "a").replace("-", "a").isalnum()


def _at(tree: object, key: Sequence[str]) -> tuple[bool, object]:
    for part in key:
        if isinstance(tree, Mapping) and part in tree:
            tree = tree[part]
        elif isinstance(tree, list) and part.isdecimal() and int(part) < len(tree):
            tree = tree[int(part)]
        else:
            return False, None
    return True, tree
