"""The KELLER 33X driver against a transmitter of a few lines, in virtual time."""

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from drivers.driver import NEVER_S, DeviceProblem
from drivers.keller33x.driver import Keller33xDriver, Keller33xSettings
from drivers.pressure import PressureConnected, PressureFault, PressureRejected, PressureSample

T = TypeVar("T")
SERIAL_NUMBER = 123_456


def crc(body: bytes) -> bytes:
    register = 0xFFFF
    for byte in body:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ 0xA001 if register & 1 else register >> 1
    return bytes((register >> 8, register & 0xFF))


def framed(*body: int) -> bytes:
    return bytes(body) + crc(bytes(body))


def settings(**changes: object) -> Keller33xSettings:
    values: dict[str, object] = {"address": 1, "must_cover_kpa": (-20.0, 300.0)} | changes
    return Keller33xSettings(**values)  # type: ignore[arg-type]  # any mixture of fields


def pressure_reply(kpa: float, stat: int = 0, address: int = 1) -> bytes:
    return framed(address, 73, *struct.pack(">f", kpa / 100.0), stat)


@dataclass
class Transmitter:
    """Answers as described. kpa(t): what it measures; change any field at any time."""

    address: int = 1
    serial_number: int = SERIAL_NUMBER
    range_bar: tuple[float, float] = (-1.0, 10.0)
    initialised: bool = False
    status: int | None = None
    stat: int = 0
    kpa: Callable[[float], float] = lambda now_s: 0.3 + 0.001 * ((now_s * 7919) % 1.0)
    asked: list[tuple[float, bytes]] = field(default_factory=list)

    def answer(self, frame: bytes, now_s: float) -> bytes:
        self.asked.append((now_s, frame))
        assert frame[0] == self.address
        assert crc(frame[:-2]) == frame[-2:], "a transmitter does not answer to a bad CRC"
        function = frame[1]
        if function == 48:
            status = int(self.initialised) if self.status is None else self.status
            self.initialised = True
            return framed(self.address, 48, 5, 20, 10, 50, 10, status)
        if not self.initialised:
            return framed(self.address, function | 0x80, 32)
        if function == 69:
            return framed(self.address, 69, *self.serial_number.to_bytes(4, "big"))
        if function == 30:
            return framed(self.address, 30, *struct.pack(">f", self.range_bar[frame[2] - 80]))
        assert function == 73
        assert frame[2] == 1
        return pressure_reply(self.kpa(now_s), self.stat, self.address)


@dataclass
class Bench:
    """Serves the driver at its own deadlines and whenever bytes arrive. wire: what arrives when, for each answer."""

    driver: Keller33xDriver
    transmitter: Transmitter = field(default_factory=Transmitter)
    wire: Callable[[float, bytes, bytes], list[tuple[float, bytes]]] = lambda now_s, request, answer: [(0.003, answer)]
    now_s: float = 100.0
    seen: list[tuple[float, object]] = field(default_factory=list)
    sent: list[tuple[float, bytes]] = field(default_factory=list)
    arriving: list[tuple[float, bytes]] = field(default_factory=list)

    def serve(self, data: bytes = b"") -> None:
        self.seen += [(self.now_s, observation) for observation in self.driver.receive(data, self.now_s)]
        for _ in range(10):
            frame = self.driver.transmit(self.now_s)
            if not frame:
                return
            self.sent.append((self.now_s, frame))
            answer = self.transmitter.answer(frame, self.now_s)
            self.arriving += [(self.now_s + delay_s, part) for delay_s, part in self.wire(self.now_s, frame, answer)]
            self.arriving.sort(key=lambda item: item[0])
        raise AssertionError("the driver does not stop sending")

    def run(self, duration_s: float) -> list[object]:
        """Runs for a while and returns what was observed in it."""
        until_s = self.now_s + duration_s
        first = len(self.seen)
        for _ in range(200_000):
            next_s = min(self.driver.next_deadline_s(), self.arriving[0][0] if self.arriving else float("inf"))
            if next_s > until_s:
                self.now_s = until_s
                return [observation for _, observation in self.seen[first:]]
            self.now_s = max(self.now_s, next_s)
            data = b""
            while self.arriving and self.arriving[0][0] <= self.now_s:
                data += self.arriving.pop(0)[1]
            self.serve(data)
        raise AssertionError("the driver's deadlines do not move on")

    def sleep(self, duration_s: float) -> None:
        """The host does not come for a while; what arrives meanwhile waits in its port."""
        self.now_s += duration_s

    def connected(self) -> "Bench":
        self.driver.connect(self.now_s)
        self.run(0.1)
        return self


def of_kind(kind: type[T], observations: list[object]) -> list[T]:
    return [observation for observation in observations if isinstance(observation, kind)]


# Connecting


