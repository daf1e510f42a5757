"""The patient who feels: from pain to the press, and from rest to letting go."""

from dataclasses import dataclass, field

import pytest

from simulators.acts import Act, PersonAct
from simulators.person import Person
from simulators.scenario import PersonTable

STEP_S = 0.001


@dataclass
class Plant:
    """A plant that tells of pain in its truth, and counts how often it is asked."""

    hurts: bool | None = False
    asked: int = 0

    def truth(self) -> dict[str, object]:
        self.asked += 1
        return {"duct_kpa": 1.0, "pain": self.hurts}


@dataclass
class PainPlant:
    """A plant that has pain as a plain attribute."""

    pain: bool | None = False

    def truth(self) -> dict[str, object]:
        raise AssertionError("not to be asked while there is the attribute")


@dataclass
class Chair:
    """What the patient sees and feels, with the plunger moving at rate_ul_s."""

    plant: object = field(default_factory=Plant)
    now_s: float = 0.0
    outputs: tuple[bool, bool] = (True, True)
    forward_ul: float = 20.0
    forward_patient_ul: float = 0.0
    rest_s: float = 0.0
    line_kpa: float = 30.0
    tip: str = "patient"
    rate_ul_s: float = 5.0
    done: list[tuple[float, str]] = field(default_factory=list)

    def act(self, act: Act, by: str, cause: bool = False) -> None:
        assert by == "person"
        self.done.append((round(self.now_s, 3), str(act)))

    def live(self, person: Person, for_s: float, step_s: float = STEP_S) -> None:
        for _ in range(round(for_s / step_s)):
            self.now_s += step_s
            self.forward_ul += self.rate_ul_s * step_s
            self.forward_patient_ul += self.rate_ul_s * step_s
            self.rest_s = 0.0 if self.rate_ul_s else self.rest_s + step_s
            person(self)


@pytest.mark.parametrize("plant", [Plant, PainPlant])
def test_pain_is_answered_with_a_press_after_the_reaction(plant: type) -> None:
    person, chair = Person(feels_pain=True, reaction_s=0.7), Chair(plant())
    chair.live(person, 1.0)
    assert chair.done == []
    setattr(chair.plant, "hurts" if plant is Plant else "pain", True)
    chair.live(person, 2.0)
    ((press_s, what),) = chair.done
    assert what == "press"
    assert 1.7 <= press_s <= 1.752


def test_pain_that_ends_during_the_reaction_is_answered_all_the_same() -> None:
    plant = Plant(hurts=True)
    person, chair = Person(feels_pain=True, reaction_s=1.0), Chair(plant)
    chair.live(person, 0.1)
    plant.hurts = False
    chair.live(person, 1.0)
    assert [what for _, what in chair.done] == ["press"]


def test_without_a_reaction_time_the_press_comes_at_once() -> None:
    person, chair = Person(feels_pain=True, reaction_s=0.0), Chair(Plant(hurts=True))
    chair.live(person, 0.001)
    assert chair.done == [(0.001, "press")]


@pytest.mark.parametrize("plant", [Plant(hurts=None), PainPlant(pain=None), object()])
def test_unknown_pain_is_never_felt(plant: object) -> None:
    person, chair = Person(feels_pain=True), Chair(plant)
    chair.live(person, 5.0)
    assert chair.done == []


def test_who_does_not_feel_never_asks_the_plant() -> None:
    plant = Plant(hurts=True)
    person, chair = Person(), Chair(plant)
    chair.live(person, 5.0)
    assert (chair.done, plant.asked) == ([], 0)


def test_the_plant_is_asked_every_50_ms_at_most() -> None:
    plant = Plant()
    person, chair = Person(feels_pain=True), Chair(plant)
    chair.live(person, 1.0)
    assert 19 <= plant.asked <= 21


def test_who_can_not_press_does_nothing() -> None:
    person = Person(feels_pain=True, can_press=False, false_pain_ul=1.0)
    chair = Chair(Plant(hurts=True))
    chair.live(person, 10.0)
    assert chair.done == []


