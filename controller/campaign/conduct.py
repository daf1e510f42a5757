"""A campaign from beginning to end: folder, workers, tables, pictures. Whatever happens, what is finished is kept."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from rich.console import Console

from controller.campaign.errors import EXIT_CLEAN, EXIT_FAULT, EXIT_INTERRUPTED, EXIT_VIOLATIONS, CampaignError
from controller.campaign.folder import Folder
from controller.campaign.plan import Plan
from controller.campaign.plots import draw_plots
from controller.campaign.progress import CampaignProgress
from controller.campaign.runner import Ending, run_missing
from controller.campaign.summary import summarise
from controller.campaign.work import RunCase
from controller.campaign.workers import Workers, dask_workers, local_workers


@dataclass(frozen=True, slots=True)
class Ways:
    """How a campaign is run; nothing of it changes its results."""

    out: Path
    jobs: int = 1
    dask: str | None = None
    plots: bool = True

    def workers(self) -> AbstractContextManager[Workers]:
        """Who does the work."""
        return local_workers(self.jobs) if self.dask is None else dask_workers(self.dask)

    def told(self) -> dict[str, object]:
        """For campaign.json."""
        return {"jobs": self.jobs, "dask": self.dask}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a campaign. problems: sentences; status: the exit status."""

    summary: dict[str, Any]
    problems: list[str]
    status: int


def conduct(plan: Plan, ways: Ways, stop: Event, console: Console, run: RunCase) -> Outcome:
    """Runs what is missing of a campaign and writes its tables and pictures. Raises CampaignError if nothing could be begun.

    status: 0 no violations, 1 violations, 2 what was asked for can not be run, 4 a fault stopped it, 130 a signal did.
    """
    folder = Folder(ways.out, plan, ways.told())
    with _closing(folder) as late:
        ending = _run(plan, folder, ways, run, stop, console)
        if ending.failed is not None and ending.failed.bad_input and not folder.finished:
            folder.discard()
            raise CampaignError(ending.failed.text.splitlines())
        if ending.failed is not None:
            folder.keep_failure(ending.failed)
        summary = summarise(plan, folder.rows())
        try:
            folder.write_tables(summary)
            if ways.plots and not ending.interrupted and not ending.problems:
                draw_plots(folder.rows(), ways.out / "plots")
        except (CampaignError, OSError) as error:
            ending.problems += error.problems if isinstance(error, CampaignError) else [f"--out = {ways.out}: plots: {error}"]
    problems = ending.problems + late
    if ending.problems and folder.finished:
        problems.append(f"{len(folder.finished)} finished procedures are kept in {ways.out}; the same command continues them")
    return Outcome(summary, problems, _status(ending, problems, summary))


def _run(plan: Plan, folder: Folder, ways: Ways, run: RunCase, stop: Event, console: Console) -> Ending:
    """Runs what is missing. A disk that fails in the middle is one of the endings."""
    if not folder.missing:
        return Ending()
    before = len(folder.finished)
    with ExitStack() as stack:
        try:
            workers = stack.enter_context(ways.workers())
            progress = stack.enter_context(CampaignProgress(plan.patients, before, console))
            return run_missing(plan, folder, workers, run, stop, progress)
        except CampaignError as error:
            if not folder.finished:
                folder.discard()
                raise
            return Ending(problems=error.problems)


@contextmanager
def _closing(folder: Folder) -> Iterator[list[str]]:
    """Lets the folder go at the end; what is wrong only then goes into the list."""
    late: list[str] = []
    try:
        yield late
    finally:
        try:
            folder.close()
        except CampaignError as error:
            late += error.problems


def _status(ending: Ending, problems: list[str], summary: dict[str, Any]) -> int:
    if problems:
        return EXIT_FAULT
    if ending.interrupted:
        return EXIT_INTERRUPTED
    return EXIT_VIOLATIONS if summary["violations"] else EXIT_CLEAN
