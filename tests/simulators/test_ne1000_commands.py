"""Every command of the simulated NE-1000: what it answers when stopped, while pumping, and to nonsense."""

import pytest

from simulators.ne1000 import FAULTS, Memory, Ne1000, Ne1000Options
from simulators.ne1000.terminal import Terminal


def bench(options: Ne1000Options | None = None) -> Terminal:
    """A pump that has just been switched on and whose alarm has been collected."""
    terminal = Terminal(Ne1000(options))
    assert terminal.ask("") == "00A?R"
    return terminal


def pumping(volume_ul: str = "50.00", options: Ne1000Options | None = None) -> Terminal:
    terminal = Terminal(Ne1000(options))
    terminal.set_up_bolus(volume_ul)
    assert terminal.ask("RUN") == "00I"
    return terminal


def test_status_query() -> None:
    assert bench().ask("") == "00S"


@pytest.mark.parametrize("command", ["XYZ", "0FOO", "RA", "RUNX", "STP1", "VER1", "CLD", "CLDX", "DIR5", "FUNXYZ", "E", "RATUM"])
def test_nonsense_is_not_recognised(command: str) -> None:
    assert bench().ask(command) == "00S?"


def test_lower_case_and_spaces() -> None:
    terminal = bench()
    assert terminal.ask("0 dia 4.78") == "00S"
    assert terminal.ask(" d i a ") == "00S4.780"


def test_address_decides() -> None:
    terminal = Terminal(Ne1000(Ne1000Options(address=7)))
    assert terminal.ask("") == ""
    assert terminal.ask("0VER") == ""
    assert terminal.ask("7") == "07A?R"
    assert terminal.ask("07VER") == "07SNE1000V3.928"
    assert terminal.ask("17VER") == ""
    assert terminal.ask("007VER") == ""
    assert terminal.ask("*ADR") == "07S07"


def test_one_digit_address_can_be_chosen() -> None:
    terminal = Terminal(Ne1000(Ne1000Options(reply_address_digits=1)))
    assert terminal.ask("") == "0A?R"


def test_version_follows_the_options() -> None:
    assert bench(Ne1000Options(model="NE1000X2", firmware="3.61")).ask("VER") == "00SNE1000X2V3.61"


def test_diameter_sets_units_and_clears_the_counters() -> None:
    terminal = pumping("1.000")
    terminal.wait(1.0)
    assert terminal.ask("DIS") == "00SI1.000W0.000UL"
    assert terminal.ask("DIA14.00") == "00S"
    assert terminal.ask("DIS") == "00SI0.000W0.000UL"
    assert terminal.ask("DIA14.01") == "00S"
    assert terminal.ask("VOL") == "00S1.000ML"
    assert terminal.ask("DIA") == "00S14.01"


@pytest.mark.parametrize("value", ["0.099", "0", "50.01", "99"])
def test_diameter_out_of_range(value: str) -> None:
    assert bench().ask(f"DIA{value}") == "00S?OOR"


def test_diameter_may_not_change_while_pumping() -> None:
    assert pumping().ask("DIA8.585") == "00I?NA"
    assert pumping(options=Ne1000Options(dia_while_running="?OOR")).ask("DIA8.585") == "00I?OOR"


def test_diameter_may_keep_the_counters() -> None:
    terminal = pumping("1.000", Ne1000Options(dis_cleared_by=frozenset()))
    terminal.wait(1.0)
    assert terminal.ask("DIA4.699") == "00S"
    assert terminal.ask("DIS") == "00SI1.000W0.000UL"


def test_phase_selection() -> None:
    terminal = bench()
    assert terminal.ask("PHN") == "00S01"
    assert terminal.ask("PHN41") == "00S"
    assert terminal.ask("PHN") == "00S41"
    assert terminal.ask("PHN42") == "00S?OOR"
    assert terminal.ask("PHN0") == "00S?OOR"
    assert pumping().ask("PHN2") == "00I?NA"


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        ("RAT", "RAT"),
        ("FIL", "FIL"),
        ("INC", "INC"),
        ("DEC", "DEC"),
        ("STP", "STP"),
        ("JMP 5", "JMP05"),
        ("PRI", "PRI"),
        ("PRL 3", "PRL03"),
        ("LOP 10", "LOP10"),
        ("LPS", "LPS"),
        ("LPE", "LPE"),
        ("PAS 7", "PAS07"),
        ("PAS 0", "PAS00"),
        ("PAS 1.5", "PAS1.5"),
        ("IF 9", "IF09"),
        ("EVN 2", "EVN02"),
        ("EVS 2", "EVS02"),
        ("EVR", "EVR"),
        ("CLD", "CLD"),
        ("TRG", "TRG"),
        ("TRG SP", "TRGSP"),
        ("TRG ET", "TRGET"),
        ("BEP", "BEP"),
        ("OUT 1", "OUT1"),
    ],
)
def test_every_function_is_stored_and_read_back(function: str, shown: str) -> None:
    terminal = bench()
    assert terminal.ask("PHN3") == "00S"
    assert terminal.ask("FUN" + function) == "00S"
    assert terminal.ask("FUN") == "00S" + shown


