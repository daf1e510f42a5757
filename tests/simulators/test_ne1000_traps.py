"""The traps of the NE-1000 that a host must survive: swallowed commands, phase 2, watchdog, pause, half duplex, timing."""

import pytest

from simulators.ne1000 import Memory, Ne1000, Ne1000Options
from simulators.ne1000.frames import encode_reply
from simulators.ne1000.terminal import Terminal

BYTE_S = 10 / 19200


def ready(options: Ne1000Options | None = None, volume_ul: str = "50.00") -> Terminal:
    terminal = Terminal(Ne1000(options))
    terminal.set_up_bolus(volume_ul)
    return terminal


# --- alarms ------------------------------------------------------------------------------------------------------------


def test_first_command_after_power_up_is_swallowed() -> None:
    terminal = Terminal(Ne1000())
    assert terminal.ask("DIA4.699") == "00A?R"
    assert terminal.ask("DIA") == "00S26.59"
    assert terminal.ask("DIA4.699") == "00S"


def test_run_that_meets_an_alarm_does_not_run() -> None:
    terminal = Terminal(Ne1000())
    assert terminal.ask("RUN") == "00A?R"
    terminal.wait(5.0)
    assert terminal.pump.forward_ul == 0.0


def test_a_pump_may_do_the_command_that_meets_an_alarm() -> None:
    terminal = Terminal(Ne1000(Ne1000Options(alarm_swallows_command=False)))
    assert terminal.ask("DIA4.699") == "00A?R"
    assert terminal.ask("DIA") == "00S4.699"


def test_a_pump_may_come_up_without_an_alarm() -> None:
    assert Terminal(Ne1000(Ne1000Options(power_on_alarm=False))).ask("") == "00S"


def test_nonsense_and_bad_packets_do_not_collect_an_alarm() -> None:
    terminal = Terminal(Ne1000())
    assert terminal.ask("XYZ") == "00A?R?"
    assert terminal.exchange(bytes.fromhex("02 08 30 53 54 50 b3 f8 03")) == b"\x0200A?R?COM\x03"
    assert terminal.ask("") == "00A?R"
    assert terminal.ask("") == "00S"


def test_bad_packet_is_answered_with_com() -> None:
    terminal = ready()
    assert terminal.exchange(bytes.fromhex("02 08 30 53 54 50 b3 f8 03")) == b"\x0200S?COM\x03"


# --- Safe mode -----------------------------------------------------------------------------------------------------------


def test_saf_is_answered_in_the_new_framing_both_ways() -> None:
    terminal = ready()
    assert terminal.exchange(b"SAF2\r") == encode_reply("00S", safe=True)
    assert terminal.ask_packet("0SAF") == "00S002"
    assert terminal.exchange(encode_reply("SAF0", safe=True)) == b"\x0200S\x03"
    assert terminal.ask("SAF") == "00S000"
    assert terminal.ask("SAF256") == "00S?OOR"


@pytest.mark.parametrize(("framing", "safe"), [("new", True), ("old", False)])
def test_saf_that_meets_an_alarm(framing: str, safe: bool) -> None:
    pump = Ne1000(Ne1000Options(saf_alarm_framing="new" if framing == "new" else "old"))
    terminal = Terminal(pump)
    assert terminal.exchange(encode_reply("0SAF2", safe=True)) == encode_reply("00A?R", safe=safe)
    assert not pump.safe_mode
    assert terminal.exchange(encode_reply("0SAF2", safe=True)) == encode_reply("00S", safe=True)


def test_packet_in_basic_mode_is_answered_in_basic() -> None:
    assert ready().exchange(encode_reply("0VER", safe=True)) == b"\x0200SNE1000V3.928\x03"


def test_safe_mode_takes_nothing_but_exact_text() -> None:
    terminal = ready()
    terminal.exchange(b"SAF255\r")
    assert terminal.ask_packet("0ver") == "00S?"
    assert terminal.ask_packet("0 VER") == "00S?"
    assert terminal.exchange(b"0VER\r") == b""


