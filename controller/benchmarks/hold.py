"""How well and how soon the hold test knows the duct's own pressure, over the patients of a cohort.

The procedures run at core fidelity without faults. Each result of a hold is held against what the plant says of its duct at that
moment, and the net volume against what has gone through the cannula. The transmitter stands at the height of the duct: what
another height adds is not the hold's.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from controller.benchmarks.rows import quantile, row
from controller.virtual.case import Case, direct_bench, set_up
from controller.virtual.direct import run_direct
from controller.virtual.recorder import VirtualRecorder

GOOD = "intact"
HEIGHT = "line.height_cm"
TARGET_ML = 0.20


class _Ear:
    """Hears of increments and holds, and asks the plant."""

    def __init__(self, bench: Any) -> None:
        self._bench = bench
        self._since_s = 0.0
        self.errors_kpa: list[float] = []
        self.seconds: list[float] = []
        self.delivered_ul: list[float] = []

    def recorded(self, kind: str, t_s: float, body: Mapping[str, Any]) -> None:
        if kind != "event":
            return
        if body["name"] == "increment_done":
            self._since_s = t_s
        elif body["name"] == "hold_result":
            self.seconds.append(t_s - self._since_s)
            truth = self._bench.truth()
            if truth["duct_kpa"] is not None:
                self.errors_kpa.append(body["kpa"] - truth["duct_kpa"])
            parts = [truth[name] for name in ("into_duct_ul", "extravasated_ul", "reflux_ul")]
            if None not in parts and "delivered_ul" in body:
                self.delivered_ul.append(body["delivered_ul"] - sum(parts))


def measure_hold(case: Case, patients: int) -> list[dict[str, Any]]:
    """Rows of name, value, limit and ok. Raises CaseError, OptionsError, PlantError, DirectNotEndedError."""
    errors_kpa: list[float] = []
    seconds: list[float] = []
    delivered_ul: list[float] = []
    for index in range(patients):
        one = replace(case, index=index, subgroup=GOOD if case.plant is None else None)
        loaded, patient = set_up(one)
        bench = direct_bench(one, loaded, replace(patient, settings={**patient.settings, HEIGHT: 0.0}))
        recorder = VirtualRecorder()
        ear = _Ear(bench)
        recorder.listeners.append(ear.recorded)
        run_direct(loaded, bench, recorder)
        errors_kpa += ear.errors_kpa
        seconds += ear.seconds
        delivered_ul += ear.delivered_ul
    sizes_kpa = [abs(error_kpa) for error_kpa in errors_kpa]
    return [
        row("holds", float(len(seconds))),
        row("duct_pressure_error_p50_kpa", quantile(sizes_kpa, 50)),
        row("duct_pressure_error_p95_kpa", quantile(sizes_kpa, 95), 0.15),
        row("duct_pressure_bias_kpa", sum(errors_kpa) / len(errors_kpa) if errors_kpa else None),
        row("delivered_error_p95_ul", quantile([abs(error_ul) for error_ul in delivered_ul], 95), 2.0),
        row("hold_p50_s", quantile(seconds, 50)),
        row("hold_p95_s", quantile(seconds, 95)),
    ]
