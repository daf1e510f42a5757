"""One procedure of a campaign: everything it takes to run it again, and what came of it.

A case is a pure function of its fields: it reads no clock, and what is random in it comes from its seed and index.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal

from controller.replay import replay_heard
from controller.settings import ConfigError, LoadedProfile, build_profile
from controller.virtual.building import bench_options, scenario_procedure, virtual_profile
from controller.virtual.direct import DirectBench, DirectNotEndedError, run_direct
from controller.virtual.measures import Measures
from controller.virtual.overrides import scenario_overrides
from controller.virtual.procedure import NotEndedError, VirtualProcedure
from controller.virtual.recorder import VirtualRecorder
from controller.virtual.trace import Trace
from simulators.acts import PersonAct
from simulators.any_plant import DEFAULT_PLANT, PlantError, load_plant
from simulators.bench import BenchOptions, SimulatedBench
from simulators.cohorts import Cohort, CohortError, Patient, load_cohort
from simulators.injection import Catalogue, CatalogueError, Injection, draw, load_catalogue
from simulators.options import OptionsError
from simulators.oracle import Oracle, OracleLimits, Violation
from simulators.person import Person
from simulators.scenario import Event, PersonTable, Scenario, ScenarioError, ScenarioRunner, load_scenario

COLUMNS = (
    "index",
    "seed",
    "subgroup",
    "faults",
    "phases",
    "reason",
    "also",
    "delivered_ul",
    "into_duct_ul",
    "extravasated_ul",
    "reflux_ul",
    "post_stop_ul",
    "peak_line_kpa",
    "peak_duct_kpa",
    "increments",
    "duration_s",
    "violations",
)
TERMINATION = 0
"""In place of an invariant's number: the procedure did not come to an end at all."""
NO_HOST = "NO_HOST"
"""In place of a reason where the host was killed and nobody was left to say one."""
_DECIMALS = 3
_LINE = "line."
_FORESEEN = (
    ConfigError,
    CohortError,
    CatalogueError,
    ScenarioError,
    OptionsError,
)


class CaseError(Exception):
    """A case that can not be run as it is asked for: one sentence a line."""


@dataclass(frozen=True, slots=True)
class Case:
    """One procedure. None: as the profile has it."""

    seed: int
    index: int
    cohort: str = "mixed"
    fidelity: Literal["wire", "core"] = "wire"
    faults: Literal["none", "single", "pairs"] = "none"
    profile: str = "sim"
    plant: str | None = None
    target_ml: float | None = None
    subgroup: str | None = None


@dataclass(slots=True)
class Result:
    """row: by COLUMNS, None where the plant does not tell. violations: invariant, t_s and text of each."""

    row: dict[str, object]
    violations: list[dict[str, object]]


def run_case(case: Case, record: Path | None = None) -> Result:
    """Runs one case; record: where its record is written. Raises CaseError, and PlantError with the plant's name."""
    return _run(case, record, None)


def trace_case(case: Case) -> tuple[Result, Trace]:
    """Runs one case and keeps what a plot needs. Raises CaseError."""
    trace = Trace()
    return _run(case, None, trace), trace


def trace_scenario(name: str, plant: str | None = None) -> tuple[dict[str, Any] | None, Trace]:
    """Runs a scenario in virtual time and keeps what a plot needs; None where it kills the host. plant: another than ours.

    Raises CaseError, and PlantError where the plant fails on the way.
    """
    try:
        scenario = load_scenario(name)
        loaded = virtual_profile("sim", scenario_overrides(scenario) | {"simulation.plant": (plant, "--plant")})
        procedure = scenario_procedure(scenario, loaded)
        trace = Trace()
        _listen(trace, procedure.bench, procedure.recorder)
        return procedure.run(), trace
    except (ConfigError, ScenarioError, OptionsError, NotEndedError) as error:
        raise CaseError(str(error)) from error


def set_up(case: Case) -> tuple[LoadedProfile, Patient]:
    """The profile as the case has it, told of the patient's lot of cannulas, and the patient. Raises CaseError."""
    try:
        patient = _cohort(case.cohort).draw(case.seed, case.index, case.subgroup)
        loaded = _profile(case.profile, case.target_ml)
        if plant_of(case, loaded) == DEFAULT_PLANT:
            loaded = _told_of_the_lot(loaded, patient)
    except _FORESEEN as error:
        raise CaseError(str(error)) from error
    return loaded, patient


