"""Each fault of the simulated NE-1000: what it does to the plunger, to the bytes, and that it can be taken away."""

import pytest

from simulators.ne1000 import FAULTS, Ne1000, Ne1000Options
from simulators.ne1000.frames import encode_reply
from simulators.ne1000.terminal import Terminal

TESTED = {
    "power_off", "power_on", "power_cycle", "stall", "leftover_phase2", "ignore_stop", "deaf", "mute", "corrupt_replies",
    "delay_replies", "short_delivery", "runaway", "keypad_start", "self_start", "other_model", "echo",
    "lose_next_command", "wrong_baud",
}  # fmt: skip


def ready(volume_ul: str = "50.00", options: Ne1000Options | None = None) -> Terminal:
    terminal = Terminal(Ne1000(options))
    terminal.set_up_bolus(volume_ul)
    return terminal


def running(volume_ul: str = "50.00", options: Ne1000Options | None = None) -> Terminal:
    terminal = ready(volume_ul, options)
    assert terminal.ask("RUN") == "00I"
    return terminal


def test_every_fault_is_tested_here() -> None:
    assert set(FAULTS) == TESTED


@pytest.mark.parametrize("name", sorted(TESTED))
def test_every_fault_can_be_cleared_at_any_time_even_if_it_is_not_there(name: str) -> None:
    terminal = running()
    terminal.pump.clear(name, terminal.now_s)
    terminal.wait(60.0)
    assert terminal.pump.forward_ul == 50.0
    assert terminal.ask("") == "00S"


