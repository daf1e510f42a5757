"""The same patients at wire and at core fidelity: the same end, and the same volumes to within what the latencies explain."""

import math
from dataclasses import dataclass, field
from typing import Any

import pytest

from controller.record.memory import MemoryRecorder
from controller.settings import LoadedProfile, load_profile
from controller.simulated import bench_settings
from controller.virtual.direct import DirectBench, DirectNotEndedError, run_direct
from simulators.bench import BenchOptions
from simulators.person import Person
from simulators.scenario import Scenario, ScenarioRunner, load_scenario
from tests.procedures.harness import Procedure

VOLUME_UL = 1.0
HOLD_KPA = 0.05
DURATION_S = 0.5
TARGET_ML = 0.10


def event(do: str, *, cause: bool = False, when: dict[str, object] | None = None, **values: object) -> dict[str, object]:
    return {"when": when or {}, "cause": cause, "do": do, **values}


@dataclass(frozen=True)
class Patient:
    """What makes this one: the bench's options, the person's, and what happens."""

    reason: str
    bench: dict[str, object] = field(default_factory=dict)
    person: dict[str, object] = field(default_factory=dict)
    events: tuple[dict[str, object], ...] = ()
    profile: dict[str, dict[str, object]] = field(default_factory=dict)
    hold_kpa: float = HOLD_KPA
    duration_s: float = DURATION_S

    def scenario(self) -> Scenario:
        run = {"target_ml": TARGET_ML, "profile": self.profile}
        told = {"title": "patient", "bench": self.bench, "person": self.person, "run": run, "event": list(self.events)}
        return Scenario.model_validate(told)


PATIENTS = {
    "nominal": Patient("VOLUME_REACHED"),
    "duct_full": Patient("DUCT_FULL", {"line.duct_v0_ul": 40.0}),
    "rupture": Patient("VOLUME_REACHED", {"line.rupture_kpa": 0.3}),
    "reflux": Patient("VOLUME_REACHED", {"line.reflux_kpa": 0.3}),
    "blocked": Patient("RESISTANCE", events=(event("fault", name="line.block", cause=True, when={"forward_patient_ul": 62.3}),)),
    "open": Patient("LINE_OPEN", events=(event("fault", name="line.open_line", cause=True, when={"forward_patient_ul": 62.3}),)),
    "prime_blocked": Patient("PRIME_REFUSED", events=(event("fault", name="line.block"),)),
    "pain": Patient("PAIN_STOP", events=(event("press", cause=True, when={"forward_patient_ul": 73.0}),)),
    "pain_let_go": Patient(
        "PAIN_STOP",
        events=(event("press", cause=True, when={"forward_patient_ul": 17.3}), event("release", when={"after_s": 1.0})),
    ),
    "pain_in_hold": Patient("PAIN_STOP", events=(event("press", when={"forward_patient_ul": 49.9, "rest_s": 1.0}),)),
    "pain_felt": Patient("PAIN_STOP", {"line.pain_duct_kpa": 0.3}, {"feels_pain": True}),
    "pain_hard_wired": Patient(
        "PAIN_STOP",
        {"trigger_wired": True},
        events=(event("press", cause=True, when={"forward_patient_ul": 30.0}),),
        profile={"pump": {"trigger": "nc_to_ground"}},
    ),
    "operator": Patient("OPERATOR_STOP", events=(event("operator", say="stop", when={"forward_patient_ul": 20.0}),)),
    "signal": Patient("OPERATOR_STOP", events=(event("host", signal="SIGTERM", when={"forward_patient_ul": 20.0}),)),
    "sticky": Patient(
        "VOLUME_REACHED",
        {"plunger.drive_stiffness_kpa_ul": 60.0, "plunger.static_friction_kpa": 7.0, "plunger.sliding_friction_kpa": 5.0},
        hold_kpa=0.3,  # a stopper that sticks slips once more during a hold, or has done so before: a matter of milliseconds
        duration_s=3.0,
    ),
    "syringe_empty": Patient("PUMP_FAULT", {"plunger.fill_ul": 55.0}),
    "dead_transmitter": Patient("SELF_TEST_FAILED", {"pressure.noise_kpa": 0.0}),
    "button_never_pressed": Patient("SELF_TEST_FAILED", person={"self_test": False}),
}


def profile(scenario: Scenario) -> LoadedProfile:
    told: dict[str, object] = {"injection.target_ml": scenario.run.target_ml}
    for section, table in scenario.run.profile.items():
        told |= {f"{section}.{key}": value for key, value in table.items()}
    return load_profile("sim", told)


def direct_bench(loaded: LoadedProfile, given: dict[str, Any], seed: int = 1) -> DirectBench:
    settings: dict[str, Any] = bench_settings(loaded, given) | given
    return DirectBench(BenchOptions(settings=settings, seed=seed))


