"""Both simulated devices at their wires: they give the same bytes however they are stepped, and say when they are due."""

import math
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from simulators.keller33x import Keller33x, Keller33xOptions
from simulators.keller33x.frame import seal
from simulators.ne1000 import Ne1000, Ne1000Options
from simulators.ne1000.frames import encode_reply
from simulators.wire import Wire

INITIALISE = seal(bytes([250, 48]))
READ_P1 = seal(bytes([250, 73, 1]))


def pressure_kpa(now_s: float) -> float:
    return 20.0 + 15.0 * math.sin(7.0 * now_s) + 3.0 * now_s


@dataclass
class Rig:
    """Pump and transmitter at their wires. steps_s: how the time goes on; both wires may cut a step short."""

    steps_s: list[float]
    pump: Ne1000 = field(default_factory=lambda: Ne1000(Ne1000Options(address=0)))
    pressure: Keller33x = field(default_factory=lambda: Keller33x(Keller33xOptions(filter_s=0.0)))
    now_s: float = 0.0
    came: dict[str, bytes] = field(default_factory=lambda: {"pump": b"", "pressure": b""})

    def __post_init__(self) -> None:
        self.wires = {"pump": Wire(self.pump, 19200, 1), "pressure": Wire(self.pressure, 115200, 2)}
        self._number = 0

    def go(self, to_s: float) -> None:
        """On to to_s, as a bench does it."""
        while self.now_s < to_s:
            step_s = self.steps_s[self._number % len(self.steps_s)]
            self._number += 1
            due_s = min(wire.next_s(self.now_s) for wire in self.wires.values())
            assert due_s > self.now_s
            self.now_s = min(self.now_s + step_s, due_s, to_s)
            for wire in self.wires.values():
                wire.advance(self.now_s)
            self.pump.advance(self.now_s)
            self.pressure.set_pressure(pressure_kpa(self.now_s))
            self.pressure.advance(self.now_s)
            for name, wire in self.wires.items():
                self.came[name] += wire.read(self.now_s)


def irregular(seed: int) -> list[float]:
    steps = random.Random(seed)
    return [steps.uniform(0.00005, 0.005) for _ in range(997)]


def set_up(rig: Rig) -> None:
    for text in ("", "DIA4.699", "PHN2", "FUNSTP", "PHN1", "FUNRAT", "RAT300.0UM", "VOL20.00", "DIRINF", "SAF1"):
        rig.wires["pump"].write(text.encode() + b"\r", rig.now_s)
        rig.go(rig.now_s + 0.06)
    rig.wires["pressure"].write(INITIALISE, rig.now_s)
    rig.go(rig.now_s + 0.01)


def procedure(rig: Rig) -> list[tuple[float, float, str, str | None]]:
    """A run to its volume, one stopped in the middle, a silence that the pump's watchdog ends, a stall, and a power cycle."""
    set_up(rig)
    plan: dict[int, list[Callable[[], None]]] = {}

    def at(tick: int, act: Callable[[], None]) -> None:
        plan.setdefault(tick, []).append(act)

    def say(text: str) -> Callable[[], None]:
        return lambda: rig.wires["pump"].write(encode_reply("0" + text, safe=True), rig.now_s)

    at(50, say("RUN"))
    at(600, say("RUN"))
    at(700, say("STP"))
    at(760, say("RUN"))
    at(1200, say(""))
    at(1210, say("RUN"))
    at(1230, lambda: rig.pump.fault("stall", rig.now_s))
    at(1300, say(""))
    at(1310, lambda: rig.pump.fault("power_cycle", rig.now_s, off_s=0.1))
    at(1400, lambda: rig.pressure.fault("supply_loss", rig.now_s, off_s=0.1))
    at(1500, lambda: rig.wires["pressure"].write(INITIALISE, rig.now_s))
    seen = []
    zero_s = rig.now_s
    for tick in range(1600):
        for act in plan.get(tick, []):
            act()
        if tick < 760 and tick % 5 == 2:
            say("DIS")()
        if tick not in plan:
            rig.wires["pressure"].write(READ_P1, rig.now_s)
        rig.go(zero_s + (tick + 1) * 0.01)
        seen.append((rig.pump.forward_ul, rig.pump.withdrawn_ul, rig.pump.status, rig.pump.alarm))
    return seen


