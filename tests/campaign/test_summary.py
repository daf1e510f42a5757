"""The numbers of a campaign, against numbers that were worked out by hand."""

import io
import json

import pytest
from rich.console import Console

from controller.campaign.plan import Plan
from controller.campaign.summary import quantile, summarise
from controller.campaign.tables import print_tables
from controller.campaign.work import Done
from controller.virtual.case import COLUMNS


def done(index: int, subgroup: str | None, reason: str, faults: str = "", violations: int = 0, **more: float | None) -> Done:
    row = dict.fromkeys(COLUMNS) | {"index": index, "subgroup": subgroup, "reason": reason, "faults": faults}
    row |= {"violations": violations} | more
    each = {"invariant": 1, "t_s": 3.0, "text": "too much went forward"}
    return Done(index, tuple(row[column] for column in COLUMNS), (each,) * violations)


FINISHED = [
    done(0, "intact", "VOLUME_REACHED", extravasated_ul=0.0, post_stop_ul=1.0, delivered_ul=200.0),
    done(1, "intact", "PAIN_STOP", extravasated_ul=0.0, post_stop_ul=3.0, delivered_ul=100.0),
    done(2, "motion", "RESISTANCE"),
    done(3, "intact", "PUMP_FAULT", faults="pump.stall"),
    done(4, "reflux", "REFLUX", faults="pump.stall+line.block", violations=2, extravasated_ul=4.0),
    done(5, "reflux", "DUCT_FULL", extravasated_ul=8.0),
    done(6, None, "NO_HOST"),
]


@pytest.fixture(scope="module")
def summary() -> dict:
    return summarise(Plan(patients=10, seed=2, faults="pairs"), FINISHED)


def test_the_whole(summary: dict) -> None:
    assert summary["patients"] == 10
    assert summary["finished"] == 7
    assert (summary["seed"], summary["cohort"], summary["fidelity"], summary["faults"]) == (2, "mixed", "wire", "pairs")
    assert summary["violations"] == 2
    assert summary["patients_with_violations"] == 1
    reasons = {"DUCT_FULL": 1, "NO_HOST": 1, "PAIN_STOP": 1, "PUMP_FAULT": 1, "REFLUX": 1, "RESISTANCE": 1, "VOLUME_REACHED": 1}
    assert summary["reasons"] == reasons
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_a_false_stop_is_of_a_sound_patient_without_a_fault(summary: dict) -> None:
    assert summary["false_stops"] == 2
    assert summary["false_stop_reasons"] == {"PAIN_STOP": 1, "RESISTANCE": 1}
    assert summary["by_subgroup"]["intact"]["false_stops"] == 1
    assert summary["by_subgroup"]["reflux"]["false_stops"] == 0


def test_by_subgroup(summary: dict) -> None:
    assert list(summary["by_subgroup"]) == ["intact", "motion", "reflux", "unknown"]
    intact, reflux = summary["by_subgroup"]["intact"], summary["by_subgroup"]["reflux"]
    assert intact["patients"] == 3
    assert intact["post_stop_ul"] == {"known": 2, "mean": 2.0, "p95": 2.9, "max": 3.0}
    assert intact["delivered_ul"]["mean"] == 150.0
    assert reflux["extravasated_ul"] == {"known": 2, "mean": 6.0, "p95": 7.8, "max": 8.0}
    assert reflux["violations"] == 2
    unknown = {"known": 0, "mean": None, "p95": None, "max": None}
    assert summary["by_subgroup"]["unknown"]["extravasated_ul"] == unknown, "what no plant told is not 0"


def test_by_fault_counts_each_of_a_pair(summary: dict) -> None:
    patients = {name: group["patients"] for name, group in summary["by_fault"].items()}
    assert patients == {"line.block": 1, "none": 5, "pump.stall": 2}
    assert summary["by_fault"]["line.block"]["violations"] == 2


@pytest.mark.parametrize(("share", "value"), [(0.0, 1.0), (0.5, 2.5), (0.95, 3.85), (1.0, 4.0)])
def test_quantiles(share: float, value: float) -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], share) == pytest.approx(value)
    assert quantile([7.0], share) == 7.0


def test_people_read_all_of_it(summary: dict) -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    print_tables(summary, console)

    text = console.export_text()
    assert "6.0 / 7.8 / 8.0" in text
    assert "7 of 10 procedures are finished" in text
    assert "VIOLATION in procedure 4 at 3.0 s, invariant 1: too much went forward" in text
    assert "ductoject campaign --cohort mixed --seed 2 --faults pairs --fidelity wire --index 4" in text
    assert "..." not in text
    assert "\u2026" not in text, "nothing is cut off"