def running_under_watchdog(seconds: int = 1, options: Ne1000Options | None = None) -> tuple[Terminal, float]:
    """A running bolus, and when the last byte of the last valid packet had arrived."""
    terminal = ready(options)
    terminal.exchange(f"SAF{seconds}\r".encode())
    packet = encode_reply("0RUN", safe=True)
    last_byte_s = terminal.now_s + len(packet) * BYTE_S
    assert terminal.exchange(packet) == encode_reply("00I", safe=True)
    return terminal, last_byte_s


def test_watchdog_stops_the_motor_at_its_time_and_says_so_once() -> None:
    terminal, last_byte_s = running_under_watchdog()
    assert terminal.wait(last_byte_s + 0.999 - terminal.now_s) == b""
    assert terminal.pump.status == "I"
    assert terminal.wait(30.0) == encode_reply("00A?T", safe=True)
    assert terminal.pump.forward_ul == pytest.approx(5.0 * (1.0 - 0.001), abs=1e-9)
    assert terminal.pump.status == "P"
    assert terminal.wait(30.0) == b""


def test_unsolicited_alarm_does_not_acknowledge_itself() -> None:
    terminal, _ = running_under_watchdog()
    terminal.wait(5.0)
    assert terminal.ask_packet("0STP") == "00A?T"
    assert terminal.ask_packet("0STP") == "00S"


def test_run_after_the_watchdog_pumps_the_rest_of_the_old_bolus() -> None:
    terminal, _ = running_under_watchdog()
    terminal.wait(5.0)
    assert terminal.exchange(encode_reply("0SAF0", safe=True)) == b"\x0200A?T\x03"  # Basic, though still in Safe mode
    assert terminal.exchange(encode_reply("0SAF0", safe=True)) == b"\x0200P\x03"
    assert terminal.ask("RUN") == "00I"
    terminal.wait(60.0)
    assert terminal.pump.forward_ul == pytest.approx(50.0, abs=1e-9)


def test_watchdog_may_leave_the_program_stopped() -> None:
    terminal, _ = running_under_watchdog(options=Ne1000Options(state_after_timeout="S"))
    terminal.wait(5.0)
    assert terminal.pump.status == "S"


def test_every_valid_packet_feeds_the_watchdog_and_no_other_bytes_do() -> None:
    terminal, _ = running_under_watchdog()
    for _ in range(8):
        terminal.wait(0.8)
        assert terminal.ask_packet("0") == "00I"
    terminal.wait(0.5)
    terminal.exchange(b"0STP\r")
    terminal.exchange(encode_reply("1", safe=True))
    spoiled = bytearray(encode_reply("0", safe=True))
    spoiled[-2] ^= 1
    terminal.exchange(bytes(spoiled))
    terminal.wait(0.3)
    assert terminal.pump.alarm == "T"


def test_watchdog_does_not_restart_before_the_next_valid_packet() -> None:
    terminal, _ = running_under_watchdog()
    terminal.wait(5.0)
    assert terminal.ask_packet("0") == "00A?T"
    terminal.wait(0.5)
    assert terminal.pump.alarm is None
    assert terminal.wait(1.0) == encode_reply("00A?T", safe=True)


def test_watchdog_alarms_a_stopped_pump_too() -> None:
    terminal = ready()
    terminal.exchange(b"SAF1\r")
    assert terminal.wait(2.0) == encode_reply("00A?T", safe=True)
    assert terminal.pump.status == "S"


def test_after_power_up_in_safe_mode_the_timer_waits_for_the_first_valid_packet() -> None:
    terminal = Terminal(Ne1000(Ne1000Options(stored=Memory(safe_s=1))))
    assert terminal.wait(20.0) == encode_reply("00A?R", safe=True)
    assert terminal.pump.alarm == "R"
    assert terminal.ask_packet("0") == "00A?R"
    assert terminal.wait(2.0) == encode_reply("00A?T", safe=True)


