"""Content items of a structured report, one function a value type, and how their values are spelt."""

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

from pydicom.dataset import Dataset

from controller.record.errors import RecordError
from controller.report.dicom_codes import Code

CONTAINS: Final = "CONTAINS"
PROPERTY: Final = "HAS PROPERTIES"
CONTEXT: Final = "HAS OBS CONTEXT"
MODIFIER: Final = "HAS CONCEPT MOD"

_LONGEST_SHORT: Final = 64  # characters of a DICOM Long String


def coded(code: Code) -> Dataset:
    """A code as it stands in a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code
    return item


def container(
    name: Code, children: Iterable[Dataset | None], *, template: int | None = None, relation: str = CONTAINS
) -> Dataset:
    """A container of what there is of its children. template: the TID (of PS3.16) that it is made by."""
    item = _item("CONTAINER", name, relation, children)
    item.ContinuityOfContent = "SEPARATE"
    if template is not None:
        made_by = Dataset()
        made_by.MappingResource, made_by.TemplateIdentifier = "DCMR", str(template)
        item.ContentTemplateSequence = [made_by]
    return item


def text(name: Code, value: str, *children: Dataset | None, relation: str = CONTAINS) -> Dataset:
    """Words."""
    item = _item("TEXT", name, relation, children)
    item.TextValue = plain(value)
    return item


def code(name: Code, value: Code, *children: Dataset | None, relation: str = CONTAINS) -> Dataset:
    """A coded value."""
    item = _item("CODE", name, relation, children)
    item.ConceptCodeSequence = [coded(value)]
    return item


def number(name: Code, value: float, unit: Code, *children: Dataset | None, relation: str = CONTAINS) -> Dataset:
    """A number with its unit."""
    item = _item("NUM", name, relation, children)
    measured = Dataset()
    measured.NumericValue = decimal(value)
    measured.MeasurementUnitsCodeSequence = [coded(unit)]
    item.MeasuredValueSequence = [measured]
    return item


def moment(name: Code, value: datetime, relation: str = CONTAINS) -> Dataset:
    """A point in time."""
    item = _item("DATETIME", name, relation)
    item.DateTime = date_time(value)
    return item


def day(name: Code, value: date, relation: str = CONTAINS) -> Dataset:
    """A calendar day."""
    item = _item("DATE", name, relation)
    item.Date = value.strftime("%Y%m%d")
    return item


def uid_item(name: Code, value: str, relation: str = CONTAINS) -> Dataset:
    """A unique identifier."""
    item = _item("UIDREF", name, relation)
    item.UID = value
    return item


def decimal(value: float) -> str:
    """A number as a Decimal String, at most 16 characters. Raises ValueError for what is no number."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number")
    return f"{value:.10g}"


def date_time(value: datetime) -> str:
    """UTC to the microsecond. The offset stands once for the whole document (dcmtk takes none in an item)."""
    return value.astimezone(UTC).strftime("%Y%m%d%H%M%S.%f")


def plain(value: str) -> str:
    """Text as DICOM can hold it: a question mark for each character that is no text (line ends stay)."""
    return "".join(character if character.isprintable() or character in "\r\n" else "?" for character in value)


def short(name: str, value: str) -> str:
    """Text for an attribute that takes one line of it. Raises RecordError where it does not fit: an identifier is not cut."""
    if len(value) > _LONGEST_SHORT or "\\" in value or not value.isprintable():
        raise RecordError(
            f"{name} = {value[:_LONGEST_SHORT]!r} can not stand in a DICOM file: at most {_LONGEST_SHORT} characters, "
            "each of them printable and no backslash"
        )
    return value


def _item(kind: str, name: Code, relation: str, children: Iterable[Dataset | None] = ()) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = relation, kind
    item.ConceptNameCodeSequence = [coded(name)]
    kept = [child for child in children if child is not None]
    if kept:
        item.ContentSequence = kept
    return item