def test_connects_in_the_order_of_the_reference_and_samples_by_itself() -> None:
    bench = Bench(Keller33xDriver(settings()))
    bench.driver.connect(bench.now_s)
    seen = bench.run(0.1)
    assert seen[0] == PressureConnected(SERIAL_NUMBER, "5.20-10.50", -100.0, 1000.0)
    assert [frame[1] for _, frame in bench.sent[:5]] == [48, 69, 30, 30, 73]
    assert [frame[2] for _, frame in bench.sent[2:4]] == [80, 81]
    assert bench.sent[0][1] == bytes((1, 48, 52, 0))
    assert bench.sent[4][1] == bytes((1, 73, 1, 80, 214))
    samples = of_kind(PressureSample, seen)
    assert len(samples) >= 15
    assert {type(observation) for observation in seen} == {PressureConnected, PressureSample}
    assert bench.driver.echo is False


def test_before_connect_nothing_is_sent_nor_wanted() -> None:
    driver = Keller33xDriver(settings())
    assert driver.next_deadline_s() == NEVER_S
    assert driver.receive(pressure_reply(1.0), 1.0) == []
    assert driver.transmit(1.0) == b""


@pytest.mark.parametrize("initialised", [False, True])
def test_both_states_of_initialisation_are_accepted(initialised: bool) -> None:
    bench = Bench(Keller33xDriver(settings()), Transmitter(initialised=initialised)).connected()
    assert of_kind(PressureConnected, [seen for _, seen in bench.seen])


def test_an_echoing_converter_is_noticed_and_harmless() -> None:
    bench = Bench(Keller33xDriver(settings()), wire=lambda _, request, answer: [(0.001, request), (0.003, answer)]).connected()
    assert bench.driver.echo is True
    seen = bench.run(1.0)
    assert len(of_kind(PressureSample, seen)) == 200
    assert len(seen) == 200


def problem_text(bench: Bench) -> str:
    started_s = bench.now_s
    bench.driver.connect(started_s)
    (problem,) = bench.run(3.0)
    assert isinstance(problem, DeviceProblem)
    assert problem.device == "pressure"
    assert bench.seen[-1][0] - started_s <= 2.0
    assert bench.driver.next_deadline_s() == NEVER_S
    return problem.text


def test_total_silence_ends_within_two_seconds_and_says_what_was_tried() -> None:
    bench = Bench(Keller33xDriver(settings()), wire=lambda *_: [])
    text = problem_text(bench)
    assert "silent" in text
    assert "address 1" in text
    assert "wiring" in text
    assert "baud" in text
    assert f"{len(bench.sent)} times" in text


def test_an_echo_alone_is_told_from_silence() -> None:
    bench = Bench(Keller33xDriver(settings()), wire=lambda now_s, request, answer: [(0.001, request)])
    assert "echo" in problem_text(bench)


def test_bytes_that_are_no_frames_point_to_the_baud_rate() -> None:
    bench = Bench(Keller33xDriver(settings()), wire=lambda now_s, request, answer: [(0.001, b"\xf0\x80\x00")])
    assert "baud rate" in problem_text(bench)


def test_a_transmitter_that_answers_only_now_and_then_is_given_up_in_time() -> None:
    answers = iter(range(1000))
    bench = Bench(
        Keller33xDriver(settings()), wire=lambda now_s, request, answer: [(0.19, answer)] if next(answers) % 3 < 2 else []
    )
    assert "now and then" in problem_text(bench)


def test_connect_survives_any_one_lost_reply() -> None:
    for lost in range(4):
        numbers = iter(range(10_000))
        bench = Bench(
            Keller33xDriver(settings()),
            wire=lambda now_s, request, answer, lost=lost, numbers=numbers: [] if next(numbers) == lost else [(0.003, answer)],
        )
        bench.driver.connect(bench.now_s)
        assert of_kind(PressureConnected, bench.run(1.0)), lost


def test_connect_survives_a_doubled_or_late_reply() -> None:
    numbers = iter(range(10_000))
    for wire in (
        lambda now_s, request, answer: [(0.003, answer + answer)],
        lambda now_s, request, answer: [(0.003, answer), (0.0065, answer)],
        lambda now_s, request, answer: [(0.21 if next(numbers) in (1, 3) else 0.003, answer)],
    ):
        bench = Bench(Keller33xDriver(settings()), wire=wire)
        bench.driver.connect(bench.now_s)
        (connected,) = of_kind(PressureConnected, bench.run(1.9))
        assert (connected.range_min_kpa, connected.range_max_kpa) == (-100.0, 1000.0)


