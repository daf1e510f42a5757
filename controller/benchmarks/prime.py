"""How well the prime check knows a line, and how well it tells good lines from bad ones, over the patients of a cohort.

What a line truly resists and stores is measured of a twin of the plant, as on a bench: with a steady flow into air, and with the
tip capped and a little pressed in. So it can be told of any plant. The procedures run at core fidelity and end with the check.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from controller.benchmarks.rows import quantile, row
from controller.virtual.case import Case, direct_bench, set_up
from controller.virtual.direct import run_direct
from controller.virtual.recorder import VirtualRecorder
from simulators.acts import Operator

STEP_S = 0.005
STEADY_UL_S, STEADY_S = 5.0, 30.0
PRESSED_UL, PRESSED_S = 0.5, 0.5
AIR_UL = 10.0
OFF_BY = 1.3
GOOD, WITH_AIR, WRONG = "intact", "air", "wrong_contrast"


@dataclass(frozen=True, slots=True)
class Checked:
    """One line. measured: what the check found of it, None if it did not come so far. off: true over expected resistance."""

    resistance_kpa_s_ul: float
    compliance_ul_kpa: float
    bubble_ul: float | None
    off: float
    refused: str | None
    measured: Mapping[str, Any] | None


class _Ear:
    """Hears what the check says, and has the operator stop a procedure that was primed."""

    def __init__(self, bench: Any) -> None:
        self._bench = bench
        self.measured: Mapping[str, Any] | None = None
        self.primed = False

    def recorded(self, kind: str, _t_s: float, body: Mapping[str, Any]) -> None:
        if kind == "event" and body["name"] == "line_measured":
            self.measured = dict(body)
        elif kind == "event" and body["name"] == "primed":
            self.primed = True
            self._bench.act(Operator(say="stop"), by="benchmark")


def check_line(case: Case) -> Checked:
    """Primes the line of one case. Raises CaseError, OptionsError, PlantError."""
    loaded, patient = set_up(case)
    bench = direct_bench(case, loaded, patient)
    recorder = VirtualRecorder()
    ear = _Ear(bench)
    recorder.listeners.append(ear.recorded)
    outcome = run_direct(loaded, bench, recorder)
    resistance = _steady_kpa(direct_bench(case, loaded, patient).plant) / STEADY_UL_S
    return Checked(
        resistance,
        PRESSED_UL / _pressed_kpa(direct_bench(case, loaded, patient).plant),
        float(patient.drawn["line.bubble_ul"]) if case.plant is None and "line.bubble_ul" in patient.drawn else None,
        resistance / loaded.expected_resistance_kpa_s_ul,
        None if ear.primed else f"{outcome['reason']}: {outcome['text']}",
        ear.measured,
    )


def _steady_kpa(plant: Any) -> float:
    plant.set_tip("air")
    kpa = 0.0
    for _ in range(round(STEADY_S / STEP_S)):
        kpa = float(plant.step(STEP_S, STEADY_UL_S))
    return kpa


def _pressed_kpa(plant: Any) -> float:
    plant.set_tip("capped")
    kpa = 0.0
    for _ in range(round(PRESSED_S / STEP_S)):
        kpa = float(plant.step(STEP_S, PRESSED_UL / PRESSED_S))
    return kpa


def measure_prime(case: Case, patients: int, progress: Callable[[int, int], None] = lambda *_: None) -> list[dict[str, Any]]:
    """Rows of name, value, limit and ok; ok is None where there is no limit. Raises as check_line.

    case: seed, cohort, profile and plant. With our own plant lines of three subgroups are checked, so many of each; another
    plant has lines of its own, of which it is not known whether they are good.
    """
    if case.plant is not None:
        lines = _checked([replace(case, index=index) for index in range(patients)], progress)
        return [*_errors(lines), row("refused", _share(lines))]
    groups = (GOOD, WITH_AIR, WRONG)
    cases = [replace(case, index=index, subgroup=group) for group in groups for index in range(patients)]
    lines = _checked(cases, progress)
    good, air, wrong = (lines[number * patients : (number + 1) * patients] for number in range(len(groups)))
    with_air = [line for line in air if line.bubble_ul is not None and line.bubble_ul >= AIR_UL]
    off = [line for line in wrong if not 1.0 / OFF_BY < line.off < OFF_BY]
    return [
        *_errors(good),
        row("good_lines_refused", _share(good), 0.02),
        row("air_refused", _share(with_air), 0.95, at_least=True),
        row("air_lines", float(len(with_air))),
        row("resistance_off_refused", _share(off), 0.98, at_least=True),
        row("resistance_off_lines", float(len(off))),
    ]


def _checked(cases: Sequence[Case], progress: Callable[[int, int], None]) -> list[Checked]:
    lines = []
    for number, case in enumerate(cases, start=1):
        lines.append(check_line(case))
        progress(number, len(cases))
    return lines


def _errors(lines: Sequence[Checked]) -> list[dict[str, Any]]:
    known = [(line, line.measured) for line in lines if line.measured is not None]
    resistance = [abs(found["resistance_kpa_s_ul"] / line.resistance_kpa_s_ul - 1.0) for line, found in known]
    compliance = [abs(found["compliance_at_rest_ul_kpa"] / line.compliance_ul_kpa - 1.0) for line, found in known]
    return [
        row("lines", float(len(lines))),
        row("lines_measured", float(len(known))),
        row("resistance_error_p95", quantile(resistance, 95), 0.03),
        row("compliance_error_p95", quantile(compliance, 95), 0.10),
    ]


def _share(lines: Sequence[Checked]) -> float | None:
    return sum(line.refused is not None for line in lines) / len(lines) if lines else None
