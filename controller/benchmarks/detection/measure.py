"""Runs the patients, on several processes if asked to, and makes the rows. What comes out does not depend on their number."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from functools import partial
from math import inf, isfinite

from controller.benchmarks.detection.judging import Alarm, Run, alarmed, judge, label, reference, run_of, threshold_at
from controller.benchmarks.detection.methods import FED, METHODS, OURS, follow, our_steps, setting_of
from controller.benchmarks.detection.methods.ours import OWN_THRESHOLD
from controller.benchmarks.detection.open_run import open_run
from controller.campaign.workers import local_workers
from controller.virtual.case import Case, plant_of, set_up
from simulators.any_plant import DEFAULT_PLANT

SUBGROUPS = (
    "intact",
    "motion",
    "rupture_free_pressure",
    "rupture_dense_pressure",
    "rupture_free_mechanical",
    "rupture_dense_mechanical",
    "reflux",
    "tip_in_wall",
)
RATES = (0.01, 0.02, 0.05)
WITH_BUTTON = f"{OURS}+button"
CHUNK = 4
Progress = Callable[[int, int], None]
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Findings:
    """rows: a sub-group and a test each. refused: lines that the prime check did not let through, by sub-group."""

    rows: list[Row]
    runs: list[Run]
    refused: dict[str, int]

    @property
    def not_ended(self) -> int:
        """Runs that came to no good end: a hold found no result."""
        return sum(run.end_s == inf for run in self.runs)


def cases(case: Case, patients: int) -> list[Case]:
    """So many in all; the sub-groups take turns. Another plant has patients of its own. Raises CaseError."""
    ours = plant_of(case, set_up(case)[0]) == DEFAULT_PLANT
    subgroups: Sequence[str | None] = SUBGROUPS if ours else (None,)
    for subgroup in subgroups:
        set_up(replace(case, subgroup=subgroup))  # so that a cohort without it is refused before anything runs
    return [replace(case, index=index, subgroup=subgroups[index % len(subgroups)]) for index in range(patients)]


def run_one(case: Case) -> Run:
    """One open run and every score in it. Raises as open_run."""
    course = open_run(case)
    setting = setting_of(course)
    steps = {name: follow(course, method(setting)) for name, method in FED.items()}
    return run_of(course, {**steps, OURS: our_steps(course)})


def run_all(wanted: Sequence[Case], jobs: int, progress: Progress = lambda *_: None) -> list[Run]:
    """All of them, in their order. Raises as open_run, and BrokenExecutor where a process is lost."""
    if jobs == 1:
        runs = []
        for case in wanted:
            runs.append(run_one(case))
            progress(len(runs), len(wanted))
        return runs
    return _run_in_processes(wanted, jobs, progress)


def _run_in_processes(wanted: Sequence[Case], jobs: int, progress: Progress) -> list[Run]:
    chunks = _chunks(wanted)
    done: dict[int, list[Run]] = {}
    out: dict[Future[list[Run]], int] = {}
    with local_workers(jobs) as workers:
        while True:
            while len(out) < workers.in_flight and (chunk := next(chunks, None)) is not None:
                out[workers.submit(_work, chunk[1])] = chunk[0]
            if not out:
                return [run for number in sorted(done) for run in done[number]]
            for future in wait(out, return_when=FIRST_COMPLETED).done:
                done[out.pop(future)] = future.result()
                progress(sum(len(runs) for runs in done.values()), len(wanted))


def _chunks(wanted: Sequence[Case]) -> Iterator[tuple[int, Sequence[Case]]]:
    return ((start, wanted[start : start + CHUNK]) for start in range(0, len(wanted), CHUNK))


def _work(wanted: Sequence[Case]) -> list[Run]:
    return [run_one(case) for case in wanted]


def measure_detection(case: Case, patients: int, jobs: int = 1, progress: Progress = lambda *_: None) -> Findings:
    """case: seed, cohort, profile and plant. Raises as run_all."""
    every = run_all(cases(case, patients), jobs, progress)
    refused: dict[str, int] = {}
    for run in every:
        if run.refused is not None:
            refused[run.subgroup] = refused.get(run.subgroup, 0) + 1
    runs = [run for run in every if run.refused is None]
    return Findings(list(_rows(runs)), runs, dict(sorted(refused.items())))


def alarms(runs: Sequence[Run]) -> Iterator[tuple[str, float | None, float, Alarm]]:
    """Every test that is judged: method, the false-stop rate that it may have (None: its own), threshold, alarm."""
    base = reference(runs)
    if base:
        for rate in RATES:
            for method in METHODS:
                threshold = threshold_at(base, method, rate)
                yield method, rate, threshold, alarm_at(method, threshold)
    yield OURS, None, OWN_THRESHOLD, alarm_at(OURS, OWN_THRESHOLD)
    yield WITH_BUTTON, None, OWN_THRESHOLD, partial(_reaches_or_pressed, threshold=OWN_THRESHOLD)


def _rows(runs: Sequence[Run]) -> Iterator[Row]:
    base = reference(runs)
    names = sorted({label(run) for run in runs}, key=place)
    groups = {name: [run for run in runs if label(run) == name] for name in names}
    for method, rate, threshold, alarm in alarms(runs):
        false_stop_rate = alarmed(base, alarm)
        for name, members in groups.items():
            yield {
                **judge(name, members, alarm, false_stop_rate),
                "method": method,
                "at_rate": rate,
                "threshold": threshold if isfinite(threshold) else None,
            }


def place(name: str) -> tuple[int, str]:
    """Sorts sub-groups: ours first, in their order."""
    return (SUBGROUPS.index(name) if name in SUBGROUPS else len(SUBGROUPS), name)


def alarm_at(method: str, threshold: float) -> Alarm:
    """A test at a threshold."""
    return partial(_reaches, method=method, threshold=threshold)


def _reaches(run: Run, method: str, threshold: float) -> float | None:
    return run.steps[method].alarm_s(threshold)


def _reaches_or_pressed(run: Run, threshold: float) -> float | None:
    alarms_s = [at_s for at_s in (_reaches(run, OURS, threshold), run.button_s) if at_s is not None]
    return min(alarms_s, default=None)


class Told:
    """Says on a line now and then how far it is."""

    EVERY_S = 10.0

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say
        self._begun_s = self._told_s = time.monotonic()

    def __call__(self, done: int, of: int) -> None:
        """So many are done."""
        now_s = time.monotonic()
        if now_s - self._told_s >= self.EVERY_S or done == of:
            self._told_s = now_s
            a_second = done / max(now_s - self._begun_s, 1e-9)
            self._say(f"{done} of {of} patients, {a_second:.1f}/s, {(of - done) / a_second:.0f} s left\n")
