"""The parts of the watch: bins, rows in stretches, members of the family."""

from dataclasses import replace
from math import expm1

import numpy as np
import pytest

from controller.core.duct.bins import BIN_S, Bin, Bins
from controller.core.duct.cycle import Cycle, Residual, hump
from controller.core.duct.family import UNKNOWNS, Sums, first_sums, intact, torn_from
from controller.core.duct.kink import answer, question, solved
from controller.core.line import LineModel

LINE = LineModel(7.0, 0.17, 2.0)


def binned(bins: Bins, samples: list[tuple[float, float]]) -> list[Bin]:
    return [done for at_s, kpa in samples if (done := bins.take(at_s, kpa)) is not None]


def test_what_has_gone_through_is_what_was_pushed_less_what_the_line_holds() -> None:
    bins = Bins(replace(LINE, late_s=0.05))
    bins.start(0.0, 50.0, 5.0)
    found = binned(bins, [(0.01 * count, min(30.0, 3.0 * count)) for count in range(1, 1201)])
    assert len(found) == 59
    last = found[-1]
    assert last.through_ul == pytest.approx(50.0 - (LINE.filled_ul(30.0) - LINE.filled_ul(3.0)), abs=1e-6)
    half = found[24]
    assert half.through_ul == pytest.approx(5.0 * (half.t_s - 0.05) - (LINE.filled_ul(30.0) - LINE.filled_ul(3.0)), abs=1e-6)
    assert last.area_kpa_s - half.area_kpa_s == pytest.approx(30.0 * (last.t_s - half.t_s), rel=1e-9)


def test_a_second_motion_is_counted_behind_the_first_one() -> None:
    bins = Bins(LINE)
    bins.start(0.0, 50.0, 5.0)
    bins.start(20.0, 30.0, 5.0)
    assert [bins.pushed_ul(at_s) for at_s in (20.0, 23.0, 99.0)] == [50.0, 65.0, 80.0]


def test_samples_that_come_twice_or_late_do_no_harm() -> None:
    bins = Bins(LINE)
    assert binned(bins, [(1.0, 2.0), (1.0, 2.0), (0.5, 9.0)]) == []
    found = binned(bins, [(1.1, 2.0), (1.1 + 5 * BIN_S, 2.0)])
    assert len(found) == 1, "a gap makes one bin"
    assert found[0].line_kpa == pytest.approx(2.0)


def cycle_of(values: list[float], *, flowing: bool = True) -> Cycle:
    cycle = Cycle(2)
    cycle.weigh_flowing(2.0)
    for count, value in enumerate(values):
        cycle.add(np.full((2, UNKNOWNS), float(count)), value, BIN_S * count, 2.0, flowing=flowing)
    return cycle


def test_every_stretch_has_a_constant_of_its_own() -> None:
    cycle = Cycle(2)
    cycle.weigh_flowing(2.0)
    for count in range(20):
        if count == 10:
            cycle.begin_stretch()
        cycle.add(np.full((2, UNKNOWNS), float(count)), 100.0 * (count >= 10), BIN_S * count, 2.0, flowing=True)
    residual = cycle.residual(0, np.zeros(UNKNOWNS))
    assert np.allclose(residual.left, 0.0)
    assert residual.counts.tolist() == [10, 10]
    sums = cycle.sums(0, 2)
    assert np.allclose(sums.square, 0.0)
    assert np.allclose(sums.matrix[1, 3, 3], 2 * 4.0 * 82.5), "the squares of 0 to 9 less their mean, of weight 2"


