"""Whole procedures in virtual time, with what tests want to do beside: look, act at a moment, go on without the host."""

import copy
import json
from collections.abc import Callable
from typing import Any

from controller.virtual.building import bench_options, virtual_profile
from controller.virtual.overrides import scenario_overrides
from controller.virtual.procedure import NotEndedError, VirtualProcedure
from simulators.bench import SimulatedBench
from simulators.scenario import Scenario

__all__ = ["NotEndedError", "Procedure"]


class Procedure(VirtualProcedure):
    """One virtual procedure of the profile sim."""

    def __init__(self, overrides: dict[str, object] | None = None, scenario: Scenario | None = None) -> None:
        told = (scenario_overrides(scenario) if scenario else {}) | (overrides or {})
        loaded = virtual_profile("sim", told)
        super().__init__(
            loaded,
            SimulatedBench(bench_options(loaded, scenario.bench if scenario else {})),
            person=scenario.person if scenario else None,
            events=[scenario.event] if scenario else [],
        )
        self.lowest_kpa = 0.0  # true line pressure with the tip in the patient
        self.bench.watchers.append(self._look)

    def _look(self, bench: Any) -> None:
        if bench.tip == "patient":
            self.lowest_kpa = min(self.lowest_kpa, bench.line_kpa)

    def when(self, condition: Callable[[], bool], act: Callable[[], None]) -> None:
        """Does something once, as soon as a condition holds at the end of a cycle."""
        done = False

        def look() -> None:
            nonlocal done
            if not done and condition():
                done = True
                act()

        self.world.before_wait.append(look)

    def later(self, seconds: float) -> dict[str, object]:
        """What the bench alone would have come to so much later, with no host any more; the bench itself stays as it is."""
        bench = self.bench
        kept = (bench.watchers, bench.foreseers, bench.on_act, bench.host, bench.person, bench.fault_board)
        bench.watchers, bench.foreseers, bench.on_act, bench.host, bench.person = [], [], [], None, None
        bench.fault_board = type(bench.fault_board)()
        try:
            alone = copy.deepcopy(bench)
        finally:
            bench.watchers, bench.foreseers, bench.on_act, bench.host, bench.person, bench.fault_board = kept
        alone.advance(bench.now_s + seconds)
        return alone.truth()

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        """The bodies of all entries of one kind, in order."""
        return [json.loads(entry.body) for entry in self.recorder.entries() if entry.kind == kind]
