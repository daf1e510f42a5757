"""The closed-tip step of priming: what it does, what it refuses and with which words, and that nothing is taken back."""

from dataclasses import replace

import pytest

from controller.core.line import ATMOSPHERE_KPA, LineModel
from controller.core.messages import Note, Operator, RunPump, Tick, WriteIntent
from controller.core.reasons import Reason
from controller.core.states import State
from drivers.button import ButtonOpened, ButtonProved
from drivers.pressure import PressureFault
from drivers.pump import PumpHeard, PumpIdle, PumpReading, PumpStatus, PumpStopped
from tests.core.bench import LINE, CoreBench, first_stop
from tests.core.closed_bench import BEDSIDE, CLOSED, ClosedBench, pressing


@pytest.mark.parametrize("bubble_ul", [0.0, 3.0])
def test_the_closed_line_tells_compliance_and_air(bubble_ul: float) -> None:
    bench = ClosedBench.primed(LineModel(5.0, 0.17, bubble_ul)).to_question()
    assert bench.asked == "open_tip"
    bench.closed = False
    bench.live()
    assert bench.core.state is State.READY, bench.core.core.snapshot()
    (note,) = bench.told()
    assert note.data["compliance_ul_kpa"] == pytest.approx(0.17, rel=0.02)
    assert note.data["bubble_ul"] == pytest.approx(bubble_ul, abs=0.3)
    line = bench.core.desk.line
    assert line.resistance_kpa_s_ul == pytest.approx(5.0, rel=0.01)
    assert line.compliance_at_rest_ul_kpa == pytest.approx(0.17 + bubble_ul / ATMOSPHERE_KPA, rel=0.02)


def test_it_is_pressed_twice_slowly_and_no_higher_than_the_line_stood_before() -> None:
    bench = ClosedBench.primed()
    before_kpa = bench.core.desk.view.pressure.peak_kpa
    bench.to_question()
    presses = [intent.motion for intent in bench.core.ordered(WriteIntent)][2:]
    assert [press.rate_ul_s for press in presses] == [2.5, 2.5]
    assert presses[0].volume_ul == pytest.approx(0.17 * 5.0, abs=0.02)
    assert bench.core.desk.view.pressure.peak_kpa <= before_kpa * 1.05 + 0.1
    assert before_kpa < 60.0


def test_without_the_profile_asking_nobody_is_asked() -> None:
    bench = CoreBench().to_ready()
    assert "close_tip" not in [each.data.get("id") for each in bench.ordered(Note)]


def test_a_soft_line_is_pressed_with_no_more_than_is_allowed() -> None:
    bench = ClosedBench.primed(
        LineModel(8.0, 0.75), replace(CLOSED, prime_ul=50.0, expected_resistance_kpa_s_ul=8.0, hold_s=60.0)
    )
    bench.to_question()
    presses = [intent.motion.volume_ul for intent in bench.core.ordered(WriteIntent)][2:]
    assert sum(presses) <= 40.0


def test_what_is_pressed_counts_in_the_budget_of_priming() -> None:
    plan = replace(CLOSED, first_prime_ul=10.0, prime_ul=20.0)
    bench = ClosedBench.primed(LINE, plan)
    bench.core.desk.account.entries[0].infused_ul = 575.0
    bench.close().live()
    assert "priming would take more than 600 ul" in bench.refusal()


# -- what is refused -----------------------------------------------------------------------------------------------------------


def test_an_operator_who_answers_without_closing_is_told_so() -> None:
    bench = ClosedBench.primed().live()
    text = bench.refusal()
    assert "the tip is not closed" in text
    assert "open the tip" in text
    assert "begin anew" in text
    assert len(bench.told()) == 1, "what was measured is written down also where it is refused"


@pytest.mark.parametrize(
    ("leak", "words"), [(0.01, "the closed line leaks 0."), (0.2, "the tip is not closed, its cap has come off")]
)
def test_a_leak_is_refused_with_its_size(leak: float, words: str) -> None:
    bench = ClosedBench.primed()
    bench.leak_ul_s_kpa = leak
    text = bench.close().live().refusal()
    assert words in text
    assert "look where fluid comes out" in text


def test_a_small_leak_passes_and_is_written_down() -> None:
    bench = ClosedBench.primed()
    bench.leak_ul_s_kpa = 0.002
    bench.to_question()
    (note,) = bench.told()
    assert note.data["leak_ul_s_kpa"] == pytest.approx(0.002, rel=0.1)


