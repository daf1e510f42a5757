"""What one cycle of the loop costs, by part, on real ports with recorder and display, while an increment flows."""

import json
import tempfile
from collections.abc import Callable
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any, Final

from controller.benchmarks.realtime.devices import Cause
from controller.benchmarks.realtime.host import Attendants, run_host
from controller.benchmarks.realtime.rows import time_row
from controller.benchmarks.realtime.stage import Stage
from controller.virtual.case import Case
from controller.virtual.procedure import VirtualProcedure

FROM_KPA: Final = 1.0
LONGEST_S: Final = 8.0
"""An increment takes 10 s at the profile's rate."""
AFTERWARDS_S: Final = 0.5
PARTS: Final = ("reading", "deciding", "the record", "the screen")

Say = Callable[[str], object]


def measure_cycle(case: Case, seconds: float, say: Say = lambda _: None) -> list[dict[str, Any]]:
    """Rows of controller.benchmarks.realtime.rows, of each part and of the whole cycle. Raises as Stage."""
    stage = Stage(case, FROM_KPA, float("inf"))
    cycles: list[list[list[Any]]] = []
    for _ in range(ceil(seconds / LONGEST_S)):
        cycles += _cycles(stage, min(seconds, LONGEST_S))
        say(f"{len(cycles)} cycles")
    parts: dict[str, list[float]] = {part: [] for part in PARTS}
    for marks in cycles:
        for (_, begun_us), (part, ended_us) in pairwise(marks):
            parts[part].append((ended_us - begun_us) / 1000.0)
    rows = [time_row(part, times_ms) for part, times_ms in parts.items()]
    return [*rows, time_row("the whole cycle", [_whole_ms(marks) for marks in cycles])]


def _whole_ms(marks: list[list[Any]]) -> float:
    return float(marks[-1][1] - marks[0][1]) / 1000.0


def _cycles(stage: Stage, seconds: float) -> list[list[list[Any]]]:
    """The marks of every cycle for so long; none where the host was stopped before."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cycles.json"

        def host(
            procedure: VirtualProcedure, pump: str, pressure: str, attendants: Attendants, ready: Callable[[], int], written: int
        ) -> None:
            kept: list[tuple[tuple[str, int], ...]] = []
            until_us = procedure.bench.now_s * 1e6 + seconds * 1e6

            def keep() -> None:
                marks = procedure.loop.marks
                if marks and marks[0][1] < until_us:
                    kept.append(marks)
                elif kept:
                    file.write_text(json.dumps(kept))
                    kept.clear()

            run_host(procedure, pump, pressure, attendants, ready, written, before_wait=keep)

        stage.ours(Cause("operator", seconds + AFTERWARDS_S), attended=True, host=host)
        return json.loads(file.read_text()) if file.exists() else []
