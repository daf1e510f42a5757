"""Pumping programs of several phases on the simulated NE-1000."""

import pytest

from simulators.ne1000 import Ne1000
from simulators.ne1000.terminal import Terminal


def programmed(*phases: str) -> Terminal:
    """Each phase: its function, then what else is to be set, separated by blanks: "RAT RAT300.0UM VOL10.00 DIRINF"."""
    terminal = Terminal(Ne1000())
    terminal.ask("")
    assert terminal.ask("DIA4.699") == "00S"
    for number, phase in enumerate(phases, start=1):
        function, *settings = phase.split()
        for command in (f"PHN{number}", "FUN" + function, *settings):
            assert terminal.ask(command) == "00S", command
    assert terminal.ask("PHN1") == "00S"
    return terminal


INFUSE_10 = "RAT RAT300.0UM VOL10.00 DIRINF"
WITHDRAW_4 = "RAT RAT600.0UM VOL4.000 DIRWDR"


def test_phases_follow_each_other() -> None:
    terminal = programmed(INFUSE_10, WITHDRAW_4, "STP")
    assert terminal.ask("RUN") == "00I"
    terminal.wait(2.1)
    assert terminal.ask("") == "00W"
    assert terminal.ask("PHN") == "00W02"
    terminal.wait(10.0)
    assert terminal.ask("DIS") == "00SI10.00W4.000UL"
    assert terminal.pump.plunger_ul == pytest.approx(6.0, abs=1e-9)


def test_program_can_start_at_any_phase() -> None:
    terminal = programmed(INFUSE_10, WITHDRAW_4, "STP")
    assert terminal.ask("RUN2") == "00W"
    terminal.wait(10.0)
    assert (terminal.pump.forward_ul, terminal.pump.withdrawn_ul) == (0.0, 4.0)


def test_run_on_a_stop_phase_ends_at_once() -> None:
    assert programmed("STP").ask("RUN") == "00S"


def test_program_ends_behind_phase_41() -> None:
    terminal = programmed("STP")
    terminal.ask("PHN41")
    for command in INFUSE_10.split()[1:]:
        terminal.ask("FUNRAT")
        assert terminal.ask(command) == "00S"
    assert terminal.ask("RUN41") == "00I"
    terminal.wait(5.0)
    assert terminal.ask("") == "00S"
    assert terminal.pump.forward_ul == 10.0


def test_timed_pause() -> None:
    terminal = programmed(INFUSE_10, "PAS3", WITHDRAW_4, "STP")
    terminal.ask("RUN")
    terminal.wait(2.5)
    assert terminal.ask("") == "00T"
    assert terminal.ask("RUN") == "00T?NA"
    assert terminal.pump.rate_now_ul_s == 0.0
    terminal.wait(2.55)
    assert terminal.ask("") == "00W"


def test_timed_pause_can_be_paused_and_keeps_its_rest() -> None:
    terminal = programmed("PAS9.0", INFUSE_10, "STP")
    start_s = terminal.now_s
    assert terminal.ask("RUN") == "00T"
    terminal.wait(start_s + 4.0 - terminal.now_s)
    assert terminal.ask("STP") == "00P"
    terminal.wait(50.0)
    assert terminal.ask("RUN") == "00T"
    terminal.wait(4.8)
    assert terminal.ask("") == "00T"
    terminal.wait(0.2)
    assert terminal.ask("") == "00I"


@pytest.mark.parametrize("wait_phase", ["PAS0", "TRG"])
def test_waiting_for_the_user(wait_phase: str) -> None:
    terminal = programmed(INFUSE_10, wait_phase, WITHDRAW_4, "STP")
    terminal.ask("RUN")
    terminal.wait(60.0)
    assert terminal.ask("") == "00U"
    assert terminal.ask("RUN") == "00W"


def test_wait_can_be_paused_and_run_goes_on_behind_it() -> None:
    terminal = programmed("PAS0", INFUSE_10, "STP")
    assert terminal.ask("RUN") == "00U"
    assert terminal.ask("STP") == "00P"
    assert terminal.ask("RUN") == "00I"


def test_jump() -> None:
    terminal = programmed("JMP3", INFUSE_10, WITHDRAW_4, "STP")
    assert terminal.ask("RUN") == "00W"


def test_if_looks_at_pin_6() -> None:
    terminal = programmed("IF3", "STP", WITHDRAW_4, "STP")
    assert terminal.ask("RUN") == "00S"
    terminal.pump.set_program_input(False, terminal.now_s)
    assert terminal.ask("RUN") == "00W"


