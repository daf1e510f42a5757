"""Each key by itself: its type, its limits, the values it may have. Every message names file, key, value and limit."""

from collections.abc import Callable

import pytest

Refusals = Callable[..., list[str]]

# key, allowed up to and including, refused from, what is said after "key = value"
BOUNDS = [
    ("pump.address", "99", "100", "is above the limit of 99"),
    ("pump.address", "0", "-1", "is below the limit of 0"),
    ("pump.watchdog_s", "2", "3", "is above the limit of 2 s"),
    ("pump.watchdog_s", "1", "0", "is below the limit of 1 s"),
    ("pressure.address", "250", "251", "is above the limit of 250"),
    ("pressure.address", "1", "0", "is below the limit of 1"),
    ("pressure.serial_number", "4294967295", "4294967296", "is above the limit of 4294967295"),
    ("pressure.serial_number", "1", "0", "is below the limit of 1"),
    ("pressure.sample_hz", "200", "201", "is above the limit of 200 Hz"),
    ("pressure.sample_hz", "100", "99", "is below the limit of 100 Hz"),
    ("button.poll_ms", "5", "6", "is above the limit of 5 ms"),
    ("button.poll_ms", "2", "1", "is below the limit of 2 ms"),
    ("line.fill_ml", "1.0", "1.01", "is above the limit of 1.00 mL, which bd-1ml holds"),
    ("line.fill_ml", "0.33", "0.0", "is not above the limit of 0.00 mL"),
    ("line.temperature_c", "40.0", "40.1", "is above the limit of 40 C"),
    ("line.temperature_c", "15.0", "14.9", "is below the limit of 15 C"),
    ("injection.target_ml", "0.30", "0.35", "is above the limit of 0.30 mL"),
    ("injection.target_ml", "0.05", "0.0", "is not above the limit of 0.00 mL"),
    ("injection.target_ml", "0.05", "-0.2", "is not above the limit of 0.00 mL"),
    ("injection.increment_ml", "0.05", "0.06", "is above the limit of 0.05 mL"),
    ("injection.increment_ml", "0.01", "0.009", "is below the limit of 0.01 mL"),
    ("injection.rate_ul_s", "10.0", "10.01", "is above the limit of 10 uL/s"),
    ("injection.rate_ul_s", "0.001", "0.0", "is not above the limit of 0 uL/s"),
    ("prime.rate_ul_s", "10.0", "1e1000", "is not a finite number; it has to be above 0 uL/s and at most 10 uL/s"),
    ("prime.volume_ml", "0.05", "0.051", "is above the limit of 0.05 mL"),
    ("prime.first_volume_ml", "0.5", "0.61", "is above the limit of 0.60 mL"),
    ("prime.first_rate_ul_s", "10.0", "10.1", "is above the limit of 10 uL/s"),
    ("line.lot_bore_mm", "0.1", "0.09", "is below the limit of 0.1 mm"),
    ("line.lot_bore_mm", "0.4", "1.59", "is above the limit of 0.4 mm"),
    ("limits.line_kpa", "250.0", "250.1", "is above the limit of 250 kPa"),
    ("limits.duct_kpa", "5", "5.0001", "is above the limit of 5 kPa"),
    ("limits.duct_kpa", "0.1", "0", "is not above the limit of 0 kPa"),
    ("limits.sample_age_ms", "100", "101", "is above the limit of 100 ms"),
    ("limits.lateness_ms", "50", "51", "is above the limit of 50 ms"),
    ("limits.hold_s", "60", "61", "is above the limit of 60 s"),
    ("simulation.seed", "0", "-1", "is below the limit of 0"),
    ("simulation.index", "0", "-1", "is below the limit of 0"),
]


@pytest.mark.parametrize(("key", "allowed", "refused", "text"), BOUNDS)
def test_a_value_beyond_its_limit_is_refused_and_never_clamped(
    refusals: Refusals, key: str, allowed: str, refused: str, text: str
) -> None:
    room = {"line.syringe": '"bd-3ml"', "line.fill_ml": "3.0"} if key == "prime.first_volume_ml" else {}
    assert refusals("sim", {**room, key: allowed}) == []
    assert refusals("sim", {**room, key: refused}) == [f"mine.toml: {key} = {refused} {text}"]


