"""Framing of the simulated NE-1000: the published packets, byte for byte, and what the receiver makes of bad ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.device import Burst
from simulators.ne1000.frames import Frame, Receiver, crc_ccitt, encode_reply

GOLDEN = [
    ("SAF0", "02 08 53 41 46 30 55 43 03"),
    ("0SAF0", "02 09 30 53 41 46 30 59 ad 03"),
    ("0SAF2", "02 09 30 53 41 46 32 79 ef 03"),
    ("", "02 04 00 00 03"),
    ("0", "02 05 30 36 53 03"),
    ("0VER", "02 08 30 56 45 52 48 09 03"),
    ("0STP", "02 08 30 53 54 50 b3 f9 03"),
    ("0RUN", "02 08 30 52 55 4e 44 07 03"),
    ("00S", "02 07 30 30 53 aa a6 03"),
    ("00I", "02 07 30 30 49 19 dd 03"),
    ("00A?R", "02 09 30 30 41 3f 52 65 86 03"),
    ("00A?T", "02 09 30 30 41 3f 54 05 40 03"),
    ("00SI50.00W0.000UL", "02 15 30 30 53 49 35 30 2e 30 30 57 30 2e 30 30 30 55 4c 84 8f 03"),
]


def fed(receiver: Receiver, data: bytes, at_s: float = 0.0, step_s: float = 0.001) -> list[Frame]:
    frames = [receiver.feed(byte, at_s + index * step_s) for index, byte in enumerate(data)]
    return [frame for frame in frames if frame is not None]


def safe_receiver() -> Receiver:
    receiver = Receiver(packets_in_basic=True)
    receiver.safe = True
    return receiver


@pytest.mark.parametrize(("text", "packet"), GOLDEN)
def test_golden_packets_are_written(text: str, packet: str) -> None:
    assert encode_reply(text, safe=True) == bytes.fromhex(packet)


@pytest.mark.parametrize(("text", "packet"), GOLDEN)
def test_golden_packets_are_read(text: str, packet: str) -> None:
    data = bytes.fromhex(packet)
    assert fed(safe_receiver(), data) == [Frame(text, True, 0.0, (len(data) - 1) * 0.001)]


def test_crc_is_the_manuals_variant() -> None:
    assert crc_ccitt(b"SAF0") == 0x5543


def test_basic_reply() -> None:
    assert encode_reply("00S", safe=False) == b"\x0200S\x03"


def test_basic_text_loses_spaces_and_control_characters_and_case() -> None:
    receiver = Receiver(packets_in_basic=True)
    assert [frame.text for frame in fed(receiver, b" 0 r\tat\x00 1\x0400 um\r\n\r")] == ["0RAT100UM", ""]


def test_basic_line_that_is_far_too_long_is_one_frame_of_nonsense() -> None:
    receiver = Receiver(packets_in_basic=True)
    frames = fed(receiver, b"V" * 10_000 + b"\rVER\r", step_s=0.0001)
    assert [len(frame.text) for frame in frames] == [80, 3]


def test_packet_is_read_in_basic_mode() -> None:
    receiver = Receiver(packets_in_basic=True)
    frames = fed(receiver, b"gar" + bytes.fromhex("02 08 30 56 45 52 48 09 03") + b"0STP\r")
    assert [frame.text for frame in frames] == ["0VER", "0STP"]


def test_packet_can_be_swallowed_in_basic_mode() -> None:
    receiver = Receiver(packets_in_basic=False)
    frames = fed(receiver, bytes.fromhex("02 08 30 56 45 52 48 09 03") + b"\r")
    assert [frame.text for frame in frames] == ["0VERH"]


def test_bare_text_is_ignored_in_safe_mode() -> None:
    assert fed(safe_receiver(), b"0STP\r") == []


def test_etx_is_found_by_length_and_not_by_looking_for_it() -> None:
    texts = [f"0VOL{value / 100:.2f}" for value in range(10_000)]
    awkward = [text for text in texts if {2, 3, 13} & set(encode_reply(text, safe=True)[-3:-1])]
    assert len(awkward) > 50
    for text in awkward[:200]:
        frames = fed(safe_receiver(), encode_reply(text, safe=True))
        assert [(frame.text, frame.intact) for frame in frames] == [(text, True)]


@pytest.mark.parametrize("spoiled", range(2, 8))
def test_wrong_crc_or_etx_is_not_intact(spoiled: int) -> None:
    packet = bytearray(bytes.fromhex("02 08 30 53 54 50 b3 f9 03"))
    packet[spoiled] ^= 0x10
    assert [frame.intact for frame in fed(safe_receiver(), bytes(packet))] == [False]


def test_packet_with_a_gap_is_discarded_and_the_next_one_is_read() -> None:
    receiver = safe_receiver()
    packet = bytes.fromhex("02 08 30 53 54 50 b3 f9 03")
    assert fed(receiver, packet[:5]) == []
    frames = fed(receiver, packet, at_s=0.504)
    assert [(frame.text, frame.first_s) for frame in frames] == [("0STP", 0.504)]


def test_packet_with_a_shorter_gap_is_read() -> None:
    receiver = safe_receiver()
    packet = bytes.fromhex("02 08 30 53 54 50 b3 f9 03")
    assert fed(receiver, packet[:5]) == []
    assert [frame.text for frame in fed(receiver, packet[5:], at_s=0.503)] == ["0STP"]


def test_impossible_length_waits_for_the_next_start() -> None:
    packet = bytes.fromhex("02 03 02 08 30 53 54 50 b3 f9 03")
    assert [frame.text for frame in fed(safe_receiver(), packet)] == ["0STP"]


@given(st.binary(max_size=120), st.booleans())
def test_no_garbage_breaks_the_receiver(data: bytes, safe: bool) -> None:
    receiver = Receiver(packets_in_basic=True)
    receiver.safe = safe
    fed(receiver, data)
    frames = fed(receiver, bytes.fromhex("02 08 30 53 54 50 b3 f9 03"), at_s=10.0)
    assert [frame.text for frame in frames] == ["0STP"]


PIECES = st.one_of(
    st.sampled_from(["", "STP", "0RUN", "DIS", "0VER"]).map(lambda text: encode_reply(text, safe=True)),
    st.sampled_from([b"\r", b"stp\r", b"0 run\r", b"\x02", b"\x02\x03", b"\x02\x09abc", b"\x02\xff"]),
    st.binary(max_size=6),
)


@given(
    pieces=st.lists(PIECES, min_size=1, max_size=6),
    cuts=st.lists(st.tuples(st.integers(1, 25), st.sampled_from([0.0, 0.01, 0.4995, 0.6])), min_size=1, max_size=12),
    safe=st.booleans(),
    packets_in_basic=st.booleans(),
)
def test_bytes_taken_in_bursts_make_the_same_frames_as_one_by_one(
    pieces: list[bytes], cuts: list[tuple[int, float]], safe: bool, packets_in_basic: bool
) -> None:
    one_by_one, in_bursts = Receiver(packets_in_basic=packets_in_basic), Receiver(packets_in_basic=packets_in_basic)
    one_by_one.safe = in_bursts.safe = safe
    data, at_s, number = b"".join(pieces), 0.0, 0
    while data:
        size, pause_s = cuts[number % len(cuts)]
        burst, data, number = Burst(at_s, 0.001, data[:size] or b"\r"), data[size:], number + 1
        expected = [frame for at_s, byte in burst.timed() if (frame := one_by_one.feed(byte, at_s)) is not None]
        found, left = [], burst
        while True:
            count, frame = in_bursts.take(left, len(left.data))
            if frame is not None:
                found.append(frame)
            if count == len(left.data):
                break
            _, left = left.split(count)
        assert found == expected
        at_s = burst.ends_s + pause_s