def direct_bench(case: Case, loaded: LoadedProfile, patient: Patient, events: Sequence[Sequence[Event]] = ()) -> DirectBench:
    """A bench at core fidelity with this patient. Raises OptionsError."""
    return _attended(DirectBench(bench_options_of(case, loaded, patient)), loaded, patient.person, events)


def staged(
    case: Case, loaded: LoadedProfile, patient: Patient, events: Sequence[Sequence[Event]], recorder: VirtualRecorder
) -> tuple[SimulatedBench | DirectBench, Callable[[], dict[str, Any] | None]]:
    """The bench with this patient, at the case's fidelity, and what runs the procedure on it. Raises OptionsError.

    What runs it raises NotEndedError or DirectNotEndedError, and PlantError.
    """
    if case.fidelity == "core":
        direct = direct_bench(case, loaded, patient, events)
        return direct, partial(run_direct, loaded, direct, recorder)
    bench = SimulatedBench(bench_options_of(case, loaded, patient))
    return bench, VirtualProcedure(loaded, bench, person=patient.person, events=events, recorder=recorder).run


def _run(case: Case, record: Path | None, trace: Trace | None) -> Result:
    loaded, patient = set_up(case)
    try:
        injections = _injections(case, loaded.profile.injection.target_ul, plant_of(case, loaded))
        return _run_patient(case, loaded, patient, injections, record, trace)
    except _FORESEEN as error:
        raise CaseError(str(error)) from error
    except PlantError as error:  # what a campaign says is read far from the command that names the plant
        raise PlantError(f"plant {plant_of(case, loaded)!r}: {error}") from error


@lru_cache(maxsize=8)
def _profile(name_or_path: str, target_ml: float | None) -> LoadedProfile:
    """Read once a process: a campaign runs it by the thousand."""
    return virtual_profile(name_or_path, {"injection.target_ml": (target_ml, "--target-ml")})


def _told_of_the_lot(loaded: LoadedProfile, patient: Patient) -> LoadedProfile:
    """The profile with the calibration of the lot that this patient's cannula comes from, unless it names one itself.

    Who sets up a line reads that from the box; the cannula itself differs from its lot, and what else is wrong stays unsaid.
    """
    lot_bore_mm = patient.drawn.get("cannula.lot_bore_mm")
    if lot_bore_mm is None or loaded.profile.line.lot_bore_mm is not None:
        return loaded
    return build_profile(loaded.raw, loaded.source, {"line.lot_bore_mm": (lot_bore_mm, f"cohort {patient.cohort}")})


@lru_cache(maxsize=8)
def _cohort(name_or_path: str) -> Cohort:
    return load_cohort(name_or_path)


@lru_cache(maxsize=8)
def _catalogue(plant: str) -> Catalogue:
    """The faults that a bench with this plant has: one that is not ours has those of the line that it says, or none."""
    catalogue = load_catalogue()
    if plant == DEFAULT_PLANT:
        return catalogue
    offered = {f"{_LINE}{name}" for name in load_plant(plant).faults}
    missing = {name for entry in catalogue.faults.values() for name in entry.fault_names if name.startswith(_LINE)} - offered
    return Catalogue(
        catalogue.source, {name: entry for name, entry in catalogue.faults.items() if not entry.fault_names & missing}
    )


def _injections(case: Case, target_ul: float, plant: str) -> tuple[Injection, ...]:
    try:
        return draw(_catalogue(plant), case.faults, case.seed, case.index, target_ul, case.fidelity)
    except ValueError as error:
        raise CaseError(str(error)) from error


