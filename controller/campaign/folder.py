"""The folder of a campaign: what was asked, what was finished, and the tables made from it.

campaign.json: what was asked, and with which software. journal.jsonl: every finished procedure, as it came in.
results.csv: the same in order, one row each. summary.json: the numbers. records/: records of what violated an invariant.
failure.txt: where in the program a procedure failed, if one did.
"""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from controller.campaign.errors import EXIT_FAULT, EXIT_USAGE, CampaignError
from controller.campaign.files import Journal, make_folder, write_whole
from controller.campaign.plan import Plan
from controller.campaign.software import sentence, software
from controller.campaign.work import Done, Failed, record_name
from controller.record.files import SUFFIX
from controller.settings.problems import shown
from controller.virtual.case import COLUMNS

MOST_RECORDS = 100
"""A campaign keeps the records of so many violations, the first that come in; every other one can be run again."""

ASKED, JOURNAL, RESULTS, SUMMARY = "campaign.json", "journal.jsonl", "results.csv", "summary.json"
FAILURE, RECORDS = "failure.txt", "records"

_FORMAT = 1


class Folder:
    """Takes what is finished. All of its methods raise CampaignError if the disk does not take it; what it has, it keeps."""

    def __init__(self, path: Path, plan: Plan, ways: dict[str, object]) -> None:
        """Begins a campaign there, or continues it if it is the very same one. ways: how it is run; told, not compared."""
        self.path = path
        self.finished: dict[int, Done] = {}
        self._plan = plan
        self._asked = {"format": _FORMAT, "asked": plan.asked(), "files": _digests(plan), "software": software()}
        self._made: list[Path] = []
        with self._keeping(EXIT_USAGE):
            self._made = make_folder(path)
            existing = _read_asked(path)
            try:
                if existing is None:
                    write_whole(path / ASKED, _json({**self._asked, "ways": ways}))
                else:
                    _refuse_another(path, existing, self._asked)
                self._journal = Journal(path / JOURNAL)
            except OSError:  # a full disk, say: a folder that was made for nothing goes as well
                self.discard()
                raise
            try:
                self._own()
                self._load()
            except BaseException:
                self._journal.close()
                raise
            self._records = len(list((path / RECORDS).glob(f"*{SUFFIX}")))

    @property
    def wants_records(self) -> bool:
        """Is there still room for the record of a violation?"""
        return self._records < MOST_RECORDS

    @property
    def missing(self) -> list[int]:
        """The procedures that are not finished, in order."""
        return [index for index in range(self._plan.patients) if index not in self.finished]

    def add(self, done: Done) -> None:
        """Keeps a finished procedure: from here on it survives the death of this process."""
        with self._keeping():
            if done.record is not None and self.wants_records:
                (self.path / RECORDS).mkdir(exist_ok=True)
                write_whole(self.path / RECORDS / record_name(done.index), done.record)
                self._records += 1
            line = {"index": done.index, "row": done.row, "violations": done.violations}
            self._journal.add(json.dumps(line, allow_nan=False, separators=(",", ":")).encode())
        self.finished[done.index] = Done(done.index, done.row, done.violations)

    def rows(self) -> Iterator[Done]:
        """The finished procedures in order."""
        return (self.finished[index] for index in sorted(self.finished))

    def write_tables(self, summary: dict[str, object]) -> None:
        """Writes results.csv and summary.json of what is finished."""
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        for done in self.rows():
            writer.writerow([_cell(value) for value in done.row])
        with self._keeping():
            write_whole(self.path / RESULTS, text.getvalue().encode())
            write_whole(self.path / SUMMARY, _json(summary))

    def keep_failure(self, failed: Failed) -> None:
        """Keeps where in the program a procedure failed. The disk may have failed as well: then that is told."""
        with suppress(OSError):
            write_whole(self.path / FAILURE, f"procedure {failed.index}\n{failed.trace}".encode())

    def close(self) -> None:
        """Lets it go; another process may continue it."""
        with self._keeping():
            self._journal.close()

    def discard(self) -> None:
        """Takes away what was begun here if nothing came of it: what was asked for could not be run at all."""
        if self.finished or not self._made:
            return
        with suppress(OSError):
            for name in (JOURNAL, ASKED):
                (self.path / name).unlink(missing_ok=True)
            for folder in self._made:
                folder.rmdir()

    def _own(self) -> None:
        if not self._journal.lock():
            raise CampaignError([f"--out = {self.path}: another process is working on this campaign"])

    def _load(self) -> None:
        for number, line in enumerate(self._journal.lines(), start=1):
            try:
                entry = json.loads(line)
                done = Done(int(entry["index"]), tuple(entry["row"]), tuple(entry["violations"]))
            except (ValueError, KeyError, TypeError) as error:
                raise CampaignError([f"{self.path / JOURNAL}: line {number} can not be read: {error}"]) from error
            if not 0 <= done.index < self._plan.patients or len(done.row) != len(COLUMNS):
                raise CampaignError([f"{self.path / JOURNAL}: line {number} is not of this campaign"])
            self.finished[done.index] = done

    @contextmanager
    def _keeping(self, status: int = EXIT_FAULT) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            kept = f"; the {len(self.finished)} finished procedures stay in {JOURNAL}" if self.finished else ""
            where = error.filename or self.path
            told = f"--out = {self.path}: {where} can not be written: {error.strerror or error}{kept}"
            raise CampaignError([told], status) from error


