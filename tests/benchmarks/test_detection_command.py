"""`ductoject bench detection` as people type it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.benchmarks.detection.measure import RATES, SUBGROUPS, WITH_BUTTON, cases, measure_detection
from controller.benchmarks.detection.methods import METHODS, OURS
from controller.cli import app
from controller.virtual.case import Case

pytestmark = pytest.mark.timeout(120)

DETECTION = ("bench", "detection", "--no-compile", "--seed", "201")
COLUMNS = {"subgroup", "n", "method", "false_stop_rate", "sensitivity", "median_ul", "p95_ul", "delay_s"}
GLASS = """
class Glass:
    '''A line, and a duct that is a balloon of 60 uL/kPa; every second one is cracked from 100 uL on.'''
    def __init__(self, index):
        self.line_ul = self.duct_ul = self.out_ul = self.lost_ul = 0.0
        self.tip, self.cracks, self.cracked, self.index = "air", index % 2 == 1, False, index
    def step(self, dt_s, plunger_flow_ul_s):
        ends_kpa = self.duct_ul / 60.0 if self.tip == "patient" else 0.0
        out_ul_s = 0.0 if self.tip == "capped" else (self.line_ul / 0.2 - ends_kpa) / 6.0
        self.line_ul += dt_s * (plunger_flow_ul_s - out_ul_s)
        if self.tip == "patient":
            self.out_ul += dt_s * out_ul_s
            self.cracked = self.cracked or (self.cracks and self.out_ul > 100.0)
            lost_ul = dt_s * ends_kpa / 0.2 if self.cracked else 0.0
            self.duct_ul += dt_s * out_ul_s - lost_ul
            self.lost_ul += lost_ul
        return self.line_ul / 0.2
    def set_tip(self, tip):
        self.tip = tip
"""
TELLING = (
    GLASS
    + """
    def truth(self):
        return {"ruptured": self.cracked, "extravasated_ul": self.lost_ul, "subgroup": NAMES[self.index % 2]}
NAMES = ("motion", "rupture_free_pressure")
def make(seed, index):
    return Glass(index)
"""
)
SILENT = (
    GLASS
    + """
def make(seed, index):
    return Glass(index)
