"""The catalogue of faults: what each one is, when it can occur, and what the host owes when it does. Written in TOML."""

import functools
import itertools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StringConstraints, ValidationError, model_validator

from simulators.acts import Act, ActError, Fault, HostAct, Operator, Press, Tip, mistakes, parse_act
from simulators.injection.phases import PHASES, Phase
from simulators.injection.values import Values, read_values

Layer = Literal["wire", "device", "patient", "host"]
Fidelity = Literal["wire", "core"]
Channel = Literal["pump_replies", "pressure_readings", "button_lines", "line_pressure"]

_AFTER_THE_START: list[Phase] = [phase for phase in PHASES if phase != "start"]
_Values = Annotated[Values, PlainValidator(read_values)]
_Seconds = Annotated[float, Field(ge=0, le=60, allow_inf_nan=False)]
_Text = Annotated[str, Field(min_length=1)]
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class CatalogueError(Exception):
    """A catalogue that can not be used. The text names the file and every mistake in it, one a line."""


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, arbitrary_types_allowed=True)


class StopsTable(_Table):
    """What the host owes (see Stops in draw.py)."""

    within_s: _Seconds | None = None
    blocks_stop: Literal["none", "link", "pump"] = "none"
    pushes_unordered: bool = False

    @model_validator(mode="after")
    def _a_push_is_bounded(self) -> Self:
        if self.pushes_unordered and self.within_s is None:
            raise ValueError("pushes_unordered needs within_s: nothing else bounds the motion")
        return self


class Entry(_Table):
    """One fault.

    act: what happens, as in a scenario, its values constant or drawn. lasts_s: after so long it ends; never without. phases:
    when it can begin; any time after the host has without. at_start: it can also be there before. certain_in: the phases in
    which stops.within_s is owed; all of them without. why: where stops come from. fidelity: the kinds of virtual procedure
    that have it. groups: two faults with a common group never occur together. disturbs: what the host can not rely on seeing
    while this is there. needs: what the host has to see for stops.within_s to be owed; in company of a fault that disturbs
    just that, it is not.
    """

    layer: Layer
    title: _Text
    act: dict[str, _Values]
    lasts_s: _Values | None = None
    phases: Annotated[list[Phase], Field(min_length=1)] = _AFTER_THE_START
    at_start: bool = False
    certain_in: Annotated[list[Phase], Field(min_length=1)] | None = None
    stops: StopsTable = StopsTable()
    why: _Text
    fidelity: Annotated[list[Fidelity], Field(min_length=1)] = ["wire"]
    groups: list[_Name] = []
    needs: list[Channel] = []
    disturbs: list[Channel] = []

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = [*self._wrong_acts(), *self._wrong_times(), *self._wrong_stops()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _wrong_acts(self) -> Iterator[str]:
        if "do" not in self.act or self.act["do"].kind != "constant":
            yield "act.do: has to be one kind of act"
            return
        try:
            acts = list(self.acts())
        except ActError as error:
            yield f"act: {error}"
            return
        if self.lasts_s is not None and not all(isinstance(act, Fault | Press | Tip) for act in acts):
            yield f"lasts_s: an act of kind {acts[0].do!r} does not end"
        if "core" in self.fidelity and not all(_happens_without_wires(act) for act in acts):
            yield f"fidelity: {acts[0]} needs the wire fidelity"

    def _wrong_times(self) -> Iterator[str]:
        lasts = () if self.lasts_s is None else self.lasts_s.items
        if not all(isinstance(item, int | float) and not isinstance(item, bool) and item > 0 for item in lasts):
            yield f"lasts_s: {self.lasts_s} has to be seconds, above 0"
        for key in ("phases", "certain_in", "groups", "needs", "disturbs", "fidelity"):
            given = getattr(self, key) or []
            if len(set(given)) != len(given):
                yield f"{key}: {', '.join(given)} names one of them twice"
        if self.at_start and "start" in self.phases:
            yield "at_start: phases has start already"
        strange = [phase for phase in self.certain_in or [] if phase not in self.all_phases]
        if strange:
            yield f"certain_in: {', '.join(strange)} is none of phases"

    def _wrong_stops(self) -> Iterator[str]:
        if self.certain_in is not None and self.stops.within_s is None:
            yield "certain_in: needs stops.within_s"
        if self.stops.pushes_unordered and self.certain_in is not None:
            yield "certain_in: a pump that moves by itself is bounded in every phase"
        if self.needs and self.stops.within_s is None:
            yield "needs: needs stops.within_s"
        if self.needs and self.stops.pushes_unordered:
            yield "needs: a pump that moves by itself is bounded in any company"

    def acts(self) -> Iterator[Act]:
        """The act with every combination of its constants, ends and choices. Raises ActError where one can not be done."""
        keys = list(self.act)
        for values in itertools.product(*(self.act[key].items for key in keys)):
            yield parse_act(dict(zip(keys, values, strict=True)))

    @property
    def all_phases(self) -> list[Phase]:
        """When it can begin, in the order of a procedure."""
        return [phase for phase in PHASES if phase in self.phases or (self.at_start and phase == "start")]

    @property
    def fault_names(self) -> frozenset[str]:
        """Full names of the faults that its act can be; none where it is another kind of act."""
        return frozenset(self.act["name"].items) if self.act["do"].items == ("fault",) else frozenset()


class _File(_Table):
    fault: Annotated[dict[_Name, Entry], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All faults by name, in the order of the file."""

    source: str
    faults: Mapping[str, Entry]

    def __getitem__(self, name: str) -> Entry:
        return self.faults[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.faults)

    def __len__(self) -> int:
        return len(self.faults)


def load_catalogue(path: str | Path | None = None) -> Catalogue:
    """Reads a catalogue; without a path the one that comes with the software, once only. Raises CatalogueError."""
    return _shipped() if path is None else _read(str(path), Path(path))


@functools.cache
def _shipped() -> Catalogue:
    return _read("faults.toml", files("config") / "faults.toml")


def _read(name: str, source: Any) -> Catalogue:
    try:
        table = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogueError(f"{name}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{name}: not TOML: {error}") from None
    try:
        return Catalogue(name, _File.model_validate(table).fault)
    except ValidationError as error:
        raise CatalogueError("\n".join(f"{name}: {text}" for text in mistakes(error))) from None


def _happens_without_wires(act: Act) -> bool:
    match act:
        case Fault():
            return act.name.startswith("line.")
        case HostAct():
            return act.target == "control" and act.signal not in (None, "SIGKILL")
        case _:
            return isinstance(act, Press | Tip | Operator)
