"""Each fault of the wire, in both directions, and the sentences for values that can not be."""

import pytest

from simulators.keller33x import Keller33x
from simulators.keller33x.frame import seal
from simulators.wire import FAULTS, Wire
from tests.simulators.wire_bench import BYTE_S, Talker, all_of, read_in_steps, read_when_due, wired

TEXT = bytes(range(65, 91))


def near(at_s: float) -> object:
    return pytest.approx(at_s, abs=1e-9)


def pass_both(seed: int = 1, data: bytes = TEXT, **faults: dict[str, object]) -> tuple[bytes, bytes]:
    """What the device hears and what the host reads of the same bytes."""
    talker, wire = wired(seed)
    for name, values in faults.items():
        wire.fault(name, 0.0, **values)
    wire.write(data, 0.0)
    talker.say(data, 0.0)
    came = all_of(read_when_due(wire, 0.0, 1.0))
    return talker.heard_bytes, came


def test_there_is_a_sentence_for_every_fault() -> None:
    assert set(FAULTS) == {"drop", "corrupt", "duplicate", "delay", "jitter", "echo", "cut", "noise", "fragment"}
    assert all(sentence.endswith(".") for sentence in FAULTS.values())


def test_drop_loses_every_nth_byte_of_each_direction() -> None:
    kept = bytes(byte for number, byte in enumerate(TEXT, start=1) if number % 5)
    assert pass_both(drop={"every": 5}) == (kept, kept)
    assert pass_both(drop={"every": 5, "direction": "to_device"}) == (kept, TEXT)
    assert pass_both(drop={"every": 5, "direction": "to_host"}) == (TEXT, kept)


def test_drop_stops_after_its_count() -> None:
    assert pass_both(drop={"every": 1, "count": 3}) == (TEXT[3:], TEXT[3:])


def test_drop_with_a_probability_loses_about_so_many_the_same_ones_for_the_same_seed() -> None:
    data = bytes(1000)
    heard, came = pass_both(seed=5, data=data, drop={"probability": 0.2})
    assert 150 < 1000 - len(heard) < 250
    assert (heard, came) == pass_both(seed=5, data=data, drop={"probability": 0.2})
    assert len({pass_both(seed=seed, drop={"probability": 0.2}) for seed in range(5)}) == 5


def test_corrupt_turns_one_bit_of_the_bytes_that_it_hits() -> None:
    for changed in pass_both(corrupt={"every": 4}):
        assert len(changed) == len(TEXT)
        wrong = [(number, (a ^ b).bit_count()) for number, (a, b) in enumerate(zip(TEXT, changed, strict=True), 1) if a != b]
        assert wrong == [(number, 1) for number in range(4, 27, 4)]


def test_duplicate_doubles_bytes() -> None:
    doubled = b"abbcddeff"
    assert pass_both(data=b"abcdef", duplicate={"every": 2}) == (doubled, doubled)


def test_duplicate_doubles_what_the_host_writes_at_once_and_what_its_uart_hands_over_at_once() -> None:
    values = {"every": 1, "what": "chunk"}
    assert pass_both(data=TEXT[:20], duplicate=values) == (TEXT[:20] * 2, TEXT[:14] * 2 + TEXT[14:20] * 2)


def test_delay_moves_everything_by_the_same_time() -> None:
    talker, wire = wired()
    wire.fault("delay", 0.0, delay_s=0.1)
    wire.write(b"ab", 1.0)
    talker.say(b"cd", 1.0)
    assert read_when_due(wire, 1.0, 2.0) == [(near(1.1 + 6 * BYTE_S), b"cd")]
    assert talker.heard == [(near(1.1 + BYTE_S), ord("a")), (near(1.1 + 2 * BYTE_S), ord("b"))]


def test_nothing_overtakes_what_a_delay_still_holds_when_it_ends() -> None:
    talker, wire = wired()
    wire.fault("delay", 0.0, delay_s=0.2)
    wire.write(b"ab", 1.0)
    talker.say(b"12", 1.0)
    assert wire.read(1.01) == b""
    wire.clear("delay", 1.01)
    wire.write(b"cd", 1.02)
    talker.say(b"34", 1.02)
    assert all_of(read_when_due(wire, 1.02, 2.0)) == b"1234"
    assert talker.heard_bytes == b"abcd"
    assert talker.heard[0][0] == near(1.2 + BYTE_S)


def test_jitter_delays_by_a_random_time_within_its_limit_and_keeps_the_order() -> None:
    talker, wire = wired()
    wire.fault("jitter", 0.0, up_to_s=0.05)
    late_s = []
    for number in range(40):
        wire.write(bytes([number]), number * 0.1)
        talker.say(bytes([number]), number * 0.1)
        ((at_s, data),) = read_when_due(wire, number * 0.1, (number + 1) * 0.1)
        assert data == bytes([number])
        late_s += [at_s - number * 0.1 - 5 * BYTE_S, talker.heard[number][0] - number * 0.1 - BYTE_S]
    assert all(-1e-9 <= late <= 0.05 + 1e-9 for late in late_s)
    assert max(late_s) > 0.04
    assert min(late_s) < 0.01


