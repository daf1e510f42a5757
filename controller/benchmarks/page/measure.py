"""The page beside what matters: loop and stop with a page, five windows and a replay, and without, in turn in one run."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from controller.benchmarks.page.operator import procedure_by_page
from controller.benchmarks.page.served import Served, procedure, served, windows
from controller.benchmarks.realtime.procedures import LIMIT_MS, lateness_of
from controller.benchmarks.realtime.rows import Against, time_row
from controller.benchmarks.realtime.stop_latency import Job, Trials, each_stage, run_job, shares
from controller.lateness import BOUNDS_US
from controller.virtual.case import Case

WINDOWS: Final = 5
STARTS: Final = 5
FIRST_SCREEN_MS, AGE_MS = 2000.0, 250.0
STAYS: Final = 1.5
"""What "stays where it is" is held to be on a machine whose figures differ by a quarter from run to run."""

Say = Callable[[str], object]


def measure_page(case: Case, trials: int, say: Say = lambda _: None) -> list[dict[str, Any]]:
    """Rows of controller.benchmarks.realtime.rows. trials: stops with, and as many without. Raises RuntimeError."""
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "records"
        starts_ms = []
        for _ in range(STARTS):
            with served(records) as page:
                starts_ms.append(page.page_ms)
        say(f"page served within {max(starts_ms):.0f} ms")
        alone = procedure(records, "--patient", "alone", "--duct", "left-1")
        say("one procedure without a page")
        with served(records) as page:
            with windows(page.base, WINDOWS, alone.name) as watched:
                name = asyncio.run(procedure_by_page(page.base, page.invitation, "beside-1"))
            say(f"one procedure with a page, {WINDOWS} windows and a replay")
            plain, beside = _stops(case, trials, page, alone.name, say)
        rows = [
            time_row("page served", starts_ms, against=Against("max_ms", "2 s", FIRST_SCREEN_MS, 1.0)),
            time_row("age on the screen", watched.ages_ms, lost=watched.broken, against=Against("max_ms", "250 ms", AGE_MS, 1.0)),
            *_late(alone, records / name),
        ]
    reference = time_row("pressure crossing, no page", plain)
    held = Against("p99_ms", "without", reference["p99_ms"], STAYS)
    return [*rows, reference, time_row("pressure crossing, page open", beside, against=held)]


def _stops(case: Case, trials: int, page: Served, record: str, say: Say) -> tuple[list[float], list[float]]:
    """To STP written: without windows (the server waits), and with them; of each patient both."""
    plain: list[float] = []
    beside: list[float] = []
    for each, share in shares(case, trials):
        job = Job(each, share, False, None, ("pressure",))
        plain += _times_ms(each_stage(run_job, [job]))
        with windows(page.base, WINDOWS, record):
            beside += _times_ms(each_stage(run_job, [job]))
        say(f"{len(plain)} of {trials} stops without a page, and {len(beside)} with")
    return plain, beside


def _times_ms(found: Any) -> list[float]:
    done: list[Trials] = list(found)
    return [trial.latency_ms for trials in done for trial in trials["pressure"] if trial is not None]


def _late(alone: Path, beside: Path) -> list[dict[str, Any]]:
    """How late the cycles of both procedures were: upper bounds of a histogram's bins. Beyond the limit the one with the page may
    have no more than the other."""
    rows = []
    for name, record in (("late cycles, no page", alone), ("late cycles, page open", beside)):
        found = lateness_of(record)
        upper_ms = [min(bound / 1000.0, found["latest_ms"]) for bound in BOUNDS_US] + [found["latest_ms"]]
        times_ms = np.repeat(upper_ms, found["cycles"]).tolist()
        rows.append(time_row(name, times_ms) | {"late": sum(each > LIMIT_MS for each in times_ms)})
    rows[1] |= {"reference": "the other's count", "limit": rows[0]["late"], "ok": rows[1]["late"] <= rows[0]["late"]}
    return rows
