"""KELLER bus frames: the vendor's printed vectors, and a parser that lives through anything."""

import math
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.keller33x.codec import (
    ChannelValue,
    Coefficient,
    Initialised,
    Refused,
    ReplyParser,
    SerialNumber,
    crc16,
    initialise,
    read_channel,
    read_coefficient,
    read_serial_number,
)

# Decimal bytes, as the vendor prints them.
ASK_250_P1 = bytes((250, 73, 1, 161, 167))
ANSWER_250_P1 = bytes((250, 73, 63, 109, 186, 172, 0, 26, 27))
ASK_1_P1 = bytes((1, 73, 1, 80, 214))
ANSWER_1_P1 = bytes((1, 73, 63, 109, 177, 83, 0, 231, 97))
ASK_1_P2 = bytes((1, 73, 2, 81, 150))
ANSWER_1_P2 = bytes((1, 73, 63, 109, 178, 242, 0, 119, 232))
ASK_250_TOB1 = bytes((250, 73, 4, 162, 103))
ANSWER_250_TOB1 = bytes((250, 73, 65, 201, 184, 0, 0, 224, 204))
ASK_1_INITIALISE = bytes((1, 48, 52, 0))
ASK_250_INITIALISE = bytes((250, 48, 4, 67))


def reference_crc(body: bytes) -> bytes:
    """A second way to the same CRC (bit by bit over a reversed register), so that the tests' frames are not the codec's own."""
    register = 0xFFFF
    for byte in body:
        for bit in range(8):
            flip = (register ^ (byte >> bit)) & 1
            register >>= 1
            if flip:
                register ^= 0b1010_0000_0000_0001
    return bytes((register >> 8, register & 0xFF))


def framed(*body: int) -> bytes:
    return bytes(body) + reference_crc(bytes(body))


def pressure_frame(bar: float, address: int = 1, stat: int = 0) -> bytes:
    return framed(address, 73, *struct.pack(">f", bar), stat)


@pytest.mark.parametrize(
    ("request_bytes", "printed"),
    [
        (read_channel(250, 1).frame, ASK_250_P1),
        (read_channel(1, 1).frame, ASK_1_P1),
        (read_channel(1, 2).frame, ASK_1_P2),
        (read_channel(250, 4).frame, ASK_250_TOB1),
        (initialise(1).frame, ASK_1_INITIALISE),
        (initialise(250).frame, ASK_250_INITIALISE),
    ],
)
def test_requests_are_the_printed_ones(request_bytes: bytes, printed: bytes) -> None:
    assert request_bytes == printed


def test_requests_without_printed_vector_carry_a_right_crc_high_byte_first() -> None:
    assert read_serial_number(1).frame == framed(1, 69)
    assert read_coefficient(7, 80).frame == framed(7, 30, 80)
    assert read_coefficient(7, 81).frame == framed(7, 30, 81)


@pytest.mark.parametrize(
    ("address", "answer", "value"),
    [
        (250, ANSWER_250_P1, 0.9286296),
        (1, ANSWER_1_P1, 0.9284870),
        (1, ANSWER_1_P2, 0.9285117),
        (250, ANSWER_250_TOB1, 25.21484),
    ],
)
def test_printed_answers(address: int, answer: bytes, value: float) -> None:
    (reply,) = ReplyParser(address).feed(answer)
    assert isinstance(reply, ChannelValue)
    assert reply.value == pytest.approx(value, abs=5e-7 * max(1.0, value))
    assert reply.stat == 0


def test_modbus_byte_order_of_the_crc_is_not_accepted() -> None:
    swapped = ANSWER_1_P1[:-2] + ANSWER_1_P1[:-3:-1]
    assert ReplyParser(1).feed(swapped) == []


def test_every_kind_of_reply() -> None:
    parser = ReplyParser(1)
    assert parser.feed(framed(1, 48, 5, 20, 10, 5, 10, 1)) == [Initialised(5, 20, 10, 5, 10, 1)]
    assert parser.feed(framed(1, 69, 0, 1, 0x86, 0xA0)) == [SerialNumber(100_000)]
    assert parser.feed(framed(1, 30, *struct.pack(">f", 10.0))) == [Coefficient(10.0)]
    assert parser.feed(framed(1, 73 | 0x80, 32)) == [Refused(read_channel(1, 1).function, 32)]
    (reply,) = parser.feed(pressure_frame(math.nan, stat=0b10))
    assert isinstance(reply, ChannelValue)
    assert math.isnan(reply.value)
    assert reply.stat == 0b10
    assert Initialised(5, 20, 10, 5, 10, 1).firmware == "5.20-10.05"
    assert "power" in Refused(read_channel(1, 1).function, 32).meaning
    assert Refused(read_channel(1, 1).function, 99).meaning


