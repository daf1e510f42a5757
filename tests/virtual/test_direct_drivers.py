"""The stand-in drivers one by one: what they say, when, and that it is what the real ones would say."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.virtual.direct.button import BOTH_CLOSED, BOTH_OPEN, DirectButton
from controller.virtual.direct.latencies import (
    COMMAND_S,
    CONNECT_S,
    POLL_S,
    PRESSURE_CONNECT_S,
    SAMPLE_S,
    STALL_NOTICED_S,
    STOP_SEEN_S,
)
from controller.virtual.direct.motor import Motor
from controller.virtual.direct.pressure import DirectPressure
from controller.virtual.direct.pump import DirectPump
from drivers.button import ButtonClosed, ButtonFullyOpened, ButtonOpened, ButtonProved
from drivers.keller33x.codec import ChannelValue
from drivers.keller33x.monitors import Finding, SampleMonitors
from drivers.keller33x.settings import Keller33xSettings
from drivers.pressure import PressureConnected, PressureFault, PressureRejected, PressureSample
from drivers.pump import (
    Direction,
    Motion,
    PumpAlarm,
    PumpAlarmed,
    PumpConnected,
    PumpHeard,
    PumpIdle,
    PumpPrepared,
    PumpReading,
    PumpRefused,
    PumpReleased,
    PumpStatus,
    PumpStopped,
)

INFUSE = Motion(10.0, 5.0, Direction.INFUSE)
STEP_S = 0.01


class Stand:
    """A pump and its motor, in steps of 10 ms or whatever is asked for."""

    def __init__(self, *, obeys_trigger: bool = False) -> None:
        self.motor = Motor()
        self.pump = DirectPump(self.motor, obeys_trigger=obeys_trigger)
        self.now_s = 0.0

    def go(self, seconds: float, step_s: float = STEP_S) -> list[tuple[float, object]]:
        found: list[tuple[float, object]] = []
        for _ in range(round(seconds / step_s)):
            self.now_s = round(self.now_s + step_s, 9)
            self.motor.advance(self.now_s)
            found += [(self.now_s, item) for item in self.pump.receive(b"", self.now_s)]
        return found

    def said(self, seconds: float) -> list[object]:
        return [item for _, item in self.go(seconds)]

    def start(self, motion: Motion = INFUSE) -> None:
        self.pump.connect(self.now_s)
        self.go(0.6)
        self.pump.prepare(motion, self.now_s)
        assert self.said(0.3)[-2:] == [PumpPrepared(motion), PumpIdle()]
        self.pump.run(self.now_s)


def kinds(found: list[object]) -> list[type]:
    return [type(item) for item in found if not isinstance(item, PumpHeard)]


def test_every_request_says_what_the_real_driver_says() -> None:
    stand = Stand()
    stand.pump.connect(0.0)
    assert kinds(stand.said(0.6)) == [PumpConnected, PumpIdle]
    stand.pump.prepare(INFUSE, stand.now_s)
    assert stand.pump.busy
    assert kinds(stand.said(0.3)) == [PumpPrepared, PumpIdle]
    stand.pump.run(stand.now_s)
    assert stand.said(0.03) == [PumpHeard(), PumpIdle()]
    stand.pump.poll(stand.now_s)
    assert kinds(stand.said(0.03)) == [PumpReading, PumpIdle]
    stand.pump.stop(stand.now_s)
    assert kinds(stand.said(0.1)) == [PumpReading, PumpReading, PumpStopped, PumpIdle]
    stand.pump.release(stand.now_s)
    assert kinds(stand.said(0.2)) == [PumpReleased, PumpIdle]
    assert not stand.pump.busy


def test_what_is_under_way_is_heard_of_when_it_is_due() -> None:
    stand = Stand()
    stand.pump.connect(0.0)
    found = stand.go(CONNECT_S[-1] + STEP_S)
    assert [at_s for at_s, item in found if isinstance(item, PumpConnected)] == [pytest.approx(CONNECT_S[-1], abs=STEP_S)]
    assert sum(isinstance(item, PumpHeard) for _, item in found) == len(CONNECT_S)


def test_a_motion_begins_with_its_command_and_ends_with_its_volume() -> None:
    stand = Stand()
    stand.start()
    began_s = stand.now_s
    stand.go(1.0)
    assert stand.motor.forward_ul == pytest.approx(5.0 * (stand.now_s - began_s - COMMAND_S))
    stand.go(1.1)
    assert (stand.motor.forward_ul, stand.motor.status) == (pytest.approx(10.0), "S")
    stand.pump.poll(stand.now_s)
    assert PumpReading(PumpStatus.STOPPED, 10.0, 0.0) in stand.said(0.05)


def test_a_reading_tells_what_was_when_the_pump_was_asked() -> None:
    stand = Stand()
    stand.start()
    began_s = stand.now_s
    stand.go(1.0)
    asked_s = stand.now_s
    stand.pump.poll(asked_s)
    (reading,) = [item for item in stand.said(0.05) if isinstance(item, PumpReading)]
    told_s = reading.infused_ul / 5.0 + began_s + COMMAND_S
    assert reading.status is PumpStatus.INFUSING
    assert asked_s + COMMAND_S <= told_s <= asked_s + POLL_S


def test_a_stop_takes_effect_with_its_command() -> None:
    stand = Stand()
    stand.start()
    stand.go(1.0)
    forward_ul, stopped_s = stand.motor.forward_ul, stand.now_s
    stand.pump.stop(stopped_s)
    found = stand.go(0.2)
    assert stand.motor.forward_ul - forward_ul == pytest.approx(5.0 * COMMAND_S)
    ((seen_s, seen),) = [pair for pair in found if isinstance(pair[1], PumpStopped)]
    assert isinstance(seen, PumpStopped)
    assert seen.infused_ul == pytest.approx(stand.motor.forward_ul, abs=0.001)
    assert seen_s - stopped_s == pytest.approx(STOP_SEEN_S[-1], abs=STEP_S)


def test_a_stop_that_meets_a_reply_is_said_again_behind_it() -> None:
    stand = Stand()
    stand.start()
    stand.go(1.0)
    stand.pump.poll(stand.now_s)
    asked_s = stand.now_s
    stand.go(0.01)
    forward_ul, stopped_s = stand.motor.forward_ul, stand.now_s
    stand.pump.stop(stopped_s)
    found = stand.go(0.2)
    assert stand.motor.forward_ul - forward_ul == pytest.approx(5.0 * (asked_s + POLL_S + COMMAND_S - stopped_s))
    ((seen_s, _),) = [pair for pair in found if isinstance(pair[1], PumpStopped)]
    assert seen_s == pytest.approx(asked_s + POLL_S + STOP_SEEN_S[-1], abs=STEP_S)


def test_a_stop_that_comes_right_behind_run_lets_nothing_more_than_its_latency_through() -> None:
    stand = Stand()
    stand.start()
    stand.pump.stop(stand.now_s)
    assert kinds(stand.said(0.3))[-2:] == [PumpStopped, PumpIdle]
    assert 0.0 < stand.motor.forward_ul < 5.0 * 0.03


def test_what_was_stopped_does_not_go_on() -> None:
    stand = Stand()
    stand.start()
    stand.go(0.5)
    stand.pump.stop(stand.now_s)
    stand.go(0.3)
    with pytest.raises(RuntimeError, match="no motion is programmed"):
        stand.pump.run(stand.now_s)


def test_one_request_at_a_time() -> None:
    stand = Stand()
    stand.pump.poll(0.0)
    with pytest.raises(RuntimeError, match="another is under way"):
        stand.pump.poll(0.0)


@pytest.mark.parametrize("motion", [Motion(10.00001, 5.0, Direction.INFUSE), Motion(10.0, 5.00001, Direction.INFUSE)])
def test_a_motion_that_a_real_pump_can_not_be_told_is_refused(motion: Motion) -> None:
    with pytest.raises(ValueError, match="can not be sent exactly"):
        Stand().pump.prepare(motion, 0.0)


def test_a_withdrawal_is_counted_as_one() -> None:
    stand = Stand()
    stand.start(Motion(2.0, 10.0, Direction.WITHDRAW))
    stand.go(0.5)
    stand.pump.poll(stand.now_s)
    assert PumpReading(PumpStatus.STOPPED, 0.0, 2.0) in stand.said(0.05)
    assert (stand.motor.forward_ul, stand.motor.withdrawn_ul) == (0.0, pytest.approx(2.0))


def test_a_plunger_that_can_go_no_further_is_an_alarm() -> None:
    stand = Stand()
    stand.start()
    stand.go(0.5)
    stand.motor.stall(stand.now_s)
    forward_ul, stalled_s = stand.motor.forward_ul, stand.now_s
    found = stand.go(0.2)
    ((alarm_s, alarm),) = [pair for pair in found if isinstance(pair[1], PumpAlarmed)]
    assert alarm == PumpAlarmed(PumpAlarm.STALL)
    assert alarm_s - stalled_s == pytest.approx(STALL_NOTICED_S, abs=STEP_S)
    assert stand.motor.forward_ul == forward_ul
    stand.pump.poll(stand.now_s)
    (reading,) = [item for item in stand.said(0.05) if isinstance(item, PumpReading)]
    assert reading.infused_ul - forward_ul == pytest.approx(5.0 * STALL_NOTICED_S, abs=0.01)  # counted, and not moved


def test_a_wired_trigger_pauses_the_pump_and_holds_it() -> None:
    stand = Stand(obeys_trigger=True)
    stand.start()
    stand.go(0.5)
    stand.motor.hold(held=True, now_s=stand.now_s)
    forward_ul = stand.motor.forward_ul
    stand.go(0.5)
    assert (stand.motor.forward_ul, stand.motor.status) == (forward_ul, "P")
    stand.pump.prepare(INFUSE, stand.now_s)
    assert kinds(stand.said(0.3)) == [PumpRefused, PumpIdle]
    stand.pump.stop(stand.now_s)
    stand.go(0.2)
    stand.pump.prepare(INFUSE, stand.now_s)
    assert kinds(stand.said(0.3)) == [PumpPrepared, PumpIdle]
    stand.pump.run(stand.now_s)
    assert kinds(stand.said(0.3)) == [PumpRefused, PumpIdle]
    assert stand.motor.forward_ul == forward_ul


def test_a_trigger_that_the_pump_was_not_told_to_obey_does_nothing() -> None:
    stand = Stand()
    stand.start()
    stand.motor.hold(held=True, now_s=stand.now_s)
    stand.go(0.5)
    assert stand.motor.status == "I"


@given(
    st.lists(st.floats(0.001, 0.05), min_size=1, max_size=40),
    st.floats(0.0, 0.5),
)
def test_the_motor_goes_as_far_whatever_the_steps_are(steps_s: list[float], stop_s: float) -> None:
    motor = Motor()
    motor.program(INFUSE)
    assert motor.run(0.0057)
    motor.stop(stop_s)
    now_s = 0.0
    for step_s in steps_s:
        now_s += step_s
        motor.advance(now_s)
    due_ul = 5.0 * max(0.0, min(now_s, stop_s) - 0.0057)
    assert motor.forward_ul == pytest.approx(due_ul)
    assert motor.status == ("S" if now_s >= stop_s else "I")


# -- pressure ------------------------------------------------------------------------------------------------------------------

SETTINGS = Keller33xSettings(address=1, must_cover_kpa=(-10.0, 200.0), sample_hz=100.0)
CONNECTED = PressureConnected(5157001, "direct", -100.0, 1000.0)

_readings = st.one_of(
    st.sampled_from([0.0, 0.01, 0.01, 0.21, 0.4, -0.19, -0.2, -0.21, 9.99, 10.0, 11.0, 11.2, math.nan, math.inf, -math.inf]),
    st.floats(-0.3, 11.5),
)


@given(st.lists(_readings, max_size=40), st.booleans())
def test_every_sample_is_judged_as_the_real_driver_judges_it(bars: list[float], frozen_monitor: bool) -> None:
    rest_kpa = [0.1 * (n % 3) for n in range(60)]
    monitors = SampleMonitors(SETTINGS, CONNECTED.range_min_kpa, CONNECTED.range_max_kpa)
    waiting = iter(bars)
    driver = DirectPressure(SETTINGS, CONNECTED, lambda: next(waiting))
    if frozen_monitor:
        assert driver.learn_noise(rest_kpa) == monitors.learn_noise(rest_kpa)
    driver.connect(0.0)
    assert driver.receive(b"", STEP_S) == [CONNECTED]
    for number, bar in enumerate(bars, start=2):
        now_s = number * STEP_S
        judged = monitors.judge(ChannelValue(bar, 0), now_s - SAMPLE_S)
        (found,) = driver.receive(b"", now_s)
        if isinstance(judged, Finding):
            assert found == (PressureFault(judged.text) if judged.fault else PressureRejected(judged.text))
        else:
            assert found == PressureSample(judged, now_s - SAMPLE_S)


def test_nothing_is_sampled_before_it_is_connected() -> None:
    driver = DirectPressure(SETTINGS, CONNECTED, lambda: 0.0)
    assert driver.receive(b"", 1.0) == []
    driver.connect(1.0)
    assert driver.receive(b"", 1.0 + PRESSURE_CONNECT_S / 2) == []


def test_a_transmitter_without_noise_can_not_be_learned() -> None:
    driver = DirectPressure(SETTINGS, CONNECTED, lambda: 0.0)
    with pytest.raises(ValueError, match="dead"):
        driver.learn_noise([1.0] * 100)


# -- button --------------------------------------------------------------------------------------------------------------------


def pressed(button: DirectButton, seconds: float, from_s: float, *, held: bool) -> list[tuple[float, object]]:
    """As run_direct feeds it: at a change and when it is due. Returns what was found, and in each step the lines."""
    found: list[tuple[float, object]] = []
    for step in range(round(seconds / STEP_S)):
        now_s = round(from_s + step * STEP_S, 9)
        if step == 0 or now_s >= button.next_deadline_s():
            found += [(now_s, item) for item in button.sample(BOTH_OPEN if held else BOTH_CLOSED, now_s)]
        lines = button.wanted_lines(now_s)
        found += [(now_s, lines)] if not (lines.rts and lines.dtr) else []
    return found


def test_a_press_is_told_at_once_and_a_release_after_its_time() -> None:
    button = DirectButton()
    assert next(item for _, item in pressed(button, 0.3, 0.0, held=False)) == ButtonClosed()
    assert [item for _, item in pressed(button, 0.2, 0.3, held=True)] == [ButtonOpened("AB"), ButtonFullyOpened()]
    closed = [at_s for at_s, item in pressed(button, 0.3, 0.5, held=False) if item == ButtonClosed()]
    assert closed == [pytest.approx(0.6)]


def test_both_channels_are_proved_in_turn_each_after_a_pulse_on_its_line() -> None:
    button = DirectButton()
    found = pressed(button, 3.0, 0.0, held=False)
    proved = [(at_s, item.channel) for at_s, item in found if isinstance(item, ButtonProved)]
    pulses = [(at_s, "B" if lines.rts else "A") for at_s, lines in found if not isinstance(lines, ButtonProved | ButtonClosed)]
    assert len(proved) >= 28
    assert all(earlier[1] != later[1] for earlier, later in pairwise(proved))
    assert [(pytest.approx(at_s + STEP_S), channel) for at_s, channel in pulses][: len(proved)] == proved


def test_a_button_that_is_open_from_the_start_is_open() -> None:
    button = DirectButton()
    assert [item for _, item in pressed(button, 0.5, 0.0, held=True)] == [ButtonOpened("AB"), ButtonFullyOpened()]
