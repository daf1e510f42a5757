"""Rules over several keys."""

import dataclasses
import math
from collections.abc import Callable

import pytest

from controller.settings import load_profile
from controller.settings.devices import PUMPS

Refusals = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("target", "increment", "choices"),
    [
        ("0.07", "0.05", "0.05 and 0.10 mL"),
        ("0.02", "0.05", "0.05 mL"),
        ("0.29", "0.04", "0.28 mL"),
        ("0.10000001", "0.05", "0.10 and 0.15 mL"),
        ("0.199999999999", "0.05", "0.15 and 0.20 mL"),
        ("5e-324", "0.01", "0.01 mL"),
    ],
)
def test_target_is_a_whole_number_of_increments(refusals: Refusals, target: str, increment: str, choices: str) -> None:
    assert refusals("sim", {"injection.target_ml": target, "injection.increment_ml": increment}) == [
        f"mine.toml: injection.target_ml = {target} is not a whole number of increments of {increment} mL; "
        f"next to it are {choices}"
    ]


@pytest.mark.parametrize("increment", range(1, 6))
def test_every_multiple_of_an_increment_is_accepted_whatever_binary_floats_say(refusals: Refusals, increment: int) -> None:
    for hundredths in range(increment, 31, increment):
        edits = {"injection.target_ml": f"{hundredths / 100:.2f}", "injection.increment_ml": f"0.0{increment}"}
        assert refusals("sim", edits) == []


def test_increment_has_two_decimals(refusals: Refusals) -> None:
    assert refusals("sim", {"injection.increment_ml": "0.015"}) == [
        "mine.toml: injection.increment_ml = 0.015 is not a multiple of 0.01 mL; next to it are 0.01 and 0.02 mL"
    ]


def test_nothing_advances_by_itself_at_the_bedside(refusals: Refusals) -> None:
    assert refusals("bedside", {"injection.advance": '"auto"'}) == [
        'mine.toml: injection.advance = "auto" is refused with kind = "bedside"; use "confirm"'
    ]
    assert refusals("bench", {"injection.advance": '"auto"'}) == []


def test_beside_a_patient_the_loop_has_to_be_kept_on_time(refusals: Refusals) -> None:
    assert refusals("bedside", {"host.require_realtime": "false"}) == [
        'mine.toml: host.require_realtime = false is refused with kind = "bedside"; leave it out, or use true'
    ]
    assert refusals("bench", {"host.require_realtime": "false"}) == refusals("bedside", {"host.require_realtime": "true"}) == []
    assert load_profile("bedside").profile.requires_realtime
    assert not load_profile("sim").profile.requires_realtime


def test_water_is_for_benches(refusals: Refusals) -> None:
    assert refusals("bench", {"line.agent": '"water"'}) == []
    assert refusals("bedside", {"line.agent": '"water"'}) == [
        'mine.toml: line.agent = "water" is for the bench only and refused with kind = "bedside"'
    ]


@pytest.mark.parametrize("kind", ["bench", "bedside"])
@pytest.mark.parametrize("device", ["pump", "pressure", "button"])
def test_only_a_simulation_has_simulated_ports(refusals: Refusals, kind: str, device: str) -> None:
    assert refusals(kind, {f"{device}.port": '"simulated"'}) == [
        f'mine.toml: {device}.port = "simulated" is for kind = "simulation" only, and this is kind = "{kind}"'
    ]


@pytest.mark.parametrize("device", ["pump", "pressure", "button"])
def test_a_real_device_is_not_mixed_with_simulated_ones(refusals: Refusals, device: str) -> None:
    (said,) = refusals("sim", {f"{device}.port": '"/dev/ttyS0"'})
    assert said.startswith("mine.toml: pump.port = ")
    assert 'either all of pump.port, pressure.port, button.port are "simulated" or none of them' in said


