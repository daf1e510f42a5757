"""`ductoject campaign` and `ductoject scenario` as people type them."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from controller.campaign import single, work
from controller.campaign.plan import Plan
from controller.cli import simulate
from controller.cli_simulations import campaign, scenario
from controller.virtual.case import COLUMNS, CaseError, Result
from controller.virtual.trace import Trace
from tests.campaign import fakes

# Busy processes of its own: they must not run beside the real-time tests (docs/decisions/0006).
pytestmark = pytest.mark.xdist_group("realtime")

app = typer.Typer()
app.command()(campaign)
app.command()(scenario)
app.command()(simulate)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: None) -> Path:
    """Commands run in an empty folder, on procedures that cost nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(work, "run_case", fakes.fair)
    return tmp_path


def run(*words: str) -> Any:
    result = CliRunner().invoke(app, words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--patients", "0"], "--patients = 0 is below the limit of 1"),
        (["--patients", "-5"], "--patients = -5 is below the limit of 1"),
        (["--patients", "1000001"], "--patients = 1000001 is above the limit of 1000000"),
        (["--seed", "-1"], "--seed = -1 is below the limit of 0"),
        (["--jobs", "0"], "--jobs = 0 is below the limit of 1"),
        (["--jobs", "513"], "--jobs = 513 is above the limit of 512"),
        (["--fidelity", "exact"], '--fidelity = "exact" is not known; known: wire, core'),
        (["--faults", "all"], '--faults = "all" is not known; known: none, single, pairs'),
        (["--cohort", "nobody"], "--cohort: no cohort is called 'nobody'"),
        (["--cohort", "no/cohort.toml"], "no/cohort.toml"),
        (["--subgroup", "giants"], "subgroup = 'giants' does not exist"),
        (["--plant", "here"], "--plant: plant 'here': write it as module:factory"),
        (["--plant", "nowhere_at_all:make"], "No module named 'nowhere_at_all'"),
        (["--profile", "nowhere"], "there is no profile"),
        (["--profile", "bench"], "virtual time is for simulations"),
        (["--target-ml", "0.35"], "--target-ml = 0.35 is above the limit of 0.30 mL"),
        (["--index", "-1"], "--index = -1 is below the limit of 0"),
        (["--index", "1000000"], "--index = 1000000 is above the limit of 999999"),
        (["--patients", "5", "--index", "5"], "--index = 5 is above the limit of 4 (--patients 5: 0 to 4)"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_2(words: list[str], sentence: str, here: Path) -> None:
    result = run("campaign", *words)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stdout == ""
    assert list(here.iterdir()) == []


def test_every_mistake_is_told_at_once(here: Path) -> None:
    result = run("campaign", "--patients", "0", "--jobs", "0", "--faults", "all", "--json")
    assert result.exit_code == 2
    assert len(json.loads(result.stdout)["problems"]) == 3


def test_a_campaign(here: Path) -> None:
    words = ("campaign", "--patients", "12", "--seed", "3", "--jobs", "2", "--faults", "single")
    result = run(*words)
    assert result.exit_code == 1
    out = here / "campaigns" / "mixed-wire-single-seed3-n12"
    assert {path.name for path in out.iterdir()} == {
        "campaign.json",
        "journal.jsonl",
        "plots",
        "records",
        "results.csv",
        "summary.json",
    }
    assert len(list((out / "plots").glob("*.png"))) == 4
    assert "VIOLATION in procedure 9" in result.stdout
    assert result.stdout.splitlines()[-1] == "campaigns/mixed-wire-single-seed3-n12"
    again = run(*words, "--json")
    assert json.loads(again.stdout) == json.loads((out / "summary.json").read_text())
    assert "VIOLATION in procedure 9" in again.stderr
    other = run(*words, "--target-ml", "0.05", "--out", str(out))
    assert other.exit_code == 2
    assert "holds another campaign, begun without --target-ml, not with 0.05" in other.stderr


def test_the_command_that_is_printed_repeats_the_procedure(here: Path) -> None:
    run("campaign", "--patients", "12", "--seed", "3", "--jobs", "1", "--out", "out", "--no-plots")
    before = (here / "out" / "results.csv").read_bytes()
    repeat = json.loads((here / "out" / "summary.json").read_text())["violation_list"][0]["repeat"]
    result = run(*repeat.split()[1:], "--json")
    assert result.exit_code == 1
    (told,) = json.loads(result.stdout)["procedures"]
    assert list(told["row"]) == list(COLUMNS)
    assert told["row"]["index"] == 9
    assert told["violations"][0]["invariant"] == 2
    assert told["record"] == "campaigns/mixed-wire-none-seed3-repeated/records/case-000009.sqlite"
    assert Path(told["record"]).read_text() == "record of 3/9"
    assert (here / "out" / "results.csv").read_bytes() == before


def test_several_procedures_again(here: Path) -> None:
    result = run("campaign", "--seed", "3", "--index", "2", "--index", "0", "--index", "2", "--out", "again")
    assert result.exit_code == 0
    assert sorted(path.name for path in (here / "again" / "records").iterdir()) == ["case-000000.sqlite", "case-000002.sqlite"]
    assert result.stdout.count("record: again/records/") == 2
    assert "VIOLATION" not in result.stdout


def test_a_procedure_again_that_can_not_be_run(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    monkeypatch.setattr(work, "run_case", fakes.raising)
    result = run("campaign", "--index", "4")
    assert result.exit_code == 4
    assert "procedure 4 could not be run: ZeroDivisionError: by zero (" in result.stderr
    monkeypatch.setattr(work, "run_case", fakes.refusing)
    result = run("campaign", "--index", "4")
    assert result.exit_code == 2
    assert "the plant demo:make has no option bubble_ul\nand another mistake\n" in result.stderr
    assert list(here.iterdir()) == []


def test_a_place_that_can_not_take_the_records_is_told_before_anything_is_run(
    monkeypatch: pytest.MonkeyPatch, here: Path
) -> None:
    begun = []
    monkeypatch.setattr(work, "run_case", lambda case, record=None: begun.append(case) or fakes.fair(case, record))
    (here / "file").touch()
    result = run("campaign", "--index", "0", "--out", "file/out")
    assert (result.exit_code, begun) == (2, [])
    assert result.stderr == "--out = file/out: file/out/records can not be written: Not a directory\n"

    def full(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr("controller.campaign.repeat.TemporaryFile", full)
        result = run("campaign", "--index", "0", "--out", "deep/out", "--json")
    assert (result.exit_code, begun) == (2, [])
    assert "deep/out/records can not be written: Read-only file system" in json.loads(result.stdout)["error"]
    assert [path.name for path in here.iterdir()] == ["file"]


def test_a_disk_that_is_full_only_then_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("controller.campaign.repeat.write_whole", full)
    result = run("campaign", "--index", "0", "--out", "out", "--json")
    assert (result.exit_code, json.loads(result.stdout)["exit"]) == (4, 4)
    assert "case-000000.sqlite can not be written: No space left on device" in result.stderr


def test_what_a_campaign_can_not_run_is_told(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    monkeypatch.setattr(work, "run_case", fakes.refusing)
    result = run("campaign", "--patients", "3", "--jobs", "1")
    assert result.exit_code == 2
    assert "the plant demo:make has no option bubble_ul\n" in result.stderr
    assert list(here.iterdir()) == []


# -- one of them ---------------------------------------------------------------------------------------------------------------


def traced(case: Any) -> tuple[Result, Trace]:
    return fakes.fair(case), Trace()


def test_a_patient_is_drawn(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    monkeypatch.setattr(single, "trace_case", traced)
    result = run("scenario", "--patient", "mixed:4:9", "--plot", "nine.svg", "--json")
    assert result.exit_code == 1, "it violates an invariant"
    told = json.loads(result.stdout)
    assert (told["seed"], told["index"], told["plot"]) == (4, 9, "nine.svg")
    assert "mixed, seed 4, patient 9 (motion): " in (here / "nine.svg").read_text()
    assert run("scenario", "--patient", "mixed:4:8").exit_code == 0


def test_a_scenario_is_drawn(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    monkeypatch.setattr(single, "trace_scenario", lambda name, plant: ({"reason": "PAIN_STOP", "exit": 3}, Trace()))
    result = run("scenario", "pain_button", "--plot", "pain.png")
    assert (result.exit_code, result.stdout) == (0, "reason: PAIN_STOP\nexit: 3\nplot: pain.png\n")
    assert (here / "pain.png").read_bytes().startswith(b"\x89PNG")
    monkeypatch.setattr(single, "trace_scenario", lambda name, plant: (None, Trace()))
    assert json.loads(run("scenario", "host_killed", "--json").stdout) == {"reason": "NO_HOST"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "name a scenario or a --patient, and not both"),
        (["nominal", "--patient", "mixed:1:0"], "name a scenario or a --patient, and not both"),
        (["nothing"], "no scenario is called 'nothing'"),
        (["nominal", "--plot", "a.jpg"], "--plot = a.jpg: the file's ending says the format"),
        (["nominal", "--plot", "no/a.png"], "--plot = no/a.png: there is no directory no"),
        (["nominal", "--faults", "single"], "--faults: is for a --patient"),
        (["--patient", "mixed"], '--patient = "mixed": write it as cohort:seed:index'),
        (["--patient", "mixed:1:x"], "write it as cohort:seed:index"),
        (["--patient", "nobody:1:0"], "--patient: cohort: no cohort is called 'nobody'"),
        (["--patient", "mixed:-1:0"], "--patient: seed = -1 is below the limit of 0"),
        (["--patient", "mixed:1:-1"], "--patient: index = -1 is below the limit of 0"),
        (["--patient", "mixed:1:0", "--faults", "all"], '--faults = "all" is not known'),
    ],
)
def test_bad_input_of_one_is_a_sentence_and_exit_2(words: list[str], sentence: str, here: Path) -> None:
    result = run("scenario", *words)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert list(here.iterdir()) == []


PHANTOM = """
class Phantom:
    line_ul = 0.0
    def step(self, dt_s, plunger_flow_ul_s):
        self.line_ul += dt_s * (plunger_flow_ul_s - self.line_ul / 0.2 / 6.0)
        return self.line_ul / 0.2
    def set_tip(self, tip):
        pass
def make(seed, index):
    return Phantom()
def broken(seed, index):
    phantom = Phantom()
    phantom.step = lambda dt_s, flow: float("nan")
    return phantom
"""


def test_a_scenario_with_another_plant(here: Path) -> None:
    (here / "scenario_phantom.py").write_text(PHANTOM)
    told = json.loads(run("scenario", "pain_button", "--plant", "scenario_phantom:make", "--json").stdout)
    assert told["reason"] == "PAIN_STOP"
    failed = run("scenario", "pain_button", "--plant", "scenario_phantom:broken", "--json")
    assert failed.exit_code == 4
    assert "line pressure of nan kPa" in json.loads(failed.stdout)["error"]
    assert run("scenario", "pain_button", "--plant", "scenario_phantom:nobody").exit_code == 2


def test_plans_that_differ_go_into_different_folders() -> None:
    plain = Plan()
    others = [
        replace(plain, plant="a:make"),
        replace(plain, plant="b:make"),
        replace(plain, target_ml=0.1),
        replace(plain, target_ml=0.15),
        replace(plain, subgroup="air"),
        replace(plain, subgroup="air", target_ml=0.1),
        replace(plain, profile="mine.toml"),
        replace(plain, cohort="one/mixed.toml"),
        replace(plain, cohort="two/mixed.toml"),
    ]
    assert plain.folder() == Path("campaigns/mixed-wire-none-seed1-n100")
    assert len({plan.folder() for plan in [plain, *others]}) == 1 + len(others)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", plan.folder().name) for plan in others)
    assert replace(plain, subgroup="air").folder().name.startswith("mixed-wire-none-seed1-air-")


@pytest.mark.parametrize("words", [["--scenario", "nothing"], ["--plant", "nothing:make"]])
def test_a_bench_that_is_not_served_is_told_as_an_object(words: list[str]) -> None:
    result = run("simulate", *words, "--json")
    assert result.exit_code == 2
    assert "nothing" in json.loads(result.stdout)["error"]


def test_a_patient_that_can_not_be_run_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(case: Any) -> Any:
        raise CaseError("the plant has no such option")

    monkeypatch.setattr(single, "trace_case", refuse)
    result = run("scenario", "--patient", "mixed:1:0")
    assert (result.exit_code, result.stderr) == (2, "the plant has no such option\n")
