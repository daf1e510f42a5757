"""The button driver against two contacts and a line with latency, in virtual time."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from drivers.button import ButtonClosed, ButtonFault, ButtonFullyOpened, ButtonOpened, ButtonProved
from drivers.link import InputLines, OutputLines
from drivers.modem_button.driver import ModemButtonDriver, ModemButtonSettings

T = TypeVar("T")
POLL_S = 0.005
EPSILON_S = 1e-9


@dataclass
class Wiring:
    """Contacts and line. a_open, b_open: whether the contact is open at a time. Latencies: of the lines out and in."""

    a_open: Callable[[float], bool] = lambda at_s: False
    b_open: Callable[[float], bool] = lambda at_s: False
    out_s: float = 0.0005
    in_s: float = 0.0005
    # What stands between the contacts and the inputs, for faults: gets (cts, dsr) and the time.
    spoil: Callable[[bool, bool, float], tuple[bool, bool]] = lambda cts, dsr, at_s: (cts, dsr)
    driven: list[tuple[float, OutputLines]] = field(default_factory=list)

    def outputs(self, at_s: float) -> OutputLines:
        lines = OutputLines(rts=True, dtr=True)
        for since_s, wanted in self.driven:
            if since_s + self.out_s <= at_s + EPSILON_S:
                lines = wanted
        return lines

    def inputs(self, now_s: float) -> InputLines:
        at_s = now_s - self.in_s
        lines = self.outputs(at_s)
        cts, dsr = self.spoil(lines.rts and not self.a_open(at_s), lines.dtr and not self.b_open(at_s), at_s)
        return InputLines(cts=cts, dsr=dsr)


@dataclass
class Bench:
    wiring: Wiring
    driver: ModemButtonDriver = field(default_factory=lambda: ModemButtonDriver(ModemButtonSettings()))
    now_s: float = 50.0
    seen: list[tuple[float, object]] = field(default_factory=list)
    glances: int = 0

    def run(self, duration_s: float) -> list[object]:
        until_s = self.now_s + duration_s
        first = len(self.seen)
        while (next_s := max(self.now_s, self.driver.next_deadline_s())) <= until_s:
            self.now_s = next_s
            lines = self.wiring.inputs(self.now_s)
            certain = self.driver.opens(lines)
            seen = self.driver.sample(lines, self.now_s)
            assert not certain or isinstance(seen[0], ButtonOpened)  # what a glance says comes true, in whatever is tested here
            self.glances += certain
            self.seen += [(self.now_s, each) for each in seen]
            wanted = self.driver.wanted_lines(self.now_s)
            # Only what is younger than any latency matters for the lines as they are now.
            recent = [change for change in self.wiring.driven if change[0] > self.now_s - 1.0] or self.wiring.driven[-1:]
            self.wiring.driven = [*recent, (self.now_s, wanted)]
        self.now_s = until_s
        return [observation for _, observation in self.seen[first:]]

    def ready(self) -> "Bench":
        assert ButtonClosed() in self.run(0.35)
        return self


def of_kind(kind: type[T], observations: list[object]) -> list[T]:
    return [observation for observation in observations if isinstance(observation, kind)]


def between(*spans: tuple[float, float]) -> Callable[[float], bool]:
    return lambda at_s: any(begin_s <= at_s < end_s for begin_s, end_s in spans)


def pulse_begin(bench: Bench, channel: str) -> float:
    """Runs until this channel's test pulse has just been handed to the port."""
    for _ in range(1000):
        bench.run(POLL_S)
        wanted = bench.wiring.driven[-1][1]
        if not (wanted.rts if channel == "A" else wanted.dtr):
            return bench.wiring.driven[-1][0]
    raise AssertionError(f"no pulse on channel {channel}")


def test_closed_is_said_once_after_the_release_time_and_then_both_channels_are_proved_in_turn() -> None:
    bench = Bench(Wiring())
    seen = bench.run(1.15)
    assert of_kind(ButtonClosed, seen) == [ButtonClosed()]
    closed_s = next(at_s for at_s, what in bench.seen if what == ButtonClosed())
    assert 0.1 <= closed_s - 50.0 <= 0.1 + 2 * POLL_S
    proved = [what.channel for what in of_kind(ButtonProved, seen)]
    assert proved == ["A", "B"] * 5 + ["A"] * (len(proved) % 2)
    assert len(seen) == 1 + len(proved)