def _digests(plan: Plan) -> dict[str, str]:
    try:
        return plan.files()
    except OSError as error:
        raise CampaignError([f"{error.filename} can not be read: {error.strerror}"]) from error


def _read_asked(path: Path) -> dict[str, object] | None:
    """What the campaign was asked that was begun here; None if the folder is empty. Raises OSError, CampaignError."""
    try:
        asked = json.loads((path / ASKED).read_bytes())
    except FileNotFoundError:
        if any(not item.name.startswith(".") for item in path.iterdir()):
            raise CampaignError([f"--out = {path}: the folder holds something else than a campaign; name another one"]) from None
        return None
    except ValueError as error:
        raise CampaignError([f"{path / ASKED} can not be read: {error}"]) from error
    if not isinstance(asked, dict) or not isinstance(asked.get("asked"), dict) or not isinstance(asked.get("software"), dict):
        raise CampaignError([f"{path / ASKED} does not say what was asked"])
    return asked


def _refuse_another(path: Path, there: dict[str, object], here: dict[str, object]) -> None:
    """Raises CampaignError unless both are the same campaign."""
    if there.get("format") != here["format"]:
        raise CampaignError([f"--out = {path}: the campaign there is of format {there.get('format')}, this is format {_FORMAT}"])
    theirs, ours = there["asked"], here["asked"]
    assert isinstance(theirs, dict)
    assert isinstance(ours, dict)
    for key, value in ours.items():
        if theirs.get(key) != value:
            told = _difference(f"--{key.replace('_', '-')}", theirs.get(key), value)
            raise CampaignError([f"--out = {path}: holds another campaign, begun {told}; name another folder"])
    if there.get("files") != here["files"]:
        raise CampaignError([f"--out = {path}: the campaign's cohort, profile or plant was altered since; name another folder"])
    if there["software"] != here["software"]:
        assert isinstance(there["software"], dict)
        assert isinstance(here["software"], dict)
        begun, now = sentence(there["software"]), sentence(here["software"])
        raise CampaignError([f"--out = {path}: the campaign was begun with {begun}, this is {now}; name another folder"])


def _difference(option: str, theirs: object, ours: object) -> str:
    if theirs is None:
        return f"without {option}, not with {shown(ours)}"
    return f"with {option} {shown(theirs)}, not " + ("without" if ours is None else shown(ours))


def _cell(value: object) -> object:
    """A value as a spreadsheet reads it back: nothing for what is not known, numbers in full."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value


def _json(value: dict[str, object]) -> bytes:
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()
