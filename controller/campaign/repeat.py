"""Single procedures of a campaign, run again with a record each."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event

from controller.campaign.errors import EXIT_FAULT, CampaignError
from controller.campaign.files import make_folder, write_whole
from controller.campaign.folder import RECORDS
from controller.campaign.plan import Plan
from controller.campaign.work import Done, RunCase, in_words, record_name, run_recorded
from controller.virtual.case import CaseError


def repeat(plan: Plan, indices: Iterable[int], out: Path, stop: Event, run: RunCase) -> Iterator[tuple[Done, Path]]:
    """Runs these in this process; each comes with the path of its record, which replaces an earlier one. Raises CampaignError."""
    with _folder_for_records(out) as folder:
        yield from _repeat(plan, indices, out, folder, stop, run)


def _repeat(
    plan: Plan, indices: Iterable[int], out: Path, folder: Path, stop: Event, run: RunCase
) -> Iterator[tuple[Done, Path]]:
    for index in indices:
        if stop.is_set():
            return
        try:
            done = run_recorded(run, plan.case(index))
        except CaseError as error:
            raise CampaignError(str(error).splitlines()) from error
        except Exception as error:
            raise CampaignError([f"procedure {index} could not be run: {in_words(error)}"], EXIT_FAULT) from error
        path = folder / record_name(index)
        try:
            write_whole(path, done.record or b"")
        except OSError as error:  # it was run, so this is no longer "not begun"
            raise CampaignError([f"--out = {out}: {path} can not be written: {error.strerror}"], EXIT_FAULT) from error
        yield done, path


@contextmanager
def _folder_for_records(out: Path) -> Iterator[Path]:
    """A folder that can be written, before anything is run; what was made in vain goes again. Raises CampaignError."""
    folder = out / RECORDS
    made: list[Path] = []
    try:
        try:
            made = make_folder(folder)
            with TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise CampaignError([f"--out = {out}: {folder} can not be written: {error.strerror}"]) from error
        yield folder
    finally:
        with suppress(OSError):  # it is kept once it holds something
            for each in made:
                each.rmdir()