@pytest.mark.parametrize("at_ul", [0.5, 5.0])
def test_a_cap_that_pops_off_is_refused(at_ul: float) -> None:
    """In the second press, and in the hold behind it."""
    bench = ClosedBench.primed().close()
    bench.live(lambda: bench.begun == 4 and bench.pushed_ul >= at_ul)
    if at_ul > 1.0:
        bench.live(lambda: bench.core.desk.account.moving is None)
    bench.closed = False
    bench.live()
    assert "its cap has come off" in bench.refusal()


def test_too_high_a_pressure_ends_it_at_once() -> None:
    bench = ClosedBench.primed()
    bench.line = LineModel(5.0, 0.05)
    bench.close().live()
    assert bench.core.desk.account.moving is not None, "it is stopped on its way"
    text = bench.refusal()
    assert "kPa with the tip closed" in text
    assert bench.kpa < 1.25 * 50.0 + 5.0
    assert len(bench.told()) == 1


def test_a_cap_that_was_pushed_on_hard_is_refused() -> None:
    bench = ClosedBench.primed().close()
    bench.kpa = 9.0
    bench.live()
    assert "close it without pushing" in bench.refusal()
    assert len(list(bench.core.ordered(RunPump))) == 2


def test_air_is_refused_once_the_tip_is_open_again() -> None:
    bench = ClosedBench.primed(LineModel(5.0, 0.17, 10.0)).to_question()
    assert bench.core.desk.reason is None
    bench.closed = False
    bench.live()
    assert bench.refusal().startswith("air in the line: about 10 ul")


def test_a_tip_that_stays_closed_is_refused() -> None:
    bench = ClosedBench.primed().to_question()
    bench.live(limit_s=40.0)
    text = bench.refusal()
    assert "the tip is still closed, blocked or dry" in text


def test_a_tip_that_was_opened_early_is_as_good() -> None:
    bench = ClosedBench.primed(LINE, BEDSIDE)
    bench.close()
    bench.answer()
    bench.live(lambda: bench.asked == "open_tip")
    bench.closed = False
    bench.live(limit_s=5.0)
    bench.answer()
    bench.live()
    assert bench.core.state is State.READY


@pytest.mark.parametrize("question", ["close_tip", "open_tip"])
def test_nobody_is_waited_for_without_end(question: str) -> None:
    bench = ClosedBench.primed(LINE, BEDSIDE)
    if question == "open_tip":
        bench.close()
        bench.answer()
        bench.live(lambda: bench.asked == question)
    bench.live(limit_s=200.0)
    assert "was not over within 180 s" in bench.refusal()


def test_a_word_that_answers_another_question_closes_nothing() -> None:
    bench = ClosedBench.primed(LINE, BEDSIDE)
    bench.core.say(
        Operator("confirm", "test", "cannula_outside"), Operator("go", "test"), Operator("confirm", "test", "open_tip")
    )
    bench.live(limit_s=3.0)
    assert bench.asked == "close_tip"
    assert len(list(bench.core.ordered(WriteIntent))) == 2


# -- other causes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (PressureFault("the samples do not change"), Reason.PRESSURE_FAULT),
        (ButtonOpened("AB"), Reason.PAIN_STOP),
        (Operator("stop", "test"), Reason.OPERATOR_STOP),
    ],
    ids=["frozen", "button", "operator"],
)
def test_whatever_stops_stops_a_press_too(cause: object, reason: Reason) -> None:
    bench = pressing()
    assert first_stop(bench.core.say(cause)).reason is reason
    assert "open the tip" in bench.core.desk.reason_text, "whoever deals with the cause has a closed line in hand"
    bench.core.say(PumpStopped(bench.pushed_ul, 0.0), PumpIdle())
    bench.core.breathe(3.0, bench.kpa)
    assert bench.core.state is State.STOPPED
    assert "relief" not in {intent.into for intent in bench.core.ordered(WriteIntent)}


def test_a_transmitter_that_falls_silent_stops_a_press() -> None:
    bench = pressing()
    for _ in range(15):
        bench.core.say(
            PumpHeard(), ButtonProved("A"), ButtonProved("B"), PumpReading(PumpStatus.INFUSING, 2.1, 0.0), after_s=0.01
        )
    assert bench.core.desk.reason is None
    assert first_stop(bench.core.say(Tick())).reason is Reason.PRESSURE_SILENT
