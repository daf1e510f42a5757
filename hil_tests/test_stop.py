"""The pump stops: when it is told to, and when nobody is there any more to tell it. Connect: as in test_pump."""

from random import Random

import pytest

from drivers.pump import PumpAlarm, PumpAlarmed, PumpStopped
from hil_tests.rig import Rig
from hil_tests.stand import Stand

pytestmark = [pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(60)]

STOP_BUDGET_S = 0.1
REPETITIONS = 12
SILENCE_S = 0.5  # beyond the time by which the watchdog must have stopped the pump
COUNTER_STEP_UL = 0.01


@pytest.fixture
def rig(stand: Stand) -> Rig:
    """The pump, set up."""
    opened = stand.rig("pump")
    opened.connect_pump()
    return opened


def test_a_stop_at_any_moment_ends_forward_motion_within_the_budget(stand: Stand, rig: Rig) -> None:
    rate_ul_s = stand.loaded.profile.injection.rate_ul_s
    plunger = stand.plunger(rig)
    random = Random(20261122)
    after_ul = []
    for _ in range(REPETITIONS):
        rig.polling = True
        rig.prepare(stand.push(50.0))
        rig.run()
        rig.await_motion()
        before = plunger.look()
        rig.run_for(random.uniform(0.0, 0.1))
        rig.polling = False
        rig.until(lambda: not rig.pump.busy, 0.5, "the end of the poll")
        # a question is under way: the stop meets it on the wire, in the pump, or its answer coming back
        rig.poll()
        rig.run_for(random.uniform(0.0, 0.03))
        decided_s = rig.order_stop()
        stopped: PumpStopped = rig.await_next(PumpStopped, 1.0).what
        end = plunger.look()
        after_ul.append(end.forward_ul - before.forward_ul - rate_ul_s * (decided_s - before.at_s))
        assert stopped.infused_ul > 0.0
    print("uL after the stop was decided:", [round(ul, 3) for ul in after_ul])
    assert max(after_ul) <= rate_ul_s * STOP_BUDGET_S, f"{after_ul} uL after the stop was decided"


def test_a_silent_host_is_noticed_by_the_pump_itself(stand: Stand, rig: Rig) -> None:
    watchdog_s = stand.loaded.profile.pump.watchdog_s
    rate_ul_s = stand.loaded.profile.injection.rate_ul_s
    longest_s = watchdog_s + 1.0  # it counts in whole seconds
    plunger = stand.plunger(rig)
    rig.prepare(stand.push(50.0))
    rig.run()
    rig.await_motion()
    before = plunger.look()
    rig.polling = False
    rig.until(lambda: not rig.pump.busy, 0.5, "the end of the poll")
    since = len(rig.seen)
    silent_from_s = rig.now_s
    rig.fall_silent(longest_s + SILENCE_S)
    rig.polling = True
    reading = rig.reading()
    end = plunger.look()
    rig.run_for(0.3)
    assert PumpAlarmed(PumpAlarm.WATCHDOG) in rig.all(PumpAlarmed, since)
    assert not reading.status.moving
    assert plunger.look().forward_ul == pytest.approx(end.forward_ul, abs=COUNTER_STEP_UL), "it still moves"
    moved_ul = end.forward_ul - before.forward_ul
    before_silence_ul = rate_ul_s * (silent_from_s - before.at_s)
    assert before_silence_ul < moved_ul <= before_silence_ul + rate_ul_s * longest_s
