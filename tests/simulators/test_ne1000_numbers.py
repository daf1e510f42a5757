"""Numbers of the simulated NE-1000: how they are read, refused and shown."""

from decimal import Decimal

import pytest

from simulators.ne1000.numbers import CommandError, parse_number, render_counter, render_number


@pytest.mark.parametrize(
    ("text", "shown"),
    [("4.78", "4.780"), ("50", "50.00"), ("500", "500.0"), ("1000", "1000."), ("0", "0.000"), (".5", "0.500")],
)
def test_numbers_are_shown_with_four_digits_and_always_a_point(text: str, shown: str) -> None:
    assert render_number(parse_number(text), "padded") == shown


@pytest.mark.parametrize(("value", "shown"), [("9.9996", "10.00"), ("99.995", "100.0"), ("0.0004", "0.000")])
def test_rounding_may_need_a_digit_more(value: str, shown: str) -> None:
    assert render_number(Decimal(value), "padded") == shown


@pytest.mark.parametrize(("text", "shown"), [("50", "50.0"), ("4.78", "4.78"), ("1000", "1000.0"), ("0", "0.0")])
def test_short_number_style(text: str, shown: str) -> None:
    assert render_number(parse_number(text), "short") == shown


@pytest.mark.parametrize(("counted_ul", "shown"), [(9999.4, "9999."), (9999.6, "0.000"), (10_012.5, "12.50")])
def test_counter_rolls_over(counted_ul: float, shown: str) -> None:
    assert render_counter(counted_ul, "UL", "padded") == shown


@pytest.mark.parametrize("text", ["12345", "1.2345", "50.000", "0.0500", ".0001"])
def test_over_long_numbers_are_out_of_range(text: str) -> None:
    with pytest.raises(CommandError, match=r"^\?OOR$"):
        parse_number(text)


@pytest.mark.parametrize("text", ["", ".", "-1", "1e3", "1.2.3", "NAN", "+5", "٣"])
def test_no_numbers(text: str) -> None:
    with pytest.raises(CommandError, match=r"^\?$"):
        parse_number(text)
