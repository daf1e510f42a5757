"""What holds of every plunger on every course: no volume is created, and it does not matter how time is cut."""

import math
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.plunger import Plunger, PlungerOptions
from simulators.plunger.friction import STIFFEST_LINE_KPA_UL

_ROUNDING = 1e-6

leg = st.tuples(
    st.floats(min_value=-20.0, max_value=20.0),  # uL of the drive, below 0 backwards
    st.integers(min_value=1, max_value=40),  # in so many steps
)
course = st.lists(leg, min_size=1, max_size=8)
small_steps = st.lists(st.tuples(st.floats(min_value=-0.1, max_value=0.1), st.integers(1, 300)), min_size=1, max_size=8)
rigid = st.builds(
    PlungerOptions,
    step_ul=st.sampled_from([0.0, 0.01, 0.07, 0.5]),
    backlash_ul=st.floats(min_value=0.0, max_value=5.0),
)


@st.composite
def springy(draw: st.DrawFn) -> PlungerOptions:
    static_kpa = draw(st.floats(min_value=0.0, max_value=173.0))
    return PlungerOptions(
        step_ul=draw(st.sampled_from([0.0, 0.02, 0.3])),
        backlash_ul=draw(st.floats(min_value=0.0, max_value=3.0)),
        static_friction_kpa=static_kpa,
        sliding_friction_kpa=static_kpa * draw(st.floats(min_value=0.0, max_value=1.0)),
        drive_stiffness_kpa_ul=draw(st.floats(min_value=5.0, max_value=400.0)),
        fill_ul=draw(st.sampled_from([math.inf, 15.0])),
    )


class Walk:
    """A plunger on its way, before a closed vessel of so many uL/kPa (inf: an open one)."""

    def __init__(self, options: PlungerOptions, compliance_ul_kpa: float = math.inf) -> None:
        self.plunger = Plunger(options)
        self._compliance_ul_kpa = compliance_ul_kpa
        self.drive_ul = 0.0
        self.given_ul = 0.0

    @property
    def line_kpa(self) -> float:
        return self.given_ul / self._compliance_ul_kpa

    def go(self, each_ul: float) -> float:
        self.drive_ul += each_ul
        moved_ul = self.plunger.step(max(each_ul, 0.0), max(-each_ul, 0.0), self.line_kpa)
        self.given_ul += moved_ul
        return moved_ul


@given(options=rigid, legs=course)
def test_a_rigid_stopper_is_never_ahead_of_its_drive_nor_far_behind_it(
    options: PlungerOptions, legs: list[tuple[float, int]]
) -> None:
    walk = Walk(options)
    for volume_ul, steps in legs:
        for _ in range(steps):
            walk.go(volume_ul / steps)
            behind_ul = walk.drive_ul - walk.plunger.stopper_ul
            assert -options.step_ul - _ROUNDING <= behind_ul <= options.backlash_ul + options.step_ul + _ROUNDING
    assert math.isclose(walk.given_ul, walk.plunger.stopper_ul, abs_tol=_ROUNDING)


@given(options=rigid, legs=course)
def test_a_closed_course_of_a_rigid_drive_closes_again(options: PlungerOptions, legs: list[tuple[float, int]]) -> None:
    """A course begun with both plays taken up, done twice, ends both times at the same place."""
    ends = []
    walk = Walk(options)
    for _ in range(3):
        for volume_ul, steps in [(-30.0, 3), *legs, (-math.fsum(volume for volume, _ in legs), 5), (30.0, 3)]:
            for _ in range(steps):
                walk.go(volume_ul / steps)
        ends.append(walk.plunger.stopper_ul)
    for earlier, later in pairwise(ends):
        assert math.isclose(earlier, later, abs_tol=options.step_ul + _ROUNDING)


@given(options=rigid, legs=course, finer=st.integers(min_value=2, max_value=9))
def test_how_time_is_cut_does_not_matter_to_a_rigid_drive(
    options: PlungerOptions, legs: list[tuple[float, int]], finer: int
) -> None:
    coarse, fine = Walk(options), Walk(options)
    for volume_ul, steps in legs:
        for _ in range(steps):
            coarse.go(volume_ul / steps)
        for _ in range(steps * finer):
            fine.go(volume_ul / (steps * finer))
        # one whole step may wait for the last billionth of its travel
        assert abs(coarse.plunger.stopper_ul - fine.plunger.stopper_ul) <= options.step_ul + _ROUNDING


@given(options=springy(), walk_legs=small_steps, compliance_ul_kpa=st.floats(min_value=0.05, max_value=1.0))
def test_the_stopper_stays_within_the_spring_and_the_backlash(
    options: PlungerOptions, walk_legs: list[tuple[float, int]], compliance_ul_kpa: float
) -> None:
    walk = Walk(options, compliance_ul_kpa)
    stiffness = options.drive_stiffness_kpa_ul
    longest_ul = max(abs(each_ul) for each_ul, _ in walk_legs) + options.step_ul
    lag_ul = longest_ul * (2.0 + STIFFEST_LINE_KPA_UL / stiffness)  # what one step brings is not followed at once
    lowest_kpa = highest_kpa = furthest_ul = 0.0
    for each_ul, steps in walk_legs:
        for _ in range(steps):
            stalls = walk.plunger.bottomed and each_ul > 0.0
            walk.go(each_ul)
            walk.drive_ul -= each_ul if stalls else 0.0
            lowest_kpa, highest_kpa = min(lowest_kpa, walk.line_kpa), max(highest_kpa, walk.line_kpa)
            furthest_ul = max(furthest_ul, walk.drive_ul)
            behind_ul = walk.drive_ul - walk.plunger.stopper_ul
            pushed_ul = (options.static_friction_kpa + highest_kpa) / stiffness
            pulled_ul = (options.static_friction_kpa - lowest_kpa) / stiffness
            assert -pulled_ul - lag_ul - _ROUNDING <= behind_ul <= pushed_ul + options.backlash_ul + lag_ul + _ROUNDING
            assert walk.plunger.stopper_ul <= min(furthest_ul + options.step_ul, options.fill_ul) + _ROUNDING
            assert walk.plunger.bottomed == (walk.plunger.stopper_ul >= options.fill_ul)
    assert math.isclose(walk.given_ul, walk.plunger.stopper_ul, abs_tol=_ROUNDING)


@settings(max_examples=50)
@given(options=springy(), compliance_ul_kpa=st.floats(min_value=0.05, max_value=1.0), finer=st.integers(min_value=2, max_value=5))
def test_how_time_is_cut_moves_a_springy_stopper_by_less_than_a_slip(
    options: PlungerOptions, compliance_ul_kpa: float, finer: int
) -> None:
    """Which slip is the last one depends on the smallest things; what they add up to does not."""
    coarse, fine = Walk(options, compliance_ul_kpa), Walk(options, compliance_ul_kpa)
    step_ul = 0.02
    together = options.drive_stiffness_kpa_ul + 1.0 / compliance_ul_kpa
    slip_kpa = options.static_friction_kpa - options.sliding_friction_kpa
    lag_kpa = (step_ul + 2 * options.step_ul) * (2.0 * options.drive_stiffness_kpa_ul + STIFFEST_LINE_KPA_UL)
    for _ in range(1000):
        coarse.go(step_ul)
        for _ in range(finer):
            fine.go(step_ul / finer)
        assert abs(coarse.given_ul - fine.given_ul) <= (slip_kpa + lag_kpa) / together + _ROUNDING
