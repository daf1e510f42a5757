"""From the reply that crosses the limit to the first byte of STP: ours beside a C program that does nothing else, in turn.

Both are asked by the same devices, on pseudo-terminals without the pace of a wire. The limit lies a little above a pressure that
rises while the increment flows; the stages are several patients, so that the crossing meets other phases of what is polled.
"""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from controller.benchmarks.realtime.reference import NoReferenceError, compiled
from controller.benchmarks.realtime.staged import Stage, Trial
from controller.virtual.case import Case
from controller.virtual.procedure import NotEndedError

FROM_KPA, LIMIT_KPA = 18.0, 22.0
STAGES = 10
LIMIT = 1.5
GOOD = "intact"


def measure_stop_latency(case: Case, trials: int, say: Callable[[str], object] = lambda _: None) -> list[dict[str, Any]]:
    """Rows of name, p50_ms, p99_ms, p999_ms, max_ms, reference and ratio (of the 99th percentiles). Raises as Stage."""
    ours: list[Trial | None] = []
    theirs: list[Trial | None] = []
    with tempfile.TemporaryDirectory() as folder:
        program: Path | None = None
        try:
            program = compiled("stop", Path(folder))
        except NoReferenceError as error:
            say(f"no C reference: {error}")
        for number in range(STAGES):
            stage = _stage(replace(case, index=case.index + number, subgroup=GOOD))
            if stage is None:
                continue
            seen: Trial | None = None
            for _ in range(max(1, trials // STAGES)):
                seen = stage.ours() or seen
                ours.append(seen)
                if program is not None and seen is not None:
                    theirs.append(stage.reference(program, seen.stop, seen.poll))
            say(f"{len(ours)} trials")
    mine = _row("pressure crossing, idle", ours)
    if not theirs:
        return [mine]
    reference = _row("C reference", theirs)
    if mine["p99_ms"] is not None and reference["p99_ms"] is not None:
        ratio = mine["p99_ms"] / reference["p99_ms"]
        mine |= {"reference": "C reference", "ratio": round(ratio, 2), "limit": LIMIT, "ok": ratio <= LIMIT}
    return [mine, reference]


def _stage(case: Case) -> Stage | None:
    try:
        return Stage(case, FROM_KPA, LIMIT_KPA)
    except NotEndedError:
        return None  # a line that was refused, or one that never rises so far


def _row(name: str, trials: list[Trial | None]) -> dict[str, Any]:
    """lost: trials in which no stop came, or one came without a cause."""
    times_ms = [each.latency_ms for each in trials if each is not None]

    def percentile(part: float) -> float | None:
        return round(float(np.percentile(times_ms, part)), 4) if times_ms else None

    return {
        "name": name,
        "trials": len(times_ms),
        "lost": len(trials) - len(times_ms),
        **{f"{key}_ms": percentile(part) for key, part in (("p50", 50), ("p99", 99), ("p999", 99.9), ("max", 100))},
        "reference": None,
        "ratio": None,
        "limit": None,
        "ok": None,
    }
