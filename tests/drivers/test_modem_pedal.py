"""The foot pedal: one press and release is one word, whatever the test pulses do to its line meanwhile."""

import pytest

from drivers.button import PedalUsed
from drivers.link import InputLines
from drivers.modem_button.driver import ModemButtonDriver, ModemButtonSettings
from drivers.modem_button.pedal import Pedal
from simulators.contacts import Contacts

POLL_S = 0.005


def used(down: list[tuple[float, float]], until_s: float = 8.0) -> list[PedalUsed]:
    pedal, found = Pedal(), []
    for number in range(round(until_s / POLL_S)):
        now_s = round(number * POLL_S, 6)
        said = pedal.sample(any(begin_s <= now_s < end_s for begin_s, end_s in down), now_s)
        found += [] if said is None else [said]
    return found


def test_a_press_is_told_when_it_is_over() -> None:
    assert used([(1.0, 1.3)]) == [PedalUsed(1.0)]
    assert used([(1.0, 1.3)], until_s=1.4) == []
    assert used([(1.0, 1.3), (2.0, 2.5)]) == [PedalUsed(1.0), PedalUsed(2.0)]


@pytest.mark.parametrize(
    "down", [[(1.0, 1.01)], [(1.0, 4.5)], [(1.0, 1.005), (1.5, 1.51)], []], ids=["bounce", "rest", "two bounces", "nothing"]
)
def test_what_is_no_press_says_nothing(down: list[tuple[float, float]]) -> None:
    assert used(down) == []


def test_pulses_do_not_part_a_press() -> None:
    assert used([(1.0, 1.2), (1.28, 1.5), (1.58, 1.7)]) == [PedalUsed(1.0)]


def test_with_the_button_beside_it_and_its_test_pulses() -> None:
    contacts, driver = Contacts(), ModemButtonDriver(ModemButtonSettings(pedal=True))
    contacts.set_outputs(True, True)
    found: list[tuple[float, object]] = []
    for number in range(800):
        now_s = round(number * POLL_S, 6)
        contacts.pedal = 1.0 <= now_s < 1.6
        lines = InputLines(*contacts.inputs(), contacts.dcd)
        found += [(now_s, seen) for seen in driver.sample(lines, now_s)]
        wanted = driver.wanted_lines(now_s)
        contacts.set_outputs(wanted.rts, wanted.dtr)
    (at_s, told) = next(pair for pair in found if isinstance(pair[1], PedalUsed))
    assert isinstance(told, PedalUsed)
    assert 1.0 <= told.pressed_s <= 1.1
    assert 1.6 < at_s < 1.9
    assert len([1 for _, seen in found if isinstance(seen, PedalUsed)]) == 1
    assert not [seen for _, seen in found if type(seen).__name__ in ("ButtonOpened", "ButtonFault")]


def test_without_a_pedal_the_line_says_nothing() -> None:
    driver = ModemButtonDriver(ModemButtonSettings())
    for number in range(400):
        lines = InputLines(True, True, 50 <= number < 90)
        assert not [seen for seen in driver.sample(lines, number * POLL_S) if isinstance(seen, PedalUsed)]
