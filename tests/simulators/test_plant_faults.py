"""What each fault of the plant does to the line pressure and to where the contrast goes."""

import math

import pytest

from simulators.plant import FAULTS, LineAndDuct, line_and_duct
from simulators.plant.faults import DEFAULTS


@pytest.fixture
def plant() -> LineAndDuct:
    """A line in the patient, 20 uL infused at 5 uL/s and still running."""
    made = line_and_duct(0, 0)
    made.set_tip("patient")
    run(made, 4.0, 5.0)
    return made


def run(plant: LineAndDuct, seconds: float, flow_ul_s: float) -> float:
    line_kpa = math.nan
    for _ in range(round(seconds / 0.01)):
        line_kpa = plant.step(0.01, flow_ul_s)
    return line_kpa


def number(plant: LineAndDuct, name: str) -> float:
    value = plant.truth()[name]
    assert isinstance(value, float)
    return value


def line_kpa(plant: LineAndDuct) -> float:
    return number(plant, "line_kpa")


@pytest.mark.parametrize(("in_tube", "compliance_ul_kpa"), [(0.0, 0.17), (1.0, 0.15)])
def test_a_block_lets_the_pressure_rise_by_the_compliance_before_it(
    plant: LineAndDuct, in_tube: float, compliance_ul_kpa: float
) -> None:
    plant.fault("block", in_tube=in_tube)
    run(plant, 0.2, 5.0)  # the tube's own relaxation
    before_kpa = line_kpa(plant)
    assert run(plant, 1.0, 5.0) - before_kpa == pytest.approx(5.0 / compliance_ul_kpa, rel=1e-3)
    in_duct_ul = number(plant, "into_duct_ul")
    run(plant, 1.0, 5.0)
    assert number(plant, "into_duct_ul") == pytest.approx(in_duct_ul, abs=2.0 if in_tube else 1e-9)
    plant.clear("block")
    assert run(plant, 20.0, 0.0) == pytest.approx(number(plant, "duct_kpa"), rel=0.01)


def test_a_clog_multiplies_the_cannula_alone(plant: LineAndDuct) -> None:
    plant.set_tip("air")
    before_kpa = run(plant, 15.0, 2.0)
    plant.fault("clog", factor=3.0)
    after_kpa = run(plant, 30.0, 2.0)
    tube_kpa = 2.0 * 0.5
    assert after_kpa - tube_kpa == pytest.approx(3.0 * (before_kpa - tube_kpa), rel=1e-3)


def test_an_open_line_falls_to_atmosphere_and_runs_out(plant: LineAndDuct) -> None:
    plant.fault("open_line")
    run(plant, 0.1, 5.0)
    assert line_kpa(plant) == pytest.approx(0.05, abs=0.02)
    out_ul = number(plant, "out_into_air_ul")
    run(plant, 1.0, 5.0)
    assert number(plant, "out_into_air_ul") - out_ul == pytest.approx(5.0, abs=0.2)
    plant.clear("open_line")
    assert run(plant, 10.0, 5.0) > 30.0


def test_a_leak_shares_the_flow_with_the_cannula(plant: LineAndDuct) -> None:
    plant.set_tip("air")
    intact_kpa = run(plant, 15.0, 5.0)
    resistance = intact_kpa / 5.0
    plant.fault("leak", resistance_kpa_s_ul=resistance)
    assert run(plant, 15.0, 5.0) == pytest.approx(intact_kpa / 2.0, rel=1e-3)
    assert number(plant, "flow_ul_s") == pytest.approx(2.5, rel=1e-3)


def test_a_bubble_leaves_the_pressure_alone_and_slows_what_follows(plant: LineAndDuct) -> None:
    plant.set_tip("air")
    before_kpa = run(plant, 15.0, 5.0)
    plant.fault("air", bubble_ul=50.0)
    assert plant.step(1e-4, 5.0) == pytest.approx(before_kpa, rel=1e-3)
    one_s_later_kpa = run(plant, 1.0, 0.0)
    stiff = line_and_duct(0, 0)
    run(stiff, 15.0, 5.0)
    assert one_s_later_kpa > 1.3 * run(stiff, 1.0, 0.0)
    # the slope of a closed line is that of C + V0 P0 / P^2
    plant.set_tip("capped")
    low_kpa = run(plant, 0.2, 0.0)
    bubble_compliance = 50.0 * 101.325 / (101.325 + low_kpa) ** 2
    assert run(plant, 0.01, 1.0) - low_kpa == pytest.approx(0.01 / (0.17 + bubble_compliance), rel=0.1)
    before_kpa = line_kpa(plant)
    plant.clear("air")
    assert plant.step(1e-4, 0.0) == pytest.approx(before_kpa, abs=1e-2)


def test_a_rupture_waits_for_its_threshold_and_drains_the_duct(plant: LineAndDuct) -> None:
    plant.fault("rupture", resistance_kpa_s_ul=0.2, threshold_kpa=1.0)
    run(plant, 5.0, 5.0)
    assert plant.truth()["ruptured"] is False
    assert number(plant, "extravasated_ul") == 0.0
    run(plant, 40.0, 5.0)
    assert plant.truth()["ruptured"] is True
    assert number(plant, "extravasated_ul") > 5.0
    assert number(plant, "duct_kpa") < 1.1
    before_ul = number(plant, "extravasated_ul")
    plant.clear("rupture")
    plant.set_tip("air")
    run(plant, 20.0, 0.0)
    assert plant.truth()["ruptured"] is True
    assert number(plant, "extravasated_ul") > before_ul + 5.0


