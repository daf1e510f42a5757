"""Records as a procedure would leave them, made without a process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from controller.record.memory import MemoryRecorder

HEADER = {
    "format": 1,
    "software": "ductoject",
    "version": "0.1.0",
    "profile": {"name": "sim"},
    "profile_hash": "00",
    "kind": "simulation",
    "patient": "P1",
    "duct": "left 2",
    "day": "2026-11-22",
    "predecessor": None,
    "started_utc": "2026-11-22T09:00:00+00:00",
}


class Procedure:
    """Writes the entries of one procedure, in the order in which the control loop would."""

    def __init__(self, **header: object) -> None:
        self.recorder = MemoryRecorder()
        self.motions = 0
        self.put("header", HEADER | header)

    def put(self, kind: str, body: dict[str, object]) -> None:
        self.recorder.put(kind, 0.1 * len(self.recorder.entries), body)
        assert self.recorder.trouble is None

    def intent(self, volume_ul: float = 50.0, into: str = "patient", direction: str = "infuse") -> int:
        self.motions += 1
        body = {"motion": self.motions, "into": into, "direction": direction, "volume_ul": volume_ul, "rate_ul_s": 5.0}
        self.put("intent", body)
        return self.motions

    def motion_end(self, motion: int, low_ul: float, high_ul: float, certain: bool = True, withdrawn_ul: float = 0.0) -> None:
        body = {"motion": motion, "infused_min_ul": low_ul, "infused_max_ul": high_ul}
        self.put("motion_end", body | {"withdrawn_ul": withdrawn_ul, "certain": certain})

    def increments(self, count: int, volume_ul: float = 50.0) -> "Procedure":
        for _ in range(count):
            self.put("decision", {"action": "infuse", "why": "the duct takes it"})
            self.motion_end(self.intent(volume_ul), volume_ul, volume_ul)
            self.put("inputs", {"cycles": [{"t_s": 1.0, "pressure": "0a2f"}]})
        return self

    def end(self, reason: str = "VOLUME_REACHED", also: list[str] | None = None, **body: object) -> "Procedure":
        self.put("end", {"reason": reason, "also": also or []} | body)
        return self


@pytest.fixture
def procedure() -> Callable[..., Procedure]:
    return Procedure


@pytest.fixture
def records(tmp_path: Path) -> Path:
    directory = tmp_path / "records"
    directory.mkdir()
    return directory


@pytest.fixture
def save(records: Path) -> Callable[..., Path]:
    """Saves a procedure under a name with the hour in it."""

    def write(made: Procedure, hour: int = 9, day: str = "20261122", token: str = "00000000") -> Path:
        path = records / f"{day}T{hour:02d}0000Z-{token}.sqlite"
        made.recorder.save(path)
        return path

    return write
