"""The NE-1000 driver's stop: STP before everything else, said until the pump is seen to stand, and never believed too early."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from drivers.driver import NEVER_S
from drivers.ne1000.codec import encode
from drivers.ne1000.driver import CONNECT_S, STOP_REPEAT_S
from drivers.pump import (
    PumpAlarm,
    PumpAlarmed,
    PumpConnected,
    PumpIdle,
    PumpPrepared,
    PumpReading,
    PumpStatus,
    PumpStopped,
)
from tests.drivers.ne1000_script import MOTION, Pump, Wire, basic, safe

STANDING = safe("00SI0.000W0.000UL")


def running(**changes: object) -> Wire:
    """A pump in the middle of an increment, polled a moment ago."""
    wire = Wire().connect().prepare()
    wire.driver.run(wire.now_s)
    wire.finish(0.2)
    wire.pump.infused_ul = 12.5
    for name, value in changes.items():
        setattr(wire, name, value)
    wire.commands()
    return wire


def stopped(wire: Wire) -> PumpStopped | None:
    found = [item for item in wire.found if isinstance(item, PumpStopped)]
    assert len(found) <= 1
    return found[0] if found else None


def test_a_stop_of_a_running_pump() -> None:
    wire = running()
    begun_s = wire.now_s
    wire.driver.stop(begun_s)
    wire.flush()
    assert wire.sent == [(begun_s, "STP")]
    found = wire.finish(0.5)
    assert found[-2:] == [PumpStopped(12.5, 0.0), PumpIdle()]
    assert wire.commands() == ["STP", "STP", "DIS", "DIS"]
    assert wire.now_s - begun_s == pytest.approx(0.120)
    assert wire.pump.status == "S"
    assert wire.driver.next_deadline_s() == NEVER_S


def test_a_stop_that_was_said_already_is_said_again_only_when_it_is_due() -> None:
    wire = running()
    begun_s = wire.now_s
    assert wire.driver.stop_frame == encode(0, "STP", safe=True)
    wire.driver.stop(begun_s, said=True)
    assert wire.driver.transmit(begun_s) == b"", "the caller has sent the frame"
    wire.finish(0.5)
    assert wire.sent[0] == (pytest.approx(begun_s + STOP_REPEAT_S), "STP"), "unheard by this pump, so it is said again"
    assert stopped(wire) == PumpStopped(12.5, 0.0)


@pytest.mark.parametrize("told", [["00S", "00S"], ["00S?NA", "00S?NA"], ["00P", "00S"], ["00P", "00S?NA"], ["00I", "00P", "00S"]])
def test_every_answer_to_a_stop_leads_to_seen_stopped(told: list[str | None]) -> None:
    wire = running()
    wire.pump.status = "S"
    wire.pump.replies = {"STP": [*told]}
    wire.driver.stop(wire.now_s)
    wire.finish(0.5)
    assert stopped(wire) == PumpStopped(12.5, 0.0)
    assert wire.commands() == ["STP"] * len(told) + ["DIS", "DIS"]


@pytest.mark.parametrize("request_name", ["connect", "prepare", "run", "poll", "release"])
def test_a_stop_goes_before_whatever_is_under_way(request_name: str) -> None:
    """After every number of exchanges, before and after the frame has left."""
    for exchanges in range(30):
        for left in (False, True):
            wire = Wire().connect()
            if request_name == "run":
                wire.prepare()
            if request_name == "prepare":
                wire.driver.prepare(MOTION, wire.now_s)
            else:
                getattr(wire.driver, request_name)(wire.now_s)
            if left or exchanges:
                wire.advance(wire.now_s + 0.030 * exchanges + (0.001 if exchanges else 0.0))
            if not wire.driver.busy:
                assert exchanges > 0
                break
            wire.commands()
            found = len(wire.found)
            wire.driver.stop(wire.now_s)
            wire.finish(1.0)
            commands = wire.commands()
            assert commands[:1] == ["STP"]
            assert set(commands) == {"STP", "DIS"}
            assert stopped(wire) is not None
            assert not any(isinstance(item, PumpConnected | PumpPrepared) for item in wire.found[found:])
            assert wire.pump.status == "S"


def test_a_command_that_has_not_left_yet_never_leaves() -> None:
    wire = Wire().connect().prepare()
    wire.driver.run(wire.now_s)
    wire.driver.stop(wire.now_s)
    wire.finish(0.5)
    assert "RUN" not in wire.pump.told
    assert wire.commands()[0] == "STP"


def test_a_stop_is_said_again_at_once_after_the_reply_it_met() -> None:
    wire = Wire().connect().prepare()
    wire.driver.run(wire.now_s)
    wire.flush()
    wire.commands()
    wire.advance(wire.now_s + 0.010)
    wire.queueing = False  # the pump is replying: the first STP is lost
    wire.driver.stop(wire.now_s)
    reply_s = wire.now_s + 0.020
    wire.finish(0.5)
    times = [time_s for time_s, command in wire.sent if command == "STP"]
    assert times[0] == pytest.approx(reply_s - 0.020)
    assert times[1] == pytest.approx(reply_s)
    assert wire.pump.status == "S"


def test_a_stop_is_said_every_40_ms_for_ever_while_the_pump_is_silent() -> None:
    wire = running(answer=lambda frame: b"")
    begun_s = wire.now_s
    wire.driver.stop(begun_s)
    wire.advance(begun_s + 60.0)
    times = [time_s for time_s, _ in wire.sent]
    assert len(times) == pytest.approx(1500, abs=2)
    assert all(after - before == pytest.approx(0.040) for before, after in pairwise(times))
    assert set(wire.commands()) == {"STP"}
    wire.answer = None
    wire.finish(0.5)
    assert stopped(wire) == PumpStopped(12.5, 0.0)


def test_two_replies_in_one_read_do_not_skip_a_stop_that_has_not_left() -> None:
    wire = running()
    wire.driver.poll(wire.now_s)
    assert wire.driver.transmit(wire.now_s)
    wire.driver.stop(wire.now_s)
    assert wire.driver.transmit(wire.now_s) == safe("0STP")
    wire.driver.receive(safe("00II12.50W0.000UL") + safe("00S") + safe("00S"), wire.now_s)
    assert wire.driver.transmit(wire.now_s) == safe("0STP")


def test_alarms_do_not_swallow_the_stop() -> None:
    wire = running()
    wire.pump.replies = {"STP": ["00A?R", "00A?T"], "DIS": ["00A?S"]}
    wire.driver.stop(wire.now_s)
    found = wire.finish(0.6)
    assert [item.alarm for item in found if isinstance(item, PumpAlarmed)] == [
        PumpAlarm.RESET,
        PumpAlarm.WATCHDOG,
        PumpAlarm.STALL,
    ]
    assert wire.pump.status == "S"
    assert stopped(wire) is not None
    commands = wire.commands()
    assert commands[:3] == ["STP"] * 3
    assert commands[commands.index("DIS") + 1] == "STP"


@pytest.mark.parametrize(
    "first", ["00SI12.50W0.000UL", "00PI12.60W0.000UL", "00II12.60W0.000UL", "00TI12.60W0.000UL", "00A?S", "00S?"]
)
def test_one_good_look_is_not_enough(first: str) -> None:
    """What is looked at first is not confirmed by the second look: STP again, and two looks that agree."""
    wire = running()
    wire.pump.infused_ul = 12.6
    wire.pump.replies = {"DIS": [first]}
    wire.driver.stop(wire.now_s)
    wire.finish(0.7)
    commands = wire.commands()
    first_look = commands.index("DIS")
    assert "STP" in commands[first_look:]
    assert commands[-2:] == ["DIS", "DIS"]
    assert stopped(wire) == PumpStopped(12.6, 0.0)


def test_a_pump_in_pause_is_told_until_it_has_left_it() -> None:
    wire = running()
    wire.pump.replies = {"DIS": ["00PI12.50W0.000UL"] * 4}
    wire.driver.stop(wire.now_s)
    wire.finish(1.0)
    commands = wire.commands()
    assert not any(pair == ("DIS", "DIS") for pair in pairwise(commands[:-2]))
    assert commands.count("DIS") == 6
    assert stopped(wire) == PumpStopped(12.5, 0.0)


def test_news_of_motion_while_it_is_looked_at_is_answered_at_once() -> None:
    wire = running(answer=lambda frame: b"")
    wire.driver.stop(wire.now_s)
    wire.flush()
    wire.deliver(safe("00S"))
    wire.deliver(safe("00S"))
    wire.deliver(safe("00S?NA"))
    assert wire.commands() == ["STP", "STP", "DIS"]
    wire.deliver(safe("00I"))
    assert wire.commands() == ["STP"]


def test_a_prepared_motion_is_not_run_after_a_stop() -> None:
    wire = Wire().connect().prepare()
    wire.driver.stop(wire.now_s)
    wire.finish(0.5)
    with pytest.raises(RuntimeError, match="no motion is prepared"):
        wire.driver.run(wire.now_s)


def test_agreement_must_be_between_neighbours() -> None:
    wire = running()
    wire.pump.replies = {
        "DIS": [f"00{text}W0.000UL" for text in ("SI1.000", "SI2.000", "SI1.000", "II1.000", "SI1.000", "PI1.000")]
    }
    wire.driver.stop(wire.now_s)
    wire.finish(2.0)
    assert stopped(wire) == PumpStopped(12.5, 0.0)


def test_a_pump_that_ignores_the_stop_is_told_and_looked_at_for_ever() -> None:
    wire = running()
    wire.answer = lambda frame: safe("00II13.00W0.000UL" if b"DIS" in frame else "00I")
    wire.driver.stop(wire.now_s)
    wire.advance(wire.now_s + 20.0)
    commands = wire.commands()
    assert stopped(wire) is None
    assert wire.driver.busy
    assert commands.count("STP") > 400
    assert commands.count("DIS") > 100
    assert PumpReading(PumpStatus.INFUSING, 13.0, 0.0) in wire.found


def test_readings_that_were_asked_for_before_the_stop_prove_nothing() -> None:
    """Three polls without an answer; the pump runs, and the old answers (standing, equal) come while it is being stopped."""
    wire = running(answer=lambda frame: b"")
    for _ in range(3):
        wire.driver.poll(wire.now_s)
        wire.finish(0.2)
    wire.commands()
    late = [STANDING] * 3
    wire.answer = lambda frame: (late.pop() if late else safe("00II13.00W0.000UL")) if b"DIS" in frame else safe("00S")
    wire.driver.stop(wire.now_s)
    wire.advance(wire.now_s + 3.0)
    assert late == []
    assert stopped(wire) is None
    wire.answer = None
    wire.finish(0.5)
    assert stopped(wire) == PumpStopped(12.5, 0.0)


def test_lost_polls_do_not_keep_a_stop_from_being_seen() -> None:
    wire = running(answer=lambda frame: b"")
    for _ in range(3):
        wire.driver.poll(wire.now_s)
        wire.finish(0.2)
    wire.answer = None
    wire.driver.stop(wire.now_s)
    wire.finish(0.4)
    assert wire.commands()[-5:] == ["DIS"] * 5


def test_polls_lost_long_ago_are_forgotten() -> None:
    wire = running(answer=lambda frame: b"")
    for _ in range(3):
        wire.driver.poll(wire.now_s)
        wire.finish(0.2)
    wire.now_s += 1.0
    wire.commands()
    wire.answer = None
    wire.driver.stop(wire.now_s)
    wire.finish(0.4)
    assert wire.commands() == ["STP", "STP", "DIS", "DIS"]


def test_a_late_answer_to_something_else_is_not_taken_for_the_answer_to_run() -> None:
    wire = Wire().connect().prepare()
    wire.driver.run(wire.now_s)
    wire.flush()
    wire.deliver(STANDING)
    assert wire.driver.next_deadline_s() < NEVER_S
    wire.deliver(safe("00S"))  # could be anything's: RUN is over, and nothing was concluded from it
    assert not wire.driver.busy
    assert not any(isinstance(item, PumpReading | PumpStopped) for item in wire.found)
    wire.driver.poll(wire.now_s)
    wire.finish(0.2)
    assert wire.found[-2:] == [PumpReading(PumpStatus.INFUSING, 0.0, 0.0), PumpIdle()]
    assert wire.commands() == ["RUN", "DIS"]


@pytest.mark.parametrize("queueing", [True, False])
@pytest.mark.parametrize("halved_s", [0.0, 0.010])
@pytest.mark.parametrize("latency_ms", [5, 20, 30, 36, 38, 39, 40, 41, 42, 44, 48, 55, 65, 75, 80, 85, 95])
def test_a_slow_pump_is_seen_stopped_all_the_same(latency_ms: int, halved_s: float, queueing: bool) -> None:
    wire = running(latency_s=latency_ms / 1000, queueing=queueing, halved_s=min(halved_s, latency_ms / 2000))
    begun_s = wire.now_s
    wire.driver.stop(begun_s)
    wire.finish(1.0)
    assert stopped(wire) == PumpStopped(12.5, 0.0)
    assert wire.pump.status == "S"
    if latency_ms <= 40:
        assert wire.now_s - begun_s < 0.25


@pytest.mark.parametrize("pump", ["basic", "safe", "bare text"])
@pytest.mark.parametrize("after_s", [0.0, 0.001, 0.16, 0.31, 0.46])
def test_a_stop_while_the_framing_is_not_known_yet(pump: str, after_s: float) -> None:
    """Silent while connecting began; then it answers, in whichever mode it is."""
    wire = Wire(Pump(mode=1 if pump == "safe" else 0, takes_packets=pump == "basic", status="I"), answer=lambda frame: b"")
    wire.driver.connect(wire.now_s)
    wire.advance(wire.now_s + after_s)
    wire.answer = None
    wire.commands()
    wire.driver.stop(wire.now_s)
    wire.finish(0.5)
    assert wire.pump.status == "S"
    assert stopped(wire) is not None
    assert set(wire.commands()) == {"STP", "DIS"}


def test_a_stop_before_anything_else() -> None:
    wire = Wire(Pump(mode=2, status="W"))
    wire.driver.stop(wire.now_s)
    wire.finish(0.5)
    assert stopped(wire) is not None


@pytest.mark.parametrize("takes_packets", [True, False])
def test_a_stop_after_the_pump_was_handed_back(takes_packets: bool) -> None:
    wire = Wire(Pump(takes_packets=takes_packets)).connect()
    wire.driver.release(wire.now_s)
    wire.finish(2.0)
    wire.pump.status = "I"
    wire.driver.stop(wire.now_s)
    wire.finish(0.5)
    assert stopped(wire) is not None


def test_a_stop_while_the_mode_is_being_changed() -> None:
    """The pump has gone to Safe mode, its reply was lost, and we still speak bare text."""
    wire = Wire(Pump(takes_packets=False, replies={"SAF1": [None]}))
    wire.driver.connect(wire.now_s)
    while "SAF1" not in wire.pump.told:
        wire.advance(wire.now_s + 0.030)
        assert wire.now_s < 104.0
    wire.commands()
    wire.driver.stop(wire.now_s)
    wire.finish(0.6)
    assert wire.pump.mode == 1
    assert stopped(wire) is not None


def test_a_frame_without_a_crc_proves_no_stop() -> None:
    wire = running(answer=lambda frame: basic("00SI12.50W0.000UL" if b"DIS" in frame else "00S"))
    wire.found.clear()
    wire.driver.stop(wire.now_s)
    wire.advance(wire.now_s + 2.0)
    assert wire.found == []
    assert set(wire.commands()) == {"STP"}


POOL = (
    "00S 00I 00P 00S?NA 00S? 00S?COM 00A?R 00A?T 00SI5.000W0.000UL 00SI5.010W0.000UL 00II5.000W0.000UL 00PI5.000W0.000UL 00SINF"
)
REPLIES = st.one_of(
    st.none(), st.sampled_from(POOL.split()).map(safe), st.just(safe("00SI5.000W0.000UL")[:9]), st.binary(max_size=6)
)


@given(
    st.sampled_from(["prepare", "poll", "run", "connect", ""]),
    st.floats(0.0, 0.5),
    st.lists(st.tuples(REPLIES, st.floats(0.001, 0.2)), max_size=40),
)
@hypothesis_settings(max_examples=150, deadline=None)
def test_whatever_comes_nothing_but_stop_is_said_until_it_stands(
    request_name: str, after_s: float, replies: list[tuple[bytes | None, float]]
) -> None:
    wire = Wire().connect()
    if request_name == "run":
        wire.prepare()
    queue = iter(replies)

    def answer(frame: bytes) -> bytes:
        reply, wire.latency_s = next(queue, (None, 0.0))
        return reply or b""

    wire.answer = answer
    if request_name == "prepare":
        wire.driver.prepare(MOTION, wire.now_s)
    elif request_name:
        getattr(wire.driver, request_name)(wire.now_s)
    wire.advance(wire.now_s + after_s)
    wire.commands()
    begun = len(wire.found)
    wire.driver.stop(wire.now_s)
    wire.flush()
    assert wire.sent[:1] == [(wire.now_s, "STP")]
    wire.advance(wire.now_s + CONNECT_S)
    wire.answer = None  # from here on the pump behaves
    wire.pump.status = "S"
    wire.finish(3.0)
    assert set(wire.commands()) <= {"STP", "DIS"}
    last_two = [item for item in wire.found[begun:] if isinstance(item, PumpReading)][-2:]
    assert len(last_two) == 2
    assert last_two[0] == last_two[1]
    assert last_two[0].status is PumpStatus.STOPPED
    assert stopped(wire) == PumpStopped(last_two[0].infused_ul, last_two[0].withdrawn_ul)
