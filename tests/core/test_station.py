"""The station: a stop goes out before anything else of the cycle is looked at, and before anything is written down."""

import pytest

from controller.core.messages import Operator
from controller.core.reasons import Reason
from controller.core.states import State
from controller.inputs import Inputs
from drivers.button import ButtonOpened
from drivers.link import InputLines
from drivers.pressure import PressureFault, PressureSample
from drivers.pump import PumpAlarm, PumpAlarmed, PumpConnected, PumpIdle, PumpReading, PumpStatus
from tests.core.bench import in_state
from tests.core.fakes import Rig


def rig_in(state: State) -> Rig:
    bench = in_state(state)
    rig = Rig(bench.core)
    rig.station._connected = True
    rig.now_us = round(bench.now_s * 1e6)
    return rig


def step(rig: Rig, **more: object) -> None:
    rig.log.clear()
    rig.station.step(Inputs(now_us=rig.now_us + 1000, **more))


def test_a_stop_is_written_before_the_rest_of_the_cycle_is_looked_at() -> None:
    rig = rig_in(State.INFUSING)
    rig.button.found = [ButtonOpened("AB")]
    rig.pressure.found = [PressureSample(1.0, 0.0)]
    rig.pump.found = [PumpReading(PumpStatus.INFUSING, 1.0, 0.0)]
    step(rig, lines=InputLines(False, False), statements=[Operator("pain", "test")])
    assert rig.log[:3] == ["button sampled", "wrote pump stop", "pump stop"]
    assert "recorded decision StopPump" in rig.log[3:]


@pytest.mark.parametrize(
    "more",
    [
        {"failed": "error"}, {"lateness_us": 60_000}, {"lost": {"button": "gone"}}, {"statements": [Operator("stop", "test")]},
        {"recorder_trouble": "full"},
    ],
    ids=lambda more: next(iter(more)),
)  # fmt: skip
def test_every_cause_from_the_host_goes_out_before_it_is_written_down(more: dict) -> None:
    rig = rig_in(State.INFUSING)
    step(rig, **more)
    assert rig.log[:2] == ["wrote pump stop", "pump stop"]


def test_the_first_cause_of_a_cycle_is_the_reason() -> None:
    rig = rig_in(State.INFUSING)
    rig.button.found = [ButtonOpened("AB")]
    rig.pressure.found = [PressureFault("frozen")]
    step(rig, lines=InputLines(False, False), lateness_us=60_000, lost={"pressure": "gone", "pump": "gone"})
    desk = rig.station.core.desk
    assert not desk.view.button.closed  # an open button has no say any more, but is known
    assert desk.reason is Reason.HOST_LATE
    assert desk.also == [Reason.PUMP_SILENT, Reason.PRESSURE_SILENT, Reason.PRESSURE_FAULT]


def test_only_one_frame_more_goes_out_after_the_stop_and_none_before() -> None:
    rig = rig_in(State.INFUSING)
    rig.pump.outbox = [b"poll"]  # handed over but not sent yet
    step(rig, statements=[Operator("stop", "test")])
    assert [line for line in rig.log if line.startswith("wrote pump")] == ["wrote pump stop"]


def test_an_idle_of_a_request_that_the_stop_broke_off_does_not_count() -> None:
    rig = rig_in(State.INFUSING)
    rig.pump.found = [PumpAlarmed(PumpAlarm.STALL), PumpIdle()]
    step(rig)
    assert rig.station.core.desk.view.pump.busy


def test_a_motion_that_can_not_be_said_exactly_ends_the_procedure() -> None:
    """The fake pump refuses every number above 40."""
    rig = rig_in(State.ARMED)
    station = rig.station
    for wait in range(20):
        rig.now_us += 5_000
        rig.pressure.found = [PressureSample(0.0, rig.now_us / 1e6)]
        rig.pump.found = [PumpIdle()]
        step(rig, durable=[station.core.desk.account.entries[-1].number] if wait == 5 else [])
    assert station.core.desk.reason is Reason.PUMP_FAULT
    assert rig.pump.busy