def test_no_pulse_before_the_button_is_known_to_be_closed() -> None:
    bench = Bench(Wiring(a_open=lambda at_s: True, b_open=lambda at_s: True))
    bench.run(1.0)
    assert {wanted for _, wanted in bench.wiring.driven} == {OutputLines(rts=True, dtr=True)}


def test_open_from_the_first_reading() -> None:
    bench = Bench(Wiring(a_open=lambda at_s: True, b_open=lambda at_s: True))
    seen = bench.run(1.0)
    assert bench.seen[0] == (50.0, ButtonOpened("AB"))
    assert seen == [ButtonOpened("AB"), ButtonFullyOpened()]


def test_a_press_and_its_release() -> None:
    bench = Bench(Wiring()).ready()
    press_s = bench.now_s + 0.025  # between two pulses
    bench.wiring.a_open = bench.wiring.b_open = between((press_s, press_s + 0.4))
    seen = bench.run(1.0)
    assert [what for what in seen if not isinstance(what, ButtonProved)] == [
        ButtonOpened("AB"),
        ButtonFullyOpened(),
        ButtonClosed(),
    ]
    closed_s = next(at_s for at_s, what in bench.seen if what == ButtonClosed() and at_s > press_s)
    assert closed_s - (press_s + 0.4) >= 0.1
    pulses = [at_s for at_s, wanted in bench.wiring.driven if wanted != OutputLines(rts=True, dtr=True)]
    assert not [at_s for at_s in pulses if press_s + 2 * POLL_S <= at_s < closed_s]
    assert [at_s for at_s in pulses if at_s >= closed_s]


def test_contact_bounce_is_one_opening_and_one_release() -> None:
    bench = Bench(Wiring()).ready()
    start_s = bench.now_s + 0.025  # between two pulses
    spans = [(start_s + 0.012 * n, start_s + 0.012 * n + 0.006) for n in range(6)] + [(start_s + 0.08, start_s + 0.3)]
    spans += [(start_s + 0.3 + 0.03 * n, start_s + 0.3 + 0.03 * n + 0.008) for n in range(1, 6)]
    bench.wiring.a_open = bench.wiring.b_open = between(*spans)
    seen = [what for what in bench.run(1.0) if not isinstance(what, ButtonProved)]
    assert seen == [ButtonOpened("AB"), ButtonFullyOpened(), ButtonClosed()]


@pytest.mark.parametrize("channel", ["A", "B"])
@pytest.mark.parametrize("after_s", [0.0, 0.001, 0.004, 0.006, 0.009, 0.015])
def test_a_press_in_a_pulse_is_seen_on_the_other_channel_at_once(channel: str, after_s: float) -> None:
    bench = Bench(Wiring()).ready()
    press_s = pulse_begin(bench, channel) + after_s
    bench.wiring.a_open = bench.wiring.b_open = between((press_s, press_s + 0.3))
    seen = [what for what in bench.run(1.0) if not isinstance(what, ButtonProved)]
    assert isinstance(seen[0], ButtonOpened)
    opened_s = next(at_s for at_s, what in bench.seen if isinstance(what, ButtonOpened))
    assert opened_s - press_s <= POLL_S + bench.wiring.in_s + EPSILON_S
    assert seen[1:] == [ButtonFullyOpened(), ButtonClosed()]


@pytest.mark.parametrize("channel", ["A", "B"])
@pytest.mark.parametrize("offset_s", [step * 0.001 for step in range(0, 100, 3)])
def test_a_wire_that_breaks_at_any_time_is_an_opening_and_then_a_fault(channel: str, offset_s: float) -> None:
    bench = Bench(Wiring()).ready()
    break_s = bench.now_s + offset_s
    broken = between((break_s, math.inf))
    if channel == "A":
        bench.wiring.a_open = broken
    else:
        bench.wiring.b_open = broken
    seen = [what for what in bench.run(1.0) if not isinstance(what, ButtonProved)]
    assert seen[0] == ButtonOpened(channel)
    opened_s = next(at_s for at_s, what in bench.seen if isinstance(what, ButtonOpened))
    # At once, or after its own pulse and the settle time where it broke just in its own pulse.
    assert opened_s - break_s <= 0.02 + 4 * POLL_S
    (fault,) = seen[1:]
    assert isinstance(fault, ButtonFault)
    assert channel in fault.text


