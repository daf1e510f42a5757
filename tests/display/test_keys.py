"""Bytes of a keyboard to keys, and keys to statements."""

import pytest

from controller.display.keys import BACKSPACE, CLEAR, ENTER, KeyDecoder
from controller.display.messages import Question
from controller.display.operator_keys import MAX_TYPED, Operator

YES = Question("cannula_in", "Cannula in and taped?", None)
ARM = Question("arm", "Arm?", "ARM")


def press(operator: Operator, keys: str, now_s: float, fresh: bool = True) -> list[dict[str, str]]:
    decoded = KeyDecoder().feed(keys.encode(), now_s)
    return [said for key in decoded if (said := operator.press(key, fresh, now_s)) is not None]


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"sS pr", ["s", "S", " ", "p", "r"]),
        (b"\r\n\x7f\x08\x15", [ENTER, ENTER, BACKSPACE, BACKSPACE, CLEAR]),
        (b"\x13", ["s"]),
        (b"\x04\x00\x01\xc3\xa9", []),
        (b"\x1b[A\x1b[1;5P\x1bOP\x1bOR\x1bOSp", ["p"]),
        (b"\x1bs", ["s"]),
        (b"\x1b[1\x13", ["s"]),
        (b"\x1b[ ", [" "]),
        (b"\x1b\x1b[As", ["s"]),
    ],
)
def test_bytes_become_keys(data: bytes, keys: list[str]) -> None:
    assert KeyDecoder().feed(data, 0.0) == keys


def test_an_escape_sequence_may_come_in_pieces() -> None:
    decoder = KeyDecoder()
    assert [decoder.feed(data, 0.0) for data in (b"\x1b", b"O", b"P", b"p")] == [[], [], [], ["p"]]


def test_escape_pressed_by_hand_swallows_no_later_key() -> None:
    decoder = KeyDecoder()
    assert decoder.feed(b"\x1bO", 0.0) == []
    assert decoder.feed(b"s", 0.2) == ["s"]


@pytest.mark.parametrize(
    ("key", "statement"),
    [("s", "stop"), ("S", "stop"), (" ", "stop"), ("p", "pain"), ("P", "pain"), ("r", "reflux"), ("R", "reflux")],
)
@pytest.mark.parametrize("fresh", [True, False])
def test_command_keys_always_work(key: str, statement: str, fresh: bool) -> None:
    operator = Operator()
    assert press(operator, key, 0.0, fresh) == [{"operator": statement}]
    operator.show(YES, 0.0)
    assert press(operator, key, 0.0, fresh) == [{"operator": statement}]


def test_enter_answers_the_question_that_stands_on_the_screen() -> None:
    operator = Operator()
    assert press(operator, "\r", 0.0) == []
    operator.show(YES, 1.0)
    assert press(operator, "\r", 1.5) == [{"operator": "confirm", "question": "cannula_in", "typed": ""}]
    operator.withdraw()
    assert press(operator, "\r", 9.0) == []
    assert operator.news() == "Enter: there is no open question"
    assert operator.news() == ""


@pytest.mark.parametrize("name", ["go", "go-3"])
def test_a_question_named_go_is_answered_by_go(name: str) -> None:
    operator = Operator()
    operator.show(Question(name, "Go on with increment 3?", None), 0.0)
    assert press(operator, "\r", 1.0) == [{"operator": "go"}]


def test_a_key_pressed_as_the_question_appears_does_not_answer_it() -> None:
    operator = Operator()
    operator.show(YES, 1.0)
    assert press(operator, "\r", 1.2) == []
    operator.show(ARM, 2.0)
    assert press(operator, "ARM", 2.2) == []
    assert operator.typed == ""


def test_an_answer_is_given_once_and_again_only_if_the_question_stays() -> None:
    operator = Operator()
    operator.show(YES, 0.0)
    assert len(press(operator, "\r\r\r", 1.0)) == 1
    assert press(operator, "\r", 1.9) == []
    assert len(press(operator, "\r", 2.1)) == 1


def test_an_answer_that_was_not_taken_may_be_given_again_at_once() -> None:
    operator = Operator()
    operator.show(YES, 0.0)
    assert len(press(operator, "\r", 1.0)) == 1
    operator.not_sent(1.0)
    assert operator.feedback == "NOT SENT: press Ctrl-C or the stop button"
    assert len(press(operator, "\r", 1.1)) == 1


def test_an_old_question_is_not_answered() -> None:
    operator = Operator()
    operator.show(YES, 0.0)
    assert press(operator, "\r", 5.0, fresh=False) == []
    assert "silent" in operator.feedback


def test_the_word_has_to_be_typed_exactly() -> None:
    operator = Operator()
    operator.show(ARM, 0.0)
    assert press(operator, "arm\r", 1.0) == []
    assert operator.feedback == '"arm" is not it: type ARM exactly so, then Enter'
    assert press(operator, "\r", 1.0) == []
    assert press(operator, "ARX\x7fM", 1.0) == []
    assert operator.typed == "ARM"
    assert press(operator, "\r", 1.0) == [{"operator": "confirm", "question": "arm", "typed": "ARM"}]


def test_what_was_typed_is_forgotten_with_the_question_and_can_be_cleared() -> None:
    operator = Operator()
    operator.show(ARM, 0.0)
    press(operator, "AR", 1.0)
    operator.show(Question("arm2", "Arm again?", "ARM"), 2.0)
    assert press(operator, "M\r", 3.0) == []
    press(operator, "zzz\x15ARM", 3.0)
    assert operator.typed == "ARM"
    press(operator, "x" * 100, 3.0)
    assert len(operator.typed) == MAX_TYPED


def test_letters_of_the_word_are_letters_and_the_other_command_keys_stay_commands() -> None:
    operator = Operator()
    operator.show(ARM, 0.0)
    assert press(operator, "r", 1.0) == []
    assert press(operator, "sp ", 1.0) == [{"operator": "stop"}, {"operator": "pain"}, {"operator": "stop"}]
    assert operator.keys_line() == "Ctrl-C/s/space STOP | p pain reported | f fullness | type ARM + Enter"
    operator.show(Question("x", "?", "PASS"), 2.0)
    assert press(operator, "PASS", 3.0) == []
    assert press(operator, " ", 3.0) == [{"operator": "stop"}]
    assert operator.keys_line() == "Ctrl-C/space STOP | r reflux seen | f fullness | type PASS + Enter"


def test_q_does_nothing_and_says_so() -> None:
    operator = Operator()
    assert press(operator, "q", 0.0) == []
    assert operator.feedback == "q does nothing here: s, space or Ctrl-C stops"