def test_a_simulation_may_be_reached_through_real_ports(refusals: Refusals) -> None:
    ports = {"pump.port": '"/dev/pts/1"', "pressure.port": '"/dev/pts/2"', "button.port": '"rfc2217://localhost:4001"'}
    assert refusals("sim", ports) == []


def test_bench_and_bedside_have_no_simulation(refusals: Refusals) -> None:
    for kind in ("bench", "bedside"):
        assert refusals(kind, {"kind": f'"{kind}"\nsimulation = {{ seed = 1 }}'}) == [
            f'mine.toml: [simulation] is for kind = "simulation" only, and this is kind = "{kind}"'
        ]


def test_a_simulation_has_its_section(refusals: Refusals) -> None:
    said = refusals("bench", {"kind": '"simulation"'})
    assert said == ['mine.toml: [simulation] is missing: kind = "simulation" needs the section, even if it is empty']


@pytest.mark.parametrize(("first", "second"), [("pump", "pressure"), ("pump", "button"), ("pressure", "button")])
def test_no_two_devices_share_a_port(refusals: Refusals, first: str, second: str) -> None:
    assert refusals("bench", {f"{first}.port": '"/dev/ttyS1"', f"{second}.port": '"/dev//ttyS1"'}) == [
        f'mine.toml: {second}.port = "/dev//ttyS1" is also {first}.port; every device needs a port of its own'
    ]


@pytest.mark.parametrize("port", ["socket://10.0.0.1:4000", "/dev/ttyUSB0", "/dev/ttyACM12"])
def test_bedside_ports_are_local_and_stable(refusals: Refusals, port: str) -> None:
    assert refusals("bench", {"button.port": f'"{port}"'}) == []
    (said,) = refusals("bedside", {"button.port": f'"{port}"'})
    assert said.startswith(f'mine.toml: button.port = "{port}" ')
    assert 'kind = "bedside"' in said


def test_a_built_in_serial_port_is_stable_enough_for_the_bedside(refusals: Refusals) -> None:
    assert refusals("bedside", {"button.port": '"/dev/ttyS4"'}) == []


def test_only_a_simulation_leaves_out_who_the_transmitter_is(refusals: Refusals) -> None:
    assert refusals("sim", {"pressure.serial_number": None}) == []
    for kind in ("bench", "bedside"):
        said = refusals(kind, {"pressure.serial_number": None})
        assert said == ["mine.toml: pressure.serial_number is missing; only a simulation may leave it out"]


def test_prime_target_and_reserve_fit_into_the_syringe(refusals: Refusals) -> None:
    assert refusals("sim", {"line.fill_ml": "0.33"}) == []
    assert refusals("sim", {"line.fill_ml": "0.329"}) == [
        "mine.toml: line.fill_ml = 0.329 is below the limit of 0.33 mL: prime 0.03 + target 0.20 + reserve 0.10 mL"
    ]


@pytest.mark.parametrize(
    ("key", "written", "number", "choices"),
    [
        ("injection.rate_ul_s", "4.567", "274.02 uL/min", "4.565 and 4.57 uL/s"),
        ("injection.rate_ul_s", "0.00401", "0.2406 uL/min", "0.004 and 0.00405 uL/s"),
        ("injection.rate_ul_s", "1.66666", "99.9996 uL/min", "1.6665 and 1.67 uL/s"),
        ("injection.rate_ul_s", "9.9999", "599.994 uL/min", "9.995 and 10 uL/s"),
        ("prime.rate_ul_s", "3.333333", "199.99998 uL/min", "3.33 and 3.335 uL/s"),
        ("prime.volume_ml", "0.020001", "20.001 uL", "0.02 and 0.02001 mL"),
        ("prime.volume_ml", "0.00000004", "4e-05 uL", "1e-06 mL"),
    ],
)
def test_a_number_that_the_pump_can_not_take_exactly_is_refused_with_its_neighbours(
    refusals: Refusals, key: str, written: str, number: str, choices: str
) -> None:
    (said,) = refusals("sim", {key: written})
    limit = "does not fit the limit of 4 digits and 3 decimals"
    expected = f"can not be sent to ne1000 exactly: {number} {limit}; next to it are {choices}"
    assert said == f"mine.toml: {key} = {written} {expected}"


