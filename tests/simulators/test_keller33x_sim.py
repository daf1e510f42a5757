"""The simulated KELLER 33X against the vendor's printed telegrams, its exceptions, its timing and its faults."""

import math
import struct

import pytest

from simulators.keller33x import FAULTS, Keller33x, Keller33xOptions

# request and reply as the vendor prints them (decimal), and what the transmitter measures in them
VENDOR_TELEGRAMS = [
    ("250 73 1 161 167", "250 73 63 109 186 172 0 26 27"),
    ("1 73 1 80 214", "1 73 63 109 177 83 0 231 97"),
    ("1 73 2 81 150", "1 73 63 109 178 242 0 119 232"),
    ("250 73 4 162 103", "250 73 65 201 184 0 0 224 204"),
    ("1 73 4 83 22", "1 73 65 202 81 128 0 95 54"),
]
EXACT = {"noise_kpa": 0.0, "offset_kpa": 0.0, "filter_s": 0.0}


def telegram(text: str) -> bytes:
    return bytes(int(number) for number in text.split())


def sealed(*body: int) -> bytes:
    """A frame with the check sum computed bit by bit, as the vendor describes it (and unlike the simulator does)."""
    crc = 0xFFFF
    for byte in body:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
    return bytes((*body, crc >> 8, crc & 0xFF))


class Bench:
    """One transmitter on the line, in virtual time."""

    def __init__(self, **options: object) -> None:
        self.device = Keller33x(Keller33xOptions(**{**EXACT, **options}))  # type: ignore[arg-type]  # any option by name
        self.now_s = 1.0

    def wait(self, seconds: float) -> bytes:
        self.now_s += seconds
        self.device.advance(self.now_s)
        return self.device.transmit(self.now_s)

    def ask(self, request: bytes, wait_s: float = 0.02) -> bytes:
        self.device.receive(request, self.now_s)
        return self.wait(wait_s)

    def initialise(self) -> "Bench":
        assert len(self.ask(sealed(250, 48))) == 10
        return self

    def p1_kpa(self) -> float:
        reply = self.ask(sealed(250, 73, 1))
        assert sealed(*reply[:-2]) == reply
        assert reply[6] == 0
        return float(struct.unpack(">f", reply[2:6])[0] * 100.0)

    def p1_raw(self) -> bytes:
        return self.ask(sealed(250, 73, 1))[2:6]


@pytest.fixture
def bench() -> Bench:
    return Bench().initialise()


@pytest.mark.parametrize(("request_text", "reply_text"), VENDOR_TELEGRAMS)
def test_vendor_telegram_comes_out_byte_for_byte(request_text: str, reply_text: str) -> None:
    request, reply = telegram(request_text), telegram(reply_text)
    value = struct.unpack(">f", reply[2:6])[0]
    bench = Bench(second_sensor=True, temperature_c=value if request[2] == 4 else 25.0).initialise()
    if request[2] in (1, 2):
        bench.device.set_pressure(value * 100.0)
    assert bench.ask(request) == reply


def test_vendor_initialisation_tells_version_buffer_and_whether_it_was_the_first() -> None:
    bench = Bench(class_group=(5, 20), year_week=(5, 50), buffer=10)
    assert bench.ask(telegram("1 48 52 0")) == sealed(1, 48, 5, 20, 5, 50, 10, 0)
    assert bench.ask(telegram("250 48 4 67")) == sealed(250, 48, 5, 20, 5, 50, 10, 1)


@pytest.mark.parametrize("body", [(1, 73, 1), (1, 74, 1), (1, 69), (1, 30, 80), (1, 32, 0), (1, 95, 0), (1, 99), (1, 73)])
def test_everything_but_initialisation_is_refused_before_it(body: tuple[int, ...]) -> None:
    assert Bench().ask(sealed(*body)) == sealed(1, body[1] | 0x80, 32)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ((1, 3, 0, 2, 0, 2), 1),
        ((1, 101), 1),
        ((1, 73, 6), 2),
        ((1, 74, 6), 2),
        ((1, 30, 112), 2),
        ((1, 31, 80, 0, 0, 0, 0), 2),
        ((1, 32, 14), 2),
        ((1, 33, 14, 0), 2),
        ((1, 95, 9), 2),
        ((1, 73), 3),
        ((1, 73, 1, 1), 3),
        ((1, 48, 0), 3),
        ((1, 69, 0), 3),
        ((1, 95, 0, 0), 3),
        ((1, 74, 2), 4),
        ((1, 74, 0), 4),
    ],
)
def test_exceptions_are_the_vendors(bench: Bench, body: tuple[int, ...], code: int) -> None:
    assert bench.ask(sealed(*body)) == sealed(1, body[1] | 0x80, code)


