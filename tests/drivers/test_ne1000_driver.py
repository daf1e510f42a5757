"""The NE-1000 driver against a scripted pump in virtual time: programming, running, polling, handing back."""

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from drivers.ne1000.driver import CONNECT_S
from drivers.pump import (
    Direction,
    Motion,
    PumpAlarm,
    PumpAlarmed,
    PumpHeard,
    PumpIdle,
    PumpPrepared,
    PumpReading,
    PumpRefused,
    PumpReleased,
    PumpStatus,
    PumpStopped,
)
from tests.drivers.ne1000_script import MOTION, PREPARE, Pump, Wire, basic, safe


def kept(found: list[object]) -> list[object]:
    return [item for item in found if not isinstance(item, PumpHeard | PumpIdle)]


def refusal(found: list[object]) -> str:
    (refused,) = [item for item in found if isinstance(item, PumpRefused)]
    return refused.text


# -- in Safe mode --------------------------------------------------------------------------------------------------------------


def test_after_connecting_a_frame_without_a_crc_does_not_count() -> None:
    wire = Wire().connect()
    assert wire.deliver(basic("00S") + basic("00A?T")) == []
    wire.answer = lambda frame: basic("00SI0.000W0.000UL")
    wire.driver.poll(wire.now_s)
    assert wire.finish(0.2) == [PumpIdle()]


def test_a_watchdog_that_only_seems_to_be_on_is_a_problem() -> None:
    wire = Wire(Pump(replies={"SAF1": ["00S"], "SAF": [None, None, None]}))
    wire.driver.connect(wire.now_s)
    wire.finish(4.0)
    assert wire.problem() == "the pump does not take 'SAF', said 3 times: no answer"


def test_an_alarm_that_comes_unasked_is_told_and_ends_nothing() -> None:
    wire = Wire().connect()
    assert wire.deliver(bytes.fromhex("02 09 30 30 41 3f 54 05 40 03")) == [PumpHeard(), PumpAlarmed(PumpAlarm.WATCHDOG)]
    assert not wire.driver.busy
    assert wire.commands() == []


# -- programming and running ---------------------------------------------------------------------------------------------------


def test_prepare_clears_checks_and_reads_back_everything() -> None:
    wire = Wire().connect()
    wire.pump.infused_ul = 50.0
    wire.pump.frames.clear()
    wire.driver.prepare(MOTION, wire.now_s)
    assert kept(wire.finish(3.0)) == [PumpPrepared(MOTION)]
    assert wire.pump.frames == [safe(f"0{command}") for command in PREPARE]


def test_prepare_backwards() -> None:
    wire = Wire().connect()
    wire.prepare(Motion(12.34, 15.0, Direction.WITHDRAW))
    assert {"VOL12.34", "RAT900.0UM", "DIRWDR"} <= set(wire.pump.told)


BACK = Motion(4.25, 14.7, Direction.WITHDRAW)


def stopped_at(infused_ul: float) -> Wire:
    """An increment that was stopped, and has been seen to stand."""
    wire = Wire().connect().prepare()
    wire.driver.run(wire.now_s)
    wire.finish(0.2)
    wire.pump.infused_ul = infused_ul
    wire.driver.stop(wire.now_s)
    wire.finish(0.5)
    wire.commands()
    return wire


def polled(wire: Wire) -> PumpReading:
    wire.driver.poll(wire.now_s)
    (reading,) = kept(wire.finish(0.2))
    assert isinstance(reading, PumpReading)
    return reading


def test_behind_a_stop_everything_is_read_back_and_the_counters_are_counted_from() -> None:
    wire = stopped_at(12.5)
    wire.driver.prepare(BACK, wire.now_s)
    assert kept(wire.finish(3.0)) == [PumpPrepared(BACK)]
    assert wire.commands() == ["VOL4.250", "VOL", "RAT882.0UM", "RAT", "DIRWDR", "DIR"]
    assert polled(wire) == PumpReading(PumpStatus.STOPPED, 0.0, 0.0)
    wire.pump.withdrawn_ul = 1.25
    assert polled(wire) == PumpReading(PumpStatus.STOPPED, 0.0, 1.25)
    wire.pump.infused_ul = 12.9
    assert polled(wire) == PumpReading(PumpStatus.STOPPED, 0.4, 1.25), "going forward shows at once"


