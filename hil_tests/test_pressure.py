"""The pressure transmitter through its real port. Connect: the transmitter, its line open to air; once the pump as well."""

import pytest

from drivers.pressure import PressureConnected, PressureFault, PressureRejected, PressureSample
from drivers.pump import Direction, Motion
from hil_tests.hands import CLOSE_LINE, FREE_LINE, PLUG_ADAPTER, PLUG_CABLE, PULL_ADAPTER, PULL_CABLE, Act
from hil_tests.rig import LinkGone, Rig
from hil_tests.stand import Stand

pytestmark = [pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(30)]

ZERO_KPA = 3.0
NOISE_KPA = 0.6  # a transmitter at rest; also the self-test's limit
SAMPLE_AGE_S = 0.1
OCCLUSION_KPA = 50.0  # far below the least limit of any line
PUSH_UL = 10.0
PUSH_RATE_UL_S = 5.0


@pytest.fixture
def rig(stand: Stand) -> Rig:
    """The transmitter alone, sampling."""
    opened = stand.rig("pressure")
    opened.connect_pressure()
    return opened


def test_it_is_the_one_of_the_profile_and_covers_what_is_needed(stand: Stand) -> None:
    connected = stand.rig("pressure").connect_pressure()
    assert isinstance(connected, PressureConnected)
    assert connected.serial_number == stand.loaded.profile.pressure.serial_number
    assert connected.range_min_kpa <= -10.0
    assert connected.range_max_kpa >= stand.loaded.profile.limits.line_kpa


def test_it_samples_at_its_rate_and_every_sample_is_fresh(stand: Stand, rig: Rig) -> None:
    since = len(rig.seen)
    rig.run_for(2.0)
    samples = [item for item in rig.seen[since:] if isinstance(item.what, PressureSample)]
    assert len(samples) == pytest.approx(2.0 * stand.loaded.profile.pressure.sample_hz, rel=0.2)
    assert max(item.at_s - item.what.asked_s for item in samples) <= SAMPLE_AGE_S / 2
    assert not rig.all(PressureFault, since)


def test_zero_is_where_it_should_be_and_its_noise_is_learned(stand: Stand, rig: Rig) -> None:
    stand.hands.free_line(rig)
    samples = rig.await_samples(1.0)
    zero_kpa = sum(samples) / len(samples)
    low_kpa, high_kpa = stand.loaded.profile.pressure.zero_min_kpa, stand.loaded.profile.pressure.zero_max_kpa
    assert low_kpa <= zero_kpa <= high_kpa
    assert (sum((kpa - zero_kpa) ** 2 for kpa in samples) / len(samples)) ** 0.5 <= NOISE_KPA
    sentence = rig.pressure.learn_noise(samples)
    assert "identical samples in a row" in sentence
    since = len(rig.seen)
    rig.run_for(1.0)
    assert not rig.all(PressureFault, since), "a living transmitter is taken for a frozen one"


@pytest.mark.hands
def test_pressure_in_a_closed_line_rises_and_stays(stand: Stand) -> None:
    rig = stand.rig("pump", "pressure")
    rig.connect_pressure()
    rig.connect_pump()
    zero = rig.await_samples(0.5)
    zero_kpa = sum(zero) / len(zero)
    with stand.hands.while_(rig, CLOSE_LINE, FREE_LINE):
        rig.prepare(Motion(PUSH_UL, PUSH_RATE_UL_S, Direction.INFUSE))
        rig.highest_kpa = zero_kpa + OCCLUSION_KPA
        try:
            rig.run()
            rig.await_rest(PUSH_UL / PUSH_RATE_UL_S + 1.0)
        finally:
            pushed_ul = rig.stop().infused_ul  # before anybody is asked to open the line again
        peak_kpa = max(sample.kpa for sample in rig.all(PressureSample)) - zero_kpa
        held = rig.await_samples(1.0)
        held_kpa = sum(held) / len(held) - zero_kpa
        rig.prepare(Motion(pushed_ul, PUSH_RATE_UL_S, Direction.WITHDRAW))
        rig.run()
        rig.await_rest(pushed_ul / PUSH_RATE_UL_S + 1.0)
        rig.run_for(0.5)
        after = rig.await_samples(0.5)
    assert 10.0 <= peak_kpa <= OCCLUSION_KPA + 5.0
    assert held_kpa >= 0.8 * peak_kpa
    assert sum(after) / len(after) - zero_kpa <= 0.2 * peak_kpa


@pytest.mark.hands
@pytest.mark.parametrize(("pull", "plug"), [(PULL_CABLE, PLUG_CABLE), (PULL_ADAPTER, PLUG_ADAPTER)], ids=["cable", "adapter"])
def test_a_pulled_plug_is_seen_at_once(stand: Stand, rig: Rig, pull: Act, plug: Act) -> None:
    period_s = 1.0 / stand.loaded.profile.pressure.sample_hz
    rig.await_next(PressureSample, 1.0)
    since = len(rig.seen)
    with stand.hands.while_(rig, pull, plug) as pulled_s:
        seen = rig.until(lambda: rig.first(PressureRejected | PressureFault | LinkGone, since), 1.0, "a word about it")
        rig.run_for(SAMPLE_AGE_S)
        newest_s = max(sample.asked_s for sample in rig.all(PressureSample))
        assert rig.now_s - newest_s > SAMPLE_AGE_S, "samples without a transmitter"
    # a person's hands are not timed; there the newest sample stands for the moment
    from_s = pulled_s if stand.bench is not None else newest_s
    assert seen.at_s - from_s <= SAMPLE_AGE_S + period_s
    assert newest_s <= from_s + period_s