@pytest.mark.parametrize(
    "frame",
    [
        sealed(1, 73, 1)[:-1] + b"\x00",
        sealed(1, 73, 1)[:-2] + sealed(1, 73, 1)[:-3:-1],  # low byte first: the Modbus order
        sealed(1, 73, 1)[:4],
        sealed(1, 73, 1) + b"\x00",
        sealed(2, 73, 1),
        sealed(0, 73, 1),
        sealed(1, 31, 100, *range(20)),
        b"\x01",
    ],
    ids=["bad crc", "modbus order", "cut off", "one too many", "other address", "broadcast", "too long", "one byte"],
)
def test_nothing_is_answered_to(bench: Bench, frame: bytes) -> None:
    assert bench.ask(frame, wait_s=0.2) == b""
    assert bench.ask(sealed(1, 69)) == sealed(1, 69, *(5157001).to_bytes(4, "big"))


def test_range_offset_gain_and_configuration_are_read() -> None:
    bench = Bench(range_min_bar=-0.5, range_max_bar=4.0).initialise()
    for number, value in ((80, -0.5), (81, 4.0), (64, 0.0), (65, 1.0)):
        assert bench.ask(sealed(1, 30, number)) == sealed(1, 30, *struct.pack(">f", value))
    assert bench.ask(sealed(1, 32, 0)) == sealed(1, 32, 1)
    assert bench.ask(sealed(1, 32, 9)) == sealed(1, 32, 1)
    assert bench.device.writes == []


def test_whatever_changes_the_device_changes_it_and_is_seen(bench: Bench) -> None:
    gain_two = struct.pack(">f", 2.0)
    assert bench.ask(sealed(1, 31, 65, *gain_two)) == sealed(1, 31, 0)
    assert bench.ask(sealed(1, 33, 7, 3)) == sealed(1, 33, 0)
    assert bench.ask(sealed(1, 66, 9)) == sealed(1, 66, 9)
    assert bench.ask(sealed(250, 66, 0)) == sealed(250, 66, 9)
    assert bench.ask(sealed(9, 32, 7)) == sealed(9, 32, 3)
    bench.device.set_pressure(10.0)
    assert bench.p1_kpa() == pytest.approx(20.0)
    assert [function for function, _ in bench.device.writes] == [31, 33, 66]


def test_setting_zero_really_moves_the_zero_and_survives_the_supply(bench: Bench) -> None:
    bench.device.set_pressure(3.0)
    assert bench.ask(sealed(1, 95, 0)) == sealed(1, 95, 0)
    assert bench.p1_kpa() == pytest.approx(0.0, abs=1e-6)
    bench.device.fault("supply_loss", bench.now_s, off_s=0.1)
    bench.wait(1.0)
    bench.initialise()
    assert bench.p1_kpa() == pytest.approx(0.0, abs=1e-6)
    assert bench.ask(sealed(1, 95, 0, *struct.pack(">f", 2.5))) == sealed(1, 95, 0)
    assert bench.p1_kpa() == pytest.approx(250.0, rel=1e-6)
    assert bench.ask(sealed(1, 95, 1)) == sealed(1, 95, 0)
    assert bench.p1_kpa() == pytest.approx(3.0)
    assert [function for function, _ in bench.device.writes] == [95, 95, 95]


def test_integer_read_is_in_pascal_by_ten_and_centidegrees(bench: Bench) -> None:
    bench.device.set_pressure(-12.3456)
    assert bench.ask(sealed(1, 74, 1)) == sealed(1, 74, *(-12350).to_bytes(4, "big", signed=True), 0)
    assert bench.ask(sealed(1, 74, 4)) == sealed(1, 74, *(2500).to_bytes(4, "big"), 0)