def test_counters_that_the_pump_clears_by_itself_hide_nothing_that_follows() -> None:
    wire = stopped_at(12.5)
    wire.prepare(BACK)
    wire.pump.infused_ul = 0.0
    assert polled(wire) == PumpReading(PumpStatus.STOPPED, 0.0, 0.0)
    wire.pump.infused_ul, wire.pump.withdrawn_ul = 0.5, 1.0
    assert polled(wire) == PumpReading(PumpStatus.STOPPED, 0.5, 1.0)


def test_what_a_second_stop_saw_is_counted_from_as_well() -> None:
    wire = stopped_at(12.5)
    wire.prepare(BACK)
    wire.driver.run(wire.now_s)
    wire.finish(0.2)
    wire.pump.withdrawn_ul = 3.5
    wire.driver.stop(wire.now_s)
    assert PumpStopped(0.0, 3.5) in wire.finish(0.5)
    wire.commands()
    wire.prepare(BACK)
    assert polled(wire) == PumpReading(PumpStatus.STOPPED, 0.0, 0.0)


@pytest.mark.parametrize("between", ["moved", "alarm", "ran"])
def test_counters_that_may_have_changed_behind_the_stop_are_cleared(between: str) -> None:
    wire = stopped_at(12.5)
    if between == "moved":
        wire.pump.infused_ul = 12.7
        polled(wire)
    elif between == "alarm":
        wire.deliver(safe("00A?R"))
    else:
        wire.prepare(BACK)
        wire.driver.run(wire.now_s)
        wire.finish(0.2)
        wire.pump.status = "S"
    wire.commands()
    wire.driver.prepare(BACK, wire.now_s)
    wire.finish(3.0)
    assert wire.commands()[:3] == ["CLDINF", "CLDWDR", "DIS"]


@pytest.mark.parametrize("query", ["VOL", "RAT", "DIR"])
def test_behind_a_stop_a_pump_that_does_not_stand_is_not_programmed(query: str) -> None:
    wire = stopped_at(12.5)
    wire.pump.replies = {query: [f"00P{ {'VOL': '4.250UL', 'RAT': '882.0UM', 'DIR': 'WDR'}[query] }"]}
    wire.driver.prepare(BACK, wire.now_s)
    assert refusal(wire.finish(3.0)) == "the pump is to be programmed, but is not stopped: paused"
    with pytest.raises(RuntimeError, match="no motion is prepared"):
        wire.driver.run(wire.now_s)


@pytest.mark.parametrize(
    "motion",
    [
        Motion(0.0, 5.0, Direction.INFUSE),
        Motion(50.0, 0.0, Direction.INFUSE),
        Motion(12.345, 5.0, Direction.INFUSE),
        Motion(50.0, 1.23456, Direction.INFUSE),
        Motion(-1.0, 5.0, Direction.INFUSE),
        Motion(float("nan"), 5.0, Direction.INFUSE),
        Motion(50.0, float("inf"), Direction.INFUSE),
        Motion(10_000.0, 5.0, Direction.INFUSE),
    ],
)
def test_a_motion_that_can_not_be_said_exactly_is_refused_before_anything_is_sent(motion: Motion) -> None:
    wire = Wire().connect()
    with pytest.raises(ValueError, match="sent"):
        wire.driver.prepare(motion, wire.now_s)
    assert wire.driver.transmit(wire.now_s) == b""
    assert not wire.driver.busy


