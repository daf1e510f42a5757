"""The measurements of the prime check and of the hold test: on lines whose truth is known, and of a plant that is not ours."""

import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.benchmarks.decide import measure_decide
from controller.benchmarks.hold import measure_hold
from controller.benchmarks.occlusion import measure_occlusion
from controller.benchmarks.prime import check_line, measure_prime
from controller.benchmarks.relief import measure_relief, stop_one, with_syringe
from controller.benchmarks.rows import quantile, row
from controller.cli import app
from controller.settings import build_profile
from controller.virtual.case import Case, set_up

CASE = Case(7, 0, "mixed", "core")
PHANTOM = """
class Phantom:
    def __init__(self):
        self.line_ul, self.open = 0.0, True
    def step(self, dt_s, plunger_flow_ul_s):
        out_ul_s = self.line_ul / 0.2 / 6.0 if self.open else 0.0
        self.line_ul += dt_s * (plunger_flow_ul_s - out_ul_s)
        return self.line_ul / 0.2
    def set_tip(self, tip):
        self.open = tip != "capped"
def make(seed, index):
    return Phantom()
"""


def by_name(rows: list[dict[str, object]]) -> dict[str, dict[str, object]]:
    return {str(each["name"]): each for each in rows}


def test_a_row_says_whether_its_limit_is_kept() -> None:
    assert row("a", 0.02, 0.03)["ok"] is True
    assert row("a", 0.04, 0.03)["ok"] is False
    assert row("a", 0.97, 0.95, at_least=True)["ok"] is True
    assert row("a", 0.94, 0.95, at_least=True)["ok"] is False
    assert row("a", None, 0.03)["ok"] is row("a", 1.0)["ok"] is None
    assert quantile([1.0, 2.0, 3.0], 50) == 2.0
    assert quantile([], 50) is None


def test_the_twin_tells_what_the_line_truly_is() -> None:
    line = check_line(Case(7, 2, "mixed", "core", subgroup="intact"))
    assert line.refused is None
    assert line.measured is not None
    assert line.measured["resistance_kpa_s_ul"] == pytest.approx(line.resistance_kpa_s_ul, rel=0.03)
    assert line.off == pytest.approx(1.0, abs=0.15)


def test_air_and_another_agent_are_refused() -> None:
    lines = [
        check_line(Case(7, index, "mixed", "core", subgroup=kind)) for kind in ("air", "wrong_contrast") for index in range(4)
    ]
    for line in lines:
        if line.bubble_ul is not None and line.bubble_ul >= 10.0:
            assert line.refused is not None
            assert "air in the line" in line.refused
        if not 1 / 1.3 < line.off < 1.3:
            assert line.refused is not None


def test_the_prime_check_keeps_its_limits_over_a_few_lines() -> None:
    rows = by_name(measure_prime(CASE, 12))
    assert rows["lines_measured"]["value"] == 12
    assert rows["resistance_error_p95"]["ok"] is True
    assert rows["resistance_off_refused"]["ok"] is True
    assert rows["good_lines_refused"]["ok"] is True


def test_the_hold_test_keeps_its_limit_over_a_few_patients() -> None:
    rows = by_name(measure_hold(CASE, 8))
    assert rows["duct_pressure_error_p95_kpa"]["ok"] is True
    assert float(str(rows["holds"]["value"])) >= 8
    assert 1.0 < float(str(rows["hold_p50_s"]["value"])) < 12.0
    assert rows["delivered_error_p95_ul"]["ok"] is True
    assert float(str(rows["delivered_error_p95_ul"]["value"])) > 0.0


def test_every_cycle_of_a_procedure_is_timed() -> None:
    """How long they take is not for a test to say."""
    rows = by_name(measure_decide(CASE, 1))
    assert float(str(rows["cycles"]["value"])) > 5000
    times_us = [float(str(rows[f"decide_{name}_us"]["value"])) for name in ("p50", "p99", "p999", "max")]
    assert times_us == sorted(times_us)
    assert rows["decide_mean_us"]["limit"] == 25.0