def test_unknown_faults_and_arguments_are_refused() -> None:
    pump = Ne1000()
    with pytest.raises(ValueError, match="earthquake"):
        pump.fault("earthquake", 0.0)
    with pytest.raises(ValueError, match="earthquake"):
        pump.clear("earthquake", 0.0)
    with pytest.raises(TypeError):
        pump.fault("deaf", 0.0, ear="left")


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("short_delivery", {"factor": -1.0}),
        ("delay_replies", {"delay_s": float("nan")}),
        ("ignore_stop", {"answer": "perhaps"}),
        ("corrupt_replies", {"every": 0}),
        ("corrupt_replies", {"kind": "explode"}),
        ("power_cycle", {"off_s": -1.0}),
    ],
)
def test_impossible_values_are_refused(name: str, args: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Ne1000().fault(name, 0.0, **args)


def test_power_off_and_on() -> None:
    terminal = running()
    terminal.wait(1.0)
    terminal.pump.fault("power_off", terminal.now_s)
    off_ul = terminal.pump.forward_ul
    assert terminal.ask("VER") == ""
    terminal.pump.fault("power_off", terminal.now_s)
    terminal.wait(5.0)
    terminal.pump.memory.power_fail = False
    terminal.pump.fault("power_on", terminal.now_s)
    terminal.pump.fault("power_on", terminal.now_s)
    assert terminal.ask("VER") == "00A?R"
    assert terminal.ask("STP") == "00S?NA"
    assert terminal.pump.forward_ul == off_ul


def test_power_cycle_ends_by_itself() -> None:
    terminal = ready()
    terminal.pump.fault("power_cycle", terminal.now_s, off_s=2.0)
    terminal.wait(1.9)
    assert not terminal.pump.powered
    terminal.wait(0.2)
    assert terminal.pump.powered
    assert terminal.pump.alarm == "R"


def test_bytes_that_straddle_a_power_cut_are_lost() -> None:
    terminal = ready()
    terminal.pump.receive(b"RUN\r", terminal.now_s)
    terminal.pump.fault("power_cycle", terminal.now_s + 0.001, off_s=0.0)
    assert terminal.wait(0.1) == b"\x0200A?R?\x03"
    assert terminal.pump.status == "S"


def test_stall_stops_the_plunger_at_once_and_alarms_a_little_later() -> None:
    terminal = running()
    terminal.wait(1.0)
    terminal.pump.fault("stall", terminal.now_s, detect_s=0.2)
    stalled_ul = terminal.pump.forward_ul
    assert terminal.pump.rate_now_ul_s == 0.0
    assert terminal.ask("") == "00I"
    terminal.wait(0.2)
    assert (terminal.pump.status, terminal.pump.alarm) == ("P", "S")
    assert terminal.ask("STP") == "00A?S"
    assert terminal.ask("RUN") == "00I"
    terminal.wait(1.0)
    assert terminal.ask("") == "00A?S"
    assert terminal.pump.forward_ul == stalled_ul
    terminal.pump.clear("stall", terminal.now_s)
    terminal.ask("RUN")
    terminal.wait(60.0)
    assert terminal.pump.forward_ul > stalled_ul


def test_stall_is_sent_by_itself_in_safe_mode_and_may_end_the_program() -> None:
    terminal = ready(options=Ne1000Options(state_after_stall="S"))
    terminal.exchange(b"SAF60\r")
    terminal.ask_packet("0RUN")
    terminal.pump.fault("stall", terminal.now_s)
    assert terminal.wait(1.0) == encode_reply("00A?S", safe=True)
    assert terminal.pump.status == "S"


def test_stall_that_nobody_notices() -> None:
    terminal = running()
    terminal.pump.fault("stall", terminal.now_s, detected=False)
    stalled_ul = terminal.pump.forward_ul
    terminal.wait(4.0)
    assert terminal.ask("") == "00I"
    terminal.wait(10.0)
    assert terminal.ask("DIS") == "00SI50.00W0.000UL"
    assert terminal.pump.forward_ul == stalled_ul


def test_leftover_phase_2() -> None:
    terminal = ready()
    terminal.pump.fault("leftover_phase2", terminal.now_s, rate_ul_s=2.5)
    terminal.ask("RUN")
    terminal.wait(20.0)
    assert terminal.ask("") == "00I"
    assert terminal.pump.rate_now_ul_s == pytest.approx(2.5)
    terminal.ask("STP")
    terminal.ask("STP")
    terminal.pump.clear("leftover_phase2", terminal.now_s)
    terminal.ask("PHN2")
    assert terminal.ask("FUN") == "00SSTP"


def test_leftover_phase_2_with_a_volume() -> None:
    terminal = ready()
    terminal.pump.fault("leftover_phase2", terminal.now_s, rate_ul_s=5.0, volume_ul=20.0)
    terminal.ask("RUN")
    terminal.wait(60.0)
    assert terminal.pump.forward_ul == pytest.approx(70.0, abs=1e-9)


@pytest.mark.parametrize(("answer", "reply", "status"), [("running", "00I", "I"), ("stopped", "00P", "P"), ("none", "", "I")])
def test_ignored_stop_lets_the_motor_go_on_to_its_volume(answer: str, reply: str, status: str) -> None:
    terminal = running()
    terminal.pump.fault("ignore_stop", terminal.now_s, answer=answer)
    assert terminal.ask("STP") == reply
    assert terminal.pump.status == status
    assert terminal.pump.rate_now_ul_s == pytest.approx(5.0)
    terminal.wait(60.0)
    assert terminal.pump.forward_ul == 50.0
    assert terminal.pump.rate_now_ul_s == 0.0


def test_ignored_stop_that_says_stopped_is_seen_in_the_dispensed_volume() -> None:
    terminal = running()
    terminal.pump.fault("ignore_stop", terminal.now_s, answer="stopped")
    assert terminal.ask("STP") == "00P"
    assert terminal.ask("STP") == "00S"
    first = terminal.ask("DIS")
    terminal.wait(1.0)
    assert terminal.ask("DIS") != first
    terminal.pump.clear("ignore_stop", terminal.now_s)
    terminal.pump.fault("power_off", terminal.now_s)
    assert terminal.pump.rate_now_ul_s == 0.0


def test_ignored_stop_can_be_cleared() -> None:
    terminal = running()
    terminal.pump.fault("ignore_stop", terminal.now_s)
    terminal.ask("STP")
    terminal.pump.clear("ignore_stop", terminal.now_s)
    assert terminal.ask("STP") == "00P"
    assert terminal.pump.rate_now_ul_s == 0.0


@pytest.mark.parametrize(("every_stop", "rate_ul_s"), [(False, 0.0), (True, 5.0)])
def test_other_stops_work_beside_an_ignored_command_unless_told_otherwise(every_stop: bool, rate_ul_s: float) -> None:
    terminal = ready()
    terminal.ask("TRGSP")
    terminal.pump.fault("ignore_stop", terminal.now_s, every_stop=every_stop)

    terminal.ask("RUN")
    terminal.pump.set_trigger(False, terminal.now_s)
    assert terminal.pump.rate_now_ul_s == pytest.approx(rate_ul_s)
    terminal.wait(60.0)
    terminal.pump.set_trigger(True, terminal.now_s)

    terminal.ask("RUN")
    terminal.pump.keypad_stop(terminal.now_s)
    assert terminal.pump.rate_now_ul_s == pytest.approx(rate_ul_s)
    terminal.wait(60.0)

    terminal.ask("RUN")
    terminal.exchange(b"SAF1\r")
    terminal.wait(1.1)
    assert terminal.pump.alarm == "T"
    assert terminal.pump.rate_now_ul_s == pytest.approx(rate_ul_s)


def test_trigger_input_stops_a_motor_that_turns_although_the_pump_says_stopped() -> None:
    terminal = ready()
    terminal.ask("TRGP2")
    terminal.pump.set_trigger(False, terminal.now_s)
    terminal.pump.fault("ignore_stop", terminal.now_s, answer="stopped")
    terminal.ask("RUN")
    assert terminal.ask("STP") == "00P"
    assert terminal.pump.rate_now_ul_s == pytest.approx(5.0)
    terminal.pump.set_trigger(True, terminal.now_s)
    assert terminal.pump.rate_now_ul_s == 0.0


def test_hidden_runaway_is_out_of_reach_of_a_stop_command() -> None:
    terminal = ready("5.000")
    terminal.pump.fault("runaway", terminal.now_s, reported=False)
    terminal.ask("RUN")
    terminal.wait(5.0)
    assert terminal.ask("STP") == "00S?NA"
    assert terminal.pump.rate_now_ul_s == pytest.approx(5.0)
    terminal.pump.fault("power_off", terminal.now_s)
    assert terminal.pump.rate_now_ul_s == 0.0


def test_deaf() -> None:
    terminal = running()
    terminal.pump.fault("deaf", terminal.now_s)
    assert terminal.ask("STP") == ""
    assert terminal.pump.status == "I"
    terminal.pump.clear("deaf", terminal.now_s)
    assert terminal.ask("STP") == "00P"


def test_mute() -> None:
    terminal = running()
    terminal.pump.fault("mute", terminal.now_s)
    assert terminal.ask("STP") == ""
    assert terminal.pump.status == "P"
    terminal.pump.clear("mute", terminal.now_s)
    assert terminal.ask("") == "00P"


@pytest.mark.parametrize(("kind", "length"), [("flip", 5), ("drop", 4), ("junk", 6)])
def test_corrupt_replies_every_third(kind: str, length: int) -> None:
    terminal = ready()
    terminal.pump.fault("corrupt_replies", terminal.now_s, every=3, kind=kind)
    replies = [terminal.exchange(b"\r") for _ in range(6)]
    good = b"\x0200S\x03"
    assert [reply == good for reply in replies] == [True, True, False, True, True, False]
    assert [len(reply) for reply in replies] == [5, 5, length, 5, 5, length]
    terminal.pump.clear("corrupt_replies", terminal.now_s)
    assert [terminal.ask("") for _ in range(3)] == ["00S"] * 3


def test_corrupt_replies_with_a_probability_are_the_same_for_the_same_seed() -> None:
    def replies(seed: int) -> list[bytes]:
        terminal = ready()
        terminal.pump.fault("corrupt_replies", terminal.now_s, probability=0.5, seed=seed)
        return [terminal.exchange(b"\r") for _ in range(40)]

    assert replies(1) == replies(1) != replies(2)
    assert 5 < sum(reply == b"\x0200S\x03" for reply in replies(1)) < 35


def test_delayed_replies() -> None:
    terminal = ready()
    terminal.pump.fault("delay_replies", terminal.now_s, delay_s=0.5)
    assert terminal.exchange(b"\r", 0.5) == b""
    assert terminal.wait(0.1) == b"\x0200S\x03"
    terminal.pump.clear("delay_replies", terminal.now_s)
    assert terminal.ask("") == "00S"


def test_short_delivery() -> None:
    terminal = running()
    terminal.wait(2.0 - 0.060 + 4 * 10 / 19200 + 0.001)
    terminal.pump.fault("short_delivery", terminal.now_s, factor=0.8)
    assert terminal.pump.rate_now_ul_s == pytest.approx(4.0)
    terminal.wait(60.0)
    assert terminal.ask("DIS") == "00SI50.00W0.000UL"
    assert terminal.pump.forward_ul == pytest.approx(10.0 + 0.8 * 40.0)
    terminal.pump.clear("short_delivery", terminal.now_s)
    terminal.ask("RUN")
    terminal.wait(60.0)
    assert terminal.pump.forward_ul == pytest.approx(92.0)


def test_runaway_goes_on_beyond_the_volume_and_says_so() -> None:
    terminal = ready()
    terminal.pump.fault("runaway", terminal.now_s, extra_ul=7.0)
    terminal.ask("RUN")
    terminal.wait(10.5)
    assert terminal.ask("") == "00I"
    terminal.wait(10.0)
    assert terminal.ask("DIS") == "00SI57.00W0.000UL"
    assert terminal.pump.forward_ul == pytest.approx(57.0, abs=1e-9)


def test_runaway_without_end_can_be_stopped() -> None:
    terminal = ready()
    terminal.pump.fault("runaway", terminal.now_s)
    terminal.ask("RUN")
    terminal.wait(100.0)
    assert terminal.pump.forward_ul > 490.0
    assert terminal.ask("STP") == "00P"
    assert terminal.pump.rate_now_ul_s == 0.0


def test_runaway_that_the_pump_denies() -> None:
    terminal = ready()
    terminal.pump.fault("runaway", terminal.now_s, reported=False)
    terminal.ask("RUN")
    terminal.wait(20.0)
    assert terminal.ask("DIS") == "00SI50.00W0.000UL"
    assert terminal.pump.forward_ul > 95.0
    terminal.pump.clear("runaway", terminal.now_s)
    assert terminal.pump.rate_now_ul_s == 0.0


def test_runaway_that_is_cleared_ends_the_phase() -> None:
    terminal = ready()
    terminal.pump.fault("runaway", terminal.now_s)
    terminal.ask("RUN")
    terminal.wait(20.0)
    terminal.pump.clear("runaway", terminal.now_s)
    assert terminal.ask("") == "00S"


def test_keypad_start_respects_the_lock_and_self_start_does_not() -> None:
    terminal = ready()
    terminal.ask("LOC1")
    terminal.pump.fault("keypad_start", terminal.now_s)
    assert terminal.pump.status == "S"
    terminal.pump.fault("self_start", terminal.now_s)
    assert terminal.pump.status == "I"
    terminal.wait(60.0)
    terminal.ask("LOC0")
    terminal.pump.fault("keypad_start", terminal.now_s)
    assert terminal.pump.status == "I"


def test_other_model() -> None:
    terminal = ready()
    terminal.pump.fault("other_model", terminal.now_s, version="NE4000V3.61")
    assert terminal.ask("VER") == "00SNE4000V3.61"
    terminal.pump.clear("other_model", terminal.now_s)
    assert terminal.ask("VER") == "00SNE1000V3.928"


def test_echo() -> None:
    terminal = ready()
    terminal.pump.fault("echo", terminal.now_s)
    assert terminal.exchange(b"VER\r") == b"VER\r\x0200SNE1000V3.928\x03"
    terminal.pump.clear("echo", terminal.now_s)
    assert terminal.ask("") == "00S"


def test_lost_commands() -> None:
    terminal = running()
    terminal.pump.fault("lose_next_command", terminal.now_s, n=2)
    assert [terminal.ask("STP") for _ in range(3)] == ["", "", "00P"]


def test_wrong_baud() -> None:
    terminal = ready()
    terminal.exchange(b"SAF1\r")
    terminal.pump.fault("wrong_baud", terminal.now_s)
    assert terminal.exchange(encode_reply("0VER", safe=True)) == b""
    alarm = terminal.wait(1.5)
    assert len(alarm) == len(encode_reply("00A?T", safe=True))
    assert all(byte >= 0x80 for byte in alarm)
    terminal.pump.clear("wrong_baud", terminal.now_s)
    assert terminal.ask_packet("0") == "00A?T"


def test_earlier_times_count_as_now() -> None:
    terminal = running()
    terminal.wait(5.0)
    before_ul = terminal.pump.forward_ul
    terminal.pump.advance(1.0)
    terminal.pump.fault("deaf", 0.5)
    terminal.pump.clear("deaf", 0.5)
    terminal.pump.receive(b"STP\r", 0.0)
    assert terminal.pump.forward_ul == before_ul
    assert terminal.wait(0.1) == b"\x0200P\x03"
