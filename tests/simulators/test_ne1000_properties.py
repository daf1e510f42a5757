"""Properties of the simulated NE-1000 for any course of events: time steps do not matter, and no volume from nowhere."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.ne1000 import Ne1000, Ne1000Options
from simulators.ne1000.frames import encode_reply
from simulators.ne1000.terminal import Terminal

COMMANDS = ["", "RUN", "STP", "RUN", "DIS", "RAT", "RAT600.0", "VOL20.00", "VER", "DIRREV", "SAF1", "SAF0", "CLDINF", "junk"]


@dataclass(frozen=True)
class Deed:
    """Something that happens at_s: bytes from the host, a level on the trigger, or a power cut."""

    at_s: float
    data: bytes = b""
    trigger: bool | None = None
    cut: bool = False


def _frames() -> st.SearchStrategy[bytes]:
    texts = st.sampled_from(COMMANDS)
    basic = texts.map(lambda text: text.encode() + b"\r")
    packets = texts.map(lambda text: encode_reply("0" + text.upper(), safe=True))
    return st.one_of(basic, packets, st.binary(max_size=6))


TIMES = st.integers(0, 20_000).map(lambda millis: millis / 1000.0)

DEEDS = st.lists(
    st.one_of(
        st.builds(Deed, TIMES, data=_frames()),
        st.builds(Deed, TIMES, trigger=st.booleans()),
        st.builds(Deed, TIMES, cut=st.just(True)),
    ),
    max_size=12,
).map(lambda deeds: sorted(deeds, key=lambda deed: deed.at_s))


def started(phase_2: str) -> Terminal:
    terminal = Terminal(Ne1000())
    terminal.set_up_bolus("20.00")
    if phase_2 != "STP":
        for command in ("PHN2", "FUNRAT", "RAT240.0UM", "VOL5.000", "DIR" + phase_2, "PHN1"):
            assert terminal.ask(command) == "00S"
    return terminal


def play(deeds: list[Deed], looks_s: list[float], phase_2: str) -> tuple[bytes, list[float]]:
    """Lets it all happen with the clock moved on at the given times, too; returns all bytes and the positions."""
    terminal = started(phase_2)
    pump, zero_s = terminal.pump, terminal.now_s
    received = b""
    steps: list[tuple[float, Deed | None]] = [(deed.at_s, deed) for deed in deeds] + [(at_s, None) for at_s in looks_s]
    for at_s, deed in sorted(steps, key=lambda step: step[0]):
        now_s = zero_s + at_s
        if deed is None:
            pump.advance(now_s)
            received += pump.transmit(now_s)
        elif deed.data:
            pump.advance(now_s)
            pump.receive(deed.data, now_s)
        elif deed.trigger is not None:
            pump.set_trigger(deed.trigger, now_s)
        else:
            pump.advance(now_s)
            received += pump.transmit(now_s)
            pump.fault("power_cycle", now_s, off_s=0.7)
    pump.advance(zero_s + 60.0)
    received += pump.transmit(zero_s + 60.0)
    return received, [pump.forward_ul, pump.withdrawn_ul, pump.rate_now_ul_s]


@settings(max_examples=120, deadline=None)
@given(DEEDS, st.lists(TIMES, max_size=30), st.sampled_from(["STP", "INF", "WDR"]))
def test_bytes_and_positions_do_not_depend_on_the_time_steps(deeds: list[Deed], looks_s: list[float], phase_2: str) -> None:
    assert play(deeds, looks_s, phase_2) == play(deeds, [], phase_2)


def test_one_step_of_59_seconds_is_the_same_as_milliseconds() -> None:
    deeds = [Deed(0.1, data=b"RUN\r"), Deed(1.7, data=b"STP\r"), Deed(2.0, data=b"RUN\r"), Deed(6.0, data=b"DIS\r")]
    fine = [millis / 1000.0 for millis in range(12_000)]
    assert play(deeds, fine, "INF") == play(deeds, [], "INF")


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(TIMES, st.sampled_from(["RUN", "STP", "DIS", "", "RAT600.0", "CLDINF"])), max_size=15))
def test_forward_travel_is_never_more_than_what_the_starts_allow(commands: list[tuple[float, str]]) -> None:
    terminal = started("STP")
    pump, zero_s = terminal.pump, terminal.now_s
    allowed_ul, highest_ul = 0.0, 0.0
    for at_s, text in [*sorted(commands), *((25.0 + second, "") for second in range(8))]:
        now_s = zero_s + at_s
        pump.advance(now_s)
        assert highest_ul <= pump.forward_ul <= allowed_ul + 1e-9
        highest_ul = pump.forward_ul
        if text == "RUN" and pump.status == "S":
            allowed_ul += 20.0
        pump.receive(text.encode() + b"\r", now_s)
        pump.advance(now_s + 0.0001)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=8), st.sampled_from([0.0, 0.01, 0.03]))
def test_no_bytes_make_it_fail(chunks: list[bytes], reply_delay_s: float) -> None:
    terminal = Terminal(Ne1000(Ne1000Options(reply_delay_s=reply_delay_s)))
    for chunk in chunks:
        terminal.exchange(chunk, 1.0)
    terminal.wait(300.0)
    assert terminal.pump.status in "IWSPTUX"


@pytest.mark.parametrize("text", [command for command in COMMANDS if command])
def test_every_command_gets_exactly_one_reply_within_45_ms(text: str) -> None:
    terminal = started("STP")
    reply = terminal.exchange(text.encode() + b"\r", 0.045)
    assert reply[:1] == b"\x02"
    assert reply[-1:] == b"\x03"
    assert terminal.wait(0.5) == b""
