"""Faults as data: reading a catalogue, and drawing from it."""

import pickle
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.acts import Clear, Fault, Note, Press, Release
from simulators.injection import CatalogueError, Injection, Stops, draw, load_catalogue
from simulators.injection.draw import may_meet
from simulators.injection.phases import PHASES
from simulators.injection.values import read_values

SHIPPED = load_catalogue()
HOST_MUTE = """
[fault.mute]
layer = "device"
title = "The pump says nothing."
act = { do = "fault", name = "pump.mute" }
lasts_s = { uniform = [0.1, 0.2] }
phases = ["infusing"]
stops = { within_s = 0.5 }
why = "PUMP_SILENT."
"""


def catalogue(tmp_path: Path, text: str):
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return load_catalogue(path)


# -- reading -------------------------------------------------------------------------------------------------------------------


def test_a_fault_is_read_with_everything_it_says(tmp_path):
    own = catalogue(tmp_path, HOST_MUTE)
    (injection,) = draw(own, "single", 1, 0, 100.0)
    mark, begins, ends = injection.events
    assert (injection.name, injection.layer, injection.phase) == ("mute", "device", "infusing")
    assert injection.stops == Stops(within_s=0.5, blocks_stop="none", pushes_unordered=False)
    assert isinstance(mark.does, Note)
    assert begins.does == Fault(name="pump.mute")
    assert begins.cause
    assert ends.does == Clear(name="pump.mute")
    assert 0.1 <= ends.when.after_s <= 0.2


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('layer = "device"', 'layer = "devise"', "fault.mute.layer: 'devise': Input should be 'wire', 'device'"),
        ('title = "The pump says nothing."', "", "fault.mute.title: Field required"),
        ('why = "PUMP_SILENT."', 'why = ""', "fault.mute.why: '': String should have at least 1 character"),
        ('phases = ["infusing"]', 'phases = ["dreaming"]', "fault.mute.phases.0: 'dreaming': Input should be 'start'"),
        ('phases = ["infusing"]', "phases = []", "fault.mute.phases: List should have at least 1 item"),
        ('phases = ["infusing"]', 'phases = ["infusing", "infusing"]', "phases: infusing, infusing names one of them twice"),
        ('phases = ["infusing"]', 'phases = ["start"]\nat_start = true', "at_start: phases has start already"),
        ('phases = ["infusing"]', 'phases = ["ready"]\ncertain_in = ["infusing"]', "certain_in: infusing is none of phases"),
        ("within_s = 0.5", "within_s = 61.0", "fault.mute.stops.within_s: 61.0: Input should be less than or equal to 60"),
        ("within_s = 0.5", 'within_s = "0.5"', "fault.mute.stops.within_s: '0.5': Input should be a valid number"),
        ("within_s = 0.5", 'blocks_stop = "both"', "fault.mute.stops.blocks_stop: 'both': Input should be 'none'"),
        ("within_s = 0.5", "pushes_unordered = true", "fault.mute.stops: pushes_unordered needs within_s"),
        ("within_s = 0.5", "wihtin_s = 0.5", "fault.mute.stops.wihtin_s: 0.5: Extra inputs are not permitted"),
        ("uniform = [0.1, 0.2]", "uniform = [0.2, 0.1]", "fault.mute.lasts_s: [0.2, 0.1] has to be two numbers"),
        ("uniform = [0.1, 0.2]", "uniform = [-0.1, 0.2]", "lasts_s: -0.1 to 0.2 has to be seconds, above 0"),
        ("uniform = [0.1, 0.2]", "normal = [0.1, 0.2]", "is not a constant, { uniform = [low, high] }"),
        ("{ uniform = [0.1, 0.2] }", "true", "lasts_s: true has to be seconds, above 0"),
        ('name = "pump.mute" }', 'nom = "pump.mute" }', "act: name: Field required"),
        ('do = "fault"', 'do = { choice = ["fault", "clear"] }', "act.do: has to be one kind of act"),
        ('do = "fault", name', 'do = "fright", name', "act: do: Input tag 'fright' found"),
        ('do = "fault", name = "pump.mute"', 'do = "operator", say = "pain"', "lasts_s: an act of kind 'operator' does not end"),
        ('do = "fault", name = "pump.mute"', 'do = "host", freeze_s = 99.0', "freeze_s: 99.0: Input should be less"),
        ('why = "PUMP_SILENT."', 'why = "-"\nfidelity = ["core"]', "fidelity: fault pump.mute needs the wire fidelity"),
        ('why = "PUMP_SILENT."', 'why = "-"\nneeds = ["luck"]', "fault.mute.needs.0: 'luck': Input should be 'pump_replies'"),
    ],
)  # fmt: skip
def test_a_wrong_catalogue_is_refused_with_file_key_value_and_limit(tmp_path, old, new, told):
    assert old in HOST_MUTE
    with pytest.raises(CatalogueError) as refused:
        catalogue(tmp_path, HOST_MUTE.replace(old, new))
    assert told in str(refused.value)
    assert str(refused.value).startswith(f"{tmp_path / 'own.toml'}: ")


