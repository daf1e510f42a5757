"""Exact arithmetic on numbers as people write them: 0.20 mL is four times 0.05 mL, whatever binary floats make of it."""

from dataclasses import dataclass
from fractions import Fraction


def exact(value: float) -> Fraction:
    """The decimal number that a finite float stands for (its shortest spelling), exactly."""
    return Fraction(repr(value))


def number_text(value: Fraction, decimals: int = 0) -> str:
    """A number for people: with `decimals` decimals if that is exact, else with as many as it takes (at most 10 digits)."""
    if (value * 10**decimals).denominator == 1:
        return f"{float(value):.{decimals}f}"
    return f"{float(value):.10g}"


def is_multiple(value: Fraction, of: Fraction) -> bool:
    """True if value is a whole number of `of`."""
    return (value / of).denominator == 1


def multiples_beside(value: Fraction, of: Fraction, largest: Fraction) -> list[Fraction]:
    """The multiples of `of` just below and just above value, as far as they are above 0 and at most `largest`."""
    below = (value // of) * of
    return [candidate for candidate in (below, below + of) if 0 < candidate <= largest]


@dataclass(frozen=True, slots=True)
class NumberField:
    """Numbers that a device can take: at most `digits` digits, of which at most `decimals` after the decimal point."""

    digits: int
    decimals: int

    def holds(self, value: Fraction) -> bool:
        """True if the device can take exactly this number."""
        if value < 0:
            return False
        for decimals in range(self.decimals + 1):
            if (value * 10**decimals).denominator == 1:
                return len(str(int(value))) + decimals <= self.digits
        return False

    def beside(self, value: Fraction, factor: int, largest: Fraction) -> list[Fraction]:
        """The numbers just below and above `value` that the device takes exactly once multiplied by `factor`.

        They are above 0, at most `largest`, and finite decimals, so that a person can write them: with a factor of 60
        (per second -> per minute) every third step of the device is one.
        """
        odd_part = factor
        for prime in (2, 5):
            while odd_part % prime == 0:
                odd_part //= prime
        candidates = []
        for decimals in range(self.decimals + 1):
            step = Fraction(odd_part, factor * 10**decimals)
            candidates += [candidate for candidate in multiples_beside(value, step, largest) if self.holds(candidate * factor)]
        below = [candidate for candidate in candidates if candidate <= value]
        above = [candidate for candidate in candidates if candidate > value]
        return ([max(below)] if below else []) + ([min(above)] if above else [])
