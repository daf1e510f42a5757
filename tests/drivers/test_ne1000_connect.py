"""The NE-1000 driver against a scripted pump in virtual time: connecting."""

import pytest

from drivers.driver import NEVER_S, DeviceProblem
from drivers.ne1000.driver import CONNECT_S, Ne1000Settings
from drivers.pump import (
    PumpAlarmed,
    PumpConnected,
    PumpHeard,
    PumpIdle,
    PumpReading,
    PumpRefused,
    PumpStatus,
    PumpStopped,
)
from tests.drivers.ne1000_script import FOUND, SETTINGS, Pump, Wire, basic, safe


def kept(found: list[object]) -> list[object]:
    return [item for item in found if not isinstance(item, PumpHeard | PumpIdle)]


def refusal(found: list[object]) -> str:
    (refused,) = [item for item in found if isinstance(item, PumpRefused)]
    return refused.text


def test_connect_says_exactly_this_in_packets() -> None:
    wire = Wire()
    wire.driver.connect(wire.now_s)
    assert kept(wire.finish(4.0)) == [PumpConnected("NE-1000", "3.928")]
    assert wire.pump.frames == [safe(f"0{command}") for command in FOUND + SETTINGS]
    assert wire.driver.transmit(wire.now_s) == b""
    assert wire.driver.next_deadline_s() == NEVER_S


def test_connect_says_exactly_this_to_a_pump_that_takes_bare_text_only() -> None:
    wire = Wire(Pump(takes_packets=False))
    wire.driver.connect(wire.now_s)
    assert kept(wire.finish(4.0)) == [PumpConnected("NE-1000", "3.928")]
    bare = ["", *FOUND, *SETTINGS][1:-1]
    assert wire.pump.frames == [safe("0"), *(f"0{command}\r".encode() for command in bare), safe("0SAF")]


def test_connect_to_a_pump_that_was_left_in_safe_mode() -> None:
    wire = Wire(Pump(mode=2)).connect()
    assert wire.pump.mode == 1


