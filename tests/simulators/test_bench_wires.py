"""Whoever looks at a wire of the bench only when it may give something hears the same as who looks after every step."""

import random

import pytest

from simulators.acts import Act, ActError, Clear, Fault, Keypad, Press, Release
from simulators.bench import BenchOptions, SimulatedBench
from simulators.keller33x.frame import seal
from simulators.ne1000.frames import encode_reply
from simulators.scenario import Event, Scenario, ScenarioRunner, When

FAULTS = [
    Fault(name="pump.power_cycle", off_s=0.05),
    Fault(name="pump.power_off"),
    Fault(name="pump.power_on"),
    Fault(name="pump.echo"),
    Fault(name="pump.deaf"),
    Fault(name="pump.lose_next_command"),
    Fault(name="pump.delay_replies", delay_s=0.03),
    Fault(name="pressure.unplug"),
    Fault(name="pressure.supply_loss", off_s=0.05),
    Fault(name="pressure.slow", extra_s=0.02),
    Fault(name="pump_wire.cut"),
    Fault(name="pump_wire.echo"),
    Fault(name="pump_wire.fragment", gap_s=0.002),
    Fault(name="pump_wire.drop", every=5),
    Fault(name="pressure_wire.delay", delay_s=0.013),
    Fault(name="pressure_wire.jitter", up_to_s=0.004),
    Fault(name="pressure_wire.noise", per_s=200.0),
    Fault(name="pressure_wire.duplicate", every=3),
]
QUESTIONS = ["", "RUN", "STP", "DIS", "VOL5.000", "RAT600.0UM", "VER", "SAF1", "SAF0"]
REQUESTS = [seal(bytes([250, 48])), seal(bytes([250, 73, 1])), seal(bytes([250, 73, 1]))[:3], seal(bytes([250, 69])) * 2]


def what_happens(seed: int) -> list[Event]:
    choice, at_s, events, on = random.Random(f"{seed}/acts"), 0.0, [], []
    while at_s < 4.0:
        at_s += choice.expovariate(8.0)
        act: Act = choice.choice([Press(), Release(), Keypad(act="start"), Keypad(act="stop")])
        if choice.random() < 0.6:
            act = choice.choice(FAULTS)
            on.append(act.name)
        elif on and choice.random() < 0.8:
            act = Clear(name=on.pop(0))
        events.append(Event(when=When(at_s=at_s), does=act))
    return events


def heard(seed: int, *, always: bool, echo: bool) -> list[tuple[float, str, bytes]]:
    """always: looks after every step; otherwise as a world in virtual time does."""
    bench = SimulatedBench(BenchOptions(settings={"pressure.echo": echo, "bench.trigger_wired": True}, seed=seed))
    bench.watch(ScenarioRunner(Scenario(title="at the wires", event=what_happens(seed)), bench))
    choice, came, now_s = random.Random(f"{seed}/host"), [], 0.0
    wires = {"pump": bench.pump_wire, "pressure": bench.pressure_wire}
    while now_s < 4.0:
        if choice.random() < 0.08:
            text = choice.choice(QUESTIONS)
            wires["pump"].write(encode_reply("0" + text, safe=True) if choice.random() < 0.7 else text.encode() + b"\r", now_s)
        if choice.random() < 0.3:
            wires["pressure"].write(choice.choice(REQUESTS), now_s)
        until_s = now_s + choice.choice([0.0001, 0.001, 0.002, 0.005, 0.005, 0.03])
        while now_s < until_s:
            now_s = min(bench.next_s(), until_s)
            bench.advance(now_s)
            for name, wire in wires.items():
                if always or now_s >= wire.quiet_until_s:
                    data = wire.read(now_s)
                    came += [(now_s, name, data)] if data else []
    return came


@pytest.mark.parametrize("echo", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_looking_only_when_something_may_have_come_gives_the_same_bytes_at_the_same_times(seed: int, echo: bool) -> None:
    often, seldom = heard(seed, always=True, echo=echo), heard(seed, always=False, echo=echo)
    assert often == seldom
    assert {name for _, name, _ in often} == {"pump", "pressure"}


def test_the_faults_of_this_test_can_happen_at_this_bench() -> None:
    bench = SimulatedBench()
    for fault in FAULTS:
        bench.act(fault, by="test")
    with pytest.raises(ActError):
        bench.act(Fault(name="pump.nothing"), by="test")


def test_what_has_come_before_the_power_went_is_still_there_for_the_host() -> None:
    bench = SimulatedBench()
    bench.pump_wire.write(b"\r", 0.0)
    first_s = 10 / 19200 + 0.010  # the request, and the pump's time to answer
    bench.advance(first_s + 0.001)
    bench.advance(first_s + 0.0016)  # STX 0 0 have left it
    bench.advance(first_s + 0.0018)
    bench.act(Fault(name="pump.power_off"), by="test")
    bench.advance(1.0)
    assert bench.pump_wire.fetch(1.0) == b"\x0200"


def test_without_wires_nothing_that_is_done_takes_a_byte_from_a_device() -> None:
    bench = SimulatedBench()
    bench.without_wires()
    bench.pump.receive(b"\r", 0.0)
    bench.advance(0.05)
    bench.act(Press(), by="test")
    assert bench.pump.transmit(0.05) == b"\x0200A?R\x03"
    with pytest.raises(ActError):
        bench.act(Fault(name="pump_wire.cut"), by="test")
