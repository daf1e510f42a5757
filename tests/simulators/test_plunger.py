"""Steps, back-lash, friction and the end of the syringe, each alone and against a line that answers."""

import math
from dataclasses import fields
from itertools import pairwise

import pytest

from simulators.plunger import Plunger, PlungerOptions

STEPPED = 0.25
STIFF = 100.0


def travel(plunger: Plunger, each_ul: float, times: int = 1, line_kpa: float = 0.0) -> float:
    """What the stopper moves in all while the drive travels each_ul (below 0: backwards) so many times."""
    return math.fsum(plunger.step(max(each_ul, 0.0), max(-each_ul, 0.0), line_kpa) for _ in range(times))


class CappedLine:
    """A closed vessel of so many uL/kPa behind the stopper, or one that lets out flow through a resistance."""

    def __init__(self, plunger: Plunger, compliance_ul_kpa: float, resistance_kpa_s_ul: float = math.inf) -> None:
        self._plunger = plunger
        self._compliance_ul_kpa = compliance_ul_kpa
        self._tau_s = compliance_ul_kpa * resistance_kpa_s_ul
        self.kpa = 0.0

    def live(self, rate_ul_s: float, for_s: float, step_s: float = 0.001) -> list[float]:
        """The drive's rate for a while (0: it stands); what the stopper moved in every step."""
        moves = []
        for _ in range(round(for_s / step_s)):
            moves.append(self._plunger.step(max(rate_ul_s, 0.0) * step_s, max(-rate_ul_s, 0.0) * step_s, self.kpa))
            self.kpa = self.kpa * math.exp(-step_s / self._tau_s) + moves[-1] / self._compliance_ul_kpa
        return moves


def test_without_any_option_the_stopper_does_what_the_drive_does() -> None:
    plunger = Plunger(PlungerOptions())
    assert plunger.passive
    assert [plunger.step(0.5, 0.0, 200.0), plunger.step(0.0, 0.75, -3.0), plunger.step(0.0, 0.0, 9.0)] == [0.5, -0.75, 0.0]
    assert plunger.stopper_ul == -0.25
    assert not plunger.bottomed


@pytest.mark.parametrize(
    "options", [{"step_ul": 0.1}, {"backlash_ul": 1.0}, {"fill_ul": 100.0}, {"drive_stiffness_kpa_ul": 50.0}]
)
def test_every_effect_needs_the_plunger(options: dict[str, float]) -> None:
    assert not Plunger(PlungerOptions(**options)).passive


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"step_ul": -0.1}, "step_ul = -0.1 must be finite and not below 0"),
        ({"backlash_ul": math.nan}, "backlash_ul = nan must be finite"),
        ({"drive_stiffness_kpa_ul": math.inf}, "drive_stiffness_kpa_ul = inf must be finite"),
        ({"fill_ul": 0.0}, "fill_ul = 0.0 must be above 0"),
        ({"fill_ul": math.nan}, "fill_ul = nan must be above 0"),
        ({"static_friction_kpa": 20.0, "sliding_friction_kpa": 21.0}, "sliding_friction_kpa = 21.0 must not be above"),
    ],
)
def test_numbers_that_no_plunger_has_are_refused(options: dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=f"plunger option {told}"):
        PlungerOptions(**options)


def test_every_option_can_be_set_at_a_bench() -> None:
    assert {each.type for each in fields(PlungerOptions)} <= {float, "float"}
    assert [each.name for each in fields(PlungerOptions)] == [
        "step_ul",
        "backlash_ul",
        "static_friction_kpa",
        "sliding_friction_kpa",
        "drive_stiffness_kpa_ul",
        "fill_ul",
    ]


# -- steps of the motor ----------------------------------------------------------------------------------------------------------