def test_jitter_keeps_bytes_in_order_that_follow_each_other_closely() -> None:
    talker, wire = wired()
    wire.fault("jitter", 0.0, up_to_s=0.05)
    for number in range(60):
        talker.say(bytes([number]), number * 0.003)
        wire.write(bytes([number]), number * 0.003)
    assert all_of(read_in_steps(wire, 0.177, 0.5, 0.001)) == bytes(range(60))
    assert talker.heard_bytes == bytes(range(60))


def test_echo_brings_back_what_the_host_sends_as_it_goes_out() -> None:
    talker, wire = wired()
    wire.fault("echo", 0.0)
    wire.write(b"abc", 1.0)
    talker.say(b"12", 1.0 + 10 * BYTE_S)
    assert read_when_due(wire, 1.0, 2.0) == [(near(1.0 + 7 * BYTE_S), b"abc"), (near(1.0 + 16 * BYTE_S), b"12")]
    wire.clear("echo", 2.0)
    wire.write(b"abc", 2.0)
    assert read_when_due(wire, 2.0, 3.0) == []
    assert talker.heard_bytes == b"abcabc"


def test_cut_loses_what_is_under_way_byte_by_byte_and_all_that_follows_until_it_is_cleared() -> None:
    talker, wire = wired()
    cut_s, back_s = 1.0 + 3.5 * BYTE_S, 1.0 + 10.5 * BYTE_S
    wire.write(TEXT[:20], 1.0)
    talker.say(TEXT[:20], 1.0)
    came = all_of(read_in_steps(wire, 0.0, cut_s, cut_s / 100))
    wire.fault("cut", cut_s)
    wire.write(b"lost", cut_s)
    came += all_of(read_in_steps(wire, cut_s, back_s, BYTE_S))
    wire.clear("cut", back_s)
    came += all_of(read_when_due(wire, back_s, 2.0))
    assert came == TEXT[:3] + TEXT[10:20]  # the device has gone on sending; the host's bytes were in nobody's buffer
    assert talker.heard_bytes == TEXT[:3]
    wire.write(b"again", 2.0)
    talker.say(b"here", 2.0)
    assert all_of(read_when_due(wire, 2.0, 3.0)) == b"here"
    assert talker.heard_bytes == TEXT[:3] + b"again"


@pytest.mark.parametrize(("direction", "heard", "came"), [("to_device", b"", b"yes"), ("to_host", b"yes", b"")])
def test_one_conductor_can_be_cut_alone(direction: str, heard: bytes, came: bytes) -> None:
    assert pass_both(data=b"yes", cut={"direction": direction}) == (heard, came)


def test_cut_loses_what_a_delay_holds_and_what_comes_after_it_is_on_time() -> None:
    talker, wire = wired()
    wire.fault("delay", 0.0, delay_s=5.0)
    wire.write(b"ab", 1.0)
    talker.say(b"12", 1.0)
    assert wire.read(1.1) == b""
    wire.fault("cut", 1.1)
    wire.clear("delay", 1.2)
    wire.clear("cut", 1.2)
    wire.write(b"cd", 1.2)
    talker.say(b"34", 1.2)
    assert read_when_due(wire, 1.2, 9.0) == [(near(1.2 + 6 * BYTE_S), b"34")]
    assert talker.heard_bytes == b"cd"


def test_noise_comes_to_the_host_alone_at_its_rate_and_is_the_same_for_the_same_seed() -> None:
    heard, came = [], []
    for seed in (1, 1, 2):
        talker, wire = wired(seed)
        wire.fault("noise", 1.0, per_s=50.0)
        came.append(read_when_due(wire, 1.0, 21.0))
        wire.clear("noise", 21.0)
        assert read_when_due(wire, 21.0, 22.0) == []
        heard.append(talker.heard)
    assert heard == [[], [], []]
    assert 850 < len(all_of(came[0])) < 1150
    assert came[0] == came[1] != came[2]


def test_fragment_hands_every_byte_over_alone_at_its_own_time() -> None:
    talker, wire = wired()
    wire.fault("fragment", 0.0)
    talker.say(b"abc", 1.0)
    wire.write(b"123", 1.0)
    assert read_when_due(wire, 1.0, 2.0) == [(near(1.0 + number * BYTE_S), bytes([96 + number])) for number in (1, 2, 3)]
    assert talker.heard == [(near(1.0 + number * BYTE_S), 48 + number) for number in (1, 2, 3)]


def test_fragment_with_gaps_spreads_both_directions() -> None:
    talker, wire = wired()
    wire.fault("fragment", 0.0, gap_s=0.01)
    talker.say(b"abc", 1.0)
    wire.write(b"123", 1.0)
    wire.write(b"4", 1.0)
    came = read_when_due(wire, 1.0, 2.0)
    assert came == [(near(1.0 + BYTE_S + number * 0.01), bytes([97 + number])) for number in (0, 1, 2)]
    apart_s = BYTE_S + 0.01
    assert talker.heard == [(near(1.0 + BYTE_S + number * apart_s), 49 + number) for number in (0, 1, 2, 3)]


