"""What follows from the duct's own pressure after an increment: on, full, resistance, lost, or the end."""

from dataclasses import replace
from itertools import pairwise

import pytest

from controller.core.plan import Plan
from controller.core.reasons import Reason
from controller.core.states import State
from drivers.pump import PumpIdle, PumpReading, PumpStatus, PumpStopped
from tests.core.bench import LINE, PLAN, CoreBench, after_10_ms, in_state


def held(kpa: list[float], plan: Plan = PLAN, flowing_kpa: list[float] | None = None) -> CoreBench:
    """What a duct is found to hold after some increments; flowing_kpa: and at the end of each, where that is not the same."""
    bench = in_state(State.INFUSING, plan)
    for held_kpa, (before_kpa, flowing) in zip(kpa, pairwise([0.0, *(flowing_kpa or kpa)]), strict=True):
        if bench.state is not State.INFUSING:
            bench.start_motion(before_kpa)
        bench.finish_motion(duct_kpa=(before_kpa, flowing))
        bench.hold(held_kpa, limit_s=40.0)
    return bench


@pytest.mark.parametrize(
    ("held_kpa", "limit_kpa", "full"),
    [(1.0, 5.0, False), (1.25, 5.0, False), (3.0, 5.0, True), (-0.2, 5.0, False), (4.9, 5.0, True), (0.6, 2.0, True)],
)
def test_after_the_first_hold_the_duct_is_taken_to_stiffen_by_e(held_kpa: float, limit_kpa: float, full: bool) -> None:
    bench = held([held_kpa], replace(PLAN, duct_limit_kpa=limit_kpa))
    assert (bench.state is State.COMPLETE) == full
    assert bench.desk.reason is (Reason.DUCT_FULL if full else None)


def test_a_hold_at_the_limit_is_resistance() -> None:
    bench = in_state(State.HOLDING)
    bench.hold(5.1)
    assert bench.desk.reason is Reason.RESISTANCE


@pytest.mark.parametrize(("jump_kpa", "reason"), [(0.9, None), (20.0, Reason.RESISTANCE)])
def test_a_stopper_that_slips_for_ever_ends_a_hold_by_what_is_known_anyway(jump_kpa: float, reason: Reason | None) -> None:
    """No relaxation is ever seen long enough to be fitted; the line is at rest at the end of its time, or it is not."""
    bench = in_state(State.HOLDING, replace(PLAN, hold_s=20.0))
    kpa = bench.desk.view.pressure.kpa or 0.0
    for count in range(2200):
        kpa = after_10_ms(LINE, kpa, 0.0) + (jump_kpa if count % 120 == 119 else 0.0)
        bench.breathe(0.01, kpa, noise=0.05)
        if bench.desk.hold_kpa or bench.desk.reason is not None:
            break
    assert bench.desk.reason is reason
    if reason is None:
        assert 1800 < count < 2100
        assert abs(bench.desk.hold_kpa[0]) < 0.5


@pytest.mark.parametrize("target_ul", [150.0, 200.0])
def test_a_duct_that_holds_less_than_before_has_lost_what_went_in(target_ul: float) -> None:
    bench = held([0.6, 1.5, 0.3], replace(PLAN, target_ul=target_ul))
    assert bench.desk.reason is Reason.EXTRAVASATION_SUSPECTED, "also after the last increment: that is no good end"
    assert f"and held {bench.desk.hold_kpa[1]:.2f} kPa" in bench.desk.reason_text
    assert "after increment 2" in bench.desk.reason_text
    bench.say(PumpStopped(50.0, 0.0), PumpIdle())
    bench.breathe(1.0)
    assert bench.state is State.STOPPED


@pytest.mark.parametrize(
    ("kpa", "flowing_kpa"),
    [([0.6, 1.2, 1.1], None), ([0.3, 1.1, 0.6], [0.3, 0.45, 0.6]), ([0.3, 0.6, 0.9], None)],
    ids=["little", "one_too_high", "rises"],
)
def test_what_noise_and_movement_explain_is_no_loss(kpa: list[float], flowing_kpa: list[float] | None) -> None:
    assert held(kpa, replace(PLAN, target_ul=150.0), flowing_kpa).desk.reason is Reason.VOLUME_REACHED


@pytest.mark.parametrize(
    ("slower", "after"),
    [([1.5, 1.0, 1.5], None), ([1.0, 1.5, 1.5], 3), ([1.2, 1.2, 1.2], None), ([2.2, 1.0, 1.0], 1)],
    ids=["now_and_then", "twice", "a_little", "plainly"],
)
def test_a_line_that_comes_to_rest_too_slowly_has_air_in_it(slower: list[float], after: int | None) -> None:
    """One hold that is bent a little may be a patient who moves."""
    bench = in_state(State.INFUSING, replace(PLAN, target_ul=150.0))
    for count, factor in enumerate(slower, start=1):
        if count > 1:
            bench.start_motion(0.2)
        bench.finish_motion(duct_kpa=(0.2, 0.2))
        bench.hold(0.2, limit_s=40.0, line=replace(LINE, compliance_ul_kpa=factor * LINE.compliance_ul_kpa))
        if bench.desk.reason is not None:
            break
    assert bench.desk.reason is (Reason.VOLUME_REACHED if after is None else Reason.AIR_IN_LINE)
    if after is not None:
        assert count == after


def test_the_last_increment_is_what_is_left() -> None:
    bench = in_state(State.HOLDING, replace(PLAN, target_ul=60.0))
    bench.hold(0.3)
    assert bench.intent.motion.volume_ul == 10.0


def test_what_a_pump_counts_short_is_not_ordered_again() -> None:
    """It tells four digits: 49.95 of 50 is an increment, and 0.05 ul more would be beyond what was planned."""
    bench = in_state(State.INFUSING, replace(PLAN, target_ul=50.0))
    bench.count(49.95)
    bench.say(PumpReading(PumpStatus.STOPPED, 49.95, 0.0), PumpIdle())
    bench.hold(0.3)
    assert bench.desk.reason is Reason.VOLUME_REACHED
