"""Options over a file, what comes out, and its hash."""

import dataclasses
import hashlib
import json
from collections.abc import Callable

import pytest

from controller.settings import ConfigError, build_profile, catalogue, load_profile

Refusals = Callable[..., list[str]]


def refused(name: str, overrides: dict[str, object]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_profile(name, overrides)
    return caught.value.problems


def test_an_option_goes_over_the_file() -> None:
    loaded = load_profile("sim", {"injection.target_ml": (0.1, "--target-ml"), "simulation.seed": 7, "pump.port": None})
    assert loaded.profile.injection.target_ml == 0.1
    assert loaded.profile.simulation is not None
    assert loaded.profile.simulation.seed == 7
    assert loaded.profile.pump.port == "simulated"
    assert loaded.raw["injection"] == {"target_ml": 0.1, "increment_ml": 0.05, "rate_ul_s": 5.0, "advance": "auto"}


def test_a_wrong_option_is_called_what_the_user_calls_it() -> None:
    assert refused("sim", {"injection.target_ml": (0.35, "--target-ml")}) == ["--target-ml = 0.35 is above the limit of 0.30 mL"]
    assert refused("sim", {"injection.target_ml": 0.35}) == ["injection.target_ml = 0.35 is above the limit of 0.30 mL"]
    assert refused("sim", {"line.agent": ("ink", "--agent")})[0].startswith('--agent = "ink" is not in the catalogue; known: ')


def test_an_option_that_does_not_go_with_the_file_is_named_beside_the_files_key(refusals: Refusals) -> None:
    said = refusals("sim", {"line.fill_ml": "0.35"}, {"injection.target_ml": (0.3, "--target-ml")})
    assert said == [
        "mine.toml: line.fill_ml = 0.35 is below the limit of 0.43 mL: prime 0.03 + target 0.30 + reserve 0.10 mL "
        "(with --target-ml = 0.3)"
    ]


def test_an_option_heals_what_the_file_has_wrong(refusals: Refusals) -> None:
    assert refusals("sim", {"injection.target_ml": "0.35"}, {"injection.target_ml": (0.3, "--target-ml")}) == []


def test_the_plant_gets_options_of_its_own() -> None:
    loaded = load_profile("sim", {"simulation.options.rupture_kpa": (3.5, "--option"), "simulation.options.deep.er": 1})
    assert loaded.profile.simulation is not None
    assert loaded.profile.simulation.options == {"rupture_kpa": 3.5, "deep": {"er": 1}}


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("injection.targt_ml", "--set: injection.targt_ml is not a known key; did you mean injection.target_ml?"),
        ("injection", "--set: injection is a section and not a single value"),
        ("injection.target_ml.x", "--set: injection.target_ml.x is not a known key; there is nothing below injection.target_ml"),
        ("", '--set: "" is not a known key; known here: kind,'),
        ("a..b", '--set: a."".b is not a known key; there is nothing below a.'),
        ("simulation.options.\n", '--set: simulation.options."\\n" is not a known key'),
    ],
)
def test_an_option_for_a_key_that_is_not_there(key: str, said: str) -> None:
    (sentence,) = refused("sim", {key: (0.1, "--set")})
    assert sentence.startswith(said)


def test_an_option_can_not_bring_a_simulation_to_the_bedside() -> None:
    (said,) = refused("bedside", {"simulation.seed": (1, "--seed")})
    assert said == '--seed: [simulation] is for kind = "simulation" only, and this is kind = "bedside"'


def test_an_option_can_not_turn_the_bedside_into_a_bench_that_advances_alone() -> None:
    assert len(refused("bedside", {"injection.advance": ("auto", "--advance")})) == 1


@pytest.mark.parametrize("value", [b"x", {1}, object(), 2**63, 1j])
def test_an_option_that_is_no_value_at_all(value: object) -> None:
    (said,) = refused("sim", {"injection.target_ml": (value, "--target-ml")})
    assert said.startswith("--target-ml holds ")


def test_options_and_files_are_told_apart_when_both_are_wrong(refusals: Refusals) -> None:
    said = refusals("sim", {"limits.duct_kpa": "6.0"}, {"limits.line_kpa": (260, "--line-kpa")})
    assert said == [
        "--line-kpa = 260 is above the limit of 250 kPa",
        "mine.toml: limits.duct_kpa = 6.0 is above the limit of 5 kPa",
    ]


def test_what_comes_out_can_not_be_changed() -> None:
    loaded = load_profile("sim")
    with pytest.raises(dataclasses.FrozenInstanceError):
        loaded.hash = ""  # type: ignore[misc]  # that it is refused is the point


def test_the_parts_are_those_of_the_catalogue() -> None:
    loaded = load_profile("sim")
    known = catalogue()
    assert loaded.parts.syringe is known.syringes["bd-1ml"]
    assert loaded.parts.agent is known.agents["conray-60"]
    assert loaded.parts.cannula is known.cannulas["30g-straight"]
    assert loaded.parts.tube is known.tubes["microbore-30cm"]
    assert loaded.expected_resistance_kpa_s_ul == pytest.approx(6.48 + 0.78, abs=0.01)


def test_the_hash_is_that_of_the_canonical_text() -> None:
    loaded = load_profile("sim")
    assert loaded.hash == hashlib.sha256(loaded.canonical_json.encode()).hexdigest()
    content = json.loads(loaded.canonical_json)
    assert content["profile"]["injection"]["target_ml"] == 0.2
    assert content["profile"]["limits"]["hold_s"] == 60.0
    assert content["catalogue"]["syringe"]["inner_diameter_mm"] == 4.699


def test_the_hash_does_not_depend_on_how_a_value_is_written() -> None:
    plain = load_profile("sim").hash
    assert load_profile("sim", {"injection.rate_ul_s": 5, "line.fill_ml": 9e-1}).hash == plain
    assert load_profile("sim", {"pump.baud": 19200, "limits.hold_s": 60}).hash == plain


def test_the_hash_changes_with_any_value() -> None:
    overrides: list[dict[str, object]] = [
        {},
        {"injection.target_ml": 0.15},
        {"line.syringe": "bd-1ml-d478"},
        {"simulation.seed": 2},
        {"simulation.options.x": 1},
        {"description": ""},
    ]
    assert len({load_profile("sim", override).hash for override in overrides}) == len(overrides)


@pytest.mark.parametrize("name", ["sim", "bench", "bedside"])
def test_a_profile_comes_back_from_its_record(name: str) -> None:
    loaded = load_profile(name)
    again = build_profile(json.loads(loaded.canonical_json)["profile"], "record")
    assert again.profile == loaded.profile
    assert again.hash == loaded.hash


def test_raw_is_a_copy() -> None:
    first = load_profile("sim")
    first.raw.clear()
    assert load_profile("sim").raw["kind"] == "simulation"