def test_channels_that_the_transmitter_has_not_are_not_a_number(bench: Bench) -> None:
    for channel in (0, 2, 3, 5):
        assert math.isnan(struct.unpack(">f", bench.ask(sealed(1, 73, channel))[2:6])[0])


@pytest.mark.parametrize(("kpa", "value"), [(1200.0, math.inf), (-250.0, -math.inf)])
def test_over_and_underflow_set_the_channel_bit_and_refuse_integers(bench: Bench, kpa: float, value: float) -> None:
    bench.device.set_pressure(kpa)
    reply = bench.ask(sealed(1, 73, 1))
    assert struct.unpack(">f", reply[2:6])[0] == value
    assert reply[6] == 0b10
    assert bench.ask(sealed(1, 74, 1)) == sealed(1, 202, 4)


def test_an_absolute_transmitter_reads_an_atmosphere_more() -> None:
    bench = Bench(absolute=True, range_min_bar=0.0).initialise()
    bench.device.set_pressure(5.0)
    assert bench.p1_kpa() == pytest.approx(106.325)


def test_noise_offset_and_resolution_are_as_ordered_and_repeatable() -> None:
    def readings(seed: int) -> list[float]:
        bench = Bench(noise_kpa=0.05, offset_kpa=0.3, seed=seed).initialise()
        return [bench.p1_kpa() for _ in range(400)]

    values = readings(1)
    mean = sum(values) / len(values)
    assert mean == pytest.approx(0.3, abs=0.01)
    assert math.sqrt(sum((value - mean) ** 2 for value in values) / len(values)) == pytest.approx(0.05, rel=0.15)
    assert readings(1) == values
    assert readings(2) != values
    coarse = Bench(noise_kpa=0.3, resolution_kpa=0.25).initialise()
    levels = {coarse.p1_kpa() for _ in range(50)}
    assert len(levels) > 2
    assert all(abs(level / 0.25 - round(level / 0.25)) < 1e-4 for level in levels)


def test_the_filter_settles_in_its_time_whatever_the_steps() -> None:
    for steps in (1, 7):
        bench = Bench(filter_s=0.010).initialise()
        bench.device.set_pressure(100.0)
        # the request takes 5 characters and 3.5 of silence: this is when the value is taken
        taken_after_s = 8.5 * 10.0 / 115200
        for _ in range(steps):
            bench.wait((0.010 - taken_after_s) / steps)
        assert bench.p1_kpa() == pytest.approx(100.0 * (1.0 - math.exp(-1.0)), rel=1e-6)


def test_a_reply_takes_its_time_on_the_wire() -> None:
    bench = Bench(turnaround_s=0.0008).initialise()
    began_s = bench.now_s
    bench.device.receive(sealed(1, 73, 1), began_s)
    character_s = 10.0 / 115200
    first_byte_s = began_s + 5 * character_s + 0.0008 + character_s
    assert bench.device.transmit(first_byte_s - 1e-6) == b""
    assert len(bench.device.transmit(first_byte_s + 1e-6)) == 1
    assert len(bench.device.transmit(first_byte_s + 8 * character_s - 1e-6)) == 7
    assert len(bench.device.transmit(first_byte_s + 8 * character_s + 1e-6)) == 1


def test_a_slow_line_waits_for_its_idle_gap() -> None:
    bench = Bench(baud=9600, turnaround_s=0.0)
    began_s = bench.now_s
    bench.device.receive(sealed(1, 48), began_s)
    first_byte_s = began_s + (4 + 3.5 + 1) * 10.0 / 9600
    assert bench.device.transmit(first_byte_s - 1e-6) == b""
    assert bench.device.transmit(first_byte_s + 1e-6) == b"\x01"


def test_a_gap_within_a_request_breaks_it(bench: Bench) -> None:
    request = sealed(1, 73, 1)
    assert bench.ask(request[:2], wait_s=0.001) == b""
    assert bench.ask(request[2:]) == b""
    assert bench.ask(request[:2], wait_s=0.0002) == b""
    assert len(bench.ask(request[2:])) == 9


