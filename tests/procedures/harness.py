"""Whole procedures without ports: station and simulated bench joined directly, in steps of virtual time.

The loop of the real world is left out on purpose: what is tested here is drivers, core and simulators together. Nothing sleeps.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controller.compose import build_station
from controller.core.messages import Operator
from controller.inputs import Inputs
from controller.record.memory import MemoryRecorder
from controller.settings import load_profile
from controller.simulated import bench_settings
from controller.station import Outputs
from drivers.link import InputLines, OutputLines
from simulators.bench import BenchOptions, SimulatedBench
from simulators.person import Person
from simulators.scenario import PersonTable, Scenario, ScenarioRunner

CYCLE_US = 2_000


@dataclass
class Procedure:
    """One virtual procedure; `run` takes it to its end (or to limit_s, which fails the test)."""

    overrides: dict[str, object] = field(default_factory=dict)
    scenario: Scenario | None = None
    bench: SimulatedBench = field(init=False)
    recorder: MemoryRecorder = field(init=False, default_factory=MemoryRecorder)

    def __post_init__(self) -> None:
        self.loaded = load_profile("sim", self.overrides)
        told = dict(self.scenario.bench) if self.scenario else {}
        settings = bench_settings(self.loaded, told) | told
        self.bench = SimulatedBench(BenchOptions(settings=settings, seed=1))
        routine = self.scenario.person if self.scenario else PersonTable()
        person = Person(routine.self_test, routine.inserts_cannula, routine.hold_s)
        self.bench.person = person.told
        if self.scenario is not None:
            self.bench.watchers.append(ScenarioRunner(self.scenario, self.bench))
        self.bench.watchers.append(person)
        self.now_us = 0
        self.station = build_station(self.loaded, Outputs(self._write, self._set_lines, self.recorder), simulated=True)
        self.bench.set_outputs(True, True)

    def _write(self, name: str, frame: bytes) -> None:
        device = self.bench.pump if name == "pump" else self.bench.pressure
        device.receive(frame, self.now_us / 1e6)

    def _set_lines(self, wanted: OutputLines) -> None:
        self.bench.set_outputs(wanted.rts, wanted.dtr)

    def cycle(self, *statements: Operator, late_us: int = 0) -> None:
        """One cycle of 2 ms."""
        self.now_us += CYCLE_US + late_us
        now_s = self.now_us / 1e6
        self.bench.advance(now_s)
        self.recorder.pump(now_s)
        inputs = Inputs(now_us=self.now_us, lateness_us=late_us, statements=list(statements))
        for name, device in (("pump", self.bench.pump), ("pressure", self.bench.pressure)):
            data = device.transmit(now_s)
            if data:
                inputs.received[name] = data
        if now_s >= self.station.wants_lines:
            inputs.lines = InputLines(cts=self.bench.cts, dsr=self.bench.dsr)
        durable = [seq for seq in self.station.intents if seq <= self.recorder.durable_seq]
        inputs.durable = [self.station.intents.pop(seq) for seq in durable]
        self.station.step(inputs)

    def run(self, limit_s: float = 200.0) -> dict[str, Any]:
        """Cycles to the end."""
        while self.station.outcome is None:
            assert self.now_us < limit_s * 1e6, f"not ended after {limit_s} s: {self.station.core.snapshot()}"
            self.cycle()
        return self.station.outcome

    def until(self, state: str, limit_s: float = 100.0) -> None:
        """Cycles until the core is in a state."""
        while self.station.core.desk.state.value != state:
            assert self.now_us < limit_s * 1e6, f"never {state}: {self.station.core.snapshot()}"
            self.cycle()

    def save(self, path: Path) -> None:
        """Writes the decisions out, for looking at a failure."""
        path.write_text(json.dumps([str(entry) for entry in self.recorder.entries], indent=1))