def test_after_a_baud_change_the_timer_waits_for_the_next_valid_packet() -> None:
    terminal = ready()
    terminal.exchange(b"SAF1\r")
    assert terminal.ask_packet("*ADR0B9600") == "00S"
    assert terminal.wait(20.0) == b""
    assert terminal.ask_packet("0") == "00S"
    assert terminal.wait(2.0) == encode_reply("00A?T", safe=True)


def test_program_alarm_is_sent_by_itself_in_safe_mode() -> None:
    terminal = ready()
    for command in ("PHN2", "FUNPRI"):
        terminal.ask(command)
    terminal.exchange(b"SAF60\r")
    assert terminal.ask_packet("0RUN") == "00I"
    assert terminal.wait(15.0) == encode_reply("00A?E", safe=True)


# --- phases, pause and resume ----------------------------------------------------------------------------------------------


def test_volume_reached_stops_the_program_when_phase_2_is_a_stop() -> None:
    terminal = ready()
    assert terminal.ask("RUN") == "00I"
    terminal.wait(100.0)
    assert terminal.ask("") == "00S"
    assert terminal.ask("DIS") == "00SI50.00W0.000UL"
    assert terminal.pump.forward_ul == 50.0


def test_leftover_phase_2_infuses_without_end() -> None:
    terminal = ready()
    terminal.ask("PHN2")
    terminal.ask("FUNRAT")
    terminal.ask("RAT300.0UM")
    terminal.ask("PHN1")
    assert terminal.ask("RUN") == "00I"
    terminal.wait(100.0)
    assert terminal.ask("") == "00I"
    assert terminal.pump.forward_ul == pytest.approx(500.0, rel=0.01)


def test_a_pump_may_stop_at_its_volume() -> None:
    terminal = ready(Ne1000Options(after_volume="stop"))
    terminal.pump.fault("leftover_phase2", terminal.now_s)
    terminal.ask("RUN")
    terminal.wait(100.0)
    assert terminal.pump.forward_ul == 50.0


def test_volume_zero_is_without_end() -> None:
    terminal = ready(volume_ul="0")
    terminal.ask("RUN")
    terminal.wait(200.0)
    assert terminal.pump.forward_ul == pytest.approx(1000.0, rel=0.001)


def test_stop_pauses_and_run_pumps_the_rest() -> None:
    terminal = ready()
    terminal.ask("RUN")
    terminal.wait(4.0)
    assert terminal.ask("STP") == "00P"
    paused_ul = terminal.pump.forward_ul
    terminal.wait(10.0)
    assert terminal.pump.forward_ul == paused_ul
    assert terminal.ask("VOL10.00") == "00P?NA"
    assert terminal.ask("RUN") == "00I"
    terminal.wait(60.0)
    assert terminal.pump.forward_ul == pytest.approx(50.0, abs=1e-9)
    assert terminal.ask("DIS") == "00SI50.00W0.000UL"


def test_stop_twice_forgets_the_rest() -> None:
    terminal = ready()
    terminal.ask("RUN")
    terminal.wait(4.0)
    assert terminal.ask("STP") == "00P"
    assert terminal.ask("STP") == "00S"
    already_ul = terminal.pump.forward_ul
    assert terminal.ask("RUN") == "00I"
    terminal.wait(60.0)
    assert terminal.pump.forward_ul == pytest.approx(already_ul + 50.0, abs=1e-9)


def test_a_pump_may_start_the_full_volume_again_after_a_pause() -> None:
    terminal = ready(Ne1000Options(run_after_pause="full"))
    terminal.ask("RUN")
    terminal.wait(4.0)
    terminal.ask("STP")
    already_ul = terminal.pump.forward_ul
    terminal.ask("RUN")
    terminal.wait(60.0)
    assert terminal.pump.forward_ul == pytest.approx(already_ul + 50.0, abs=1e-9)


