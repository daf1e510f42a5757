"""What is known of a procedure: numbers grow old and are called old, and a control process that dies is missed."""

from typing import Any

import pytest

from controller.bedside.live import GONE_STANDS_S, LIVE_S, MOST_POINTS, SILENT_ALARM_S, Live
from controller.display.wire import SENT_KEY


def snapshot(sent_s: float, **changes: Any) -> dict[str, Any]:
    shot = {
        "type": "snapshot",
        SENT_KEY: sent_s,
        "t_s": sent_s - 100.0,
        "state": "infusing",
        "line_kpa": 3.0,
        "delivered_ml": 0.05,
    }
    return shot | {"alarm": None, "pump": "infusing", "sensor": "ok", "button": "closed", "recorder": "ok"} | changes


def end(**changes: Any) -> dict[str, Any]:
    return {"type": "end", SENT_KEY: 130.0, "reason": "VOLUME_REACHED", "text": "in", "also": [], "delivered_ml": 0.2} | changes


def test_a_number_is_as_old_as_the_control_process_says() -> None:
    live = Live("r.sqlite", 100.0)
    assert live.age_s(100.5) is None
    assert not live.live(100.5)
    assert live.take(snapshot(110.0), 110.2) is None
    assert live.age_s(110.2) == pytest.approx(0.2)
    assert live.live(110.0 + LIVE_S - 0.01)
    assert not live.live(110.0 + LIVE_S), "one second is old"
    assert live.health(110.3) == {"control": "ok", "pump": "infusing", "sensor": "ok", "button": "closed", "recorder": "ok"}
    assert live.health(115.0) == {
        "control": "silent", "pump": "unknown", "sensor": "unknown", "button": "unknown", "recorder": "unknown"
    }  # fmt: skip


def test_a_stamp_from_the_future_does_not_keep_numbers_young() -> None:
    live = Live("r.sqlite", 100.0)
    live.take(snapshot(500.0), 110.0)
    assert live.age_s(112.0) == pytest.approx(2.0)


def test_notes_do_not_make_old_numbers_young() -> None:
    live = Live("r.sqlite", 100.0)
    live.take(snapshot(110.0), 110.0)
    told = live.take({"type": "note", "t_s": 12.0, "text": "a note", "name": "zero", SENT_KEY: 112.0}, 112.0)
    assert told == {"type": "note", "t_s": 12.0, "text": "a note", "name": "zero"}
    assert not live.live(112.0)
    assert live.control(112.0) == "ok", "but it has been heard"


def test_silence_is_an_alarm_and_ends_with_the_next_word() -> None:
    live = Live("r.sqlite", 100.0)
    live.take(snapshot(110.0), 110.0)
    assert live.condition(110.0 + SILENT_ALARM_S - 0.1) is None
    alarm = live.condition(110.0 + SILENT_ALARM_S)
    assert alarm is not None
    assert (alarm["priority"], alarm["reason"]) == ("high", "CONTROL_SILENT")
    live.take(snapshot(113.0), 113.0)
    assert live.condition(113.0) is None


def test_death_is_an_alarm_a_note_and_the_end() -> None:
    live = Live("r.sqlite", 100.0)
    live.take(snapshot(110.0), 110.0)
    told = live.lose(111.0)
    assert told is not None
    assert "the control process has died" in told["text"]
    assert live.control(111.0) == "gone"
    assert not live.live(110.1), "what it said last is not what is so now"
    assert live.reason is None
    assert live.over
    alarm = live.condition(111.0)
    assert alarm is not None
    assert (alarm["priority"], alarm["reason"]) == ("high", "CONTROL_GONE")
    assert live.condition(111.0 + GONE_STANDS_S) is None
    assert live.lose(112.0) is None, "it dies once"
    assert live.imaging_since_s(121.0) == pytest.approx(10.0), "and what it gave may have gone in"


def test_one_that_gives_up_after_it_had_begun_says_at_what_and_is_missed() -> None:
    live = Live("r.sqlite", 100.0)
    told = live.take({"type": "refused", "problems": ["unexpected ValueError: 7"]}, 101.0)
    assert told is not None
    assert told["text"] == "unexpected ValueError: 7"
    assert live.lose(101.1) is not None
    assert live.notes[0]["text"] == "unexpected ValueError: 7"
    assert live.control(101.2) == "gone"


def test_one_that_goes_after_its_end_is_not_missed() -> None:
    live = Live("r.sqlite", 100.0)
    live.take(snapshot(110.0), 110.0)
    assert live.take(end(), 130.0) == {key: value for key, value in end().items() if key != SENT_KEY}
    assert live.lose(131.0) is None
    assert live.control(131.0) == "none"
    assert live.condition(140.0) is None
    assert live.last_alarm() is None
    assert live.elapsed_s(999.0) == pytest.approx(30.0)


@pytest.mark.parametrize(
    ("message", "alarm"),
    [
        (end(reason="PAIN_STOP", text="pain (page)"), ("high", "PAIN_STOP", "pain (page)")),
        (end(reason="OPERATOR_STOP", text=""), ("medium", "OPERATOR_STOP", "stopped by the operator")),
        (end(also=["UNCOMMANDED_MOTION"]), ("high", "UNCOMMANDED_MOTION", "the pump moved without an order")),
        (end(reason="NEW_REASON", text="?"), ("high", "NEW_REASON", "?")),
        (end(reason=7, text=""), ("high", "UNKNOWN", "UNKNOWN")),
    ],
)
def test_an_end_that_was_never_shown_as_an_alarm_is_one(message: dict[str, Any], alarm: tuple[str, str, str]) -> None:
    live = Live("r.sqlite", 100.0)
    live.take(message, 130.0)
    told = live.last_alarm()
    assert told is not None
    assert (told["priority"], told["reason"], told["text"]) == alarm


@pytest.mark.parametrize(
    ("said", "priority"), [({"priority": "low", "reason": "X", "text": "x"}, "low"), ({"priority": 9}, "high"), ("?", "high")]
)
def test_an_alarm_that_can_not_be_read_counts_as_high(said: object, priority: str) -> None:
    live = Live("r.sqlite", 100.0)
    live.take(snapshot(110.0, alarm=said), 110.0)
    alarm = live.condition(110.0)
    assert alarm is not None
    assert alarm["priority"] == priority


def test_imaging_counts_from_when_nothing_flows_any_more() -> None:
    live = Live("r.sqlite", 100.0)
    live.take(snapshot(110.0, state="stopping", delivered_ml=0.0), 110.0)
    assert live.imaging_since_s(111.0) is None, "nothing has gone in"
    live.take(snapshot(120.0, state="complete"), 120.0)
    live.take(snapshot(125.0, state="complete"), 125.0)
    assert live.imaging_since_s(130.0) == pytest.approx(10.0)


def test_a_long_history_is_kept_whole_and_bounded() -> None:
    live = Live("r.sqlite", 100.0)
    for n in range(3 * MOST_POINTS):
        live.take(snapshot(100.0 + n / 10), 100.0 + n / 10)
    assert MOST_POINTS / 4 <= len(live.points) < MOST_POINTS
    times_s = [point[0] for point in live.points]
    assert times_s == sorted(times_s)
    assert times_s[0] == pytest.approx(0.0)
    assert times_s[-1] > 3 * MOST_POINTS / 10 - 1.0
