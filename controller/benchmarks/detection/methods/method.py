"""What every test is, and how one is fed with a run.

A test has a score that only rises; at a threshold it alarms when its score reaches it. So one run tells of all thresholds.
"""

from dataclasses import dataclass, field
from math import inf

import numpy as np
import numpy.typing as npt

from controller.benchmarks.detection.course import Course, Held, Phase, Sample
from controller.core.line import LineModel

LEAST_NOISE_KPA = 0.01

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known before the first sample: how each increment is given, and what the prime check has found.

    late_s: how much later than ordered the fluid moves.
    """

    rate_ul_s: float
    increment_ul: float
    line: LineModel = field(default_factory=LineModel)
    late_s: float = 0.0
    noise_kpa: float = 0.1

    @property
    def increment_s(self) -> float:
        """How long an increment takes."""
        return self.increment_ul / self.rate_ul_s


def setting_of(course: Course) -> Setting:
    """What was known in this run."""
    found = course.line
    if found is None:
        return Setting(course.rate_ul_s, course.increment_ul)
    line = LineModel(found["resistance_kpa_s_ul"], found["compliance_ul_kpa"], found["bubble_ul"])
    return Setting(course.rate_ul_s, course.increment_ul, line, found["late_s"], max(LEAST_NOISE_KPA, found["noise_kpa"]))


class Method:
    """Hears of a run, one thing after the other, and raises its score."""

    def __init__(self, setting: Setting) -> None:
        """setting: of the run that it is going to hear of."""
        self.setting = setting
        self.score = -inf

    def infuse(self, at_s: float) -> None:
        """The plunger sets off."""

    def rest(self, at_s: float) -> None:
        """The plunger stands still."""

    def sample(self, asked_s: float, kpa: float) -> None:
        """One sample of line pressure."""

    def held(self, kpa: float) -> None:
        """The hold that is under way has found this pressure at zero flow."""

    def _raise_to(self, score: float) -> None:
        self.score = max(self.score, score)


@dataclass(frozen=True, slots=True)
class Steps:
    """A score over time: from at_s[n] on it is score[n], and each is higher than the one before."""

    at_s: Numbers
    score: Numbers

    def alarm_s(self, threshold: float) -> float | None:
        """When the score reaches this; None if it never does."""
        place = int(np.searchsorted(self.score, threshold))
        return float(self.at_s[place]) if place < len(self.score) else None

    def highest(self, until_s: float) -> float:
        """The score at that time, minus infinity before there is one."""
        place = int(np.searchsorted(self.at_s, until_s, side="right"))
        return float(self.score[place - 1]) if place else -inf


def steps_of(changes: list[tuple[float, float]]) -> Steps:
    """From (time, score) in the order of time: what is not higher than before is no step."""
    kept: list[tuple[float, float]] = []
    highest = -inf
    for at_s, score in changes:
        if score > highest:
            highest = score
            kept.append((at_s, score))
    return Steps(np.array([at_s for at_s, _ in kept]), np.array([score for _, score in kept]))


def follow(course: Course, method: Method) -> Steps:
    """Feeds a test with a run, in the order in which the host heard of it."""
    changes: list[tuple[float, float]] = []
    before = method.score
    for heard in course.heard():
        if isinstance(heard, Sample):
            at_s = heard.heard_s
            method.sample(heard.asked_s, heard.kpa)
        elif isinstance(heard, Held):
            at_s = heard.at_s
            method.held(heard.kpa)
        else:
            at_s = heard.at_s
            if heard.phase is Phase.INFUSING:
                method.infuse(at_s)
            else:
                method.rest(at_s)
        if method.score > before:
            before = method.score
            changes.append((at_s, before))
    return steps_of(changes)