def test_bytes_may_come_one_at_a_time() -> None:
    parser = ReplyParser(1)
    replies = [reply for byte in ANSWER_1_P1 for reply in parser.feed(bytes((byte,)))]
    assert len(replies) == 1


def test_answers_of_another_address_are_not_ours() -> None:
    assert ReplyParser(2).feed(ANSWER_1_P1) == []


@pytest.mark.parametrize("position", range(9))
def test_any_single_wrong_byte_costs_the_frame(position: int) -> None:
    for flip in range(1, 256):
        wrong = bytearray(ANSWER_1_P1)
        wrong[position] ^= flip
        assert ReplyParser(1).feed(bytes(wrong)) == []


def test_an_echo_is_taken_out_and_noticed() -> None:
    parser = ReplyParser(1)
    parser.expect(initialise(1))
    assert parser.echo is None
    parser.feed(ASK_1_INITIALISE[:3])
    assert not parser.echo_seen
    parser.feed(ASK_1_INITIALISE[3:])
    assert parser.echo_seen
    assert parser.unexplained_bytes == 0
    assert len(parser.feed(framed(1, 48, 5, 20, 10, 5, 10, 0))) == 1
    assert parser.echo is True
    parser.expect(read_channel(1, 1))
    assert len(parser.feed(ASK_1_P1 + ANSWER_1_P1)) == 1


def test_a_line_without_echo_is_known_and_a_serial_number_that_looks_like_an_echo_survives() -> None:
    parser = ReplyParser(1)
    parser.expect(initialise(1))
    parser.feed(framed(1, 48, 5, 20, 10, 5, 10, 0))
    assert parser.echo is False
    request = read_serial_number(1)
    parser.expect(request)
    lookalike = int.from_bytes(request.frame[-2:] + b"\x12\x34", "big")
    assert parser.feed(framed(1, 69, *lookalike.to_bytes(4, "big"))) == [SerialNumber(lookalike)]


def echo_glued_into_a_valid_looking_frame() -> tuple[bytes, bytes]:
    """A reply whose first four bytes, behind the echo of its request, complete a nine-byte frame with a right CRC."""
    body = ASK_1_P1 + bytes((1, 73))
    crc = reference_crc(body)
    return body + crc, framed(1, 73, *crc, 0, 0, 0)


def test_an_echo_and_a_reply_never_make_a_sample_together() -> None:
    glued, reply = echo_glued_into_a_valid_looking_frame()
    assert (ASK_1_P1 + reply).startswith(glued)
    parser = ReplyParser(1)
    parser.expect(read_channel(1, 1))
    (found,) = parser.feed(ASK_1_P1 + reply)
    assert isinstance(found, ChannelValue)
    assert struct.pack(">f", found.value) == reply[2:6]


def test_junk_is_counted_as_unexplained() -> None:
    parser = ReplyParser(1)
    parser.expect(read_channel(1, 1))
    parser.feed(b"\x00\xff" + ANSWER_1_P1[:-1])
    assert parser.unexplained_bytes == 10
    parser.expect(read_channel(1, 1))
    assert parser.unexplained_bytes == 0


def split(stream: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [stream[a:b] for a, b in pairwise(edges)]


@given(st.binary(max_size=600), st.lists(st.integers(0, 10_000), max_size=8))
def test_garbage_never_raises_and_gives_only_frames_that_are_in_it(garbage: bytes, cuts: list[int]) -> None:
    parser = ReplyParser(1)
    parser.expect(read_channel(1, 1))
    for piece in split(garbage, cuts):
        for reply in parser.feed(piece):
            if isinstance(reply, ChannelValue):
                assert struct.pack(">fB", reply.value, reply.stat) in garbage
    # A good frame is found at once, however the garbage ended.
    assert parser.feed(ANSWER_1_P1)[-1] == ReplyParser(1).feed(ANSWER_1_P1)[0]


junk = st.binary(max_size=12) | st.sampled_from(
    [ASK_1_P1, ANSWER_1_P1[:5], ANSWER_1_P1[:-1], b"\x01\x49", b"\x01", ANSWER_250_P1]
)


@given(st.lists(st.tuples(junk, st.floats(-1.0, 11.0, width=32)), max_size=20), st.lists(st.integers(0, 10_000), max_size=20))
def test_good_frames_between_junk_are_all_found_in_order(parts: list[tuple[bytes, float]], cuts: list[int]) -> None:
    parser = ReplyParser(1)
    parser.expect(read_channel(1, 1))
    stream = b"".join(noise + pressure_frame(bar) for noise, bar in parts)
    found = [reply.value for piece in split(stream, cuts) for reply in parser.feed(piece) if isinstance(reply, ChannelValue)]
    assert found == [bar for _, bar in parts]


@given(st.binary(min_size=1, max_size=40))
def test_crc_agrees_with_a_second_implementation(body: bytes) -> None:
    assert crc16(body).to_bytes(2, "big") == reference_crc(body)
