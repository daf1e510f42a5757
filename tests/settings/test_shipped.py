"""The files that ship are sound, and say what their kind promises."""

import re

import pytest

from config import CATALOGUE, PROFILES, shipped
from controller.core import limits
from controller.settings import Profile, load_profile


@pytest.mark.parametrize("name", PROFILES)
def test_shipped_profile_loads_by_its_name(name: str) -> None:
    loaded = load_profile(name)
    assert loaded.source == f"{name}.toml"
    assert loaded.profile.description


@pytest.mark.parametrize("name", [*PROFILES, CATALOGUE])
def test_shipped_file_is_plain_ascii(name: str) -> None:
    assert shipped(name).read_bytes().isascii()


def test_the_simulator_runs_by_itself_and_reaches_nothing_real() -> None:
    profile = load_profile("sim").profile
    assert profile.kind == "simulation"
    assert profile.simulated
    assert profile.injection.advance == "auto"
    assert profile.simulation is not None
    assert profile.simulation.plant == "simulators.plant:line_and_duct"


@pytest.mark.parametrize("name", ["bench", "bedside"])
def test_real_devices_are_named_by_stable_ports_and_people_advance(name: str) -> None:
    profile = load_profile(name).profile
    ports = {profile.pump.port, profile.pressure.port, profile.button.port}
    assert len(ports) == 3
    assert all(re.match(r"/dev/serial/by-id/PLACEHOLDER-", port) for port in ports)
    assert not profile.simulated
    assert profile.injection.advance == "confirm"
    assert profile.simulation is None


def test_the_bedside_is_stricter_than_the_bench() -> None:
    bench, bedside = load_profile("bench").profile, load_profile("bedside").profile
    for limit in type(bench.limits).model_fields:
        assert getattr(bedside.limits, limit) < getattr(bench.limits, limit)
    assert bedside.injection.rate_ul_s < bench.injection.rate_ul_s
    assert bedside.pump.trigger == "nc_to_ground"


def test_left_out_limits_are_the_absolute_ones() -> None:
    profile = load_profile("sim").profile
    assert profile.limits.sample_age_s == limits.SAMPLE_AGE_S
    assert profile.limits.lateness_s == limits.LATENESS_S
    assert profile.limits.hold_s == limits.HOLD_S


def test_volumes_in_ul_are_exact() -> None:
    profile = load_profile("sim", {"injection.increment_ml": 0.03, "injection.target_ml": 0.27}).profile
    assert (profile.injection.target_ul, profile.injection.increment_ul, profile.injection.increments) == (270.0, 30.0, 9)
    assert (profile.line.fill_ul, profile.prime.volume_ul) == (900.0, 20.0)
    assert profile.button.poll_s == 0.005


@pytest.mark.parametrize(("reference", "window"), [("gauge", (-3.0, 3.0)), ("absolute", (80.0, 106.0))])
def test_zero_window_follows_the_reference(reference: str, window: tuple[float, float]) -> None:
    pressure = load_profile("sim", {"pressure.reference": reference}).profile.pressure
    assert (pressure.zero_min_kpa, pressure.zero_max_kpa) == window


def test_a_profile_can_not_be_changed() -> None:
    profile = load_profile("sim").profile
    with pytest.raises(ValueError, match="frozen"):
        profile.injection.target_ml = 0.3  # type: ignore[misc]  # that it is refused is the point


def test_no_profile_exists_that_breaks_a_rule() -> None:
    tree = load_profile("sim").profile.model_dump()
    tree["injection"]["target_ml"] = 0.07
    with pytest.raises(ValueError, match=r"injection\.target_ml is not a whole number of increments"):
        Profile.model_validate(tree)