def test_a_request_while_it_replies_is_lost() -> None:
    bench = Bench(turnaround_s=0.002).initialise()
    bench.device.receive(sealed(1, 73, 1), bench.now_s)
    bench.wait(0.001)
    bench.device.receive(sealed(1, 69), bench.now_s)
    assert len(bench.wait(0.05)) == 9
    assert len(bench.ask(sealed(1, 69))) == 8


def test_two_requests_without_a_gap_are_one_bad_one(bench: Bench) -> None:
    assert bench.ask(sealed(1, 69) + sealed(1, 69), wait_s=0.1) == b""


def test_a_converter_with_echo_gives_the_request_back_first() -> None:
    bench = Bench(echo=True)
    request = sealed(1, 48)
    reply = bench.ask(request)
    assert reply[:4] == request
    assert reply[4:6] == bytes((1, 48))
    assert len(reply) == 14
    bench.device.fault("silent", bench.now_s)
    assert bench.ask(request) == request


def test_supply_loss_is_visible_on_the_wire(bench: Bench) -> None:
    bench.device.receive(sealed(1, 73, 1), bench.now_s)
    bench.device.fault("supply_loss", bench.now_s, off_s=0.2)
    assert bench.wait(0.1) == b""
    assert bench.ask(sealed(1, 48)) == b""
    bench.wait(0.1)
    assert bench.ask(sealed(1, 73, 1)) == sealed(1, 201, 32)
    assert bench.ask(sealed(1, 48))[7] == 0
    assert bench.ask(sealed(1, 73, 1))[6] == 0b1000_0000
    assert bench.ask(sealed(1, 95, 0)) == sealed(1, 223, 1)
    bench.wait(0.3)
    assert bench.ask(sealed(1, 73, 1))[6] == 0
    assert bench.device.writes == []


def test_a_long_supply_loss_ends_when_cleared(bench: Bench) -> None:
    bench.device.fault("supply_loss", bench.now_s, off_s=1e9)
    assert bench.ask(sealed(1, 48)) == b""
    bench.device.clear("supply_loss", bench.now_s)
    assert bench.ask(sealed(1, 48))[7] == 0


@pytest.mark.parametrize("supply", [0, 1])
def test_unplugged_it_is_silent_and_plugged_it_is_back(bench: Bench, supply: int) -> None:
    bench.device.receive(sealed(1, 73, 1), bench.now_s)
    bench.wait(0.0013)
    bench.device.fault("unplug", bench.now_s, supply=supply)
    assert bench.wait(0.1) == b""
    assert bench.ask(sealed(1, 73, 1)) == b""
    bench.device.fault("plug", bench.now_s)
    assert bench.ask(sealed(1, 48))[7] == supply
    bench.wait(1.0)
    assert bench.p1_kpa() == 0.0


def test_frozen_it_repeats_bit_for_bit_until_cleared() -> None:
    bench = Bench(noise_kpa=0.05).initialise()
    assert len({bench.p1_raw() for _ in range(5)}) == 5
    bench.device.fault("freeze", bench.now_s)
    frozen = bench.p1_raw()
    bench.device.set_pressure(80.0)
    assert {bench.p1_raw() for _ in range(5)} == {frozen}
    bench.device.clear("freeze", bench.now_s)
    assert bench.p1_kpa() == pytest.approx(80.0, abs=1.0)


def test_stuck_and_out_of_range_read_what_was_ordered_with_a_clean_status(bench: Bench) -> None:
    bench.device.fault("stuck_at", bench.now_s, kpa=7.5)
    assert bench.p1_kpa() == pytest.approx(7.5)
    bench.device.clear("stuck_at", bench.now_s)
    bench.device.fault("out_of_range", bench.now_s, kpa=1500.0)
    assert bench.p1_kpa() == pytest.approx(1500.0)
    bench.device.clear("out_of_range", bench.now_s)
    assert bench.p1_kpa() == 0.0


