"""ductoject's own detection, as the core has it."""

from math import inf

from controller.benchmarks.detection.course import Course
from controller.benchmarks.detection.methods.method import Steps, steps_of
from controller.core.reasons import Reason

OURS = "ductoject"
OWN_THRESHOLD = 1.0
_STOPS = (
    Reason.EXTRAVASATION_SUSPECTED,
    Reason.RESISTANCE,
    Reason.LINE_OPEN,
    Reason.AIR_IN_LINE,
    Reason.PRESSURE_CEILING,
)


def our_steps(course: Course) -> Steps:
    """Score: the core's evidence over its threshold; infinite from the moment at which the core would have stopped."""
    stops_s = [course.causes[reason] for reason in _STOPS if reason in course.causes]
    return steps_of(sorted([*course.suspicion, *((at_s, inf) for at_s in stops_s)]))
