"""Single procedures of a campaign, run again with a record each."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Event

from controller.campaign.errors import EXIT_FAULT, CampaignError
from controller.campaign.files import write_whole
from controller.campaign.folder import RECORDS
from controller.campaign.plan import Plan
from controller.campaign.work import Done, RunCase, in_words, record_name, run_recorded
from controller.virtual.case import CaseError


def repeat(plan: Plan, indices: Iterable[int], out: Path, stop: Event, run: RunCase) -> Iterator[tuple[Done, Path]]:
    """Runs these in this process; each comes with the path of its record, which replaces an earlier one. Raises CampaignError."""
    for index in indices:
        if stop.is_set():
            return
        try:
            done = run_recorded(run, plan.case(index))
        except CaseError as error:
            raise CampaignError(str(error).splitlines()) from error
        except Exception as error:
            raise CampaignError([f"procedure {index} could not be run: {in_words(error)}"], EXIT_FAULT) from error
        path = out / RECORDS / record_name(index)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, done.record or b"")
        except OSError as error:
            raise CampaignError([f"--out = {out}: {path} can not be written: {error.strerror}"]) from error
        yield done, path
