"""Set-up commands of the simulated NE-1000: switches, triggers, pins, address, baud rate, reset, network."""

import pytest

from simulators.ne1000 import Memory, Ne1000, Ne1000Options
from simulators.ne1000.frames import encode_reply
from simulators.ne1000.terminal import Terminal


def bench(options: Ne1000Options | None = None) -> Terminal:
    """A pump that has just been switched on and whose alarm has been collected."""
    terminal = Terminal(Ne1000(options))
    assert terminal.ask("") == "00A?R"
    return terminal


@pytest.mark.parametrize("command", ["AL", "PF", "LOC", "BP", "LN", "DIN", "ROM"])
def test_switches(command: str) -> None:
    terminal = bench()
    for value in ("1", "0"):
        assert terminal.ask(command + value) == "00S"
        assert terminal.ask(command) == "00S" + value
    assert terminal.ask(command + "2") == "00S?OOR"
    assert terminal.ask(command + "X") == "00S?"


@pytest.mark.parametrize("mode", ["FT", "FH", "F2", "LE", "ST", "T2", "SP", "P2", "RL", "SL", "SH", "OF"])
def test_trigger_modes(mode: str) -> None:
    terminal = bench()
    assert terminal.ask("TRG" + mode) == "00S"
    assert terminal.ask("TRG") == "00S" + mode


def test_trigger_modes_of_programs_and_unknown_ones_are_refused() -> None:
    terminal = bench(Ne1000Options(accepts_trigger_off=False))
    for mode in ("ET", "BT", "XX", "OF"):
        assert terminal.ask("TRG" + mode) == "00S?OOR"
    assert terminal.ask("TRG") == "00SFT"


def test_buzzer() -> None:
    terminal = bench()
    assert terminal.ask("BUZ13") == "00S"
    assert (terminal.pump.beeps, terminal.pump.buzzing) == (3, False)
    assert terminal.ask("BUZ1") == "00S"
    assert terminal.ask("BUZ") == "00S1"
    assert terminal.ask("BUZ0") == "00S"
    assert terminal.ask("BUZ") == "00S0"
    assert terminal.ask("BUZ2") == "00S?OOR"
    assert terminal.ask("BUZ05") == "00S?OOR"


def test_alarm_sounds_when_asked_to() -> None:
    terminal = Terminal(Ne1000(Ne1000Options(stored=Memory(alarm_sound=True))))
    assert terminal.pump.buzzing
    terminal.ask("")
    assert not terminal.pump.buzzing


def test_output_and_inputs() -> None:
    terminal = bench()
    assert terminal.ask("OUT51") == "00S"
    assert terminal.ask("OUT5") == "00S1"
    assert terminal.pump.program_output_high
    assert terminal.ask("OUT50") == "00S"
    assert not terminal.pump.program_output_high
    assert terminal.ask("OUT41") == "00S?OOR"
    terminal.pump.set_event(False, terminal.now_s)
    terminal.pump.set_program_input(False, terminal.now_s)
    assert [terminal.ask(f"IN{pin}") for pin in (2, 3, 4, 6)] == ["00S1", "00S1", "00S0", "00S0"]
    assert terminal.ask("IN5") == "00S?OOR"
    assert terminal.ask("IN") == "00S?"


def test_star_adr_changes_the_address() -> None:
    terminal = bench()
    assert terminal.ask("ADR") == "00S00"
    assert terminal.ask("ADR5") == "00S?"
    assert terminal.ask("*ADR5") == "05S"
    assert terminal.ask("VER") == ""
    assert terminal.ask("5VER") == "05SNE1000V3.928"
    assert terminal.ask("*ADR100") == "05S?OOR"


def test_star_adr_changes_the_baud_rate_for_the_reply() -> None:
    terminal = bench()
    assert terminal.ask("*ADR0B9601") == "00S?OOR"
    assert terminal.ask("*ADR0B9600") == "00S"
    sent_s = terminal.now_s
    terminal.pump.receive(b"VER\r", sent_s)
    terminal.pump.advance(sent_s + 1.0)
    first_byte_s = sent_s + 4 * 10 / 9600 + 0.010 + 10 / 9600
    assert terminal.pump.transmit(first_byte_s - 1e-6) == b""
    assert terminal.pump.transmit(first_byte_s + 1e-6) == b"\x02"
    assert terminal.pump.memory.baud == 9600


def test_dual_mode_hears_system_commands_only() -> None:
    terminal = bench()
    assert terminal.ask("*ADRDUAL") == "00S"
    assert terminal.ask("0VER") == ""
    assert terminal.ask("*VER") == "00SNE1000V3.928"
    assert terminal.ask("*ADR0") == "00S"
    assert terminal.ask("0VER") == "00SNE1000V3.928"


def test_star_reset_clears_the_program_and_the_communication() -> None:
    terminal = Terminal(Ne1000(Ne1000Options(address=3)))
    terminal.ask("3")
    terminal.ask("3VOL5.000")
    terminal.ask("3PHN2")
    terminal.ask("3FUNRAT")
    assert terminal.ask("3SAF0") == "03S"
    assert terminal.ask("*RESET") == "00S"
    assert terminal.ask("VOL") == "00S0.000ML"
    assert terminal.ask("PHN2") == "00S"
    assert terminal.ask("FUN") == "00SSTP"
    assert terminal.ask("RESET") == "00S?"


def test_star_reset_ends_safe_mode() -> None:
    terminal = bench()
    terminal.exchange(b"SAF5\r")
    assert terminal.pump.safe_mode
    assert terminal.exchange(b"*RESET\r") == b""
    assert terminal.exchange(encode_reply("*RESET", safe=True)) == b"\x0200S\x03"
    assert not terminal.pump.safe_mode


def test_burst_does_the_part_for_this_pump() -> None:
    terminal = bench()
    assert terminal.ask("1 rat 5.000 mm * 0 rat 7.000 mm *") == "00S"
    assert terminal.ask("RAT") == "00S7.000MM"
    assert terminal.ask("1RAT5* 2RAT6*") == ""
