"""For any input at all: a usable profile, or ConfigError with sentences that name key, value and limit."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from config import PROFILES, shipped
from controller.settings import ConfigError, LoadedProfile, build_profile, load_profile
from controller.settings.exact import NumberField, exact
from controller.settings.problems import WrittenNumber
from controller.settings.reading import parse

# the machine may be busy: how long an example takes says nothing here
PATIENT: Final = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SIM: Final = shipped("sim").read_bytes()
PUMP: Final = NumberField(digits=4, decimals=3)
LIMITS: Final = {
    "injection.target_ml": ("0.00 mL", "0.30 mL", "increments of 0.05 mL"),
    "injection.increment_ml": ("0.01 mL", "0.05 mL", "multiple of 0.01 mL"),
    "injection.rate_ul_s": ("0 uL/s", "10 uL/s", "4 digits and 3 decimals", "the slowest of ne1000"),
}
NUMBERS: Final = st.one_of(
    st.floats(),
    st.floats(min_value=0.0, max_value=0.4),
    st.floats(min_value=0.0, max_value=11.0),
    st.integers(min_value=-1, max_value=11),
    st.integers(min_value=0, max_value=40).map(lambda n: n / 100),
    st.integers(min_value=0, max_value=12_000).map(lambda n: n / 1000),
)
VALUES: Final = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(), st.times(), st.binary(max_size=4)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3), st.tuples(inner, inner)
    ),
    max_leaves=6,
)


def load(key: str, value: float) -> LoadedProfile | list[str]:
    section, name = key.split(".")
    tree = parse(SIM, "mine.toml")
    table = tree[section]
    assert isinstance(table, dict)
    table[name] = value if isinstance(value, int) else WrittenNumber(repr(value))
    if name == "increment_ml" and math.isfinite(value) and value > 0:
        table["target_ml"] = value  # one increment: only the increment itself is under test
    try:
        return build_profile(tree, "mine.toml")
    except ConfigError as error:
        return error.problems


@PATIENT
@given(st.sampled_from(sorted(LIMITS)), NUMBERS)
@example("injection.target_ml", 0.1 + 0.2)
@example("injection.rate_ul_s", 0.1 + 0.2)
@example("injection.increment_ml", -0.0)
def test_any_number_is_exactly_usable_or_refused_with_its_limit(key: str, value: float) -> None:
    result = load(key, value)
    if isinstance(result, LoadedProfile):
        injection = result.profile.injection
        target, increment = exact(injection.target_ml), exact(injection.increment_ml)
        assert 0 < target <= Fraction(3, 10)
        assert Fraction(1, 100) <= increment <= Fraction(5, 100)
        assert exact(injection.target_ul) == target * 1000
        assert exact(injection.increment_ul) == increment * 1000
        assert increment * injection.increments == target
        assert PUMP.holds(exact(injection.increment_ul))
        assert 0 < injection.rate_ul_s <= 10
        assert PUMP.holds(exact(injection.rate_ul_s) * 60)
    else:
        about = [sentence for sentence in result if sentence.startswith(f"mine.toml: {key} = {value!r} ")]
        assert about
        assert all(any(limit in sentence for limit in LIMITS[key]) for sentence in about)


@PATIENT
@given(st.sampled_from(sorted(LIMITS)), NUMBERS)
def test_an_option_and_a_file_are_judged_alike(key: str, value: float) -> None:
    tree = parse(SIM, "mine.toml")
    try:
        by_option: object = build_profile(tree, "mine.toml", {key: (value, f"mine.toml: {key}")}).hash
    except ConfigError as error:
        by_option = [sentence.partition(" (with ")[0] for sentence in error.problems]
    section, name = key.split(".")
    table = tree[section]
    assert isinstance(table, dict)
    table[name] = value
    try:
        by_file: object = build_profile(tree, "mine.toml").hash
    except ConfigError as error:
        by_file = error.problems
    assert by_option == by_file


def sentences(attempt: Callable[[], LoadedProfile]) -> list[str]:
    """What is said about an attempt; empty if it gives a profile. Any other exception than ConfigError goes through."""
    try:
        attempt()
    except ConfigError as error:
        return error.problems or ["an error without a sentence"]
    return []


@PATIENT
@given(st.binary(max_size=300))
def test_any_bytes_after_a_good_profile_give_a_profile_or_config_error(garbage: bytes) -> None:
    said = sentences(lambda: build_profile(parse(SIM + garbage, "mine.toml"), "mine.toml"))
    assert all(sentence.startswith("mine.toml: ") for sentence in said)


@PATIENT
@given(
    st.sampled_from(["pump", "pressure", "button", "line", "injection", "prime", "limits", "records", "simulation", "kind", "x"]),
    st.text(max_size=6)
    | st.sampled_from(["port", "baud", "target_ml", "fill_ml", "syringe", "options", "seed", "serial_number"]),
    VALUES,
)
def test_any_value_at_any_key_gives_a_profile_or_config_error(section: str, key: str, value: object) -> None:
    tree = parse(SIM, "mine.toml")
    table = tree.setdefault(section, {})
    if isinstance(table, dict):
        table[key] = value
    else:
        tree[section] = value
    said = sentences(lambda: build_profile(tree, "mine.toml")) + sentences(lambda: build_profile({section: value}, "mine.toml"))
    assert all(sentence.startswith("mine.toml") and "\n" not in sentence for sentence in said)
    assert said  # the second has next to nothing in it


@PATIENT
@given(st.text(max_size=12) | st.sampled_from(["simulation.options.a", "injection.target_ml", "pump.port", "line.agent"]), VALUES)
def test_any_option_gives_a_profile_or_config_error(key: str, value: object) -> None:
    assert "an error without a sentence" not in sentences(lambda: load_profile("sim", {key: value}))


@PATIENT
@given(st.text(max_size=20).filter(lambda name: name not in PROFILES))
def test_any_other_name_gives_config_error(name: str) -> None:
    assert len(sentences(lambda: load_profile(name))) == 1