@pytest.mark.parametrize("function", ["JMP42", "JMP0", "LOP0", "LOP100", "PAS100", "PAS10.5", "PAS1.55", "OUT2", "TRGXX", "IF42"])
def test_function_arguments_have_limits(function: str) -> None:
    assert bench().ask("FUN" + function) == "00S?OOR"


def test_function_may_not_change_while_pumping() -> None:
    terminal = pumping()
    assert terminal.ask("FUNSTP") == "00I?NA"
    assert terminal.ask("FUN") == "00IRAT"


@pytest.mark.parametrize(
    ("diameter", "low", "too_low", "high", "too_high"),
    [
        ("4.699", "0.730UH", "0.729UH", "884.5UM", "884.6UM"),
        ("8.585", "2.435UH", "2.434UH", "2.952MM", "2.953MM"),
    ],
)
def test_rate_limits_follow_the_diameter(diameter: str, low: str, too_low: str, high: str, too_high: str) -> None:
    terminal = bench()
    assert terminal.ask("DIA" + diameter) == "00S"
    for rate, reply in ((low, "00S"), (too_low, "00S?OOR"), (high, "00S"), (too_high, "00S?OOR"), ("0UM", "00S?OOR")):
        assert terminal.ask("RAT" + rate) == reply, rate
    assert terminal.ask("RAT") == "00S" + high


def test_rate_without_units_keeps_them() -> None:
    terminal = bench()
    assert terminal.ask("RAT20.00MH") == "00S"
    assert terminal.ask("RAT15") == "00S"
    assert terminal.ask("RAT") == "00S15.00MH"


def test_rate_needs_a_rate_phase() -> None:
    terminal = bench()
    terminal.ask("PHN2")
    assert terminal.ask("RAT") == "00S?NA"
    assert terminal.ask("RAT100UM") == "00S?NA"
    assert terminal.ask("VOL") == "00S?NA"
    assert terminal.ask("DIR") == "00S?NA"


def test_rate_while_pumping_is_immediate_and_not_stored() -> None:
    terminal = pumping()
    terminal.wait(1.0)
    before_ul = terminal.pump.forward_ul
    assert terminal.ask("RAT600.0UM") == "00I?NA"
    assert terminal.ask("RAT600.0") == "00I"
    assert terminal.ask("RAT") == "00I600.0UM"
    assert terminal.ask("RAT900.0") == "00I?OOR"
    assert terminal.pump.rate_now_ul_s == pytest.approx(10.0)
    terminal.wait(60.0)
    assert terminal.ask("RAT") == "00S300.0UM"
    assert before_ul < 10.0
    assert terminal.pump.forward_ul == pytest.approx(50.0, abs=1e-9)


def test_volume_number_and_units_are_separate_commands() -> None:
    terminal = bench()
    terminal.ask("DIA4.699")
    assert terminal.ask("VOL50.00UL") == "00S?"
    assert terminal.ask("VOLML") == "00S"
    assert terminal.ask("VOL0.05") == "00S"
    assert terminal.ask("VOL") == "00S0.050ML"
    assert terminal.ask("VOLUL") == "00S"
    assert terminal.ask("VOL") == "00S0.050UL"
    assert terminal.ask("VOL50.000") == "00S?OOR"


def test_volume_may_not_change_while_pumping() -> None:
    terminal = pumping()
    assert terminal.ask("VOL10.00") == "00I?NA"
    assert terminal.ask("VOLML") == "00I?NA"
    assert terminal.ask("VOL") == "00I50.00UL"


def test_direction() -> None:
    terminal = bench()
    assert terminal.ask("DIRWDR") == "00S"
    assert terminal.ask("DIR") == "00SWDR"
    assert terminal.ask("DIRREV") == "00S"
    assert terminal.ask("DIR") == "00SINF"
    assert terminal.ask("DIRSTK") == "00S"
    assert terminal.ask("DIR") == "00SSTK"


def test_direction_while_pumping_only_without_a_volume() -> None:
    assert pumping().ask("DIRWDR") == "00I?NA"
    terminal = pumping("0")
    assert terminal.ask("DIRSTK") == "00I?NA"
    assert terminal.ask("DIRREV") == "00W"
    assert terminal.pump.rate_now_ul_s == pytest.approx(-5.0)
    assert terminal.ask("DIRINF") == "00I"
    terminal.wait(1.0)
    assert terminal.pump.withdrawn_ul > 0.0