def test_a_transmitter_that_does_not_dither_is_told_to_the_core() -> None:
    rig = rig_in(State.SELF_TEST)
    rig.pressure.noise_error = "the samples do not dither"
    rig.station.core.desk.view.pump.connected = PumpConnected("NE-1000", "1")
    rig.station.core.desk.view.pump.heard_s = 0.0
    for _ in range(700):
        rig.now_us += 5_000
        rig.pressure.found = [PressureSample(0.0, rig.now_us / 1e6)]
        if rig.station.core.desk.view.pressure.connected is None:
            rig.station.core.desk.view.pressure.connected = object()
        step(rig)
        if rig.station.core.desk.reason is not None:
            break
        rig.station.core.desk.view.pump.heard_s = rig.now_us / 1e6
    assert rig.station.core.desk.reason is Reason.SELF_TEST_FAILED
    assert "dither" in rig.station.core.desk.reason_text


def test_before_the_devices_are_connected_nothing_is_sent() -> None:
    rig = Rig(in_state(State.STANDBY).core)
    rig.station.emergency_stop(0.0)
    assert rig.log == []


def test_a_lost_button_is_never_due() -> None:
    rig = rig_in(State.INFUSING)
    step(rig, lost={"button": "gone"})
    assert rig.station.next_deadline_s() == float("inf")


def test_nothing_is_written_to_a_lost_port() -> None:
    rig = rig_in(State.INFUSING)
    step(rig, lost={"pump": "gone"})
    assert not [line for line in rig.log if line.startswith("wrote pump")]
    assert "pump stop" in rig.log


def test_a_pressure_beyond_the_limit_stops_the_pump_before_anything_is_decided() -> None:
    rig = rig_in(State.INFUSING)
    desk = rig.station.core.desk
    rig.pressure.crossing = b"high"
    rig.pressure.found = [PressureSample(desk.plan.line_limit_kpa + desk.view.pressure.zero_kpa + 1.0, rig.now_us / 1e6)]
    step(rig, pressure=b"high", lines=InputLines(True, True), lateness_us=1_000)
    assert rig.log[:2] == ["wrote pump stop", "pump stop"]
    assert [line for line in rig.log if line.startswith("wrote pump")] == ["wrote pump stop"]
    assert rig.pressure.asked_kpa == (desk.plan.line_limit_kpa, desk.view.pressure.zero_kpa)
    assert (desk.reason, desk.also) == (Reason.PRESSURE_CEILING, [])


def test_an_open_button_stops_the_pump_before_anything_is_decided() -> None:
    rig = rig_in(State.INFUSING)
    rig.button.opened = True
    rig.button.found = [ButtonOpened("AB")]
    step(rig, lines=InputLines(False, False))
    assert rig.log[:3] == ["wrote pump stop", "pump stop", "button sampled"]
    assert [line for line in rig.log if line.startswith("wrote pump")] == ["wrote pump stop"]
    assert (rig.station.core.desk.reason, rig.station.core.desk.also) == (Reason.PAIN_STOP, [])


def test_a_reflex_that_the_core_knows_no_cause_for_ends_the_procedure() -> None:
    rig = rig_in(State.INFUSING)
    rig.pressure.crossing = b"high"
    step(rig, pressure=b"high")
    assert [line for line in rig.log if line.startswith("wrote pump")] == ["wrote pump stop"]
    assert rig.station.core.desk.reason is Reason.HOST_ERROR
    step(rig, pressure=b"high")  # it was for that cycle only
    assert not [line for line in rig.log if line.startswith("wrote pump stop")]


@pytest.mark.parametrize("state", [State.PRIMING, State.ARMED, State.HOLDING, State.STOPPING])
def test_no_reflex_where_nothing_is_infused(state: State) -> None:
    rig = rig_in(state)
    rig.pressure.crossing, rig.button.opened = b"high", True
    step(rig, pressure=b"high", lines=InputLines(False, False))
    assert "wrote pump stop" not in rig.log
