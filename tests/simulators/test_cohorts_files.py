"""Cohort files that are wrong: one sentence for each mistake, all at once, naming file, key, value and limit."""

from pathlib import Path

import pytest

from simulators.cohorts import CohortError, cohort_names, load_cohort

GOOD = """
title = "Mine"
description = "For a test"

[everyone.line.duct_v0_ul]
distribution = "lognormal"
median = 250.0
gsd = 1.4
min = 100.0
max = 500.0
source = "somewhere"
grade = "D"

[subgroups.intact]
weight = 1.0
"""


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(CohortError) as caught:
        load_cohort(str(path))
    start = f"{path}: "
    lines = str(caught.value).split("\n")
    assert all(line.startswith(start) for line in lines)
    return [line.removeprefix(start) for line in lines]


def entry(key: str, text: str) -> str:
    return f'\n[{key}]\nsource = "somewhere"\ngrade = "D"\n{text}\n'


def test_the_good_one_is_good(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    assert load_cohort(str(path)).name == "mine"


def test_names_and_files_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CohortError, match=r"^no cohort is called 'mixde'; there are: benign, intact, mixed, rupture$"):
        load_cohort("mixde")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CohortError, match=r"^mine\.toml: No such file or directory$"):
        load_cohort("mine.toml")
    with pytest.raises(CohortError, match=r"^\./mine: No such file or directory$"):
        load_cohort("./mine")


def test_no_toml_and_no_text(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, "title = ")
    assert said.startswith("not TOML: ")
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(CohortError, match="not TOML: 'utf-8' codec"):
        load_cohort(str(path))
    assert problems(tmp_path, "a = " + "[" * 5000)[0].startswith("not TOML: ")


def test_an_empty_file_says_what_is_missing(tmp_path: Path) -> None:
    assert problems(tmp_path, "") == ["title is missing", "description is missing", "subgroups is missing"]


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = """
title = "Mine"
author = "me"

[everyone.pump.speed]
value = 1.0

[everyone.line.colour]
distribution = "constant"
value = 1.0
source = "somewhere"
grade = "D"

[everyone.line.duct_v0_ul]
distribution = "lognormal"
median = 250.0
gsd = 0.9
min = 100.0
source = ""
grade = "E"

[subgroups.intact]
weight = 0.0

[subgroups.intct]
weight = 1.0
"""
    said = problems(tmp_path, text)
    assert "author is not a known key" in said
    assert "description is missing" in said
    assert "everyone.pump is not a known key" in said
    assert "everyone.line.duct_v0_ul.gsd = 0.9: must be greater than 1" in said
    assert "everyone.line.duct_v0_ul.max is missing" in said
    assert "everyone.line.duct_v0_ul.source = '': String should have at least 1 character" in said
    assert "everyone.line.duct_v0_ul.grade = 'E': must be 'A', 'B', 'C' or 'D'" in said
    assert "subgroups.intact.weight = 0.0: must be greater than 0" in said
    (unknown,) = [line for line in said if "colour" in line]
    assert unknown.startswith("everyone.line.colour is not a known parameter; known here: line.bore_mm, ")
    (other,) = [line for line in said if "intct" in line]
    assert other.startswith("subgroups.intct = 'intct': must be 'intact', 'rupture_free_pressure', ")
    assert len(said) == 10


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        (
            "line.bubble_ul",
            "value = 1.0",
            "everyone.line.bubble_ul.distribution is missing; there are: choice, constant, lognormal, normal, uniform",
        ),
        (
            "line.bubble_ul",
            'distribution = "gamma"',
            "everyone.line.bubble_ul.distribution = 'gamma' does not exist; there are: ",
        ),
        (
            "line.bubble_ul",
            'distribution = "uniform"\nmin = 2.0\nmax = 1.0',
            "everyone.line.bubble_ul: min = 2 must be below max = 1",
        ),
        (
            "line.bubble_ul",
            'distribution = "uniform"\nmin = "0"\nmax = 1.0',
            "everyone.line.bubble_ul.min = '0': must be a valid number",
        ),
        (
            "line.bubble_ul",
            'distribution = "uniform"\nmin = 0.0\nmax = inf',
            "everyone.line.bubble_ul.max = inf: must be a finite number",
        ),
        (
            "line.bubble_ul",
            'distribution = "constant"\nvalue = 1.0\nmean = 2.0',
            "everyone.line.bubble_ul.mean is not a known key",
        ),
        (
            "line.bubble_ul",
            'distribution = "constant"\nvalue = 1.0\nchance = 0.0',
            "everyone.line.bubble_ul.chance = 0.0: must be greater than 0",
        ),
        (
            "line.bubble_ul",
            'distribution = "choice"\nvalues = [1.0, 2.0]\nweights = [1.0]',
            "everyone.line.bubble_ul: 2 values need as many weights, not 1",
        ),
        (
            "line.bubble_ul",
            'distribution = "normal"\nmean = 0.0\nsd = 1.0\nmin = 3.0\nmax = 4.0',
            "everyone.line.bubble_ul: 0.13 % of it lies between min = 3 and max = 4; at least 5 % must",
        ),
        (
            "line.viscosity_mpa_s",
            'distribution = "uniform"\nmin = -1.0\nmax = 4.0',
            "everyone.line.viscosity_mpa_s = -1.0: must be a number ",
        ),
        (
            "line.wall_relaxation",
            'distribution = "choice"\nvalues = [0.2, 0.7]\nweights = [1, 1]',
            "everyone.line.wall_relaxation = 0.7: must be a number from 0 to 0.6",
        ),
        (
            "line.bubble_ul",
            'distribution = "constant"\nvalue = "big"',
            "everyone.line.bubble_ul = 'big': must be a valid number",
        ),
        (
            "line.subgroup",
            'distribution = "constant"\nvalue = "me"',
            "everyone.line.subgroup is not a known parameter; known here: line.bore_mm, ",
        ),
        (
            "pressure.noise_kpa",
            'distribution = "uniform"\nmin = -0.1\nmax = 0.1',
            "everyone.pressure.noise_kpa = -0.1: must not be negative",
        ),
        (
            "person.reaction_s",
            'distribution = "uniform"\nmin = -0.5\nmax = 3.0',
            "everyone.person.reaction_s = -0.5: must be greater than or equal to 0",
        ),
        (
            "person.can_press",
            'distribution = "constant"\nvalue = 1',
            "everyone.person.can_press = 1: must be a valid boolean",
        ),
        (
            "plunger.static_friction_kpa",
            'distribution = "constant"\nvalue = 30.0',
            "everyone.plunger.static_friction_kpa is not a known parameter; known here: plunger.backlash_ul, ",
        ),
        (
            "fluid.agent",
            'distribution = "constant"\nvalue = "milk"',
            "everyone.fluid.agent = 'milk': is not in the catalogue; there are: conray-30, ",
        ),
        (
            "fluid.temperature_c",
            'distribution = "uniform"\nmin = 10.0\nmax = 30.0',
            "everyone.fluid.temperature_c = 10.0: must be greater than or equal to 15",
        ),
        (
            "cannula.lot_bore_mm",
            'distribution = "constant"\nvalue = 0.159\nchance = 0.5',
            "everyone.cannula.lot_bore_mm.chance = 0.5 is not possible here: every patient has one",
        ),
    ],
)
def test_an_entry_that_can_not_be(tmp_path: Path, key: str, text: str, told: str) -> None:
    (said,) = problems(tmp_path, GOOD + entry(f"everyone.{key}", text))
    assert said.startswith(told)


