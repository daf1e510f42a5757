"""The whole line and duct against closed forms, over the steps it may be driven with; and nothing gets lost."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.plant import LineAndDuct, Plant, Tip, line_and_duct
from simulators.plant.hydraulics import VAPOUR_FLOOR_KPA, poiseuille_kpa_s_ul, stored_ul

STEPS_S = (0.0001, 0.001, 0.01, 0.05)
CANNULA_KPA_S_UL = poiseuille_kpa_s_ul(0.159, 25.4, 4.0)


def line(tip: Tip = "air", **options: float) -> LineAndDuct:
    plant = line_and_duct(0, 0, **options)
    plant.set_tip(tip)
    return plant


def run(plant: Plant, seconds: float, flow_ul_s: float, dt_s: float = 0.01) -> float:
    line_kpa = math.nan
    for _ in range(round(seconds / dt_s)):
        line_kpa = plant.step(dt_s, flow_ul_s)
    return line_kpa


def number(plant: LineAndDuct, name: str) -> float:
    value = plant.truth()[name]
    assert isinstance(value, float)
    return value


def missing_ul(plant: LineAndDuct) -> float:
    places = ("stored_ul", "into_duct_ul", "extravasated_ul", "reflux_ul", "out_into_air_ul")
    return number(plant, "pumped_ul") - sum(number(plant, place) for place in places)


def test_steady_flow_drops_by_poiseuille() -> None:
    plant = line("air")
    assert run(plant, 15.0, 5.0) == pytest.approx(5.0 * (CANNULA_KPA_S_UL + 0.5), rel=1e-4)
    assert number(plant, "flow_ul_s") == pytest.approx(5.0, rel=1e-4)


def test_the_default_line_stands_at_about_35_kpa() -> None:
    assert run(line("patient"), 10.0, 5.0) == pytest.approx(35.0, abs=1.0)


@pytest.mark.parametrize("dt_s", STEPS_S)
def test_rise_and_decay_are_those_of_one_rc(dt_s: float) -> None:
    # hardly any tube: one compliance before one resistance
    plant = line("air", tube_resistance_kpa_s_ul=1e-3, tube_compliance_ul_kpa=1e-4)
    resistance = CANNULA_KPA_S_UL + 1e-3
    tau_s = resistance * (0.15 + 1e-4)
    for seconds in (0.5, 1.0, 2.0):
        expected_kpa = 5.0 * resistance * (1.0 - math.exp(-seconds / tau_s))
        assert run(plant, seconds - number(plant, "pumped_ul") / 5.0, 5.0, dt_s) == pytest.approx(expected_kpa, rel=0.01)
    top_kpa = plant.step(0.0, 0.0)
    assert run(plant, 1.0, 0.0, dt_s) == pytest.approx(top_kpa * math.exp(-1.0 / tau_s), rel=0.01)
    assert abs(missing_ul(plant)) < 1e-9


def test_the_step_does_not_matter() -> None:
    def end(dt_s: float) -> list[float]:
        plant = line("patient")
        results = [run(plant, seconds, flow, dt_s) for seconds, flow in ((4.0, 5.0), (1.0, 0.0), (0.5, -10.0), (1.0, 2.0))]
        return [*results, number(plant, "duct_kpa"), number(plant, "into_duct_ul")]

    reference = end(STEPS_S[0])
    for dt_s in STEPS_S[1:]:
        assert end(dt_s) == pytest.approx(reference, rel=2e-3, abs=5e-3)


def test_a_capped_line_rises_by_its_compliance_and_keeps_it() -> None:
    plant = line("capped")
    run(plant, 2.0, 5.0)
    rested_kpa = run(plant, 1.0, 0.0)
    assert rested_kpa == pytest.approx(10.0 / 0.17, rel=1e-6)
    assert run(plant, 60.0, 0.0, 0.05) == pytest.approx(rested_kpa, rel=1e-9)


def test_a_capped_line_with_a_bubble_is_softer_and_the_less_so_the_higher() -> None:
    plant = line("capped")
    plant.fault("air", bubble_ul=10.0)
    for pumped_ul in (5.0, 10.0):
        run(plant, 0.5, 10.0)
        line_kpa = run(plant, 1.0, 0.0)
        assert stored_ul(line_kpa, 0.17, 10.0) == pytest.approx(pumped_ul, rel=1e-6)


def test_at_zero_flow_the_line_shows_the_duct() -> None:
    plant = line("patient")
    run(plant, 10.0, 5.0)
    rested_kpa = run(plant, 20.0, 0.0)
    into_duct_ul = number(plant, "into_duct_ul")
    assert into_duct_ul == pytest.approx(50.0, abs=0.2)
    expected_kpa = 2.0 * math.expm1(2.2 * into_duct_ul / 250.0) / math.expm1(2.2)
    assert number(plant, "duct_kpa") == pytest.approx(expected_kpa)
    assert rested_kpa == pytest.approx(expected_kpa, rel=1e-3)


def test_a_stop_leaves_what_the_line_has_stored() -> None:
    plant = line("air")
    line_kpa = run(plant, 15.0, 5.0)
    stored = number(plant, "stored_ul")
    assert stored == pytest.approx(0.15 * line_kpa + 0.02 * 5.0 * CANNULA_KPA_S_UL, rel=1e-3)
    out_ul = number(plant, "out_into_air_ul")
    run(plant, 20.0, 0.0)
    assert number(plant, "out_into_air_ul") - out_ul == pytest.approx(stored, rel=1e-3)


def test_withdrawal_pulls_below_atmosphere_and_no_further_than_vapour() -> None:
    plant = line("capped")
    assert run(plant, 0.5, -10.0) == pytest.approx(-5.0 / 0.17, rel=0.02)
    assert run(plant, 5.0, -10.0) == VAPOUR_FLOOR_KPA
    assert number(plant, "stored_ul") == pytest.approx(-55.0)
    # what was torn has to be filled again before any pressure comes back
    assert run(plant, 2.0, 10.0) == VAPOUR_FLOOR_KPA
    run(plant, 3.5, 10.0)
    assert run(plant, 1.0, 0.0) == pytest.approx(0.0, abs=1e-6)


def test_a_duct_gives_back_what_it_has_and_then_closes_on_the_tip() -> None:
    plant = line("patient")
    run(plant, 4.0, 5.0)
    run(plant, 8.0, -5.0)
    assert number(plant, "into_duct_ul") > -2.0
    assert number(plant, "duct_kpa") == pytest.approx(plant.step(0.001, -5.0), abs=2.0)
    assert plant.step(0.001, 0.0) < -60.0


def test_a_dry_tip_holds_its_meniscus() -> None:
    plant = line("air", meniscus_kpa=0.7)
    run(plant, 2.0, 5.0)
    assert run(plant, 60.0, 0.0) == pytest.approx(0.7, abs=0.02)


def test_a_move_of_the_tip_keeps_what_is_where() -> None:
    plant = line("air")
    run(plant, 3.0, 5.0)
    out_ul = number(plant, "out_into_air_ul")
    assert number(plant, "into_duct_ul") == 0.0
    plant.set_tip("patient")
    run(plant, 5.0, 5.0)
    assert number(plant, "out_into_air_ul") == out_ul
    assert number(plant, "cannula_ul") == pytest.approx(number(plant, "into_duct_ul"))
    in_duct_ul = number(plant, "into_duct_ul")
    plant.set_tip("air")
    run(plant, 10.0, 0.0)
    assert number(plant, "into_duct_ul") == in_duct_ul


@settings(max_examples=40, deadline=None)
@given(
    moves=st.lists(
        st.tuples(
            st.sampled_from(["air", "capped", "patient"]),
            st.floats(-20.0, 20.0),
            st.sampled_from([0.0001, 0.001, 0.0073, 0.05]),
            st.integers(1, 20),
        ),
        min_size=1,
        max_size=12,
    ),
    faults=st.sets(st.sampled_from(["clog", "leak", "air", "rupture", "reflux", "full_duct", "motion", "open_line", "block"])),
    threshold_kpa=st.floats(0.0, 3.0),
)
def test_nothing_is_lost_and_everything_stays_finite(
    moves: list[tuple[Tip, float, float, int]], faults: set[str], threshold_kpa: float
) -> None:
    plant = line("patient", duct_v0_ul=30.0)
    pumped_ul = turned_over_ul = 0.0
    for number_of_move, (tip, flow_ul_s, dt_s, count) in enumerate(moves):
        if number_of_move == len(moves) // 2:
            for name in sorted(faults):
                plant.fault(name, **({"threshold_kpa": threshold_kpa} if name == "rupture" else {}))
        plant.set_tip(tip)
        for _ in range(count):
            line_kpa = plant.step(dt_s, flow_ul_s)
            assert VAPOUR_FLOOR_KPA <= line_kpa < 1e4
            pumped_ul += dt_s * flow_ul_s
            turned_over_ul += dt_s * abs(flow_ul_s)
    for name in sorted(faults):
        plant.clear(name)
    plant.step(0.05, 0.0)
    truth = plant.truth()
    assert all(math.isfinite(value) for value in truth.values() if isinstance(value, float))
    assert truth["pumped_ul"] == pytest.approx(pumped_ul, abs=1e-9 * max(1.0, turned_over_ul))
    assert abs(missing_ul(plant)) <= 1e-9 * max(1.0, turned_over_ul)
    assert number(plant, "extravasated_ul") >= 0.0
    assert number(plant, "reflux_ul") >= 0.0


@pytest.mark.parametrize("options", [{"duct_v0_ul": 0.5}, {"bore_mm": 2.0}, {"syringe_compliance_ul_kpa": 1e-4}])
def test_extreme_lines_stay_stable(options: dict[str, float]) -> None:
    plant = line("patient", **options)
    pressures_kpa = [plant.step(0.05, 10.0) for _ in range(40)]
    assert pressures_kpa == sorted(pressures_kpa)
    assert run(plant, 10.0, 0.0, 0.05) == pytest.approx(number(plant, "duct_kpa"), rel=0.05)
    assert abs(missing_ul(plant)) < 1e-9


def test_a_charged_line_let_into_a_tiny_duct_does_not_overshoot() -> None:
    plant = line("capped", duct_v0_ul=0.5, bore_mm=2.0, tube_resistance_kpa_s_ul=0.01)
    charged_kpa = run(plant, 1.0, 10.0)
    plant.set_tip("patient")
    assert all(plant.step(0.001, 0.0) <= charged_kpa and number(plant, "duct_kpa") <= charged_kpa for _ in range(100))
    assert number(plant, "duct_kpa") == pytest.approx(plant.step(0.0, 0.0), rel=1e-3)


def test_the_same_seed_and_index_give_the_same_line() -> None:
    def steady_kpa(seed: int, index: int, tolerance_mm: float) -> float:
        return run(line_and_duct(seed, index, bore_tolerance_mm=tolerance_mm), 5.0, 5.0)

    assert steady_kpa(1, 1, 0.0) == steady_kpa(2, 3, 0.0)
    assert steady_kpa(1, 1, 0.019) == steady_kpa(1, 1, 0.019)
    drawn = {steady_kpa(1, index, 0.019) for index in range(12)}
    assert len(drawn) == 12
    assert all(0.6 < kpa / steady_kpa(0, 0, 0.0) < 1.7 for kpa in drawn)


def test_what_is_not_modelled_is_unknown() -> None:
    truth = line().truth()
    assert truth["pain"] is None
    assert truth["subgroup"] is None
    assert truth["ruptured"] is False


@pytest.mark.parametrize(
    "options", [{"bore": 1.0}, {"bore_mm": 0.0}, {"viscosity_mpa_s": math.nan}, {"bore_tolerance_mm": 0.2}, {"duct_k": 50.0}]
)
def test_options_that_no_line_has_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        line_and_duct(0, 0, **options)


@pytest.mark.parametrize(("dt_s", "flow_ul_s"), [(-0.001, 0.0), (math.nan, 0.0), (0.001, math.inf), (math.inf, 0.0)])
def test_steps_that_can_not_be_are_refused(dt_s: float, flow_ul_s: float) -> None:
    with pytest.raises(ValueError, match="step"):
        line().step(dt_s, flow_ul_s)


def test_a_tip_is_somewhere_known() -> None:
    with pytest.raises(ValueError, match="tip"):
        line().set_tip("vein")  # type: ignore[arg-type]  # a wrong value on purpose
