"""Reasons: each has a group, an exit code, a sentence, and a say in relief."""

import re

import pytest

from controller.core.reasons import (
    EXIT_FAULT,
    EXIT_GOOD,
    EXIT_PATIENT,
    FOR_THE_PATIENT,
    GOOD_ENDS,
    WITHOUT_RELIEF,
    Reason,
    alarm_priority,
    exit_code,
)

ANY = pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)


@ANY
def test_a_reason_has_a_sentence_of_its_own(reason: Reason) -> None:
    assert re.fullmatch(r"[a-z][^.]*[a-z]", reason.value)
    assert [other for other in Reason if other.value == reason.value] == [reason]


@ANY
def test_a_reason_has_one_group_and_its_exit_code(reason: Reason) -> None:
    groups = {EXIT_GOOD: reason in GOOD_ENDS, EXIT_PATIENT: reason in FOR_THE_PATIENT}
    assert sum(groups.values()) <= 1
    assert exit_code(reason) == next((code for code, member in groups.items() if member), EXIT_FAULT)


@ANY
def test_every_end_but_a_good_one_is_an_alarm(reason: Reason) -> None:
    assert (alarm_priority(reason) is None) == (reason in GOOD_ENDS)


def test_exit_codes_differ() -> None:
    assert (EXIT_GOOD, EXIT_PATIENT, EXIT_FAULT) == (0, 3, 4)


@pytest.mark.parametrize(
    "name",
    [
        "VOLUME_REACHED", "DUCT_FULL", "LINE_OPEN", "PRESSURE_FAULT", "PRESSURE_SILENT", "PUMP_FAULT", "PUMP_SILENT",
        "UNCOMMANDED_MOTION", "STOP_UNCONFIRMED",
    ],
)  # fmt: skip
def test_no_relief_after(name: str) -> None:
    assert Reason[name] in WITHOUT_RELIEF


@pytest.mark.parametrize("name", ["PAIN_STOP", "OPERATOR_STOP", "RESISTANCE", "REFLUX", "PRESSURE_CEILING"])
def test_relief_after(name: str) -> None:
    assert Reason[name] not in WITHOUT_RELIEF
