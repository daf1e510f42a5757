"""NE-1000 codec: byte vectors from the manual, what can not be said, numbers, and streams that are disturbed anywhere."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ne1000.codec import (
    Reply,
    ReplyParser,
    encode,
    format_number,
    parse_dispensed,
    parse_number,
    parse_reply,
    parse_volume,
)
from drivers.pump import PumpAlarm, PumpStatus
from tests.drivers.ne1000_script import basic, safe

GOLDEN_COMMANDS = {
    "SAF0": "02 09 30 53 41 46 30 59 ad 03",
    "SAF2": "02 09 30 53 41 46 32 79 ef 03",
    "": "02 05 30 36 53 03",
    "VER": "02 08 30 56 45 52 48 09 03",
    "STP": "02 08 30 53 54 50 b3 f9 03",
    "RUN": "02 08 30 52 55 4e 44 07 03",
}
STOPPED, ONLY_PACKETS = PumpStatus.STOPPED, True
DIS_REPLY = bytes.fromhex("02153030534935302e303057302e303030554c848f03")


@pytest.mark.parametrize(("command", "packet"), GOLDEN_COMMANDS.items())
def test_safe_packets_are_the_known_ones(command: str, packet: str) -> None:
    assert encode(0, command, safe=True) == bytes.fromhex(packet) == safe(f"0{command}")


def test_the_manuals_own_packet_proves_the_crc() -> None:
    assert safe("SAF0") == bytes.fromhex("02 08 53 41 46 30 55 43 03")
    assert safe("") == bytes.fromhex("02 04 00 00 03")


def test_bare_text_ends_in_one_carriage_return() -> None:
    assert encode(0, "RAT300.0UM", safe=False) == b"0RAT300.0UM\r"
    assert encode(12, "", safe=False) == b"12\r"
    assert encode(99, "STP", safe=True) == safe("99STP")


@pytest.mark.parametrize("address", [-1, 100])
def test_an_address_out_of_range_is_refused(address: int) -> None:
    with pytest.raises(ValueError, match=f"{address} is outside 0-99"):
        encode(address, "STP", safe=True)


HARMFUL = """
PUR RUN1 RUN2 TRGFT TRGFH TRGF2 TRGLE TRGST TRGT2 TRGSP TRGRL TRGRH TRGSL TRGOF VOL0 VOL0.0 VOL0.000 VOL.0 VOLML VOL-5 VOL12345
VOL1234.5 VOL12.3456 VOL5. VOL1e3 RAT0UM RAT0.000UM RAT300.0 RAT300.0MM RAT300.0MH RATC5.0 RAT1234.567UM DIA0 DIA0.0 DIRREV DIRSTK
SAF3 SAF9 SAF255 PF1 LOC2 PHN0 PHN3 PHN41 FUNPAS FUNLOP FUNTRG FUNJMP1 *RESET *ADR0 0STP STPSTP OUT51 BUZ1 DIN1 ROM1 AL0 stp
"""


@pytest.mark.parametrize("command", HARMFUL.split())
@pytest.mark.parametrize("is_safe", [True, False])
def test_what_could_harm_can_not_be_said(command: str, is_safe: bool) -> None:
    with pytest.raises(ValueError, match="not among the commands"):
        encode(0, command, safe=is_safe)


@pytest.mark.parametrize("command", ["STP\r", "STP\n", "STP\rPUR", " STP", "VOL\u0665\u0660", "RAT\u0663UM", "DIS*"])
def test_nothing_rides_along(command: str) -> None:
    with pytest.raises(ValueError, match="not among the commands"):
        encode(0, command, safe=True)


_LIST = """
STP RUN DIS VER CLDINF CLDWDR PHN PHN1 PHN2 FUN FUNSTP FUNRAT DIA VOL VOLUL RAT DIR DIRINF DIRWDR PF PF0 LOC LOC0 LOC1 TRG TRGP2
TRGSH SAF SAF0 SAF1 SAF2
"""
_PIECES = "PUR RUN STP TRG FT VOL RAT UM MH UL ML 0 . 00 5 12.5 0.000 DIA SAF PF LOC PHN FUN DIR INF REV * ADR RESET"
HARMLESS, PIECES = {"", *_LIST.split()}, ["\r", *_PIECES.split()]


@pytest.mark.parametrize("command", sorted(HARMLESS))
def test_the_whole_list_can_be_said(command: str) -> None:
    assert encode(0, command, safe=True) == safe(f"0{command}")


@given(st.one_of(st.text(max_size=12), st.lists(st.sampled_from(PIECES), max_size=4).map("".join)))
def test_only_the_list_and_positive_numbers_can_be_said(command: str) -> None:
    try:
        frame = encode(0, command, safe=False)
    except ValueError:
        assert command not in HARMLESS
        return
    assert frame == f"0{command}\r".encode()
    if command not in HARMLESS:
        name, number = command[:3], command[3:]
        assert name in ("DIA", "VOL", "RAT")
        assert number.endswith("UM") == (name == "RAT")
        number = number.removesuffix("UM")
        assert float(number) > 0
        assert len(number.replace(".", "")) <= 4
        assert len(number.partition(".")[2]) <= 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (50.0, "50.00"),
        (300, "300.0"),
        (0.05, "0.050"),
        (4.699, "4.699"),
        (1234.0, "1234"),
        (9999.0, "9999"),
        (0.0, "0.000"),
        (10.01, "10.01"),
    ],
)
def test_numbers_as_the_pump_takes_them(value: float, text: str) -> None:
    assert format_number(value) == text


@pytest.mark.parametrize(
    "value", [0.0005, 4.6995, 12.345, 123.45, 1234.5, 10000.0, 1e22, -0.1, 5e-324, 0.1 + 0.2, float("nan"), float("inf")]
)
def test_numbers_that_can_not_be_said_exactly_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="can not be sent"):
        format_number(value)


@given(st.floats(min_value=0, max_value=20_000) | st.integers(0, 9_999_999).map(lambda n: n / 1000))
def test_a_number_is_said_exactly_or_not_at_all(value: float) -> None:
    try:
        text = format_number(value)
    except ValueError:
        exact = Decimal(repr(value))
        places = 3 if exact < 10 else 2 if exact < 100 else 1 if exact < 1000 else 0
        assert exact >= 10_000 or exact * 10**places % 1 != 0
        return
    assert float(text) == parse_number(text) == value
    assert len(text.replace(".", "")) <= 4


@pytest.mark.parametrize(
    ("text", "value"), [("50.00", 50.0), ("50.0", 50.0), ("500.", 500.0), (".5", 0.5), ("7", 7.0), ("0.000", 0.0)]
)
def test_numbers_as_the_pump_writes_them(text: str, value: float) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize("text", ["", ".", "-1", "1e3", "12345", "1.2.3", "5UL", " 5", "0x1"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="for a number"):
        parse_number(text)


@pytest.mark.parametrize(
    ("data", "volumes"),
    [
        ("I50.00W0.000UL", (50.0, 0.0)),
        ("I50.0W.5UL", (50.0, 0.5)),
        ("I0.029W1.001ML", (29.0, 1001.0)),
        ("I2.003W4.007ML", (2003.0, 4007.0)),
        ("I50.00W0.000", None),
        ("I1.2.3W0UL", None),
        ("W0.000I50.00UL", None),
        ("I50.00W0.000ULX", None),
    ],
)
def test_what_was_dispensed(data: str, volumes: tuple[float, float] | None) -> None:
    assert parse_dispensed(data) == volumes


def test_a_volume_in_either_unit() -> None:
    assert parse_volume("50.0UL") == parse_volume("0.050ML") == 50.0
    for text in ("50.00", "UL", "50.00UM"):
        with pytest.raises(ValueError, match="for a volume"):
            parse_volume(text)


@pytest.mark.parametrize(
    ("content", "reply"),
    [
        ("00S", Reply(0, STOPPED, None, "", None)),
        ("0S", Reply(0, STOPPED, None, "", None)),
        ("7P", Reply(7, PumpStatus.PAUSED, None, "", None)),
        ("12T", Reply(12, PumpStatus.TIMED_PAUSE, None, "", None)),
        ("00U", Reply(0, PumpStatus.WAITING_FOR_TRIGGER, None, "", None)),
        ("00X", Reply(0, PumpStatus.PURGING, None, "", None)),
        ("00W4.780", Reply(0, PumpStatus.WITHDRAWING, None, "4.780", None)),
        ("00S0.050 ML", Reply(0, STOPPED, None, "0.050ML", None)),
        ("00A?R", Reply(0, None, PumpAlarm.RESET, "", None)),
        ("0A?S", Reply(0, None, PumpAlarm.STALL, "", None)),
        ("00A?T", Reply(0, None, PumpAlarm.WATCHDOG, "", None)),
        ("00A?E", Reply(0, None, PumpAlarm.PROGRAM, "", None)),
        ("00A?O", Reply(0, None, PumpAlarm.PHASE, "", None)),
        ("00S?", Reply(0, STOPPED, None, "", "")),
        ("00S?NA", Reply(0, STOPPED, None, "", "NA")),
        ("00I?OOR", Reply(0, PumpStatus.INFUSING, None, "", "OOR")),
        ("00S?COM", Reply(0, STOPPED, None, "", "COM")),
        ("00S?IGN", Reply(0, STOPPED, None, "", "IGN")),
        ("00A?Z", None),
        ("00Q", None),
        ("S", None),
        ("000S", None),
        ("", None),
    ],
)
def test_what_a_reply_says(content: str, reply: Reply | None) -> None:
    assert parse_reply(content.encode()) == reply


def test_bytes_that_are_no_text_are_no_reply() -> None:
    assert parse_reply(b"00S\xff") is None


def test_replies_of_either_framing() -> None:
    parser = ReplyParser()
    assert parser.feed(bytes.fromhex("02 07 30 30 53 aa a6 03")) == [Reply(0, STOPPED, None, "", None, safe=True)]
    assert parser.feed(bytes.fromhex("02 09 30 30 41 3f 54 05 40 03")) == [
        Reply(0, None, PumpAlarm.WATCHDOG, "", None, safe=True)
    ]
    assert parser.feed(DIS_REPLY) == [Reply(0, STOPPED, None, "I50.00W0.000UL", None, safe=True)]
    assert parser.feed(b"\x0200S\x03\r\x0200I\x03") == [
        Reply(0, STOPPED, None, "", None),
        Reply(0, PumpStatus.INFUSING, None, "", None),
    ]
    assert parser.broken_frames == 0


def test_without_a_crc_nothing_counts_once_packets_are_asked_for() -> None:
    parser = ReplyParser()
    parser.safe_only = ONLY_PACKETS
    assert parser.feed(basic("00S") + safe("00P") + basic("00SI50.00W0.000UL")) == [
        Reply(0, PumpStatus.PAUSED, None, "", None, safe=True)
    ]
    assert parser.feed(safe("00P")[:-3] + b"\x00\x00\x03") == []


def test_crc_bytes_may_be_any_framing_byte() -> None:
    """Among a thousand readings each of 02, 03 and 0D stands in a CRC; all of them are read, byte by byte."""
    met: set[int] = set()
    for hundredths in range(1000):
        text = f"00SI{hundredths / 100:.2f}W0.000UL"
        frame = safe(text)
        met.update(frame[-3:-1])
        parser = ReplyParser()
        replies = [reply for byte in frame for reply in parser.feed(bytes([byte]))]
        assert [reply.data for reply in replies] == [text[3:]], text
    assert {0x02, 0x03, 0x0D} <= met


def test_a_whole_frame_behind_a_false_beginning_is_taken_at_once() -> None:
    parser = ReplyParser()
    assert [reply.status for reply in parser.feed(b"\x02\x2f\x02\x09" + safe("00S"))] == [STOPPED]
    assert parser.broken_frames == 2


def test_half_a_frame_does_not_hide_the_next_one() -> None:
    for half in (DIS_REPLY[:1], DIS_REPLY[:2], DIS_REPLY[:9], DIS_REPLY[:-1], basic("00SI50.00W0")[:-1]):
        parser = ReplyParser()
        assert parser.feed(half) == []
        assert [reply.data for reply in parser.feed(safe("00P1"))] == ["1"]
        assert parser.feed(half) == []
        assert [reply.data for reply in parser.feed(basic("00P2"))] == ["2"]


@given(
    st.lists(st.one_of(st.binary(max_size=12), st.just(DIS_REPLY[:11]), st.just(b"\x02"), st.just(b"\x0200S")), max_size=6),
    st.booleans(),
)
def test_after_any_garbage_the_next_good_packet_is_read(chunks: list[bytes], only_packets: bool) -> None:
    parser = ReplyParser()
    parser.safe_only = only_packets
    for chunk in chunks:
        parser.feed(chunk)
    assert parser.feed(DIS_REPLY)[-1:] == [Reply(0, STOPPED, None, "I50.00W0.000UL", None, safe=True)]


@given(st.binary(max_size=60))
def test_after_garbage_a_bare_reply_is_read(garbage: bytes) -> None:
    parser = ReplyParser()
    parser.feed(garbage)
    assert [reply.data for reply in parser.feed(basic("00S4.780"))][-1:] == ["4.780"]


@given(st.integers(1, len(DIS_REPLY) - 1), st.integers(0, 7))
def test_a_packet_with_one_bit_wrong_says_nothing(position: int, bit: int) -> None:
    frame = bytearray(DIS_REPLY)
    frame[position] ^= 1 << bit
    parser = ReplyParser()
    parser.safe_only = True
    assert parser.feed(bytes(frame)) == []
