"""TTL connector and keypad of the simulated NE-1000."""

import pytest

from simulators.ne1000 import Memory, Ne1000, Ne1000Options
from simulators.ne1000.terminal import Terminal


def ready(mode: str, options: Ne1000Options | None = None, high: bool = True) -> Terminal:
    terminal = Terminal(Ne1000(options))
    terminal.set_up_bolus()
    terminal.pump.set_trigger(high, terminal.now_s)
    terminal.pump.advance(terminal.now_s)
    if terminal.pump.status != "S":  # the factory mode has taken that edge for a start
        terminal.ask("STP")
        terminal.ask("STP")
    assert terminal.ask("TRG" + mode) == "00S"
    return terminal


# mode, level before; then for falling and rising edge: what becomes of a stopped and of a running pump
EDGES = [
    ("FT", "fall", "I", "P"),
    ("FT", "rise", "S", "I"),
    ("FH", "fall", "I", "I"),
    ("FH", "rise", "S", "P"),
    ("F2", "fall", "S", "I"),
    ("F2", "rise", "I", "P"),
    ("LE", "fall", "S", "P"),
    ("LE", "rise", "I", "I"),
    ("ST", "fall", "I", "I"),
    ("ST", "rise", "S", "I"),
    ("T2", "fall", "S", "I"),
    ("T2", "rise", "I", "I"),
    ("SP", "fall", "S", "P"),
    ("SP", "rise", "S", "I"),
    ("P2", "fall", "S", "I"),
    ("P2", "rise", "S", "P"),
    ("OF", "fall", "S", "I"),
    ("OF", "rise", "S", "I"),
]


@pytest.mark.parametrize(("mode", "edge", "stopped", "running"), EDGES)
def test_edges(mode: str, edge: str, stopped: str, running: str) -> None:
    terminal = ready(mode, high=edge == "fall")
    terminal.pump.set_trigger(edge == "rise", terminal.now_s)
    assert terminal.pump.status == stopped

    terminal = ready(mode, high=edge == "fall")
    assert terminal.ask("RUN") == "00I"
    terminal.pump.set_trigger(edge == "rise", terminal.now_s)
    assert terminal.pump.status == running


@pytest.mark.parametrize(("mode", "stop_level"), [("SL", False), ("SH", True)])
def test_stop_levels_hold_the_pump(mode: str, stop_level: bool) -> None:
    terminal = ready(mode, high=not stop_level)
    assert terminal.ask("RUN") == "00I"
    terminal.wait(1.0)
    terminal.pump.set_trigger(stop_level, terminal.now_s)
    assert terminal.pump.status == "P"
    stopped_ul = terminal.pump.forward_ul
    assert terminal.ask("RUN") == "00P?NA"
    terminal.pump.keypad_start(terminal.now_s)
    terminal.wait(60.0)
    assert terminal.pump.forward_ul == stopped_ul
    terminal.pump.set_trigger(not stop_level, terminal.now_s)
    assert terminal.pump.status == "P"
    assert terminal.ask("RUN") == "00I"


def test_under_a_stop_level_a_pump_may_start_and_stop_at_once() -> None:
    terminal = ready("SH", Ne1000Options(run_under_stop_level="start_then_stop"))
    assert terminal.ask("RUN") == "00I"
    assert terminal.ask("") == "00P"
    assert terminal.pump.forward_ul == 0.0


def test_stop_level_that_is_set_up_while_pumping_stops() -> None:
    terminal = ready("OF")
    terminal.ask("RUN")
    assert terminal.ask("TRGSH") == "00I"
    assert terminal.pump.status == "P"


@pytest.mark.parametrize(("mode", "start_level"), [("RL", False), ("RH", True)])
def test_start_levels(mode: str, start_level: bool) -> None:
    terminal = ready(mode, high=not start_level)
    assert terminal.pump.status == "S"
    terminal.pump.set_trigger(start_level, terminal.now_s)
    assert terminal.pump.status == "I"


def test_start_level_that_is_there_already_starts() -> None:
    terminal = ready("OF", high=True)
    terminal.ask("TRGRH")
    assert terminal.pump.status == "I"


def test_ttl_stop_may_end_the_program() -> None:
    terminal = ready("SP", Ne1000Options(ttl_stop_state="S"))
    terminal.ask("RUN")
    terminal.pump.set_trigger(False, terminal.now_s)
    assert terminal.pump.status == "S"


def test_factory_mode_starts_on_a_pressed_line() -> None:
    terminal = Terminal(Ne1000())
    terminal.set_up_bolus()
    terminal.pump.set_trigger(False, terminal.now_s)
    terminal.wait(60.0)
    assert terminal.pump.forward_ul == 50.0


def test_inputs_are_ignored_while_an_alarm_exists() -> None:
    terminal = ready("P2", high=False)
    terminal.ask("PF1")
    terminal.ask("RUN")
    terminal.pump.fault("power_cycle", terminal.now_s, off_s=0.1)
    terminal.wait(1.0)
    terminal.pump.set_trigger(True, terminal.now_s)
    assert terminal.pump.status == "I"
    assert terminal.pump.rate_now_ul_s > 0.0


