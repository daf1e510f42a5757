"""The benchmark of the stop: staged procedures, forked trials, and what they tell. No time is judged here."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.benchmarks.realtime import stop_latency
from controller.benchmarks.realtime.devices import Cause, Trial
from controller.benchmarks.realtime.reference import compiled
from controller.benchmarks.realtime.stage import Stage
from controller.virtual.case import Case
from controller.virtual.procedure import NotEndedError

# It takes real-time priority: it must not run beside the real-time tests (docs/decisions/0006).
pytestmark = [pytest.mark.xdist_group("realtime"), pytest.mark.timeout(120)]

CASE = Case(7, 0, "mixed", "wire", subgroup="intact")
TRIES = 4  # a machine that holds a process up for so long that the host stops for that has spoilt a trial


def one(trial: Callable[[], Trial | None]) -> Trial:
    found = next((each for _ in range(TRIES) if (each := trial()) is not None), None)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage(CASE, 18.0, 20.0)


@pytest.mark.parametrize("kind", ["pressure", "button", "operator"])
def test_a_staged_procedure_is_stopped_by_what_happens_and_by_nothing_else(stage: Stage, kind: str) -> None:
    cause = Cause("pressure") if kind == "pressure" else Cause(kind, 0.12)  # type: ignore[arg-type]
    trial = one(lambda: stage.ours(cause, attended=kind == "operator"))
    assert trial.cause_s < trial.stop_s
    assert trial.cause_s < trial.seen_s
    assert b"STP" in bytes.fromhex(trial.stop)
    assert b"DIS" in bytes.fromhex(trial.poll)


def test_the_reference_stops_with_the_very_same_frame(stage: Stage, tmp_path: Path) -> None:
    if not (shutil.which("cc") or shutil.which("gcc")):
        pytest.skip("no C compiler here")
    ours = one(lambda: stage.ours(Cause("pressure")))
    stop, poll = bytes.fromhex(ours.stop), bytes.fromhex(ours.poll)
    theirs = one(lambda: stage.reference(compiled("stop", tmp_path), stop, poll))
    assert theirs.stop == ours.stop
    assert theirs.cause_s < theirs.stop_s


def test_on_wires_the_plunger_is_followed_until_it_stands(stage: Stage) -> None:
    paced = Stage(CASE, 18.0, 20.0, paced=True)
    trial = one(lambda: paced.ours(Cause.at_random("operator", 1)))
    assert trial.seen_s < trial.sent_s < trial.still_s, "on the wire, and only then does the pump hear of it"
    assert 0.0 <= trial.rest_s < 0.006, "the rest of one short frame"


def test_a_procedure_that_never_comes_so_far_can_not_be_staged() -> None:
    with pytest.raises(NotEndedError, match="never infuses at 190 kPa"):
        Stage(CASE, 190.0, 195.0)


@pytest.mark.parametrize("trials", [10, 115, 299])
def test_every_trial_that_is_asked_for_is_somebodys(trials: int) -> None:
    shares = stop_latency.shares(CASE, trials)
    assert sum(share for _, share in shares) == trials
    assert len({case.index for case, _ in shares}) == len(shares)
    assert max(share for _, share in shares) - min(share for _, share in shares) <= 1


def made(latency_ms: float) -> Trial:
    return Trial(1.0, 1.0 + latency_ms / 1000.0, 1.01, "", "")


def test_trials_are_held_against_the_reference_and_lost_ones_counted() -> None:
    found: stop_latency.Trials = {
        "pressure": [made(1.4), None, made(1.4)], "button": [made(6.4)], "operator": [], "c": [made(1.0), made(1.0)],
    }  # fmt: skip
    rows = {row["name"]: row for row in stop_latency._rows(found, 5.0, loaded=False)}
    pressure = rows["pressure crossing, idle"]
    assert (pressure["count"], pressure["lost"], pressure["ratio"], pressure["ok"]) == (2, 1, 1.4, True)
    button = rows["button edge, idle"]
    assert (button["ratio"], button["ok"]) == (pytest.approx(6.4 / 6.5, abs=1e-3), True), "1.5 times that, and a polling period"
    assert (rows["operator stop, idle"]["p99_ms"], rows["operator stop, idle"]["ok"]) == (None, None)
    loaded = {row["name"]: row for row in stop_latency._rows(found | {"pressure": [made(3.1)]}, 5.0, loaded=True)}
    assert loaded["pressure crossing, under load"]["ok"] is False


def test_without_a_reference_nothing_is_held_against_it() -> None:
    rows = stop_latency._rows({"pressure": [made(1.0)], "button": [], "operator": [], "c": []}, 5.0, loaded=False)
    assert [row["ok"] for row in rows] == [None] * len(rows)
    assert not any("C reference" in row["name"] for row in rows)