"""
)


def plant(folder: Path, name: str, source: str, monkeypatch: pytest.MonkeyPatch) -> str:
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    monkeypatch.chdir(folder)
    return f"{name}:make"


def test_it_prints_rows_for_every_subgroup_test_and_rate() -> None:
    said = CliRunner().invoke(app, [*DETECTION, "--patients", "8", "--jobs", "1", "--json"])
    assert said.exit_code == 0, said.stderr
    told = json.loads(said.stdout)
    assert (told["patients"], told["seed"], told["plant"]) == (8, 201, None)
    rows = told["rows"]
    assert all(row.keys() >= COLUMNS for row in rows)
    assert {row["subgroup"] for row in rows} == set(SUBGROUPS)
    assert {(row["method"], row["at_rate"]) for row in rows} == {
        *((method, rate) for method in METHODS for rate in RATES),
        *((OURS, None), (WITH_BUTTON, None)),
    }
    for row in rows:
        if row["subgroup"] == "motion" and row["at_rate"] is not None and row["threshold"] is not None:
            assert row["false_stop_rate"] <= row["at_rate"]
    found = [row for row in rows if row["subgroup"] == "tip_in_wall" and row["method"] == OURS]
    assert all(row["sensitivity"] == 1.0 for row in found)
    assert "8 of 8 patients" in said.stderr


def test_it_prints_a_table_and_draws_pictures(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, [*DETECTION, "--patients", "8", "--jobs", "1", "--plots", str(tmp_path / "plots")])
    assert said.exit_code == 0, said.stderr
    for words in ("At most 1.0 % false stops", "At the core's own threshold", "rupture_free_pressure, n = 1", "two_rates"):
        assert words in said.stdout
    drawn = sorted((tmp_path / "plots").iterdir())
    assert [each.name for each in drawn] == ["delay.png", "extravasated.png", "roc.png"]
    assert all(each.read_bytes().startswith(b"\x89PNG") and str(each) in said.stdout for each in drawn)


@pytest.mark.xdist_group("realtime")  # processes of its own (docs/decisions/0006)
def test_what_comes_out_does_not_depend_on_the_number_of_processes() -> None:
    case = Case(203, 0, "mixed", "core")
    one, two = measure_detection(case, 9, 1), measure_detection(case, 9, 2)
    assert one.rows == two.rows
    assert [run.index for run in two.runs] == [run.index for run in one.runs]
    for ours, theirs in zip(one.runs, two.runs, strict=True):
        assert {name: list(steps.score) for name, steps in ours.steps.items()} == {
            name: list(steps.score) for name, steps in theirs.steps.items()
        }


def test_the_subgroups_share_the_patients() -> None:
    wanted = cases(Case(201, 0, "mixed", "core"), 20)
    assert [case.index for case in wanted] == list(range(20))
    assert sum(case.subgroup == "intact" for case in wanted) == sum(case.subgroup == "motion" for case in wanted) == 3
    assert sum(case.subgroup == "tip_in_wall" for case in wanted) == 2


def test_a_plant_that_is_not_ours_has_its_own_patients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = plant(tmp_path, "telling_glass", TELLING, monkeypatch)
    said = CliRunner().invoke(app, [*DETECTION, "--patients", "8", "--jobs", "1", "--plant", name, "--json"])
    assert said.exit_code == 0, said.stderr
    rows = json.loads(said.stdout)["rows"]
    assert {row["subgroup"] for row in rows} == {"motion", "rupture_free_pressure"}
    at_2 = {row["method"]: row for row in rows if row["subgroup"] == "rupture_free_pressure" and row["at_rate"] == 0.02}
    assert at_2["two_rates"]["n"] >= 3, "one may have been called full before"
    assert at_2["two_rates"]["sensitivity"] > 0.5
    assert at_2["two_rates"]["delay_s"] > 0.0


def test_the_plant_of_the_documentation_is_one_of_those(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2] / "docs" / "examples")
    said = CliRunner().invoke(app, [*DETECTION, "--patients", "6", "--jobs", "1", "--plant", "other_duct:make", "--json"])
    assert said.exit_code == 0, said.stderr
    rows = {row["subgroup"]: row for row in json.loads(said.stdout)["rows"] if row["method"] == OURS and row["at_rate"] is None}
    assert set(rows) == {"motion", "intact", "torn, torn"}
    assert rows["torn, torn"]["n"] == 2
    assert rows["torn, torn"]["median_ul"] is None or rows["torn, torn"]["median_ul"] > 1.0


def test_of_a_plant_that_tells_nothing_only_alarms_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = plant(tmp_path, "silent_glass", SILENT, monkeypatch)
    said = CliRunner().invoke(app, [*DETECTION, "--patients", "3", "--jobs", "1", "--plant", name, "--json"])
    assert said.exit_code == 0, said.stderr
    rows = json.loads(said.stdout)["rows"]
    assert [row["method"] for row in rows] == [OURS, WITH_BUTTON], "nobody says what a false stop is"
    assert [(row["subgroup"], row["n"], row["sensitivity"], row["false_stop_rate"]) for row in rows] == [
        ("unknown", 3, None, None)
    ] * 2
    assert all(row["alarmed"] is not None for row in rows)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--cohort", "nobody"], "nobody"),
        (["--plant", "nowhere:make"], "nowhere"),
        (["--jobs", "0"], "--jobs"),
        (["--cohort", "intact"], "motion"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(arguments: list[str], sentence: str) -> None:
    said = CliRunner().invoke(app, [*DETECTION, "--patients", "8", "--json", *arguments])
    assert said.exit_code == 2
    assert sentence in json.loads(said.stdout)["error"]
