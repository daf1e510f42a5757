"""The messages that windows get, as the page's protocol has them: plain data made of plain data."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from controller.banner import BANNER

Point = tuple[float, float | None, float | None, str]


def hello(
    *,
    operator: bool,
    desk: bool,
    stage: str,
    profile: str,
    version: str,
    simulated: bool | None,
    record: str | None,
    replay: bool = False,
) -> dict[str, Any]:
    """Where a window stands."""
    return {
        "type": "hello",
        "role": "operator" if operator else "watcher",
        "desk": desk,
        "stage": stage,
        "banner": BANNER,
        "profile": profile,
        "version": version,
        "simulated": simulated,
        "record": record,
        "replay": replay,
    }


def history(points: Sequence[Point], notes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What a window has missed."""
    return {"type": "history", "points": [list(point) for point in points], "notes": [dict(note) for note in notes]}


def view(
    n: int,
    *,
    age_s: float | None,
    live: bool,
    snapshot: Mapping[str, Any] | None,
    alarm: Mapping[str, Any] | None,
    elapsed_s: float | None,
    imaging_since_s: float | None,
    health: Mapping[str, str],
    made_s: float | None = None,
) -> dict[str, Any]:
    """What is on the dials, and how old that was at made_s, on the clock of controller.display.wire (not for a replay)."""
    return {
        "type": "view",
        "n": n,
        "age_s": None if age_s is None else round(age_s, 3),
        "live": live,
        "made_s": made_s,
        "snapshot": snapshot,
        "alarm": alarm,
        "elapsed_s": None if elapsed_s is None else round(elapsed_s, 1),
        "imaging_since_s": None if imaging_since_s is None else round(imaging_since_s, 1),
        "health": dict(health),
    }


def note(t_s: float, text: str, name: str | None = None) -> dict[str, Any]:
    """Something that happened."""
    return {"type": "note", "t_s": t_s, "text": text, "name": name}


def refused(text: str) -> dict[str, Any]:
    """An act that was not accepted, and why."""
    return {"type": "refused", "text": text}


def sent(act: str) -> dict[str, Any]:
    """An act that was handed over."""
    return {"type": "sent", "act": act}