@pytest.mark.parametrize(("diameter_mm", "fastest_ul_min"), [(4.699, 884.5), (4.78, 915.3), (8.585, 2952.5), (8.66, 3004.3)])
def test_pump_speeds_are_those_of_the_vendors_table(diameter_mm: float, fastest_ul_min: float) -> None:
    pump = PUMPS["ne1000"]
    assert pump.fastest_ul_s(diameter_mm) * 60.0 == pytest.approx(fastest_ul_min, rel=1e-4)


@pytest.mark.parametrize(("diameter_mm", "slowest_ul_h"), [(4.699, 0.729), (4.78, 0.755), (8.585, 2.434), (8.66, 2.477)])
def test_slowest_pump_speeds_are_those_of_the_vendors_table(diameter_mm: float, slowest_ul_h: float) -> None:
    assert PUMPS["ne1000"].slowest_ul_s(diameter_mm) * 3600.0 == pytest.approx(slowest_ul_h, rel=1e-3)


def test_a_rate_below_the_pumps_slowest_is_refused(refusals: Refusals) -> None:
    assert refusals("sim", {"injection.rate_ul_s": "0.0002"}) == [
        "mine.toml: injection.rate_ul_s = 0.0002 is below the limit of 0.000203 uL/s, the slowest of ne1000 with bd-1ml"
    ]


def test_both_priming_runs_together_are_bounded(refusals: Refusals) -> None:
    room = {"line.syringe": '"bd-3ml"', "line.fill_ml": "3.0"}
    assert refusals("sim", {**room, "prime.first_volume_ml": "0.56", "prime.volume_ml": "0.04"}) == []
    assert refusals("sim", {**room, "prime.first_volume_ml": "0.57", "prime.volume_ml": "0.04"}) == [
        "mine.toml: prime.first_volume_ml = 0.57 and prime.volume_ml together are 0.61 mL, above the limit of 0.60 mL"
    ]


def test_what_the_closed_tip_takes_is_counted(refusals: Refusals) -> None:
    closed = {"prime.closed_tip": "true"}
    assert refusals("sim", {**closed, "line.fill_ml": "0.37"}) == []
    assert refusals("sim", {**closed, "line.fill_ml": "0.36"}) == [
        "mine.toml: line.fill_ml = 0.36 is below the limit of 0.37 mL: prime 0.07 + target 0.20 + reserve 0.10 mL"
    ]
    room = {"line.syringe": '"bd-3ml"', "line.fill_ml": "3.0"}
    assert refusals("sim", {**closed, **room, "prime.first_volume_ml": "0.54"}) == []
    assert refusals("sim", {**closed, **room, "prime.first_volume_ml": "0.55"}) == [
        "mine.toml: prime.first_volume_ml = 0.55 and prime.volume_ml and 0.04 mL for the closed tip together are 0.61 mL, "
        "above the limit of 0.60 mL"
    ]


def test_the_lots_calibration_is_what_the_line_is_expected_to_resist() -> None:
    nominal, narrow = (load_profile("sim", {"line.lot_bore_mm": bore}) for bore in (None, 0.150))
    assert narrow.cannula.bore_mm == 0.150
    ratio = narrow.expected_resistance_kpa_s_ul / nominal.expected_resistance_kpa_s_ul
    assert 1.15 < ratio < (0.159 / 0.150) ** 4  # of cannula and tube only the cannula is narrower
    assert narrow.hash != nominal.hash