def test_a_rupture_that_never_came_can_be_called_off(plant: LineAndDuct) -> None:
    plant.fault("rupture", threshold_kpa=1.0)
    plant.clear("rupture")
    run(plant, 45.0, 5.0)
    assert plant.truth()["ruptured"] is False


def test_tissue_pushes_back_up_to_its_own_pressure(plant: LineAndDuct) -> None:
    plant.fault("rupture", resistance_kpa_s_ul=0.05, threshold_kpa=0.0, tissue_kpa=0.5)
    run(plant, 60.0, 5.0)
    settled_kpa = run(plant, 120.0, 0.0)
    assert settled_kpa == pytest.approx(0.5, abs=0.02)


def test_a_squeeze_of_the_breast_squeezes_the_tissue_round_a_tear_as_well(plant: LineAndDuct) -> None:
    plant.fault("rupture", resistance_kpa_s_ul=5.0, threshold_kpa=0.0)
    plant.set_tip("air")
    run(plant, 2.0, 0.0)
    quiet_ul = number(plant, "extravasated_ul")
    plant.fault("motion", kpa=3.0, s=2.0)
    run(plant, 2.0, 0.0)
    assert quiet_ul > 0.01
    assert number(plant, "extravasated_ul") == pytest.approx(2.0 * quiet_ul, rel=0.05)


def test_a_wide_tear_empties_the_duct_and_takes_no_more(plant: LineAndDuct) -> None:
    plant.set_tip("air")
    in_duct_ul = number(plant, "into_duct_ul")
    plant.fault("rupture", resistance_kpa_s_ul=1e-6, threshold_kpa=0.0)
    run(plant, 1.0, 0.0)
    assert number(plant, "extravasated_ul") == pytest.approx(in_duct_ul, rel=1e-3)
    assert number(plant, "duct_kpa") == pytest.approx(0.0, abs=1e-3)


def test_reflux_opens_above_its_pressure(plant: LineAndDuct) -> None:
    plant.fault("reflux", resistance_kpa_s_ul=0.3, opening_kpa=0.5)
    run(plant, 5.0, 5.0)
    assert number(plant, "reflux_ul") == 0.0
    run(plant, 150.0, 5.0)
    # in the end all that is pumped comes back: 5 uL/s through 0.3 kPa/(uL/s) above 0.5 kPa
    assert number(plant, "duct_kpa") == pytest.approx(2.0, abs=0.05)
    assert number(plant, "reflux_ul") > 50.0
    assert plant.truth()["ruptured"] is False


def test_a_full_duct_stiffens_from_where_it_is(plant: LineAndDuct) -> None:
    run(plant, 10.0, 0.0)
    before_kpa = number(plant, "duct_kpa")
    plant.fault("full_duct", v0_ul=20.0)
    assert number(plant, "duct_kpa") == pytest.approx(before_kpa)
    run(plant, 10.0, 5.0)
    assert number(plant, "duct_kpa") > 10.0
    high_kpa = number(plant, "duct_kpa")
    plant.clear("full_duct")
    assert number(plant, "duct_kpa") == pytest.approx(high_kpa)


def test_a_motion_comes_and_goes(plant: LineAndDuct) -> None:
    rested_kpa = run(plant, 20.0, 0.0)
    plant.fault("motion", kpa=2.0, s=1.0)
    run(plant, 0.5, 0.0)
    assert number(plant, "duct_kpa") == pytest.approx(rested_kpa + 2.0, abs=0.05)
    assert rested_kpa + 0.3 < line_kpa(plant) < rested_kpa + 2.0
    run(plant, 0.5, 0.0)
    assert number(plant, "duct_kpa") == pytest.approx(rested_kpa, abs=0.02)
    assert run(plant, 20.0, 0.0) == pytest.approx(rested_kpa, abs=0.01)
    plant.fault("motion", kpa=2.0, s=1.0)
    run(plant, 0.5, 0.0)
    plant.clear("motion")
    assert number(plant, "duct_kpa") == pytest.approx(rested_kpa, abs=0.02)


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_comes_and_goes_with_its_defaults(plant: LineAndDuct, name: str) -> None:
    plant.fault(name)
    run(plant, 1.0, 5.0)
    plant.clear(name)
    plant.clear(name)
    run(plant, 20.0, 0.0)
    twin = line_and_duct(0, 0)
    twin.set_tip("patient")
    run(twin, 5.0, 5.0)
    run(twin, 20.0, 0.0)
    if name in ("open_line", "leak"):  # these have lost some of it for good
        assert number(plant, "into_duct_ul") < number(twin, "into_duct_ul") - 1.0
    elif name == "full_duct":
        assert number(plant, "duct_kpa") > number(twin, "duct_kpa") + 0.05
    else:
        assert number(plant, "into_duct_ul") == pytest.approx(number(twin, "into_duct_ul"), abs=0.6)


def test_faults_and_defaults_are_one_list() -> None:
    assert list(FAULTS) == list(DEFAULTS)


@pytest.mark.parametrize(
    ("name", "args"),
    [("melt", {}), ("clog", {"kpa": 1.0}), ("clog", {"factor": 0.0}), ("leak", {"resistance_kpa_s_ul": math.nan})],
)
def test_wrong_orders_are_refused_and_change_nothing(plant: LineAndDuct, name: str, args: dict[str, float]) -> None:
    before_kpa = line_kpa(plant)
    with pytest.raises(ValueError):
        plant.fault(name, **args)
    assert plant.step(0.0, 0.0) == before_kpa
    with pytest.raises(ValueError, match="melt"):
        plant.clear("melt")
