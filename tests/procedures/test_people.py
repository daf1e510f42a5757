"""Operators and patients at random instants, in every state; a late host; the statement that nobody asked for."""

import random
from pathlib import Path

import pytest

from controller.core.states import State
from controller.replay import replay
from simulators.acts import Press
from tests.procedures.harness import Procedure

STATES = (
    State.SELF_TEST,
    State.PRIMING,
    State.READY,
    State.ARMED,
    State.INFUSING,
    State.HOLDING,
)
REASONS = {"stop": "OPERATOR_STOP", "pain": "PAIN_STOP", "reflux": "REFLUX"}
BUDGET_UL = 0.6  # 5 ul/s times the stop budget of 0.1 s, and one step of the motor
PRIMING_BUDGET_UL = 1.1


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.value)
def test_a_statement_in_every_state(state: State, tmp_path: Path) -> None:
    """Some instants after the state began, the operator says one of the three things that stop."""
    draw = random.Random(f"{state.value} 1")
    what, delay_s = draw.choice(sorted(REASONS)), draw.uniform(0.0, 0.25 if state is State.ARMED else 0.9)
    procedure = Procedure({"injection.target_ml": 0.05})
    since: list[float] = []

    def due() -> bool:
        if procedure.state is state and not since:
            since.append(procedure.now_s)
        return bool(since) and procedure.now_s >= since[0] + delay_s

    def say() -> None:
        procedure.bench.note("said", by="test", cause=True)
        procedure.say(what)

    procedure.when(due, say)
    outcome = procedure.run()
    truth = procedure.bench.truth()
    assert (outcome["reason"], outcome["exit"]) == (REASONS[what], 3)
    assert truth["forward_since_cause_ul"] <= (PRIMING_BUDGET_UL if state is State.PRIMING else BUDGET_UL)
    assert procedure.lowest_kpa >= -1.0
    record = tmp_path / "said.ductoject"
    procedure.save(record)
    assert replay(record).mismatches == []


@pytest.mark.parametrize("what", sorted(REASONS))
def test_a_statement_while_relieving_ends_the_relief(what: str) -> None:
    procedure = Procedure({"injection.target_ml": 0.05})
    procedure.when(lambda: procedure.bench.forward_patient_ul > 25.0, lambda: procedure.bench.act(Press(), by="test"))
    procedure.when(
        lambda: procedure.state is State.RELIEVING and procedure.bench.truth()["flow_ul_s"] != 0.0, lambda: procedure.say(what)
    )
    outcome = procedure.run()
    assert outcome["reason"] == "PAIN_STOP"
    assert outcome["also"] == ([] if what == "pain" else [REASONS[what]])
    assert 0.0 < outcome["withdrawn_ml"] < 0.0015
    assert [body["into"] for body in procedure.bodies("intent")].count("relief") == 1
    assert procedure.lowest_kpa >= -1.0


def test_relief_takes_back_what_the_line_holds_and_no_more() -> None:
    procedure = Procedure({"injection.target_ml": 0.05})
    procedure.when(lambda: procedure.bench.forward_patient_ul > 25.0, lambda: procedure.bench.act(Press(), by="test"))
    outcome = procedure.run()
    truth = procedure.bench.truth()
    assert outcome["withdrawn_ml"] * 1000 == pytest.approx(truth["withdrawn_ul"], abs=0.05)
    assert truth["line_kpa"] >= -0.5


@pytest.mark.parametrize(("late_s", "reason"), [(0.04, "VOLUME_REACHED"), (0.06, "HOST_LATE"), (2.0, "HOST_LATE")])
def test_a_late_host(late_s: float, reason: str) -> None:
    procedure = Procedure({"injection.target_ml": 0.05})

    def be_late() -> None:
        procedure.bench.note("late", by="test", cause=True)
        procedure.world.freeze(late_s)

    procedure.when(lambda: procedure.bench.forward_patient_ul > 20.0, be_late)
    outcome = procedure.run()
    truth = procedure.bench.truth()
    assert outcome["reason"] == reason
    if reason == "HOST_LATE":
        assert truth["forward_since_cause_ul"] <= 5.0 * (min(late_s, 1.0) + 0.1) + 0.1


def test_a_second_press_of_stop_changes_nothing() -> None:
    procedure = Procedure({"injection.target_ml": 0.05})

    def twice() -> None:
        procedure.say("stop")
        procedure.say("stop")

    procedure.when(lambda: procedure.bench.forward_patient_ul > 20.0, twice)
    outcome = procedure.run()
    assert (outcome["reason"], outcome["also"]) == ("OPERATOR_STOP", [])
