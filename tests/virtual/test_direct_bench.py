"""The bench of core fidelity: what it is made of, what can be done at it, and what it refuses."""

import math
from typing import Any

import pytest

from controller.virtual.direct import DirectBench
from drivers.pump import Direction, Motion
from simulators.acts import Act, ActError, parse_act
from simulators.any_plant import PlantError
from simulators.bench import BenchOptions, SimulatedBench
from simulators.options import OptionsError
from simulators.scenario import Scenario, ScenarioError, ScenarioRunner


def bench(**settings: Any) -> DirectBench:
    return DirectBench(BenchOptions(settings={key.replace("__", "."): value for key, value in settings.items()}))


def act(**values: object) -> Act:
    return parse_act(values)


def push(made: DirectBench, volume_ul: float = 20.0, rate_ul_s: float = 10.0) -> None:
    made.pump.program(Motion(volume_ul, rate_ul_s, Direction.INFUSE))
    assert made.pump.run(made.now_s)


def test_it_tells_the_same_truth_as_a_bench_with_wires() -> None:
    assert bench().truth().keys() == SimulatedBench().truth().keys()


def test_a_watcher_can_read_all_that_it_can_read_of_a_bench_with_wires() -> None:
    made, wired = bench(), SimulatedBench()
    names = [name for name in dir(wired) if not name.startswith("_")]
    bytes_only = {"cts", "dsr", "dcd", "next_s", "pump_wire", "pressure_wire", "without_wires"}
    assert [name for name in names if name not in bytes_only and not hasattr(made, name)] == []


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ({"pump__model": "NE500"}, "pump.model = 'NE500': needs the wire fidelity; the core fidelity knows only 'NE1000'"),
        ({"pressure__turnaround_s": 0.05}, "pressure.turnaround_s = 0.05: needs the wire fidelity"),
        ({"plunger__step_ul": -1.0}, "step_ul"),
        ({"line__duct_v0_ul": 0.0}, "duct_v0_ul"),
        ({"bench__colour": "red"}, "bench.colour: no such option"),
    ],
)
def test_options_that_it_can_not_show_are_refused(setting: dict[str, Any], text: str) -> None:
    with pytest.raises(OptionsError, match=text.replace(".", r"\.")):
        bench(**setting)


def test_how_a_device_is_reached_is_of_no_matter() -> None:
    bench(pump__address=7, pump__baud=9600, pressure__address=3, pressure__noise_kpa=0.2, pump__firmware="3.928")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"do": "fault", "name": "pump.deaf"}, "faults of pump need the wire fidelity"),
        ({"do": "fault", "name": "port.drop_button"}, "faults of port need the wire fidelity"),
        ({"do": "clear", "name": "pressure.freeze"}, "faults of pressure need the wire fidelity"),
        ({"do": "fault", "name": "line.nonsense"}, "no such fault; there are: line"),
        ({"do": "keypad", "act": "start"}, "needs the wire fidelity"),
        ({"do": "host", "signal": "SIGKILL"}, "need the wire fidelity"),
        ({"do": "host", "freeze_s": 0.3}, "need the wire fidelity"),
        ({"do": "host", "signal": "SIGTERM", "target": "recorder"}, "need the wire fidelity"),
    ],
)
def test_acts_that_need_wires_are_refused_before_anything_happens(values: dict[str, object], text: str) -> None:
    made = bench()
    with pytest.raises(ActError, match=text):
        made.act(act(**values), by="test")
    assert made.log == []
    with pytest.raises(ScenarioError, match=text):
        ScenarioRunner(Scenario.model_validate({"title": "x", "event": [values]}), made)


@pytest.mark.parametrize("values", [{"do": "operator", "say": "pain"}, {"do": "person", "self_test": False}])
def test_people_who_are_not_there_do_nothing(values: dict[str, object]) -> None:
    with pytest.raises(ActError, match="there is no"):
        bench().act(act(**values), by="test")


