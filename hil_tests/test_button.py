"""The pain-stop button through its real port. Connect: the button, plugged in and released."""

from itertools import pairwise

import pytest

from drivers.button import ButtonClosed, ButtonFault, ButtonFullyOpened, ButtonOpened, ButtonProved
from hil_tests.hands import PRESS, RELEASE
from hil_tests.rig import Rig
from hil_tests.simulated_bench import SimulatedBench
from hil_tests.stand import Stand

pytestmark = [pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(30)]

PULSES_A_SECOND = 10  # channels in turn
RELEASE_S = 0.1  # both contacts closed for so long before the button counts as released
DISAGREE_S = 0.1  # contacts that differ for longer are a fault
SEEN_S = 0.05  # half of the stop budget: the other half is for the pump


@pytest.fixture
def rig(stand: Stand) -> Rig:
    """The button, found released."""
    opened = stand.rig("button")
    opened.await_next(ButtonClosed, 2.0)
    return opened


def test_it_is_closed_and_both_channels_are_proved_in_turn(rig: Rig) -> None:
    since = len(rig.seen)
    rig.run_for(2.0)
    proved = [item.channel for item in rig.all(ButtonProved, since)]
    assert abs(len(proved) - 2 * PULSES_A_SECOND) <= 1
    assert all(one != next_one for one, next_one in pairwise(proved))
    assert not rig.all(ButtonOpened, since)
    assert not rig.all(ButtonFault, since)


@pytest.mark.hands
def test_a_press_opens_both_contacts_and_a_release_closes_them(stand: Stand, rig: Rig) -> None:
    since = len(rig.seen)
    with stand.hands.while_(rig, PRESS, RELEASE) as pressed_s:
        opened = rig.until(lambda: rig.first(ButtonOpened, since), 1.0, "an open contact")
        rig.until(lambda: rig.first(ButtonFullyOpened, since), 1.0, "both contacts open")
        if stand.bench is not None:
            assert opened.at_s - pressed_s <= SEEN_S
        released = len(rig.seen)
        rig.run_for(0.3)
        assert not rig.all(ButtonClosed, since)
    closed = rig.until(lambda: rig.first(ButtonClosed, released), 1.0, "the button closed again")
    assert not rig.all(ButtonFault, since)
    assert len(rig.all(ButtonOpened, since)) == 1
    proved_since = len(rig.seen)
    rig.until(lambda: {item.channel for item in rig.all(ButtonProved, proved_since)} == {"A", "B"}, 0.5, "both proved again")
    assert closed.at_s - opened.at_s > RELEASE_S


@pytest.mark.simulated_only
@pytest.mark.parametrize("channel", ["A", "B"])
def test_a_broken_wire_stops_and_is_told_from_a_press(rig: Rig, simulated: SimulatedBench, channel: str) -> None:
    since = len(rig.seen)
    fault = f"button.open_{channel.lower()}"
    broken_s = rig.now_s
    simulated.do({"do": "fault", "name": fault})
    try:
        opened = rig.until(lambda: rig.first(ButtonOpened, since), 1.0, "an open contact")
        told = rig.until(lambda: rig.first(ButtonFault, since), 1.0, "the fault")
    finally:
        simulated.do({"do": "clear", "name": fault})
    assert opened.what == ButtonOpened(channel)
    assert f"contact {channel} is open" in told.what.text
    assert opened.at_s - broken_s <= SEEN_S
    assert DISAGREE_S < told.at_s - opened.at_s <= DISAGREE_S + SEEN_S
    assert not rig.all(ButtonFullyOpened, since)
    rig.await_next(ButtonClosed, 1.0)
