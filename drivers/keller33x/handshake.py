"""Identifying a transmitter: F48, F69, F30 for both ends of the range, and what people are told when that fails."""

import math

from drivers.driver import DeviceProblem
from drivers.keller33x.codec import (
    COEFFICIENT_P1_MAX_BAR,
    COEFFICIENT_P1_MIN_BAR,
    EXCEPTION_NOT_INITIALISED,
    Coefficient,
    Initialised,
    Refused,
    Reply,
    Request,
    SerialNumber,
    initialise,
    read_coefficient,
    read_serial_number,
)
from drivers.keller33x.monitors import KPA_PER_BAR
from drivers.keller33x.settings import Keller33xSettings
from drivers.pressure import PressureConnected

ATTEMPTS = 8
REPLY_TIMEOUT_S = 0.2
"""Longer than for a sample: a transmitter may need some time after its supply came on, and nothing is in motion yet."""
LIMIT_S = 1.9
"""The whole of it, whatever comes back."""


class Handshake:
    """The sequence of requests, one answer at a time. Time-outs are counted elsewhere and told to `no_answer`.

    Anything that goes wrong on the line starts the sequence over with F48. That costs a few milliseconds and makes late
    replies harmless: a transmitter answers in order, and of the requests between one F48 and the next only the two
    coefficients share a kind of reply; the second of these is asked for when the first was answered. Only a reply that
    the line doubles could be taken for the second one, and then both ends of the range are equal: that starts over as
    well.
    """

    def __init__(self, settings: Keller33xSettings) -> None:
        self._settings = settings
        self._failed_attempts = 0
        self._corrupt_heard = False
        self._echo_heard = False
        self._replies_heard = 0
        self._start_over()

    def _start_over(self) -> None:
        self._initialised: Initialised | None = None
        self._serial_number: int | None = None
        self._range_bar: list[float] = []

    @property
    def request(self) -> Request:
        """What is to be asked next."""
        address = self._settings.address
        if self._initialised is None:
            return initialise(address)
        if self._serial_number is None:
            return read_serial_number(address)
        return read_coefficient(address, COEFFICIENT_P1_MAX_BAR if self._range_bar else COEFFICIENT_P1_MIN_BAR)

    def answer(self, reply: Reply) -> PressureConnected | DeviceProblem | None:
        """Takes a reply; None while there is more to ask. Replies of another kind than asked for are late ones: ignored."""
        if isinstance(reply, Refused):
            return self._refused(reply)
        if isinstance(reply, Initialised) and self._initialised is None:
            if reply.status not in (0, 1):
                return _problem(f"answers the initialisation with status {reply.status}, expected 0 or 1")
            self._initialised = reply
        elif isinstance(reply, SerialNumber) and self._initialised is not None and self._serial_number is None:
            expected = self._settings.expected_serial
            if expected is not None and reply.number != expected:
                return _problem(f"has serial number {reply.number}, configured is {expected}")
            self._serial_number = reply.number
        elif isinstance(reply, Coefficient) and self._serial_number is not None:
            self._range_bar.append(reply.value)
        else:
            return None
        self._replies_heard += 1
        return self._judge_range() if len(self._range_bar) == 2 else None

    def no_answer(self, *, echo_seen: bool, corrupt: bool) -> DeviceProblem | None:
        """A request got no valid answer in time. The problem where no attempt is left, None to go on with `request`."""
        self._failed_attempts += 1
        self._echo_heard |= echo_seen
        self._corrupt_heard |= corrupt
        self._start_over()
        return self.give_up() if self._failed_attempts >= ATTEMPTS else None

    def give_up(self) -> DeviceProblem:
        """What to say when it has taken too long."""
        address = self._settings.address
        tried = f"initialisation (F48) tried {max(1, self._failed_attempts)} times at address {address}"
        if self._replies_heard:
            return _problem(f"answers only now and then ({tried}): check the wiring, its shield and the line's termination")
        if self._corrupt_heard:
            return _problem(
                f"answers nothing that can be read ({tried}; bytes came, but no valid frame): check the baud rate "
                "(factory setting 9600), the wiring (A and B swapped?), and that no other device is on the line"
            )
        silent = "only the converter's own echo came back" if self._echo_heard else "the port stays silent"
        return _problem(
            f"does not answer ({tried}; {silent}): check its supply and wiring (A and B swapped?), then its address "
            "(250 reaches any), then the baud rate (factory setting 9600)"
        )

    def _refused(self, refused: Refused) -> DeviceProblem | None:
        if refused.code == EXCEPTION_NOT_INITIALISED:
            # Its supply was interrupted between two of our requests; this counts as an attempt, so it can not go on
            # for ever.
            return self.no_answer(echo_seen=False, corrupt=False)
        if refused.function is not self.request.function:
            return None
        return _problem(
            f"refuses function F{refused.function.value} with exception {refused.code} ({refused.meaning}): "
            "is it a transmitter of the 33X or 35X series?"
        )

    def _judge_range(self) -> PressureConnected | DeviceProblem | None:
        # Only called with all four answers in hand.
        low_kpa, high_kpa = (KPA_PER_BAR * bar for bar in self._range_bar)
        if not (math.isfinite(low_kpa) and math.isfinite(high_kpa) and low_kpa < high_kpa):
            nonsense = _problem(f"gives {low_kpa} to {high_kpa} kPa as its range, which is none")
            return nonsense if self.no_answer(echo_seen=False, corrupt=False) else None
        must_low_kpa, must_high_kpa = self._settings.transmitter_must_cover_kpa
        if low_kpa > must_low_kpa or high_kpa < must_high_kpa:
            return _problem(
                f"measures {low_kpa:.1f} to {high_kpa:.1f} kPa, which does not cover the {must_low_kpa:.1f} to "
                f"{must_high_kpa:.1f} kPa {self._settings.reference} that are needed"
            )
        if self._serial_number is None or self._initialised is None:
            raise AssertionError("the range is read last")
        return PressureConnected(self._serial_number, self._initialised.firmware, low_kpa, high_kpa)


def _problem(text: str) -> DeviceProblem:
    return DeviceProblem("pressure", f"The pressure transmitter {text}.")
