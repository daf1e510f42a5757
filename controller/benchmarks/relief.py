"""How much flows into the duct after a decision to stop, with and without the relief, over the patients of a cohort.

Each procedure is stopped by the operator at a random moment of an increment. From the decision on, for ten seconds, the plant
itself tells what flows through the cannula into the patient. Beside that stand two twins of line, plunger and patient:

* without relief: split off when the pump has been seen stopped, and left alone;
* ideal: split off at the very decision. Whoever works it needs no time to stop, to ask or to think, knows the line and the duct
  exactly, and draws back as fast as a relief may until nothing flows into the patient any more. No host can do better;
* behind the pump: the same, but its plunger draws back only after the exchanges with the pump that no relief can leave out
  (two STP, two readings, volume, rate and direction with their read-backs, RUN).

A larger syringe than the cohort's is scaled from it: see SYRINGE.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from controller.benchmarks.rows import quantile, row
from controller.core.limits import RELIEF_FLOOR_KPA, RELIEF_RATE_UL_S
from controller.settings import LoadedProfile, build_profile
from controller.settings.catalogue import catalogue
from controller.settings.devices import PUMPS
from controller.virtual.case import Case, set_up, staged
from controller.virtual.direct.latencies import COMMAND_S, PREPARE_AFTER_STOP_S, STOP_SEEN_S
from controller.virtual.recorder import VirtualRecorder
from simulators.acts import Operator
from simulators.any_plant import plant_truth
from simulators.cohorts import Patient

GOOD = "intact"
RATES_UL_S = (2.0, 5.0, 10.0)
AFTER_S = 10.0
TWIN_STEP_S = 0.002
EXCHANGES_S = STOP_SEEN_S[-1] + PREPARE_AFTER_STOP_S[-1] + COMMAND_S
INCREMENTS = 3  # the stop comes in one of the first three
EARLIEST, LATEST = 0.05, 0.95  # part of the increment that is in
SMALL_ML, SMALL_LIMIT_UL, LARGE_LIMIT_UL = 1.0, 5.0, 10.0
SYRINGE = "bd-1ml"
"""The syringe that the cohort's numbers are for. In another one the same motor, nut and rubber move another area: steps and play
grow with it, the drive's stiffness (kPa/uL) falls with its square, and the same force of friction is less pressure. The
compliance is that of the catalogue, times what the patient's differs from the catalogue's.
"""


@dataclass(frozen=True, slots=True)
class Stopped:
    """One stop. Volumes: net through the cannula into the patient in the ten seconds after the decision; None: not told.

    began_s: from the decision to the first withdrawal; None where there was none. announced: strokes, dropped ones included.
    """

    relief_ul: float | None
    alone_ul: float | None
    ideal_ul: float | None
    behind_pump_ul: float | None
    lowest_duct_kpa: float | None
    lowest_line_kpa: float
    began_s: float | None
    withdrawn_ul: float
    announced: int


class _Watch:
    """Stops the procedure at its moment, and measures from the decision on."""

    def __init__(self, bench: Any, stop_at_ul: float, relief_rate_ul_s: float) -> None:
        self._bench = bench
        self._stop_at_ul = stop_at_ul
        self._relief_rate_ul_s = relief_rate_ul_s
        self._said = False
        self._withdrawn_ul = 0.0
        self._at_stop_ul: float | None = None
        self.stop_s: float | None = None
        self.began_s: float | None = None
        self.announced = 0
        self.lowest_duct_kpa: float | None = None
        self.lowest_line_kpa = float("inf")
        self.alone_ul: float | None = None
        self.ideal_ul: float | None = None
        self.behind_pump_ul: float | None = None

    def __call__(self, bench: Any) -> None:
        if self.stop_s is None:
            if not self._said and bench.forward_patient_ul >= self._stop_at_ul:
                self._said = True
                bench.act(Operator(say="stop"), by="benchmark")
            return
        self.lowest_line_kpa = min(self.lowest_line_kpa, bench.line_kpa)
        duct_kpa = getattr(bench.plant, "duct_kpa", None)
        if duct_kpa is not None:
            self.lowest_duct_kpa = duct_kpa if self.lowest_duct_kpa is None else min(self.lowest_duct_kpa, duct_kpa)
        if self.began_s is None and bench.withdrawn_ul > self._withdrawn_ul:
            self.began_s = bench.now_s

    def recorded(self, kind: str, t_s: float, body: Mapping[str, Any]) -> None:
        if kind == "intent" and body["into"] == "relief":
            self.announced += 1
        if kind != "event":
            return
        if body["name"] == "stop_cause" and self.stop_s is None:
            self.stop_s, self._at_stop_ul = t_s, into_patient_ul(self._bench.plant)
            self._withdrawn_ul = self._bench.withdrawn_ul
            self.ideal_ul = self._of_a_twin(AFTER_S, self._relief_rate_ul_s)
            self.behind_pump_ul = self._of_a_twin(AFTER_S, self._relief_rate_ul_s, EXCHANGES_S)
        elif body["name"] == "pump_stopped" and self.alone_ul is None and self.stop_s is not None:
            self.alone_ul = self._of_a_twin(self.stop_s + AFTER_S - t_s, 0.0)

    def flowed_ul(self, plant: Any) -> float | None:
        """What has gone into the patient since the decision; None where the plant does not tell."""
        now_ul = into_patient_ul(plant)
        return None if now_ul is None or self._at_stop_ul is None else now_ul - self._at_stop_ul

    def withdrawn_ul(self) -> float:
        """What the plunger was taken back since the decision."""
        return float(self._bench.withdrawn_ul - self._withdrawn_ul)

    def _of_a_twin(self, seconds: float, rate_ul_s: float, from_s: float = 0.0) -> float | None:
        """What has gone into a twin of this patient at its end, its plunger drawn back until nothing flows in any more.

        from_s: how long it stands still before.
        """
        try:
            plant, plunger = copy.deepcopy(self._bench.plant), copy.deepcopy(self._bench.plunger)
        except Exception:  # noqa: BLE001 - a plant that is not ours need not be one that can be copied
            return None
        line_kpa, went_ul, drawing = self._bench.line_kpa, self.flowed_ul(plant), rate_ul_s > 0.0
        for step in range(round(seconds / TWIN_STEP_S)):
            begun = step * TWIN_STEP_S >= from_s
            drawn_ul = rate_ul_s * TWIN_STEP_S if drawing and begun else 0.0
            line_kpa = float(plant.step(TWIN_STEP_S, plunger.step(0.0, drawn_ul, line_kpa) / TWIN_STEP_S))
            before_ul, went_ul = went_ul, self.flowed_ul(plant)
            if before_ul is None or went_ul is None:
                return None
            drawing = drawing and (went_ul > before_ul or not begun)
        return went_ul


def into_patient_ul(plant: Any) -> float | None:
    """What has gone through the cannula into the patient, less what came back; None where the plant does not tell."""
    through = getattr(plant, "cannula_ul", None)
    if through is not None:
        return float(through)
    truth = plant_truth(plant)
    parts = [truth.get(name) for name in ("into_duct_ul", "extravasated_ul", "reflux_ul")]
    return None if None in parts else sum(float(str(part)) for part in parts)


def stop_one(case: Case, rate_ul_s: float, syringe: str | None = None) -> Stopped | None:
    """One patient, stopped; None where the procedure ended by itself before. Raises CaseError, OptionsError, PlantError, ..."""
    loaded, patient = set_up(case)
    loaded = with_line(loaded, rate_ul_s, syringe)
    random = Random(f"{case.seed}/{case.index}/relief")
    part = EARLIEST + (LATEST - EARLIEST) * random.random()
    stop_at_ul = loaded.profile.injection.increment_ul * (random.randrange(INCREMENTS) + part)
    recorder = VirtualRecorder()
    bench, run = staged(case, loaded, with_syringe(patient, loaded), [], recorder)
    fastest_ul_s = PUMPS[loaded.profile.pump.model].fastest_ul_s(loaded.parts.syringe.inner_diameter_mm)
    watch = _Watch(bench, stop_at_ul, min(RELIEF_RATE_UL_S, fastest_ul_s))
    bench.watchers.append(watch)
    recorder.listeners.append(watch.recorded)
    outcome = run()
    if watch.stop_s is None or outcome is None or outcome["reason"] != "OPERATOR_STOP":
        return None
    bench.advance(max(bench.now_s, watch.stop_s + AFTER_S))
    return Stopped(
        watch.flowed_ul(bench.plant),
        watch.alone_ul,
        watch.ideal_ul,
        watch.behind_pump_ul,
        watch.lowest_duct_kpa,
        watch.lowest_line_kpa,
        None if watch.began_s is None else watch.began_s - watch.stop_s,
        watch.withdrawn_ul(),
        watch.announced,
    )


def with_line(loaded: LoadedProfile, rate_ul_s: float, syringe: str | None) -> LoadedProfile:
    """The profile with another rate, and another syringe if one is named. Raises ConfigError."""
    told = {"injection.rate_ul_s": (rate_ul_s, "--rate"), "line.syringe": (syringe, "--syringe")}
    return build_profile(loaded.raw, loaded.source, told)


def with_syringe(patient: Patient, loaded: LoadedProfile) -> Patient:
    """The patient with the profile's syringe instead of the cohort's, and the drive's mechanics as this syringe sees them."""
    ours, theirs = loaded.parts.syringe, catalogue().syringes[SYRINGE]
    area = (ours.inner_diameter_mm / theirs.inner_diameter_mm) ** 2
    factors = {
        "line.syringe_compliance_ul_kpa": ours.compliance_ul_kpa / theirs.compliance_ul_kpa,
        "plunger.step_ul": area,
        "plunger.backlash_ul": area,
        "plunger.drive_stiffness_kpa_ul": area**-2,
        "plunger.sliding_friction_kpa": 1.0 / area,
        "plunger.static_friction_kpa": 1.0 / area,
    }
    scaled = {key: float(value) * factors[key] for key, value in patient.settings.items() if key in factors}
    return replace(patient, settings={**patient.settings, **scaled})


