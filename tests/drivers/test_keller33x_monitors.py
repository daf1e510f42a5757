"""The KELLER 33X driver against a transmitter of a few lines, in virtual time: the monitors, and which faults they make."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.keller33x.codec import ChannelValue
from drivers.keller33x.driver import Keller33xDriver
from drivers.keller33x.monitors import SampleMonitors
from drivers.pressure import PressureFault, PressureRejected, PressureSample
from tests.drivers.keller33x_bench import SERIAL_NUMBER, Bench, Transmitter, framed, lose, of_kind, settings


def faults(bench: Bench, duration_s: float = 0.1) -> list[str]:
    return [fault.text for fault in of_kind(PressureFault, bench.run(duration_s))]


@pytest.mark.parametrize("stat", [0b10, 0b1_0000, 0b1001_0010])
def test_a_stat_bit_that_concerns_p1_is_one_fault(stat: int) -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    bench.transmitter.stat = stat
    assert len(faults(bench)) == 1
    bench.transmitter.stat = 0
    assert of_kind(PressureSample, bench.run(0.1))
    bench.transmitter.stat = stat
    assert len(faults(bench)) == 1


def test_stat_bits_of_other_channels_do_not_matter() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    bench.transmitter.stat = 0b0110_1101
    assert faults(bench) == []


def test_powering_up_is_named_as_a_break_of_the_supply() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    bench.transmitter.stat = 0b1000_0000
    (text,) = faults(bench)
    assert "supply" in text


def test_exception_32_is_a_break_of_the_supply_and_sampling_goes_on_after_it() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    bench.transmitter.initialised = False
    (text,) = faults(bench)
    assert "supply" in text
    assert len(of_kind(PressureSample, bench.run(0.1))) >= 19
    bench.transmitter.initialised = False
    assert len(faults(bench)) == 1


def test_another_transmitter_behind_a_break_of_the_supply_is_noticed() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    bench.transmitter.initialised = False
    bench.transmitter.serial_number = 999
    assert any("999" in text and str(SERIAL_NUMBER) in text for text in faults(bench))


def test_another_exception_is_a_fault() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    bench.wire = lambda now_s, request, answer: [(0.003, framed(1, 73 | 0x80, 2) if request[1] == 73 else answer)]
    (text,) = faults(bench)
    assert "exception 2" in text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_a_fault(value: float) -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    bench.transmitter.kpa = lambda now_s: value
    assert len(faults(bench)) == 1


@pytest.mark.parametrize(
    ("reference", "kpa", "words"),
    [
        ("gauge", -20.1, "open"),
        ("gauge", 1111.0, "range"),
        ("absolute", 59.0, "open"),
    ],
)
def test_out_of_range_is_a_fault(reference: str, kpa: float, words: str) -> None:
    at_rest = 0.0 if reference == "gauge" else 100.0
    bench = Bench(Keller33xDriver(settings(reference=reference)), Transmitter(kpa=lambda now_s: at_rest)).connected()
    bench.transmitter.kpa = lambda now_s: kpa
    (text,) = faults(bench)
    assert words in text


def test_the_margins_of_the_range_are_inside() -> None:
    # Slowly enough for the slew monitor: 1100 kPa is 10 % of the span above the top.
    bench = Bench(Keller33xDriver(settings())).connected()
    begin_s = bench.now_s
    bench.transmitter.kpa = lambda now_s: min(1109.0, 1000.0 * (now_s - begin_s))
    assert faults(bench, 2.0) == []
    bench.transmitter.kpa = lambda now_s: -19.9
    bench.run(1.0)
    assert faults(bench) == []


def test_one_jump_is_rejected_and_two_are_a_fault() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    jumps = {1}
    number = iter(range(1_000_000))
    bench.transmitter.kpa = lambda now_s: 60.0 if next(number) in jumps else 0.3
    seen = bench.run(0.1)
    assert len(of_kind(PressureRejected, seen)) == 1
    assert not of_kind(PressureFault, seen)
    assert all(sample.kpa < 1.0 for sample in of_kind(PressureSample, seen))
    number = iter(range(1_000_000))
    jumps |= {2}
    (text,) = faults(bench)
    assert "twice" in text


def test_a_new_level_that_stays_is_believed_after_the_fault() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    bench.transmitter.kpa = lambda now_s: 60.0
    assert len(faults(bench, 0.2)) == 1
    assert of_kind(PressureSample, bench.run(0.1))[-1].kpa == pytest.approx(60.0)


def test_the_slew_limit_follows_the_time_between_two_samples() -> None:
    bench = Bench(Keller33xDriver(settings(sample_hz=100.0, slew_limit_kpa_s=1000.0))).connected()
    begin_s = bench.now_s
    bench.transmitter.kpa = lambda now_s: 990.0 * max(0.0, now_s - begin_s)
    assert faults(bench, 0.9) == []
    assert not of_kind(PressureRejected, [seen for _, seen in bench.seen])


def test_one_corrupt_reply_is_rejected_and_two_are_a_fault() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    corrupt = {5}
    number = iter(range(1_000_000))
    bench.wire = lambda now_s, request, answer: [(0.003, answer[:-1] + b"\x99" if next(number) in corrupt else answer)]
    seen = bench.run(0.3)
    assert len(of_kind(PressureRejected, seen)) == 1
    assert not of_kind(PressureFault, seen)
    number = iter(range(1_000_000))
    corrupt |= {6}
    (text,) = faults(bench, 0.3)
    assert "2 in a row" in text


def test_too_few_samples_are_a_fault_but_not_before_a_full_window() -> None:
    bench = Bench(Keller33xDriver(settings(sample_hz=100.0, reply_timeout_s=0.02)))
    bench.transmitter.initialised = True
    bench.connected()
    begin_s = bench.now_s - 0.1
    # Replies that take 13 ms at 100 Hz: a transmitter too slow for the rate, with not one reply lost.
    bench.wire = lambda now_s, request, answer: [(0.013, answer)]
    seen = bench.run(3.0)
    rate = [(at_s, fault.text) for at_s, fault in bench.seen if isinstance(fault, PressureFault)]
    assert rate
    assert "80" in rate[0][1]
    assert rate[0][0] - begin_s >= 0.98
    assert len(rate) <= 3
    assert of_kind(PressureSample, seen)


def test_losing_one_reply_in_fifty_is_no_fault() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    bench.wire = lose(set(range(10, 10_000, 50)))
    assert faults(bench, 5.0) == []


def test_silence_is_one_rejected_sample_and_one_fault_of_the_rate() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    bench.run(1.0)
    bench.wire = lambda *_: []
    seen = bench.run(5.0)
    assert len(of_kind(PressureRejected, seen)) == 1
    assert len(of_kind(PressureFault, seen)) == 1
    assert len(seen) <= 3


def test_a_frozen_transmitter_is_found_after_noise_was_learned_and_not_before() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    samples = [sample.kpa for sample in of_kind(PressureSample, bench.run(1.0))]
    bench.transmitter.kpa = lambda now_s: 0.25
    assert faults(bench, 3.0) == []
    bench.transmitter.kpa = Transmitter().kpa
    bench.run(0.1)
    sentence = bench.driver.learn_noise(samples)
    assert "frozen" in sentence
    assert faults(bench, 3.0) == []
    bench.transmitter.kpa = lambda now_s: 0.25
    begin_s = bench.now_s
    text = faults(bench, 3.0)[0]
    assert "frozen" in text
    found_s = next(at_s for at_s, seen in bench.seen if isinstance(seen, PressureFault))
    assert found_s - begin_s < 0.1
    assert sum("frozen" in seen.text for _, seen in bench.seen if isinstance(seen, PressureFault)) == 1
    bench.driver.connect(bench.now_s)
    assert faults(bench, 3.0) == []


def test_learning_from_a_dead_transmitter_raises() -> None:
    with pytest.raises(ValueError, match="dead"):
        Keller33xDriver(settings()).learn_noise([0.5] * 100)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.05, 0.05, 0.1, 3.0, -2.0, math.nan, math.inf, -math.inf]),
            st.sampled_from([0, 0, 0, 0, 0b10, 0b1000_0000, 0b0110_0000]),
            st.sampled_from([0.01, 0.01, 0.05]),
        ),
        max_size=60,
    )
)
def test_the_one_look_finds_what_the_closer_one_finds(samples: list[tuple[float, int, float]]) -> None:
    quick, close = (SampleMonitors(settings(), -100.0, 1000.0) for _ in range(2))
    close._slew_kpa = -1.0  # no step is ever as small as that: always the closer look
    for monitors in (quick, close):
        monitors.learn_noise([0.1 * (-1) ** number for number in range(100)])
        monitors._frozen_limit = 4
    asked_s = 0.0
    for value, stat, later_s in samples:
        asked_s += later_s
        reply = ChannelValue(value, stat)
        assert quick.judge(reply, asked_s) == close.judge(reply, asked_s)
