"""Whole procedures without ports: the loop itself in a virtual world, joined directly to the simulated bench. Nothing sleeps.

Time moves only while the loop waits, in steps of 1 ms. Computing takes no time, except where a test says so (`late_s`).
"""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controller.compose import build_station
from controller.core.states import State
from controller.loop import Loop
from controller.record.memory import MemoryRecorder
from controller.settings import load_profile
from controller.simulated import bench_settings
from controller.station import Outputs
from drivers.link import InputLines, LinkLostError, OutputLines
from simulators.acts import HostAct, Operator
from simulators.bench import BenchOptions, SimulatedBench
from simulators.person import Person
from simulators.ports import PORT_FAULTS
from simulators.scenario import PersonTable, Scenario, ScenarioRunner

STEP_US = 1_000
LEAST_US = 100  # a cycle takes some time, so that time goes on whatever the loop asks for


class HostGone(BaseException):
    """The host process dies here and now. (No Exception: nothing in it may catch this.)"""


class VirtualLink:
    """One port of the virtual world."""

    def __init__(self, world: "VirtualWorld", name: str) -> None:
        self._world = world
        self._name = name
        self.waiting = b""
        self.gone = False
        self._frozen: InputLines | None = None

    def _check(self) -> None:
        if self.gone:
            raise LinkLostError(f"{self._name}: the port is gone")

    def read(self) -> bytes:
        self._check()
        data, self.waiting = self.waiting, b""
        return data

    def write(self, frame: bytes) -> None:
        self._check()
        self._world.device(self._name).receive(frame, self._world.bench.now_s)

    def lines(self) -> InputLines:
        self._check()
        return self._frozen or InputLines(cts=self._world.bench.cts, dsr=self._world.bench.dsr)

    def freeze(self) -> None:
        self._frozen = self.lines()

    def set_lines(self, wanted: OutputLines) -> None:
        self._check()
        if self._frozen is None:
            self._world.bench.set_outputs(wanted.rts, wanted.dtr)

    def fileno(self) -> int | None:
        return None

    def close(self) -> None:
        """Nothing to give back."""


class VirtualWorld:
    """Clock, ports and signals of a host that does not exist (controller.world.World)."""

    def __init__(self, bench: SimulatedBench) -> None:
        self.bench = bench
        self._links = {name: VirtualLink(self, name) for name in ("pump", "pressure", "button")}
        self.links: Mapping[str, VirtualLink] = self._links
        self.heard: list[str] = []
        self.late_s = 0.0
        self.before_wait: list[Callable[[], None]] = []
        self._now_us = 0

    def device(self, name: str) -> Any:
        return self.bench.pump if name == "pump" else self.bench.pressure

    def now_us(self) -> int:
        return self._now_us

    def forget_link(self, name: str) -> None:
        self.links[name].waiting = b""

    def signals(self) -> list[str]:
        heard, self.heard = self.heard, []
        return heard

    def wait_until(self, until_us: int) -> None:
        """Lets time pass until then, or until bytes have come."""
        for callback in self.before_wait:
            callback()
        until_us = max(until_us, self._now_us + LEAST_US)
        while self._now_us < until_us or self.late_s > 0:
            step_us = min(STEP_US, until_us - self._now_us) if self.late_s <= 0 else STEP_US
            if self._step(step_us) and self.late_s <= 0:
                return
            self.late_s = round(self.late_s - step_us / 1e6, 6)

    def _step(self, step_us: int) -> bool:
        self._now_us += step_us
        self.bench.advance(self._now_us / 1e6)
        came = False
        for name in ("pump", "pressure"):
            data = self.device(name).transmit(self.bench.now_s)
            if data and not self._links[name].gone:
                self._links[name].waiting += data
                came = True
        return came