def test_loop_goes_back_so_many_times_to_phase_1() -> None:
    terminal = programmed(INFUSE_10, "LOP2", "STP")
    terminal.ask("RUN")
    terminal.wait(60.0)
    assert terminal.ask("") == "00S"
    assert terminal.pump.forward_ul == pytest.approx(30.0, abs=1e-9)


def test_loops_nest() -> None:
    terminal = programmed("LPS", WITHDRAW_4, "LPS", INFUSE_10, "LOP1", "LOP2", "STP")
    terminal.ask("RUN")
    terminal.wait(120.0)
    assert terminal.ask("") == "00S"
    assert terminal.pump.withdrawn_ul == pytest.approx(3 * 4.0, abs=1e-9)
    assert terminal.pump.forward_ul == pytest.approx(3 * 2 * 10.0, abs=1e-9)


def test_loop_without_end() -> None:
    terminal = programmed("LPS", INFUSE_10, "LPE")
    terminal.ask("RUN")
    terminal.wait(1000.0)
    assert terminal.pump.forward_ul == pytest.approx(5000.0, rel=1e-3)


def test_loops_nested_too_deep_are_a_program_error() -> None:
    terminal = programmed("LPS", "LPS", "LPS", "LPS", "STP")
    assert terminal.ask("RUN") == "00A?E"
    assert terminal.ask("") == "00A?E"
    assert terminal.ask("") == "00S"


def test_loop_that_takes_no_time_is_a_program_error_and_does_not_hang() -> None:
    terminal = programmed("BEP", "JMP1")
    assert terminal.ask("RUN") == "00A?E"
    assert terminal.pump.beeps == 250


@pytest.mark.parametrize("function", ["PRI", "PRL1", "EVN1", "EVS1", "EVR", "TRGET"])
def test_functions_that_are_not_simulated_are_a_program_error(function: str) -> None:
    terminal = programmed(INFUSE_10, function, "STP")
    terminal.ask("RUN")
    terminal.wait(5.0)
    assert terminal.ask("") == "00A?E"
    assert terminal.ask("") == "00S"
    assert terminal.pump.forward_ul == 10.0


def test_instant_phases() -> None:
    terminal = programmed("BEP", "OUT1", INFUSE_10, "CLD", "STP")
    assert terminal.ask("RUN") == "00I"
    assert terminal.pump.beeps == 1
    assert terminal.pump.program_output_high
    terminal.wait(5.0)
    assert terminal.ask("DIS") == "00SI0.000W0.000UL"
    assert terminal.pump.forward_ul == 10.0


def test_rate_can_be_incremented_and_decremented() -> None:
    terminal = programmed(INFUSE_10, "INC RAT120.0UM VOL7.000 DIRINF", "DEC RAT300.0UM VOL4.000 DIRINF", "STP")
    terminal.ask("RUN")
    terminal.wait(2.2)
    assert terminal.pump.rate_now_ul_s == pytest.approx(7.0)
    terminal.wait(1.0)
    assert terminal.pump.rate_now_ul_s == pytest.approx(2.0)
    terminal.wait(5.0)
    assert terminal.pump.forward_ul == pytest.approx(21.0, abs=1e-9)


def test_increment_beyond_the_fastest_rate_is_out_of_range() -> None:
    terminal = programmed(INFUSE_10, "INC RAT800.0UM VOL7.000", "STP")
    terminal.ask("RUN")
    terminal.wait(5.0)
    assert terminal.ask("") == "00A?O"
    assert terminal.pump.forward_ul == 10.0


def test_fill_takes_back_what_was_dispensed() -> None:
    terminal = programmed(INFUSE_10, "FIL RAT600.0UM", "STP")
    terminal.ask("RUN")
    terminal.wait(10.0)
    assert terminal.ask("") == "00S"
    assert terminal.pump.plunger_ul == pytest.approx(0.0, abs=1e-9)


def test_sticky_direction_keeps_that_of_the_phase_before() -> None:
    terminal = programmed(WITHDRAW_4, "RAT RAT600.0UM VOL4.000 DIRSTK", "STP")
    terminal.ask("RUN")
    terminal.wait(5.0)
    assert terminal.pump.withdrawn_ul == 8.0


def test_sticky_direction_in_phase_1_is_that_of_the_direction_input() -> None:
    terminal = programmed("RAT RAT600.0UM VOL4.000 DIRSTK", "STP")
    assert terminal.ask("RUN") == "00W"
    terminal.wait(5.0)
    terminal.pump.set_direction(False, terminal.now_s)
    terminal.ask("DIRSTK")
    assert terminal.ask("RUN") == "00I"
