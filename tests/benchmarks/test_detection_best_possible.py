"""The upper bound: its features are what they say and know nothing of the future, and its training learns what can be learnt."""

from math import exp

import numpy as np
import pytest

from controller.benchmarks.detection.course import Course, Held, Phase, Sample
from controller.benchmarks.detection.methods import Setting
from controller.benchmarks.detection.methods.best_possible import BestPossible, trained
from controller.benchmarks.detection.methods.features import NAMES, Features
from controller.benchmarks.detection.methods.method import Numbers, follow
from controller.benchmarks.detection.train import examples_of, train
from controller.core.line import LineModel
from tests.benchmarks.courses import HOLD_S, INCREMENT_UL, INFUSE_S, RATE_UL_S, course

LINE = LineModel(8.0, 0.2, 0.5)
SETTING = Setting(RATE_UL_S, INCREMENT_UL, LINE, 0.0, 0.05)
MEASURED = {"resistance_kpa_s_ul": 8.0, "compliance_ul_kpa": 0.2, "bubble_ul": 0.5, "late_s": 0.0, "noise_kpa": 0.05}


def through_the_line(duct_kpa: float) -> Course:
    """Two increments through LINE, into a duct of constant pressure."""
    tau_s = LINE.tau_s(40.0, duct_kpa)
    made = course(lambda _, since_s: duct_kpa + 40.0 * (1.0 - exp(-since_s / tau_s)), [duct_kpa] * 3, noise_kpa=0.0)
    made.line = MEASURED
    return made


def rows_of(heard: Course) -> list[Numbers]:
    features, rows = Features(SETTING), []
    for each in heard.heard():
        if isinstance(each, Sample):
            features.sample(each.asked_s, each.kpa)
        elif isinstance(each, Held):
            features.held(each.kpa)
        else:
            (features.infuse if each.phase is Phase.INFUSING else features.rest)(each.at_s)
        if features.row is not None and (not rows or features.row is not rows[-1]):
            rows.append(features.row)
    return rows


def test_the_balance_tells_the_pressure_in_the_duct_while_fluid_flows() -> None:
    rows = rows_of(through_the_line(2.0))
    flowing = [dict(zip(NAMES, row, strict=True)) for row in rows if row[0] == 1.0 and row[NAMES.index("elapsed")] >= 0.4]
    assert len(flowing) > 20
    for row in flowing:
        for name in ("duct_0.6", "duct_1.5", "duct_3.0"):
            assert row[name] == pytest.approx(2.0, abs=0.3), name


def test_the_holds_stand_in_the_row_once_they_are_known() -> None:
    heard = course(lambda *_: 40.0, [1.0, 2.5, 2.0])
    last = dict(zip(NAMES, rows_of(heard)[-1], strict=True))
    assert (last["hold"], last["hold_before"], last["below_highest_hold"]) == (2.0, 2.5, 0.5)
    assert (last["rise"], last["rise_before"], last["rise_change"]) == (-0.5, 1.5, -2.0)


def test_the_features_know_nothing_of_what_is_to_come() -> None:
    before_s = 2 * (INFUSE_S + HOLD_S)
    early = course(lambda *_: 40.0, [1.0, 2.0, 3.0])
    other = course(lambda number, _: 30.0 if number == 2 else 40.0, [1.0, 2.0, 0.5])
    count = round(before_s / 0.5) - 4
    for row, another in zip(rows_of(early)[:count], rows_of(other)[:count], strict=True):
        assert np.array_equal(row, another)


def test_it_is_trained_on_these_features_and_its_score_is_finite() -> None:
    assert trained().inner.shape[0] == len(NAMES)
    found = follow(through_the_line(1.0), BestPossible(SETTING))
    assert len(found.score)
    assert np.isfinite(found.score).all()


def test_examples_are_torn_from_the_tear_on() -> None:
    heard = through_the_line(1.0)
    heard.tear_s = INFUSE_S + HOLD_S
    rows, torn, weights = examples_of(heard)
    assert rows.shape == (len(torn), len(NAMES))
    assert set(weights) == {1.0}
    assert torn.mean() == pytest.approx(2 / 3, abs=0.03)
    assert list(torn) == sorted(torn)
    heard.subgroup = "motion"
    assert set(examples_of(heard)[2]) == {5.0}


def test_training_learns_what_can_be_learnt_and_the_same_each_time() -> None:
    random = np.random.default_rng(2)
    rows = random.normal(size=(1500, len(NAMES)))
    torn = (np.abs(rows[:, 3]) > 0.67).astype(float)  # half of them, and no straight line parts these
    examples = (rows, torn, np.ones(len(torn)))
    network = train(examples, epochs=200)
    right = ((network.logits(rows) > 0.0) == (torn > 0.5)).mean()
    assert right > 0.75
    assert np.array_equal(train(examples, epochs=1).outer, train(examples, epochs=1).outer)
