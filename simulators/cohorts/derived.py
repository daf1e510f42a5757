"""What is drawn as people think of it, and what that makes of the bench: temperature to viscosity, lot to bore, friction.

The agents are those of config/catalogue.toml, data that profiles name as well.
"""

import math
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError

from config import CATALOGUE, shipped
from simulators.options import Scalar
from simulators.plant.hydraulics import viscosity_at_mpa_s

_Drawn = Mapping[str, Any]


class Derivation(NamedTuple):
    """The drawn parameters that belong together, the settings they give, and how.

    only: these settings can not be drawn themselves, since only together they make sense.
    """

    needs: tuple[str, ...]
    gives: tuple[str, ...]
    make: Callable[[_Drawn], dict[str, Scalar]]
    only: bool = False


def wrong_ingredient(key: str, value: Scalar) -> str | None:
    """What is wrong with a value of a drawn parameter: the limit in words; None if nothing is."""
    try:
        _adapter(key).validate_python(value)
    except ValidationError as error:
        return error.errors()[0]["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return None


def derived_settings(drawn: _Drawn) -> dict[str, Scalar]:
    """The bench's settings that follow from what was drawn."""
    settings: dict[str, Scalar] = {}
    for derivation in DERIVATIONS:
        if derivation.needs[0] in drawn:
            settings |= derivation.make(drawn)
    return settings


@cache
def _agents() -> dict[str, dict[str, Any]]:
    return dict(tomllib.loads(shipped(CATALOGUE).read_text(encoding="utf-8"))["agents"])


def _known_agent(name: str) -> str:
    if name not in _agents():
        raise ValueError(f"is not in the catalogue; there are: {', '.join(sorted(_agents()))}")
    return name


def _fluid(drawn: _Drawn) -> dict[str, Scalar]:
    """Viscosity and its change with temperature between the two points of the label around it, and density where known."""
    agent, temperature_c = _agents()[drawn["fluid.agent"]], drawn["fluid.temperature_c"]
    points = [(point["temperature_c"], point["mpa_s"]) for point in agent["viscosity"]]
    pairs = list(pairwise(points))
    low, high = next((pair for pair in pairs if temperature_c <= pair[1][0]), pairs[-1])
    settings: dict[str, Scalar] = {
        "line.viscosity_mpa_s": viscosity_at_mpa_s(temperature_c, low, high),
        "line.viscosity_change_per_c": math.log(high[1] / low[1]) / (high[0] - low[0]),
    }
    return settings | ({"line.density_kg_l": agent["specific_gravity_37c"]} if "specific_gravity_37c" in agent else {})


def _cannula(drawn: _Drawn) -> dict[str, Scalar]:
    """The bore at which this cannula resists by the factor more than its lot (resistance goes with the bore's fourth power)."""
    return {"line.bore_mm": drawn["cannula.lot_bore_mm"] * drawn["cannula.resistance_factor"] ** -0.25}


def _friction(drawn: _Drawn) -> dict[str, Scalar]:
    """Friction at rest is friction while sliding and what it takes more to break loose."""
    sliding_kpa = drawn["friction.sliding_kpa"]
    static_kpa = sliding_kpa + drawn["friction.stick_slip_kpa"]
    return {"plunger.sliding_friction_kpa": sliding_kpa, "plunger.static_friction_kpa": static_kpa}


DERIVATIONS = (
    Derivation(
        needs=("fluid.agent", "fluid.temperature_c"),
        gives=("line.viscosity_mpa_s", "line.viscosity_change_per_c"),
        make=_fluid,
    ),
    Derivation(needs=("cannula.lot_bore_mm", "cannula.resistance_factor"), gives=("line.bore_mm",), make=_cannula),
    Derivation(
        needs=("friction.sliding_kpa", "friction.stick_slip_kpa"),
        gives=("plunger.sliding_friction_kpa", "plunger.static_friction_kpa"),
        make=_friction,
        only=True,
    ),
)

INGREDIENTS: dict[str, Any] = {
    "fluid.agent": Annotated[str, AfterValidator(_known_agent)],
    "fluid.temperature_c": Annotated[float, Field(ge=15.0, le=40.0)],  # what labels' viscosities are good for
    "cannula.lot_bore_mm": Annotated[float, Field(gt=0.0, le=1.0)],
    "cannula.resistance_factor": Annotated[float, Field(ge=0.1, le=10.0)],
    "friction.sliding_kpa": Annotated[float, Field(ge=0.0)],
    "friction.stick_slip_kpa": Annotated[float, Field(ge=0.0)],
}


@cache
def _adapter(key: str) -> TypeAdapter[Any]:
    return TypeAdapter(INGREDIENTS[key], config=ConfigDict(strict=True, allow_inf_nan=False))
