"""What the tests of DICOM documents ask of a document's tree."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset

from controller.report.dicom import sr_of
from controller.report.dicom_codes import Code


@cache
def document(path: Path) -> Dataset:
    """The document of a record, read back. Not to be changed."""
    return read(sr_of(path))


def read(data: bytes) -> Dataset:
    """A file, read back."""
    return dcmread(BytesIO(data))


def items(parent: Dataset, name: Code) -> list[Dataset]:
    """The children of this name."""
    return [item for item in parent.get("ContentSequence", []) if code_of(item.ConceptNameCodeSequence) == name]


def one(parent: Dataset, *path: Code) -> Dataset:
    """The only child of this name, of the only one of the name before it, and so on."""
    for name in path:
        (parent,) = items(parent, name)
    return parent


def everything(parent: Dataset) -> Iterator[Dataset]:
    """All items beneath this one."""
    for item in parent.get("ContentSequence", []):
        yield item
        yield from everything(item)


def code_of(sequence: Any) -> Code:
    """A code sequence's only code."""
    (item,) = sequence
    return Code(item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning)


def value(item: Dataset) -> Any:
    """What an item says: text, code, number, time or identifier."""
    match item.ValueType:
        case "NUM":
            return float(item.MeasuredValueSequence[0].NumericValue)
        case "CODE":
            return code_of(item.ConceptCodeSequence)
        case "TEXT":
            return item.TextValue
        case "DATETIME":
            return datetime.strptime(item.DateTime, "%Y%m%d%H%M%S.%f").replace(tzinfo=UTC)
        case "DATE":
            return item.Date
        case "UIDREF":
            return item.UID
    raise ValueError(item.ValueType)