def test_every_mistake_is_told_at_once(tmp_path):
    wrong = HOST_MUTE.replace("device", "devise").replace("within_s = 0.5", "within_s = -1.0").replace("infusing", "dreaming")
    with pytest.raises(CatalogueError) as refused:
        catalogue(tmp_path, wrong + HOST_MUTE.replace("fault.mute", "fault.Mute"))
    told = str(refused.value).splitlines()
    assert len(told) == 4
    assert all(any(key in line for line in told) for key in ("layer", "within_s", "phases.0", "Mute"))


@pytest.mark.parametrize("text", ["", "[fault]", "fault = 3", "[fault.a", "[faults.a]\n"])
def test_a_file_that_is_no_catalogue_is_refused(tmp_path, text):
    with pytest.raises(CatalogueError):
        catalogue(tmp_path, text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CatalogueError, match=r"none\.toml: No such file"):
        load_catalogue(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "wrong",
    [
        {"uniform": [1.0, 1.0]}, {"uniform": [1.0]}, {"uniform": [True, 2.0]}, {"uniform": ["a", "b"]},
        {"integer": [1.0, 2.0]}, {"integer": [2, 1]}, {"choice": [1]}, {"choice": [1, [2]]}, {"choice": 1},
        {"uniform": [0.0, float("inf")]}, float("nan"), {"uniform": [0, 1], "choice": [0, 1]}, {}, [1, 2], None,
    ],
)  # fmt: skip
def test_values_that_can_not_be_drawn_from_are_refused(wrong):
    with pytest.raises(ValueError):
        read_values(wrong)


# -- drawing -------------------------------------------------------------------------------------------------------------------


def test_nothing_goes_wrong_without_faults():
    assert draw(SHIPPED, "none", 1, 0, 100.0) == ()


@given(st.sampled_from(["single", "pairs"]), st.integers(0, 2**40), st.integers(0, 10**6), st.sampled_from(["wire", "core"]))
@settings(max_examples=30, deadline=None)
def test_the_same_arguments_give_the_same_faults(how, seed, index, fidelity):
    drawn = draw(SHIPPED, how, seed, index, 150.0, fidelity)
    assert drawn == draw(SHIPPED, how, seed, index, 150.0, fidelity)
    assert len(drawn) == (1 if how == "single" else 2)
    assert pickle.loads(pickle.dumps(drawn)) == drawn


def test_seed_index_and_kind_each_change_what_is_drawn():
    ways = [("single", 1, 0), ("single", 1, 1), ("single", 2, 0), ("pairs", 1, 0)]
    assert len({str(draw(SHIPPED, how, seed, index, 100.0)) for how, seed, index in ways}) == len(ways)


@pytest.mark.parametrize("how", ["single", "pairs"])
@pytest.mark.parametrize("fidelity", ["wire", "core"])
def test_every_fault_and_every_phase_is_drawn(how, fidelity):
    drawn = [injection for index in range(2500) for injection in draw(SHIPPED, how, 1, index, 300.0, fidelity)]
    expected = {name for name in SHIPPED if fidelity in SHIPPED[name].fidelity}
    assert {injection.name for injection in drawn} == expected
    phases = Counter(injection.phase for injection in drawn)
    assert set(phases) == {phase for name in expected for phase in SHIPPED[name].all_phases}
    assert all(injection.phase in SHIPPED[injection.name].all_phases for injection in drawn)


def test_two_faults_of_a_pair_are_different_and_may_meet_and_often_do_so_at_one_moment():
    together = 0
    for index in range(500):
        first, second = draw(SHIPPED, "pairs", 3, index, 200.0)
        assert may_meet(SHIPPED, first.name, second.name)
        assert may_meet(SHIPPED, second.name, first.name)
        together += first.phase == second.phase and _marks(first) == _marks(second)
    assert 150 < together < 400