def test_stop_level_counts_again_once_the_alarm_is_collected() -> None:
    terminal = ready("SH", high=False)
    terminal.ask("PF1")
    terminal.ask("RUN")
    terminal.pump.fault("power_cycle", terminal.now_s, off_s=0.1)
    terminal.wait(1.0)
    terminal.pump.set_trigger(True, terminal.now_s)
    assert terminal.pump.status == "I"
    assert terminal.ask("") == "00A?R"
    assert terminal.pump.status == "P"


def test_nothing_happens_without_power() -> None:
    terminal = ready("FT")
    terminal.pump.fault("power_off", terminal.now_s)
    terminal.pump.set_trigger(False, terminal.now_s)
    terminal.pump.set_direction(False, terminal.now_s)
    terminal.pump.keypad_start(terminal.now_s)
    terminal.pump.keypad_stop(terminal.now_s)
    terminal.pump.fault("self_start", terminal.now_s)
    terminal.wait(10.0)
    assert terminal.pump.forward_ul == 0.0
    assert not terminal.pump.motor_running_high
    assert not terminal.pump.direction_high


def test_trigger_can_be_overridden_by_the_program() -> None:
    terminal = ready("OF")
    for command in ("PHN1", "FUNTRGSP", "PHN2", "FUNRAT", "RAT300.0UM", "VOL50.00", "PHN3", "FUNSTP", "PHN1"):
        assert terminal.ask(command) == "00S"
    assert terminal.ask("RUN") == "00I"
    terminal.pump.set_trigger(False, terminal.now_s)
    assert terminal.pump.status == "P"


def test_trigger_ends_a_wait() -> None:
    terminal = ready("ST")
    for command in ("PHN1", "FUNPAS0", "PHN2", "FUNRAT", "RAT300.0UM", "VOL50.00", "PHN3", "FUNSTP", "PHN1"):
        assert terminal.ask(command) == "00S"
    assert terminal.ask("RUN") == "00U"
    terminal.pump.set_trigger(False, terminal.now_s)
    assert terminal.pump.status == "I"


@pytest.mark.parametrize(
    ("din", "high", "direction"), [("0", False, "INF"), ("0", True, "WDR"), ("1", False, "WDR"), ("1", True, "INF")]
)
def test_direction_input(din: str, high: bool, direction: str) -> None:
    terminal = ready("OF")
    terminal.ask("DIN" + din)
    terminal.pump.set_direction(not high, terminal.now_s)
    terminal.pump.set_direction(high, terminal.now_s)
    assert terminal.ask("DIR") == "00S" + direction


def test_direction_input_turns_a_pump_round_only_without_a_volume() -> None:
    terminal = ready("OF")
    terminal.ask("RUN")
    terminal.pump.set_direction(False, terminal.now_s)
    terminal.pump.set_direction(True, terminal.now_s)
    assert terminal.pump.status == "I"
    terminal.ask("STP")
    terminal.ask("STP")
    terminal.ask("VOL0")
    terminal.ask("RUN")
    terminal.pump.set_direction(False, terminal.now_s)
    terminal.pump.set_direction(True, terminal.now_s)
    assert terminal.pump.status == "W"
    assert terminal.pump.rate_now_ul_s == pytest.approx(-5.0)


def test_outputs() -> None:
    terminal = ready("OF")
    for command in ("PHN2", "FUNPAS9", "PHN3", "FUNSTP", "PHN1", "VOL1.000"):
        terminal.ask(command)
    assert not terminal.pump.motor_running_high
    terminal.ask("RUN")
    assert terminal.pump.motor_running_high
    assert terminal.pump.direction_high
    terminal.wait(1.0)
    assert terminal.pump.status == "T"
    assert not terminal.pump.motor_running_high
    terminal.ask("ROM1")
    assert terminal.pump.motor_running_high


def test_keys_start_pause_resume_and_stop() -> None:
    terminal = ready("OF")
    terminal.pump.keypad_start(terminal.now_s)
    assert terminal.pump.status == "I"
    terminal.pump.keypad_stop(terminal.now_s)
    assert terminal.pump.status == "P"
    terminal.pump.keypad_start(terminal.now_s)
    assert terminal.pump.status == "I"
    terminal.pump.keypad_stop(terminal.now_s)
    terminal.pump.keypad_stop(terminal.now_s)
    assert terminal.pump.status == "S"


def test_first_key_during_an_alarm_only_collects_it() -> None:
    pump = Ne1000()
    pump.keypad_start(1.0)
    assert (pump.status, pump.alarm) == ("S", None)
    pump.keypad_start(2.0)
    assert pump.status == "I"


@pytest.mark.parametrize(("covers", "status"), [(True, "I"), (False, "P")])
def test_locked_keypad(covers: bool, status: str) -> None:
    terminal = ready("OF", Ne1000Options(lock_covers_stop_key=covers))
    assert terminal.ask("LOC1") == "00S"
    terminal.pump.keypad_start(terminal.now_s)
    assert terminal.pump.status == "S"
    terminal.ask("RUN")
    terminal.pump.keypad_stop(terminal.now_s)
    assert terminal.pump.status == status


def test_keys_do_not_start_what_does_not_fit_the_syringe() -> None:
    terminal = Terminal(Ne1000(Ne1000Options(stored=Memory())))
    terminal.ask("")
    terminal.ask("DIA4.699")
    terminal.pump.keypad_start(terminal.now_s)
    assert terminal.pump.status == "S"