def test_travel_arrives_in_whole_steps() -> None:
    plunger = Plunger(PlungerOptions(step_ul=STEPPED))
    moves = [plunger.step(0.1, 0.0, 0.0) for _ in range(10)]
    assert [round(move / STEPPED, 9) for move in moves] == [0, 0, 1, 0, 1, 0, 0, 1, 0, 1]
    assert travel(plunger, 0.7) == pytest.approx(2 * STEPPED)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_sum_that_ends_a_hair_before_a_step_is_the_whole_step(sign: int) -> None:
    assert sum([0.1] * 8) < 0.8
    assert travel(Plunger(PlungerOptions(step_ul=0.8)), sign * 0.1, 8) == sign * 0.8


def test_a_small_turn_back_is_no_step_back() -> None:
    plunger = Plunger(PlungerOptions(step_ul=STEPPED))
    assert travel(plunger, 1.0) == 1.0
    assert travel(plunger, -0.2) == 0.0
    assert travel(plunger, -0.1) == -STEPPED


# -- back-lash -------------------------------------------------------------------------------------------------------------------


def test_each_change_of_direction_costs_the_backlash() -> None:
    plunger = Plunger(PlungerOptions(backlash_ul=2.0))
    assert travel(plunger, 0.5, 4) == 0.0
    assert travel(plunger, 0.5, 20) == 10.0
    assert travel(plunger, -0.5, 4) == 0.0
    assert travel(plunger, -0.5, 6) == -3.0
    assert travel(plunger, 1.0) == 0.0
    assert travel(plunger, -1.0) == 0.0
    assert travel(plunger, 3.0) == 1.0


# -- friction --------------------------------------------------------------------------------------------------------------------


def rubber(static_kpa: float, sliding_kpa: float, stiffness_kpa_ul: float = STIFF, **more: float) -> Plunger:
    return Plunger(
        PlungerOptions(
            static_friction_kpa=static_kpa, sliding_friction_kpa=sliding_kpa, drive_stiffness_kpa_ul=stiffness_kpa_ul, **more
        )
    )


def test_a_rigid_drive_neither_sticks_nor_slips() -> None:
    plunger = rubber(100.0, 50.0, 0.0)
    assert plunger.passive
    assert [plunger.step(0.01, 0.0, 80.0) for _ in range(5)] == pytest.approx([0.01] * 5)
    assert plunger.step(0.0, 0.02, 80.0) == pytest.approx(-0.02)


def test_the_stopper_stands_until_the_static_friction_is_overcome() -> None:
    plunger = rubber(80.0, 50.0)
    assert travel(plunger, 0.01, 79) == 0.0  # 0.80 uL at 100 kPa/uL break it loose
    assert travel(plunger, 0.01, 2) > 0.0


def test_a_slip_ends_where_the_sliding_friction_carries_the_difference() -> None:
    plunger = rubber(80.0, 50.0)
    line = CappedLine(plunger, 0.15)
    assert math.fsum(line.live(1.0, 0.799)) == 0.0
    slipped_ul = math.fsum([*line.live(1.0, 0.002), *line.live(0.0, 0.1)])
    # the spring relaxes and the line stiffens until their difference has fallen by 30 kPa
    assert slipped_ul == pytest.approx(30.0 / (STIFF + 1 / 0.15), rel=0.03)
    assert (0.801 - slipped_ul) * STIFF - line.kpa == pytest.approx(50.0, abs=0.8)


def test_the_pressure_at_the_plunger_jumps_by_the_difference_of_the_frictions() -> None:
    plunger = rubber(80.0, 50.0)
    line = CappedLine(plunger, 0.15, 10.0)
    line.live(5.0, 5.0)
    carried_kpa, pusher_ul = [], 25.0
    for _ in range(2000):
        line.live(5.0, 0.001)
        pusher_ul += 0.005
        carried_kpa.append((pusher_ul - plunger.stopper_ul) * STIFF - line.kpa)
    assert max(carried_kpa) == pytest.approx(80.0, abs=2.0)
    assert min(carried_kpa) == pytest.approx(50.0, abs=3.0)
    slips = sum(later < earlier - 5.0 for earlier, later in pairwise(carried_kpa))
    assert slips > 10


def test_the_mean_flow_through_stick_slip_is_the_drives() -> None:
    plunger = rubber(120.0, 80.0)
    line = CappedLine(plunger, 0.15, 10.0)
    line.live(5.0, 10.0)
    assert math.fsum(line.live(5.0, 10.0)) == pytest.approx(50.0, abs=0.5)
    assert line.kpa == pytest.approx(50.0, abs=4.0)


