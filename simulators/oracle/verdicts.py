"""What the oracle has found: each kind of violation once, with its first moment."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken invariant: its number in DESIGN.md section 7, the first moment, and a sentence with the numbers."""

    invariant: int
    t_s: float
    text: str


class Verdicts:
    """The violations of one procedure, in the order in which they were found."""

    __slots__ = ("_kinds", "violations")

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self._kinds: set[tuple[int, str]] = set()

    def accuse(self, invariant: int, kind: str, t_s: float, text: str) -> None:
        """Notes a violation, unless one of the same kind has been noted before."""
        if (invariant, kind) not in self._kinds:
            self._kinds.add((invariant, kind))
            self.violations.append(Violation(invariant, t_s, text))