@pytest.mark.parametrize(
    ("changes", "transmitter", "words"),
    [
        ({"expected_serial": 77}, Transmitter(), ["123456", "77"]),
        ({}, Transmitter(range_bar=(0.0, 10.0)), ["0.0 to 1000.0", "-20.0 to 300.0"]),
        ({}, Transmitter(range_bar=(-1.0, 2.5)), ["-100.0 to 250.0", "-20.0 to 300.0"]),
        ({"reference": "absolute"}, Transmitter(range_bar=(0.0, 4.0)), ["0.0 to 400.0", "60.0 to 406.0", "absolute"]),
        ({}, Transmitter(range_bar=(math.nan, 10.0)), ["nan", "range"]),
        ({}, Transmitter(range_bar=(1.0, 1.0)), ["range"]),
        ({}, Transmitter(status=7), ["status 7"]),
    ],
)
def test_a_transmitter_that_is_not_the_configured_one_is_refused_by_name(
    changes: dict[str, object], transmitter: Transmitter, words: list[str]
) -> None:
    text = problem_text(Bench(Keller33xDriver(settings(**changes)), transmitter))
    for word in words:
        assert word in text


def test_the_expected_serial_number_and_an_absolute_range_are_accepted() -> None:
    wanted = settings(expected_serial=SERIAL_NUMBER, reference="absolute")
    bench = Bench(Keller33xDriver(wanted), Transmitter(range_bar=(0.0, 10.0), kpa=lambda now_s: 101.0 + now_s % 0.01)).connected()
    samples = of_kind(PressureSample, bench.run(0.1))
    assert all(101.0 <= sample.kpa <= 101.02 for sample in samples)
    assert samples


def test_a_refused_function_is_named() -> None:
    bench = Bench(
        Keller33xDriver(settings()),
        wire=lambda now_s, request, answer: [(0.003, framed(1, 30 | 0x80, 1) if request[1] == 30 else answer)],
    )
    text = problem_text(bench)
    assert "F30" in text
    assert "exception 1" in text


def test_a_supply_that_breaks_during_connect_starts_over() -> None:
    bench = Bench(Keller33xDriver(settings()))
    asked: list[int] = []

    def wire(now_s: float, request: bytes, answer: bytes) -> list[tuple[float, bytes]]:
        asked.append(request[1])
        return [(0.003, framed(1, 69 | 0x80, 32) if asked.count(69) == 1 and request[1] == 69 else answer)]

    bench.wire = wire
    bench.driver.connect(bench.now_s)
    assert of_kind(PressureConnected, bench.run(1.0))
    assert asked[:4] == [48, 69, 48, 69]


def test_a_transmitter_that_never_stays_initialised_is_given_up() -> None:
    bench = Bench(Keller33xDriver(settings()), wire=lambda now_s, request, answer: [(0.003, framed(1, request[1] | 0x80, 32))])
    problem_text(bench)


def test_a_new_connect_forgets_what_was_under_way() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    bench.driver.connect(bench.now_s)
    assert bench.driver.transmit(bench.now_s)[1] == 48
    assert bench.driver.receive(pressure_reply(5.0), bench.now_s) == []


# Sampling


@pytest.mark.parametrize("sample_hz", [100.0, 130.0, 200.0])
def test_samples_keep_an_absolute_schedule(sample_hz: float) -> None:
    bench = Bench(Keller33xDriver(settings(sample_hz=sample_hz))).connected()
    bench.run(20.0)
    times = [now_s for now_s, frame in bench.sent if frame[1] == 73]
    for number, now_s in enumerate(times):
        assert now_s == pytest.approx(times[0] + number / sample_hz, abs=1e-9)
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
    bench.run(0.0049)
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


def lose(numbers: set[int]) -> Callable[[float, bytes, bytes], list[tuple[float, bytes]]]:
    """A wire that loses the replies with these numbers, counted from now."""
    counter = iter(range(1_000_000))
    return lambda now_s, request, answer: [] if next(counter) in numbers else [(0.003, answer)]


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


# Monitors


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


@pytest.mark.parametrize(
    ("field_name", "value"),
    [
        ("address", 0),
        ("address", 251),
        ("sample_hz", 99.0),
        ("sample_hz", 201.0),
        ("sample_hz", math.nan),
        ("reply_timeout_s", 0.0),
        ("slew_limit_kpa_s", 0.0),
        ("reference", "vacuum"),
        ("must_cover_kpa", (5.0, 5.0)),
    ],
)
def test_settings_name_the_field_that_is_wrong(field_name: str, value: object) -> None:
    with pytest.raises(ValueError, match=field_name):
        settings(**{field_name: value})


def test_the_device_is_never_written() -> None:
    bench = Bench(Keller33xDriver(settings())).connected()
    bench.transmitter.initialised = False
    bench.wire = lose({3, 9})
    bench.run(3.0)
    assert {frame[1] for _, frame in bench.sent} <= {30, 48, 69, 73}