def test_drift_grows_with_time_from_its_start(bench: Bench) -> None:
    bench.wait(5.0)
    bench.device.fault("drift", bench.now_s, kpa_per_s=2.0)
    bench.wait(3.0)
    assert bench.p1_kpa() == pytest.approx(6.0, abs=0.01)


def test_a_spike_is_as_long_as_ordered(bench: Bench) -> None:
    bench.device.fault("spike", bench.now_s, kpa=40.0, n=2)
    assert [round(bench.p1_kpa(), 3) for _ in range(4)] == [40.0, 40.0, 0.0, 0.0]


def test_status_bits_and_not_a_number(bench: Bench) -> None:
    bench.device.fault("stat", bench.now_s, bits=0b0001_0010)
    assert bench.ask(sealed(1, 73, 1))[6] == 0b0001_0010
    assert bench.ask(sealed(1, 73, 4))[6] == 0b0001_0010
    bench.device.clear("stat", bench.now_s)
    bench.device.fault("nan", bench.now_s)
    reply = bench.ask(sealed(1, 73, 1))
    assert math.isnan(struct.unpack(">f", reply[2:6])[0])
    assert reply[6] == 0
    assert bench.ask(sealed(1, 74, 1)) == sealed(1, 202, 4)


def test_every_nth_reply_has_one_wrong_bit(bench: Bench) -> None:
    bench.device.fault("corrupt", bench.now_s, every=3)
    good = sealed(1, 69, *(5157001).to_bytes(4, "big"))
    wrong_bits = []
    for _ in range(9):
        reply = bench.ask(sealed(1, 69))
        wrong_bits.append(sum((a ^ b).bit_count() for a, b in zip(reply, good, strict=True)))
    assert sorted(wrong_bits) == [0] * 6 + [1] * 3
    assert wrong_bits[:3] == wrong_bits[3:6] == wrong_bits[6:]


def test_slow_and_silent(bench: Bench) -> None:
    bench.device.fault("slow", bench.now_s, extra_s=0.1)
    assert bench.ask(sealed(1, 69), wait_s=0.09) == b""
    assert len(bench.wait(0.03)) == 8
    bench.device.clear("slow", bench.now_s)
    bench.device.fault("silent", bench.now_s)
    assert bench.ask(sealed(1, 69), wait_s=1.0) == b""
    bench.device.clear("silent", bench.now_s)
    assert len(bench.ask(sealed(1, 69))) == 8


def test_another_transmitter_and_a_noisy_one(bench: Bench) -> None:
    bench.device.fault("other_serial", bench.now_s, n=42)
    assert bench.ask(sealed(1, 69)) == sealed(1, 69, 0, 0, 0, 42)
    bench.device.fault("noise", bench.now_s, kpa=5.0)
    values = [bench.p1_kpa() for _ in range(50)]
    assert max(values) - min(values) > 5.0


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_can_be_had_with_its_defaults_and_cleared(bench: Bench, name: str) -> None:
    bench.device.fault(name, bench.now_s)
    bench.ask(sealed(1, 73, 1))
    bench.device.clear(name, bench.now_s)
    bench.wait(1.0)
    bench.initialise()
    # stopped repeating, drifting, being silent: all faults are over
    bench.device.set_pressure(9.0)
    bench.ask(sealed(1, 73, 1))
    assert bench.p1_kpa() == pytest.approx(9.0)


def test_wrong_orders_are_refused(bench: Bench) -> None:
    for name, args in (("melt", {}), ("drift", {"kpa": 1.0}), ("corrupt", {"every": 0}), ("supply_loss", {"off_s": -1})):
        with pytest.raises(ValueError):
            bench.device.fault(name, bench.now_s, **args)
    with pytest.raises(ValueError):
        bench.device.clear("melt", bench.now_s)
    with pytest.raises(ValueError):
        bench.device.set_pressure(math.nan)


@pytest.mark.parametrize(
    "options",
    [
        {"address": 0},
        {"address": 250},
        {"baud": 0},
        {"serial_number": -1},
        {"buffer": 4},
        {"range_min_bar": 10.0},
        {"noise_kpa": -1.0},
        {"turnaround_s": -1.0},
        {"year_week": (24, 300)},
    ],
)
def test_options_that_no_transmitter_has_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Bench(**options)
