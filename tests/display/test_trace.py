"""The picture of the line pressure."""

from controller.display import digits, trace
from controller.display.trace import Trace


def test_the_peak_of_each_stretch_is_kept_and_gaps_stay_gaps() -> None:
    pressures = Trace()
    for t_s, kpa in ((0.0, 1.0), (5.0, 7.0), (5.1, 90.0), (5.2, 3.0), (16.0, None), (29.0, 4.0)):
        pressures.add(t_s, kpa)
    assert pressures.columns(3) == [90.0, None, 4.0]


def test_only_the_last_30_s_are_drawn() -> None:
    pressures = Trace()
    pressures.add(0.0, 50.0)
    pressures.add(100.0, 2.0)
    assert pressures.columns(2) == [None, 2.0]


def test_time_that_runs_backwards_begins_anew() -> None:
    pressures = Trace()
    pressures.add(50.0, 9.0)
    pressures.add(1.0, 2.0)
    assert pressures.columns(2) == [None, 2.0]


def test_nothing_measured_is_nothing_drawn() -> None:
    assert Trace().columns(4) == [None] * 4
    assert trace.draw([None, None], 2, 200.0) == ["  ", "  "]


def test_zero_is_visible_and_the_upper_edge_is_reached_at_the_ceiling_only() -> None:
    assert trace.draw([-3.0, 0.0, 100.0, 199.9, 200.0, 300.0], 2, 200.0) == ["   ▇██", "▁▁████"]


def test_a_ceiling_of_zero_is_no_division() -> None:
    assert trace.draw([0.0], 1, 0.0) == ["█"]


def test_large_digits_are_three_rows_of_one_width() -> None:
    for number in ("0.00", "1.23", "45.67", "89.0", "-.--", "-0.05"):
        assert len({len(row) for row in digits.large(number)}) == 1
    assert digits.large("1.2") == ("▀█    ▀▀█", " █    █▀▀", "▄█▄ ▄ █▄▄")
