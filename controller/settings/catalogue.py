"""The catalogue: syringes, contrast agents, cannulas and tubes, each with the source of its numbers.

It is data (config/catalogue.toml) that this package and the simulated plant each read for themselves.
"""

import math
from functools import cache
from itertools import pairwise
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from config import CATALOGUE, shipped
from controller.settings.problems import ConfigError, Origin
from controller.settings.reading import parse, plain_table
from controller.settings.sentences import Unit, field_problems

COLDEST_C: Final = 15.0  # contrast at room temperature or warmed; outside this the label's two points say nothing
WARMEST_C: Final = 40.0

_Text = Annotated[str, Field(min_length=1)]
_Millimetres = Annotated[float, Field(gt=0.0), Unit("mm")]
_Compliance = Annotated[float, Field(gt=0.0), Unit("uL/kPa")]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class _Entry(_Strict):
    """What every entry has. key: what a profile calls it. source, grade: where its numbers come from, and how sure they are."""

    key: _Text
    name: _Text
    source: _Text
    grade: _Text


class Syringe(_Entry):
    """A syringe. The inner diameter is what the pump is told; the compliance includes barrel and stopper."""

    nominal_ml: Annotated[float, Field(gt=0.0), Unit("mL")]
    inner_diameter_mm: _Millimetres
    compliance_ul_kpa: _Compliance
    compliance_min_ul_kpa: _Compliance
    compliance_max_ul_kpa: _Compliance

    @model_validator(mode="after")
    def _compliance_is_in_its_range(self) -> Self:
        if not self.compliance_min_ul_kpa <= self.compliance_ul_kpa <= self.compliance_max_ul_kpa:
            raise PydanticCustomError("range", "has a compliance outside of its own range")
        return self

    @property
    def compliance_range_ul_kpa(self) -> tuple[float, float]:
        """The least and the greatest compliance to be expected."""
        return self.compliance_min_ul_kpa, self.compliance_max_ul_kpa


class ViscosityPoint(_Strict):
    """One point of a label's viscosity table."""

    temperature_c: Annotated[float, Unit("C")]
    mpa_s: Annotated[float, Field(gt=0.0), Unit("mPa.s")]


class Agent(_Entry):
    """A contrast agent, or the water that stands for one on a bench."""

    viscosity: Annotated[tuple[ViscosityPoint, ...], Field(strict=False, min_length=2)]
    iodine_mg_ml: Annotated[float, Field(ge=0.0), Unit("mg/mL")]
    osmolality_mosm_kg: Annotated[float, Field(ge=0.0), Unit("mOsm/kg")]
    specific_gravity_37c: Annotated[float, Field(gt=0.0)] | None = None
    ionic: bool
    bench_only: bool = False

    @model_validator(mode="after")
    def _points_are_in_order(self) -> Self:
        if any(cold.temperature_c >= warm.temperature_c for cold, warm in pairwise(self.viscosity)):
            raise PydanticCustomError("order", "has viscosity points that are not in order of rising temperature")
        return self

    def viscosity_mpa_s(self, temperature_c: float) -> float:
        """The viscosity in mPa.s, log-linear in temperature between the label's points and from the outermost two on.

        Raises ValueError outside of 15 to 40 C.
        """
        if not COLDEST_C <= temperature_c <= WARMEST_C:
            raise ValueError(f"{temperature_c} C is outside of {COLDEST_C:g} to {WARMEST_C:g} C")
        segments = list(pairwise(self.viscosity))
        cold, warm = next((pair for pair in segments if temperature_c <= pair[1].temperature_c), segments[-1])
        share = (temperature_c - cold.temperature_c) / (warm.temperature_c - cold.temperature_c)
        return cold.mpa_s * math.exp(share * math.log(warm.mpa_s / cold.mpa_s))