@pytest.mark.parametrize("channel", ["A", "B"])
def test_an_input_that_is_held_up_is_a_fault_that_names_it(channel: str) -> None:
    bench = Bench(Wiring()).ready()
    bench.wiring.spoil = lambda cts, dsr, at_s: (cts or channel == "A", dsr or channel == "B")
    begin_s = bench.now_s
    (fault,) = of_kind(ButtonFault, bench.run(2.0))
    assert f"channel {channel}" in fault.text
    found_s = next(at_s for at_s, what in bench.seen if isinstance(what, ButtonFault))
    assert found_s - begin_s <= 0.2 + 0.08 + 2 * POLL_S
    assert not of_kind(ButtonOpened, [what for _, what in bench.seen])
    # The other channel goes on being proved, and a press is seen on it.
    other = "B" if channel == "A" else "A"
    assert {what.channel for at_s, what in bench.seen if isinstance(what, ButtonProved) and at_s > found_s} == {other}
    bench.wiring.a_open = bench.wiring.b_open = lambda at_s: True
    assert ButtonOpened(other) in bench.run(0.2)


def test_a_frozen_link_is_a_fault_of_both_channels() -> None:
    bench = Bench(Wiring()).ready()
    bench.wiring.spoil = lambda cts, dsr, at_s: (True, True)
    texts = [fault.text for fault in of_kind(ButtonFault, bench.run(1.0))]
    assert len(texts) == 2
    assert {text.count("channel A") + 2 * text.count("channel B") for text in texts} == {1, 2}


def test_a_channel_that_comes_back_is_proved_again_and_its_next_failure_is_a_new_fault() -> None:
    bench = Bench(Wiring()).ready()
    bench.wiring.spoil = lambda cts, dsr, at_s: (True, dsr)
    assert len(of_kind(ButtonFault, bench.run(1.0))) == 1
    bench.wiring.spoil = lambda cts, dsr, at_s: (cts, dsr)
    assert ButtonProved("A") in bench.run(0.5)
    bench.wiring.spoil = lambda cts, dsr, at_s: (True, dsr)
    assert len(of_kind(ButtonFault, bench.run(1.0))) == 1


def test_a_pulse_that_shows_on_the_other_channel_acts_as_a_press_and_then_is_a_fault() -> None:
    bench = Bench(Wiring(in_s=0.002, out_s=0.002)).ready()
    bench.wiring.spoil = lambda cts, dsr, at_s: (cts and dsr, cts and dsr)
    seen = [what for what in bench.run(0.35) if not isinstance(what, ButtonProved)]
    assert isinstance(seen[0], ButtonOpened)
    assert isinstance(seen[1], ButtonFault)
    assert "A" in seen[1].text
    assert "B" in seen[1].text
    assert seen[2] == ButtonClosed()


def test_contacts_that_part_for_a_moment_only_are_no_fault() -> None:
    bench = Bench(Wiring()).ready()
    start_s = bench.now_s + 0.05
    bench.wiring.a_open = between((start_s, start_s + 0.4))
    bench.wiring.b_open = between((start_s + 0.08, start_s + 0.32))
    seen = [what for what in bench.run(1.0) if not isinstance(what, ButtonProved)]
    assert seen == [ButtonOpened("A"), ButtonFullyOpened(), ButtonClosed()]


def test_a_channel_that_stays_open_after_its_pulse_is_an_opening() -> None:
    bench = Bench(Wiring()).ready()
    begin_s = pulse_begin(bench, "B")
    bench.wiring.b_open = between((begin_s, math.inf))
    bench.run(0.05)
    opened_s, what = next((at_s, what) for at_s, what in bench.seen if isinstance(what, ButtonOpened))
    assert what == ButtonOpened("B")
    assert opened_s - begin_s <= 0.02 + 3 * POLL_S


def test_a_late_host_makes_neither_a_press_nor_a_fault() -> None:
    bench = Bench(Wiring()).ready()
    for pause_s in [0.011 + 0.013 * n for n in range(30)]:
        bench.run(0.033)
        pulse_begin(bench, "A")
        bench.now_s += pause_s
        bench.run(0.05)
    assert not [what for _, what in bench.seen if isinstance(what, ButtonOpened | ButtonFault)]


def test_a_gap_in_the_readings_does_not_count_as_closed() -> None:
    driver = ModemButtonDriver(ModemButtonSettings())
    closed = InputLines(cts=True, dsr=True)
    assert driver.sample(closed, 10.0) == []
    assert driver.sample(closed, 10.2) == []
    assert [driver.sample(closed, 10.2 + POLL_S * n) for n in range(1, 22)][-1] == [ButtonClosed()]


