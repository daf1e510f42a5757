"""The people at the simulated bench: the routine acts of patient and operator, and the patient who feels.

A person there sees the host's prompt (its first test pulse on the button's lines stands for it), whether the pump turns,
and the pressure that the display shows; the patient also feels what the plant calls pain. Nobody sees the simulation's truth
about the duct.
"""

import math
from enum import Enum
from typing import Any, Literal, Protocol

from simulators.acts import Act, PersonAct, Press, Release, Tip
from simulators.any_plant import plant_truth
from simulators.scenario import PersonTable

REACTION_S = 0.3
PRIMED_UL = 5.0
REST_S = 0.5
CLOSE_REST_S = 2.5
"""Longer than before the cannula is put in: the line is to be at zero, and the host's question is read before."""
CLOSE_KPA = 3.0
"""Who has once begun to wait for that minds no slip of the stopper."""
OPEN_REST_S = 3.5
"""The host looks for two seconds at what the closed line holds, and then asks."""
CLOSED_MOTIONS = 2
REST_KPA = 1.2
"""A low reading on the display. The host lets nobody arm above 1 kPa, and by then the tip has to be in."""
MOTION_OVER_S = 0.1
"""A plunger that has stood so long has ended its motion (it also stands between two steps of its motor)."""
FEELS_EVERY_S = 0.05

_ROUNDING_S = 1e-9
_ROUNDING_UL = 1e-9  # sums of many small steps end a little beside the round number


class Surroundings(Protocol):
    """What the person sees of the bench, and how the person acts on it."""

    @property
    def now_s(self) -> float:
        """The bench's time."""

    @property
    def outputs(self) -> tuple[bool, bool]:
        """The host's lines RTS and DTR at the button."""

    @property
    def forward_ul(self) -> float:
        """Gross forward travel of the plunger."""

    @property
    def forward_patient_ul(self) -> float:
        """The part of it with the tip in the patient."""

    @property
    def rest_s(self) -> float:
        """How long the plunger has not moved."""

    @property
    def line_kpa(self) -> float:
        """Pressure in the line."""

    @property
    def tip(self) -> str:
        """Where the tip of the cannula is."""

    @property
    def plant(self) -> Any:
        """What the patient feels with: `pain`, or else `truth()["pain"]`; None or neither is unknown, and is never felt."""

    def act(self, act: Act, by: str, cause: bool = False) -> None:
        """Does it now. Raises ActError."""


class Person:
    """Presses the button when asked to or in pain, and puts the cannula in once the line is primed.

    Call it after every step. `next_s` says when the next act is due, for whoever can place a step there.
    """

    def __init__(
        self,
        self_test: bool = True,
        inserts_cannula: bool = True,
        hold_s: float = 0.4,
        *,
        closes_tip: bool = False,
        prime_motions: int = 2,
        feels_pain: bool = False,
        reaction_s: float = 1.0,
        can_press: bool = True,
        false_pain_ul: float | None = None,
        lets_go_s: float = 2.0,
    ) -> None:
        """See PersonTable."""
        thumb = _Thumb()
        self._button = _TestPress(thumb, self_test, hold_s)
        self._cannula = _Cannula(inserts_cannula, closes_tip, prime_motions)
        ever_in_pain = can_press and (feels_pain or false_pain_ul is not None)
        self._pain = _Pain(thumb, feels_pain, reaction_s, false_pain_ul, lets_go_s) if ever_in_pain else None
        # After most steps there is nothing to see: until then nothing but other outputs makes any difference.
        self._outputs: tuple[bool, bool] | None = None
        self._look_s = self._due_s = -math.inf
        self._plan()

    @classmethod
    def of(cls, table: PersonTable) -> "Person":
        """The person whom a scenario or a cohort describes."""
        return cls(**table.model_dump())

    def told(self, act: PersonAct) -> None:
        """Changes what is done from now on."""
        if act.self_test is not None:
            self._button.answer(act.self_test)
        if act.inserts_cannula is not None:
            self._cannula.want(act.inserts_cannula)
        if act.closes_tip is not None:
            self._cannula.close_first(act.closes_tip)
        self._plan()

    def next_s(self, bench: Surroundings) -> float:
        """The exact time of the next act if everything stays as it is; inf while nothing is under way."""
        return self._due_s if self._pain is None else min(self._due_s, self._pain.next_s(bench))

    def __call__(self, bench: Surroundings) -> None:
        """Looks, and does what is due."""
        now_s, outputs = bench.now_s, bench.outputs
        if now_s < self._look_s and outputs == self._outputs:
            return
        button, pain = self._button, self._pain
        if outputs != button.seen or now_s >= button.due_s:
            button.look(bench, now_s, outputs)
        if self._cannula.watches:
            self._cannula.look(bench, now_s)
        if pain is not None and (now_s >= pain.look_s or bench.forward_patient_ul >= pain.false_ul):
            pain.look(bench, now_s)
        self._outputs = outputs
        self._plan()

    def _plan(self) -> None:
        button, cannula, pain = self._button, self._cannula, self._pain
        self._due_s = min(button.due_s, cannula.due_s)
        if button.seen is None or cannula.watches or (pain is not None and pain.false_ul < math.inf):
            self._look_s = -math.inf
        else:
            self._look_s = button.due_s if pain is None else min(button.due_s, pain.look_s)


