"""Looking for records: by whom, what, when and how it ended; what can not be read is never left out."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.cli import app


@pytest.fixture
def directory(records: Path, procedure: Callable, save: Callable) -> Path:
    save(procedure().increments(3).end("DUCT_FULL"), hour=9)
    save(procedure(patient="P2", kind="bench", started_utc="2026-11-25T23:30:00+00:00").increments(1), hour=10)
    save(procedure(duct="right 1", started_utc="2026-11-26T08:00:00+00:00").increments(1).end("PAIN_STOP"), hour=11)
    (records / "20261122T120000Z-00000000.sqlite").write_text("broken " * 1000)
    return records


@pytest.mark.parametrize(
    ("looked_for", "hours"),
    [
        ([], [9, 10, 11]),
        (["--patient", "P1"], [9, 11]),
        (["--patient", "P1", "--duct", "right 1"], [11]),
        (["--kind", "bench"], [10]),
        (["--reason", "PAIN_STOP"], [11]),
        (["--reason", "NOT_CLOSED"], [10]),
        (["--since", "2026-11-25"], [10, 11]),
        (["--until", "2026-11-25"], [9, 10]),
        (["--since", "2026-11-25", "--until", "2026-11-25"], [10]),
        (["--patient", "nobody"], []),
    ],
)
def test_what_is_found(directory: Path, looked_for: list[str], hours: list[int]) -> None:
    done = CliRunner().invoke(app, ["records", "list", "--records", str(directory), "--json", *looked_for])
    rows = json.loads(done.stdout)
    readable = [int(row["record"][9:11]) for row in rows if row["problem"] is None]
    assert readable == hours
    assert len(rows) == len(hours) + 1, "the one that can not be read is there in any case"


@pytest.mark.parametrize(
    ("looked_for", "sentence"),
    [
        (["--kind", "toy"], "--kind toy: there are simulation, bench, bedside"),
        (["--reason", "BORED"], "--reason BORED: there are VOLUME_REACHED"),
        (["--since", "yesterday"], "--since yesterday: has to be a day"),
        (["--since", "2026-11-26", "--until", "2026-11-25"], "--since 2026-11-26 is after --until 2026-11-25"),
    ],
)
def test_what_no_record_can_be_is_told(directory: Path, looked_for: list[str], sentence: str) -> None:
    done = CliRunner().invoke(app, ["records", "list", "--records", str(directory), *looked_for])
    assert done.exit_code == 2
    assert sentence in done.output