def test_a_parameter_that_is_no_table(tmp_path: Path) -> None:
    said = problems(tmp_path, GOOD + "\n[everyone.pressure]\nnoise_kpa = 0.1\n[everyone.person]\nreaction_s = []\n")
    assert said == ["everyone.pressure.noise_kpa must be a table", "everyone.person.reaction_s must be a table"]
    assert problems(tmp_path, 'title = "t"\ndescription = "d"\neveryone = 3\nsubgroups = []\n') == [
        "everyone must be a table",
        "subgroups must be a table",
    ]


def test_source_and_grade_are_required(tmp_path: Path) -> None:
    text = '[everyone.line.bubble_ul]\ndistribution = "constant"\nvalue = 1.0\n'
    assert problems(tmp_path, GOOD + text) == [
        "everyone.line.bubble_ul.source is missing",
        "everyone.line.bubble_ul.grade is missing",
    ]


def test_parts_that_need_each_other(tmp_path: Path) -> None:
    agent = 'distribution = "constant"\nvalue = "water"'
    assert problems(tmp_path, GOOD + entry("everyone.fluid.agent", agent)) == [
        "everyone: fluid.agent needs fluid.temperature_c beside it"
    ]
    two = GOOD + "\n[subgroups.motion]\nweight = 1.0\n"
    assert problems(tmp_path, two + entry("subgroups.motion.fluid.agent", agent)) == [
        "subgroups.motion: fluid.agent needs fluid.temperature_c beside it"
    ]


def test_what_follows_from_others_is_not_given_as_well(tmp_path: Path) -> None:
    cannula = entry("everyone.cannula.lot_bore_mm", 'distribution = "constant"\nvalue = 0.159')
    cannula += entry("everyone.cannula.resistance_factor", 'distribution = "constant"\nvalue = 1.0')
    bore = entry("everyone.line.bore_mm", 'distribution = "constant"\nvalue = 0.16')
    assert problems(tmp_path, GOOD + cannula + bore) == [
        "everyone: line.bore_mm follows from cannula.lot_bore_mm and cannula.resistance_factor; give one or the other"
    ]


def test_a_base_must_ship_and_stand_on_its_own(tmp_path: Path) -> None:
    assert problems(tmp_path, 'base = "mine"\n' + GOOD) == [
        f"base = 'mine': no cohort of the software is called so; there are: {', '.join(cohort_names())}"
    ]
    assert problems(tmp_path, 'base = "benign"\n' + GOOD) == ["base = 'benign' has a base itself; a base must stand on its own"]
    assert problems(tmp_path, "base = 3\n" + GOOD) == ["base = 3: must be a valid string"]


def test_events_are_read_strictly(tmp_path: Path) -> None:
    event = '\n[[subgroups.intact.event]]\nwhen = { forward_patient_ul = -3.0 }\ndo = "press"\n'
    (said,) = problems(tmp_path, GOOD + event)
    assert said == "subgroups.intact.event.0.when.forward_patient_ul = -3.0: must be greater than or equal to 0"


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (
            'do = "presss"',
            "event.0.do = 'presss' does not exist; there are: clear, fault, host, keypad, note, operator, pedal, person, press, ",
        ),
        ("", "event.0.do is missing"),
        ('do = "tip"\nwhere = "out"', "event.0.where = 'out': must be 'air', 'capped' or 'patient'"),
    ],
)
def test_an_act_that_does_not_exist_is_named_as_it_was_written(act: str, sentence: str, tmp_path: Path) -> None:
    event = f"\n[[subgroups.intact.event]]\nwhen = {{ forward_patient_ul = 3.0 }}\n{act}\n"
    (said,) = problems(tmp_path, GOOD + event)
    assert said.startswith(f"subgroups.intact.{sentence}")