def test_sums_that_grow_are_those_of_all_rows_at_once() -> None:
    """Row by row, with stretches, other weights, and a part left out, against the plain sum over centred rows."""
    draw = np.random.default_rng(5)
    cycle, kept = Cycle(3), []
    for count in range(120):
        if count in (30, 31, 70, 71, 72):
            cycle.begin_stretch()
        rows, value, weight = 1e3 + draw.normal(size=(3, UNKNOWNS)), 1e4 + draw.normal(), draw.uniform(1.0, 3.0)
        flowing = count < 70
        cycle.add(rows, value, BIN_S * count, weight, flowing=flowing)
        stretch = sum(count >= begin for begin in (30, 31, 70, 71, 72))
        kept.append((stretch, rows, value, 5.0 if flowing else weight, BIN_S * count))
        if count % 7 == 0:
            cycle.sums(0, 3)
    cycle.weigh_flowing(5.0)

    def plainly(kept: list[tuple[float, np.ndarray, float, float, float]]) -> np.ndarray:
        products = np.zeros((3, UNKNOWNS + 1, UNKNOWNS + 1))
        for stretch in {each[0] for each in kept}:
            chosen = [each for each in kept if each[0] == stretch]
            rows = np.array([np.column_stack([each[1], np.full(3, each[2])]) for each in chosen]).transpose(1, 0, 2)
            weight = np.array([each[3] for each in chosen])
            share = weight**2 / (weight**2).sum()
            rows = (rows - (rows * share[:, None]).sum(axis=1, keepdims=True)) * weight[:, None]
            products += rows.transpose(0, 2, 1) @ rows
        return products

    def same(found: Sums, wanted: np.ndarray) -> bool:
        return np.allclose(found.products, wanted, rtol=1e-7, atol=1e-6)

    assert same(cycle.sums(0, 3), plainly(kept))
    without = [(each[0] + (0.5 if each[4] > 7.0 else 0.0), *each[1:]) for each in kept if not 5.0 <= each[4] <= 7.0]
    tried, rows = cycle.sums_without(5.0, 7.0, 3)
    assert rows == len(without)
    assert same(tried, plainly(without))
    cycle.leave_out(5.0, 7.0)
    assert same(cycle.sums(0, 3), plainly(without))


def test_what_is_left_out_is_gone_and_what_follows_begins_anew() -> None:
    cycle = cycle_of([0.0] * 8 + [5.0] * 4 + [9.0] * 8)
    tried, rows = cycle.sums_without(1.5, 2.3, 2)
    assert rows == 16
    cycle.leave_out(1.5, 2.3)
    for sums in (tried, cycle.sums(0, 2)):
        assert np.allclose(sums.square, 0.0)
    assert cycle.residual(0, np.zeros(UNKNOWNS)).counts.tolist() == [8, 8]
    cycle.add(np.zeros((2, UNKNOWNS)), 9.0, 4.0, 2.0, flowing=True)
    assert cycle.residual(0, np.zeros(UNKNOWNS)).counts.tolist() == [8, 9]


def test_all_of_it_can_be_left_out() -> None:
    cycle = cycle_of([1.0] * 6)
    cycle.leave_out(-1.0, 99.0)
    assert cycle.count == 0
    assert not cycle.sums(0, 2).matrix.any()


def test_a_slow_increment_and_a_long_hold_are_kept_whole() -> None:
    """At 0.5 ul/s an increment alone takes 500 rows."""
    cycle = cycle_of([float(count) for count in range(900)])
    residual = cycle.residual(0, np.zeros(UNKNOWNS))
    assert cycle.count == len(residual.time_s) == 900
    assert residual.time_s[-1] == pytest.approx(899 * BIN_S)
    assert residual.left[-1] - residual.left[0] == pytest.approx(2.0 * 899)


@pytest.mark.timeout(5)
def test_a_gap_of_any_length_costs_one_bin() -> None:
    bins = Bins(LINE)
    found = binned(bins, [(1.0, 2.0), (1.1, 2.0), (1e12, 2.0), (1e12 + 0.1, 2.0), (1e12 + 0.3, 2.0)])
    assert len(found) == 2


def test_the_roughness_is_that_of_single_rows_and_not_of_the_course() -> None:
    draw = np.random.default_rng(3)
    cycle = cycle_of([0.3 * draw.normal() + 4.0 * count for count in range(60)])
    assert cycle.roughness_kpa_s() == pytest.approx(0.3, rel=0.35)
    assert cycle_of([0.0] * 60, flowing=False).roughness_kpa_s() is None
    assert cycle_of([0.0] * 5).roughness_kpa_s() is None


