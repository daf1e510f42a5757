"""An answer is handed on only where it is to the question that is open, on a screen that is not old."""

from typing import Any

import pytest

from controller.bedside.open_question import objection

ARM = {"id": "arm", "text": "cannula in and taped", "typed": "ARM"}
GO = {"id": "go-2", "text": "next increment?", "typed": None}
ZERO = {"id": "zero", "text": "open to air?", "typed": None}


def confirm(question: str, typed: str = "") -> dict[str, str]:
    return {"operator": "confirm", "question": question, "typed": typed}


@pytest.mark.parametrize(
    ("statement", "question", "against"),
    [
        ({"operator": "go"}, GO, None),
        ({"operator": "go"}, {**GO, "id": "next_increment"}, None),
        ({"operator": "go"}, ARM, "not what is asked"),
        ({"operator": "go"}, {**GO, "id": "gone"}, "not what is asked"),
        ({"operator": "go"}, None, "no open question"),
        (confirm("arm", "ARM"), ARM, None),
        (confirm("arm", "arm"), ARM, "type ARM exactly so"),
        (confirm("arm", ""), ARM, "type ARM exactly so"),
        (confirm("zero", "ARM"), ARM, "not the question"),
        (confirm("zero"), ZERO, None),
        (confirm("zero"), "?", "no open question"),
    ],
)
def test_answers(statement: dict[str, str], question: Any, against: str | None) -> None:
    told = objection(statement, {"question": question})
    assert told is None if against is None else told is not None and against in told


def test_nothing_is_answered_on_an_old_screen() -> None:
    assert "may be old" in str(objection(confirm("arm", "ARM"), None))
    assert "may be old" in str(objection({"operator": "go"}, None))
