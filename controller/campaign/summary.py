"""The numbers of a campaign, from its rows alone: the same rows in the same order give the same bytes."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from controller.campaign.plan import Plan
from controller.campaign.work import Done
from controller.core.reasons import GOOD_ENDS
from controller.virtual.case import COLUMNS

UNKNOWN = "unknown"
NO_FAULT = "none"
FAULT_SEPARATOR = "+"

SOUND_SUBGROUPS = frozenset({"intact", "motion"})
"""Nothing is torn, nothing leaks, and the line is as it should be (those of the cohort `benign`)."""
FALSE_STOP = (
    f"a patient of the subgroups {' or '.join(sorted(SOUND_SUBGROUPS))}, without a fault, whose procedure ended neither with "
    + " nor with ".join(sorted(reason.name for reason in GOOD_ENDS))
)

_GOOD = frozenset(reason.name for reason in GOOD_ENDS)
_DECIMALS = 6  # of a microlitre: far below anything that is meant, and far above the last bit

Row = Mapping[str, object]


def summarise(plan: Plan, finished: Iterable[Done]) -> dict[str, object]:
    """What is told of a campaign, as plain data without times and places. Volumes in uL; null where no plant told."""
    ended = list(finished)
    rows: list[Row] = [dict(zip(COLUMNS, done.row, strict=True)) for done in ended]
    violations = [{"index": done.index, **each, "repeat": plan.command(done.index)} for done in ended for each in done.violations]
    return {
        **plan.asked(),
        "finished": len(rows),
        "violations": len(violations),
        "patients_with_violations": sum(1 for done in ended if done.violations),
        "reasons": reasons_of(rows),
        "false_stops": sum(map(is_false_stop, rows)),
        "false_stop_reasons": reasons_of(filter(is_false_stop, rows)),
        "false_stop": FALSE_STOP,
        "by_subgroup": _by(rows, lambda row: [subgroup_of(row)]),
        "by_fault": _by(rows, faults_of),
        "violation_list": violations,
    }


def subgroup_of(row: Row) -> str:
    """The subgroup, or "unknown" if the plant did not tell."""
    return str(row["subgroup"] or UNKNOWN)


def faults_of(row: Row) -> list[str]:
    """The names of the injected faults; "none" stands for a procedure without."""
    return [name for name in str(row["faults"] or "").split(FAULT_SEPARATOR) if name] or [NO_FAULT]


def is_false_stop(row: Row) -> bool:
    """Was a procedure ended early for nothing? See FALSE_STOP."""
    return subgroup_of(row) in SOUND_SUBGROUPS and faults_of(row) == [NO_FAULT] and row["reason"] not in _GOOD


def reasons_of(rows: Iterable[Row]) -> dict[str, int]:
    """How often each reason ended a procedure, by name."""
    return dict(sorted(Counter(str(row["reason"] or UNKNOWN) for row in rows).items()))


def known(rows: Iterable[Row], column: str) -> list[float]:
    """The numbers of a column that are known, in order of size."""
    return sorted(float(value) for row in rows if isinstance(value := row[column], int | float))


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which this share of them lies; between two of them on the straight line from one to the other."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _by(rows: Sequence[Row], keys: Callable[[Row], list[str]]) -> dict[str, dict[str, object]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for key in keys(row):
            groups[key].append(row)
    return {key: _group(groups[key]) for key in sorted(groups)}


def _group(rows: Sequence[Row]) -> dict[str, object]:
    return {
        "patients": len(rows),
        "reasons": reasons_of(rows),
        "false_stops": sum(map(is_false_stop, rows)),
        "extravasated_ul": _spread(known(rows, "extravasated_ul")),
        "post_stop_ul": _spread(known(rows, "post_stop_ul")),
        "delivered_ul": _spread(known(rows, "delivered_ul")),
        "violations": int(sum(known(rows, "violations"))),
    }


def _spread(ordered: Sequence[float]) -> dict[str, float | int | None]:
    """known: of how many patients it is known; the rest is of those."""
    if not ordered:
        return {"known": 0, "mean": None, "p95": None, "max": None}
    mean = math.fsum(ordered) / len(ordered)
    p95 = quantile(ordered, 0.95)
    return {"known": len(ordered), **{k: round(v, _DECIMALS) for k, v in (("mean", mean), ("p95", p95), ("max", ordered[-1]))}}
