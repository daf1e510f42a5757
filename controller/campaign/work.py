"""What a worker does, in this process, in another one or on another machine: run a few procedures and say what came of each."""

import json
import math
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from controller.record.files import SUFFIX
from controller.virtual.case import COLUMNS, Case, CaseError, Result
from simulators.any_plant import PlantError

RunCase = Callable[[Case, Path | None], Result]
"""Runs one procedure, and writes its record if a path is given. A function of a module: workers look it up by its name."""


@dataclass(frozen=True, slots=True)
class Done:
    """A procedure that was run. row: in the order of COLUMNS. record: the bytes of its record, if one was wanted."""

    index: int
    row: tuple[object, ...]
    violations: tuple[dict[str, object], ...]
    record: bytes | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A procedure that could not be run. text: a sentence. bad_input: what was asked for is at fault, not a program."""

    index: int
    text: str
    trace: str
    bad_input: bool


class NotRepeatableError(Exception):
    """The same procedure gave two results: nothing that a campaign says could be looked into."""


def run_case(case: Case, record: Path | None = None) -> Result:
    """One procedure in virtual time; loaded where it is run, as it is heavy."""
    from controller.virtual.case import run_case as run

    return run(case, record)


def work(run: RunCase, cases: Sequence[Case], want_records: bool) -> list[Done | Failed]:
    """Runs these, in order, up to the first that fails. One that violates an invariant is run again for its record."""
    ended: list[Done | Failed] = []
    for case in cases:
        try:
            ended.append(_run_one(run, case, want_records))
        except CaseError as error:
            ended.append(Failed(case.index, str(error), traceback.format_exc(), bad_input=True))
            break
        except Exception as error:  # noqa: BLE001 - whatever it is, the procedures before it are handed back
            ended.append(Failed(case.index, in_words(error), traceback.format_exc(), bad_input=False))
            break
    return ended


def run_recorded(run: RunCase, case: Case) -> Done:
    """Runs one procedure and brings its record along. Raises what the run raises."""
    with tempfile.TemporaryDirectory(prefix="ductoject-case-") as folder:
        path = Path(folder) / record_name(case.index)
        done = _done(case, run(case, path))
        return Done(done.index, done.row, done.violations, path.read_bytes())


def _run_one(run: RunCase, case: Case, want_record: bool) -> Done:
    done = _done(case, run(case, None))
    if not (want_record and done.violations):
        return done
    again = run_recorded(run, case)
    if (again.row, again.violations) != (done.row, done.violations):
        raise NotRepeatableError("run again for its record, it ended in another way")
    return again


def _done(case: Case, result: Result) -> Done:
    missing = [column for column in COLUMNS if column not in result.row]
    if missing:
        raise ValueError(f"the row has no {', '.join(missing)}")
    row = tuple(_plain(column, result.row[column]) for column in COLUMNS)
    return Done(case.index, row, tuple(json.loads(json.dumps(result.violations, allow_nan=False))))


def _plain(column: str, value: object) -> object:
    """A value that every file of a campaign can hold. Here is where the procedure and the column can be named."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    raise ValueError(f"{column} = {value!r} can not stand in a table")


def record_name(index: int) -> str:
    """The file name of a procedure's record."""
    return f"case-{index:06d}{SUFFIX}"


def in_words(error: Exception) -> str:
    """An error in one line; with its place, unless it is of a plant: that is not in this program."""
    if isinstance(error, PlantError):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({place.filename}, line {place.lineno})"
