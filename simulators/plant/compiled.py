"""Compiles the plant's kernel where numba is; without it the very same functions run as they are, and give the same numbers.

A compiled kernel is kept on disk between runs. numba finds it again by the file of the one function that is compiled, so that
a change in another file would go unseen: the kernel is therefore a closure over a number made of all sources of the plant,
which numba includes in its key. Where nothing can be kept (no directory is writable, the disk is full, what is kept is
damaged) the kernel is compiled for this process alone.
"""

import hashlib
import importlib
import os
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Protocol, TypeVar

import numpy as np

_SIGNATURE = "float64(float64[::1], float64, float64)"
_SOURCES_BITS = 52  # exact in a float64

_Function = TypeVar("_Function", bound=Callable[..., object])
_terms: list[Callable[..., object]] = []


class Numbers(Protocol):
    """Everything about one plant as a flat row of floats; simulators.plant.layout says what stands where."""

    def __getitem__(self, place: int, /) -> float:
        """One number."""

    def __setitem__(self, place: int, value: float, /) -> None:
        """Sets one number."""


Advance = Callable[[Numbers, float, float], float]
"""advance(numbers, dt_s, plunger_flow_ul_s) -> line pressure in kPa."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """advance, and whether it is compiled; each needs its own kind of row."""

    advance: Advance
    compiled: bool

    def row(self, values: Sequence[float]) -> Numbers:
        """These numbers as advance takes them (a plain list is what uncompiled code is fastest with)."""
        return np.array(values, dtype=np.float64) if self.compiled else list(values)


def term(function: _Function) -> _Function:
    """Marks a function that the kernel calls. It stays what it is, and is compiled together with the kernel."""
    _terms.append(function)
    return function


def build(make_advance: Callable[[int], Advance]) -> Kernel:
    """Compiles make_advance(a number for the present sources); takes seconds the first time on a machine, then little."""
    advance = make_advance(sources_number())
    numba = _numba()
    if numba is None:
        return Kernel(advance, compiled=False)
    for function in _terms:
        numba.extending.register_jitable(function)
    try:
        return Kernel(numba.njit(_SIGNATURE, cache=True)(advance), compiled=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.PickleError):
        return Kernel(numba.njit(_SIGNATURE)(advance), compiled=True)


def sources_number() -> int:
    """A number that changes with any source of this package."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return int.from_bytes(digest.digest()[:8], "big") >> (64 - _SOURCES_BITS)


def _numba() -> ModuleType | None:
    """numba, unless it is missing or told (NUMBA_DISABLE_JIT) to compile nothing. Imported late: it takes its time."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return None
    try:
        numba = importlib.import_module("numba")
        importlib.import_module("numba.extending")
    except ImportError:
        return None
    return None if numba.config.DISABLE_JIT else numba