class _Thumb:
    """The thumb on the button, which several reasons may hold down."""

    def __init__(self) -> None:
        self._reasons: set[object] = set()

    def press(self, bench: Surroundings, reason: object) -> None:
        """For this reason the button is held down from now on."""
        pressed = bool(self._reasons)
        self._reasons.add(reason)
        if not pressed:
            bench.act(Press(), by="person")

    def release(self, bench: Surroundings, reason: object) -> None:
        """This reason is over; the last one lets the button go."""
        self._reasons.discard(reason)
        if not self._reasons:
            bench.act(Release(), by="person")


class _Asked(Enum):
    """How far the self-test of the button has come."""

    NOT_YET = 0
    LISTENING = 1  # both lines of the host have been up: the next one that drops is a test pulse
    REACTING = 2
    PRESSING = 3
    DONE = 4


class _TestPress:
    """One press when the host asks for it. Nothing to look at as long as the lines are as `seen` and `due_s` is not reached."""

    def __init__(self, thumb: _Thumb, wanted: bool, hold_s: float) -> None:
        self._thumb = thumb
        self._wanted = wanted
        self._hold_s = hold_s
        self._asked = _Asked.NOT_YET
        self.seen: tuple[bool, bool] | None = None
        self.due_s = math.inf

    def answer(self, wanted: bool) -> None:
        """Whether the host is answered from now on."""
        self._wanted = wanted
        self.seen = None

    def look(self, bench: Surroundings, now_s: float, outputs: tuple[bool, bool]) -> None:
        """The lines have changed, or something is due."""
        lines_up = outputs[0] + outputs[1]
        self.seen = outputs
        if self._asked is _Asked.REACTING and now_s >= self.due_s:
            self._become(_Asked.PRESSING, now_s + self._hold_s)
            self._thumb.press(bench, self)
        elif self._asked is _Asked.PRESSING and now_s >= self.due_s:
            self._become(_Asked.DONE)
            self._thumb.release(bench, self)
        elif self._asked is _Asked.NOT_YET and lines_up == 2:
            self._become(_Asked.LISTENING)
        elif self._asked is _Asked.LISTENING and lines_up == 1 and self._wanted:
            self._become(_Asked.REACTING, now_s + REACTION_S)
        elif self._asked in (_Asked.LISTENING, _Asked.DONE) and lines_up == 0:
            self._become(_Asked.NOT_YET)  # the host has left; the next one will ask anew

    def _become(self, asked: _Asked, due_s: float = math.inf) -> None:
        self._asked, self.due_s = asked, due_s
        self.seen = None  # what the lines are now may mean something else


