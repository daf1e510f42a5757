"""The KELLER 33X driver against a transmitter of a few lines, in virtual time: the schedule, the age of samples, bad lines."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from drivers.keller33x.driver import Keller33xDriver
from drivers.pressure import PressureFault, PressureRejected, PressureSample
from tests.drivers.keller33x_bench import Bench, lose, of_kind, pressure_reply, settings


@pytest.mark.parametrize("sample_hz", [100.0, 130.0, 200.0])
def test_samples_keep_an_absolute_schedule(sample_hz: float) -> None:
    bench = Bench(Keller33xDriver(settings(sample_hz=sample_hz))).connected()
    bench.run(20.0)
    times = [now_s for now_s, frame in bench.sent if frame[1] == 73]
    for number, now_s in enumerate(times):
        assert now_s == pytest.approx(times[0] + number / sample_hz, abs=1e-6)
    samples = of_kind(PressureSample, [seen for _, seen in bench.seen])
    assert [sample.asked_s for sample in samples] == times[: len(samples)]
    assert not of_kind(PressureFault, [seen for _, seen in bench.seen])


def test_a_late_host_asks_once_and_not_for_what_it_has_missed() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    sent = len(bench.sent)
    bench.sleep(0.5)
    bench.run(0.004)
    assert len(bench.sent) - sent <= 2
    seen = bench.run(0.1)
    assert 18 <= len(of_kind(PressureSample, seen)) <= 21
    assert not of_kind(PressureFault, [observation for _, observation in bench.seen])


def test_a_suspended_machine_does_not_keep_the_driver_busy() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    bench.sleep(30 * 86_400.0)
    assert len(of_kind(PressureSample, bench.run(0.1))) >= 18


def test_bytes_that_waited_for_a_late_host_are_a_sample_with_its_true_age() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    sent = len(bench.sent)
    while len(bench.sent) == sent:
        bench.run(0.0005)
    asked_s = bench.sent[-1][0]
    late_s = asked_s + 0.4
    observations = bench.driver.receive(pressure_reply(0.3), late_s)
    assert of_kind(PressureSample, observations)[0].asked_s == asked_s


@given(st.lists(st.floats(0.0, 0.3), min_size=5, max_size=40))
@hypothesis_settings(deadline=None)
def test_a_host_that_is_late_again_and_again_makes_no_fault(pauses: list[float]) -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    for pause_s in pauses:
        bench.sleep(pause_s)
        bench.run(0.05)
    bench.run(1.2)
    assert not of_kind(PressureFault, [seen for _, seen in bench.seen])


def test_one_lost_reply_costs_less_than_fifty_milliseconds_of_age() -> None:
    bench = Bench(Keller33xDriver(settings(sample_hz=100.0))).connected()
    bench.wire = lose({3})
    seen = bench.run(0.5)
    assert len(of_kind(PressureRejected, seen)) == 1
    assert not of_kind(PressureFault, seen)
    arrivals = [(at_s, sample.asked_s) for at_s, sample in bench.seen if isinstance(sample, PressureSample)]
    oldest_s = max(later_at_s - asked_s for (_, asked_s), (later_at_s, _) in pairwise(arrivals))
    assert oldest_s < 0.05


def test_a_reply_after_its_time_out_keeps_the_time_it_was_asked_for() -> None:
    bench = Bench(
        Keller33xDriver(
            settings(),
        )
    ).connected()
    measured: dict[float, float] = {}

    def kpa(now_s: float) -> float:
        measured[now_s] = 1.0 + (now_s * 7919) % 1.0
        return measured[now_s]

    bench.transmitter.kpa = kpa
    for delay_s in (0.0255, 0.0285, 0.031, 0.06):
        # In order, as from one transmitter: nothing overtakes the late reply.
        state = {"until_s": 0.0, "number": 0}

        def wire(now_s: float, request: bytes, answer: bytes, delay_s: float = delay_s, state: dict = state):  # type: ignore[type-arg]
            state["number"] += 1
            at_s = max(now_s + (delay_s if state["number"] == 5 else 0.003), state["until_s"])
            state["until_s"] = at_s
            return [(at_s - now_s, answer)]

        bench.wire = wire
        seen = bench.run(0.3)
        assert len(of_kind(PressureSample, seen)) > 30
        for sample in of_kind(PressureSample, seen):
            if sample.asked_s in measured:
                assert sample.kpa == pytest.approx(measured[sample.asked_s], abs=1e-3)
        assert not of_kind(PressureFault, seen)


@given(st.lists(st.sampled_from([0.003] * 8 + [0.004, 0.012, 0.024, 0.026, 0.04, 0.08]), min_size=40, max_size=120))
@hypothesis_settings(deadline=None)
def test_no_sample_is_ever_younger_than_its_measurement(delays: list[float]) -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    measured: dict[bytes, float] = {}
    free_s = 0.0
    number = 0

    def kpa(now_s: float) -> float:
        nonlocal number
        number += 1
        return 1.0 + number / 1024

    def wire(now_s: float, request: bytes, answer: bytes) -> list[tuple[float, bytes]]:
        nonlocal free_s
        if request[1] == 73:
            measured[answer[2:6]] = now_s
        free_s = max(free_s, now_s + delays[len(measured) % len(delays)])
        return [(free_s - now_s, answer)]

    bench.run(0.004)
    bench.transmitter.kpa = kpa
    bench.wire = wire
    known = 0
    for sample in of_kind(PressureSample, bench.run(2.0)):
        key = struct.pack(">f", sample.kpa / 100.0)
        if key in measured:
            known += 1
            assert sample.asked_s <= measured[key] + 1e-9
    assert known > 10


def test_a_line_that_doubles_every_reply_gives_no_false_age() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    bench.run(0.004)
    measured: dict[float, float] = {}

    def kpa(now_s: float) -> float:
        measured[now_s] = 1.0 + len(measured) / 1024
        return measured[now_s]

    bench.transmitter.kpa = kpa
    bench.wire = lambda now_s, request, answer: [(0.002, answer), (0.0021, answer)]
    samples = of_kind(PressureSample, bench.run(1.0))[1:]  # the first one was measured before
    assert len(samples) > 50
    for sample in samples:
        assert sample.kpa == pytest.approx(measured[sample.asked_s], abs=1e-4)


@given(st.lists(st.binary(max_size=30), max_size=60), st.integers(0, 2**32))
@hypothesis_settings(deadline=None)
def test_garbage_never_raises_nor_makes_a_sample_and_the_next_good_frame_counts(junk: list[bytes], seed: int) -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    pieces = iter(junk)
    bench.wire = lambda now_s, request, answer: [(0.002, next(pieces, b""))]
    seen = bench.run(1.0)
    assert not [sample for sample in of_kind(PressureSample, seen) if sample.asked_s > bench.now_s - 0.99]
    bench.wire = lambda now_s, request, answer: [(0.003, answer)]
    assert of_kind(PressureSample, bench.run(0.1))


def test_the_device_is_never_written() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    bench.transmitter.initialised = False
    bench.wire = lose({3, 9})
    bench.run(3.0)
    assert {frame[1] for _, frame in bench.sent} <= {30, 48, 69, 73}


class _Glanced(Keller33xDriver):
    """Says before each receive whether the pressure exceeds a limit, and checks that it was right."""

    limit_kpa, zero_kpa = 20.0, 0.0
    exceeded = 0

    def receive(self, data: bytes, now_s: float) -> list[object]:
        foretold = self.exceeds(data, self.limit_kpa, self.zero_kpa)
        assert foretold == self.exceeds(data, self.limit_kpa, self.zero_kpa)
        seen = super().receive(data, now_s)
        if foretold:
            self.exceeded += 1
            samples = of_kind(PressureSample, seen)
            assert len(samples) == 1
            assert samples[0].kpa - self.zero_kpa >= self.limit_kpa
            assert not of_kind(PressureFault, seen)
        return seen


def test_a_glance_knows_a_pressure_beyond_a_limit() -> None:
    driver = _Glanced(settings())
    bench = Bench(driver).connected()
    bench.transmitter.kpa = lambda now_s: 0.3 + min(40.0, (now_s - 100.2) * 10.0) if now_s > 100.2 else 0.3 + now_s % 0.01
    samples = of_kind(PressureSample, bench.run(3.0))
    beyond = [sample for sample in samples if sample.kpa >= 20.0]
    assert 100 < len(beyond) == driver.exceeded


@pytest.mark.parametrize("spoil", ["crc", "short", "two", "stat", "address", "leap", "nan", "echo", "none asked"])
def test_a_glance_leaves_what_is_not_ordinary_to_a_closer_look(spoil: str) -> None:
    bench = Bench(_Glanced(settings())).connected()
    asked = len(bench.sent)
    while len(bench.sent) == asked:
        bench.run(0.0005)
    good = pressure_reply(0.9)
    assert bench.driver.exceeds(good, 0.8, 0.0)
    assert not bench.driver.exceeds(good, 0.8, 0.2)
    data = {
        "crc": good[:-1] + bytes([good[-1] ^ 1]),
        "short": good[:-1],
        "two": good + good,
        "stat": pressure_reply(0.9, stat=0b10),
        "address": pressure_reply(0.9, address=2),
        "leap": pressure_reply(250.0),
        "nan": pressure_reply(float("nan")),
        "echo": bench.sent[-1][1] + good[:2],
        "none asked": good,
    }[spoil]
    if spoil == "none asked":
        bench.driver.receive(good, bench.now_s)
    assert not bench.driver.exceeds(data, 0.8, 0.0)


@given(st.lists(st.tuples(st.sampled_from([0, 1, 2, 3, 4, 5]), st.floats(-50.0, 400.0)), max_size=60), st.floats(-20.0, 60.0))
@hypothesis_settings(deadline=None)
def test_what_a_glance_says_is_always_what_comes_of_it(course: list[tuple[int, float]], limit_kpa: float) -> None:
    driver = _Glanced(settings())
    driver.limit_kpa = limit_kpa
    bench = Bench(driver).connected()
    steps = iter(course)

    def wire(_now_s: float, _request: bytes, answer: bytes) -> list[tuple[float, bytes]]:
        kind, kpa = next(steps, (0, 0.3))
        if answer[1] != 73:
            return [(0.003, answer)]
        reply = pressure_reply(kpa)
        return {
            0: [(0.003, reply)], 1: [], 2: [(0.003, reply), (0.003, reply)], 3: [(0.001, reply[:4]), (0.004, reply[4:])],
            4: [(0.030, reply)], 5: [(0.003, reply[:-1] + bytes([reply[-1] ^ 64]))],
        }[kind]  # fmt: skip

    bench.wire = wire
    bench.run(1.0)
