"""A plant that is not part of the package: the very one that the documentation shows, in every command that simulates."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.cli import app
from controller.procedure import RefusedError, Request, run_procedure
from controller.simulated import BenchProcess, SimulatedBenchError

# Busy processes of its own: they must not run beside the real-time tests (docs/decisions/0006).
pytestmark = pytest.mark.xdist_group("realtime")

DUCTOJECT = str(Path(sys.executable).with_name("ductoject"))
DOCUMENT = Path(__file__).parents[2] / "docs" / "simulation.md"


@pytest.fixture
def phantom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    name = f"phantom_{os.getpid()}"
    (tmp_path / f"{name}.py").write_text(found[1], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / f"{name}.py"


def test_it_runs_in_virtual_time(phantom: Path) -> None:
    result = CliRunner().invoke(
        app, ["run", "--virtual", "--target-ml", "0.05", "--plant", f"{phantom.stem}:make", "--records", "records", "--json"]
    )
    assert result.exit_code == 0, result.output
    outcome = json.loads(result.stdout)
    assert outcome["reason"] == "VOLUME_REACHED"
    assert outcome["hold_kpa"] == pytest.approx([0.0], abs=0.2)


def test_it_runs_in_a_campaign_and_what_it_does_not_tell_is_not_known(phantom: Path) -> None:
    done = subprocess.run(
        [
            *(DUCTOJECT, "campaign", "--patients", "2", "--jobs", "1", "--target-ml", "0.05"),
            *("--plant", f"{phantom.stem}:make", "--cohort", "intact", "--out", "results", "--no-plots", "--json"),
        ],
        cwd=phantom.parent,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["patients"] == 2
    header, *rows = (phantom.parent / "results" / "results.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 2
    for row in rows:
        values = dict(zip(header.split(","), row.split(","), strict=True))
        assert values["extravasated_ul"] == ""


def test_it_serves_a_bench_in_real_time(phantom: Path) -> None:
    process = subprocess.Popen(
        [DUCTOJECT, "simulate", "--plant", f"{phantom.stem}:make"],
        cwd=phantom.parent,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "pump" in json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_one_that_is_not_there_is_told() -> None:
    result = CliRunner().invoke(app, ["run", "--virtual", "--plant", "nowhere:make", "--records", "unused", "--json"])
    assert result.exit_code == 2
    assert "nowhere" in result.output


def test_a_place_that_can_not_take_the_record_is_told_before_anything_is_run(phantom: Path) -> None:
    result = CliRunner().invoke(app, ["run", "--virtual", "--plant", f"{phantom.stem}:make", "--records", "/proc", "--json"])
    assert (result.exit_code, json.loads(result.stdout)["exit"]) == (2, 2)
    assert "the record /proc/" in json.loads(result.stdout)["error"]
    assert "increment" not in result.stderr


BROKEN = [
    ("gives_nan", 4, "the plant gave a line pressure of nan kPa at 1.0"),
    ("raises", 4, "RuntimeError: the phantom leaks"),
    ("ends_the_program", 4, "SystemExit: 3"),
    (
        "gives_nothing",
        2,
        "plant 'tests.virtual.broken_plants:gives_nothing': the factory gave a NoneType without step and set_tip",
    ),
    ("refuses", 2, "plant 'tests.virtual.broken_plants:refuses': no phantom is connected"),
    ("tells_a_list", 4, "the plant's truth is a list, and has to be a dictionary"),
    ("tells_nan", 4, "the plant's truth: extravasated_ul = nan: must be a finite number"),
    ("tells_words", 4, "the plant's truth: extravasated_ul = 'much': must be a finite number"),
    ("tells_a_number_as_subgroup", 4, "the plant's truth: subgroup = 7: must be a text"),
    ("can_not_tell", 4, "the plant's truth failed: RuntimeError: the scale is off"),
]


@pytest.mark.parametrize("fidelity", ["wire", "core"])
@pytest.mark.parametrize(("factory", "status", "sentence"), BROKEN)
def test_one_that_does_not_work_is_told_in_a_sentence(
    factory: str, status: int, sentence: str, fidelity: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plant = ["--plant", f"tests.virtual.broken_plants:{factory}", "--fidelity", fidelity, "--json"]
    for words in (["scenario", "--patient", "intact:1:0"], ["campaign", "--cohort", "intact", "--index", "0"]):
        result = CliRunner().invoke(app, [*words, *plant])
        assert (result.exit_code, json.loads(result.stdout)["exit"]) == (status, status), result.output
        (problem,) = json.loads(result.stdout)["problems"]
        assert sentence in problem
        assert problem.count(f"plant 'tests.virtual.broken_plants:{factory}': ") == 1


def test_one_that_ends_the_program_when_it_is_loaded_is_told_in_a_sentence(phantom: Path) -> None:
    phantom.with_name("ends_at_once.py").write_text("raise SystemExit(5)\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["campaign", "--patients", "1", "--plant", "ends_at_once:make"])
    assert result.exit_code == 2
    assert result.stderr == "--plant: plant 'ends_at_once:make': SystemExit: 5\n"


@pytest.mark.parametrize(("factory", "status", "sentence"), [BROKEN[0], BROKEN[3]])
def test_one_that_does_not_work_in_a_virtual_run(
    factory: str, status: int, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["run", "--virtual", "--plant", f"tests.virtual.broken_plants:{factory}", "--json"])
    assert (result.exit_code, json.loads(result.stdout)["exit"]) == (status, status)
    assert sentence in json.loads(result.stdout)["error"]


def test_a_virtual_run_without_a_result_says_why_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RefusedError, match="No module named 'nowhere'"):
        run_procedure(Request(overrides={"simulation.plant": ("nowhere:make", "--plant")}, virtual=True))
    assert capfd.readouterr() == ("", "")
    outcome = run_procedure(Request(scenario="host_killed", virtual=True))
    *_, last = capfd.readouterr().out.splitlines()
    assert (outcome["reason"], outcome["exit"]) == ("NO_HOST", 4)
    assert last == f"[{outcome['duration_s']:7.1f} s] END NO_HOST: the scenario has killed the host (exit 4)"


def test_one_that_fails_at_the_bench_in_real_time_is_told_at_the_end() -> None:
    bench = BenchProcess.start({}, plant="tests.virtual.broken_plants:gives_nan", seed=0, index=0, scenario=None)
    bench._process.wait(10.0)
    assert bench.end().startswith("the plant gave a line pressure of nan kPa at 1.0")
    unbroken = BenchProcess.start({}, plant="simulators.plant:line_and_duct", seed=0, index=0, scenario=None)
    assert unbroken.end() == ""


def test_one_that_prints_more_than_a_pipe_holds_does_not_hold_up_the_bench_in_real_time() -> None:
    bench = BenchProcess.start({}, plant="tests.virtual.broken_plants:talks", seed=0, index=0, scenario=None)
    try:
        assert set(bench.addresses) == {"pump", "pressure", "button", "control"}
        bench._process.wait(10.0)
    finally:
        said = bench.end()
    assert said.startswith("the plant gave a line pressure of nan kPa at 1.0")


def test_a_bench_that_does_not_start_says_everything_that_is_wrong() -> None:
    with pytest.raises(SimulatedBenchError, match=r"(?s)pump\.colour.*\n.*line\.colour"):
        BenchProcess.start(
            {"pump.colour": 1, "line.colour": 1}, plant="simulators.plant:line_and_duct", seed=0, index=0, scenario=None
        )