class _Cannula:
    """Puts the cannula in, once, when the line has been primed in so many motions and has come to rest.

    Who is to close the tip before does so at that moment instead, opens it when the line has been pressed and has been at rest
    for a while, and puts the cannula in when it has come to rest again.
    """

    def __init__(self, wanted: bool, closes_tip: bool, prime_motions: int) -> None:
        self.due_s = math.inf
        self._wanted = wanted  # and not in yet
        self._inserted = False
        self._motions_left = prime_motions
        self._to_close = closes_tip  # and not closed yet
        self._closed = False  # by this hand
        self._presses_left = CLOSED_MOTIONS
        self._known_ul = 0.0  # forward travel that has been counted as motions, or was not into air
        self._calm_since_s: float | None = None
        self.watches = False
        """There is something to look at."""
        self._think_anew()

    def want(self, wanted: bool) -> None:
        """Whether it is put in from now on."""
        self._wanted = wanted and not self._inserted
        self._think_anew()

    def close_first(self, closes_tip: bool) -> None:
        """Whether the tip is closed before, if that has not been done."""
        self._to_close = closes_tip and not self._closed and not self._inserted and self._presses_left == CLOSED_MOTIONS
        self._think_anew()

    def look(self, bench: Surroundings, now_s: float) -> None:
        """To be called as long as it watches."""
        if self._closed:
            self._look_closed(bench, now_s)
            return
        forward_ul = bench.forward_ul
        if bench.tip != "air":
            self._known_ul = forward_ul
            self._be_restless()
            return
        rest_s = bench.rest_s
        if self._motions_left and forward_ul > self._known_ul and rest_s >= MOTION_OVER_S:
            self._known_ul = forward_ul
            self._motions_left -= 1
        calm_kpa = CLOSE_KPA if self._to_close and self._calm_since_s is not None else REST_KPA
        if forward_ul < PRIMED_UL or rest_s <= 0 or bench.line_kpa >= calm_kpa:
            self._be_restless()
            return
        if self._calm_since_s is None:
            self._calm_since_s = now_s
        if self._motions_left:
            return
        self.due_s = self._calm_since_s + (CLOSE_REST_S if self._to_close else REST_S)
        if now_s >= self.due_s and (self._to_close or self._wanted):
            self._act(bench)

    def _act(self, bench: Surroundings) -> None:
        where: Literal["capped", "patient"] = "patient"
        if self._to_close:
            self._to_close, self._closed, where = False, True, "capped"
            self._known_ul = bench.forward_ul
        else:
            self._wanted, self._inserted = False, True
        self._think_anew()
        bench.act(Tip(where=where), by="person")

    def _look_closed(self, bench: Surroundings, now_s: float) -> None:
        rest_s = bench.rest_s
        if self._presses_left and bench.forward_ul > self._known_ul and rest_s >= MOTION_OVER_S:
            self._known_ul = bench.forward_ul
            self._presses_left -= 1
        if self._presses_left or rest_s <= 0:
            self._be_restless()
            return
        self.due_s = now_s - rest_s + OPEN_REST_S
        if now_s >= self.due_s - _ROUNDING_S:
            self._closed = False
            self._think_anew()
            bench.act(Tip(where="air"), by="person")

    def _think_anew(self) -> None:
        self.watches = self._wanted or self._to_close or self._closed
        self._be_restless()

    def _be_restless(self) -> None:
        self._calm_since_s = None
        self.due_s = math.inf


class _Pain:
    """Presses in pain after a reaction time, and for no cause at all at `false_ul`; lets go when all has been still for a while.

    Nothing to look at before `look_s` and before false_ul has gone into the patient. Pain that goes on after the button was
    let go is answered again only when the plunger goes forward again.
    """

    def __init__(self, thumb: _Thumb, feels: bool, reaction_s: float, false_ul: float | None, lets_go_s: float) -> None:
        self._thumb = thumb
        self._first_look_s = -math.inf if feels else math.inf
        self._reaction_s = reaction_s
        self._lets_go_s = lets_go_s
        self._press_s = math.inf  # when the pain that is felt will have led to a press
        self._pressed_s: float | None = None
        self._answered = False  # the pain that is there has been answered, at this travel
        self._answered_ul = 0.0
        self.look_s = self._first_look_s
        self.false_ul = math.inf if false_ul is None else false_ul - _ROUNDING_UL

    def next_s(self, bench: Surroundings) -> float:
        """When the button will be pressed or let go; inf if that is not known."""
        if self._pressed_s is None:
            return self._press_s
        return max(self._pressed_s, bench.now_s - bench.rest_s) + self._lets_go_s

    def look(self, bench: Surroundings, now_s: float) -> None:
        """Feels, and presses or lets go."""
        startled = bench.forward_patient_ul >= self.false_ul
        if startled:
            self.false_ul = math.inf
        if self._pressed_s is not None:
            if now_s >= self.next_s(bench):
                self._let_go(bench)
            return
        if self._press_s == math.inf and now_s >= self.look_s:
            self.look_s = now_s + FEELS_EVERY_S
            if self._newly_hurt(bench):
                self._press_s = self.look_s = now_s + self._reaction_s
        if startled or now_s >= self._press_s:
            self._press_s, self._pressed_s = math.inf, now_s
            self.look_s = -math.inf
            self._thumb.press(bench, self)

    def _let_go(self, bench: Surroundings) -> None:
        self._pressed_s, self.look_s = None, self._first_look_s
        self._answered, self._answered_ul = _hurts(bench.plant), bench.forward_ul
        self._thumb.release(bench, self)

    def _newly_hurt(self, bench: Surroundings) -> bool:
        if not _hurts(bench.plant):
            self._answered = False
            return False
        return not self._answered or bench.forward_ul > self._answered_ul


def _hurts(plant: Any) -> bool:
    """Whether the plant says that it hurts; one that says nothing is never felt."""
    if hasattr(plant, "pain"):
        return bool(plant.pain)
    return bool(plant_truth(plant).get("pain"))