def test_run_with_a_phase_number_starts_over_from_a_pause() -> None:
    terminal = ready()
    terminal.ask("RUN")
    terminal.wait(4.0)
    terminal.ask("STP")
    already_ul = terminal.pump.forward_ul
    assert terminal.ask("RUN1") == "00I"
    terminal.wait(60.0)
    assert terminal.pump.forward_ul == pytest.approx(already_ul + 50.0, abs=1e-9)


def test_settings_may_be_taken_while_paused() -> None:
    terminal = ready(Ne1000Options(set_while_paused=True))
    terminal.ask("RUN")
    terminal.ask("STP")
    assert terminal.ask("VOL10.00") == "00P"


# --- time ------------------------------------------------------------------------------------------------------------------


def test_motor_stops_with_the_last_byte_of_the_command_and_not_when_somebody_looks() -> None:
    terminal = ready()
    start_s = terminal.now_s
    terminal.pump.receive(b"RUN\r", start_s)
    terminal.pump.advance(start_s + 1.0)
    terminal.pump.receive(b"STP\r", start_s + 3.0)
    terminal.pump.advance(start_s + 59.0)
    assert terminal.pump.forward_ul == pytest.approx(5.0 * 3.0, abs=1e-9)


def test_reply_leaves_byte_by_byte_after_the_delay() -> None:
    terminal = ready(Ne1000Options(reply_delay_s=0.020))
    sent_s = terminal.now_s
    terminal.pump.receive(b"\r", sent_s)
    terminal.pump.advance(sent_s + 1.0)
    first_s = sent_s + BYTE_S + 0.020
    for count in range(1, 6):
        at_s = first_s + count * BYTE_S
        assert terminal.pump.transmit(at_s - 1e-6) == b""
        assert len(terminal.pump.transmit(at_s + 1e-6)) == 1


def test_command_that_arrives_while_the_pump_is_busy_is_lost_but_the_reply_goes_out() -> None:
    terminal = ready()
    start_s = terminal.now_s
    terminal.pump.receive(b"RUN\r", start_s)
    terminal.pump.receive(b"STP\r", start_s + 0.005)
    assert terminal.wait(0.1) == b"\x0200I\x03"
    assert terminal.pump.status == "I"
    assert terminal.ask("STP") == "00P"


def test_command_that_begins_inside_the_reply_and_ends_behind_it_is_lost() -> None:
    terminal = ready()
    reply_end_s = terminal.now_s + 4 * BYTE_S + 0.010 + 5 * BYTE_S
    terminal.pump.receive(b"RUN\r", terminal.now_s)
    terminal.pump.receive(b"STP\r", reply_end_s - 2 * BYTE_S)
    assert terminal.wait(0.1) == b"\x0200I\x03"
    assert terminal.pump.status == "I"


def test_command_right_behind_the_reply_is_done() -> None:
    terminal = ready()
    reply_end_s = terminal.now_s + 4 * BYTE_S + 0.010 + 5 * BYTE_S
    terminal.pump.receive(b"RUN\r", terminal.now_s)
    terminal.pump.receive(b"STP\r", reply_end_s)
    assert terminal.wait(0.1) == b"\x0200I\x03\x0200P\x03"


def test_lost_command_does_not_feed_the_watchdog() -> None:
    terminal, _ = running_under_watchdog()
    start_s = terminal.now_s
    terminal.pump.receive(encode_reply("0", safe=True), start_s)
    terminal.pump.receive(encode_reply("0STP", safe=True), start_s + 0.004)
    terminal.wait(0.9)
    assert terminal.pump.status == "I"
    terminal.wait(0.2)
    assert terminal.pump.alarm == "T"


def test_a_pump_may_listen_while_it_replies() -> None:
    terminal = ready(Ne1000Options(lose_command_while_replying=False))
    terminal.pump.receive(b"RUN\r", terminal.now_s)
    terminal.pump.receive(b"STP\r", terminal.now_s + 0.005)
    assert terminal.wait(0.1) == b"\x0200I\x03\x0200P\x03"


