"""The virtual world: time moves from one event to the next, and what happens to the host happens to it."""

from pathlib import Path

import pytest

from controller.core.reasons import Reason
from controller.replay import replay
from controller.virtual.building import bench_options, virtual_profile
from controller.virtual.procedure import NotEndedError, VirtualProcedure
from controller.virtual.world import LEAST_US, VirtualWorld
from drivers.link import LinkLostError
from simulators.acts import Fault, HostAct
from simulators.any_plant import PlantError
from simulators.bench import SimulatedBench
from simulators.scenario import Event, When


def procedure(*events: Event, target_ml: float = 0.05, **settings: object) -> VirtualProcedure:
    loaded = virtual_profile("sim", {"injection.target_ml": target_ml})
    return VirtualProcedure(loaded, SimulatedBench(bench_options(loaded, settings)), events=[events])


def test_waiting_ends_at_the_time_or_when_bytes_have_come() -> None:
    world = VirtualWorld(SimulatedBench())
    world.wait_until(3_000)
    assert world.now_us() == 3_000
    world.links["pump"].write(b"\r")
    world.wait_until(500_000)
    assert 3_000 < world.now_us() < 50_000
    assert world.links["pump"].read() != b""
    assert world.links["pump"].read() == b""


def test_a_cycle_takes_some_time_whatever_the_loop_asks_for() -> None:
    world = VirtualWorld(SimulatedBench())
    world.wait_until(0)
    assert world.now_us() == LEAST_US


def test_a_frozen_host_hears_nothing_until_it_thaws() -> None:
    world = VirtualWorld(SimulatedBench())
    world.links["pump"].write(b"\r")
    world.freeze(0.2)
    world.wait_until(1_000)
    assert world.now_us() == 200_000
    assert world.links["pump"].read() != b""  # it has waited


def test_a_port_that_is_gone_says_so_and_never_comes_back() -> None:
    made = procedure()
    made.bench.act(Fault(name="port.unplug_pressure"), by="test")
    with pytest.raises(LinkLostError):
        made.world.links["pressure"].read()
    made.bench.fault_board.end("port.unplug_pressure", 0.0)
    with pytest.raises(LinkLostError):
        made.world.links["pressure"].write(b"x")


def test_the_same_procedure_gives_the_same_bytes() -> None:
    records = []
    for _ in range(2):
        made = procedure()
        made.run()
        records.append(list(made.recorder.entries()))
    assert records[0] == records[1]
    assert len(records[0]) > 100


def test_a_killed_host_has_no_outcome_and_the_bench_goes_on_alone() -> None:
    made = procedure(Event(when=When(forward_patient_ul=10.0), does=HostAct(signal="SIGKILL")))
    assert made.run() is None
    assert made.bench.flow_ul_s == 0.0
    assert 10.0 < made.bench.forward_patient_ul < 10.0 + 5.0 * 1.6


def test_the_record_of_a_killed_host_replays_as_far_as_it_heard(tmp_path: Path) -> None:
    """Killed at the very start of a motion: its intent is on record, and what led to it was in the batch that is lost."""
    for at_ul in (0.01, 3.0, 31.7):
        made = procedure(Event(when=When(forward_patient_ul=at_ul), does=HostAct(signal="SIGKILL")))
        assert made.run() is None
        made.save(tmp_path / f"{at_ul}.sqlite")
        replayed = replay(tmp_path / f"{at_ul}.sqlite")
        assert replayed.mismatches == []
        assert replayed.decisions > 10


def test_a_signal_stops_the_pump() -> None:
    made = procedure(Event(when=When(forward_patient_ul=10.0), does=HostAct(signal="SIGTERM")))
    outcome = made.run()
    assert outcome is not None
    assert outcome["reason"] == Reason.OPERATOR_STOP.name


def test_a_procedure_that_does_not_end_is_told() -> None:
    with pytest.raises(NotEndedError, match="not ended after 3 s"):
        procedure().run(limit_s=3.0)


@pytest.mark.parametrize(("factory", "said"), [("gives_nan", "nan"), ("raises", "RuntimeError: the phantom leaks")])
def test_a_plant_that_fails_is_no_error_of_the_host(factory: str, said: str) -> None:
    loaded = virtual_profile("sim")
    bench = SimulatedBench(bench_options(loaded, plant=f"tests.virtual.broken_plants:{factory}"))
    with pytest.raises(PlantError, match=said):
        VirtualProcedure(loaded, bench).run()
