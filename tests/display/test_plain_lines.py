"""The plain lines, to the letter."""

from collections.abc import Callable

import pytest

from controller.display import messages, words
from controller.display.plain import PlainLines

Make = Callable[..., dict[str, object]]


def test_the_first_snapshot_says_what_this_is_and_where_it_stands(snapshot: Make) -> None:
    assert PlainLines(keyboard=True).take(snapshot()) == [
        "[   12.3 s] ductoject, SIMULATED devices. Investigational: bench and simulation only",
        "[   12.3 s] increment 1 finished: delivered 0.07 of 0.20 mL, duct 0.41 kPa at zero flow",
        "[   12.3 s] infusing: increment 2 of 4, delivered 0.07 of 0.20 mL",
    ]


def test_real_devices_are_not_called_simulated(snapshot: Make) -> None:
    assert PlainLines(keyboard=True).take(snapshot(simulated=False))[0] == (
        "[   12.3 s] ductoject, real devices. Investigational: bench and simulation only"
    )


def test_a_snapshot_in_which_nothing_happened_is_no_line(snapshot: Make) -> None:
    lines = PlainLines(keyboard=True)
    lines.take(snapshot())
    assert lines.take(snapshot(t_s=12.44, delivered_ml=0.08, line_kpa=40.0)) == []


def test_every_event_is_one_line(snapshot: Make) -> None:
    lines = PlainLines(keyboard=True)
    lines.take(snapshot())
    alarm = {"priority": "high", "reason": "PAIN_STOP", "text": "the button was pressed"}
    stopping = lines.take(snapshot(t_s=13, state="stopping", alarm=alarm, delivered_ml=0.081))
    assert stopping == [
        "[   13.0 s] stopping: increment 2 of 4, delivered 0.08 of 0.20 mL",
        "[   13.0 s] ALARM HIGH PAIN_STOP: the button was pressed",
    ]
    assert lines.take(snapshot(t_s=14, state="stopping")) == ["[   14.0 s] ALARM none any more"]
    assert lines.take({"type": "note", "t_s": 15.0, "text": "relief\nended"}) == ["[   15.0 s] relief ended"]
    assert lines.take({"type": "end", "reason": "PAIN_STOP", "text": "0.08 mL delivered", "exit": 3, "more": {}}) == [
        "[   14.0 s] END PAIN_STOP: 0.08 mL delivered (exit 3)"
    ]


def test_every_finished_increment_is_told_even_where_snapshots_were_lost(snapshot: Make) -> None:
    lines = PlainLines(keyboard=True)
    lines.take(snapshot(hold_kpa=[]))
    assert lines.take(snapshot(increment=3, hold_kpa=[0.4, None], delivered_ml=0.1)) == [
        "[   12.3 s] increment 1 finished: delivered 0.10 of 0.20 mL, duct 0.40 kPa at zero flow",
        "[   12.3 s] increment 2 finished: delivered 0.10 of 0.20 mL, duct -- kPa at zero flow",
        "[   12.3 s] infusing: increment 3 of 4, delivered 0.10 of 0.20 mL",
    ]


@pytest.mark.parametrize(
    ("keyboard", "typed", "how"),
    [
        (True, None, "press Enter"),
        (True, "ARM", "type ARM and press Enter"),
        (False, None, "no keyboard here: it can not be answered in this terminal"),
    ],
)
def test_a_question_says_how_it_is_answered(snapshot: Make, keyboard: bool, typed: str | None, how: str) -> None:
    lines = PlainLines(keyboard)
    lines.take(snapshot())
    asked = snapshot(question={"id": "arm", "text": "Arm?", "typed": typed}, prompt="Look at the patient")
    assert lines.take(asked) == ["[   12.3 s] PLEASE: Look at the patient", f"[   12.3 s] QUESTION: Arm? [{how}]"]
    assert lines.take(asked) == []


def test_silence_and_its_end_are_told_once(snapshot: Make) -> None:
    lines = PlainLines(keyboard=True)
    lines.take(snapshot())
    assert lines.silence(0.4, stale=False) == []
    assert lines.silence(1.1, stale=True) == ["[   12.3 s] NO NEWS from the control process for 1.1 s"]
    assert lines.silence(2.2, stale=True) == []
    assert lines.silence(0.1, stale=False) == ["[   12.3 s] the control process is heard again"]


def test_the_last_words() -> None:
    lines = PlainLines(keyboard=True)
    assert lines.gone() == "[      ? s] control process is gone: the pump's own watchdog stops the pump"
    assert lines.closed() == "[      ? s] the control process has closed its display without giving a result"


@pytest.mark.parametrize("bad", [None, "x", True, [], {}, float("nan"), float("inf"), 10**400, -1, "\x1b[2J"])
def test_no_value_of_any_field_ends_the_display_or_becomes_a_number(snapshot: Make, bad: object) -> None:
    fields = [key for key in snapshot() if key != "type"]
    for field in fields:
        PlainLines(keyboard=True).take(snapshot(**{field: bad}))
    shot = messages.snapshot({"type": "snapshot", **dict.fromkeys(fields, bad)})
    assert shot.line_kpa in (None, -1.0)
    assert shot.increment is None
    assert "\x1b" not in shot.state + shot.banner + shot.prompt
    assert (shot.alarm is None) == (bad is None)


def test_an_alarm_of_unknown_priority_or_shape_is_high(snapshot: Make) -> None:
    strange = messages.snapshot(snapshot(alarm={"priority": "urgent", "reason": "X", "text": "y"})).alarm
    assert strange == messages.Alarm("high", "X", "y")
    assert messages.snapshot(snapshot(alarm="pain")).alarm == messages.Alarm(
        "high", "UNKNOWN", "the control process sent an alarm that can not be read"
    )


@pytest.mark.parametrize(
    ("volume_ml", "shown"), [(None, "-.--"), (0.0, "0.00"), (-0.001, "0.00"), (-0.01, "-0.01"), (0.199, "0.20")]
)
def test_volumes_have_two_decimals(volume_ml: float | None, shown: str) -> None:
    assert words.millilitres(volume_ml) == shown


@pytest.mark.parametrize("state", [*words._NEXT, "armed", "holding"])
def test_what_comes_next_fits_in_80_columns(snapshot: Make, state: str) -> None:
    sentence = words.whats_next(messages.snapshot(snapshot(state=state)))
    assert 0 < len(sentence) <= 77


def test_the_last_hold_leads_to_the_end_and_the_others_to_the_next_increment(snapshot: Make) -> None:
    assert words.whats_next(messages.snapshot(snapshot(state="holding"))).endswith("next: increment 3 of 4")
    assert words.whats_next(messages.snapshot(snapshot(state="holding", increment=4))).endswith("next: complete")
