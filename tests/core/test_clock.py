"""The state of the system's clock, as a record keeps it."""

import pytest

from controller import clock
from controller.clock import ClockState, clock_state


class FakeLibc:
    def __init__(self, answer: int, status: int = 0, maxerror: int = 0) -> None:
        self.answer, self.status, self.maxerror = answer, status, maxerror

    def adjtimex(self, pointer: object) -> int:
        timex = pointer._obj  # type: ignore[attr-defined]  # what byref refers to
        assert timex.modes == 0, "it is asked, never set"
        timex.status, timex.maxerror = self.status, self.maxerror
        return self.answer


def test_the_system_is_asked_and_answers_something() -> None:
    found = clock_state()
    assert (found.synchronised is None) == (found.max_error_s is None)
    assert found.max_error_s is None or 0.0 <= found.max_error_s < 1000.0, "seconds, by its keeper's reckoning 16 at most"


@pytest.mark.parametrize(
    ("libc", "wanted"),
    [
        (FakeLibc(0, 0x2001, 16_500), "synchronised, at most 0.017 s off"),
        (FakeLibc(5, 0x40, 16_000_000), "NOT synchronised"),
        (FakeLibc(-1), "the system does not say whether its clock is synchronised"),
        (object(), "the system does not say whether its clock is synchronised"),
    ],
)
def test_what_it_says_is_put_into_words(libc: object, wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_libc", libc)
    assert clock_state().text == wanted


def test_it_stands_in_the_record_as_plain_values() -> None:
    assert ClockState(True, 0.0165).body() == {
        "synchronised": True, "max_error_s": 0.0165, "text": "synchronised, at most 0.017 s off",
    }  # fmt: skip