def test_the_button_is_held_until_the_plunger_has_rested_for_a_while() -> None:
    person, chair = Person(feels_pain=True, reaction_s=0.5, lets_go_s=2.0), Chair(Plant(hurts=True))
    chair.live(person, 10.0)  # the pump goes on
    assert [what for _, what in chair.done] == ["press"]
    chair.rate_ul_s = 0.0
    chair.live(person, 1.5)
    chair.rate_ul_s = -5.0  # relief is motion too
    chair.live(person, 0.5)
    chair.rate_ul_s = 0.0
    chair.live(person, 1.99)
    assert len(chair.done) == 1
    chair.live(person, 0.02)
    assert [what for _, what in chair.done] == ["press", "release"]


def test_pain_at_rest_leads_to_a_press_of_the_whole_length() -> None:
    person, chair = Person(feels_pain=True, reaction_s=1.0, lets_go_s=2.0), Chair(Plant(hurts=True), rate_ul_s=0.0, rest_s=20.0)
    chair.live(person, 5.0)
    (press_s, _), (release_s, what) = chair.done
    assert what == "release"
    assert release_s - press_s == pytest.approx(2.0, abs=0.002)


def test_pain_that_stays_is_answered_again_only_when_the_plunger_goes_forward_again() -> None:
    person, chair = Person(feels_pain=True, reaction_s=0.5, lets_go_s=1.0), Chair(Plant(hurts=True))
    chair.live(person, 1.0)
    chair.rate_ul_s = 0.0
    chair.live(person, 30.0)
    assert [what for _, what in chair.done] == ["press", "release"]
    chair.rate_ul_s = 5.0
    chair.live(person, 0.6)
    assert [what for _, what in chair.done] == ["press", "release", "press"]


def test_new_pain_after_the_old_is_answered_at_rest_too() -> None:
    plant = Plant(hurts=True)
    person, chair = Person(feels_pain=True, reaction_s=0.5, lets_go_s=1.0), Chair(plant, rate_ul_s=0.0)
    chair.live(person, 5.0)
    plant.hurts = False
    chair.live(person, 1.0)
    plant.hurts = True
    chair.live(person, 1.0)
    assert [what for _, what in chair.done] == ["press", "release", "press"]


def test_false_pain_presses_once_at_its_volume() -> None:
    person, chair = Person(false_pain_ul=30.0, lets_go_s=1.0), Chair(Plant(hurts=True))
    chair.live(person, 5.999)
    assert chair.done == []
    chair.live(person, 0.001)
    assert chair.done == [(6.0, "press")]
    chair.rate_ul_s = 0.0
    chair.live(person, 2.0)
    chair.rate_ul_s = 5.0
    chair.live(person, 10.0)
    assert [what for _, what in chair.done] == ["press", "release"]


def test_false_pain_during_the_reaction_to_a_true_one_is_one_press() -> None:
    person, chair = Person(feels_pain=True, reaction_s=5.0, false_pain_ul=5.0, lets_go_s=1.0), Chair(Plant(hurts=True))
    chair.live(person, 1.001)
    assert [what for _, what in chair.done] == ["press"]
    chair.rate_ul_s = 0.0
    chair.live(person, 20.0)
    assert [what for _, what in chair.done] == ["press", "release"]


def test_the_self_test_does_not_let_go_what_pain_holds() -> None:
    person = Person(hold_s=0.5, feels_pain=True, reaction_s=0.4, lets_go_s=1.0)
    chair = Chair(Plant())
    chair.live(person, 0.1)
    chair.outputs = (True, False)  # the test pulse
    chair.plant = Plant(hurts=True)
    chair.live(person, 2.0)
    chair.rate_ul_s = 0.0
    chair.live(person, 2.0)
    (press_s, press), (release_s, release) = chair.done
    assert (press, release) == ("press", "release")
    assert press_s == pytest.approx(0.4, abs=0.002)
    assert release_s == pytest.approx(3.1, abs=0.002)


def test_the_next_act_is_foreseen_to_the_step() -> None:
    person, chair = Person(feels_pain=True, reaction_s=0.7, lets_go_s=1.5), Chair(Plant(hurts=True))
    assert person.next_s(chair) == float("inf")
    chair.live(person, 0.001)
    due_s = person.next_s(chair)
    assert due_s == pytest.approx(0.701)
    chair.now_s = due_s
    person(chair)
    chair.rate_ul_s = 0.0
    chair.live(person, 0.1)
    release_s = person.next_s(chair)
    assert release_s == pytest.approx(due_s + 1.5)
    chair.rest_s += release_s - chair.now_s
    chair.now_s = release_s
    person(chair)
    assert [what for _, what in chair.done] == ["press", "release"]
    assert person.next_s(chair) == float("inf")


