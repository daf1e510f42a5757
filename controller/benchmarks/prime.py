"""How well the prime check knows a line, and how well it tells good lines from bad ones, over the patients of a cohort.

What a line truly resists and stores is measured of a twin of the plant, as on a bench: with a steady flow into air, and with the
tip capped and a little pressed in. So it can be told of any plant. The procedures run at core fidelity and end with the check.

Good lines and those with air are checked once more with the closed-tip step. The twin has no drive; what a drive gives is in what
the check measures, and has to be: so compliance is also held against the twin's and the drive's together.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from controller.benchmarks.rows import quantile, row
from controller.settings import build_profile
from controller.virtual.case import Case, direct_bench, set_up
from controller.virtual.direct import run_direct
from controller.virtual.recorder import VirtualRecorder
from simulators.acts import Operator

STEP_S = 0.005
STEADY_UL_S, STEADY_S = 5.0, 30.0
PRESSED_UL, PRESSED_S = 0.5, 0.5
AIR_UL = 10.0
OFF_BY = 1.3
STIFFNESS = "plunger.drive_stiffness_kpa_ul"
GOOD, WITH_AIR, WRONG = "intact", "air", "wrong_contrast"


@dataclass(frozen=True, slots=True)
class Checked:
    """One line. measured: what the check found of it, None if it did not come so far. off: true over expected resistance.

    drive_ul_kpa: what the drive gives. closed: what the closed-tip step found, None if there was none.
    """

    resistance_kpa_s_ul: float
    compliance_ul_kpa: float
    drive_ul_kpa: float
    bubble_ul: float | None
    off: float
    refused: str | None
    measured: Mapping[str, Any] | None
    closed: Mapping[str, Any] | None


class _Ear:
    """Hears what the check says, and has the operator stop a procedure that was primed."""

    def __init__(self, bench: Any) -> None:
        self._bench = bench
        self.measured: Mapping[str, Any] | None = None
        self.closed: Mapping[str, Any] | None = None
        self.primed = False

    def recorded(self, kind: str, _t_s: float, body: Mapping[str, Any]) -> None:
        if kind == "event" and body["name"] == "line_measured":
            self.measured = dict(body)
        elif kind == "event" and body["name"] == "closed_tip_measured":
            self.closed = dict(body)
        elif kind == "event" and body["name"] == "primed":
            self.primed = True
            self._bench.act(Operator(say="stop"), by="benchmark")


def check_line(case: Case, *, closed_tip: bool = False) -> Checked:
    """Primes the line of one case. Raises CaseError, OptionsError, PlantError."""
    loaded, patient = set_up(case)
    if closed_tip:
        loaded = build_profile(loaded.raw, loaded.source, {"prime.closed_tip": (True, "bench prime")})
    stiffness_kpa_ul = float(patient.settings.get(STIFFNESS, 0.0))
    bench = direct_bench(case, loaded, patient)
    recorder = VirtualRecorder()
    ear = _Ear(bench)
    recorder.listeners.append(ear.recorded)
    outcome = run_direct(loaded, bench, recorder)
    resistance = _steady_kpa(direct_bench(case, loaded, patient).plant) / STEADY_UL_S
    return Checked(
        resistance,
        PRESSED_UL / _pressed_kpa(direct_bench(case, loaded, patient).plant),
        1.0 / stiffness_kpa_ul if stiffness_kpa_ul else 0.0,
        float(patient.drawn["line.bubble_ul"]) if case.plant is None and "line.bubble_ul" in patient.drawn else None,
        resistance / loaded.expected_resistance_kpa_s_ul,
        None if ear.primed else f"{outcome['reason']}: {outcome['text']}",
        ear.measured,
        ear.closed,
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
        lines = _checked([replace(case, index=index) for index in range(patients)], progress, patients)
        return [*_errors(lines), row("refused", _share(lines))]
    groups = (GOOD, WITH_AIR, WRONG)
    cases = [replace(case, index=index, subgroup=group) for group in groups for index in range(patients)]
    again = [one for one in cases if one.subgroup != WRONG]
    lines = _checked(cases, progress, len(cases) + len(again))
    closed = _checked(again, progress, len(cases) + len(again), closed_tip=True)
    good, air, wrong = (lines[number * patients : (number + 1) * patients] for number in range(len(groups)))
    with_air = _with_air(air)
    off = [line for line in wrong if not 1.0 / OFF_BY < line.off < OFF_BY]
    return [
        *_errors(good),
        row("good_lines_refused", _share(good), 0.02),
        row("air_refused", _share(with_air), 0.95, at_least=True),
        row("air_lines", float(len(with_air))),
        row("resistance_off_refused", _share(off), 0.98, at_least=True),
        row("resistance_off_lines", float(len(off))),
        *_errors_with_the_drive("", good, [*good, *air], [line.measured for line in [*good, *air]]),
        *_errors_with_the_drive("closed_tip_", closed[:patients], closed, [line.closed for line in closed]),
        row("closed_tip_good_lines_refused", _share(closed[:patients])),
        row("closed_tip_air_refused", _share(_with_air(closed))),
    ]


def _with_air(lines: Sequence[Checked]) -> list[Checked]:
    return [line for line in lines if line.bubble_ul is not None and line.bubble_ul >= AIR_UL]


def _checked(cases: Sequence[Case], progress: Callable[[int, int], None], of: int, *, closed_tip: bool = False) -> list[Checked]:
    """of: how many there are in all; those with the closed tip come last."""
    lines = []
    for number, case in enumerate(cases, start=1 + (of - len(cases) if closed_tip else 0)):
        lines.append(check_line(case, closed_tip=closed_tip))
        progress(number, of)
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


def _errors_with_the_drive(
    name: str, good: Sequence[Checked], lines: Sequence[Checked], found: Sequence[Mapping[str, Any] | None]
) -> list[dict[str, Any]]:
    """Errors of the compliance of the good lines, which come first, and of the air in all. found: what was measured of them."""
    known = [(line, body) for line, body in zip(lines, found, strict=True) if body is not None and "bubble_ul" in body]
    among = len([body for body in found[: len(good)] if body is not None and "bubble_ul" in body])
    compliance = [
        abs(body["compliance_at_rest_ul_kpa"] / (line.compliance_ul_kpa + line.drive_ul_kpa) - 1.0)
        for line, body in known[:among]
    ]
    air_ul = [abs(body["bubble_ul"] - line.bubble_ul) for line, body in known if line.bubble_ul is not None]
    return [
        row(f"{name}storage_error_p95", quantile(compliance, 95)),
        row(f"{name}air_error_p95_ul", quantile(air_ul, 95)),
    ]


def _share(lines: Sequence[Checked]) -> float | None:
    return sum(line.refused is not None for line in lines) / len(lines) if lines else None
