"""One patient, the full target, and nothing that stops the pump while the cannula is in: what would have happened stays visible.

Self-test, priming and its refusals are as always. From arming on causes to stop are only written down (open_desk), the duct's
limit is lifted so that no duct is ever full, and the patient never presses: when the patient would have is told by the plant's
truth. A hold that finds no result within its time ends the run, for no increment comes after it.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import Any

from controller.benchmarks.detection.course import Change, Course, Held, Phase, Sample
from controller.benchmarks.detection.open_desk import OpenDesk
from controller.compose import plan_of
from controller.core.core import Core
from controller.core.reasons import Reason
from controller.core.states import State
from controller.virtual.case import Case, direct_bench, plant_of, set_up
from controller.virtual.direct import DirectBench, run_direct
from simulators.any_plant import DEFAULT_PLANT, PlantError, plant_truth
from simulators.scenario import PersonTable

TARGET_ML = 0.30
TRUTH_EVERY_S = 0.05
_ROUNDING_UL = 1e-9  # sums of many small steps end a little beside the round number
_PHASES = {State.INFUSING: Phase.INFUSING, State.HOLDING: Phase.HOLDING}


def open_run(case: Case) -> Course:
    """Runs one case. Raises CaseError, OptionsError, PlantError, DirectNotEndedError."""
    case = replace(case, fidelity="core", target_ml=TARGET_ML)
    loaded, patient = set_up(case)
    plan = plan_of(loaded, simulated=True)
    desk = OpenDesk(replace(plan, duct_limit_kpa=inf))
    quiet = replace(patient, person=patient.person.model_copy(update={"can_press": False}))
    bench = direct_bench(case, loaded, quiet, [patient.events])
    course = Course(case.index, None, plan.rate_ul_s, plan.increment_ul)
    ear = _Ear(bench, desk, patient.person, course)
    try:
        outcome = run_direct(loaded, bench, ear, [ear], core=Core(desk.plan, desk))
        told = plant_truth(bench.plant)
    except PlantError as error:  # what is said here is read far from the command that names the plant
        raise PlantError(f"plant {plant_of(case, loaded)!r}: {error}") from error
    named = told.get("subgroup") or (patient.subgroup if plant_of(case, loaded) == DEFAULT_PLANT else None)
    course.subgroup = None if named is None else str(named)
    _tell(course, desk, plan.duct_limit_kpa)
    if not any(state is State.ARMED for _, state in desk.went):
        course.refused = f"{outcome['reason']}: {outcome['text']}"
    return course


def _tell(course: Course, desk: OpenDesk, duct_limit_kpa: float) -> None:
    """Puts down what the desk has seen, and what its lifted limit would have done."""
    course.changes = [Change(at_s, _PHASES[state]) for at_s, state in desk.went if state in _PHASES]
    course.volume_s = next((at_s for at_s, state in desk.went if state is State.COMPLETE), None)
    course.causes = dict(desk.unheeded)
    for held in course.held:
        if held.kpa >= duct_limit_kpa:
            course.causes[Reason.RESISTANCE] = min(held.at_s, course.causes.get(Reason.RESISTANCE, inf))
        if held.predicted_kpa is not None and held.predicted_kpa >= duct_limit_kpa and course.full_s is None:
            course.full_s = held.at_s


class _Ear:
    """Recorder and watcher in one: hears what the core writes down, sees what it sees, and looks at the truth now and then."""

    def __init__(self, bench: DirectBench, desk: OpenDesk, person: PersonTable, course: Course) -> None:
        self._bench, self._desk, self._person, self._course = bench, desk, person, course
        self._seq = 0
        self._asked_s = self._suspected = -inf
        self._truth_s = -inf
        self._hurt = False
        self._false_ul = inf if person.false_pain_ul is None else person.false_pain_ul - _ROUNDING_UL
        self._was_with_the_patient = False

    # -- as the recorder -------------------------------------------------------------------------------------------------------

    @property
    def durable_seq(self) -> int:
        """See DirectRecorder: everything is, at once."""
        return self._seq

    def put(self, kind: str, t_s: float, body: Mapping[str, object]) -> int:
        """See DirectRecorder."""
        self._seq += 1
        if kind == "event":
            self._hear(t_s, body)
        return self._seq

    def pump(self, now_s: float) -> None:
        """See DirectRecorder."""

    def _hear(self, t_s: float, body: Mapping[str, Any]) -> None:
        if body["name"] == "hold_result":
            self._course.held.append(Held(t_s, body["kpa"], body["error_kpa"], body["predicted_kpa"]))
        elif body["name"] == "line_measured":
            self._course.line = dict(body)

    # -- as a watcher ----------------------------------------------------------------------------------------------------------

    def __call__(self, bench: DirectBench) -> None:
        """Looks; the core is still where the cycle before has left it."""
        state = self._desk.state
        with_the_patient = state in _PHASES or state is State.ARMED
        if with_the_patient or self._was_with_the_patient:  # the cycle that ends it belongs to it
            self._see_the_core()
        self._was_with_the_patient = with_the_patient
        if bench.tip == "patient":
            self._feel(bench)
            if bench.now_s >= self._truth_s + TRUTH_EVERY_S:
                self._truth_s = bench.now_s
                self._see_the_truth(bench)

    def _see_the_core(self) -> None:
        desk, pressure = self._desk, self._desk.view.pressure
        if pressure.asked_s > self._asked_s and pressure.kpa is not None:
            self._asked_s = pressure.asked_s
            self._course.samples.append(Sample(desk.now_s, pressure.asked_s, pressure.kpa))
        suspicion = float(getattr(desk, "suspicion", 0.0))
        if suspicion > self._suspected:
            self._suspected = suspicion
            self._course.suspicion.append((desk.now_s, suspicion))

    def _feel(self, bench: DirectBench) -> None:
        """The press that has no cause comes when so much has gone in."""
        if bench.forward_patient_ul >= self._false_ul:
            self._false_ul = inf
            self._would_press(bench.now_s)

    def _would_press(self, at_s: float) -> None:
        if self._person.can_press:
            self._course.button_s = min(at_s, inf if self._course.button_s is None else self._course.button_s)

    def _see_the_truth(self, bench: DirectBench) -> None:
        course, told = self._course, plant_truth(bench.plant)
        if told.get("extravasated_ul") is not None:
            course.extravasated.append((bench.now_s, float(told["extravasated_ul"])))  # type: ignore[arg-type]  # checked there
        if told.get("ruptured") is not None:
            course.torn = bool(told["ruptured"])
            if course.torn and course.tear_s is None:
                course.tear_s = bench.now_s
        if told.get("pain") and not self._hurt and self._person.feels_pain:
            self._hurt = True
            self._would_press(bench.now_s + self._person.reaction_s)