def test_a_hump_is_found_where_it_is_and_only_if_it_lifts_what_follows() -> None:
    course = [0.0] * 15 + [1.0, 2.0, 4.0, 6.0] + [7.0] * 15

    def left_of(course: list[float]) -> Residual:
        return cycle_of(course).residual(0, np.zeros(UNKNOWNS))

    worth, from_s, to_s = hump(left_of(course), (2, 4, 6))
    assert worth > 20.0
    assert from_s == pytest.approx(15 * BIN_S, abs=2 * BIN_S)
    assert to_s == pytest.approx(18 * BIN_S, abs=2 * BIN_S)
    assert hump(left_of([-each for each in course]), (2, 4, 6))[0] == 0.0
    assert hump(left_of([0.0] * len(course)), (2, 4, 6))[0] == 0.0


def test_an_intact_member_keeps_everything_and_a_torn_one_loses_above_the_tissues_pressure() -> None:
    ducts = intact(7.0)
    torn, _ = torn_from(ducts, first_sums(len(ducts.shape_ul), 7.0, 1.2))
    for count in range(200):
        elastic, wall, bent = ducts.step(0.2, 0.5 * count)
        torn.step(0.2, 0.5 * count)
    x = 0.5 * 199 / ducts.shape_ul
    assert np.allclose(elastic, np.expm1(np.minimum(x, 8.0)))
    assert np.allclose(bent, x * np.exp(x))
    assert ((wall > 0.0) & (wall < elastic)).all()
    assert (ducts.leaked_ul == 0.0).all()
    assert (torn.leaked_ul >= 0.0).all()
    most, least = torn.leaked_ul[torn.tissue_kpa == 0.0], torn.leaked_ul[torn.tissue_kpa == 1.6]
    assert most.min() > 0.5
    assert (least <= most).all()
    assert (torn.leaked_ul < 0.5 * 200).all(), "no more than went in"


def test_a_break_is_dated_and_measured() -> None:
    """A course that is a member's own, and from 6 s on falls away from it by 0.4 kPa a second."""
    ducts = intact(7.0)
    member, shape_ul = 4, float(ducts.shape_ul[4])
    cycle, area, integrals = Cycle(len(ducts.shape_ul)), 0.0, np.zeros((len(ducts.shape_ul), 3))
    for count in range(50):
        t_s = BIN_S * count
        elastic, wall, bent = ducts.step(BIN_S, 5.0 * t_s + 20.0)
        integrals += BIN_S * np.stack([elastic, -wall, -bent], axis=1)
        area += BIN_S * (0.3 * expm1((5.0 * t_s + 20.0) / shape_ul) - 0.09 * float(wall[member]))
        rows = np.zeros((len(ducts.shape_ul), UNKNOWNS))
        rows[:, 0], rows[:, 3:5], rows[:, 6] = t_s, integrals[:, :2], integrals[:, 2]
        fallen = -0.2 * max(0.0, t_s - 6.0) ** 2
        cycle.add(rows, area + fallen, t_s, 1.0 / 0.1, flowing=True)
    members = len(ducts.shape_ul)
    cycle.weigh_flowing(1.0 / 0.1)
    sums = first_sums(members, 7.0, 1.2)
    stand = cycle.stand(members)
    cycle.begin_stretch()
    for _ in range(3):  # what comes between two parts of a judgement is for the next one
        cycle.add(np.full((members, UNKNOWNS), 1e4), -1e5, 10.0, 1.0, flowing=True)
    asked = question(cycle, stand, 0.0)
    assert asked is not None
    found = answer(asked, *solved(sums.with_rows(stand.sums), asked.asked.across))
    assert found.likelihood > 30.0
    assert found.at_s == pytest.approx(6.0, abs=1.0)
    assert found.kpa_s == pytest.approx(0.4, rel=0.4)