@pytest.mark.parametrize("step_s", [0.0005, 0.005])
def test_how_time_is_cut_moves_an_act_by_less_than_a_step(step_s: float) -> None:
    person, chair = Person(feels_pain=True, reaction_s=0.7, lets_go_s=1.5), Chair(Plant(hurts=True))
    chair.live(person, 1.0, step_s)
    chair.rate_ul_s = 0.0
    chair.live(person, 3.0, step_s)
    (press_s, _), (release_s, _) = chair.done
    assert press_s == pytest.approx(0.7, abs=3 * step_s)
    assert release_s == pytest.approx(2.5, abs=3 * step_s)


# -- the cannula and the number of prime motions ---------------------------------------------------------------------------------


def primed_in(chair: Chair, person: Person, motions: int, rest_s: float) -> None:
    for _ in range(motions):
        chair.rate_ul_s = 5.0
        chair.live(person, 4.0)
        chair.rate_ul_s = 0.0
        chair.live(person, rest_s)


def dry() -> Chair:
    return Chair(tip="air", forward_ul=0.0, line_kpa=0.1)


@pytest.mark.parametrize("motions", [1, 2, 3])
def test_the_cannula_waits_for_all_prime_motions(motions: int) -> None:
    person, chair = Person(prime_motions=motions), dry()
    primed_in(chair, person, motions - 1, rest_s=10.0)
    assert chair.done == []
    primed_in(chair, person, 1, rest_s=0.48)
    assert chair.done == []
    chair.live(person, 0.04)
    assert [what for _, what in chair.done] == ["tip patient"]


def test_a_motor_that_stands_between_its_steps_has_not_ended_its_motion() -> None:
    person, chair = Person(prime_motions=2), dry()
    for _ in range(100):
        chair.rate_ul_s = 100.0
        chair.live(person, 0.001)
        chair.rate_ul_s = 0.0
        chair.live(person, 0.079)
    chair.live(person, 5.0)
    assert chair.done == []


def test_motions_into_a_cap_are_no_prime() -> None:
    person, chair = Person(prime_motions=2), dry()
    primed_in(chair, person, 1, rest_s=1.0)
    chair.tip = "capped"
    primed_in(chair, person, 1, rest_s=1.0)
    chair.tip = "air"
    chair.live(person, 5.0)
    assert chair.done == []
    primed_in(chair, person, 1, rest_s=1.0)
    assert [what for _, what in chair.done] == ["tip patient"]


def test_the_insertion_is_foreseen_and_forgotten_with_the_cap_on() -> None:
    person, chair = Person(prime_motions=1), dry()
    primed_in(chair, person, 1, rest_s=0.2)
    assert person.next_s(chair) == pytest.approx(4.501)
    chair.tip = "capped"
    chair.live(person, 0.001)
    assert person.next_s(chair) == float("inf")


def test_an_inserted_cannula_is_not_put_in_again_when_told() -> None:
    person, chair = Person(prime_motions=1), dry()
    primed_in(chair, person, 1, rest_s=1.0)
    person.told(PersonAct(inserts_cannula=True))
    chair.live(person, 5.0)
    assert [what for _, what in chair.done] == ["tip patient"]


# -- the table -------------------------------------------------------------------------------------------------------------------


def test_a_table_makes_a_person_and_both_agree_about_what_is_usual() -> None:
    table = PersonTable(feels_pain=True, reaction_s=0.2, lets_go_s=0.5, inserts_cannula=False)
    chair = Chair(Plant(hurts=True))
    chair.live(Person.of(table), 1.0)
    assert chair.done == [(0.201, "press")]
    for person in (Person(feels_pain=True), Person.of(PersonTable(feels_pain=True))):
        usual = Chair(Plant(hurts=True))
        usual.live(person, 2.0)
        usual.rate_ul_s = 0.0
        usual.live(person, 3.0)
        (press_s, _), (release_s, _) = usual.done
        assert (press_s, release_s) == (pytest.approx(1.0, abs=0.002), pytest.approx(4.0, abs=0.002))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("reaction_s", -0.1),
        ("reaction_s", 61.0),
        ("lets_go_s", 0.0),
        ("false_pain_ul", 0.0),
        ("prime_motions", 0),
        ("feels_pain", 1),
    ],
)
def test_what_nobody_can_be_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValueError, match=key):
        PersonTable.model_validate({key: value})