@dataclass
class Procedure:
    """One virtual procedure; `run` takes it to its end (or to limit_s, which fails the test)."""

    overrides: dict[str, object] = field(default_factory=dict)
    scenario: Scenario | None = None
    recorder: MemoryRecorder = field(init=False, default_factory=MemoryRecorder)
    outcome: dict[str, Any] | None = field(init=False, default=None)
    said: list[dict[str, object]] = field(init=False, default_factory=list)  # what people say next
    lowest_kpa: float = field(init=False, default=0.0)  # true line pressure with the tip in the patient

    def __post_init__(self) -> None:
        run = self.scenario.run if self.scenario else None
        told: dict[str, object] = {}
        if run is not None:
            told = {} if run.target_ml is None else {"injection.target_ml": run.target_ml}
            told |= {f"{section}.{key}": value for section, table in run.profile.items() for key, value in table.items()}
        self.loaded = load_profile("sim", told | self.overrides)
        wired = dict(self.scenario.bench) if self.scenario else {}
        simulation = self.loaded.profile.simulation
        self.bench = SimulatedBench(
            BenchOptions(settings=bench_settings(self.loaded, wired) | wired, seed=simulation.seed if simulation else 1)
        )
        self.world = VirtualWorld(self.bench)
        self.bench.host = self
        self.bench.fault_board.add("port", PORT_FAULTS, self._port_fault, self._no_port_comes_back)
        self._hire_people()
        self.station = build_station(self.loaded, Outputs(self._write, self._set_lines, self.recorder), simulated=True)
        self.loop = Loop(self.station, self.world, self.recorder, [("simulated operator", self)])
        self._write_header()

    def _hire_people(self) -> None:
        routine = self.scenario.person if self.scenario else PersonTable()
        person = Person(routine.self_test, routine.inserts_cannula, routine.hold_s)
        self.bench.person = person.told
        if self.scenario is not None:
            self.bench.watchers.append(ScenarioRunner(self.scenario, self.bench))
        self.bench.watchers += [person, self._look]

    def _look(self, bench: SimulatedBench) -> None:
        if bench.tip == "patient":
            self.lowest_kpa = min(self.lowest_kpa, bench.line_kpa)

    # -- the host's side of the bench (simulators.bench.Host) ------------------------------------------------------------------

    def happen(self, act: HostAct, now_s: float) -> None:
        """What a scenario does to the host's processes, as far as a virtual one has them."""
        if act.target == "recorder" and act.signal is not None:
            self.recorder.fail("the recorder has died")
        elif act.target == "recorder":
            self.recorder.holding = True
        elif act.signal == "SIGKILL":
            raise HostGone
        elif act.signal is not None:
            self.world.heard.append(act.signal)
        else:
            self.world.late_s = float(act.freeze_s or 0.0)

    def hear(self, act: Operator) -> None:
        """What a scenario has the operator say."""
        self.say(act.say)

    def _port_fault(self, name: str, now_s: float, values: Mapping[str, object]) -> None:
        fault, _, link = name.partition("_")
        if fault == "freeze":
            self.world.links[link].freeze()
        else:
            self.world.links[link].gone = True

    def _no_port_comes_back(self, name: str, now_s: float) -> None:
        raise ValueError(f"{name} stays as it is in virtual time")

    # -- a screen (controller.loop.Screen) -------------------------------------------------------------------------------------

    def send(self, message: dict[str, object]) -> bool:
        """Nobody looks."""
        return True

    def receive(self) -> list[dict[str, object]]:
        """What people have said since the last call."""
        said, self.said = self.said, []
        return said

    def say(self, what: str, **more: object) -> None:
        """An operator's statement, for the next cycle."""
        self.said.append({"operator": what, **more})

    # -- outputs ---------------------------------------------------------------------------------------------------------------

    def _write(self, name: str, frame: bytes) -> None:
        try:
            self.world.links[name].write(frame)
        except LinkLostError as error:
            self.loop.lose_link(name, str(error))

    def _set_lines(self, wanted: OutputLines) -> None:
        try:
            self.world.links["button"].set_lines(wanted)
        except LinkLostError as error:
            self.loop.lose_link("button", str(error))

    # -- running ---------------------------------------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        return self.world.now_us() / 1e6

    @property
    def state(self) -> State:
        return self.station.core.desk.state

    def when(self, condition: Callable[[], bool], act: Callable[[], None]) -> None:
        """Does something once, as soon as a condition holds at the end of a cycle."""
        done = False

        def look() -> None:
            nonlocal done
            if not done and condition():
                done = True
                act()

        self.world.before_wait.append(look)

    def run(self, limit_s: float = 200.0) -> dict[str, Any]:
        """Cycles to the end."""

        def limit() -> None:
            assert self.now_s < limit_s, f"not ended after {limit_s} s: {self.station.core.snapshot()}"

        self.world.before_wait.append(limit)
        self.outcome = self.loop.run()
        self.recorder.pump(self.now_s)
        return self.outcome

    def die(self) -> None:
        """The host is gone: `run` raises HostGone."""
        raise HostGone

    def later(self, seconds: float) -> dict[str, object]:
        """What the bench alone would have come to so much later, with no host any more; the bench itself stays as it is."""
        watchers, host, person = self.bench.watchers, self.bench.host, self.bench.person
        self.bench.watchers, self.bench.host, self.bench.person = [], None, None
        board, self.bench.fault_board = self.bench.fault_board, type(self.bench.fault_board)()
        try:
            alone = copy.deepcopy(self.bench)
        finally:
            self.bench.watchers, self.bench.host, self.bench.person = watchers, host, person
            self.bench.fault_board = board
        alone.advance(self.bench.now_s + seconds)
        return alone.truth()

    # -- the record ------------------------------------------------------------------------------------------------------------

    def _write_header(self) -> None:
        header = {
            "software": "ductoject",
            "version": "virtual",
            "kind": "simulation",
            "simulated": True,
            "patient": "virtual",
            "duct": "1",
            "day": "2026-11-22",
            "predecessor": None,
            "started_utc": "2026-11-22T09:00:00+00:00",
            "profile": self.loaded.source,
            "configuration": self.loaded.canonical_json,
            "configuration_hash": self.loaded.hash,
        }
        self.recorder.put("header", 0.0, header)

    def save(self, path: Path) -> None:
        """Writes the record, with its end where there is one."""
        if self.outcome is not None and self.recorder.trouble is None:
            self.recorder.put("end", self.now_s, self.outcome)
        self.recorder.save(path)

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        """The bodies of all entries of one kind, in order."""
        return [json.loads(entry.body) for entry in self.recorder.entries if entry.kind == kind]
