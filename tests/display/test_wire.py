"""Packets: only what is exactly a statement of the operator is one."""

import subprocess
import sys

import pytest

from controller.display import wire


@pytest.mark.parametrize(
    "statement",
    [
        {"operator": "stop"},
        {"operator": "pain"},
        {"operator": "reflux"},
        {"operator": "go"},
        {"operator": "confirm", "question": "arm", "typed": "ARM"},
    ],
)
def test_statements_go_through_unchanged(statement: dict[str, str]) -> None:
    data = wire.encode(statement)
    assert data is not None
    assert wire.operator_statement(data) == statement


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[" * 60_000,
        b'"stop"',
        b"[]",
        b"{}",
        b'{"operator":"restart"}',
        b'{"operator":["stop"]}',
        b'{"operator":"stop","more":1}',
        b'{"operator":"confirm"}',
        b'{"operator":"confirm","question":"arm"}',
        b'{"operator":"confirm","question":"arm","typed":null}',
        b'{"operator":"go","question":"arm","typed":""}',
    ],
)
def test_anything_else_is_nothing(data: bytes) -> None:
    assert wire.operator_statement(data) is None


def test_the_control_side_loads_no_drawing_library() -> None:
    code = "import controller.display.client, sys; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=40, check=False).returncode == 0


def test_what_can_not_be_a_packet_is_refused() -> None:
    loop: dict[str, object] = {}
    loop["self"] = loop
    assert wire.encode(loop) is None
    assert wire.encode({"x": object()}) is None
    assert wire.encode({"x": "y" * wire.MAX_MESSAGE_BYTES}) is None
