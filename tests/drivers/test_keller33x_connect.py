"""The KELLER 33X driver against a transmitter of a few lines, in virtual time: settings and connecting."""

import math

import pytest

from drivers.driver import NEVER_S, DeviceProblem
from drivers.keller33x.driver import Keller33xDriver
from drivers.pressure import PressureConnected, PressureSample
from tests.drivers.keller33x_bench import SERIAL_NUMBER, Bench, Transmitter, framed, of_kind, pressure_reply, settings


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
    transmitter = Transmitter(range_bar=(0.0, 10.0), kpa=lambda now_s: 101.001 + now_s % 0.007)
    bench = Bench(Keller33xDriver(wanted), transmitter).connected()
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