@pytest.mark.parametrize("seed", range(3))
def test_irregular_steps_of_up_to_5_ms_give_the_same_bytes_and_the_same_motion_as_steps_of_1_ms(seed: int) -> None:
    regular, other = Rig([0.001]), Rig(irregular(seed))
    expected, found = procedure(regular), procedure(other)
    assert regular.came["pump"] == other.came["pump"]
    assert regular.came["pressure"] == other.came["pressure"]
    assert expected == found
    assert {status for _, _, status, _ in expected} >= {"I", "S", "P"}
    assert {alarm for _, _, _, alarm in expected} >= {None, "T", "S", "R"}
    assert expected[-1][0] > 25.0


def test_every_reading_is_the_pressure_at_the_end_of_its_own_request() -> None:
    rig = Rig(irregular(9), pressure=Keller33x(Keller33xOptions(filter_s=0.0, noise_kpa=0.0, offset_kpa=0.0)))
    set_up(rig)
    for number in range(200):
        rig.came["pressure"] = b""
        asked_s = rig.now_s
        rig.wires["pressure"].write(READ_P1, asked_s)
        rig.go(asked_s + 0.01 + number * 1e-5)
        reply = rig.came["pressure"]
        assert seal(reply[:-2]) == reply
        ends_s = asked_s + (len(READ_P1) + 3.5) * 10.0 / 115200
        assert struct.unpack(">f", reply[2:6])[0] * 100.0 == pytest.approx(pressure_kpa(ends_s), rel=1e-6)


def test_nothing_that_shows_outside_happens_before_the_time_that_the_pump_gives() -> None:
    pump = Ne1000()
    choice, now_us, told = random.Random(4), 0, 0
    texts = ["", "RUN", "STP", "DIS", "RUN", "VOL5.000", "RAT600.0", "PUR", "CLDINF", "SAF1", "SAF0"]

    def outside() -> tuple[object, ...]:
        return pump.status, pump.alarm, pump.rate_now_ul_s, len(pump.sending()), pump.powered

    for text in ("", "DIA4.699", "PHN1", "FUNRAT", "RAT300.0UM", "VOL20.00", "DIRINF"):
        pump.receive(text.encode() + b"\r", now_us / 1e6)
        now_us += 60_000
        pump.advance(now_us / 1e6)
        pump.transmit(now_us / 1e6)
    for _ in range(40_000):
        if choice.random() < 0.006:
            text = choice.choice(texts)
            pump.receive(encode_reply("0" + text, safe=True) if choice.random() < 0.7 else text.encode() + b"\r", now_us / 1e6)
        if choice.random() < 0.0005:
            pump.fault("power_cycle", now_us / 1e6, off_s=0.05)
        due_s, before = pump.next_event_s(sending=False), outside()
        now_us += 100
        pump.advance(now_us / 1e6)
        if outside() != before:
            told += 1
            assert due_s <= now_us / 1e6
        pump.transmit(now_us / 1e6)
        assert pump.next_event_s() > now_us / 1e6
    assert told > 60


def test_nothing_that_shows_outside_happens_before_the_time_that_the_transmitter_gives() -> None:
    device = Keller33x()
    choice, now_us, replies = random.Random(4), 0, 0
    device.receive(INITIALISE, 0.0)
    for _ in range(20_000):
        if choice.random() < 0.01:
            device.receive(READ_P1[: choice.choice([5, 5, 5, 3])], now_us / 1e6)
        due_s, before = device.next_event_s(sending=False), len(device.sending())
        now_us += 50
        device.advance(now_us / 1e6)
        if len(device.sending()) > before:
            replies += 1
            assert due_s <= now_us / 1e6
        device.transmit(now_us / 1e6)
        assert device.next_event_s() > now_us / 1e6
    assert replies > 50