def test_equal_frictions_slide_evenly() -> None:
    plunger = rubber(60.0, 60.0)
    line = CappedLine(plunger, 0.15, 10.0)
    line.live(5.0, 10.0)
    moves = line.live(5.0, 1.0)
    assert min(moves) == pytest.approx(0.005, rel=0.02)
    assert max(moves) == pytest.approx(0.005, rel=0.02)


def test_a_stuck_stopper_creeps_on_while_the_line_empties_and_never_far() -> None:
    plunger = rubber(60.0, 40.0)
    line = CappedLine(plunger, 0.15, 10.0)
    line.live(5.0, 10.0)
    crept_ul = math.fsum(line.live(0.0, 20.0))
    # the line's 50 kPa had held the spring back: its difference to the friction comes out after the drive has stopped
    assert 0.0 < crept_ul <= (50.0 + 20.0) / STIFF
    assert line.live(0.0, 1.0) == [0.0] * 1000


def test_pressure_in_the_line_pushes_the_stopper_back_against_the_spring_alone() -> None:
    plunger = rubber(30.0, 20.0)
    back_ul = travel(plunger, 0.0, 100, line_kpa=90.0)
    assert back_ul == pytest.approx(-(90.0 - 20.0) / STIFF, rel=0.01)
    assert travel(plunger, 0.0, 10, line_kpa=90.0) == 0.0


def test_withdrawing_pulls_the_stopper_along() -> None:
    plunger = rubber(60.0, 40.0)
    line = CappedLine(plunger, 0.15)
    line.live(-2.0, 2.0)
    assert plunger.stopper_ul == pytest.approx(-(4.0 * STIFF - 40.0) / (STIFF + 1 / 0.15), abs=0.25)
    assert line.kpa < 0.0


def test_without_friction_the_stopper_hangs_on_the_spring() -> None:
    plunger = rubber(0.0, 0.0, 50.0)
    line = CappedLine(plunger, 0.15)
    line.live(5.0, 2.0)
    line.live(0.0, 0.2)
    assert plunger.stopper_ul == pytest.approx(10.0 * 50.0 / (50.0 + 1 / 0.15))
    assert line.kpa == pytest.approx((10.0 - plunger.stopper_ul) * 50.0)


@pytest.mark.parametrize("compliance_ul_kpa", [0.04, 0.08, 0.15, 2.0])
@pytest.mark.parametrize("stiffness_kpa_ul", [1.0, 10.0, 300.0])
def test_no_line_makes_the_stopper_swing(compliance_ul_kpa: float, stiffness_kpa_ul: float) -> None:
    for static_kpa, sliding_kpa in ((0.0, 0.0), (50.0, 10.0)):
        line = CappedLine(rubber(static_kpa, sliding_kpa, stiffness_kpa_ul), compliance_ul_kpa)
        assert min(line.live(5.0, 10.0)) >= 0.0
        assert line.live(0.0, 0.5)[-50:] == [0.0] * 50


# -- the end of the syringe ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"step_ul": 0.3}, {"backlash_ul": 2.0}, {"drive_stiffness_kpa_ul": STIFF}])
def test_an_empty_syringe_gives_no_more_and_can_be_drawn_back(more: dict[str, float]) -> None:
    plunger = Plunger(PlungerOptions(fill_ul=10.0, **more))
    given_ul = travel(plunger, 0.05, 190)
    assert not plunger.bottomed
    given_ul += travel(plunger, 0.05, 200)
    assert plunger.bottomed
    assert given_ul == pytest.approx(10.0)
    assert plunger.stopper_ul == 10.0
    assert travel(plunger, 0.05, 1000) == 0.0
    assert travel(plunger, -0.05, 100) == pytest.approx(-5.0 + more.get("backlash_ul", 0.0), abs=0.4)
    assert not plunger.bottomed
    travel(plunger, 0.05, 1000)
    assert plunger.stopper_ul == 10.0
