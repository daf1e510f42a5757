"""Every fault of the simulated bench under one roof: `<device>.<fault>`, or without the device where it is unique."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulators.acts import ActError

Begin = Callable[[str, float, Mapping[str, object]], None]
End = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class _Source:
    sentences: Mapping[str, str]
    begin: Begin
    end: End


class FaultBoard:
    """The faults of all devices, each with a sentence that says what it is."""

    def __init__(self) -> None:
        self._sources: dict[str, _Source] = {}

    def add(self, device: str, sentences: Mapping[str, str], begin: Begin, end: End) -> None:
        """A device and its faults. begin(name, now_s, values) and end(name, now_s) raise ValueError or TypeError."""
        self._sources[device] = _Source(sentences, begin, end)

    def remove(self, device: str) -> None:
        """A device whose faults could not show here."""
        self._sources.pop(device, None)

    @property
    def sentences(self) -> dict[str, str]:
        """Every fault by its full name."""
        return {
            f"{device}.{name}": sentence
            for device, source in self._sources.items()
            for name, sentence in source.sentences.items()
        }

    def full_name(self, name: str) -> str:
        """The full name of a fault. Raises ActError where there is none, or more than one."""
        device, dot, rest = name.partition(".")
        if dot and device in self._sources and rest in self._sources[device].sentences:
            return name
        owners = [owner for owner, source in self._sources.items() if not dot and name in source.sentences]
        if len(owners) == 1:
            return f"{owners[0]}.{name}"
        if owners:
            raise ActError(f"name {name!r}: say which: {', '.join(f'{owner}.{name}' for owner in owners)}")
        raise ActError(f"name {name!r}: no such fault; there are: {', '.join(sorted(self.sentences))}")

    def begin(self, name: str, now_s: float, values: Mapping[str, object]) -> None:
        """The fault begins. Raises ActError."""
        self._do(name, lambda source, fault: source.begin(fault, now_s, values))

    def end(self, name: str, now_s: float) -> None:
        """The fault ends. Raises ActError."""
        self._do(name, lambda source, fault: source.end(fault, now_s))

    def _do(self, name: str, what: Callable[[_Source, str], None]) -> None:
        device, _, fault = self.full_name(name).partition(".")
        try:
            what(self._sources[device], fault)
        except (ValueError, TypeError) as error:
            raise ActError(f"{device}.{fault}: {error}") from None


def timed(owner: Any, texts: bool = False) -> tuple[Begin, End]:
    """For a device that has fault(name, now_s, **values) and clear(name, now_s). texts: values may be texts."""

    def begin(name: str, now_s: float, values: Mapping[str, object]) -> None:
        if not texts:
            _numbers_only(values)
        owner.fault(name, now_s, **values)

    def end(name: str, now_s: float) -> None:
        owner.clear(name, now_s)

    return begin, end


def timeless(owner: Any) -> tuple[Begin, End]:
    """For a device that has fault(name, **values), all of them numbers, and clear(name)."""

    def begin(name: str, _now_s: float, values: Mapping[str, object]) -> None:
        _numbers_only(values)
        owner.fault(name, **values)

    def end(name: str, _now_s: float) -> None:
        owner.clear(name)

    return begin, end


def _numbers_only(values: Mapping[str, object]) -> None:
    texts = [f"{name} = {value!r}" for name, value in values.items() if isinstance(value, str)]
    if texts:
        raise ValueError(f"takes numbers, not {', '.join(texts)}")