def test_command_at_the_moment_of_a_new_phase_is_ignored_even_a_stop() -> None:
    terminal = ready()
    terminal.pump.fault("leftover_phase2", terminal.now_s, rate_ul_s=2.0)
    start_s = terminal.now_s
    terminal.pump.receive(b"RUN\r", start_s)
    phase_2_s = start_s + 4 * BYTE_S + 0.001 + 10.0
    terminal.pump.receive(b"STP\r", phase_2_s - 4 * BYTE_S - 0.0005)
    assert terminal.wait(10.1) == b"\x0200I\x03\x0200I?IGN\x03"
    assert terminal.ask("STP") == "00P"


def test_stray_bytes_behind_replies() -> None:
    terminal = Terminal(Ne1000(Ne1000Options(trailing=b"\r")))
    assert terminal.exchange(b"\r") == b"\x0200A?R\x03\r"


# --- power -------------------------------------------------------------------------------------------------------------------


def cut_in_mid_bolus(options: Ne1000Options | None, power_fail: str) -> Terminal:
    terminal = ready(options)
    assert terminal.ask("PF" + power_fail) == "00S"
    terminal.ask("RUN")
    terminal.wait(4.0)
    terminal.pump.fault("power_cycle", terminal.now_s, off_s=2.0)
    return terminal


def test_power_cut_stops_at_once_and_the_counters_are_gone() -> None:
    terminal = cut_in_mid_bolus(None, "0")
    cut_ul = terminal.pump.forward_ul
    assert terminal.exchange(b"\r", 1.0) == b""
    assert not terminal.pump.powered
    terminal.wait(60.0)
    assert terminal.pump.forward_ul == cut_ul
    assert terminal.ask("") == "00A?R"
    assert terminal.ask("DIS") == "00SI0.000W0.000UL"


def test_power_fail_mode_pumps_again_by_itself_from_phase_1() -> None:
    terminal = cut_in_mid_bolus(None, "1")
    cut_ul = terminal.pump.forward_ul
    terminal.wait(60.0)
    assert terminal.pump.forward_ul == pytest.approx(cut_ul + 50.0, abs=1e-9)


def test_power_fail_mode_may_pump_the_rest() -> None:
    terminal = cut_in_mid_bolus(Ne1000Options(power_fail_resume="rest"), "1")
    terminal.wait(60.0)
    assert terminal.pump.forward_ul == pytest.approx(50.0, abs=1e-9)


def test_power_fail_mode_leaves_a_paused_pump_alone() -> None:
    terminal = ready()
    terminal.ask("PF1")
    terminal.ask("RUN")
    terminal.ask("STP")
    terminal.pump.fault("power_cycle", terminal.now_s)
    terminal.wait(60.0)
    assert terminal.pump.forward_ul < 1.0


def test_power_cut_loses_the_reply_under_way() -> None:
    terminal = ready()
    terminal.pump.receive(b"VER\r", terminal.now_s)
    cut_s = terminal.now_s + 4 * BYTE_S + 0.010 + 5.5 * BYTE_S
    terminal.pump.advance(cut_s)
    received = terminal.pump.transmit(cut_s)
    terminal.pump.fault("power_off", cut_s)
    assert received == b"\x0200SN"
    assert terminal.wait(1.0) == b""


def test_dispensed_volumes_may_survive_a_power_cut() -> None:
    terminal = ready(Ne1000Options(dis_cleared_by=frozenset()), "5.000")
    terminal.ask("RUN")
    terminal.wait(2.0)
    terminal.pump.fault("power_cycle", terminal.now_s, off_s=0.1)
    terminal.wait(1.0)
    terminal.ask("")
    assert terminal.ask("DIS") == "00SI5.000W0.000UL"