@pytest.mark.parametrize(
    ("replies", "text"),
    [
        ({"DIS": ["00SI50.00W0.000UL"]}, "the pump's counters do not clear (it says I50.00W0.000UL)"),
        ({"DIS": ["00SI0.000W1.000UL"]}, "the pump's counters do not clear (it says I0.000W1.000UL)"),
        ({"DIS": ["00PI0.000W0.000UL"]}, "the pump is to be programmed, but is not stopped: paused"),
        ({"DIS": ["00II0.000W0.000UL"]}, "the pump is to be programmed, but is not stopped: infusing"),
        ({"CLDINF": ["00P?NA"]}, "the pump refuses 'CLDINF': not applicable now"),
        ({"VOL": ["00S50.01UL"]}, "the volume: set by 'VOL50.00', but the pump reads back '50.01UL'"),
        ({"VOL": ["00S50.00ML"]}, "the volume: set by 'VOL50.00', but the pump reads back '50.00ML'"),
        ({"VOL": ["00S50.00"]}, "the volume: set by 'VOL50.00', but the pump reads back '50.00'"),
        ({"RAT": ["00S300.0MH"]}, "the rate: set by 'RAT300.0UM', but the pump reads back '300.0MH'"),
        ({"RAT": ["00S30.00UM"]}, "the rate: set by 'RAT300.0UM', but the pump reads back '30.00UM'"),
        ({"RAT": ["00SfastUM"]}, "the rate: set by 'RAT300.0UM', but the pump reads back 'fastUM'"),
        ({"DIR": ["00SWDR"]}, "direction infuse: set by 'DIRINF', but the pump reads back 'WDR'"),
        ({"VOL50.00": ["00S?OOR"]}, "the pump refuses 'VOL50.00': out of range"),
        ({"RAT": [None, None, None]}, "the pump does not take 'RAT', said 3 times: no answer"),
    ],
)
def test_a_motion_that_does_not_read_back_is_refused(replies: dict[str, list[str | None]], text: str) -> None:
    wire = Wire().connect()
    wire.pump.replies = replies
    wire.driver.prepare(MOTION, wire.now_s)
    assert refusal(wire.finish(3.0)) == text
    with pytest.raises(RuntimeError, match="no motion is prepared"):
        wire.driver.run(wire.now_s)


def test_a_volume_read_back_in_another_form_is_the_same_volume() -> None:
    wire = Wire().connect()
    wire.pump.replies = {"VOL": ["00S0.050 ML"], "RAT": ["00S300.UM"], "DIS": ["00SI.000W0.0UL"]}
    wire.prepare()


def test_run_is_said_once_though_its_reply_is_lost() -> None:
    wire = Wire().connect().prepare()
    wire.pump.replies = {"RUN": [None]}
    wire.driver.run(wire.now_s)
    assert kept(wire.finish(0.11)) == []
    wire.driver.poll(wire.now_s)
    wire.finish(0.11)
    assert wire.commands() == ["RUN", "DIS"]


@pytest.mark.parametrize(
    ("reply", "text"), [("00A?T", "alarm, its communication watchdog expired"), ("00S?NA", "not applicable now")]
)
def test_run_that_was_not_taken_is_not_said_again(reply: str, text: str) -> None:
    wire = Wire().connect().prepare()
    wire.pump.replies = {"RUN": [reply]}
    wire.driver.run(wire.now_s)
    assert refusal(wire.finish(0.11)) == f"the pump did not start: {text}"
    wire.advance(wire.now_s + 1.0)
    assert wire.commands() == ["RUN"]


def test_run_needs_a_fresh_preparation_each_time() -> None:
    wire = Wire().connect()
    with pytest.raises(RuntimeError, match="no motion is prepared"):
        wire.driver.run(wire.now_s)
    wire.prepare()
    wire.driver.poll(wire.now_s)
    wire.finish(0.2)
    wire.driver.run(wire.now_s)
    wire.finish(0.2)
    with pytest.raises(RuntimeError, match="no motion is prepared"):
        wire.driver.run(wire.now_s)
    wire.driver.stop(wire.now_s)
    wire.finish(0.5)
    with pytest.raises(RuntimeError, match="no motion is prepared"):
        wire.driver.run(wire.now_s)


def test_poll_is_one_question() -> None:
    wire = Wire().connect()
    wire.pump.infused_ul, wire.pump.status = 12.5, "I"
    wire.driver.poll(wire.now_s)
    assert wire.finish(0.11) == [PumpHeard(), PumpReading(PumpStatus.INFUSING, 12.5, 0.0), PumpIdle()]
    assert wire.commands() == ["DIS"]