def test_run_stop_and_their_refusals() -> None:
    terminal = bench()
    assert terminal.ask("STP") == "00S?NA"
    terminal.set_up_bolus()
    assert terminal.ask("RUN42") == "00S?OOR"
    assert terminal.ask("RUN") == "00I"
    assert terminal.ask("RUN") == "00I?NA"
    assert terminal.ask("PUR") == "00I?NA"
    assert terminal.ask("STP") == "00P"
    assert terminal.ask("STP") == "00S"
    assert terminal.ask("STP") == "00S?NA"


def test_stop_in_s_may_be_answered_plainly() -> None:
    assert bench(Ne1000Options(already_stopped_reply="")).ask("STP") == "00S"


def test_status_of_run_and_stop_may_be_stale() -> None:
    terminal = Terminal(Ne1000(Ne1000Options(stale_status_reply=True)))
    terminal.set_up_bolus()
    assert terminal.ask("RUN") == "00S"
    assert terminal.ask("STP") == "00I"
    assert terminal.ask("") == "00P"


def test_run_is_refused_when_the_rate_does_not_fit_the_syringe() -> None:
    terminal = bench()
    assert terminal.ask("DIA4.699") == "00S"
    assert terminal.ask("RUN") == "00S?OOR"
    assert terminal.pump.forward_ul == 0.0


def test_purge_runs_at_top_speed_until_stopped() -> None:
    terminal = bench()
    terminal.ask("DIA4.699")
    assert terminal.ask("PUR") == "00X"
    assert terminal.pump.rate_now_ul_s == pytest.approx(884.5 / 60.0, rel=1e-4)
    terminal.wait(10.0)
    assert terminal.ask("STP") == "00S"
    assert terminal.pump.rate_now_ul_s == 0.0


def test_dispensed_volumes_accumulate_until_cleared() -> None:
    terminal = pumping("10.00")
    terminal.wait(3.0)
    assert terminal.ask("DIRWDR") == "00S"
    assert terminal.ask("RUN") == "00W"
    assert terminal.ask("CLDINF") == "00W?NA"
    terminal.wait(3.0)
    assert terminal.ask("DIS") == "00SI10.00W10.00UL"
    assert terminal.ask("CLDWDR") == "00S"
    assert terminal.ask("DIS") == "00SI10.00W0.000UL"
    assert terminal.ask("CLDINF") == "00S"
    assert terminal.ask("DIS") == "00SI0.000W0.000UL"
    assert terminal.pump.forward_ul == pytest.approx(10.0, abs=1e-9)
    assert terminal.pump.withdrawn_ul == pytest.approx(10.0, abs=1e-9)


def test_dispensed_volumes_may_be_cleared_by_run() -> None:
    terminal = pumping("10.00", Ne1000Options(dis_cleared_by=frozenset({"RUN"})))
    terminal.wait(3.0)
    assert terminal.ask("RUN") == "00I"
    terminal.wait(3.0)
    assert terminal.ask("DIS") == "00SI10.00W0.000UL"


def test_dis_is_in_millilitres_for_large_syringes() -> None:
    terminal = bench()
    assert terminal.ask("DIS") == "00SI0.000W0.000ML"


def test_everything_set_survives_a_power_cut() -> None:
    terminal = Terminal(Ne1000())
    terminal.set_up_bolus("12.50", "123.4", "8.585")
    for command in ("TRGSH", "LOC1", "PF0", "AL1", "BP0", "LN1", "DIN1", "ROM1", "PHN5", "FUNPAS3"):
        assert terminal.ask(command) == "00S"
    terminal.pump.fault("power_cycle", terminal.now_s, off_s=0.5)
    terminal.wait(1.0)
    assert terminal.ask("") == "00A?R"
    shown = {
        "DIA": "8.585", "RAT": "123.4UM", "VOL": "12.50UL", "TRG": "SH", "LOC": "1", "PF": "0", "AL": "1",
        "BP": "0", "LN": "1", "DIN": "1", "ROM": "1", "PHN": "01",
    }  # fmt: skip
    assert {command: terminal.ask(command)[3:] for command in shown} == shown
    terminal.ask("PHN5")
    assert terminal.ask("FUN") == "00SPAS03"


def test_options_refuse_what_no_pump_can_be() -> None:
    for bad in ({"address": 100}, {"baud": 38400}, {"reply_delay_s": 0.031}, {"processing_s": -1.0}):
        with pytest.raises(ValueError):
            Ne1000Options(**bad)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(ValueError, match="MOON"):
        Ne1000Options(dis_cleared_by=frozenset({"MOON"}))


def test_stored_memory_is_copied() -> None:
    stored = Memory()
    terminal = bench(Ne1000Options(stored=stored))
    terminal.ask("VOL5")
    assert stored.phases[0].volume == 0


def test_faults_have_one_sentence_each() -> None:
    assert all(text.endswith(".") for text in FAULTS.values())
