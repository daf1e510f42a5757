"""ductoject's own detection, as the core has it."""

from math import inf

from controller.benchmarks.detection.course import Course
from controller.benchmarks.detection.methods.method import Steps, steps_of
from controller.core.reasons import Reason

OURS = "ductoject"
OWN_THRESHOLD = 1.0
_STOPS = (
    Reason.RESISTANCE,
    Reason.LINE_OPEN,
    Reason.AIR_IN_LINE,
    Reason.PRESSURE_CEILING,
)


def our_steps(course: Course) -> Steps:
    """Score: the core's evidence over its threshold; infinite from the moment at which the core would have stopped without it."""
    stops_s = [course.causes[reason] for reason in _STOPS if reason in course.causes]
    lost_s = course.causes.get(Reason.EXTRAVASATION_SUSPECTED)
    if lost_s is not None and not any(at_s <= lost_s and score >= OWN_THRESHOLD for at_s, score in course.suspicion):
        stops_s.append(lost_s)
    return steps_of(sorted([*course.suspicion, *((at_s, inf) for at_s in stops_s)]))
