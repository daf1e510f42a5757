"""The states in words: what goes on, and what comes next."""

from controller.display.messages import Snapshot

GONE = "control process is gone: the pump's own watchdog stops the pump"
CLOSED = "the control process has closed its display without giving a result"

_NEXT = {
    "standby": "next: the self-test",
    "self_test": "devices identified, pressure zeroed, button proved; next: the prime check",
    "priming": "the line is filled and checked, cannula outside the patient; next: ready",
    "ready": "cannula in and taped; next: arming",
    "infusing": "contrast moves; next: a hold, in which the line relaxes",
    "stopping": "the pump is being stopped; next: relief of the line, where that is safe",
    "relieving": "a small retraction takes the stored pressure out of the line; next: stopped",
    "stopped": "nothing moves, and nothing starts again by itself",
    "complete": "nothing moves: the procedure is over",
}


def headline(state: str) -> str:
    """The state as it is written large."""
    return state.replace("_", " ").upper()


def whats_next(shot: Snapshot) -> str:
    """One sentence: what goes on in this state and what comes after it; "" for a state that is not known here."""
    if shot.state == "armed":
        return f"next: {_increment(1, shot.increments)}"
    if shot.state != "holding":
        return _NEXT.get(shot.state, "")
    now = "no flow: the line relaxes to the duct's own pressure"
    if shot.increment is None or shot.increments is None:
        return now
    if shot.increment >= shot.increments:
        return f"{now}; next: complete"
    return f"{now}; next: {_increment(shot.increment + 1, shot.increments)}"


def millilitres(volume_ml: float | None) -> str:
    """A volume as people read it: always two decimals, never "-0.00"; "-.--" when it is not known."""
    if volume_ml is None:
        return "-.--"
    return f"{volume_ml:.2f}".replace("-0.00", "0.00")


def kilopascals(pressure_kpa: float | None, decimals: int = 1) -> str:
    """A pressure without its unit; "--" when it is not known."""
    return "--" if pressure_kpa is None else f"{pressure_kpa:.{decimals}f}"


def of_increments(shot: Snapshot) -> str:
    """ "increment 2 of 4", or "" before the first."""
    return _increment(shot.increment, shot.increments) if shot.increment else ""


def _increment(index: int | None, total: int | None) -> str:
    of = f" of {total}" if total is not None else ""
    return f"increment {index}{of}"
