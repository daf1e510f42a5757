"""The two forms: the answers as they were typed, kept by the server, so that neither a reload nor another window loses them."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from controller.bedside.errors import DeniedError

TOWEL_BEGAN: Final = "towel_began"


def merge(values: dict[str, Any], given: Mapping[str, Any], names: Collection[str]) -> None:
    """Puts what was given over what was there; null takes an answer back. Raises DeniedError for a name that nobody asked for."""
    strange = [name for name in given if name not in names]
    if strange:
        raise DeniedError(400, f"there is no field {strange[0][:60]!r} here")
    for name, value in given.items():
        if value is None:
            values.pop(name, None)
        else:
            values[name] = value


class SetupSheet:
    """The answers before a procedure, and since when the warm towel lies."""

    def __init__(self, first: Mapping[str, Any]) -> None:
        self.values: dict[str, Any] = dict(first)
        self._towel_began_s: float | None = None

    def take(self, given: Mapping[str, Any], names: Collection[str], now_s: float) -> None:
        """What a window says. The towel's time begins whenever its laying on is told, and is taken back with it."""
        merge(self.values, given, {*names, TOWEL_BEGAN})
        if TOWEL_BEGAN in given:
            self._towel_began_s = now_s if given[TOWEL_BEGAN] is True else None

    def towel_s(self, now_s: float) -> float | None:
        """For how long it has lain; None where that was not taken."""
        return None if self._towel_began_s is None else max(now_s - self._towel_began_s, 0.0)


class AfterSheet:
    """The answers after a procedure. stored: what the record holds of them."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.stored: dict[str, Any] | None = None
        self.trouble: str | None = None
        """Why the newest could not be stored."""

    def saved(self, right: Mapping[str, Any]) -> bool:
        """Whether all that was answered is in the record. right: the answers that may stand there."""
        wrong = [name for name, value in self.values.items() if name not in right and value not in ("", False, [])]
        return self.stored == right and not wrong
