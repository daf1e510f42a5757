"""An answer is to the question that stands on a screen now, and that screen is not old. The core judges it once more."""

from collections.abc import Mapping
from typing import Any


def objection(statement: Mapping[str, str], snapshot: Mapping[str, Any] | None) -> str | None:
    """Why this go, or this answer, is not handed on; None if nothing is against it. snapshot: None where there is no live one."""
    if snapshot is None:
        return "the control process is silent, the question may be old"
    question = snapshot.get("question")
    if not isinstance(question, dict):
        return "there is no open question"
    name, typed = str(question.get("id")), question.get("typed")
    if statement["operator"] == "go":
        return None if is_go(name) else "the next increment is not what is asked now"
    if name != statement["question"]:
        return "this is not the question that is open now"
    if typed and statement["typed"] != typed:
        return f"{statement['typed']!r} is not it, type {typed} exactly so"
    return None


def is_go(question: str) -> bool:
    """Whether the answer to the question of this name is the operator's go."""
    return question in ("go", "next_increment") or question.startswith("go-")