def run_directly(scenario: Scenario, recorder: MemoryRecorder | None = None, seed: int = 1) -> tuple[dict[str, Any], DirectBench]:
    loaded = profile(scenario)
    bench = direct_bench(loaded, dict(scenario.bench), seed)
    person = Person.of(scenario.person)
    bench.person = person.told
    outcome: dict[str, Any] = run_direct(loaded, bench, recorder or MemoryRecorder(), [ScenarioRunner(scenario, bench), person])
    return outcome, bench


@pytest.mark.parametrize("name", PATIENTS)
def test_wire_and_core_fidelity_end_alike(name: str) -> None:
    patient = PATIENTS[name]
    scenario = patient.scenario()
    wired = Procedure(scenario=scenario)
    by_wire = wired.run()
    assert by_wire is not None
    directly, bench = run_directly(scenario)
    assert (directly["reason"], directly["also"], directly["exit"]) == (by_wire["reason"], by_wire["also"], by_wire["exit"])
    assert directly["reason"] == patient.reason
    assert directly["increments"] == by_wire["increments"]
    for key in ("delivered_min_ml", "delivered_max_ml", "withdrawn_ml"):
        assert directly[key] == pytest.approx(by_wire[key], abs=VOLUME_UL / 1000), key
    assert directly["hold_kpa"] == pytest.approx(by_wire["hold_kpa"], abs=patient.hold_kpa)
    assert directly["duration_s"] == pytest.approx(by_wire["duration_s"], abs=patient.duration_s)
    there, here = wired.bench.truth(), bench.truth()
    for key in ("forward_ul", "forward_patient_ul", "withdrawn_ul", "stopper_ul", "into_duct_ul", "extravasated_ul", "reflux_ul"):
        assert here[key] == pytest.approx(there[key], abs=VOLUME_UL), key
    assert (here["pain"], here["ruptured"], here["pump_status"]) == (there["pain"], there["ruptured"], there["pump_status"])


@pytest.mark.parametrize("name", ["line_blocked", "line_open", "pain_button", "pain_instant", "pain_operator", "tip_clogs"])
def test_scenarios_of_patients_end_as_they_have_to(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.expect is not None
    outcome, bench = run_directly(scenario)
    assert outcome["reason"] in (scenario.expect.reason, *scenario.expect.or_reason)
    since_ul = bench.truth()["forward_since_cause_ul"]
    assert isinstance(since_ul, float)
    assert since_ul <= (scenario.expect.forward_after_ul or math.inf)


def test_the_same_patient_is_the_same_run_and_another_seed_is_another() -> None:
    scenario = PATIENTS["duct_full"].scenario()
    first, again, other = MemoryRecorder(), MemoryRecorder(), MemoryRecorder()
    assert run_directly(scenario, first)[0] == run_directly(scenario, again)[0]
    run_directly(scenario, other, seed=2)
    assert first.entries == again.entries
    assert first.entries != other.entries


def test_a_record_holds_decisions_intents_and_events_and_no_inputs() -> None:
    recorder = MemoryRecorder()
    outcome, _ = run_directly(PATIENTS["duct_full"].scenario(), recorder)
    kinds = [entry.kind for entry in recorder.entries]
    assert set(kinds) == {"decision", "intent", "motion_end", "event"}
    assert kinds.count("intent") == kinds.count("motion_end") == 2 + outcome["increments"]


def test_a_recorder_that_acknowledges_nothing_ends_it() -> None:
    recorder = MemoryRecorder()
    recorder.holding = True
    outcome, bench = run_directly(PATIENTS["nominal"].scenario(), recorder)
    assert outcome["reason"] == "RECORDER_FAULT"
    assert bench.forward_ul == 0.0


def test_a_procedure_that_does_not_end_is_no_outcome() -> None:
    scenario = PATIENTS["nominal"].scenario()
    loaded = profile(scenario)
    bench = direct_bench(loaded, {})
    with pytest.raises(DirectNotEndedError, match="not ended after 5 s"):
        run_direct(loaded, bench, MemoryRecorder(), [Person()], limit_s=5.0)


def test_what_watchers_see_is_one_step_a_sampling_period() -> None:
    scenario = PATIENTS["nominal"].scenario()
    loaded = profile(scenario)
    bench = direct_bench(loaded, {})
    times: list[float] = []
    with pytest.raises(DirectNotEndedError):
        run_direct(loaded, bench, MemoryRecorder(), [lambda seen: times.append(seen.now_s)], limit_s=1.0)
    assert times == pytest.approx([n / 100 for n in range(1, len(times) + 1)])
    assert len(times) == 101
