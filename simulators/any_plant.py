"""The plant of a bench by name: our own, or one that a bench brings along as `module:factory`."""

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.options import OptionsError
from simulators.plant import LineOptions, line_and_duct

DEFAULT_PLANT = "simulators.plant:line_and_duct"


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
    except Exception as error:  # noqa: BLE001 - somebody else's module may fail in any way
        raise OptionsError(f"plant {name!r}: {type(error).__name__}: {error}") from None
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        raise OptionsError(f"plant {name!r}: the module {module_name} has no factory {factory_name}")
    # ours takes any option by keyword, and keeps the list of them in a class of its own
    named_options = LineOptions if factory is line_and_duct else factory
    return PlantMaker(factory, named_options, getattr(module, "FAULTS", {}))


@contextlib.contextmanager
def _working_directory_too() -> Iterator[None]:
    """Lets modules be found in the working directory, behind all other places."""
    here = str(Path.cwd())
    sys.path.append(here)
    try:
        yield
    finally:
        sys.path.remove(here)
