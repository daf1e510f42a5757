"""The pump through its real port. Connect: the pump with a filled syringe, the line open into a beaker. No patient."""

import pytest

from drivers.pump import PumpAlarmed, PumpReading, PumpStatus
from hil_tests.hands import START_KEY
from hil_tests.pump_console import PumpConsole
from hil_tests.rig import Rig
from hil_tests.simulated_bench import SimulatedBench
from hil_tests.stand import Stand

pytestmark = [pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(30)]

TRUE_WITHIN_UL = 0.05
COUNTED_WITHIN_UL = 0.011  # the counter's last digit


@pytest.fixture
def rig(stand: Stand) -> Rig:
    """The pump, set up."""
    opened = stand.rig("pump")
    opened.connect_pump()
    return opened


def test_it_identifies_itself_and_is_set_as_the_profile_says(stand: Stand) -> None:
    rig = stand.rig("pump")
    connected = rig.connect_pump()
    assert connected.model == "NE-1000"
    assert connected.firmware
    rig.prepare(stand.push(10.0, 5.0))
    rig.polling = False
    rig.until(lambda: not rig.pump.busy, 0.5, "a pump that is asked nothing")
    console = PumpConsole(rig)
    assert float(console.ask("DIA")) == stand.loaded.parts.syringe.inner_diameter_mm
    assert int(console.ask("SAF")) == stand.loaded.profile.pump.watchdog_s
    assert console.ask("TRG") == ("SH" if stand.loaded.profile.pump.trigger == "nc_to_ground" else "P2")
    assert (int(console.ask("PF")), int(console.ask("LOC"))) == (0, 1)
    assert (console.ask("FUN"), console.ask("DIR")) == ("RAT", "INF")
    assert float(console.ask("VOL").removesuffix("UL")) == 10.0
    assert float(console.ask("RAT").removesuffix("UM")) == 300.0
    console.ask("PHN2")
    assert console.ask("FUN") == "STP"
    console.ask("PHN1")


def test_an_increment_is_delivered_as_counted(stand: Stand, rig: Rig) -> None:
    volume_ul, rate_ul_s = 10.0, 10.0
    rig.prepare(stand.push(volume_ul, rate_ul_s))
    plunger = stand.plunger(rig)
    before = plunger.look()
    rig.run()
    counted_ul = rig.await_rest(volume_ul / rate_ul_s + 1.0).infused_ul
    rig.run_for(0.3)
    assert rig.reading() == PumpReading(PumpStatus.STOPPED, counted_ul, 0.0)
    assert counted_ul == pytest.approx(volume_ul, abs=COUNTED_WITHIN_UL)
    assert plunger.look().forward_ul - before.forward_ul == pytest.approx(counted_ul, abs=TRUE_WITHIN_UL)
    assert not rig.all(PumpAlarmed, _after_connect(rig))


def _after_connect(rig: Rig) -> int:
    """From the first reading on: alarms before it belong to an earlier power cut."""
    return next(index for index, item in enumerate(rig.seen) if isinstance(item.what, PumpReading))


def test_what_the_last_user_left_in_phase_2_does_not_run(stand: Stand, rig: Rig) -> None:
    rig.release_pump()
    console = PumpConsole(rig)
    for command in ("PHN2", "FUNRAT", "RAT300.0UM", "VOL0", "DIRINF"):  # 5 uL/s without end
        console.tell(command)
    assert (console.tell("FUN"), float(console.tell("VOL")[:-2])) == ("RAT", 0.0)
    console.tell("PHN1")
    rig.connect_pump()
    rig.prepare(stand.push(2.0))
    plunger = stand.plunger(rig)
    before = plunger.look()
    rig.run()
    rig.await_rest(2.0)
    rig.run_for(1.0)
    assert rig.reading().status is PumpStatus.STOPPED
    assert rig.reading().infused_ul == pytest.approx(2.0, abs=COUNTED_WITHIN_UL)
    assert plunger.look().forward_ul - before.forward_ul == pytest.approx(2.0, abs=TRUE_WITHIN_UL)


@pytest.mark.hands
def test_the_start_key_does_nothing_while_the_host_is_there(stand: Stand, rig: Rig) -> None:
    rig.prepare(stand.push(2.0))
    plunger = stand.plunger(rig)
    before = plunger.look()
    since = len(rig.seen)
    stand.hands.do(rig, START_KEY)
    rig.run_for(0.5)
    readings = rig.all(PumpReading, since)
    assert len(readings) >= 5
    assert set(readings) == {PumpReading(PumpStatus.STOPPED, 0.0, 0.0)}
    assert plunger.look().forward_ul == before.forward_ul


@pytest.mark.simulated_only
def test_the_same_key_starts_a_pump_that_was_handed_back(stand: Stand, rig: Rig, simulated: SimulatedBench) -> None:
    rig.prepare(stand.push(2.0))
    rig.release_pump()
    before_ul = simulated.truth()["forward_ul"]
    stand.hands.do(rig, START_KEY)
    rig.run_for(0.6)
    assert simulated.truth()["forward_ul"] - before_ul == pytest.approx(2.0, abs=TRUE_WITHIN_UL)
