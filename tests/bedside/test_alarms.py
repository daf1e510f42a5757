"""Alarms that stay: latched, acknowledged apart from reset, silent for a while only, and never hidden by a lesser one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.bedside.alarms import MOST_KEPT, PAUSE_S, SEEN_S, Alarms
from controller.bedside.errors import DeniedError

PAIN = {"priority": "high", "reason": "PAIN_STOP", "text": "pain"}
GONE = {"priority": "high", "reason": "CONTROL_GONE", "text": "the control process has died"}
STOP = {"priority": "medium", "reason": "OPERATOR_STOP", "text": "stop"}
DISK = {"priority": "low", "reason": "DISK_NEARLY_FULL", "text": "the disk is nearly full"}


def shown(alarms: Alarms, now_s: float) -> dict[str, Any]:
    view = alarms.view(now_s)
    assert view is not None
    return view


def raised(*conditions: dict[str, str]) -> Alarms:
    """Each came after the one before, a second apart, and the last one is there."""
    alarms = Alarms()
    for second, condition in enumerate(conditions):
        alarms.take(condition, float(second))
    return alarms


def test_without_a_condition_there_is_no_alarm_and_nothing_to_handle() -> None:
    alarms = Alarms()
    alarms.take(None, 0.0)
    assert alarms.view(0.0) is None
    for act in (alarms.acknowledge, alarms.reset, alarms.pause_audio):
        with pytest.raises(DeniedError, match="there is no alarm"):
            act(1.0)


def test_what_the_page_is_told() -> None:
    assert raised(PAIN).view(0.5) == {
        "id": 1, "priority": "high", "reason": "PAIN_STOP", "text": "pain", "acknowledged": False, "present": True,
        "audio": "on", "paused_left_s": 0.0, "others": 0,
    }  # fmt: skip


def test_it_stays_when_its_cause_is_over() -> None:
    alarms = raised(PAIN)
    alarms.take(None, 10.0)
    assert shown(alarms, 3600.0)["present"] is False
    assert shown(alarms, 3600.0)["acknowledged"] is False


def test_acknowledged_is_not_reset() -> None:
    alarms = raised(PAIN)
    alarms.acknowledge(1.0)
    alarms.take(None, 2.0)
    assert shown(alarms, 3.0)["acknowledged"] is True
    alarms.reset(3.0)
    assert alarms.view(3.0) is None
    alarms.take(None, 4.0)
    assert alarms.view(4.0) is None


def test_it_can_not_be_reset_before_it_was_acknowledged() -> None:
    alarms = raised(PAIN)
    alarms.take(None, 1.0)
    with pytest.raises(DeniedError, match="PAIN_STOP is not acknowledged yet"):
        alarms.reset(2.0)
    assert alarms.view(2.0) is not None


def test_it_can_not_be_reset_while_its_cause_is_there() -> None:
    alarms = raised(PAIN)
    alarms.acknowledge(1.0)
    with pytest.raises(DeniedError, match="while its cause is there"):
        alarms.reset(2.0)
    assert shown(alarms, 2.0)["reason"] == "PAIN_STOP"


def test_it_is_acknowledged_once() -> None:
    alarms = raised(PAIN)
    alarms.acknowledge(1.0)
    with pytest.raises(DeniedError, match="already"):
        alarms.acknowledge(2.0)


def test_a_cause_that_comes_again_is_a_new_alarm() -> None:
    alarms = raised(PAIN)
    alarms.acknowledge(1.0)
    alarms.take(None, 2.0)
    alarms.take(PAIN, 3.0)
    view = shown(alarms, 3.0)
    assert (view["id"], view["acknowledged"], view["present"], view["others"]) == (2, False, True, 0)


def test_a_cause_that_stays_is_one_alarm_whose_words_may_change() -> None:
    alarms = raised(PAIN)
    alarms.acknowledge(1.0)
    alarms.take(PAIN | {"text": "pain, twice"}, 2.0)
    view = shown(alarms, 2.0)
    assert (view["id"], view["text"], view["acknowledged"]) == (1, "pain, twice", True)


def test_a_higher_one_is_shown_in_place_of_a_lower_one_and_has_to_be_acknowledged_by_itself() -> None:
    alarms = raised(STOP)
    alarms.acknowledge(0.5)
    alarms.take(PAIN, 1.0)
    view = shown(alarms, 1.0)
    assert (view["reason"], view["acknowledged"], view["others"]) == ("PAIN_STOP", False, 1)


def test_a_lower_one_does_not_hide_a_higher_one_and_is_not_lost() -> None:
    alarms = raised(PAIN)
    alarms.acknowledge(0.5)
    alarms.take(STOP, 1.0)
    assert shown(alarms, 1.0)["reason"] == "PAIN_STOP"
    alarms.take(None, 2.0)
    alarms.reset(3.0)
    view = shown(alarms, 3.0)
    assert (view["reason"], view["acknowledged"], view["present"]) == ("OPERATOR_STOP", False, False)


def test_of_equals_the_first_cause_is_shown_until_it_was_acknowledged() -> None:
    alarms = raised(PAIN, GONE)
    assert shown(alarms, 1.0)["reason"] == "PAIN_STOP"
    alarms.acknowledge(1.5)
    assert shown(alarms, 1.5)["reason"] == "CONTROL_GONE"


def test_what_was_pressed_before_a_new_alarm_could_be_read_is_not_for_it() -> None:
    alarms = raised(STOP)
    alarms.take(PAIN, 5.0)
    with pytest.raises(DeniedError, match="PAIN_STOP: read it first"):
        alarms.acknowledge(5.0 + SEEN_S - 0.01)
    alarms.acknowledge(5.0 + SEEN_S + 0.01)
    assert shown(alarms, 6.0)["acknowledged"] is True


def test_a_priority_that_is_unknown_counts_as_high() -> None:
    assert shown(raised({"priority": "purple", "reason": "X", "text": "y"}), 0.0)["priority"] == "high"


def test_a_latched_priority_rises_as_a_new_alarm_and_does_not_fall() -> None:
    alarms = raised(STOP)
    alarms.acknowledge(0.5)
    alarms.take(STOP | {"priority": "high"}, 1.0)
    assert (shown(alarms, 1.0)["priority"], shown(alarms, 1.0)["acknowledged"]) == ("high", False)
    alarms.take(STOP, 2.0)
    assert shown(alarms, 2.0)["priority"] == "high"
    alarms.take(None, 3.0)
    alarms.take(STOP, 4.0)
    assert shown(alarms, 4.0)["priority"] == "high"


def test_a_pause_of_the_audio_times_out() -> None:
    alarms = raised(PAIN)
    alarms.pause_audio(1.0)
    assert (shown(alarms, 1.0)["audio"], shown(alarms, 1.0)["paused_left_s"]) == ("paused", PAUSE_S)
    alarms.take(PAIN, PAUSE_S)
    assert (shown(alarms, PAUSE_S)["audio"], shown(alarms, PAUSE_S)["paused_left_s"]) == ("paused", 1.0)
    assert shown(alarms, 1.0 + PAUSE_S)["audio"] == "on", "also when nobody calls take"
    alarms.take(PAIN, 30.0 + PAUSE_S)
    assert (shown(alarms, 30.0 + PAUSE_S)["audio"], shown(alarms, 30.0 + PAUSE_S)["paused_left_s"]) == ("on", 0.0)
    assert (1.0 + PAUSE_S, "the audio pause has timed out") in alarms.log


@pytest.mark.parametrize("another", [PAIN, GONE, DISK], ids=lambda alarm: alarm["reason"])
def test_a_new_alarm_ends_the_pause(another: dict[str, str]) -> None:
    alarms = raised(STOP)
    alarms.pause_audio(1.0)
    alarms.take(STOP, 2.0)
    assert shown(alarms, 2.0)["audio"] == "paused", "the same one does not"
    alarms.take(another, 3.0)
    assert shown(alarms, 3.0)["audio"] == "on"


def test_the_pause_of_one_alarm_is_not_inherited_by_the_next() -> None:
    alarms = raised(STOP)
    alarms.pause_audio(1.0)
    alarms.acknowledge(1.5)
    alarms.take(None, 2.0)
    alarms.reset(3.0)
    alarms.take(STOP, 4.0)
    assert shown(alarms, 4.0)["audio"] == "on"


def test_a_pause_can_be_begun_anew() -> None:
    alarms = raised(PAIN)
    alarms.pause_audio(1.0)
    alarms.pause_audio(101.0)
    assert shown(alarms, 101.0)["paused_left_s"] == PAUSE_S


def test_everything_is_kept_with_its_time() -> None:
    alarms = raised(PAIN)
    alarms.pause_audio(1.0)
    alarms.acknowledge(2.0)
    alarms.take(None, 3.0)
    alarms.reset(4.0)
    assert list(alarms.log) == [
        (0.0, "alarm 1, high, PAIN_STOP: raised: pain"),
        (1.0, "alarm 1, high, PAIN_STOP: audio paused for 120 s"),
        (2.0, "alarm 1, high, PAIN_STOP: acknowledged"),
        (3.0, "alarm 1, high, PAIN_STOP: the condition is over"),
        (4.0, "alarm 1, high, PAIN_STOP: reset"),
    ]


def test_what_is_kept_is_bounded() -> None:
    alarms = Alarms()
    for second in range(MOST_KEPT):
        alarms.take(PAIN if second % 2 == 0 else None, float(second))
        alarms.take(STOP if second % 3 == 0 else None, second + 0.5)
    assert len(alarms.log) == MOST_KEPT


CONDITIONS = st.sampled_from([None, PAIN, GONE, STOP, DISK])
ACTS = st.sampled_from(["acknowledge", "reset", "pause_audio", ""])


@given(st.lists(st.tuples(CONDITIONS, ACTS, st.floats(0.05, 60.0)), max_size=40))
def test_what_is_there_is_shown_or_something_as_high(steps: list[tuple[dict[str, str] | None, str, float]]) -> None:
    """And no alarm goes without having been acknowledged and then reset, each by a person."""
    alarms, now_s = Alarms(), 0.0
    rank = {"high": 0, "medium": 1, "low": 2}
    for condition, act, later_s in steps:
        now_s += later_s
        before = {signal.number for signal in alarms._signals.values()}
        alarms.take(condition, now_s)
        view = alarms.view(now_s)
        if condition is not None:
            assert view is not None
            assert rank[view["priority"]] <= rank[condition["priority"]]
        now = {signal.number for signal in alarms._signals.values()}
        assert len(before - now) <= 1, "only one that came again has a new number"
        if act:
            try:
                getattr(alarms, act)(now_s + 0.01 * later_s)
            except DeniedError:
                continue
            if act == "reset":
                assert view is not None
                assert view["acknowledged"] is True
                assert view["present"] is False
