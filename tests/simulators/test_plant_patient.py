"""Each property of the virtual patient against its closed form; all of them together lose nothing."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.plant import LineAndDuct, LineOptions, Tip, line_and_duct
from simulators.plant.hydraulics import poiseuille_kpa_s_ul
from simulators.plant.squeeze import Squeezes

EVERYTHING: dict[str, float | str] = {
    "bore_tolerance_mm": 0.019, "meniscus_kpa": 0.7, "bubble_ul": 5.0, "wall_relaxation": 0.3, "rupture_kpa": 2.0,
    "rupture_after_ul": 60.0, "tissue_kpa": 0.3, "tissue_stiffness_kpa_ul": 0.02, "micro_leak_kpa": 0.8, "reflux_kpa": 1.0,
    "wall_contact_factor": 3.0, "cooling_c_min": 0.3, "height_cm": 5.0, "motion_kpa": 2.0, "motion_per_min": 20.0,
    "pain_extravasated_ul": 10.0, "pain_duct_kpa": 4.0, "subgroup": "everything",
}  # fmt: skip


def patient(**options: float | str) -> LineAndDuct:
    plant = line_and_duct(3, 7, **options)
    plant.set_tip("patient")
    return plant


def run(plant: LineAndDuct, seconds: float, flow_ul_s: float, dt_s: float = 0.005) -> float:
    line_kpa = math.nan
    for _ in range(round(seconds / dt_s)):
        line_kpa = plant.step(dt_s, flow_ul_s)
    return line_kpa


def number(plant: LineAndDuct, name: str) -> float:
    value = plant.truth()[name]
    assert isinstance(value, float)
    return value


def duct_law_kpa(volume_ul: float) -> float:
    return 2.0 * math.expm1(2.2 * volume_ul / 250.0) / math.expm1(2.2)


def test_a_wall_that_is_held_relaxes_by_its_fraction_with_its_time() -> None:
    plant = patient(wall_relaxation=0.4, wall_tau_s=8.0)
    run(plant, 0.5, 100.0)  # at once, compared with 8 s
    plant.set_tip("air")  # and nothing leaves the duct any more
    at_once_kpa = duct_law_kpa(plant.into_duct_ul)
    first_kpa = plant.duct_kpa
    assert first_kpa == pytest.approx(at_once_kpa, rel=0.03)
    for _ in range(4):
        run(plant, 4.0, 0.0)
        expected_kpa = 0.6 * at_once_kpa + (first_kpa - 0.6 * at_once_kpa) * math.exp(-4.0 / 8.0)
        assert plant.duct_kpa == pytest.approx(expected_kpa, rel=1e-3)
        first_kpa = plant.duct_kpa
    run(plant, 100.0, 0.0, 0.05)
    assert plant.duct_kpa == pytest.approx(0.6 * at_once_kpa, rel=1e-3)


def test_a_wall_that_has_given_way_and_is_emptied_is_slack_and_does_not_suck() -> None:
    plant = patient(wall_relaxation=0.5, wall_tau_s=5.0)
    run(plant, 10.0, 10.0)
    run(plant, 60.0, 0.0, 0.05)
    run(plant, 12.0, -6.0)
    assert plant.into_duct_ul > 5.0
    assert plant.duct_kpa == 0.0
    run(plant, 60.0, 0.0, 0.05)  # what is left stretches it again once it has recovered
    assert plant.duct_kpa > 0.02


def test_a_bubble_from_the_beginning_is_boyles() -> None:
    plant = line_and_duct(0, 0, bubble_ul=10.0)
    plant.set_tip("capped")
    run(plant, 1.0, 10.0)
    line_kpa = run(plant, 1.0, 0.0)
    assert 0.17 * line_kpa + 10.0 * line_kpa / (101.325 + line_kpa) == pytest.approx(10.0, rel=1e-6)
    plant.fault("air", bubble_ul=5.0)  # more of it comes on top
    more_kpa = run(plant, 1.0, 10.0)
    assert more_kpa - line_kpa == pytest.approx(
        10.0 / (0.17 + 15.0 * 101.325 / (101.325 + (line_kpa + more_kpa) / 2) ** 2), rel=0.03
    )


def test_at_steady_flow_into_a_free_tear_all_resistances_add_up() -> None:
    plant = patient(rupture_kpa=0.0, tissue_resistance_kpa_s_ul=0.4, tissue_kpa=0.5)
    cannula = poiseuille_kpa_s_ul(0.159, 25.4, 4.0)
    line_kpa = run(plant, 300.0, 5.0, 0.05)
    assert plant.duct_kpa == pytest.approx(0.5 + 5.0 * 0.4, rel=1e-3)
    assert line_kpa == pytest.approx(2.5 + 5.0 * (cannula + 0.5), rel=1e-3)
    assert plant.ruptured


def test_a_tip_in_the_wall_multiplies_the_cannula_and_only_in_the_patient() -> None:
    plant = line_and_duct(0, 0, wall_contact_factor=5.0, rupture_kpa=0.0, tissue_resistance_kpa_s_ul=0.01)
    cannula = poiseuille_kpa_s_ul(0.159, 25.4, 4.0)
    assert run(plant, 20.0, 2.0) == pytest.approx(2.0 * (cannula + 0.5), rel=1e-3)
    plant.set_tip("patient")
    assert run(plant, 60.0, 2.0) == pytest.approx(2.0 * (5.0 * cannula + 0.5 + 0.01), rel=1e-3)


def test_a_fluid_that_cools_flows_harder() -> None:
    plant = line_and_duct(0, 0, cooling_c_min=0.6)
    early_kpa = run(plant, 30.0, 2.0)
    late_kpa = run(plant, 270.0, 2.0, 0.05)
    assert late_kpa / early_kpa == pytest.approx(math.exp(0.034 * 0.6 * 270.0 / 60.0), rel=1e-3)


@pytest.mark.parametrize("height_cm", [-10.0, 10.0])
def test_a_column_adds_to_the_duct_and_only_in_the_patient(height_cm: float) -> None:
    plant = line_and_duct(0, 0, height_cm=height_cm)
    assert run(plant, 1.0, 0.0) == 0.0
    plant.set_tip("patient")
    run(plant, 10.0, 5.0)
    rested_kpa = run(plant, 30.0, 0.0)
    assert rested_kpa - plant.duct_kpa == pytest.approx(1.3 * 9.80665 * height_cm / 100.0, abs=1e-3)
    assert plant.duct_kpa == pytest.approx(duct_law_kpa(plant.into_duct_ul))


def test_the_wall_tears_at_its_pressure_and_stays_torn() -> None:
    plant = patient(rupture_kpa=1.0)
    while not plant.ruptured:
        assert plant.duct_kpa < 1.0
        assert plant.extravasated_ul == 0.0
        plant.step(0.005, 5.0)
    assert plant.into_duct_ul == pytest.approx(250.0 / 2.2 * math.log1p(1.0 / 2.0 * math.expm1(2.2)), rel=1e-3)
    run(plant, 20.0, 0.0)
    assert plant.ruptured
    assert plant.duct_kpa < 0.9
    assert plant.extravasated_ul > 20.0


@pytest.mark.parametrize("after_ul", [0.0, 30.0])
def test_the_tip_perforates_when_so_much_has_gone_through_it(after_ul: float) -> None:
    plant = line_and_duct(0, 0, rupture_after_ul=after_ul)
    run(plant, 10.0, 5.0)
    assert not plant.ruptured  # it is not in the patient yet
    plant.set_tip("patient")
    while plant.cannula_ul < after_ul:
        assert not plant.ruptured
        plant.step(0.001, 5.0)
    plant.step(0.001, 5.0)
    assert plant.ruptured


def test_dense_tissue_takes_nothing_below_its_pressure_and_pushes_back_with_what_it_holds() -> None:
    plant = patient(rupture_after_ul=0.0, tissue_kpa=0.4, tissue_resistance_kpa_s_ul=0.1, tissue_stiffness_kpa_ul=0.05)
    while plant.duct_kpa < 0.4:
        assert plant.extravasated_ul == 0.0
        plant.step(0.005, 5.0)
    run(plant, 10.0, 5.0)
    run(plant, 60.0, 0.0)
    assert plant.extravasated_ul > 5.0
    assert plant.duct_kpa == pytest.approx(0.4 + 0.05 * plant.extravasated_ul, rel=1e-3)


def test_clefts_leak_slowly_above_their_pressure_without_any_tear() -> None:
    plant = patient(micro_leak_kpa=0.5, micro_leak_resistance_kpa_s_ul=20.0)
    run(plant, 30.0, 5.0)
    run(plant, 10.0, 0.0)
    before_ul, before_kpa = plant.extravasated_ul, plant.duct_kpa
    run(plant, 1.0, 0.0)
    mean_kpa = (before_kpa + plant.duct_kpa) / 2.0
    assert plant.extravasated_ul - before_ul == pytest.approx((mean_kpa - 0.5) / 20.0, rel=1e-3)
    assert not plant.ruptured


def test_reflux_opens_at_its_pressure_and_a_squeeze_opens_it_too() -> None:
    plant = patient(reflux_kpa=0.8, reflux_resistance_kpa_s_ul=0.5)
    run(plant, 8.0, 5.0)
    run(plant, 20.0, 0.0)
    assert plant.reflux_ul == 0.0
    plant.fault("motion", kpa=2.0, s=1.0)
    run(plant, 2.0, 0.0)
    assert plant.reflux_ul > 0.5
    run(plant, 300.0, 5.0, 0.05)
    assert plant.duct_kpa == pytest.approx(0.8 + 5.0 * 0.5, rel=1e-3)


def test_pain_is_unknown_unless_it_is_said_when_it_hurts() -> None:
    assert patient().pain is None
    by_volume = patient(rupture_after_ul=0.0, tissue_resistance_kpa_s_ul=0.02, pain_extravasated_ul=20.0)
    by_pressure = patient(pain_duct_kpa=0.4)
    for plant in (by_volume, by_pressure):
        hurts = []
        for _ in range(6000):
            plant.step(0.005, 5.0)
            hurts.append(plant.pain)
            reached = plant.extravasated_ul >= 20.0 if plant is by_volume else plant.duct_kpa >= 0.4
            assert plant.pain is reached
            assert plant.truth()["pain"] is reached
        assert set(hurts) == {False, True}
    run(by_pressure, 20.0, -5.0)
    assert by_pressure.pain is False


def test_a_subgroup_is_handed_on() -> None:
    assert patient(subgroup="dense stroma").truth()["subgroup"] == "dense stroma"
    assert patient().truth()["subgroup"] is None


def squeezes_seen(index: int, dt_s: float, seconds: float = 120.0, tip: Tip = "patient") -> list[tuple[float, float]]:
    plant = line_and_duct(1, index, motion_kpa=2.0, motion_per_min=6.0, motion_s=0.6)
    plant.set_tip(tip)
    seen = []
    for count in range(round(seconds / dt_s)):
        plant.step(dt_s, 0.0)
        seen.append((round((count + 1) * dt_s, 6), plant.duct_kpa))
    return seen


def test_the_patient_moves_by_itself_the_same_way_for_the_same_seed_and_index() -> None:
    fine = squeezes_seen(0, 0.001)
    begins = [t_s for (_, before), (t_s, kpa) in pairwise(fine) if kpa > 0.05 >= before]
    assert 4 <= len(begins) <= 20  # about six in a minute
    assert 1.0 < max(kpa for _, kpa in fine) <= 3.0
    assert squeezes_seen(0, 0.001) == fine
    assert squeezes_seen(1, 0.001) != fine
    coarse = dict(squeezes_seen(0, 0.05))
    at_same_times = [(kpa, coarse[t_s]) for t_s, kpa in fine if t_s in coarse]
    assert len(at_same_times) == 2400
    assert all(one == pytest.approx(other, abs=1e-3) for one, other in at_same_times)
    assert all(kpa == 0.0 for _, kpa in squeezes_seen(0, 0.01, tip="air"))


def test_squeezes_have_the_size_length_and_rate_that_was_asked_for() -> None:
    squeezes, now_s, sizes, lengths = Squeezes(2.0, 6.0, 0.6, seed=1, index=2), 0.0, [], []
    for _ in range(2000):
        from_s, kpa, lasts_s = squeezes.after(now_s)
        assert from_s > now_s
        now_s = from_s + lasts_s
        sizes.append(kpa)
        lengths.append(lasts_s)
    assert (min(sizes), max(sizes)) == (pytest.approx(1.0, abs=0.01), pytest.approx(3.0, abs=0.01))
    assert (min(lengths), max(lengths)) == (pytest.approx(0.3, abs=0.01), pytest.approx(0.9, abs=0.01))
    assert (now_s - sum(lengths)) / 2000 == pytest.approx(10.0, rel=0.05)


@pytest.mark.parametrize("dt_s", [0.0005, 0.001, 0.0073, 0.02, 0.1])
def test_the_step_does_not_matter_to_any_of_it(dt_s: float) -> None:
    def end(step_s: float) -> list[float]:
        plant = patient(**{**EVERYTHING, "wall_contact_factor": 1.0, "motion_per_min": 0.0})
        for seconds, flow in ((10.22, 5.0), (7.3, 0.0), (7.3, 5.0), (2.92, -5.0)):
            for _ in range(round(seconds / step_s)):
                plant.step(step_s, flow)
            if abs(rest_s := seconds - round(seconds / step_s) * step_s) > 1e-9:
                plant.step(max(rest_s, 0.0), flow)
        return [plant.line_kpa, plant.duct_kpa, plant.into_duct_ul, plant.extravasated_ul, plant.reflux_ul]

    assert end(dt_s) == pytest.approx(end(0.005), rel=1e-3)


def test_one_step_of_5_ms_is_five_of_1_ms() -> None:
    one, five = patient(**EVERYTHING), patient(**EVERYTHING)
    for flow_ul_s in [5.0] * 3000 + [0.0] * 1000 + [-5.0] * 200:
        one_kpa = one.step(0.005, flow_ul_s)
        for _ in range(5):
            five_kpa = five.step(0.001, flow_ul_s)
        assert one_kpa == pytest.approx(five_kpa, rel=1e-3, abs=1e-5)
    assert one.truth() == pytest.approx(five.truth(), rel=1e-5)
    assert one.ruptured


moves = st.lists(
    st.tuples(
        st.sampled_from(["air", "capped", "patient", "patient"]),
        st.floats(-15.0, 20.0),
        st.sampled_from([0.0001, 0.001, 0.005, 0.0073, 0.05, 0.1]),
        st.integers(1, 100),
    ),
    min_size=1,
    max_size=10,
)


@settings(max_examples=60, deadline=None)
@given(
    moves=moves,
    options=st.fixed_dictionaries(
        {},
        optional={
            "bubble_ul": st.floats(0.0, 100.0),
            "duct_v0_ul": st.floats(5.0, 500.0),
            "wall_relaxation": st.floats(0.0, 0.6),
            "wall_tau_s": st.floats(0.01, 100.0),
            "rupture_kpa": st.floats(0.0, 10.0),
            "rupture_after_ul": st.floats(0.0, 100.0),
            "tissue_resistance_kpa_s_ul": st.floats(1e-4, 100.0),
            "tissue_kpa": st.floats(0.0, 5.0),
            "tissue_stiffness_kpa_ul": st.floats(0.0, 10.0),
            "micro_leak_kpa": st.floats(0.0, 5.0),
            "micro_leak_resistance_kpa_s_ul": st.floats(1e-3, 100.0),
            "reflux_kpa": st.floats(0.0, 5.0),
            "reflux_resistance_kpa_s_ul": st.floats(1e-3, 100.0),
            "wall_contact_factor": st.floats(1.0, 100.0),
            "cooling_c_min": st.floats(-1.0, 1.0),
            "height_cm": st.floats(-50.0, 50.0),
            "meniscus_kpa": st.floats(0.0, 2.0),
            "motion_kpa": st.floats(0.0, 10.0),
            "motion_per_min": st.floats(0.0, 600.0),
            "motion_s": st.floats(0.01, 3.0),
        },
    ),
    faults=st.sets(st.sampled_from(["clog", "leak", "air", "rupture", "reflux", "full_duct", "motion", "open_line", "block"])),
)
def test_nothing_is_lost_by_any_patient(
    moves: list[tuple[Tip, float, float, int]], options: dict[str, float], faults: set[str]
) -> None:
    plant = patient(**{**EVERYTHING, **options})
    turned_over_ul, last = 0.0, (0.0, 0.0)
    for number_of_move, (tip, flow_ul_s, dt_s, count) in enumerate(moves):
        for name in sorted(faults) if number_of_move == len(moves) // 2 else ():
            plant.fault(name)
        plant.set_tip(tip)
        for _ in range(count):
            assert -98.0 <= plant.step(dt_s, flow_ul_s) < 1e5
            turned_over_ul += dt_s * abs(flow_ul_s)
            assert (plant.extravasated_ul, plant.reflux_ul) >= last
            last = plant.extravasated_ul, plant.reflux_ul
    truth = plant.truth()
    assert all(math.isfinite(value) for value in truth.values() if isinstance(value, float))
    places = ("stored_ul", "into_duct_ul", "extravasated_ul", "reflux_ul", "out_into_air_ul")
    missing_ul = number(plant, "pumped_ul") - sum(number(plant, place) for place in places)
    assert abs(missing_ul) <= 1e-9 * max(1e-3, turned_over_ul)


def test_every_option_is_off_unless_it_is_given() -> None:
    plain, plant = line_and_duct(0, 0), line_and_duct(0, 0, wall_tau_s=3.0, tissue_kpa=1.0, motion_s=2.0, density_kg_l=1.1)
    for one in (plain, plant):
        one.set_tip("patient")
        run(one, 60.0, 5.0)
    assert plant.truth() == plain.truth()
    assert plain.duct_kpa == pytest.approx(duct_law_kpa(plain.into_duct_ul))
    assert (plain.extravasated_ul, plain.reflux_ul, plain.ruptured) == (0.0, 0.0, False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"wall_relaxation": 0.7}, "plant option wall_relaxation = 0.7 must be a number from 0 to 0.6"),
        ({"wall_tau_s": 0.0}, "plant option wall_tau_s = 0.0 must be a number from 1e-6 to 1e6"),
        ({"rupture_kpa": math.nan}, "plant option rupture_kpa = nan must be a number 0 or above (infinity: never)"),
        ({"tissue_kpa": math.inf}, "plant option tissue_kpa = inf must be a number from 0 to 1e6"),
        ({"wall_contact_factor": 0.5}, "plant option wall_contact_factor = 0.5 must be a number from 1 to 1e6"),
        ({"height_cm": 1e3}, "plant option height_cm = 1000.0 must be a number from -200 to 200"),
        ({"cooling_c_min": -3.0}, "plant option cooling_c_min = -3.0 must be a number from -2 to 2"),
        ({"bubble_ul": "ten"}, "plant option bubble_ul = 'ten' must be a number from 0 to 1e6"),
        ({"bubble_ul": True}, "plant option bubble_ul = True must be a number from 0 to 1e6"),
        (
            {"tissue_resistance_kpa_s_ul": 1e-300},
            "plant option tissue_resistance_kpa_s_ul = 1e-300 must be a number from 1e-6 to 1e6",
        ),
        ({"motion_per_min": 1e6}, "plant option motion_per_min = 1000000.0 must be a number from 0 to 600"),
        ({"motion_s": 1e-6}, "plant option motion_s = 1e-06 must be a number from 0.01 to 60"),
        ({"subgroup": 3}, "plant option subgroup = 3 must be a text"),
        ({"bore_mm": 9.0}, "plant option bore_mm = 9.0 must be a number from 0.01 to 5"),
        ({"bore_tolerance_mm": 0.2}, "plant option bore_tolerance_mm = 0.2 must be below bore_mm = 0.159"),
    ],
)
def test_options_that_no_patient_has_are_refused_in_one_sentence(options: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError) as error:
        line_and_duct(0, 0, **options)
    assert str(error.value) == said


def test_infinity_means_never() -> None:
    assert LineOptions().rupture_kpa == math.inf
    plant = patient(rupture_kpa=math.inf, micro_leak_kpa=math.inf, reflux_kpa=math.inf, rupture_after_ul=math.inf)
    run(plant, 100.0, 5.0, 0.05)
    assert plant.duct_kpa > 10.0
    assert plant.extravasated_ul == plant.reflux_ul == 0.0
