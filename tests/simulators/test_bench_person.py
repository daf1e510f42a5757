"""The hands at the simulated bench."""

from dataclasses import dataclass, field

import pytest

from simulators.acts import Act, PersonAct, Tip
from simulators.person import Person


@dataclass
class Room:
    """What the person sees; `live` lets time go by in milliseconds."""

    now_s: float = 0.0
    outputs: tuple[bool, bool] = (False, False)
    forward_ul: float = 0.0
    rest_s: float = 0.0
    line_kpa: float = 0.0
    tip: str = "air"
    done: list[tuple[float, str]] = field(default_factory=list)

    def act(self, act: Act, by: str, cause: bool = False) -> None:
        assert by == "person"
        assert not cause
        if isinstance(act, Tip):
            self.tip = act.where
        self.done.append((round(self.now_s, 3), str(act)))

    def live(self, person: Person, for_s: float) -> None:
        for _ in range(round(for_s * 1000)):
            self.now_s += 0.001
            person(self)


def connected(person: Person, room: Room) -> None:
    for outputs in ((False, False), (False, True), (True, True)):
        room.outputs = outputs
        room.live(person, 0.1)


@pytest.mark.parametrize("pulse", [(False, True), (True, False)])
def test_the_first_test_pulse_is_answered_with_one_press(pulse: tuple[bool, bool]) -> None:
    person, room = Person(hold_s=0.5), Room()
    connected(person, room)
    assert room.done == []
    begin_s = room.now_s
    for _ in range(15):
        room.outputs = pulse
        room.live(person, 0.02)
        room.outputs = (True, True)
        room.live(person, 0.08)
    (press_s, press), (release_s, release) = room.done
    assert (press, release) == ("press", "release")
    assert press_s - begin_s == pytest.approx(0.3, abs=0.003)
    assert release_s - press_s == pytest.approx(0.5, abs=0.002)


def test_raising_the_lines_one_after_the_other_is_no_test_pulse() -> None:
    person, room = Person(), Room()
    connected(person, room)
    room.live(person, 2.0)
    assert room.done == []


def test_the_next_host_asks_anew() -> None:
    person, room = Person(), Room()
    for _ in range(2):
        connected(person, room)
        room.outputs = (False, True)
        room.live(person, 1.0)
    assert [what for _, what in room.done] == ["press", "release"] * 2


def test_a_person_who_does_not_press_is_told_to_and_then_does() -> None:
    person, room = Person(self_test=False), Room()
    connected(person, room)
    room.outputs = (False, True)
    room.live(person, 1.0)
    assert room.done == []
    person.told(PersonAct(self_test=True))
    room.live(person, 1.0)
    assert [what for _, what in room.done] == ["press", "release"]


def primed() -> Room:
    return Room(forward_ul=5.0, rest_s=1.0, line_kpa=0.1)


def test_the_cannula_goes_in_half_a_second_after_the_primed_line_has_come_to_rest() -> None:
    person, room = Person(prime_motions=1), primed()
    room.rest_s, room.line_kpa = 0.0, 30.0
    room.live(person, 3.0)
    room.rest_s = 1.0
    room.live(person, 3.0)
    room.line_kpa = 1.19
    begin_s = room.now_s
    room.live(person, 3.0)
    ((at_s, what),) = room.done
    assert what == "tip patient"
    assert at_s - begin_s == pytest.approx(0.5, abs=0.003)


def test_a_restless_line_begins_the_wait_anew() -> None:
    person, room = Person(prime_motions=1), primed()
    for _ in range(10):
        room.line_kpa = 0.1
        room.live(person, 0.4)
        room.line_kpa = 1.3
        room.live(person, 0.01)
    assert room.done == []


@pytest.mark.parametrize(
    "change", [{"forward_ul": 4.9}, {"rest_s": 0.0}, {"line_kpa": 1.2}, {"tip": "capped"}, {"tip": "patient"}]
)
def test_the_cannula_does_not_go_in_before(change: dict[str, object]) -> None:
    person, room = Person(prime_motions=1), primed()
    for name, value in change.items():
        setattr(room, name, value)
    room.live(person, 3.0)
    assert room.done == []


def test_the_cannula_goes_in_once() -> None:
    person, room = Person(prime_motions=1), primed()
    room.live(person, 1.0)
    room.tip = "air"
    room.live(person, 3.0)
    assert [what for _, what in room.done] == ["tip patient"]


def test_a_person_who_does_not_insert_is_told_to_and_then_does() -> None:
    person, room = Person(inserts_cannula=False, prime_motions=1), primed()
    room.live(person, 2.0)
    assert room.done == []
    person.told(PersonAct(inserts_cannula=True))
    room.live(person, 2.0)
    assert [what for _, what in room.done] == ["tip patient"]


def moves(room: Room, person: Person, by_ul: float) -> None:
    """One motion of the plunger, and a moment of rest behind it."""
    room.forward_ul += by_ul
    room.rest_s = 0.0
    room.live(person, 0.3)
    for _ in range(200):
        room.rest_s += 0.001
        room.live(person, 0.001)


def rests(room: Room, person: Person, for_s: float) -> None:
    for _ in range(round(for_s * 1000)):
        room.rest_s += 0.001
        room.live(person, 0.001)


def test_the_tip_is_closed_and_opened_again_before_the_cannula_goes_in() -> None:
    person, room = Person(prime_motions=1, closes_tip=True), primed()
    rests(room, person, 1.0)
    room.line_kpa = 2.0  # a slip of the stopper
    rests(room, person, 1.4)
    assert room.done == []
    rests(room, person, 0.2)
    assert [what for _, what in room.done] == ["tip capped"]
    moves(room, person, 0.8)
    room.line_kpa = 5.0
    rests(room, person, 5.0)
    assert [what for _, what in room.done] == ["tip capped"], "it is pressed twice"
    moves(room, person, 8.0)
    room.line_kpa = 60.0
    rests(room, person, 3.2)
    assert len(room.done) == 1, "the host still looks at what the line holds"
    rests(room, person, 0.2)
    assert [what for _, what in room.done] == ["tip capped", "tip air"]
    rests(room, person, 2.0)
    assert len(room.done) == 2
    room.line_kpa = 0.3
    rests(room, person, 0.6)
    assert [what for _, what in room.done] == ["tip capped", "tip air", "tip patient"]


def test_who_is_told_to_close_the_tip_does_so_once() -> None:
    person, room = Person(prime_motions=1, inserts_cannula=False), primed()
    rests(room, person, 3.0)
    assert room.done == []
    person.told(PersonAct(closes_tip=True))
    rests(room, person, 3.0)
    for _ in range(2):
        moves(room, person, 1.0)
    rests(room, person, 4.0)
    person.told(PersonAct(closes_tip=True))
    rests(room, person, 5.0)
    assert [what for _, what in room.done] == ["tip capped", "tip air"]


def test_who_is_told_not_to_close_the_tip_does_not() -> None:
    person, room = Person(prime_motions=1, closes_tip=True), primed()
    person.told(PersonAct(closes_tip=False))
    rests(room, person, 3.0)
    assert [what for _, what in room.done] == ["tip patient"]
