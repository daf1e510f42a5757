"""How much a duct was given on a day, over all records, and how much a further procedure may give.

An uncertain volume counts as delivered. A record that can not be read, or is not what was written, counts as a reason to refuse
wherever it might hold a dose of the duct and day in question: that is, unless its header is readable and names another patient,
duct or day and its chain is whole, or its file name says that it was begun more than a day away (a patient's calendar day and
UTC differ by less). A file without a single entry holds no dose, for nothing moves before its intent is durable: a procedure
that died before it began must not block a day.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from controller.record.dose import Delivered, Identity, delivered, identity
from controller.record.errors import RecordError
from controller.record.files import SUFFIX, record_files, utc_day_in_name
from controller.record.reader import Record, open_record
from controller.record.verify import verify

ABSOLUTE_CAP_UL = 300.0
_NOTHING_UL = 1e-6


@dataclass(frozen=True, slots=True)
class Remainder:
    """What a further procedure may give. allowed_ul is 0.0 where it is refused; why is one sentence for people.

    used_max_ul: counted as given already. patient, duct: whose (inherited from the predecessor where none were stated).
    predecessor: the file name to be put into the new header. ignored: sentences on unreadable records that can not matter here.
    """

    allowed_ul: float
    used_max_ul: float
    why: str
    patient: str | None = None
    duct: str | None = None
    predecessor: str | None = None
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unclosed:
    """A record without an end. text: one sentence on what is uncertain."""

    record: str
    text: str
    dose: Delivered | None


@dataclass(frozen=True, slots=True)
class _Known:
    """A record that counts."""

    path: Path
    identity: Identity
    dose: Delivered


def day_total(directory: Path, patient: str, duct: str, day: date | str) -> Delivered:
    """What all records of a directory say went into a duct on a day.

    Raises RecordError naming a record that can not be read and might matter, ValueError for a day that is none.
    """
    known, _ = _of_duct([directory], patient, duct, _day(day))
    return _sum(known)


def remainder_ul(
    directory: Path,
    predecessor: str | Path | None,
    patient: str | None,
    duct: str | None,
    day: date | str,
    cap_ul: float = ABSOLUTE_CAP_UL,
) -> Remainder:
    """How much a new procedure may give; to be asked before its own record is made. Refusals are answers, not exceptions.

    The total per duct and day is cap_ul. Where the duct has a record of that day, the new procedure must name the latest as its
    predecessor, and gets the rest; whatever the predecessor itself continues counts too, of another day or not. None after
    suspected extravasation. patient and duct None: taken from the predecessor; without a predecessor that is a new patient (only
    a simulated run may leave them out; that is for the caller to hold). predecessor: a file name, with or without its ending, or
    a path; the records beside it count too. Raises ValueError for a cap beyond the absolute one, a day that is none, or a
    patient without a duct.
    """
    if not 0 < cap_ul <= ABSOLUTE_CAP_UL:
        raise ValueError(f"the cap is {cap_ul} uL; it can only be tighter than {ABSOLUTE_CAP_UL} uL")
    day = _day(day)
    if predecessor is None and patient is None and duct is None:
        return Remainder(cap_ul, 0.0, f"A new patient, who gets up to {_ml_left(cap_ul)}.")
    try:
        chain = [] if predecessor is None else _chain(directory, predecessor)
        if chain:
            patient = chain[0].identity.patient if patient is None else patient
            duct = chain[0].identity.duct if duct is None else duct
        if patient is None or duct is None:
            raise ValueError("a patient needs a duct, and a duct a patient")
        _check_same_duct(chain, patient, duct)
        directories = [directory, *(item.path.parent for item in chain)]
        known, ignored = _of_duct(directories, patient, duct, day)
    except RecordError as error:
        return Remainder(0.0, cap_ul, f"Refused: {error}.", patient, duct)
    allowed_ul, used_ul, why = _judge(known, chain, day, cap_ul)
    named = chain[0].path.name if chain and allowed_ul > 0 else None
    return Remainder(allowed_ul, used_ul, why, patient, duct, named, ignored)


def unclosed(directory: Path) -> list[Unclosed]:
    """The records without an end, and those that can not be read, oldest first: what to tell at the next start.

    Raises RecordError only if the directory itself can not be read.
    """
    found = []
    for path in record_files(directory):
        try:
            with open_record(path) as record:
                if record.end is not None:
                    continue
                dose = delivered(record)
                text = _unclosed_text(record, dose)
        except RecordError as error:
            found.append(Unclosed(path.name, f"{error}; what it delivered is not known.", None))
        else:
            found.append(Unclosed(path.name, text, dose))
    return found


def _judge(known: list[_Known], chain: list[_Known], day: date, cap_ul: float) -> tuple[float, float, str]:
    """allowed_ul, used_ul and why."""
    counted = {item.path: item for item in [*known, *chain]}
    used_ul = _sum(counted.values()).max_ul
    left_ul = cap_ul - used_ul
    for item in counted.values():
        if item.dose.extravasation:
            return 0.0, used_ul, f"Refused: {item.path.name} has suspected extravasation in this duct."
    if left_ul <= _NOTHING_UL:
        text = f"{_ml_used(used_ul)} of {_ml_left(cap_ul)} count as given in this duct on {day}"
        return 0.0, used_ul, f"Refused: {text}, and nothing is left."
    if not counted:
        return cap_ul, used_ul, f"The first procedure in this duct on {day}, which gets up to {_ml_left(cap_ul)}."
    latest = max(counted.values(), key=lambda item: (item.identity.started_utc, item.path.name))
    use = f"name {latest.path.name} as its predecessor to use the {_ml_left(left_ul)} that are left"
    if not chain:
        return 0.0, used_ul, f"Refused: this duct has had a procedure on {day}; {use}."
    if latest.path != chain[0].path:
        return 0.0, used_ul, f"Refused: {chain[0].path.name} is not the latest procedure in this duct; {use}."
    text = f"{_ml_used(used_ul)} count as given, {_ml_left(left_ul)} are left"
    return left_ul, used_ul, f"Continues {latest.path.name}: {text}."


def _of_duct(directories: list[Path], patient: str, duct: str, day: date) -> tuple[list[_Known], tuple[str, ...]]:
    """The records of a duct and day, and a sentence on each unreadable one that is not of them; RecordError if it may be."""
    known, ignored = [], []
    for path in sorted({path.resolve() for directory in directories for path in record_files(directory)}):
        matters = _near(path.name, day)
        try:
            if path.stat().st_size == 0:
                continue
            with open_record(path) as record:
                if next(record.rows(), None) is None and not record.wal_missing:
                    continue
                whose = identity(record)
                ours = _is_duct(whose, patient, duct) and whose.day == day
                matters = matters or ours
                if matters:  # a changed header would hide whose it is
                    _check_whole(record)
                if ours:
                    known.append(_Known(path, whose, delivered(record)))
        except OSError as error:
            raise RecordError(f"{path.name} can not be read: {error.strerror}") from error
        except RecordError as error:
            if matters:
                raise
            ignored.append(f"{error}; it was begun on another day and does not count here.")
    return known, tuple(ignored)


def _chain(directory: Path, predecessor: str | Path) -> list[_Known]:
    """The named record, the one that it continues, and so on. Raises RecordError if one of them can not be read."""
    chain: list[_Known] = []
    path: Path | None = _named(directory, predecessor)
    while path is not None:
        with open_record(path) as record:
            _check_whole(record)
            chain.append(_Known(path, identity(record), delivered(record)))
        before = chain[-1].identity.predecessor
        path = None if before is None else _named(path.parent, Path(before).name)
        if any(item.path == path for item in chain):
            raise RecordError(f"{chain[-1].path.name} continues a record that continues it")
    return chain


def _named(directory: Path, predecessor: str | Path) -> Path:
    name = Path(predecessor)
    if not name.name:
        raise RecordError(f"{str(predecessor)!r} is no name of a record")
    if name.suffix != SUFFIX:
        name = name.with_name(name.name + SUFFIX)
    try:
        for path in (directory / name, name):
            if path.is_file():
                return path.resolve()
    except OSError as error:
        raise RecordError(f"{name} can not be read: {error.strerror}") from error
    raise RecordError(f"there is no record {name} to continue")


def _check_same_duct(chain: list[_Known], patient: str, duct: str) -> None:
    for item in chain:
        if not _is_duct(item.identity, patient, duct):
            whose = f"duct {item.identity.duct} of patient {item.identity.patient}"
            raise RecordError(f"{item.path.name} is of {whose}, not of duct {duct} of patient {patient}")


def _check_whole(record: Record) -> None:
    for problem in verify(record):
        if problem.breach:
            raise RecordError(f"{record.name} is not what was written: {problem.text}")
    if record.wal_missing and record.end is None:
        raise RecordError(f"{record.name} lacks its -wal file: what it delivered is not known")


def _is_duct(whose: Identity, patient: str, duct: str) -> bool:
    """Capitals and spaces make no other patient: a slip of the finger must not open a second allowance."""
    return _plain(whose.patient) == _plain(patient) and _plain(whose.duct) == _plain(duct)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _near(name: str, day: date) -> bool:
    named = utc_day_in_name(name)
    return named is None or abs(named - day) <= timedelta(days=1)


def _day(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day


def _sum(known: Iterable[_Known]) -> Delivered:
    doses = [item.dose for item in known]
    return Delivered(
        math.fsum(dose.min_ul for dose in doses),
        math.fsum(dose.max_ul for dose in doses),
        any(dose.uncertain for dose in doses),
        any(dose.extravasation for dose in doses),
    )


def _unclosed_text(record: Record, dose: Delivered) -> str:
    open_motions = [
        f"motion {motion.number}: between {motion.min_ul:.1f} and {motion.max_ul:.1f} uL"
        for motion in dose.motions
        if not motion.certain
    ]
    if record.wal_missing:
        open_motions.append("its -wal file is missing, so that more may have been delivered")
    total = f"in all between {dose.min_ul:.1f} and {dose.max_ul:.1f} uL went into the patient"
    if not open_motions:
        return f"{record.name} has no end; no motion is uncertain; {total}."
    return f"{record.name} has no end; uncertain: {'; '.join(open_motions)}; {total}."


def _ml_used(volume_ul: float) -> str:
    """Two decimals, rounded up: never less than was given."""
    return f"{math.ceil(volume_ul / 10.0 - _NOTHING_UL) / 100.0:.2f} mL"


def _ml_left(volume_ul: float) -> str:
    """Two decimals, rounded down: never more than there is."""
    return f"{math.floor(volume_ul / 10.0 + _NOTHING_UL) / 100.0:.2f} mL"