def test_a_rate_above_the_pumps_fastest_is_refused(refusals: Refusals, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = dataclasses.replace(PUMPS["ne1000"], fastest_cm_min=1.0)
    monkeypatch.setitem(PUMPS, "ne1000", slow)
    fastest = math.pi / 4 * 4.699**2 / 6
    assert fastest == pytest.approx(2.8903, abs=1e-4)
    assert refusals("sim", {"injection.rate_ul_s": "2.9", "prime.rate_ul_s": "2.85", "prime.first_rate_ul_s": "1.0"}) == [
        "mine.toml: injection.rate_ul_s = 2.9 is above the limit of 2.89 uL/s, the fastest of ne1000 with bd-1ml"
    ]


def test_a_line_that_would_pass_its_pressure_limit_anyway_is_refused(refusals: Refusals) -> None:
    said = refusals("sim", {"line.agent": '"isovue-370"', "line.temperature_c": "20.0", "prime.rate_ul_s": "5.0"})
    assert said == []
    said = refusals("sim", {"line.agent": '"isovue-370"', "line.temperature_c": "20.0", "prime.rate_ul_s": "6.0"})
    assert said == [
        "mine.toml: prime.rate_ul_s = 6.0 takes about 227.6 kPa (isovue-370 at 20 C through 30g-straight and microbore-30cm: "
        "37.9 kPa per uL/s), above limits.line_kpa = 200 kPa"
    ]


@pytest.mark.parametrize(("baud", "wire_ms"), [(2400, 75), (1200, 150), (300, 600)])
def test_a_stop_does_not_crawl_over_the_wire(refusals: Refusals, baud: int, wire_ms: int) -> None:
    assert refusals("bench", {"pump.baud": "9600"}) == []
    assert refusals("bench", {"pump.baud": str(baud)}) == [
        f"mine.toml: pump.baud = {baud} makes a stop take {wire_ms} ms on the wire, above the limit of 50 ms, "
        "half of the stop budget"
    ]


def test_the_transmitters_factory_speed_is_too_slow_to_sample(refusals: Refusals) -> None:
    assert refusals("bench", {"pressure.baud": "9600"}) == [
        "mine.toml: pressure.baud = 9600 carries at most 68 samples per second, below pressure.sample_hz = 100"
    ]


def test_a_sample_age_that_sampling_can_not_keep_is_refused(refusals: Refusals) -> None:
    assert refusals("sim", {"limits.sample_age_ms": "20"}) == []
    assert refusals("sim", {"limits.sample_age_ms": "19"}) == [
        "mine.toml: limits.sample_age_ms = 19 is below the limit of 20 ms, two samples at pressure.sample_hz = 100"
    ]


def test_plant_options_are_free_but_can_be_recorded(refusals: Refusals) -> None:
    fine = '{ a = 1, b = 2.5, c = "x", d = [true, { e = -1 }] }'
    assert refusals("sim", {"simulation.options": fine}) == []
    said = refusals("sim", {"simulation.options": "{ a = nan, b = [1, inf], c = { d = 2020-01-01 }, e = 07:32:00 }"})
    assert said == [
        "mine.toml: [simulation.options] holds what can not be recorded: a is not a finite number, "
        "b.1 is not a finite number, c.d is a date or time, e is a date or time"
    ]


def test_an_option_with_an_odd_name_stays_on_one_line(refusals: Refusals) -> None:
    (said,) = refusals("sim", {"simulation.options": '{ "a\\nb" = nan }'})
    assert said.endswith('"a\\nb" is not a finite number')


def test_every_error_of_a_file_is_told_at_once(refusals: Refusals) -> None:
    said = refusals(
        "bedside",
        {
            "pump.baud": "1",
            "pressure.serial_number": None,
            "button.prot": '"/dev/ttyS0"',
            "line.agent": '"water"',
            "line.fill_ml": '"full"',
            "injection.target_ml": "0.07",
            "injection.advance": '"auto"',
            "limits.line_kpa": "300",
        },
    )
    assert len(said) == 8
    for key in ("pump.baud", "serial_number", "button.prot", "line.agent", "fill_ml", "target_ml", "advance", "line_kpa"):
        assert sum(key in sentence.split(" ")[1] for sentence in said) == 1
