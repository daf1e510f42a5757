"""How much faster than real time virtual procedures are, on this machine, and what a second process adds.

The patients are intact ones whose procedure is long (0.30 mL, six increments and holds); the oracle judges them and their
records are replayed as in every campaign. Times are processor time of this process, and the best of a few rounds: other programs
can only make a round slower. The second process is measured by the clock, in rounds that take turns with rounds of one.
"""

import gc
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

from controller.compiled.tree import runs_compiled
from controller.virtual.case import Case, run_case

COHORT, SEED, TARGET_ML = "intact", 7, 0.30
LONG_S = 110.0
PATIENTS = 3
TRIED = 400
ROUNDS = 3
JOBS_ROUNDS = 3
JOBS_CASES = 12


def measure_simulation() -> dict[str, Any]:
    """wire_x, core_x: times real time on one core. jobs2_speedup: work of two processes over that of one."""
    long_ones = list(_long_procedures())
    core = [case for case, _ in long_ones]
    wire = [replace(case, fidelity="wire") for case in core]
    return {
        "wire_x": round(_times_real_time(wire), 1),
        "core_x": round(_times_real_time(core), 1),
        "jobs2_speedup": round(_speedup(), 2),
        "procedure_s": [round(duration_s, 1) for _, duration_s in long_ones],
        "compiled": runs_compiled(),
        "cores": len(os.sched_getaffinity(0)),
    }


def _long_procedures() -> Iterator[tuple[Case, float]]:
    """The first few patients whose procedure lasts long enough, with its length."""
    found = 0
    for index in range(TRIED):
        case = Case(SEED, index, COHORT, "core", target_ml=TARGET_ML)
        duration_s = float(str(run_case(case).row["duration_s"]))
        if duration_s >= LONG_S:
            yield case, duration_s
            found += 1
            if found == PATIENTS:
                return


def _times_real_time(cases: list[Case]) -> float:
    run_case(cases[0])  # what is loaded and compiled once is not part of it
    best_s, lasted_s = float("inf"), 0.0
    for _ in range(ROUNDS):
        gc.collect()
        began_s = time.process_time()
        lasted_s = sum(float(str(run_case(case).row["duration_s"])) for case in cases)
        best_s = min(best_s, time.process_time() - began_s)
    return lasted_s / best_s


def _speedup() -> float:
    cases = [Case(SEED, index, COHORT, "wire", target_ml=0.05) for index in range(JOBS_CASES)]
    with (
        ProcessPoolExecutor(1, get_context("spawn")) as one,
        ProcessPoolExecutor(2, get_context("spawn")) as two,
    ):
        for pool in (one, two):
            list(pool.map(_row, cases[:4]))  # both processes are there, and have loaded everything
        best_s = {"one": float("inf"), "two": float("inf")}
        for _ in range(JOBS_ROUNDS):
            for name, pool in (("one", one), ("two", two)):
                began_s = time.perf_counter()
                list(pool.map(_row, cases))
                best_s[name] = min(best_s[name], time.perf_counter() - began_s)
    return best_s["one"] / best_s["two"]


def _row(case: Case) -> dict[str, object]:
    return run_case(case).row
