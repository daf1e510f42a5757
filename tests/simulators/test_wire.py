"""The sound wire: pacing, the collecting of the host's UART, and when it says that something is due."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.device import Burst, Uart, alone, in_order
from simulators.wire.receiver import Receiver
from tests.simulators.wire_bench import BAUD, BYTE_S, all_of, read_in_steps, read_when_due, wired

TEXT = bytes(range(65, 91))


def near(at_s: float) -> object:
    return pytest.approx(at_s, abs=1e-9)


def timed(bursts: list[Burst]) -> list[tuple[float, int]]:
    return [pair for burst in bursts for pair in burst.timed()]


def test_a_uart_gives_each_byte_once_at_the_end_of_its_ten_bits_and_one_packet_behind_the_other() -> None:
    uart = Uart(1000)
    uart.put(b"abc", 1.0)
    uart.put(b"d", 1.0)
    assert (uart.first_s, uart.due_s, uart.busy_until_s) == (near(1.01), near(1.03), near(1.04))
    assert uart.take(1.009) == []
    assert timed(uart.take(1.0101)) == [(near(1.01), ord("a"))]
    assert (uart.first_s, uart.due_s) == (near(1.02), near(1.03))
    assert timed([uart.take_first(1)]) == [(near(1.02), ord("b"))]
    assert (uart.first_s, uart.due_s) == (near(1.03), near(1.03))
    assert timed(uart.take(2.0)) == [(near(1.03), ord("c")), (near(1.04), ord("d"))]
    assert (uart.first_s, uart.due_s) == (math.inf, math.inf)


def test_a_uart_that_is_cleared_still_shifts_out_what_nobody_gets_and_one_that_is_reset_does_not() -> None:
    for forget, expected_s in ((Uart.clear, 0.03), (Uart.reset, 0.01)):
        uart = Uart(1000)
        uart.put(b"ab", 0.0)
        forget(uart)
        assert not uart.under_way
        uart.put(b"c", 0.0)
        assert timed(uart.take(1.0)) == [(near(expected_s), ord("c"))]


@given(st.binary(min_size=1, max_size=30), st.lists(st.floats(1.0, 1.4)), st.sampled_from([300, 19200, 115200]))
def test_in_however_many_parts_bytes_are_taken_their_times_stay_exactly_the_same(
    data: bytes, looks: list[float], baud: int
) -> None:
    whole, parts = Uart(baud), Uart(baud)
    whole.put(data, 1.0)
    parts.put(data, 1.0)
    taken = [pair for now_s in sorted(looks) for pair in timed(parts.take(now_s))]
    assert all(at_s > now_s for now_s in looks for at_s, _ in timed(list(parts.under_way)))
    assert taken + timed(parts.take(9.0)) == timed(whole.take(9.0))


def test_bytes_of_several_sources_are_put_in_order_and_at_one_time_the_first_source_leads() -> None:
    first, second = Burst(1.0, 0.5, b"abc"), Burst(1.25, 0.25, b"xyz")
    assert timed(in_order([first, alone(1.6, 33), second])) == [
        (1.5, ord("a")),
        (1.5, ord("x")),
        (1.6, ord("!")),
        (1.75, ord("y")),
        (2.0, ord("b")),
        (2.0, ord("z")),
        (2.5, ord("c")),
    ]


def test_what_the_host_writes_arrives_byte_by_byte_at_the_baud_rate() -> None:
    talker, wire = wired()
    wire.write(b"abc", 1.0)
    assert wire.next_s(1.0) == near(1.0 + 3 * BYTE_S)
    wire.read(2.0)
    assert talker.heard == [(near(1.0 + number * BYTE_S), 96 + number) for number in (1, 2, 3)]


def test_a_short_reply_is_handed_over_when_nothing_follows_for_four_characters() -> None:
    talker, wire = wired()
    talker.say(b"00S", 1.0)
    assert read_when_due(wire, 1.0, 2.0) == [(near(1.0 + 7 * BYTE_S), b"00S")]


def test_fourteen_bytes_are_handed_over_at_once_and_the_rest_after_the_time_out() -> None:
    talker, wire = wired()
    talker.say(TEXT[:22], 1.0)
    expected = [(near(1.0 + 14 * BYTE_S), TEXT[:14]), (near(1.0 + 26 * BYTE_S), TEXT[14:22])]
    assert read_when_due(wire, 1.0, 2.0) == expected


def test_exactly_fourteen_bytes_wait_for_nothing() -> None:
    talker, wire = wired()
    talker.say(TEXT[:14], 1.0)
    assert read_when_due(wire, 1.0, 2.0) == [(near(1.0 + 14 * BYTE_S), TEXT[:14])]
    assert wire.next_s(2.0) == math.inf


def test_two_replies_with_a_pause_between_them_come_alone_and_without_one_together() -> None:
    talker, wire = wired()
    talker.say(b"ab", 1.0)
    talker.say(b"cd", 1.0 + 7 * BYTE_S)
    talker.say(b"ef", 2.0)
    talker.say(b"gh", 2.0 + 5 * BYTE_S)
    assert [data for _, data in read_when_due(wire, 1.0, 3.0)] == [b"ab", b"cd", b"efgh"]


def test_however_seldom_the_host_looks_every_byte_comes_once() -> None:
    talker, wire = wired()
    talker.say(TEXT, 1.0)
    assert wire.read(1.0 + 20 * BYTE_S) == TEXT[:14]
    assert wire.read(2.0) == TEXT[14:]
    assert wire.read(3.0) == b""


def test_nothing_under_way_is_never_due_and_what_nobody_reads_is_due_no_more() -> None:
    talker, wire = wired()
    assert wire.next_s(0.0) == math.inf
    talker.say(b"00S", 1.0)
    assert wire.next_s(0.0) == near(1.0 + 7 * BYTE_S)
    talker.advance(2.0)
    wire.advance(2.0)
    assert wire.next_s(2.0) == math.inf
    assert wire.read(2.0) == b"00S"


SPEECHES = st.lists(st.tuples(st.integers(0, 60), st.binary(min_size=1, max_size=30)), max_size=6)
FAULTS = st.lists(
    st.sampled_from(
        [
            ("drop", {"probability": 0.1}),
            ("corrupt", {"every": 3}),
            ("duplicate", {"every": 4}),
            ("duplicate", {"every": 2, "what": "chunk"}),
            ("delay", {"delay_s": 0.013}),
            ("jitter", {"up_to_s": 0.02}),
            ("echo", {}),
            ("noise", {"per_s": 100.0}),
            ("fragment", {"gap_s": 0.001}),
        ]
    ),
    max_size=3,
)


@settings(max_examples=60, deadline=None)
@given(speeches=SPEECHES, faults=FAULTS, steps_us=st.lists(st.integers(100, 5000), min_size=1, max_size=20))
def test_how_often_anybody_looks_changes_nothing(
    speeches: list[tuple[int, bytes]], faults: list[tuple[str, dict[str, object]]], steps_us: list[int]
) -> None:
    outcomes = []
    for steps in ([1000], steps_us):
        talker, wire = wired(seed=7)
        for name, values in faults:
            wire.fault(name, 0.0, **values)
        waiting = sorted((at_ms * 1000, data) for at_ms, data in speeches)
        now_us, number, came = 0, 0, b""
        while now_us < 400_000:
            due_us = math.floor(min(wire.next_s(now_us / 1e6) * 1e6, 1e9)) + 1
            said_us = waiting[0][0] if waiting else 400_000
            now_us = max(now_us, min(now_us + steps[number % len(steps)], said_us, due_us, 400_000))
            number += 1
            wire.advance(now_us / 1e6)
            came += wire.read(now_us / 1e6)
            while waiting and waiting[0][0] <= now_us:
                at_us, data = waiting.pop(0)
                talker.say(data, at_us / 1e6)
                wire.write(data, at_us / 1e6)
        outcomes.append((came, talker.heard))
    assert outcomes[0] == outcomes[1]


@settings(max_examples=40, deadline=None)
@given(data=st.binary(min_size=1, max_size=60), faults=FAULTS)
def test_looking_only_when_the_wire_is_due_misses_no_moment(data: bytes, faults: list[tuple[str, dict[str, object]]]) -> None:
    found = []
    for read in (read_in_steps, read_when_due):
        talker, wire = wired(seed=3)
        for name, values in faults:
            wire.fault(name, 0.0, **values)
        talker.say(data, 0.0)
        wire.write(data, 0.0)
        found.append(read(wire, 0.0, 0.2))
    often, when_due = found
    assert all_of(often) == all_of(when_due)
    times_often = [at_s for at_s, chunk in often for _ in chunk]
    times_due = [at_s for at_s, chunk in when_due for _ in chunk]
    assert all(0.0 <= late_s <= 0.0001 + 1e-9 for late_s in (o - d for o, d in zip(times_often, times_due, strict=True)))


@given(
    spoken=st.lists(
        st.tuples(st.binary(min_size=1, max_size=40), st.floats(0.0, 0.01), st.sampled_from([0.25, 1.0, 1.9, 2.1, 4.0, 8.0])),
        min_size=1,
        max_size=5,
    ),
    silent_s=st.floats(0.0, 0.01),
)
def test_bursts_are_collected_as_their_single_bytes_would_be(spoken: list[tuple[bytes, float, float]], silent_s: float) -> None:
    """spoken: bytes, the pause before them, and how many times slower than the host receives the device sends them."""
    bursts: list[Burst] = []
    for data, pause_s, slower in spoken:
        bursts.append(Burst((bursts[-1].ends_s if bursts else 0.0) + pause_s, slower * BYTE_S, data))
    whole, single = Receiver(BAUD), Receiver(BAUD)
    for number, burst in enumerate(bursts):
        assert whole.due_s(bursts[number:]) == single.due_s(in_order(bursts[number:]))
        whole.take_burst(burst)
        for at_s, byte in burst.timed():
            single.take(at_s, byte, alone=False)
        assert (whole.chunks, whole.waiting) == (single.chunks, single.waiting)
    for receiver in (whole, single):
        receiver.time_out(bursts[-1].ends_s + silent_s)
    assert whole.chunks == single.chunks