def test_every_act_is_heard_of_and_logged() -> None:
    made = bench()
    heard: list[tuple[str, str, bool, float]] = []
    made.on_act.append(lambda done, by, cause, now_s: heard.append((str(done), by, cause, now_s)))
    made.advance(0.5)
    made.act(act(do="press"), by="test", cause=True)
    made.act(act(do="fault", name="block"), by="test")
    assert heard == [("press", "test", True, 0.5), ("fault block", "test", False, 0.5)]
    assert [entry["what"] for entry in made.log] == ["press", "fault block"]
    assert (made.pressed, made.contacts.pressed) == (True, True)
    assert made.truth()["cause_s"] == 0.5
    made.act(act(do="release"), by="test")
    assert not made.pressed


def test_a_fault_of_the_line_acts_on_the_line() -> None:
    blocked, free = bench(), bench()
    blocked.act(act(do="fault", name="line.block"), by="test")
    for made in (blocked, free):
        push(made)
        for step in range(1, 300):
            made.advance(step / 100)
    assert blocked.line_kpa > 4 * free.line_kpa
    blocked.act(act(do="clear", name="line.block"), by="test")
    for step in range(300, 2000):
        blocked.advance(step / 100)
    assert blocked.line_kpa < 1.0


def test_travel_with_the_tip_in_the_patient_is_told_apart() -> None:
    made = bench()
    push(made)
    made.advance(1.0)
    made.act(act(do="tip", where="patient"), by="test")
    made.advance(3.0)
    assert made.forward_ul == pytest.approx(20.0)
    assert made.forward_patient_ul == pytest.approx(10.0)
    made.advance(4.0)
    assert made.rest_s == pytest.approx(1.0)


def test_a_step_ends_where_somebody_foresees_an_act() -> None:
    made = bench()
    told = {"title": "x", "event": [{"when": {"at_s": 0.1234}, "do": "press"}]}
    made.watch(ScenarioRunner(Scenario.model_validate(told), made))
    for step in range(1, 20):
        made.advance(step / 100)
    assert made.log[0]["t_s"] == pytest.approx(0.1234)


def test_the_plungers_own_mechanics_stand_between_drive_and_line() -> None:
    made = bench(plunger__backlash_ul=3.0)
    push(made)
    for step in range(1, 30):
        made.advance(step / 100)
    assert made.forward_ul == pytest.approx(2.9)
    assert (made.line_kpa, made.truth()["stopper_ul"]) == (0.0, 0.0)


def test_a_syringe_that_is_empty_stalls_the_drive() -> None:
    made = bench(plunger__fill_ul=5.0)
    push(made)
    for step in range(1, 100):
        made.advance(step / 100)
    assert made.pump.stalled
    assert made.truth()["stopper_ul"] == pytest.approx(5.0)
    assert made.forward_ul <= 5.0 + 10.0 * 0.01


def test_time_does_not_run_backwards() -> None:
    made = bench()
    made.advance(1.0)
    with pytest.raises(ValueError, match="can not go to 0"):
        made.advance(0.5)


class Broken:
    """A plant that is none."""

    def __init__(self, answer: float) -> None:
        self._answer = answer

    def set_tip(self, tip: str) -> None:
        """Nowhere."""

    def step(self, dt_s: float, flow_ul_s: float) -> float:
        return 1.0 / self._answer if self._answer == 0.0 else self._answer


@pytest.mark.parametrize(("answer", "text"), [(math.nan, "line pressure of nan kPa"), (0.0, "the plant failed at 0.01")])
def test_a_plant_that_fails_is_told_as_one(answer: float, text: str) -> None:
    made = bench()
    made.plant = Broken(answer)
    with pytest.raises(PlantError, match=text):
        made.advance(0.01)


def test_what_a_plant_does_not_tell_is_unknown() -> None:
    made = bench()
    made.plant = Broken(1.0)
    assert made.truth()["into_duct_ul"] is None
