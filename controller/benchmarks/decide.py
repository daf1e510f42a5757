"""What the core's decisions cost: `decide` over whole procedures, in processor time of one cycle.

One cycle is one sampling period: everything that the station has heard in it goes through `decide`, and then the Tick. Measured
at core fidelity, where nothing but the calls themselves differs from the bedside.
"""

from time import perf_counter
from typing import Any

import numpy as np

from controller.benchmarks.rows import row
from controller.compose import plan_of
from controller.core.core import Core
from controller.core.messages import Action, Tick
from controller.virtual.case import Case, direct_bench, set_up
from controller.virtual.direct import run_direct
from controller.virtual.recorder import VirtualRecorder

MEAN_US, P99_US = 25.0, 150.0
TARGET_ML = 0.30


class TimedCore:
    """A core whose decisions are timed; cycles end with a Tick."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._cycle_us = 0.0
        self.cycles_us: list[float] = []

    def decide(self, now_s: float, observation: object) -> list[Action]:
        """As the core does it."""
        begun = perf_counter()
        actions = self._core.decide(now_s, observation)
        self._cycle_us += (perf_counter() - begun) * 1e6
        if isinstance(observation, Tick):
            self.cycles_us.append(self._cycle_us)
            self._cycle_us = 0.0
        return actions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)


def measure_decide(case: Case, patients: int) -> list[dict[str, Any]]:
    """Rows of name, value, limit and ok. Raises CaseError, OptionsError, PlantError, DirectNotEndedError."""
    cycles_us: list[float] = []
    for index in range(patients):
        one = Case(case.seed, index, case.cohort, "core", profile=case.profile, plant=case.plant, target_ml=TARGET_ML)
        loaded, patient = set_up(one)
        core: Any = TimedCore(Core(plan_of(loaded, simulated=True)))
        run_direct(loaded, direct_bench(one, loaded, patient), VirtualRecorder(), core=core)
        cycles_us += core.cycles_us
    return [
        row("cycles", float(len(cycles_us))),
        row("decide_mean_us", float(np.mean(cycles_us)), MEAN_US),
        row("decide_p50_us", float(np.percentile(cycles_us, 50))),
        row("decide_p99_us", float(np.percentile(cycles_us, 99)), P99_US),
        row("decide_p999_us", float(np.percentile(cycles_us, 99.9))),
        row("decide_max_us", float(np.max(cycles_us))),
    ]