def measure_relief(
    case: Case,
    patients: int,
    rates_ul_s: tuple[float, ...] = RATES_UL_S,
    syringe: str | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> list[dict[str, Any]]:
    """Rows of name, value, limit and ok, for one rate after the other. Raises as stop_one."""
    rows = []
    loaded = with_line(set_up(case)[0], rates_ul_s[0], syringe)
    nominal_ml = loaded.parts.syringe.nominal_ml
    limit_ul = SMALL_LIMIT_UL if nominal_ml <= SMALL_ML else LARGE_LIMIT_UL
    for number, rate_ul_s in enumerate(rates_ul_s):
        stops = []
        for index in range(patients):
            one = replace(case, index=index, subgroup=GOOD if case.plant is None else None)
            stops.append(stop_one(one, rate_ul_s, syringe))
            progress(number * patients + index + 1, len(rates_ul_s) * patients)
        rows += _rows(f"{rate_ul_s:g}_ul_s", [each for each in stops if each is not None], limit_ul)
    return rows


def _rows(prefix: str, stops: list[Stopped], limit_ul: float) -> list[dict[str, Any]]:
    def told(name: str) -> list[float]:
        return [value for value in (getattr(each, name) for each in stops) if value is not None]

    ducts_kpa = told("lowest_duct_kpa")
    found = [row(f"{prefix}_stops", float(len(stops)))]
    for name, limit in (("relief", limit_ul), ("alone", None), ("behind_pump", None), ("ideal", None)):
        flowed_ul = told(f"{name}_ul")
        found += [
            row(f"{prefix}_{name}_p50_ul", quantile(flowed_ul, 50)),
            row(f"{prefix}_{name}_p95_ul", quantile(flowed_ul, 95), limit),
            row(f"{prefix}_{name}_max_ul", max(flowed_ul, default=None)),
        ]
    return [
        *found,
        row(f"{prefix}_lowest_duct_kpa", min(ducts_kpa, default=None), RELIEF_FLOOR_KPA, at_least=True),
        row(f"{prefix}_lowest_line_kpa", min(told("lowest_line_kpa"), default=None)),
        row(f"{prefix}_began_p50_s", quantile(told("began_s"), 50)),
        row(f"{prefix}_began_p95_s", quantile(told("began_s"), 95)),
        row(f"{prefix}_withdrawn_p50_ul", quantile(told("withdrawn_ul"), 50)),
        row(f"{prefix}_announced_max", max(told("announced"), default=None)),
    ]
