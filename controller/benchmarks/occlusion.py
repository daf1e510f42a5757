"""How soon a tip that is blocked all at once is noticed, over the patients of a cohort.

In each procedure the cannula is blocked altogether at a random moment of one of the first three increments, at core fidelity.
What counts is the time until the core takes a cause to stop, and by how much the line's pressure has risen by then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from controller.benchmarks.relief import EARLIEST, GOOD, INCREMENTS, LATEST, SMALL_ML, with_line, with_syringe
from controller.benchmarks.rows import quantile, row
from controller.settings import LoadedProfile
from controller.virtual.case import Case, set_up, staged
from controller.virtual.recorder import VirtualRecorder
from simulators.acts import Fault

BLOCKED = 1e6  # times the cannula's resistance
NOTICED_S = 1.5  # with the 1 mL syringe at 5 uL/s
RATE_UL_S = 5.0


@dataclass(frozen=True, slots=True)
class Blocked:
    """One blocked tip: how long until a cause to stop was taken and which, the pressure then, and how much it has risen."""

    noticed_s: float
    reason: str
    line_kpa: float
    risen_kpa: float


class _Watch:
    """Blocks the tip at its moment, and waits for the cause."""

    def __init__(self, bench: Any, at_ul: float) -> None:
        self._bench = bench
        self._at_ul = at_ul
        self._blocked_s: float | None = None
        self._kpa = 0.0
        self.found: Blocked | None = None
        self.before = False  # a cause came first

    def __call__(self, bench: Any) -> None:
        if self._blocked_s is None and bench.forward_patient_ul >= self._at_ul:
            self._blocked_s, self._kpa = bench.now_s, bench.line_kpa
            bench.act(Fault(name="line.clog", factor=BLOCKED), by="benchmark")

    def recorded(self, kind: str, t_s: float, body: Mapping[str, Any]) -> None:
        if kind != "event" or body["name"] != "stop_cause" or self.found is not None:
            return
        if self._blocked_s is None:
            self.before = True
            return
        kpa = self._bench.line_kpa
        self.found = Blocked(t_s - self._blocked_s, body["reason"], kpa, kpa - self._kpa)


def block_one(case: Case, syringe: str | None = None) -> Blocked | None:
    """One patient, blocked; None where the procedure ended by itself before. Raises CaseError, OptionsError, ..."""
    loaded, patient = set_up(case)
    loaded = with_line(loaded, RATE_UL_S, syringe)
    random = Random(f"{case.seed}/{case.index}/occlusion")
    part = EARLIEST + (LATEST - EARLIEST) * random.random()
    at_ul = loaded.profile.injection.increment_ul * (random.randrange(INCREMENTS) + part)
    recorder = VirtualRecorder()
    bench, run = staged(case, loaded, with_syringe(patient, loaded), [], recorder)
    watch = _Watch(bench, at_ul)
    bench.watchers.append(watch)
    recorder.listeners.append(watch.recorded)
    run()
    return None if watch.before else watch.found


def measure_occlusion(
    case: Case, patients: int, syringe: str | None = None, progress: Callable[[int, int], None] = lambda *_: None
) -> list[dict[str, Any]]:
    """Rows of name, value, limit and ok. Raises as block_one."""
    found = []
    for index in range(patients):
        found.append(block_one(replace(case, index=index, subgroup=GOOD), syringe))
        progress(index + 1, patients)
    blocked = [each for each in found if each is not None]
    noticed_s = [each.noticed_s for each in blocked]
    loaded: LoadedProfile = with_line(set_up(case)[0], RATE_UL_S, syringe)
    limit_s = NOTICED_S if loaded.parts.syringe.nominal_ml <= SMALL_ML else None
    return [
        row("blocked", float(len(blocked))),
        row("noticed_p50_s", quantile(noticed_s, 50)),
        row("noticed_p95_s", quantile(noticed_s, 95)),
        row("noticed_max_s", max(noticed_s, default=None), limit_s),
        row("risen_p50_kpa", quantile([each.risen_kpa for each in blocked], 50)),
        row("risen_p95_kpa", quantile([each.risen_kpa for each in blocked], 95)),
        row("line_max_kpa", max((each.line_kpa for each in blocked), default=None)),
        row("as_resistance_part", sum(each.reason == "RESISTANCE" for each in blocked) / len(blocked) if blocked else None),
    ]