def _run_patient(
    case: Case,
    loaded: LoadedProfile,
    patient: Patient,
    injections: Sequence[Injection],
    record: Path | None,
    trace: Trace | None,
) -> Result:
    events = [patient.events, *(injection.events for injection in injections)]
    recorder = VirtualRecorder()
    oracle = Oracle(_limits(loaded), injections)
    bench, run = staged(case, loaded, patient, events, recorder)
    measures = Measures(bench.plant)
    for listener in (measures, oracle, *([trace] if trace is not None else [])):
        _listen(listener, bench, recorder)
    not_ended = ""
    outcome = None
    try:
        outcome = run()
    except (NotEndedError, DirectNotEndedError) as error:
        not_ended = str(error)
    if trace is not None:
        trace.ended(injections, bench.now_s)
    oracle.finish(bench, outcome)
    if case.fidelity == "wire":
        oracle.replayed(replay_heard(loaded, recorder.heard(), outcome if recorder.trouble is None else None))
    if record is not None:
        if outcome is not None and recorder.trouble is None:
            recorder.put("end", bench.now_s, outcome)
        recorder.save(record)
    if not_ended:
        oracle.violations.append(Violation(TERMINATION, bench.now_s, not_ended))
    violations: list[dict[str, object]] = [
        {"invariant": each.invariant, "t_s": round(each.t_s, 6), "text": each.text} for each in oracle.violations
    ]
    return Result(_row(case, plant_of(case, loaded), patient, injections, bench, measures, outcome, len(violations)), violations)


def plant_of(case: Case, loaded: LoadedProfile) -> str:
    """The plant that is simulated: the case's, else the profile's."""
    simulation = loaded.profile.simulation
    return case.plant or (simulation.plant if simulation is not None else DEFAULT_PLANT)


def bench_options_of(case: Case, loaded: LoadedProfile, patient: Patient) -> BenchOptions:
    """The bench with this patient. Raises OptionsError."""
    plant = plant_of(case, loaded)
    # A plant that is not ours has its own patients: of the cohort's it gets seed and index, and what is not of the line.
    settings = {key: value for key, value in patient.settings.items() if plant == DEFAULT_PLANT or not key.startswith(_LINE)}
    return bench_options(loaded, settings, plant=plant, seed=case.seed, index=case.index)


def _attended(bench: DirectBench, loaded: LoadedProfile, person: PersonTable, events: Sequence[Sequence[Event]]) -> DirectBench:
    """With a person who knows what the profile asks for, and with what is going to happen."""
    for sequence in events:
        bench.watch(ScenarioRunner(Scenario(title="events", event=list(sequence)), bench))
    hands = Person.of(person)
    bench.person = hands.told
    if loaded.profile.prime.closed_tip:
        hands.told(PersonAct(closes_tip=True))
    bench.watch(hands)
    return bench


def _limits(loaded: LoadedProfile) -> OracleLimits:
    profile = loaded.profile
    return OracleLimits(
        target_ul=profile.injection.target_ul,
        increment_ul=profile.injection.increment_ul,
        watchdog_s=float(profile.pump.watchdog_s),
        sample_age_s=profile.limits.sample_age_s,
        ceiling_kpa=profile.limits.line_kpa,
        duct_kpa=profile.limits.duct_kpa,
        trigger_wired=profile.pump.trigger != "none",
    )


def _listen(listener: Any, bench: Any, recorder: VirtualRecorder) -> None:
    bench.watchers.append(listener)
    recorder.listeners.append(listener.recorded)
    if hasattr(listener, "heard"):
        bench.on_act.append(listener.heard)


def _row(
    case: Case,
    plant: str,
    patient: Patient,
    injections: Sequence[Injection],
    bench: Any,
    measures: Measures,
    outcome: dict[str, Any] | None,
    violations: int,
) -> dict[str, object]:
    truth = bench.truth()
    told = outcome or {"reason": NO_HOST, "also": [], "duration_s": bench.now_s}
    values = {
        "index": case.index,
        "seed": case.seed,
        "subgroup": truth.get("subgroup") or (patient.subgroup if plant == DEFAULT_PLANT else None),
        "faults": "+".join(injection.name for injection in injections),
        "phases": "+".join(injection.phase for injection in injections),
        "reason": told["reason"],
        "also": "+".join(told["also"]),
        "delivered_ul": bench.forward_patient_ul,
        "into_duct_ul": truth.get("into_duct_ul"),
        "extravasated_ul": truth.get("extravasated_ul"),
        "reflux_ul": truth.get("reflux_ul"),
        "post_stop_ul": measures.post_stop_ul,
        "peak_line_kpa": measures.peak_line_kpa,
        "peak_duct_kpa": measures.peak_duct_kpa,
        "increments": measures.increments,
        "duration_s": told["duration_s"],
        "violations": violations,
    }
    return {name: round(value, _DECIMALS) if isinstance(value, float) else value for name, value in values.items()}