def test_readings_keep_a_grid_and_are_not_made_up() -> None:
    driver = ModemButtonDriver(ModemButtonSettings())
    closed = InputLines(cts=True, dsr=True)
    driver.sample(closed, 10.0)
    assert driver.next_deadline_s() == pytest.approx(10.005)
    driver.sample(closed, 10.006)
    assert driver.next_deadline_s() == pytest.approx(10.010)
    driver.sample(closed, 11.0)
    assert driver.next_deadline_s() == pytest.approx(11.005)


latencies = st.tuples(st.floats(0.0, 0.005), st.floats(0.0, 0.005))


@given(latencies, st.sampled_from([0.002, 0.003, 0.005]), st.floats(0.0, 0.1))
@hypothesis_settings(deadline=None)
def test_without_a_press_there_is_neither_an_opening_nor_a_fault(
    latency: tuple[float, float], poll_s: float, start_s: float
) -> None:
    driver = ModemButtonDriver(ModemButtonSettings(poll_s=poll_s))
    bench = Bench(Wiring(out_s=latency[0], in_s=latency[1]), driver, now_s=50.0 + start_s)
    seen = bench.run(2.0)
    assert {type(what) for what in seen} == {ButtonClosed, ButtonProved}
    assert {what.channel for what in of_kind(ButtonProved, seen)} == {"A", "B"}


@given(latencies, st.lists(st.tuples(st.floats(0.001, 0.6), st.floats(POLL_S + 0.0001, 0.5)), min_size=1, max_size=8))
@hypothesis_settings(deadline=None)
def test_any_press_is_seen_within_a_poll_however_it_falls(
    latency: tuple[float, float], presses: list[tuple[float, float]]
) -> None:
    out_s, in_s = latency
    bench = Bench(Wiring(out_s=out_s, in_s=in_s)).ready()
    spans: list[tuple[float, float]] = []
    at_s = bench.now_s
    for pause_s, length_s in presses:
        spans.append((at_s + pause_s, at_s + pause_s + length_s))
        at_s += pause_s + length_s
    bench.wiring.a_open = bench.wiring.b_open = between(*spans)
    bench.run(at_s - bench.now_s + 0.5)
    states = [(seen_s, what) for seen_s, what in bench.seen if isinstance(what, ButtonOpened | ButtonClosed)]
    for press_s, _ in spans:
        by_s = press_s + POLL_S + in_s + EPSILON_S
        said = [what for seen_s, what in states if seen_s <= by_s]
        assert isinstance(said[-1], ButtonOpened), press_s
    assert states[-1][1] == ButtonClosed()
    for opened_s, what in states:
        if isinstance(what, ButtonOpened):
            assert any(begin_s <= opened_s - in_s < end_s for begin_s, end_s in spans)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0.0, 0.2)), max_size=200))
def test_any_lines_at_any_times_are_lived_through_and_open_is_never_missed_outside_pulses(
    steps: list[tuple[bool, bool, float]],
) -> None:
    driver = ModemButtonDriver(ModemButtonSettings())
    now_s = 5.0
    is_open = False
    dropped = False
    for cts, dsr, wait_s in steps:
        seen = driver.sample(InputLines(cts, dsr), now_s)
        for what in seen:
            is_open = isinstance(what, ButtonOpened) or (is_open and not isinstance(what, ButtonClosed))
        if not cts and not dsr:
            assert is_open
        if not (cts and dsr) and not dropped:
            assert is_open
        wanted = driver.wanted_lines(now_s)
        dropped = dropped or wanted != OutputLines(rts=True, dtr=True)
        now_s += wait_s


@pytest.mark.parametrize("name", ["poll_s", "pulse_period_s", "pulse_limit_s", "settle_s", "release_s", "disagree_s"])
@pytest.mark.parametrize("value", [0.0, 1.0, math.nan])
def test_settings_name_the_field_that_is_wrong(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        ModemButtonSettings(**{name: value})


def test_a_glance_sees_a_press_outside_of_pulses_and_leaves_the_others_to_a_closer_look() -> None:
    bench = Bench(Wiring()).ready()
    began_s = pulse_begin(bench, "A")
    assert not bench.driver.opens(InputLines(cts=False, dsr=True))  # the pulse's own
    assert not bench.driver.opens(InputLines(cts=False, dsr=False))
    while bench.now_s < began_s + 0.05:
        bench.run(POLL_S)
    assert not bench.driver.opens(InputLines(cts=True, dsr=True))
    for lines in (InputLines(False, True), InputLines(True, False), InputLines(False, False)):
        assert bench.driver.opens(lines)
    bench.wiring.a_open = bench.wiring.b_open = lambda at_s: True
    bench.run(0.5)
    assert bench.glances == 1  # once open it is not opened again