@pytest.mark.parametrize(("gap_s", "answered"), [(0.0, True), (0.001, False)])
def test_gaps_inside_a_request_end_it_for_the_transmitter(gap_s: float, answered: bool) -> None:
    wire = Wire(Keller33x(), 115200, 1)
    wire.fault("fragment", 0.0, gap_s=gap_s, direction="to_device")
    wire.write(seal(bytes([250, 48])), 1.0)
    assert (read_when_due(wire, 1.0, 1.1) != []) is answered


def test_several_faults_work_at_once_and_none_changes_what_another_one_hits() -> None:
    alone, _ = pass_both(corrupt={"probability": 0.3, "direction": "to_device"})
    both, _ = pass_both(corrupt={"probability": 0.3, "direction": "to_device"}, duplicate={"every": 1, "what": "chunk"})
    assert alone != TEXT
    assert both == alone * 2


def test_a_fault_that_begins_again_takes_the_place_of_the_first_one_in_both_directions() -> None:
    talker, wire = wired()
    wire.fault("drop", 0.0, every=1)
    wire.fault("drop", 0.0, every=1, direction="to_host")
    wire.write(b"ab", 0.0)
    talker.say(b"cd", 0.0)
    assert read_when_due(wire, 0.0, 1.0) == []
    assert talker.heard_bytes == b"ab"


def test_clearing_everything_makes_a_sound_wire_again() -> None:
    talker, wire = wired()
    for name in FAULTS:
        wire.fault(name, 0.0)
    for name in FAULTS:
        wire.clear(name, 1.0)
        wire.clear(name, 1.0)  # what is not there any more is no error
    wire.write(TEXT, 2.0)
    talker.say(TEXT, 2.0)
    came = read_when_due(wire, 2.0, 3.0)
    assert came == [(near(2.0 + 14 * BYTE_S), TEXT[:14]), (near(2.0 + 30 * BYTE_S), TEXT[14:])]
    assert talker.heard_bytes == TEXT


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("drip", {}, "a wire has no fault 'drip'; it has drop, corrupt, duplicate, delay, jitter, echo, cut, noise, fragment"),
        ("drop", {"n": 3}, "drop takes every, probability, count, direction, not n"),
        ("duplicate", {"n": 3}, "duplicate takes every, probability, count, what, direction, not n"),
        ("echo", {"direction": "to_host"}, "echo takes no values, not direction"),
        ("noise", {"direction": "to_host"}, "noise takes per_s, not direction"),
        ("drop", {"every": 3, "probability": 0.5}, "drop: every and probability exclude each other"),
        ("drop", {"probability": 1.5}, "drop: probability must be a number from 0 to 1, not 1.5"),
        ("drop", {"every": 2.5}, "drop: every must be a whole number of 1 or more, not 2.5"),
        ("drop", {"every": 0}, "drop: every must be a whole number of 1 or more, not 0"),
        ("drop", {"every": float("inf")}, "drop: every must be a whole number of 1 or more, not inf"),
        ("corrupt", {"count": True}, "corrupt: count must be a whole number of 1 or more, not True"),
        ("duplicate", {"what": "frame"}, "duplicate: what must be one of byte, chunk, not 'frame'"),
        ("delay", {"delay_s": -0.1}, "delay: delay_s must be a number from 0 to 10, not -0.1"),
        ("delay", {"delay_s": float("nan")}, "delay: delay_s must be a number from 0 to 10, not nan"),
        ("jitter", {"up_to_s": "long"}, "jitter: up_to_s must be a number from 0 to 10, not 'long'"),
        ("noise", {"per_s": 0}, "noise: per_s must be a number from 0.001 to 10000, not 0"),
        ("cut", {"direction": "up"}, "cut: direction must be one of both, to_device, to_host, not 'up'"),
        ("fragment", {"gap_s": 11}, "fragment: gap_s must be a number from 0 to 10, not 11"),
    ],
)
def test_what_can_not_be_is_refused_in_one_sentence_and_changes_nothing(
    name: str, values: dict[str, object], sentence: str
) -> None:
    talker = Talker()
    wire = Wire(talker, 19200, 1)
    wire.fault("delay", 0.0, delay_s=0.5)
    with pytest.raises(ValueError) as refused:
        wire.fault(name, 0.0, **values)
    assert str(refused.value) == sentence
    talker.say(b"1", 1.0)
    assert read_when_due(wire, 1.0, 2.0) == [(near(1.5 + 5 * BYTE_S), b"1")]


def test_an_unknown_fault_can_not_be_cleared() -> None:
    with pytest.raises(ValueError, match="a wire has no fault 'drip'"):
        wired()[1].clear("drip", 0.0)
