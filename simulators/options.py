"""The physical options of the simulated bench: by which key, of which type, for which device.

A key is `<device>.<option>`, for instance `pressure.noise_kpa` or `line.viscosity_mpa_s`; without the device where only one
device has such an option. The options themselves are defined where the devices are.
"""

import inspect
import tomllib
import types
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

Scalar = bool | int | float | str


class OptionsError(Exception):
    """Options that can not be used; one sentence a line, each naming the key, the value and what is allowed."""


@dataclass(frozen=True, slots=True)
class WiringOptions:
    """How the bench is wired. trigger_wired: a third contact of the button leads to the pump's trigger input."""

    trigger_wired: bool = False


class Options:
    """Every key that exists at a bench, and their values sorted by device."""

    def __init__(self, makers: Mapping[str, Callable[..., object]], not_settable: Collection[str] = ()) -> None:
        """makers: for each device, what is called with its options: a dataclass or a function that names them.

        A function that takes any keyword checks them itself. not_settable: options that are given in another way.
        """
        self._types = {
            device: {name: kind for name, kind in _scalar_options(maker).items() if name not in not_settable}
            for device, maker in makers.items()
        }
        self._open = [device for device, maker in makers.items() if _takes_anything(maker)]

    @property
    def keys(self) -> list[str]:
        """All keys in full, sorted."""
        return sorted(f"{device}.{name}" for device, types_of in self._types.items() for name in types_of)

    def sort(self, settings: Mapping[str, Scalar]) -> dict[str, dict[str, Scalar]]:
        """The settings of each device. Raises OptionsError with every mistake at once."""
        sorted_out: dict[str, dict[str, Scalar]] = {device: {} for device in self._types}
        problems = []
        for key, value in settings.items():
            try:
                device, name = self._place(key)
                sorted_out[device][name] = self._checked(device, name, value)
            except OptionsError as error:
                problems.append(str(error))
        if problems:
            raise OptionsError("\n".join(problems))
        return sorted_out

    def _place(self, key: str) -> tuple[str, str]:
        device, dot, name = key.partition(".")
        if dot and device in self._types:
            if name in self._types[device] or device in self._open:
                return device, name
        elif not dot:
            owners = [owner for owner, types_of in self._types.items() if key in types_of]
            if len(owners) == 1:
                return owners[0], key
            if owners:
                raise OptionsError(f"{key}: say which: {', '.join(f'{owner}.{key}' for owner in owners)}")
        raise OptionsError(f"{key}: no such option; there are: {', '.join(self.keys)}")

    def _checked(self, device: str, name: str, value: Scalar) -> Scalar:
        if name not in self._types[device]:
            return value
        adapter = TypeAdapter(self._types[device][name], config=ConfigDict(strict=True, allow_inf_nan=False))
        try:
            checked: Scalar = adapter.validate_python(value)
        except ValidationError as error:
            raise OptionsError(f"{device}.{name}: {value!r}: {error.errors()[0]['msg']}") from None
        return checked


def parse_settings(pairs: Iterable[str]) -> dict[str, Scalar]:
    """Reads `key=value` as from a command line; a value is a TOML number or truth value, and otherwise a text.

    Raises OptionsError.
    """
    settings: dict[str, Scalar] = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        if not (key and sign):
            raise OptionsError(f"{pair}: write it as key=value")
        settings[key.strip()] = _value(text.strip())
    return settings


def _value(text: str) -> Scalar:
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value if isinstance(value, bool | int | float | str) else text


def _scalar_options(maker: Callable[..., object]) -> dict[str, Any]:
    named = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [name for name, item in inspect.signature(maker).parameters.items() if item.kind in named]
    hints = get_type_hints(maker)
    return {name: hints[name] for name in names if name in hints and _is_scalar(hints[name])}


def _takes_anything(maker: Callable[..., object]) -> bool:
    kinds = [item.kind for item in inspect.signature(maker).parameters.values()]
    return inspect.Parameter.VAR_KEYWORD in kinds


def _is_scalar(kind: object) -> bool:
    if get_origin(kind) in (Union, types.UnionType):
        return all(part is type(None) or _is_scalar(part) for part in get_args(kind))
    return kind in (bool, int, float, str) or get_origin(kind) is Literal
