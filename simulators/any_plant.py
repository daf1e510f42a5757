"""The plant of a bench by name: our own, or one that a bench brings along as `module:factory`."""

import contextlib
import importlib
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.options import OptionsError
from simulators.plant import LineOptions, line_and_duct

DEFAULT_PLANT = "simulators.plant:line_and_duct"

_NUMBERS = ("duct_kpa", "into_duct_ul", "extravasated_ul", "reflux_ul")
_YES_OR_NO = ("ruptured", "pain")


class PlantError(Exception):
    """The plant failed, or said something that can not be."""


@dataclass(frozen=True, slots=True)
class PlantMaker:
    """factory(seed, index, **options) -> plant. named_options: what lists its options. faults: name and sentence of each."""

    factory: Callable[..., Any]
    named_options: Callable[..., object]
    faults: Mapping[str, str]


def load_plant(name: str) -> PlantMaker:
    """Finds `module:factory`, where Python finds modules or in the working directory.

    Its module may have FAULTS, a mapping of name and sentence, for its plant's fault and clear. Raises OptionsError.
    """
    module_name, colon, factory_name = name.partition(":")
    if not (module_name and colon and factory_name):
        raise OptionsError(f"plant {name!r}: write it as module:factory")
    try:
        with _working_directory_too():
            module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - somebody else's module may fail in any way, or end the program
        raise OptionsError(f"plant {name!r}: {type(error).__name__}: {error}") from None
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        raise OptionsError(f"plant {name!r}: the module {module_name} has no factory {factory_name}")
    # ours takes any option by keyword, and keeps the list of them in a class of its own
    named_options = LineOptions if factory is line_and_duct else factory
    return PlantMaker(factory, named_options, getattr(module, "FAULTS", {}))


def plant_file(name: str) -> Path | None:
    """The file in which the factory's module is; None if it is in no file. Raises OptionsError."""
    load_plant(name)
    file = getattr(sys.modules[name.partition(":")[0]], "__file__", None)
    return Path(file) if file else None


def make_plant(name: str, maker: PlantMaker, values: Mapping[str, object]) -> Any:
    """A plant, with what a bench can not do without. name: as it was asked for. Raises OptionsError."""
    whose = "line" if name == DEFAULT_PLANT else f"plant {name!r}"
    try:
        plant = maker.factory(**values)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plant that is not ours may fail in any way
        said = f"{error}" if isinstance(error, ValueError | TypeError) else f"{type(error).__name__}: {error}"
        raise OptionsError(f"{whose}: {said}") from None
    missing = [method for method in ("step", "set_tip") if not callable(getattr(plant, method, None))]
    if missing:
        raise OptionsError(f"{whose}: the factory gave a {type(plant).__name__} without {' and '.join(missing)}")
    return plant


def plant_truth(plant: Any) -> Mapping[str, object]:
    """What the plant tells of the truth; nothing if it tells none. Raises PlantError for what can not be a truth."""
    if not hasattr(plant, "truth"):
        return {}
    try:
        told = plant.truth()
    except (Exception, SystemExit) as error:
        raise PlantError(f"the plant's truth failed: {type(error).__name__}: {error}") from error
    if not isinstance(told, Mapping):
        raise PlantError(f"the plant's truth is a {type(told).__name__}, and has to be a dictionary")
    for key in told:
        problem = _why_not(key, told[key])
        if problem:
            raise PlantError(f"the plant's truth: {key} = {told[key]!r}: {problem}")
    return told


def _why_not(key: str, value: object) -> str | None:
    """numpy's numbers are numbers too, so they are asked, not looked at."""
    if value is None:
        return None
    if key in _NUMBERS:
        try:
            finite = not isinstance(value, str) and math.isfinite(value)  # type: ignore[arg-type]  # else TypeError
        except (TypeError, ValueError):
            finite = False
        return None if finite else "must be a finite number, or None if it is not known"
    if key in _YES_OR_NO:
        return None if value in (True, False) else "must be True, False, or None if it is not known"
    if key == "subgroup":
        return None if isinstance(value, str) else "must be a text, or None if it is not known"
    return None


@contextlib.contextmanager
def _working_directory_too() -> Iterator[None]:
    """Lets modules be found in the working directory, behind all other places."""
    here = str(Path.cwd())
    sys.path.append(here)
    try:
        yield
    finally:
        sys.path.remove(here)