def test_the_end_of_what_is_being_sent_is_due_unless_it_is_not_asked_for() -> None:
    pump = Ne1000()
    pump.receive(b"\r", 0.0)
    pump.advance(0.005)
    last_s = pump.sending()[-1].ends_s
    assert pump.next_event_s() == last_s > 0.005
    assert pump.next_event_s(sending=False) == math.inf
    pump.advance(last_s)
    assert pump.next_event_s() == math.inf
    assert len(pump.transmit(last_s)) == 7  # STX 00A?R ETX


def test_the_end_of_a_volume_the_watchdog_and_the_return_of_the_power_are_due_at_their_times() -> None:
    rig = Rig([0.001])
    set_up(rig)
    began_s = rig.now_s
    rig.wires["pump"].write(encode_reply("0RUN", safe=True), began_s)
    rig.go(began_s + 0.5)
    run_s = began_s + 9 * 10 / 19200 + 0.001
    assert rig.pump.next_event_s() == pytest.approx(began_s + 9 * 10 / 19200 + 1.0, abs=1e-9)  # the watchdog's second
    rig.wires["pump"].write(encode_reply("0", safe=True), rig.now_s)
    for _ in range(12):  # keep the watchdog quiet until the volume is the next thing
        rig.go(rig.now_s + 0.28)
        rig.wires["pump"].write(encode_reply("0", safe=True), rig.now_s)
    rig.go(run_s + 3.999)
    assert rig.pump.next_event_s() == pytest.approx(run_s + 4.0, abs=1e-9)  # 20 uL at 5 uL/s
    rig.pump.fault("power_cycle", rig.now_s, off_s=0.25)
    assert rig.pump.next_event_s() == pytest.approx(rig.now_s + 0.25, abs=1e-9)


def test_a_stop_that_is_still_on_its_way_when_the_cable_is_cut_never_arrives() -> None:
    rig = Rig([0.001])
    set_up(rig)
    rig.wires["pump"].write(encode_reply("0RUN", safe=True), rig.now_s)
    rig.go(rig.now_s + 0.1)
    assert rig.pump.status == "I"
    rig.wires["pump"].write(encode_reply("0STP", safe=True), rig.now_s)
    rig.go(rig.now_s + 0.003)
    rig.wires["pump"].fault("cut", rig.now_s, direction="to_device")
    rig.go(rig.now_s + 0.2)
    assert rig.pump.status == "I"
    rig.go(rig.now_s + 1.0)
    assert (rig.pump.status, rig.pump.alarm) == ("P", "T")  # its own watchdog has


def test_a_request_that_is_cut_on_its_way_is_not_answered_and_the_next_one_is() -> None:
    rig = Rig([0.0001])
    set_up(rig)
    wire = rig.wires["pressure"]
    rig.came["pressure"] = b""
    wire.write(READ_P1, rig.now_s)
    rig.go(rig.now_s + 0.0002)
    wire.fault("cut", rig.now_s)
    wire.clear("cut", rig.now_s)
    rig.go(rig.now_s + 0.02)
    assert rig.came["pressure"] == b""
    wire.write(READ_P1, rig.now_s)
    rig.go(rig.now_s + 0.02)
    assert seal(rig.came["pressure"][:-2]) == rig.came["pressure"]


def test_the_echo_of_an_rs485_converter_reaches_the_host_before_the_reply() -> None:
    rig = Rig(irregular(2), pressure=Keller33x(Keller33xOptions(echo=True)))
    rig.wires["pressure"].write(INITIALISE, 0.0)
    rig.go(0.1)
    came = rig.came["pressure"]
    assert came[: len(INITIALISE)] == INITIALISE
    assert len(came) == len(INITIALISE) + 10
