"""Faulted procedures at wire fidelity, judged by the oracle. (`ductoject campaign` runs them by the thousand.)"""

import pytest

from controller.virtual.case import Case, run_case

SEED = 20261123
TARGET_ML = 0.05  # every phase is there; more increments would only repeat them
BATCH = 10
SINGLE, PAIRS = 160, 50


@pytest.mark.parametrize("begin", range(0, SINGLE, BATCH))
def test_a_single_fault(begin: int) -> None:
    assert violations("single", begin) == []


@pytest.mark.parametrize("begin", range(0, PAIRS, BATCH))
def test_two_faults(begin: int) -> None:
    assert violations("pairs", begin) == []


def violations(faults: str, begin: int) -> list[str]:
    found = []
    for index in range(begin, begin + BATCH):
        result = run_case(Case(SEED, index, faults=faults, target_ml=TARGET_ML))  # type: ignore[arg-type]
        row = result.row
        told = f"{faults} {index} ({row['faults']} in {row['phases']}, {row['reason']})"
        found += [f"{told}: {each['text']}" for each in result.violations]
    return found


def test_there_are_enough_of_them() -> None:
    assert SINGLE + PAIRS >= 200
