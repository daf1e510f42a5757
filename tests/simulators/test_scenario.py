"""Scenarios: reading them, running them, and those that come with the software."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import pytest

from simulators.acts import Act, ActError
from simulators.bench import BenchOptions, SimulatedBench
from simulators.ports import PORT_FAULTS
from simulators.scenario import Reason, Scenario, ScenarioError, ScenarioRunner, load_scenario, scenario_names

NOT_YET = {"HOST_ERROR"}
"""What nothing at this bench can bring about: it would take a mistake
in the host."""


@dataclass
class Stage:
    """A bench of numbers only."""

    now_s: float = 0.0
    forward_ul: float = 0.0
    forward_patient_ul: float = 0.0
    line_kpa: float = 0.0
    rest_s: float = 0.0
    tip: str = "air"
    done: list[tuple[float, str, bool]] = field(default_factory=list)
    impossible: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)

    def check(self, act: Act) -> None:
        if str(act) in self.impossible:
            raise ActError(f"{act} is not possible")

    def act(self, act: Act, by: str, cause: bool = False) -> None:
        assert by == "scenario"
        if str(act) in self.failing:
            raise ActError("it went wrong")
        self.done.append((self.now_s, str(act), cause))

    def note(self, what: str, by: str, cause: bool = False) -> None:
        self.done.append((self.now_s, what, cause))


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return str(path)


def runner(tmp_path: Path, stage: Stage, events: str) -> ScenarioRunner:
    return ScenarioRunner(load_scenario(written(tmp_path, f'title = "t"\n{events}')), stage)


def event(when: str, do: str = 'do = "press"') -> str:
    return f"[[event]]\nwhen = {{ {when} }}\n{do}\n"


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    scenario = load_scenario(
        written(
            tmp_path,
            """
            title = "Everything"
            description = "All tables"
            [bench]
            trigger_wired = true
            pump.model = "NE1010"
            [person]
            inserts_cannula = false
            hold_s = 1.5
            [run]
            target_ml = 0.05
            predecessor = "earlier"
            [run.profile.limits]
            anything = [1, "two"]
            [[event]]
            when = { forward_patient_ul = 30, line_kpa = 20.0 }
            do = "fault"
            name = "pump.power_cycle"
            off_s = 2
            cause = true
            [[event]]
            do = "host"
            freeze_s = 0.2
            [expect]
            reason = "PUMP_FAULT"
            also = ["STOP_UNCONFIRMED"]
            exit = 3
            forward_after_ul = 0.6
            """,
        )
    )
    assert scenario.bench == {"trigger_wired": True, "pump.model": "NE1010"}
    assert (scenario.person.self_test, scenario.person.inserts_cannula, scenario.person.hold_s) == (True, False, 1.5)
    assert scenario.run.profile == {"limits": {"anything": [1, "two"]}}
    first, second = scenario.event
    assert (first.cause, str(first.does)) == (True, "fault pump.power_cycle off_s=2")
    assert (second.cause, str(second.does)) == (False, "host freeze_s=0.2 control")
    assert scenario.expect is not None
    assert scenario.expect.reason == "PUMP_FAULT"


def test_every_mistake_in_a_file_is_told_at_once_with_file_key_and_value(tmp_path: Path) -> None:
    name = written(
        tmp_path,
        """
        titel = "x"
        [person]
        hold_s = "long"
        [run]
        target_ml = 0.5
        [[event]]
        when = { after = 3, at_s = -1 }
        do = "tip"
        where = "nose"
        [[event]]
        do = "fly"
        [[event]]
        do = "host"
        signal = "SIGNAL"
        [expect]
        reason = "BORED"
        also = ["PAIN"]
        exit = 300
        """,
    )
    with pytest.raises(ScenarioError) as error:
        load_scenario(name)
    lines = str(error.value).split("\n")
    assert all(line.startswith(f"{name}: ") for line in lines)
    told = [line.removeprefix(f"{name}: ") for line in lines]
    for start in (
        "title: Field required",
        "titel: 'x': Extra inputs are not permitted",
        "person.hold_s: 'long': Input should be a valid number",
        "run.target_ml: 0.5: Input should be less than or equal to 0.3",
        "event.0.when.after: 3: Extra inputs are not permitted",
        "event.0.when.at_s: -1: Input should be greater than or equal to 0",
        "event.0.where: 'nose': Input should be 'air', 'capped' or 'patient'",
        "event.1: Input tag 'fly'",
        "event.2.signal: 'SIGNAL': Input should be 'SIGINT', 'SIGTERM', 'SIGKILL' or 'SIGHUP'",
        "expect.reason: 'BORED': Input should be 'VOLUME_REACHED'",
        "expect.also.0: 'PAIN': Input should be 'VOLUME_REACHED'",
        "expect.exit: 300: Input should be less than or equal to 255",
    ):
        assert [line for line in told if line.startswith(start)], (start, told)
    assert len(told) == 12


def test_a_budget_needs_a_cause_to_be_measured_from(tmp_path: Path) -> None:
    text = 'title = "t"\n[[event]]\ndo = "press"\n[expect]\nreason = "PAIN_STOP"\nforward_after_ul = 0.6\n'
    with pytest.raises(ScenarioError, match="needs an event with cause = true"):
        load_scenario(written(tmp_path, text))
    assert load_scenario(written(tmp_path, text.replace('"press"', '"press"\ncause = true'))).expect is not None


def test_an_unknown_name_lists_those_that_exist() -> None:
    with pytest.raises(ScenarioError) as error:
        load_scenario("nonsense")
    assert str(error.value) == f"no scenario is called 'nonsense'; there are: {', '.join(scenario_names())}"
    assert scenario_names() == sorted(scenario_names())
    assert "nominal" in scenario_names()


@pytest.mark.parametrize(("content", "sentence"), [(b"title = ", "not TOML"), (b"\xff\xfe", "not TOML"), (None, "No such file")])
def test_what_is_no_scenario_file_is_refused(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    path = tmp_path / "broken.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ScenarioError, match=sentence):
        load_scenario(str(path))


@pytest.mark.parametrize(
    ("condition", "attribute", "before", "then"),
    [
        ("at_s = 2", "now_s", 1.999, 2.0),
        ("rest_s = 1", "rest_s", 0.999, 1.0),
        ("forward_ul = 30", "forward_ul", 29.99, 30.0),
        ("forward_patient_ul = 30", "forward_patient_ul", 29.99, 30.0 - 1e-12),
        ("line_kpa = 20", "line_kpa", 19.9, 20.0),
        ('tip = "patient"', "tip", "capped", "patient"),
    ],
)
def test_an_event_waits_for_its_condition(tmp_path: Path, condition: str, attribute: str, before: object, then: object) -> None:
    stage = Stage()
    run = runner(tmp_path, stage, event(condition))
    setattr(stage, attribute, before)
    run(stage)
    assert stage.done == []
    assert not run.finished
    setattr(stage, attribute, then)
    run(stage)
    run(stage)
    assert [what for _, what, _ in stage.done] == ["press"]
    assert run.finished


def test_all_conditions_must_hold_together(tmp_path: Path) -> None:
    stage = Stage()
    run = runner(tmp_path, stage, event("at_s = 2, forward_ul = 5"))
    stage.now_s = 3.0
    run(stage)
    assert stage.done == []
    stage.forward_ul = 5.0
    run(stage)
    assert len(stage.done) == 1


def test_events_happen_in_the_order_in_which_they_are_written(tmp_path: Path) -> None:
    stage = Stage()
    events = event("at_s = 2") + event("after_s = 0.5", 'do = "release"\ncause = true') + event("at_s = 1")
    run = runner(tmp_path, stage, events + '[[event]]\ndo = "note"\ntext = "end"\n')
    for step in range(400):
        stage.now_s = step / 100
        run(stage)
    assert stage.done == [
        (2.0, "press", False),
        (2.5, "release", True),
        (2.5, "press", False),
        (2.5, "note end", False),
    ]


def test_an_event_that_goes_wrong_is_noted_and_the_rest_goes_on(tmp_path: Path) -> None:
    stage = Stage(failing={"press"})
    run = runner(tmp_path, stage, event("at_s = 0") + event("at_s = 0", 'do = "release"'))
    run(stage)
    assert [what for _, what, _ in stage.done] == ["NOT DONE: press: it went wrong", "release"]


def test_every_event_that_this_bench_can_not_do_is_told_before_anything_begins(tmp_path: Path) -> None:
    stage = Stage(impossible={"press", "tip air"})
    events = event("at_s = 0") + event("at_s = 0", 'do = "release"') + event("at_s = 0", 'do = "tip"\nwhere = "air"')
    with pytest.raises(ScenarioError) as error:
        runner(tmp_path, stage, events)
    assert str(error.value).split("\n") == ["t: event.0: press is not possible", "t: event.2: tip air is not possible"]


def bench_for(scenario: Scenario) -> SimulatedBench:
    bench = SimulatedBench(BenchOptions(settings=scenario.bench))
    bench.fault_board.add("port", PORT_FAULTS, lambda *_: None, lambda *_: None)
    return bench


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_that_comes_along_can_be_done_at_our_bench(name: str) -> None:
    scenario = load_scenario(name)
    assert ScenarioRunner(scenario, bench_for(scenario)).finished == (not scenario.event)
    assert scenario.expect is not None
    assert scenario.description.strip()


@pytest.mark.parametrize("name", scenario_names())
def test_the_values_of_every_fault_in_a_scenario_are_taken(name: str) -> None:
    scenario = load_scenario(name)
    bench = bench_for(scenario)
    bench.advance(0.1)
    faults = [one.does for one in scenario.event if one.does.do in ("fault", "clear")]
    for act in faults:
        bench.act(act, by="test")
    bench.advance(0.5)
    assert [entry["what"] for entry in bench.log] == [str(act) for act in faults]


def test_there_is_a_scenario_for_every_reason_that_can_come_about() -> None:
    expected: set[str] = set()
    for name in scenario_names():
        expect = load_scenario(name).expect
        assert expect is not None
        expected |= {expect.reason or "", *expect.also}
    assert expected - {""} == set(get_args(Reason)) - NOT_YET


def test_titles_are_different() -> None:
    titles = [load_scenario(name).title for name in scenario_names()]
    assert len(set(titles)) == len(titles)


def test_an_event_takes_effect_at_the_exact_step(tmp_path: Path) -> None:
    text = 'title = "t"\n' + event("forward_ul = 30", 'do = "press"\ncause = true')
    bench = SimulatedBench()
    bench.watch(ScenarioRunner(load_scenario(written(tmp_path, text)), bench))
    bench.pump.receive(b"\r", 0.0)
    for command in (b"DIA4.70", b"VOLUL", b"VOL50.00", b"RAT300.0UM", b"DIRINF", b"PHN2", b"FUNSTP", b"RUN1"):
        bench.advance(bench.now_s + 0.1)
        bench.pump.receive(command + b"\r", bench.now_s)
    bench.advance(bench.now_s + 15.0)
    (press,) = bench.log
    assert 30.0 <= press["forward_ul"] <= 30.0 + 5.0 * 0.001 + 1e-6
    assert bench.truth()["forward_since_cause_ul"] == pytest.approx(20.0, abs=0.01)
