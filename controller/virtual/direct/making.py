"""What a direct bench is made of: the same options as a bench with wires, less those that only a wire could show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from simulators.any_plant import load_plant, make_plant
from simulators.bench import BenchOptions
from simulators.keller33x import Keller33xOptions
from simulators.ne1000 import Ne1000Options
from simulators.options import Options, OptionsError, Scalar, WiringOptions
from simulators.plunger import Plunger, PlungerOptions

_WITHOUT_EFFECT = {"pump.address", "pump.baud", "pressure.address", "pressure.baud", "pressure.serial_number"}
"""How a device is reached; of no matter where nothing has to be reached."""
_SENSED = {"noise_kpa", "offset_kpa", "resolution_kpa", "filter_s", "seed"}
"""What the transmitter does to a pressure."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that was made for one bench."""

    plant: Any
    line_faults: Mapping[str, str]
    plunger: Plunger
    pressure: Keller33xOptions
    trigger_wired: bool


def make_parts(options: BenchOptions) -> Parts:
    """Makes them. Raises OptionsError with every mistake, and for every option that needs the wire fidelity."""
    maker = load_plant(options.plant)
    makers: dict[str, Callable[..., object]] = {
        "pump": Ne1000Options,
        "pressure": Keller33xOptions,
        "plunger": PlungerOptions,
        "line": maker.named_options,
        "bench": WiringOptions,
    }
    chosen = Options(makers, not_settable=("seed", "index")).sort(options.settings)
    _refuse_wires("pump", chosen["pump"], Ne1000Options(), set())
    _refuse_wires("pressure", chosen["pressure"], Keller33xOptions(), _SENSED)
    noise_seed = options.seed * 1_000_003 + options.index
    return Parts(
        plant=make_plant(options.plant, maker, {"seed": options.seed, "index": options.index, **chosen["line"]}),
        line_faults=maker.faults,
        plunger=Plunger(_made("plunger", PlungerOptions, chosen["plunger"])),
        pressure=_made("pressure", Keller33xOptions, {"seed": noise_seed, **chosen["pressure"]}),
        trigger_wired=_made("bench", WiringOptions, chosen["bench"]).trigger_wired,
    )


def _refuse_wires(device: str, given: Mapping[str, Scalar], usual: Any, shown: set[str]) -> None:
    """Whatever differs from the usual device and could not be seen here is refused, not passed over."""
    defaults = {each.name: getattr(usual, each.name) for each in fields(usual)}
    problems = [
        f"{device}.{name} = {value!r}: needs the wire fidelity; the core fidelity knows only {defaults[name]!r}"
        for name, value in given.items()
        if f"{device}.{name}" not in _WITHOUT_EFFECT and name not in shown and value != defaults[name]
    ]
    if problems:
        raise OptionsError("\n".join(problems))


def _made(device: str, maker: Callable[..., Any], values: Mapping[str, object]) -> Any:
    try:
        return maker(**values)
    except Exception as error:  # noqa: BLE001 - a plant that is not ours may fail in any way
        said = f"{error}" if isinstance(error, ValueError | TypeError) else f"{type(error).__name__}: {error}"
        raise OptionsError(f"{device}: {said}") from None
