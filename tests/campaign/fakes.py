"""Procedures that cost nothing: functions of a module, so that worker processes find them by name."""

import math
import os
import time
from pathlib import Path
from random import Random
from typing import Any

from controller.virtual.case import COLUMNS, Case, CaseError, Result

SUBGROUPS = ("intact", "motion", "reflux", "rupture_free_pressure")
REASONS = ("VOLUME_REACHED", "DUCT_FULL", "PAIN_STOP", "EXTRAVASATION_SUSPECTED")


def fair(case: Case, record: Path | None = None) -> Result:
    """Every seventh patient's subgroup is not known, every tenth procedure violates an invariant."""
    random = Random(f"fake/{case.seed}/{case.index}")
    subgroup = None if case.index % 7 == 6 else SUBGROUPS[case.index % len(SUBGROUPS)]
    violations: list[dict[str, object]] = []
    if case.index % 10 == 9:
        violations.append({"invariant": 2, "t_s": 12.5, "text": "the plunger went on for 0.3 s after a cause to stop"})
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {
        "index": case.index,
        "seed": case.seed,
        "subgroup": subgroup,
        "faults": "" if case.faults == "none" else "+".join(["pump.stall", "line.block"][: 1 + case.index % 2]),
        "phases": "",
        "reason": random.choice(REASONS),
        "also": "",
        "delivered_ul": random.uniform(0.0, 200.0),
        "extravasated_ul": None if subgroup is None else random.expovariate(0.1) if subgroup.startswith("rupture") else 0.0,
        "post_stop_ul": random.uniform(0.0, 5.0),
        "increments": random.randrange(5),
        "duration_s": 100.0,
        "violations": len(violations),
    }
    if record is not None:
        record.write_bytes(f"record of {case.seed}/{case.index}".encode())
    return Result(row, violations)


def raising(case: Case, record: Path | None = None) -> Result:
    """The fifth one has a bug in it."""
    if case.index == 4:
        raise ZeroDivisionError("by zero")
    return fair(case, record)


def refusing(case: Case, record: Path | None = None) -> Result:
    """What was asked for can not be run at all."""
    raise CaseError("the plant demo:make has no option bubble_ul\nand another mistake")


def dying(case: Case, record: Path | None = None) -> Result:
    """The fifth one takes its process with it."""
    if case.index == 4:
        time.sleep(0.5)  # what was finished before has come in by then
        os._exit(9)
    return fair(case, record)


def slow(case: Case, record: Path | None = None) -> Result:
    """As fair, but it takes its time."""
    time.sleep(0.05)
    return fair(case, record)


def stuck(case: Case, record: Path | None = None) -> Result:
    """From the third on, it takes longer than anybody waits."""
    if case.index >= 2:
        time.sleep(100.0)
    return fair(case, record)


def without_a_number(case: Case, record: Path | None = None) -> Result:
    """A row with a value that no file holds."""
    result = fair(case, record)
    if case.index == 3:
        result.row["delivered_ul"] = math.nan
    return result


def forgetful(case: Case, record: Path | None = None) -> Result:
    """Ends in another way when it is recorded."""
    result = fair(case, record)
    if record is not None:
        result.row["reason"] = "HOST_ERROR"
    return result


def telling(case: Case, record: Path | None = None) -> Result:
    """Leaves a file with the worker's process id as its name."""
    (Path(os.environ["PIDS"]) / str(os.getpid())).touch()
    return slow(case, record)