@pytest.mark.parametrize("reply", [None, "00A?S", "00S?NA", "00SI1.2.3W0UL"])
def test_a_poll_without_a_reading_ends_all_the_same(reply: str | None) -> None:
    wire = Wire().connect()
    wire.pump.replies = {"DIS": [reply]}
    wire.driver.poll(wire.now_s)
    found = wire.finish(0.11)
    assert not any(isinstance(item, PumpReading) for item in found)
    assert (PumpAlarmed(PumpAlarm.STALL) in found) == (reply == "00A?S")
    assert wire.commands() == ["DIS"]


def test_one_request_at_a_time() -> None:
    wire = Wire().connect()
    wire.driver.poll(wire.now_s)
    for request in (wire.driver.poll, wire.driver.connect, wire.driver.release):
        with pytest.raises(RuntimeError, match="while another is under way"):
            request(wire.now_s)
    wire.finish(0.2)
    assert wire.commands() == ["DIS"]


# -- handing back --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("takes_packets", [True, False])
def test_release_unlocks_and_ends_the_watchdog(takes_packets: bool) -> None:
    wire = Wire(Pump(takes_packets=takes_packets)).connect()
    wire.pump.frames.clear()
    wire.driver.release(wire.now_s)
    assert kept(wire.finish(2.0)) == [PumpReleased()]
    assert wire.pump.frames == [safe("0DIS"), safe("0LOC0"), safe("0LOC"), safe("0SAF0"), b"0SAF\r"]
    assert wire.pump.mode == 0


def test_release_when_the_reply_to_the_last_packet_is_lost() -> None:
    wire = Wire(Pump(takes_packets=False)).connect()
    wire.pump.replies = {"SAF0": [None]}
    wire.driver.release(wire.now_s)
    assert PumpReleased() in wire.finish(2.0)


@pytest.mark.parametrize(
    ("replies", "text"),
    [
        ({"DIS": ["00II1.000W0.000UL"]}, "the pump is to be handed back, but is not at rest: infusing"),
        ({"LOC": ["00S1"]}, "keypad unlocked: set by 'LOC0', but the pump reads back '1'"),
        ({"SAF": ["00S1"]}, "watchdog off: set by 'SAF0', but the pump reads back '1'"),
        ({"SAF0": [None] * 6}, "the pump does not answer 'SAF0'"),
    ],
)
def test_a_release_that_is_not_taken_is_refused(replies: dict[str, list[str | None]], text: str) -> None:
    wire = Wire().connect()
    wire.pump.replies = replies
    wire.driver.release(wire.now_s)
    assert refusal(wire.finish(2.0)) == text
    if "DIS" in replies or "LOC" in replies or "SAF0" not in wire.pump.told:
        assert wire.pump.mode == 1


# -- every wait ends -----------------------------------------------------------------------------------------------------------

POOL = "00S 00I 00P 00S?NA 00S? 00S?OOR 00S?COM 00A?R 00A?T 0S 00SI0.000W0.000UL 00II5.000W0.000UL 00SINF 00S50.00UL 00S1 00SRAT"
REPLIES = st.one_of(
    st.none(),
    st.sampled_from(POOL.split()).map(safe),
    st.sampled_from(POOL.split()).map(basic),
    st.just(safe("00SI5.000W0.000UL")[:9]),
    st.binary(max_size=6),
)
LIMITS_S = {"connect": CONNECT_S, "prepare": 2.71, "run": 0.101, "poll": 0.101, "release": 2.11}


@given(st.sampled_from(sorted(LIMITS_S)), st.lists(st.tuples(REPLIES, st.floats(0.001, 0.3)), max_size=40))
@hypothesis_settings(max_examples=150, deadline=None)
def test_whatever_comes_every_request_ends(request_name: str, replies: list[tuple[bytes | None, float]]) -> None:
    wire = Wire()
    if request_name != "connect":
        wire.connect()
    if request_name == "run":
        wire.prepare()
    queue = iter(replies)
    runs = [0]

    def answer(frame: bytes) -> bytes:
        runs[0] += b"RUN" in frame
        reply, wire.latency_s = next(queue, (None, 0.0))
        return reply or b""

    wire.answer = answer
    if request_name == "prepare":
        wire.driver.prepare(MOTION, wire.now_s)
    else:
        getattr(wire.driver, request_name)(wire.now_s)
    wire.finish(LIMITS_S[request_name])
    assert runs[0] == (request_name == "run")