def test_relief_keeps_its_limit_over_a_few_patients_and_no_host_does_better_than_the_ideal_one() -> None:
    rows = by_name(measure_relief(CASE, 6, (5.0,)))
    assert rows["5_ul_s_stops"]["value"] == 6
    assert rows["5_ul_s_relief_p95_ul"]["ok"] is rows["5_ul_s_lowest_duct_kpa"]["ok"] is True
    for percent in ("p50", "max"):
        flowed = [
            float(str(rows[f"5_ul_s_{name}_{percent}_ul"]["value"])) for name in ("ideal", "behind_pump", "relief", "alone")
        ]
        assert flowed == sorted(flowed)


def test_a_stop_by_wire_is_relieved_as_soon_as_the_exchanges_allow() -> None:
    stopped = stop_one(Case(7, 0, "mixed", "wire", subgroup="intact"), 10.0)
    assert stopped is not None
    assert stopped.began_s is not None
    assert 0.24 < stopped.began_s < 0.29
    assert stopped.withdrawn_ul > 0.0


def test_a_tip_that_is_blocked_is_noticed_in_time_as_resistance() -> None:
    rows = by_name(measure_occlusion(CASE, 6))
    assert rows["blocked"]["value"] == 6
    assert rows["noticed_max_s"]["ok"] is True
    assert 0.05 < float(str(rows["noticed_p50_s"]["value"])) <= float(str(rows["noticed_max_s"]["value"]))
    assert float(str(rows["risen_p50_kpa"]["value"])) > 1.0
    assert rows["as_resistance_part"]["value"] == 1.0
    assert by_name(measure_occlusion(CASE, 1, "bd-3ml"))["noticed_max_s"]["limit"] is None, "asked of the small syringe"


def test_a_larger_syringe_is_softer_and_its_drive_as_stiff_as_before() -> None:
    loaded, patient = set_up(CASE)
    large = with_syringe(patient, build_profile(loaded.raw, loaded.source, {"line.syringe": "bd-3ml"})).settings
    small = patient.settings
    area = (8.585 / 4.699) ** 2
    for name, factor in (
        ("line.syringe_compliance_ul_kpa", 0.5 / 0.15),
        ("plunger.backlash_ul", area),
        ("plunger.drive_stiffness_kpa_ul", area**-2),
        ("plunger.static_friction_kpa", 1 / area),
    ):
        assert float(large[name]) == pytest.approx(float(small[name]) * factor)
    assert large["line.bore_mm"] == small["line.bore_mm"]


def test_a_plant_that_is_not_ours_is_measured_and_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "phantom_line.py").write_text(PHANTOM)
    monkeypatch.chdir(tmp_path)
    case = Case(7, 0, "mixed", "core", plant="phantom_line:make")
    primed = by_name(measure_prime(case, 3))
    assert primed["resistance_error_p95"]["ok"] is primed["compliance_error_p95"]["ok"] is True
    assert primed["refused"]["ok"] is None
    held = by_name(measure_hold(case, 1))
    assert held["duct_pressure_error_p95_kpa"]["value"] is None, "it does not tell the pressure in its duct"
    assert math.isfinite(float(str(held["hold_p50_s"]["value"])))
    relieved = by_name(measure_relief(case, 1, (5.0,)))
    assert relieved["5_ul_s_stops"]["value"] == 1
    assert relieved["5_ul_s_relief_p95_ul"]["value"] is relieved["5_ul_s_ideal_p95_ul"]["value"] is None


def test_the_commands_print_rows_and_say_whats_wrong() -> None:
    runner = CliRunner()
    said = runner.invoke(app, ["bench", "hold", "--patients", "2", "--json"])
    assert said.exit_code in (0, 1)
    assert {"name", "value", "limit", "ok"} == json.loads(said.stdout)["rows"][0].keys()
    assert runner.invoke(app, ["bench", "decide", "--patients", "1"]).exit_code in (0, 1)
    said = runner.invoke(app, ["bench", "relief", "--patients", "1", "--rate", "2", "--fidelity", "core", "--json"])
    assert json.loads(said.stdout)["fidelity"] == "core"
    for wrong in (["--fidelity", "none"], ["--syringe", "huge"], ["--rate", "99"]):
        assert runner.invoke(app, ["bench", "relief", "--patients", "1", *wrong]).exit_code == 2
    refused = runner.invoke(app, ["bench", "prime", "--cohort", "nobody", "--json"])
    assert refused.exit_code == 2
    assert "nobody" in json.loads(refused.stdout)["error"]
