"""From what decides to the first byte of STP: ours beside a C program that does nothing else, in turn, idle and under load.

Both are asked by the same devices, on pseudo-terminals without the pace of a wire. The limit lies a little above a pressure that
rises while the increment flows; the stages are several patients, so that the crossing meets other phases of what is polled. Each
stage is a process of its own: what an earlier one has left in the memory changes nothing in the next.
"""

import multiprocessing
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from controller.benchmarks.realtime.devices import Cause, Kind, Trial
from controller.benchmarks.realtime.load import under_load
from controller.benchmarks.realtime.reference import NoReferenceError, compiled
from controller.benchmarks.realtime.rows import Against, time_row
from controller.benchmarks.realtime.stage import Stage
from controller.virtual.case import Case, set_up
from controller.virtual.procedure import NotEndedError

FROM_KPA, LIMIT_KPA = 18.0, 20.0
STAGES = 10
LIMIT_IDLE, LIMIT_LOADED = 1.5, 3.0
GOOD = "intact"
STAGE_S: Final = 30.0
"""What a stage may take beside its trials, and a trial with all that belongs to it: together the patience with a stage."""
C_REFERENCE = "C reference"
KINDS: Final[tuple[Kind, ...]] = ("pressure", "button", "operator")
_NAMES: Final = {"pressure": "pressure crossing", "button": "button edge", "operator": "operator stop", "c": C_REFERENCE}

Trials = dict[str, list[Trial | None]]
"""By kind of cause; "c" for the reference. None: no stop came, or one without a cause."""
Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Job:
    """One stage's trials of each kind, as a process of its own does them. program: the reference, where there is one."""

    case: Case
    trials: int
    attended: bool
    program: str | None
    kinds: tuple[Kind, ...] = KINDS


def measure_stop_latency(
    case: Case, trials: int, *, loaded: bool, kinds: tuple[Kind, ...] = KINDS, say: Say = lambda _: None
) -> list[dict[str, Any]]:
    """Rows of controller.benchmarks.realtime.rows, over so many trials of each of these kinds.

    loaded: with recorder, display, busy processes and a busy disk.
    """
    found: Trials = {kind: [] for kind in (*kinds, "c")}
    with tempfile.TemporaryDirectory() as folder:
        program: str | None = None
        try:
            program = str(compiled("stop", Path(folder)))
        except NoReferenceError as error:
            say(f"no C reference: {error}")
        with under_load() if loaded else nullcontext():
            for done in each_stage(run_job, [Job(each, share, loaded, program, kinds) for each, share in shares(case, trials)]):
                for kind, times in done.items():
                    found[kind] += times
                say(f"{len(found[kinds[0]])} of {trials} trials of each kind{' under load' if loaded else ''}")
    return _rows(found, set_up(case)[0].profile.button.poll_s * 1000.0, loaded=loaded)


def shares(case: Case, trials: int) -> list[tuple[Case, int]]:
    """The same with so many patients, and how many of the trials each of them gets: all of them together."""
    begins = [trials * number // STAGES for number in range(STAGES + 1)]
    return [
        (replace(case, index=case.index + number, subgroup=GOOD), begins[number + 1] - begins[number]) for number in range(STAGES)
    ]


def each_stage(run: Callable[[Job], Trials], jobs: list[Job]) -> Iterator[Trials]:
    """What each job gives, one after the other, each in a process that begins afresh. Raises RuntimeError for one that hangs."""
    context = multiprocessing.get_context("spawn")
    for job in jobs:
        limit_s = STAGE_S * (1 + job.trials)
        with context.Pool(1) as pool:  # which kills it in the end, whatever it is at
            try:
                done = pool.apply_async(run, (job,)).get(limit_s)
            except multiprocessing.TimeoutError:
                raise RuntimeError(f"the trials of patient {job.case.index} have not ended within {limit_s:.0f} s") from None
        yield done


def run_job(job: Job) -> Trials:
    """The trials of one job."""
    found: Trials = {kind: [] for kind in (*job.kinds, "c")}
    try:
        stage = Stage(job.case, FROM_KPA, LIMIT_KPA)
    except NotEndedError:
        return found  # a line that was refused, or one that never rises so far
    seen: Trial | None = None
    for number in range(job.trials):
        for kind in job.kinds:
            cause = Cause(kind) if kind == "pressure" else Cause.at_random(kind, 1000 * job.case.index + number)
            trial = stage.ours(cause, attended=job.attended)
            found[kind].append(trial)
            seen = trial if trial is not None and trial.poll else seen
        if job.program is not None and seen is not None:
            found["c"].append(stage.reference(Path(job.program), bytes.fromhex(seen.stop), bytes.fromhex(seen.poll)))
    return found


def _rows(found: Trials, poll_ms: float, *, loaded: bool) -> list[dict[str, Any]]:
    when = ", under load" if loaded else ", idle"
    times = {kind: [each.latency_ms for each in trials if each is not None] for kind, trials in found.items()}
    reference = time_row(_NAMES["c"] + when, times["c"], lost=found["c"].count(None))
    key, limit = ("p999_ms", LIMIT_LOADED) if loaded else ("p99_ms", LIMIT_IDLE)
    allowed_ms = None if reference[key] is None else limit * reference[key]
    held = {
        "pressure": Against(key, C_REFERENCE, reference[key], limit),
        "button": Against(
            key, f"{limit:g} x {C_REFERENCE} + {poll_ms:g} ms of polling", allowed_ms and allowed_ms + poll_ms, 1.0
        ),
        "operator": Against(key, C_REFERENCE, reference[key]),
    }
    rows = [
        time_row(_NAMES[kind] + when, times[kind], lost=found[kind].count(None), against=held[kind])
        for kind in KINDS
        if kind in found
    ]
    seen = [
        time_row(f"{_NAMES[kind]}, at the other end", [each.seen_ms for each in found[kind] if each is not None])
        for kind in ("pressure", "c")
        if found.get(kind)
    ]
    return [*rows, *([reference] if found["c"] else []), *seen]
