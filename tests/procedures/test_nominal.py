"""The whole procedure where nothing goes wrong: what the host says is what the bench did."""

from itertools import pairwise
from pathlib import Path

import pytest

from controller.core.states import State
from controller.replay import replay
from tests.procedures.harness import Procedure

MAY_MOVE = {State.PRIMING, State.INFUSING}


def test_the_nominal_procedure(tmp_path: Path) -> None:
    procedure = Procedure({"injection.target_ml": 0.15})
    held_kpa: list[float] = []
    wrong: list[tuple[State, float]] = []
    last_ul = 0.0

    def look() -> None:
        nonlocal last_ul
        desk, bench = procedure.station.core.desk, procedure.bench
        if len(desk.hold_kpa) > len(held_kpa):
            held_kpa.append(float(bench.truth()["duct_kpa"]))  # type: ignore[arg-type]  # this plant tells it
        moved = bench.forward_ul > last_ul + 0.02  # a step of the motor and the cycle in which its end is heard
        last_ul = bench.forward_ul
        if moved and (procedure.state not in MAY_MOVE or (procedure.state is State.PRIMING) == (bench.tip == "patient")):
            wrong.append((procedure.state, procedure.now_s))

    procedure.world.before_wait.append(look)
    procedure.when(lambda: procedure.state is State.COMPLETE, lambda: procedure.say("pain"))
    outcome = procedure.run()
    truth = procedure.bench.truth()
    assert outcome["reason"] == "VOLUME_REACHED"
    assert (outcome["exit"], outcome["also"], outcome["increments"]) == (0, [], 3)
    assert outcome["delivered_ml"] * 1000 == pytest.approx(truth["forward_patient_ul"], abs=0.01)
    assert truth["forward_patient_ul"] == pytest.approx(150.0, abs=0.01)
    assert outcome["withdrawn_ml"] == 0.0
    assert truth["withdrawn_ul"] == 0.0
    assert outcome["hold_kpa"] == pytest.approx(held_kpa, abs=0.1)
    assert wrong == []
    assert procedure.loop.lateness.worst_us < 1000

    # Every motion was announced before and closed behind, and no more was ever announced than was planned.
    kinds = [entry.kind for entry in procedure.recorder.entries() if entry.kind in ("intent", "motion_end")]
    assert all(one != two for one, two in pairwise(kinds))
    assert (kinds[0], kinds[-1]) == ("intent", "motion_end")
    patient = [body for body in procedure.bodies("intent") if body["into"] == "patient"]
    assert sum(body["volume_ul"] for body in patient) == pytest.approx(150.0)
    assert all(body["certain"] for body in procedure.bodies("motion_end"))
    # Said after the end, it is written down and changes nothing.
    assert "operator" in [body["name"] for body in procedure.bodies("event")]

    record = tmp_path / "nominal.ductoject"
    procedure.save(record)
    assert replay(record).mismatches == []


def test_while_fluid_moves_the_pump_hears_nothing_but_short_questions_and_the_stop() -> None:
    """So that its line is never busy for longer than one short exchange, and a stop waits for the rest of nine bytes at most."""
    procedure = Procedure({"injection.target_ml": 0.05})
    said: set[bytes] = set()

    def listen() -> None:
        entry = procedure.station.core.desk.account.moving
        if entry is not None and entry.started_s is not None:
            said.update(procedure.station.sent)

    procedure.world.before_wait.append(listen)
    procedure.run()
    assert {frame[2:-3] for frame in said} <= {b"0RUN", b"0DIS", b"0STP"}
    assert b"0DIS" in {frame[2:-3] for frame in said}
    assert max(map(len, said)) == 9