class Cannula(_Entry):
    """A cannula. Its bore and length are nominal; within the bore's tolerance the resistance varies with its fourth power."""

    bore_mm: _Millimetres
    bore_tolerance_mm: Annotated[float, Field(ge=0.0), Unit("mm")]
    length_mm: _Millimetres
    length_min_mm: _Millimetres
    length_max_mm: _Millimetres
    outer_mm: _Millimetres

    @model_validator(mode="after")
    def _is_a_tube(self) -> Self:
        if not self.bore_tolerance_mm < self.bore_mm < self.outer_mm:
            raise PydanticCustomError("bore", "has a bore that is not between its tolerance and its outer diameter")
        if not self.length_min_mm <= self.length_mm <= self.length_max_mm:
            raise PydanticCustomError("length", "has a length outside of its own range")
        return self

    @property
    def resistance_spread(self) -> tuple[float, float]:
        """The resistance of the widest and of the narrowest bore within tolerance, as multiples of the nominal one."""
        widest, narrowest = self.bore_mm + self.bore_tolerance_mm, self.bore_mm - self.bore_tolerance_mm
        return (self.bore_mm / widest) ** 4, (self.bore_mm / narrowest) ** 4


class Tube(_Entry):
    """A tube between syringe and cannula."""

    bore_mm: _Millimetres
    length_mm: _Millimetres
    compliance_ul_kpa: _Compliance

    @property
    def dead_volume_ul(self) -> float:
        """What the tube holds, in uL."""
        return math.pi / 4.0 * self.bore_mm**2 * self.length_mm


class Catalogue(_Strict):
    """All entries, by key."""

    syringes: dict[str, Syringe]
    agents: dict[str, Agent]
    cannulas: dict[str, Cannula]
    tubes: dict[str, Tube]

    @model_validator(mode="after")
    def _keys_are_those_of_the_tables(self) -> Self:
        for entries in (self.syringes, self.agents, self.cannulas, self.tubes):
            for key, entry in entries.items():
                if entry.key != key:
                    raise PydanticCustomError("key", "has an entry [{key}] that gives itself another key", {"key": key})
        return self


def expected_resistance_kpa_s_ul(agent: Agent, temperature_c: float, cannula: Cannula, tube: Tube | None = None) -> float:
    """What the line is expected to resist with its nominal measures, in kPa per uL/s: Poiseuille, cannula and tube in series.

    Raises ValueError outside of 15 to 40 C.
    """
    viscosity_mpa_s = agent.viscosity_mpa_s(temperature_c)
    parts = [(cannula.bore_mm, cannula.length_mm)] + ([(tube.bore_mm, tube.length_mm)] if tube else [])
    mpa_s_ul = sum(128.0 * viscosity_mpa_s * length_mm / (math.pi * bore_mm**4) for bore_mm, length_mm in parts)
    return mpa_s_ul * 1e-6  # mPa.s, mm and uL/s give mPa


def parse_catalogue(data: bytes, source: str) -> Catalogue:
    """A catalogue from the bytes of its file. source names the file in errors. Raises ConfigError."""
    tree = parse(data, source)
    origin = Origin(source, tree)
    try:
        return Catalogue.model_validate(_with_keys(plain_table(tree, source)))
    except ValidationError as error:
        problems = field_problems(error, Catalogue)
    raise ConfigError([origin.sentence(problem) for problem in problems])


@cache
def catalogue() -> Catalogue:
    """The catalogue that ships with ductoject. Raises ConfigError if somebody has broken it."""
    file = shipped(CATALOGUE)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError([f"{file.name}: can not be read: {error.strerror}"]) from None
    return parse_catalogue(data, file.name)


def _with_keys(values: dict[str, object]) -> dict[str, object]:
    """Gives each entry the name of its table as `key`."""
    return {kind: _entries_with_keys(entries) if isinstance(entries, dict) else entries for kind, entries in values.items()}


def _entries_with_keys(entries: dict[str, object]) -> dict[str, object]:
    return {key: {"key": key, **entry} if isinstance(entry, dict) else entry for key, entry in entries.items()}
