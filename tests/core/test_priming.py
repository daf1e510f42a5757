"""The prime check: what it accepts, what it refuses and with which words, and that nothing moves after a refusal."""

import re
from dataclasses import replace

import pytest

from controller.core.line import LineModel
from controller.core.messages import Note, RunPump, WriteIntent
from controller.core.plan import Plan
from controller.core.reasons import Reason
from controller.core.states import State
from drivers.pump import PumpStopped
from tests.core.bench import LINE, PLAN, CoreBench

CALIBRATED = replace(PLAN, lot_calibrated=True)


def primed(line: LineModel, plan: Plan = PLAN, **more: float) -> CoreBench:
    bench = CoreBench(plan).to_priming()
    bench.breathe(0.6)
    bench.prime(line, **more)
    return bench


def refusal(bench: CoreBench) -> str:
    assert bench.desk.reason is Reason.PRIME_REFUSED, bench.core.snapshot()
    bench.say(PumpStopped(*((0.0, 0.0) if bench.desk.account.counted is None else (bench.desk.account.counted.infused_ul, 0.0))))
    bench.breathe(1.0)
    assert bench.state is State.STOPPED
    assert {intent.into for intent in bench.ordered(WriteIntent)} == {"air"}, "no relief, no increment"
    return bench.desk.reason_text


def test_a_good_line_is_identified_and_written_down() -> None:
    bench = primed(LINE)
    assert bench.state is State.READY
    assert bench.desk.line.resistance_kpa_s_ul == pytest.approx(5.0, rel=0.01)
    assert bench.desk.line.compliance_ul_kpa == pytest.approx(0.17, rel=0.1)
    (note,) = [each for each in bench.ordered(Note) if each.name == "line_measured"]
    assert note.data["resistance_kpa_s_ul"] == pytest.approx(5.0, rel=0.01)
    assert 0.0 < note.data["resistance_error_kpa_s_ul"] < 0.1
    (note,) = [each for each in bench.ordered(Note) if each.name == "primed"]
    assert note.data["lot_calibrated"] is False
    assert "agent and temperature stay unverified" in note.why


def test_with_the_lots_calibration_nothing_stays_unverified() -> None:
    bench = primed(LINE, CALIBRATED)
    (note,) = [each for each in bench.ordered(Note) if each.name == "primed"]
    assert "unverified" not in note.why


def test_the_first_run_is_slow_and_the_second_one_measured() -> None:
    motions = [intent.motion for intent in primed(LINE).ordered(WriteIntent)]
    assert [(motion.volume_ul, motion.rate_ul_s) for motion in motions] == [(10.0, 5.0), (20.0, 10.0)]


def test_a_large_first_run_is_never_programmed_at_once() -> None:
    bench = CoreBench(replace(PLAN, first_prime_ul=120.0)).to_priming()
    bench.breathe(0.6)
    for _ in range(4):
        bench.start_motion()
        bench.finish_motion(peak_kpa=20.0)
    assert [intent.motion.volume_ul for intent in bench.ordered(WriteIntent)] == [50.0, 50.0, 20.0, 20.0]


@pytest.mark.parametrize(("ratio", "plan"), [(0.55, PLAN), (1.8, PLAN), (0.8, CALIBRATED), (1.25, CALIBRATED)])
def test_another_resistance_is_refused(ratio: float, plan: Plan) -> None:
    text = refusal(primed(LineModel(5.0 * ratio, 0.17), plan))
    said = re.search(r"is (\d\.\d\d) times what", text)
    assert said is not None
    assert float(said[1]) == pytest.approx(ratio, rel=0.02)
    assert ("thicker or colder" if ratio > 1 else "thinner") in text
    assert "begin anew" in text


def test_what_was_measured_of_a_refused_line_is_written_down() -> None:
    bench = primed(LineModel(10.0, 0.17))
    refusal(bench)
    (note,) = [each for each in bench.ordered(Note) if each.name == "line_measured"]
    assert note.data["resistance_kpa_s_ul"] == pytest.approx(10.0, rel=0.02)


@pytest.mark.parametrize(("ratio", "plan"), [(0.65, PLAN), (1.6, PLAN), (0.9, CALIBRATED), (1.1, CALIBRATED)])
def test_what_cannulas_differ_by_is_accepted(ratio: float, plan: Plan) -> None:
    assert primed(LineModel(5.0 * ratio, 0.17), plan).state is State.READY


@pytest.mark.parametrize("bubble_ul", [10.0, 25.0])
def test_air_is_refused_and_what_to_do_is_said(bubble_ul: float) -> None:
    text = refusal(primed(LineModel(5.0, 0.17, bubble_ul)))
    assert text.startswith("air in the line: about ")
    assert "purge it" in text


def test_a_small_bubble_passes_and_is_known() -> None:
    bench = primed(LineModel(5.0, 0.17, 2.0))
    assert bench.state is State.READY
    assert bench.desk.line.bubble_ul == pytest.approx(2.0, abs=1.0)


def test_a_soft_line_is_refused() -> None:
    text = refusal(primed(LineModel(5.0, 1.2), limit_s=40.0))
    assert text.startswith("the line stores 1.")
    assert "0.62" in text


def test_a_blocked_line_is_refused_at_once() -> None:
    bench = primed(LineModel(60.0, 0.02))
    assert "line blocked" in refusal(bench)
    assert len(list(bench.ordered(RunPump))) == 1, "already the first run shows it"


def test_no_pressure_is_refused() -> None:
    assert "the line is open, no fluid moved, or the transmitter is dead" in refusal(primed(LINE, hears=0.001))


def test_a_line_that_does_not_come_back_to_zero_is_refused() -> None:
    bench = CoreBench().to_priming()
    bench.breathe(0.6)
    for _ in range(2):
        bench.start_motion()
        bench.finish_motion(peak_kpa=20.0)
    bench.breathe(31.0, 4.0)
    assert re.match(r"the line rests at (3\.9|4\.0)\d kPa after priming and not within 1 kPa of zero", refusal(bench))


def test_a_leak_shows_as_too_little_resistance() -> None:
    assert "a leak" in refusal(primed(LINE, CALIBRATED, lost_ul_s=2.0))


def test_a_pressure_that_no_line_makes_is_refused() -> None:
    """The pressure stands while fluid moves, as of a plunger that sticks and a line that lets go by jumps."""
    bench = CoreBench().to_priming()
    bench.breathe(0.6)
    for _ in range(2):
        bench.start_motion()
        bench.finish_motion(peak_kpa=36.0)
    for step in range(40):
        bench.breathe(0.1, 30.0 if step % 10 < 5 and step < 30 else 0.0)
    bench.breathe(20.0, 0.0)
    assert "fits no line with a cannula at its end" in refusal(bench)
