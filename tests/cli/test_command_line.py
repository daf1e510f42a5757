"""The command line as people type it: what is wrong is told in a sentence, nothing moves, the exit status is right."""

import json
import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config import shipped
from controller.record.after import append_after
from controller.record.chain import make_entry
from controller.record.files import record_path
from controller.record.store import write_record

DUCTOJECT = str(Path(sys.executable).with_name("ductoject"))


def run(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [DUCTOJECT, *arguments], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False
    )


def a_record(folder: Path, *, volume_ul: float, reason: str, patient: str = "p-1", duct: str = "left-6") -> Path:
    """A record of today that says so much went into this duct."""
    now = datetime.now(UTC)
    path = record_path(folder, now, "0badcafe")
    header = {
        "kind": "simulation",
        "patient": patient,
        "duct": duct,
        "day": datetime.now().astimezone().date().isoformat(),
        "predecessor": None,
        "started_utc": now.isoformat(),
    }
    intent = {"motion": 1, "into": "patient", "direction": "infuse", "volume_ul": volume_ul, "rate_ul_s": 5.0}
    motion_end = {"motion": 1, "infused_min_ul": volume_ul, "infused_max_ul": volume_ul, "withdrawn_ul": 0.0, "certain": True}
    volume_ml = volume_ul / 1000
    end = {"reason": reason, "also": [], "delivered_ml": volume_ml, "delivered_min_ml": volume_ml, "delivered_max_ml": volume_ml}
    bodies: list[tuple[str, dict[str, Any]]] = [("header", header), ("intent", intent), ("motion_end", motion_end), ("end", end)]
    write_record(path, [make_entry(seq, float(seq), kind, body) for seq, (kind, body) in enumerate(bodies, start=1)])
    return path


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--target-ml", "0.35"], "--target-ml = 0.35 is above the limit of 0.30 mL"),
        (["--target-ml", "0.07"], "--target-ml = 0.07 is not a whole number of increments of 0.05 mL"),
        (["--target-ml", "-1"], "--target-ml = -1.0 is not above"),
        (["--target-ml", "much"], "--target-ml"),
        (["--profile", "nowhere"], "there is no profile"),
        (["--profile", "none.toml"], "none.toml"),
        (["--scenario", "nothing"], "no scenario is called 'nothing'"),
        (["--predecessor", "nothing"], "--predecessor nothing: Refused: there is no record"),
        (["--patient", "p-1"], "--patient and --duct"),
        (["--profile", "bench"], "pump.port = /dev/serial/by-id/PLACEHOLDER-pump-adapter"),
        (["--colour", "blue"], "No such option"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_2(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    done = run("run", "--records", "records", *arguments, cwd=tmp_path)
    assert done.returncode == 2, done
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not list(tmp_path.glob("records/*.sqlite")), "nothing was begun, so nothing is recorded"


def test_bad_profile_names_every_mistake_at_once(tmp_path: Path) -> None:
    text = shipped("sim").read_text()
    text = re.sub("increment_ml = 0.05", 'increment_ml = 0.06\ncolour = "blue"', text)
    (tmp_path / "mine.toml").write_text(re.sub("line_kpa = 200.0", "line_kpa = 260.0", text))
    done = run("run", "--profile", "mine.toml", "--json", cwd=tmp_path)
    assert done.returncode == 2
    problems = json.loads(done.stdout)["problems"]
    assert [problem.split(" = ")[0] for problem in problems if " = " in problem] == [
        "mine.toml: injection.increment_ml",
        "mine.toml: limits.line_kpa",
    ]
    assert any("injection.colour is not a known key" in problem for problem in problems)
    assert any("limit of 250" in problem for problem in problems)


def test_real_devices_are_not_armed_without_a_terminal(tmp_path: Path) -> None:
    """/dev/null is no pseudo-terminal: whatever the profile says of itself, it counts as real."""
    text = shipped("sim").read_text()
    for name in ("full", "zero", "null"):
        text = text.replace('port = "simulated"', f'port = "/dev/{name}"', 1)
    (tmp_path / "mine.toml").write_text(text)
    done = run("run", "--profile", "mine.toml", cwd=tmp_path)
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr
    assert "pump.port = /dev/full" in done.stderr


def test_another_transmitter_counts_as_real(tmp_path: Path) -> None:
    text = shipped("sim").read_text().replace("serial_number = 5157001", "serial_number = 5157002")
    (tmp_path / "mine.toml").write_text(text)
    done = run("run", "--profile", "mine.toml", cwd=tmp_path)
    assert done.returncode == 2, done
    assert "pressure.serial_number = 5157002 is not the simulated transmitter's" in done.stderr
    assert "there is no terminal" in done.stderr


@pytest.mark.parametrize(
    ("given_ul", "reason", "arguments", "sentence"),
    [
        (250.0, "OPERATOR_STOP", ["--target-ml", "0.05"], "0badcafe"),  # has to name its predecessor
        (250.0, "OPERATOR_STOP", ["--target-ml", "0.10", "--predecessor", "{record}"], "0.05 mL"),
        (300.0, "VOLUME_REACHED", ["--target-ml", "0.05", "--predecessor", "{record}"], "0.30 mL"),
        (50.0, "EXTRAVASATION_SUSPECTED", ["--target-ml", "0.05", "--predecessor", "{record}"], "xtravasation"),
    ],
)
def test_a_second_procedure_gets_what_is_left(
    given_ul: float, reason: str, arguments: list[str], sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "records").mkdir(mode=0o700)
    record = a_record(tmp_path / "records", volume_ul=given_ul, reason=reason)
    words = [word.format(record=record.name) for word in arguments]
    done = run("run", "--records", "records", "--patient", "p-1", "--duct", "left-6", *words, cwd=tmp_path)
    assert done.returncode == 2, done
    assert sentence in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_records_commands(tmp_path: Path) -> None:
    record = a_record(tmp_path, volume_ul=50.0, reason="PAIN_STOP")
    listed = run("records", "list", "--records", ".", "--json", cwd=tmp_path)
    assert [row["reason"] for row in json.loads(listed.stdout)] == ["PAIN_STOP"]
    assert "PAIN_STOP" in run("records", "list", "--records", ".", cwd=tmp_path).stdout
    append_after(record, {"utc": "2026-11-28T10:00:00+00:00", "name": "after_care", "values": {"bleeding": "slight"}})
    story = run("records", "show", record.name, "--records", ".", cwd=tmp_path).stdout
    assert "delivered: 0.05 to 0.05 mL" in story
    assert 'afterwards, 2026-11-28T10:00:00+00:00: after_care {"bleeding": "slight"}' in story
    assert run("records", "verify", record.stem, "--records", ".", cwd=tmp_path).returncode == 0
    assert run("records", "export", str(record), "out.csv", cwd=tmp_path).returncode == 0
    assert (tmp_path / "out.csv").read_text().count("\n") >= 5
    again = run("records", "export", str(record), "out.csv", cwd=tmp_path)
    assert again.returncode == 2
    assert "exists already" in again.stderr
    assert run("records", "export", str(record), "out.xls", cwd=tmp_path).returncode == 2
    assert run("records", "show", "nothing", "--records", ".", cwd=tmp_path).returncode == 2


def test_a_tampered_record_is_found(tmp_path: Path) -> None:
    record = a_record(tmp_path, volume_ul=50.0, reason="PAIN_STOP")
    with sqlite3.connect(record) as connection:
        connection.execute("UPDATE entries SET body = replace(body, 'PAIN_STOP', 'DUCT_FULL') WHERE kind = 'end'")
    connection.close()
    done = run("records", "verify", str(record), "--json", cwd=tmp_path)
    assert done.returncode == 4
    assert json.loads(done.stdout)["whole"] is False


def test_replay_of_what_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_text("nonsense")
    for name in ("x.sqlite", "missing.sqlite"):
        done = run("replay", name, "--json", cwd=tmp_path)
        assert done.returncode == 2
        assert name in done.stderr
        assert "Traceback" not in done.stderr


def test_scenarios_are_listed(tmp_path: Path) -> None:
    titles = json.loads(run("scenarios", "--json", cwd=tmp_path).stdout)
    assert "pain_button" in titles
    assert "pain_button" in run("scenarios", cwd=tmp_path).stdout


def test_simulate_refuses_nonsense(tmp_path: Path) -> None:
    for arguments in (["--scenario", "nothing"], ["--profile", "bench"], ["--profile", "nowhere"]):
        done = run("simulate", *arguments, cwd=tmp_path)
        assert done.returncode == 2, done
        assert "Traceback" not in done.stderr
        assert done.stderr.strip()
