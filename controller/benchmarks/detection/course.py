"""What one open run has left: what the host heard, what it would have done, and what was true meanwhile."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from controller.core.reasons import Reason


class Phase(Enum):
    """What the plunger does with the cannula in the patient."""

    INFUSING = "infusing"
    HOLDING = "holding"


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of line pressure, as the core sees it; heard_s: the cycle in which it did."""

    heard_s: float
    asked_s: float
    kpa: float


@dataclass(frozen=True, slots=True)
class Change:
    """A phase begins."""

    at_s: float
    phase: Phase


@dataclass(frozen=True, slots=True)
class Held:
    """The result of a hold. predicted_kpa: after one more increment; None where the target is reached."""

    at_s: float
    kpa: float
    error_kpa: float
    predicted_kpa: float | None


@dataclass(slots=True)
class Course:
    """One patient. Times are those of the run; what the plant does not tell is None.

    refused: why the procedure did not come as far as the patient; everything else is empty then.
    causes: when each cause to stop came first that was not heeded, that of a duct at its limit included.
    suspicion: (time, value) at every change, where the core has such a value.
    full_s: when the duct would have been called full. volume_s: when all of the volume was in, and held.
    tear_s: the duct has torn. torn is None where the plant does not tell. extravasated: (time, ul).
    button_s: when the patient would have pressed the button.
    """

    index: int
    subgroup: str | None
    rate_ul_s: float
    increment_ul: float
    refused: str | None = None
    line: Mapping[str, Any] | None = None
    samples: list[Sample] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    causes: dict[Reason, float] = field(default_factory=dict)
    suspicion: list[tuple[float, float]] = field(default_factory=list)
    full_s: float | None = None
    volume_s: float | None = None
    torn: bool | None = None
    tear_s: float | None = None
    extravasated: list[tuple[float, float]] = field(default_factory=list)
    button_s: float | None = None

    def heard(self) -> Iterator[Sample | Change | Held]:
        """Everything that the host heard and did with the patient, in its order: a sample before what came of it."""
        rest: list[Change | Held] = [*self.held, *self.changes]
        rest.sort(key=lambda each: each.at_s)  # stable: of one moment the result comes first
        place = 0
        for sample in self.samples:
            while place < len(rest) and rest[place].at_s < sample.heard_s:
                yield rest[place]
                place += 1
            yield sample
        yield from rest[place:]
