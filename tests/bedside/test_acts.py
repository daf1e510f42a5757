"""What a page says is read strictly, and so much of it as is allowed."""

import json

import pytest

from controller.bedside.acts import AlarmAct, Pong, Say, TakeDesk, act_of
from controller.bedside.bounds import Allowance
from controller.display import wire


@pytest.mark.parametrize(
    ("message", "act"),
    [
        ({"type": "say", "operator": "stop"}, Say({"operator": "stop"})),
        ({"type": "say", "operator": "full"}, Say({"operator": "full"})),
        ({"type": "say", "operator": "go"}, Say({"operator": "go"})),
        (
            {"type": "say", "operator": "confirm", "question": "arm", "typed": "ARM"},
            Say({"operator": "confirm", "question": "arm", "typed": "ARM"}),
        ),
        ({"type": "alarm", "do": "reset"}, AlarmAct("reset")),
        ({"type": "take_desk"}, TakeDesk()),
        ({"type": "pong", "n": 7}, Pong(7)),
    ],
)
def test_every_act_of_the_page_is_known(message: dict[str, object], act: object) -> None:
    assert act_of(json.dumps(message)) == act


@pytest.mark.parametrize("word", wire.OPERATOR_STATEMENTS)
def test_what_is_handed_on_is_a_statement_that_the_control_process_reads(word: str) -> None:
    said = {"type": "say", "operator": word} | ({"question": "arm", "typed": ""} if word == "confirm" else {})
    act = act_of(json.dumps(said))
    if word == "acknowledge":
        assert act is None, "that is said by the server, when the alarm is acknowledged"
    else:
        assert isinstance(act, Say)
        assert wire.operator_statement(json.dumps(act.statement).encode()) == act.statement


@pytest.mark.parametrize(
    "data",
    [
        "", "null", "[]", "7", '"stop"', "{", "{}", "[" * 5000, '{"type":"say"}', '{"type":"say","operator":"arm"}',
        '{"type":"say","operator":"stop","more":1}', '{"type":"say","operator":["stop"]}', '{"type":"say","operator":"confirm"}',
        '{"type":"say","operator":"confirm","question":"","typed":""}',
        '{"type":"say","operator":"confirm","question":"q","typed":null}',
        '{"type":"say","operator":"confirm","question":"q","typed":"' + "x" * 201 + '"}', '{"type":"alarm","do":"silence"}',
        '{"type":"alarm","do":"reset","id":1}', '{"type":"pong","n":true}', '{"type":"pong","n":-1}', '{"type":"pong","n":1.5}',
        '{"type":"order","profile":"sim"}', '{"operator":"stop"}', '{"type":"say","operator":"go","overrides":{}}',
    ],
    ids=lambda data: data[:40],
)  # fmt: skip
def test_anything_else_is_no_act(data: str) -> None:
    assert act_of(data) is None


def test_an_allowance_is_used_up_and_comes_back() -> None:
    allowance = Allowance(10.0, 3.0)
    assert [allowance.take(100.0) for _ in range(5)] == [True, True, True, False, False]
    assert allowance.take(100.11)
    assert not allowance.take(100.12)
    assert [allowance.take(200.0) for _ in range(4)] == [True, True, True, False], "it does not grow beyond its most"
    assert not allowance.take(150.0), "a clock that goes back gives nothing"
