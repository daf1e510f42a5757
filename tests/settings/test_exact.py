"""Exact decimals and the numbers a pump can take."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.settings.exact import NumberField, exact, is_multiple, number_text

PUMP = NumberField(digits=4, decimals=3)


@pytest.mark.parametrize("text", ["0", "1", "9999", "999.9", "99.99", "9.999", "0.001", "0.999", "300.0", "50.00", "4.699"])
def test_numbers_the_pump_takes(text: str) -> None:
    assert PUMP.holds(Fraction(text))


@pytest.mark.parametrize("text", ["10000", "1000.5", "274.02", "12.345", "0.0005", "1.2345", "-1", "1/3"])
def test_numbers_the_pump_does_not_take(text: str) -> None:
    assert not PUMP.holds(Fraction(text))


@settings(deadline=None)
@given(st.integers(0, 9999), st.integers(0, 3))
def test_four_digits_with_up_to_three_decimals_always_fit(digits: int, decimals: int) -> None:
    assert PUMP.holds(Fraction(digits, 10**decimals))


@settings(deadline=None)
@given(st.fractions(min_value=0, max_value=10_000))
def test_what_fits_can_be_written_in_four_digits(value: Fraction) -> None:
    rounded = Fraction(round(value * 1000), 1000)
    if PUMP.holds(rounded):
        text = f"{float(rounded):.3f}".rstrip("0").rstrip(".")
        assert Fraction(text) == rounded
        assert len(text.replace(".", "")) <= 4


@settings(deadline=None)
@given(st.floats(min_value=1e-6, max_value=10.0), st.sampled_from([1, 60, 1000]))
def test_neighbours_fit_can_be_written_and_lie_on_both_sides(value: float, factor: int) -> None:
    given_value, largest = exact(value), Fraction(10)
    found = PUMP.beside(given_value, factor, largest)
    for neighbour in found:
        assert PUMP.holds(neighbour * factor)
        assert 0 < neighbour <= largest
        assert exact(float(neighbour)) == neighbour  # what is suggested is accepted when it is typed
    assert sum(neighbour <= given_value for neighbour in found) <= 1
    assert sum(neighbour > given_value for neighbour in found) <= 1


def test_decimals_are_what_was_written() -> None:
    assert exact(0.1) == Fraction(1, 10)
    assert exact(5) == 5
    assert is_multiple(exact(0.3), exact(0.1))
    assert not is_multiple(exact(0.30000000000000004), exact(0.1))
    assert number_text(Fraction(1, 5), 2) == "0.20"
    assert number_text(exact(0.0255), 2) == "0.0255"