def _marks(injection: Injection):
    return [event for event in injection.events if isinstance(event.does, Note)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pump_mute", "pump_mute"),
        ("pump_mute", "pump_mute_briefly"),  # the end of one would end the other
        ("press_and_hold", "press_briefly"),
        ("pump_runs_over", "pump_ignores_stop"),  # nobody could bound it
        ("pump_starts_itself", "host_killed"),
        ("pressure_frozen", "pressure_out_of_range"),  # one hides the other
    ],
)
def test_contradictory_pairs_are_never_drawn(one, other):
    assert not may_meet(SHIPPED, one, other)
    assert not may_meet(SHIPPED, other, one)


def test_what_the_other_fault_hides_is_not_owed():
    """A press that a frozen adapter does not show: the frozen adapter owes its own stop, the press owes none."""
    owed = {False: [], True: []}
    for index in range(20000):
        pair = draw(SHIPPED, "pairs", 5, index, 50.0, "wire")
        names = [injection.name for injection in pair]
        if "press_and_hold" in names:
            press = pair[names.index("press_and_hold")]
            company = SHIPPED[pair[1 - names.index("press_and_hold")].name]
            owed["button_lines" in company.disturbs].append(press.stops.within_s)
        if len(owed[True]) > 2 and len(owed[False]) > 2:
            break
    assert set(owed[True]) == {None}
    assert set(owed[False]) == {0.2}


def test_within_is_owed_only_where_it_is_certain():
    for index in range(2000):
        (injection,) = draw(SHIPPED, "single", 2, index, 100.0)
        entry = SHIPPED[injection.name]
        certain = entry.certain_in is None or injection.phase in entry.certain_in
        assert injection.stops.within_s == (entry.stops.within_s if certain else None)
        assert injection.stops.blocks_stop == entry.stops.blocks_stop


@given(st.floats(0.5, 300.0), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_moments_lie_within_the_procedure(target_ul, index):
    for injection in draw(SHIPPED, "pairs", 4, index, target_ul):
        for event in injection.events:
            assert event.when.forward_patient_ul is None or 0.0 < event.when.forward_patient_ul < target_ul
        if injection.phase in ("stopping", "relieving"):
            assert isinstance(injection.events[0].does, Press)
        if injection.phase == "start":
            assert injection.events[0].when.at_s == 0.0
        times = [event.when.after_s for event in injection.events if event.when.after_s is not None]
        assert all(time_s >= 0.0 for time_s in times)


def test_moments_are_continuous():
    """No two alike, down to a microsecond, so that every position within a cycle and a frame is met."""
    own_times = set()
    for index in range(300):
        (injection,) = draw(SHIPPED, "single", 6, index, 200.0)
        begins = injection.events[len(_marks(injection)) + (injection.phase in ("stopping", "relieving"))]
        own_times.add(round((begins.when.after_s or begins.when.at_s or 0.0) * 1e6))
    assert len(own_times) > 270


def test_faults_that_end_end_after_they_began():
    ending = 0
    for index in range(1000):
        (injection,) = draw(SHIPPED, "single", 8, index, 100.0)
        last = injection.events[-1].does
        if SHIPPED[injection.name].lasts_s is not None:
            ending += 1
            begun = injection.events[-2].does
            assert not isinstance(last, Clear) or (isinstance(begun, Fault) and begun.name == last.name)
            assert not isinstance(last, Release) or isinstance(begun, Press)
        else:
            assert not isinstance(last, Clear | Release)
    assert ending > 200


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"how": "triples"}, "faults = 'triples' is none of none, single, pairs"),
        ({"fidelity": "paper"}, "fidelity = 'paper' is none of wire, core"),
        ({"target_ul": 0.0}, "target_ul = 0.0: has to be above 0 and at most 300"),
        ({"target_ul": 300.1}, "target_ul = 300.1: has to be above 0 and at most 300"),
        ({"target_ul": float("nan")}, "target_ul = nan"),
    ],
)
def test_arguments_that_can_not_be_are_refused(change, told):
    arguments = {"how": "single", "seed": 1, "index": 0, "target_ul": 100.0, "fidelity": "wire"} | change
    with pytest.raises(ValueError, match=told.replace("(", r"\(")):
        draw(SHIPPED, **arguments)


def test_a_catalogue_without_a_second_fault_has_no_pairs(tmp_path):
    with pytest.raises(CatalogueError, match="too few faults"):
        draw(catalogue(tmp_path, HOST_MUTE), "pairs", 1, 0, 100.0)
    with pytest.raises(CatalogueError, match="too few faults"):
        draw(catalogue(tmp_path, HOST_MUTE), "single", 1, 0, 100.0, "core")


def test_phases_have_names_that_are_told():
    assert PHASES[0] == "start"
    assert len(set(PHASES)) == 11
