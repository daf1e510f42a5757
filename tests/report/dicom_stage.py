"""Records for the tests of DICOM documents, from virtual time, and what is asked of a document's tree."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset

from controller.report.dicom import sr_of
from controller.report.dicom_codes import Code
from controller.virtual.building import bench_options, scenario_procedure, virtual_profile
from controller.virtual.overrides import scenario_overrides
from controller.virtual.procedure import VirtualProcedure, virtual_header
from simulators.bench import SimulatedBench
from simulators.scenario import load_scenario


@cache
def made(folder: Path, name: str) -> Path:
    """A scenario's record."""
    return made_with(folder / f"{name}.sqlite", name, {})


def made_with(path: Path, name: str, header: Mapping[str, object]) -> Path:
    """A scenario's record whose header says this as well."""
    scenario = load_scenario(name)
    loaded = virtual_profile("sim", scenario_overrides(scenario))
    procedure = scenario_procedure(scenario, loaded, header=virtual_header(loaded) | dict(header))
    procedure.run()
    procedure.save(path)
    return path


@cache
def whole(folder: Path) -> Path:
    """Four increments in which nothing happens."""
    loaded = virtual_profile("sim")
    procedure = VirtualProcedure(loaded, SimulatedBench(bench_options(loaded)))
    procedure.run()
    path = folder / "whole.sqlite"
    procedure.save(path)
    return path


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
