"""The faults that come with the software: complete, accepted by a real bench, and told in docs/faults.md."""

from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from simulators import contacts, keller33x, ne1000
from simulators import wire as wires
from simulators.acts import Fault, HostAct, Operator
from simulators.bench import BenchOptions, SimulatedBench
from simulators.injection import as_table, draw, load_catalogue
from simulators.injection.phases import PHASES, draw_moment
from simulators.plant import faults as plant_faults
from simulators.ports import PORT_FAULTS
from simulators.scenario import Scenario, ScenarioRunner

SHIPPED = load_catalogue()
DOCS = Path(__file__).parents[2] / "docs" / "faults.md"
TABLES = {
    "pump": ne1000.FAULTS,
    "pressure": keller33x.FAULTS,
    "button": contacts.FAULTS,
    "line": plant_faults.FAULTS,
    "port": PORT_FAULTS,
    "pump_wire": wires.FAULTS,
    "pressure_wire": wires.FAULTS,
}
NO_FAULTS_OF_THEIR_OWN = {"pump.power_on", "pressure.plug"}  # the ends of others


class Host:
    """A host that takes everything."""

    def __init__(self) -> None:
        self.happened: list[HostAct | Operator] = []

    def happen(self, act: HostAct, now_s: float) -> None:
        self.happened.append(act)

    def hear(self, act: Operator) -> None:
        self.happened.append(act)


def bench() -> SimulatedBench:
    """A bench with a host and ports, as whoever runs one adds them."""
    made = SimulatedBench(BenchOptions())
    made.host = Host()
    made.fault_board.add("port", PORT_FAULTS, _take, _end)
    return made


def _take(name: str, now_s: float, values: Mapping[str, object]) -> None:
    assert not values


def _end(name: str, now_s: float) -> None:
    pass


def all_fault_names() -> set[str]:
    return {f"{device}.{name}" for device, table in TABLES.items() for name in table}


def test_every_fault_named_exists():
    named = {name for entry in SHIPPED for name in SHIPPED[entry].fault_names}
    assert named <= all_fault_names()


def test_every_fault_there_is_can_be_drawn():
    named = {name for entry in SHIPPED for name in SHIPPED[entry].fault_names}
    assert all_fault_names() - named == NO_FAULTS_OF_THEIR_OWN


def test_every_layer_and_every_act_that_is_no_fault_is_there():
    assert {SHIPPED[name].layer for name in SHIPPED} == {"wire", "device", "patient", "host"}
    assert {str(act) for name in SHIPPED for act in SHIPPED[name].acts() if not isinstance(act, Fault | HostAct)} == {
        "press", "operator pain", "operator reflux", "operator stop", "operator go", "tip air", "tip capped", "keypad stop",
    }  # fmt: skip
    hosts = [act for name in SHIPPED for act in SHIPPED[name].acts() if isinstance(act, HostAct)]
    assert {act.signal for act in hosts if act.target == "control"} == {None, "SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"}
    assert {act.signal for act in hosts if act.target == "recorder"} == {None, "SIGKILL"}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_real_bench_accepts_it_with_every_extreme_value(name):
    """Each act is done, ended where it ends, and the bench goes on."""
    entry = SHIPPED[name]
    for act in entry.acts():
        at = bench()
        at.check(act)
        at.advance(0.01)
        at.act(act, by="test")
        at.advance(0.03)
        if isinstance(act, Fault) and entry.lasts_s is not None:
            at.fault_board.end(act.name, at.now_s)
            at.advance(0.05)


def test_a_real_bench_accepts_every_drawn_event():
    for index in range(120):
        at = bench()
        for injection in draw(SHIPPED, "pairs", 11, index, 300.0):
            runner = ScenarioRunner(Scenario(title=injection.name, event=list(injection.events)), at)
            assert not runner.finished
            for event in injection.events:
                at.act(event.does, by="test")


def test_a_fault_from_the_start_is_there_in_the_first_step():
    at = bench()
    injection = next(one for index in range(500) for one in draw(SHIPPED, "single", 12, index, 50.0) if one.phase == "start")
    at.watch(ScenarioRunner(Scenario(title=injection.name, event=list(injection.events)), at))
    at.advance(0.005)
    assert [line["by"] for line in at.log] == ["scenario"]


def test_a_moment_comes_at_its_own_time():
    """Behind its mark by exactly the time drawn, between two steps of the bench."""
    at = bench()
    injection = next(
        one for index in range(500) for one in draw(SHIPPED, "single", 13, index, 50.0)
        if one.phase == "connecting" and one.name.startswith("pressure")
    )  # fmt: skip
    at.watch(ScenarioRunner(Scenario(title=injection.name, event=list(injection.events)), at))
    at.advance(2.1)
    assert at.log[0]["t_s"] == pytest.approx(injection.events[0].when.at_s, abs=1e-9)


def test_procedures_without_wires_get_only_what_they_have():
    kinds = set()
    for index in range(400):
        for injection in draw(SHIPPED, "pairs", 14, index, 100.0, "core"):
            for event in injection.events:
                kinds.add(getattr(event.does, "name", event.does.do).partition(".")[0])
    assert kinds == {"line", "press", "release", "tip", "operator", "host", "note"}


@pytest.mark.parametrize("phase", PHASES)
def test_phases_can_be_told_to_a_bench(phase):
    for seed in range(50):
        for target_ul in (1.0, 30.0, 50.0, 51.0, 200.0, 300.0):
            moment = draw_moment(phase, Random(seed), target_ul)
            assert moment.phase == phase
            assert 0.0 <= moment.earliest_s <= moment.latest_s <= 8.0
            assert (moment.when(Random(seed)).at_s is None) == bool(moment.marks)


def test_certain_stops_are_slower_than_the_hosts_own_budget_or_physical():
    """Nothing is owed that the specified times do not allow."""
    for name in SHIPPED:
        entry = SHIPPED[name]
        if entry.stops.within_s is None or entry.all_phases == ["start"] or name.startswith(("pump_power", "pump_stalls")):
            continue
        assert entry.stops.within_s >= 0.1 + 0.005, name
        if "watchdog" in entry.why:
            assert entry.stops.within_s >= 1.0 + 0.3, name
        if "PUMP_SILENT" in entry.why:
            assert entry.stops.within_s >= 0.3 + 0.1, name


def test_the_page_has_the_table_of_today():
    """`python -m simulators.injection` prints it."""
    assert as_table(SHIPPED) in DOCS.read_text(encoding="utf-8")
