"""Runs the procedures of a campaign that are not finished yet, a bounded number at a time, and keeps each as it comes in."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from controller.campaign.folder import Folder
from controller.campaign.plan import Plan
from controller.campaign.work import Done, Failed, RunCase, work
from controller.campaign.workers import Workers

CHUNK = {"wire": 1, "core": 8}
"""Procedures a task: those of the core alone are so short that handing them over would tell."""

LAST_S = 5.0
"""How long those that run may take to end once the campaign is to stop; what they find is kept."""

_LOOK_S = 0.1


class Progress(Protocol):
    """Who is told about finished procedures."""

    def finished(self, done: Done) -> None:
        """One more."""


@dataclass(slots=True)
class Ending:
    """How it went. problems: sentences; failed: the procedure that could not be run; both empty if nothing went wrong."""

    interrupted: bool = False
    problems: list[str] = field(default_factory=list)
    failed: Failed | None = None


def run_missing(plan: Plan, folder: Folder, workers: Workers, run: RunCase, stop: Event, progress: Progress) -> Ending:
    """Runs what is missing, until all is done, `stop` is set, or something fails. Raises CampaignError if the disk fails."""
    return _Runner(plan, folder, workers, run, stop, progress).run()


class _Runner:
    def __init__(self, plan: Plan, folder: Folder, workers: Workers, run: RunCase, stop: Event, progress: Progress) -> None:
        self._plan, self._folder, self._workers, self._run = plan, folder, workers, run
        self._stop, self._progress = stop, progress
        self._chunks = _chunks(folder.missing, CHUNK[plan.fidelity])
        self._out: dict[Future[list[Done | Failed]], Sequence[int]] = {}
        self._ending = Ending()
        self._last_s: float | None = None  # not later than this

    def run(self) -> Ending:
        while True:
            if self._last_s is None:
                self._submit()
            if not self._out:
                return self._ending
            done, _ = wait(self._out, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda each: self._out[each][0]):  # a failure names the first procedure of those
                self._take(future, self._out.pop(future))
            if self._stop.is_set() and not self._ending.interrupted:
                self._ending.interrupted = True
                self._end()
            if self._last_s is not None and time.monotonic() > self._last_s:
                self._workers.abandon()
                return self._ending

    def _submit(self) -> None:
        while len(self._out) < self._workers.in_flight:
            chunk = next(self._chunks, None)
            if chunk is None:
                return
            cases = [self._plan.case(index) for index in chunk]
            try:
                future = self._workers.submit(work, self._run, cases, self._folder.wants_records)
            except BrokenExecutor as error:
                self._lost(error, chunk)
                return
            self._out[future] = chunk

    def _take(self, future: "Future[list[Done | Failed]]", chunk: Sequence[int]) -> None:
        if future.cancelled():
            if self._last_s is None:  # nobody here did that
                self._lost(CancelledError("the executor gave it up"), chunk)
            return
        error = future.exception()
        if error is not None:
            self._lost(error, chunk)
            return
        for ended in future.result():
            if isinstance(ended, Done):
                self._folder.add(ended)
                self._progress.finished(ended)
            else:
                self._failed(ended)

    def _failed(self, failed: Failed) -> None:
        if self._ending.failed is None:
            self._ending.failed = failed
            again = self._plan.command(failed.index)
            self._ending.problems += [f"procedure {failed.index} could not be run: {failed.text}", f"again: {again}"]
        self._end()

    def _lost(self, error: BaseException, chunk: Sequence[int]) -> None:
        """A worker is gone, or what it said could not be read."""
        if not self._ending.problems:
            running = {index for indices in (*self._out.values(), chunk) for index in indices}
            among = ", ".join(str(index) for index in sorted(running))
            told = f"{type(error).__name__}: {error}"
            self._ending.problems.append(f"a worker was lost while it ran one of the procedures {among} ({told})")
        self._end()

    def _end(self) -> None:
        """Nothing more is begun; what runs gets a little time."""
        if self._last_s is None:
            self._last_s = time.monotonic() + LAST_S
            for future in self._out:
                self._workers.withdraw(future)


def _chunks(indices: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (indices[start : start + size] for start in range(0, len(indices), size))