@pytest.mark.parametrize(
    ("key", "written", "text"),
    [
        ("injection.target_ml", '"0.2"', "is not a number; it has to be above 0.00 mL and at most 0.30 mL"),
        ("injection.target_ml", "true", "is not a number; it has to be above 0.00 mL and at most 0.30 mL"),
        ("injection.target_ml", "nan", "is not a finite number; it has to be above 0.00 mL and at most 0.30 mL"),
        ("injection.target_ml", "-inf", "is not a finite number; it has to be above 0.00 mL and at most 0.30 mL"),
        ("injection.target_ml", "1e400", "is not a finite number; it has to be above 0.00 mL and at most 0.30 mL"),
        ("injection.target_ml", "[0.2]", None),
        ("pump.baud", "4800", "is not one of 19200, 9600, 2400, 1200, 300"),
        ("pump.baud", "19200.0", "is not a whole number"),
        ("pump.baud", "true", "is not a whole number"),
        ("pump.address", "1.0", "is not a whole number; it has to be at least 0 and at most 99"),
        ("pressure.baud", "19200", "is not one of 9600, 115200"),
        ("pump.model", '"ne4000"', 'is not one of "ne1000"'),
        ("pressure.model", '"keller35x"', 'is not one of "keller33x"'),
        ("button.model", '"dcon"', 'is not one of "modem_lines"'),
        ("pump.trigger", '"FT"', 'is not one of "none", "nc_to_ground"'),
        ("pressure.reference", '"Gauge"', 'is not one of "gauge", "absolute"'),
        ("injection.advance", '"manual"', 'is not one of "auto", "confirm"'),
        ("kind", '"bed"', 'is not one of "simulation", "bench", "bedside"'),
        ("description", "1", "is not a text in quotes"),
        ("line.syringe", '"bd-2ml"', "is not in the catalogue; known: bd-1ml, bd-1ml-d478, bd-3ml, bd-3ml-d866"),
        ("line.cannula", '"27g"', "is not in the catalogue; known: 30g-straight, 30g-right-angled"),
        ("line.tube", '"ct"', "is not in the catalogue; known: microbore-30cm, pressure-30cm"),
        ("line.agent", "60", "is not a text in quotes"),
        ("pump.port", '"ttyUSB0"', None),
        ("pump.port", '""', None),
        ("pump.port", '"/dev/"', None),
        ("pump.port", '"/dev/tty\\nUSB0"', None),
        ("records.directory", '"  "', "is not the name of a directory"),
        ("simulation.plant", '"simulators.plant"', 'is not of the form "module:factory"'),
        ("simulation.plant", '"a/b.py:make"', 'is not of the form "module:factory"'),
        ("simulation.control", '"\\u0000"', None),
        ("simulation.options", "1", "is not a section; write it as [simulation.options]"),
    ],
)
def test_a_wrong_value_is_refused(refusals: Refusals, key: str, written: str, text: str | None) -> None:
    said = refusals("sim", {key: written})
    assert len(said) == 1
    if text is None:
        assert said[0].startswith(f"mine.toml: {key} = ")
        assert "\n" not in said[0]
    else:
        assert said == [f"mine.toml: {key} = {written} {text}"]


def test_an_unknown_agent_lists_all_that_are_known(refusals: Refusals) -> None:
    (said,) = refusals("sim", {"line.agent": '"omnipaque-300"'})
    for agent in ("conray-60", "conray-43", "conray-30", "isovue-200", "isovue-250", "isovue-300", "isovue-370", "water"):
        assert agent in said


@pytest.mark.parametrize(
    "port", ["/dev/ttyS0", "/dev/pts/3", "rfc2217://127.0.0.1:4000", "socket://[::1]:99", "spy:///dev/ttyS1"]
)
def test_ports_that_can_be_opened_are_accepted(refusals: Refusals, port: str) -> None:
    assert refusals("bench", {"pump.port": f'"{port}"'}) == []


def test_whole_numbers_are_fine_where_fractions_are_wanted(refusals: Refusals) -> None:
    assert refusals("sim", {"injection.rate_ul_s": "5", "limits.line_kpa": "200", "line.temperature_c": "37"}) == []


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("injection.target_ml", "injection.target_ml is missing; it has to be above 0.00 mL and at most 0.30 mL"),
        ("pump.port", "pump.port is missing"),
        ("pump.trigger", "pump.trigger is missing"),
        ("limits.line_kpa", "limits.line_kpa is missing; it has to be above 0 kPa and at most 250 kPa"),
        ("kind", "kind is missing"),
    ],
)
def test_a_missing_key_is_named(refusals: Refusals, key: str, said: str) -> None:
    assert refusals("sim", {key: None}) == [f"mine.toml: {said}"]


def test_nothing_that_decides_how_to_stop_or_how_much_has_a_default(refusals: Refusals) -> None:
    for key in ("injection.target_ml", "injection.increment_ml", "injection.rate_ul_s", "line.syringe", "limits.duct_kpa"):
        assert len(refusals("sim", {key: None})) == 1


def test_advance_defaults_to_people(refusals: Refusals) -> None:
    assert refusals("bedside", {"injection.advance": None}) == []


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("injection.targt_ml", "injection.targt_ml is not a known key; did you mean injection.target_ml?"),
        ("injection.fill_ml", "injection.fill_ml is not a known key; did you mean line.fill_ml?"),
        ("pump.colour", "pump.colour is not a known key; known here: model, port, baud, address, watchdog_s, trigger"),
        ("descriptoin", "descriptoin is not a known key; did you mean description?"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known(refusals: Refusals, key: str, said: str) -> None:
    assert refusals("sim", {key: "1"}) == [f"mine.toml: {said}"]


def test_a_key_with_odd_characters_stays_on_one_line(refusals: Refusals) -> None:
    (said,) = refusals("sim", {'"a\\nb c"': "1"})
    assert said.startswith('mine.toml: "a\\nb c" is not a known key')
    assert "\n" not in said
