"""When in a procedure something happens, told by what can be seen at the bench: where the plunger, the tip and the button are.

A phase leads to its moment by marks, and the moment is a random time behind the last of them. Every moment is continuous, so
that over many procedures all positions within the host's cycle and within a frame on a wire are met.
"""

from dataclasses import dataclass
from random import Random
from typing import Final, Literal, get_args

from simulators.acts import Act, Note, Press
from simulators.scenario import Event, When

Phase = Literal[
    "start",
    "connecting",
    "self_test",
    "priming",
    "settling",
    "ready",
    "infusing",
    "between",
    "holding",
    "stopping",
    "relieving",
]
PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
SENTENCES: Final[dict[Phase, str]] = {
    "start": "before the host's first byte",
    "connecting": "0.1 to 2 s after the host has begun: devices are set up, zero is taken",
    "self_test": "up to 1.5 s after the button was pressed for its test",
    "priming": "the plunger goes forward, the tip is in air",
    "settling": "up to 5 s after that, the tip still in air: the line comes to rest",
    "ready": "up to 1.6 s after the cannula was put in: until the first increment begins",
    "infusing": "the plunger goes forward into the patient and has at least 0.5 ul of its increment to go",
    "between": "around the end of an increment, or up to 0.1 s after the begin of the next one",
    "holding": "0.1 to 8 s after the end of an increment: until the next one begins (up to 0.9 s after the last one)",
    "stopping": "up to 0.15 s after the patient has pressed the button while infusing",
    "relieving": "after such a press, within the first 3 ul of the retraction",
}

INCREMENT_UL: Final = 50.0
_PRIMED_UL = 19.0  # of 20: the shortest prime of the shipped profiles
_BEFORE_END_UL = 1.0  # a tenth of a second at the fastest rate there is
_JUST_BEGUN_UL = 0.01
_BEHIND_A_MARK_S = 0.05
_AT_REST_S = 0.02


@dataclass(frozen=True, slots=True)
class Moment:
    """Marks, and how long after the last one (or, where there is none, after the begin) the moment can be."""

    phase: Phase
    marks: tuple[Event, ...]
    earliest_s: float
    latest_s: float

    def when(self, random: Random) -> When:
        """A time for something that happens at this moment."""
        time_s = random.uniform(self.earliest_s, self.latest_s)
        return When(after_s=time_s) if self.marks else When(at_s=time_s)


def draw_moment(phase: Phase, random: Random, target_ul: float) -> Moment:
    """One moment of this phase in a procedure that is to give target_ul."""
    match phase:
        case "start":
            return Moment(phase, (), 0.0, 0.0)
        case "connecting":
            return Moment(phase, (), 0.1, 2.0)
        case "self_test":
            return Moment(phase, (_mark(phase, When(pressed=True)),), 0.0, 1.5)
        case "priming":
            when = When(tip="air", forward_ul=random.uniform(_JUST_BEGUN_UL, _PRIMED_UL))
            return Moment(phase, (_mark(phase, when),), 0.0, _BEHIND_A_MARK_S)
        case "settling":
            return Moment(phase, (_mark(phase, When(tip="air", forward_ul=1.0, rest_s=_AT_REST_S)),), 0.0, 5.0)
        case "ready":
            return Moment(phase, (_mark(phase, When(tip="patient")),), 0.0, 1.6)
        case "infusing":
            return Moment(phase, (_mark(phase, _while_infusing(random, target_ul)),), 0.0, _BEHIND_A_MARK_S)
        case "between":
            return _between(random, target_ul)
        case "holding":
            return _holding(random, target_ul)
        case "stopping":
            return Moment(phase, (_press(_while_infusing(random, target_ul)),), 0.0, 0.15)
        case "relieving":
            press = _press(_while_infusing(random, target_ul))
            drawn = _mark(phase, When(withdrawn_ul=random.uniform(_JUST_BEGUN_UL, 3.0)))
            return Moment(phase, (press, drawn), 0.0, _BEHIND_A_MARK_S)


def _between(random: Random, target_ul: float) -> Moment:
    begun_ul, end_ul = random.choice(_increments_ul(target_ul))
    if begun_ul > 0.0 and random.random() < 0.5:
        when, latest_s = When(forward_patient_ul=begun_ul + _JUST_BEGUN_UL), 0.1
    else:
        when, latest_s = When(forward_patient_ul=max(begun_ul + _JUST_BEGUN_UL, end_ul - _BEFORE_END_UL)), 0.6
    return Moment("between", (_mark("between", when),), 0.0, latest_s)


def _holding(random: Random, target_ul: float) -> Moment:
    """Not long after the last increment: the hold lasts for a second at least, and then the pump is handed back to people."""
    _, end_ul = random.choice(_increments_ul(target_ul))
    mark = _mark("holding", When(forward_patient_ul=end_ul - _JUST_BEGUN_UL, rest_s=_AT_REST_S))
    return Moment("holding", (mark,), 0.08, 0.88 if end_ul >= target_ul else 8.0)


def _while_infusing(random: Random, target_ul: float) -> When:
    """Anywhere in an increment but close to its end, so that what happens soon after it meets a plunger that still moves."""
    begun_ul, end_ul = random.choice(_increments_ul(target_ul))
    latest_ul = max(end_ul - _BEFORE_END_UL, (begun_ul + end_ul) / 2)
    return When(forward_patient_ul=random.uniform(begun_ul + min(_JUST_BEGUN_UL, (end_ul - begun_ul) / 4), latest_ul))


def _increments_ul(target_ul: float) -> list[tuple[float, float]]:
    """Where each increment begins and ends, in uL into the patient."""
    ends_ul: list[float] = []
    while not ends_ul or ends_ul[-1] < target_ul:
        ends_ul.append(min(INCREMENT_UL * (len(ends_ul) + 1), target_ul))
    return list(zip([0.0, *ends_ul], ends_ul, strict=False))


def _mark(phase: Phase, when: When) -> Event:
    return _event(when, Note(text=f"phase {phase}"))


def _press(when: When) -> Event:
    return _event(when, Press())


def _event(when: When, act: Act) -> Event:
    return Event.model_validate({"when": when, **act.model_dump(exclude_none=True)})
