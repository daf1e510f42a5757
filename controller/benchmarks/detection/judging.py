"""The rules by which every test is judged, on the same open runs.

The end of a run is the first of VOLUME_REACHED and DUCT_FULL; an alarm after it does not exist. Before a tear, or without one,
an alarm is a false stop; after it, it has found the tear. A tear that a good end has come before is nobody's to find and is left
out, one before which a test has stopped for nothing stays in and was not found.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from math import inf, nextafter

import numpy as np

from controller.benchmarks.detection.course import Course
from controller.benchmarks.detection.methods.method import Numbers, Steps

SPILT_UL = 20.0
UNKNOWN = "unknown"
NO_TEAR = ("motion", "intact")  # the first that there is sets the thresholds
ANY_ALARM = ("reflux", "tip_in_wall")
TEARS, DENSE = "rupture_", "rupture_dense_"


@dataclass(slots=True)
class Run:
    """What judging needs of one course. end_s: of the first good end, infinite if there was none; full: it was DUCT_FULL."""

    index: int
    subgroup: str
    refused: str | None
    end_s: float
    torn: bool | None
    tear_s: float | None
    at_s: Numbers
    extravasated_ul: Numbers
    button_s: float | None
    steps: dict[str, Steps] = field(default_factory=dict)
    full: bool = False

    def spilt_ul(self, at_s: float) -> float | None:
        """What had extravasated by then; None where the plant does not tell."""
        return float(np.interp(at_s, self.at_s, self.extravasated_ul)) if len(self.at_s) else None


Alarm = Callable[[Run], float | None]
"""When a test at its threshold alarms in a run; None if it does not."""


def run_of(course: Course, steps: dict[str, Steps]) -> Run:
    """A course with the scores that it gave."""
    ends_s = [at_s for at_s in (course.full_s, course.volume_s) if at_s is not None]
    return Run(
        course.index,
        course.subgroup or UNKNOWN,
        course.refused,
        min(ends_s, default=inf),
        course.torn,
        course.tear_s,
        np.array([at_s for at_s, _ in course.extravasated]),
        np.array([ul for _, ul in course.extravasated]),
        course.button_s,
        steps,
        course.full_s is not None and course.full_s <= min(ends_s, default=inf),
    )


class Fate(Enum):
    """What became of a tear."""

    FOUND = "found"
    MISSED = "missed"
    STOPPED_BEFORE = "stopped for nothing before it"
    NEVER = "a good end came before it, or it did not tear"
    TOO_LITTLE = "it spills so little that nobody has to find it"


def alarm_in(run: Run, alarm: Alarm) -> float | None:
    """The alarm that exists: the one until the end, which may be at the very hold that is the end."""
    at_s = alarm(run)
    return at_s if at_s is not None and at_s <= run.end_s else None


def fate(run: Run, alarm: Alarm) -> Fate:
    """Of one run in which the duct may have torn."""
    if run.tear_s is None or run.end_s < run.tear_s:
        return Fate.NEVER
    if run.subgroup.startswith(DENSE):
        in_the_end_ul = run.spilt_ul(inf)
        if in_the_end_ul is None or in_the_end_ul <= SPILT_UL:
            return Fate.TOO_LITTLE
    at_s = alarm_in(run, alarm)
    if at_s is None:
        return Fate.MISSED
    return Fate.STOPPED_BEFORE if at_s < run.tear_s else Fate.FOUND


def label(run: Run) -> str:
    """The sub-group in which a run is reported. One that is not ours is parted by what the plant tells of the tear."""
    name = run.subgroup
    if name in NO_TEAR or name in ANY_ALARM or name.startswith(TEARS) or run.torn is None:
        return name
    return f"{name}, torn" if run.torn else f"{name}, not torn"


def reference(runs: Sequence[Run]) -> list[Run]:
    """The runs whose false stops set the thresholds: those of `motion`, else intact ones, else all that never tore."""
    for name in NO_TEAR:
        chosen = [run for run in runs if run.subgroup == name]
        if chosen:
            return chosen
    return [run for run in runs if run.torn is False and run.subgroup not in ANY_ALARM]


def threshold_at(runs: Sequence[Run], method: str, rate: float) -> float:
    """The lowest threshold at which no more than this part of the runs alarms; infinite where more have stopped for certain."""
    highest = sorted((run.steps[method].highest(run.end_s) for run in runs), reverse=True)
    allowed = int(rate * len(highest) + 1e-9)
    return nextafter(highest[allowed], inf) if allowed < len(highest) else -inf


def alarmed(runs: Sequence[Run], alarm: Alarm) -> float | None:
    """The part of the runs that alarm before their end."""
    return sum(alarm_in(run, alarm) is not None for run in runs) / len(runs) if runs else None


def judge(name: str, runs: Sequence[Run], alarm: Alarm, false_stop_rate: float | None) -> dict[str, object]:
    """One row of a sub-group. false_stop_rate: of this test in the reference, for sub-groups that tell none of their own."""
    part = alarmed(runs, alarm)
    found: list[Run] = []
    row: dict[str, object] = {"subgroup": name, "n": len(runs), "sensitivity": None, "alarmed": _rounded(part)}
    if name in NO_TEAR or name.endswith(", not torn"):
        false_stop_rate = part
    elif name in ANY_ALARM:
        found = [run for run in runs if alarm_in(run, alarm) is not None]
        row["sensitivity"] = _rounded(part)
    elif name.startswith(TEARS) or name.endswith(", torn"):
        fates = [fate(run, alarm) for run in runs]
        found = [run for run, each in zip(runs, fates, strict=True) if each is Fate.FOUND]
        tears = sum(each in (Fate.FOUND, Fate.MISSED, Fate.STOPPED_BEFORE) for each in fates)
        full = [run for run, each in zip(runs, fates, strict=True) if each is Fate.MISSED and run.full]
        row |= {
            "n": tears,
            "sensitivity": _rounded(len(found) / tears) if tears else None,
            "stopped_before": fates.count(Fate.STOPPED_BEFORE),
            "never": fates.count(Fate.NEVER),
            "too_little": fates.count(Fate.TOO_LITTLE),
            **_called_full(full),
            "stopped_after": _rounded((len(found) + len(full)) / tears) if tears else None,
        }
    return row | {"false_stop_rate": _rounded(false_stop_rate)} | _found(found, alarm)


def _called_full(runs: Sequence[Run]) -> dict[str, object]:
    """Tears that no alarm has found, and that ended all the same because the duct was called full."""
    spilt = [ul for run in runs if (ul := run.spilt_ul(run.end_s)) is not None]
    return {"full": len(runs), "full_median_ul": _rounded(float(np.percentile(spilt, 50))) if spilt else None}


def _found(runs: Sequence[Run], alarm: Alarm) -> dict[str, object]:
    alarms = [(run, at_s) for run in runs if (at_s := alarm_in(run, alarm)) is not None]
    spilt = [ul for run, at_s in alarms if (ul := run.spilt_ul(at_s)) is not None]
    delays = [at_s - run.tear_s for run, at_s in alarms if run.tear_s is not None]
    return {
        "median_ul": _rounded(float(np.percentile(spilt, 50))) if spilt else None,
        "p95_ul": _rounded(float(np.percentile(spilt, 95))) if spilt else None,
        "delay_s": _rounded(float(np.percentile(delays, 50))) if delays else None,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
