"""One window has the desk, a reload keeps it, and another one takes it only by saying so."""

from controller.bedside.desk import GRACE_S, DeskHolder, Seat

FIRST, SECOND = Seat("a", 1), Seat("b", 2)


def test_the_first_window_has_it_and_the_second_has_not() -> None:
    desk = DeskHolder()
    assert desk.arrive(FIRST, 0.0)
    assert not desk.arrive(SECOND, 1.0)
    assert desk.has(FIRST)
    assert not desk.has(SECOND)
    assert desk.window_has("a")
    assert not desk.window_has("b")
    assert not desk.window_has(None)


def test_a_reload_keeps_it() -> None:
    desk = DeskHolder()
    desk.arrive(FIRST, 0.0)
    desk.leave(FIRST, 1.0)
    assert not desk.arrive(SECOND, 1.0 + GRACE_S / 2)
    again = Seat("a", 3)
    assert desk.arrive(again, 1.0 + GRACE_S)
    assert desk.has(again)
    assert not desk.has(FIRST), "the connection before the reload has it no more"


def test_one_that_has_gone_for_long_leaves_it_to_the_next_that_comes() -> None:
    desk = DeskHolder()
    desk.arrive(FIRST, 0.0)
    desk.leave(FIRST, 1.0)
    assert desk.arrive(SECOND, 1.0 + GRACE_S)
    assert desk.has(SECOND)
    assert not desk.arrive(Seat("a", 3), 100.0), "who had it before does not get it back by coming"


def test_it_can_be_taken_over() -> None:
    desk = DeskHolder()
    desk.arrive(FIRST, 0.0)
    desk.arrive(SECOND, 0.0)
    assert desk.take(SECOND)
    assert not desk.take(SECOND)
    assert desk.has(SECOND)
    desk.leave(FIRST, 1.0)
    assert desk.has(SECOND)


def test_a_new_session_of_the_operator_begins_without_it() -> None:
    desk = DeskHolder()
    desk.arrive(FIRST, 0.0)
    desk.clear()
    assert not desk.window_has("a")
    assert desk.arrive(SECOND, 0.0)