def test_the_settings_reach_the_pump() -> None:
    settings = Ne1000Settings(diameter_mm=8.585, watchdog_s=2, trigger="nc_to_ground")
    wire = Wire(settings=settings).connect()
    assert {"TRGSH", "DIA8.585", "SAF2"} <= set(wire.pump.told)
    assert "TRGP2" not in wire.pump.told


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"diameter_mm": 4.6995}, "can not be sent exactly"),
        ({"diameter_mm": 0.0}, "0 mm"),
        ({"diameter_mm": float("nan")}, "can not be sent"),
        ({"address": 100}, "outside 0-99"),
        ({"watchdog_s": 0}, "outside 1-2"),
        ({"watchdog_s": 3}, "outside 1-2"),
        ({"trigger": "FT"}, "is not one of none, nc_to_ground"),
    ],
)
def test_settings_that_can_not_be_said_are_refused_before_anything_is_sent(changes: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Ne1000Settings(**changes)  # type: ignore[arg-type]  # one wrong field at a time


@pytest.mark.parametrize("status", ["I", "W", "X", "P", "T", "U"])
def test_a_pump_that_is_not_at_rest_is_stopped_before_it_is_told_anything_else(status: str) -> None:
    wire = Wire(Pump(status=status)).connect()
    first_setting = wire.pump.told.index("VER")
    assert set(wire.pump.told[:first_setting]) == {"", "STP"}
    assert wire.pump.told.count("STP") == (2 if status in "IWX" else 1)
    assert wire.pump.status == "S"


@pytest.mark.parametrize("alarm", ["R", "S", "T", "E", "O"])
@pytest.mark.parametrize("command", ["", "STP", "VER", "TRGP2", "TRG", "SAF1", "SAF"])
def test_a_command_that_met_an_alarm_is_said_again(command: str, alarm: str) -> None:
    wire = Wire()
    wire.pump.replies = {command: [f"00A?{alarm}"]}
    wire.driver.connect(wire.now_s)
    found = wire.finish(4.0)
    assert isinstance(found[-2], PumpConnected)
    assert any(isinstance(item, PumpAlarmed) for item in found)
    assert wire.pump.told.count(command) == (1 if command == "" else 2)


def test_a_damaged_command_is_said_again() -> None:
    wire = Wire(Pump(replies={"DIA4.699": ["00S?COM"]})).connect()
    assert wire.pump.told.count("DIA4.699") == 2


def test_an_alarm_that_never_ends_is_named() -> None:
    wire = Wire(Pump(replies={"LOC1": ["00A?S"] * 3}))
    wire.driver.connect(wire.now_s)
    wire.finish(4.0)
    assert wire.problem() == "the pump does not take 'LOC1', said 3 times: alarm, motor stalled"


READ_BACKS = [
    ("PF", "1", "power-fail mode off"),
    ("TRG", "FT", "a trigger that can only stop"),
    ("LOC", "0", "keypad locked"),
    ("DIA", "4.780", "the syringe's diameter"),
    ("DIA", "x", "the syringe's diameter"),
    ("PHN", "01", "phase 2 selected"),
    ("FUN", "RAT", "phase 2 = stop"),
    ("VOL", "0.000ML", "volumes in microlitres"),
    ("DIR", "WDR", "direction infuse"),
    ("SAF", "0", "the watchdog"),
]


@pytest.mark.parametrize(("query", "answer", "what"), READ_BACKS)
def test_what_reads_back_otherwise_is_a_problem_with_a_sentence(query: str, answer: str, what: str) -> None:
    wire = Wire(Pump(replies={query: [f"00S{answer}"]}))
    wire.driver.connect(wire.now_s)
    assert not any(isinstance(item, PumpConnected) for item in wire.finish(4.0))
    assert wire.problem().startswith(f"{what}: set by '")
    assert wire.problem().endswith(f"but the pump reads back {answer!r}")


@pytest.mark.parametrize("command", ["FUNSTP", "PHN2", "DIA4.699", "SAF1", "TRGP2"])
def test_a_refused_setting_is_a_problem(command: str) -> None:
    wire = Wire(Pump(replies={command: ["00S?OOR"]}))
    wire.driver.connect(wire.now_s)
    wire.finish(4.0)
    assert wire.problem() == f"the pump refuses {command!r}: out of range"


def test_phase_one_that_is_not_selected_or_not_a_rate_is_a_problem() -> None:
    wrong: list[dict[str, list[str | None]]] = [{"PHN": ["00S02", "00S02"]}, {"FUN": ["00SSTP", "00SSTP"]}]
    for replies in wrong:
        wire = Wire(Pump(replies=replies))
        wire.driver.connect(wire.now_s)
        wire.finish(4.0)
        assert "phase 1" in wire.problem()


@pytest.mark.parametrize("version", ["NE1010V3.928", "NE4000X2V3.928", "KDS100", "NE1000"])
def test_another_pump_is_a_problem_that_names_both(version: str) -> None:
    replies: dict[str, list[str | None]] = {"VER": [f"00S{version}"]}
    wire = Wire(Pump(replies=replies))
    wire.driver.connect(wire.now_s)
    wire.finish(4.0)
    assert wire.problem() == f"the pump says it is '{version}', and the profile expects an NE-1000"
    assert not set(wire.pump.told) & set(SETTINGS)


def test_an_upgraded_pump_is_the_same_model() -> None:
    wire = Wire(Pump(replies={"VER": ["00SNE1000X2V3.929"]}))
    wire.driver.connect(wire.now_s)
    assert PumpConnected("NE-1000", "3.929") in wire.finish(4.0)


def test_a_silent_pump_is_a_problem_within_a_second() -> None:
    wire = Wire(answer=lambda frame: b"")
    wire.driver.connect(wire.now_s)
    wire.finish(1.0)
    assert wire.problem().startswith("no answer from a pump at address 0: check power, cable")


@pytest.mark.parametrize("pump", [Pump(), Pump(mode=1), Pump(takes_packets=False)], ids=["basic", "safe", "bare text"])
@pytest.mark.parametrize("first", [0, 1])
def test_a_pump_that_answers_every_second_command_is_connected_or_named_in_time(pump: Pump, first: int) -> None:
    pump = Pump(mode=pump.mode, takes_packets=pump.takes_packets)
    heard = [first]

    def answer(frame: bytes) -> bytes:
        reply = pump.answer(frame)
        heard[0] += bool(reply)
        return reply if heard[0] % 2 else b""

    wire = Wire(answer=answer, latency_s=0.012)
    wire.driver.connect(wire.now_s)
    assert PumpConnected("NE-1000", "3.928") in wire.finish(CONNECT_S)


def test_a_pump_that_is_too_slow_throughout_is_named_in_time() -> None:
    """Every command is answered at its third saying, and late."""
    pump = Pump()

    def answer(frame: bytes) -> bytes:
        reply = pump.answer(frame)
        return reply if len(pump.frames) % 3 == 2 else b""

    wire = Wire(latency_s=0.095, answer=answer)
    wire.driver.connect(wire.now_s)
    wire.finish(CONNECT_S)
    assert wire.problem() == "the pump answers too slowly or too seldom: not set up within 4 s"
    assert wire.driver.next_deadline_s() == NEVER_S


@pytest.mark.parametrize("lost", range(2, 4 + len(SETTINGS)))
def test_any_one_reply_may_be_lost_while_connecting(lost: int) -> None:
    for pump in (Pump(), Pump(mode=1), Pump(takes_packets=False)):
        answers = [0]

        def answer(frame: bytes, pump: Pump = pump, answers: list[int] = answers) -> bytes:
            reply = pump.answer(frame)
            answers[0] += bool(reply)
            return b"" if answers[0] == lost else reply

        wire = Wire(answer=answer)
        wire.driver.connect(wire.now_s)
        assert PumpConnected("NE-1000", "3.928") in wire.finish(4.0)


@pytest.mark.parametrize("text", ["0S", "00S", "00S "])
def test_replies_in_every_tolerated_form(text: str) -> None:
    forms: dict[str, list[str | None]] = {
        "": [text],
        "DIA": ["0S4.700"],
        "VOL": ["0S.0UL"],
        "PHN": ["0S2", "0S1"],
        "SAF": ["00S001"],
        "LOC": ["00S 1"],
    }
    pump = Pump(replies=forms)
    wire = Wire(settings=Ne1000Settings(diameter_mm=4.7), answer=lambda frame: b"\xff\x03?" + pump.answer(frame) + b"\r")
    wire.driver.connect(wire.now_s)
    assert PumpConnected("NE-1000", "3.928") in wire.finish(4.0)


def test_a_reply_in_pieces_with_half_a_frame_before_it() -> None:
    wire = Wire().connect()
    wire.driver.poll(wire.now_s)
    wire.driver.transmit(wire.now_s)
    wire.deliver(safe("00SI50.00W0.000UL")[:8])
    wire.now_s += 0.06
    for byte in safe("00SI12.50W0.000UL"):
        wire.deliver(bytes([byte]))
    assert PumpReading(PumpStatus.STOPPED, 12.5, 0.0) in wire.found


def test_another_pumps_replies_are_not_ours() -> None:
    wire = Wire(answer=lambda frame: safe("05S"))
    wire.driver.connect(wire.now_s)
    wire.finish(1.0)
    assert kept(wire.found) == [DeviceProblem("pump", wire.problem())]
    assert PumpHeard() not in wire.found


def test_an_unasked_packet_tells_the_mode_while_bare_text_is_being_tried() -> None:
    wire = Wire(Pump(mode=1), answer=lambda frame: b"")
    wire.driver.connect(wire.now_s)
    wire.advance(wire.now_s + 0.2)
    wire.answer = None
    wire.deliver(safe("00A?T"))
    assert PumpConnected("NE-1000", "3.928") in wire.finish(4.0)


def test_the_reply_to_the_change_of_mode_may_come_in_the_old_framing() -> None:
    pump = Pump(takes_packets=False)

    def answer(frame: bytes) -> bytes:
        before, reply = pump.mode, pump.answer(frame)
        return basic("00S") if pump.mode != before else reply

    wire = Wire(answer=answer)
    wire.driver.connect(wire.now_s)
    assert PumpConnected("NE-1000", "3.928") in wire.finish(4.0)


def test_a_pump_that_never_goes_to_safe_mode_is_a_problem_and_can_be_stopped() -> None:
    pump = Pump()

    def answer(frame: bytes) -> bytes:
        reply = pump.answer(frame)
        if not pump.mode:
            return reply
        pump.mode = 0
        return basic("00S")

    wire = Wire(answer=answer)
    wire.driver.connect(wire.now_s)
    wire.finish(4.0)
    assert wire.problem() == "the pump does not take 'SAF', said 3 times: no answer"
    pump.status = "I"
    wire.driver.stop(wire.now_s)
    wire.finish(0.5)
    assert PumpStopped(0.0, 0.0) in wire.found
