"""The hands at the simulated bench: the routine acts of the patient and the operator, done on what they would see.

A person there sees the host's prompt (its first test pulse on the button's lines stands for it), whether the pump turns,
and the pressure that the display shows; and never the simulation's truth about the duct.
"""

from enum import Enum
from typing import Protocol

from simulators.acts import Act, PersonAct, Press, Release, Tip

REACTION_S = 0.3
PRIMED_UL = 5.0
REST_S = 0.5
REST_KPA = 0.8


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
    def rest_s(self) -> float:
        """How long the plunger has not moved."""

    @property
    def line_kpa(self) -> float:
        """Pressure in the line."""

    @property
    def tip(self) -> str:
        """Where the tip of the cannula is."""

    def act(self, act: Act, by: str, cause: bool = False) -> None:
        """Does it now. Raises ActError."""


class _Asked(Enum):
    """How far the self-test of the button has come."""

    NOT_YET = 0
    LISTENING = 1  # both lines of the host have been up: the next one that drops is a test pulse
    REACTING = 2
    PRESSING = 3
    DONE = 4


class Person:
    """Presses the button when asked to, and puts the cannula in once the line is primed. Call it after every step."""

    def __init__(self, self_test: bool = True, inserts_cannula: bool = True, hold_s: float = 0.4) -> None:
        self.self_test = self_test
        self.inserts_cannula = inserts_cannula
        self._hold_s = hold_s
        self._asked = _Asked.NOT_YET
        self._next_s = 0.0
        self._calm_since_s: float | None = None
        self._inserted = False

    def told(self, act: PersonAct) -> None:
        """Changes what is done from now on."""
        if act.self_test is not None:
            self.self_test = act.self_test
        if act.inserts_cannula is not None:
            self.inserts_cannula = act.inserts_cannula

    def __call__(self, bench: Surroundings) -> None:
        """Looks, and does what is due."""
        self._button(bench)
        self._cannula(bench)

    def _button(self, bench: Surroundings) -> None:
        lines_up = sum(bench.outputs)
        if self._asked is _Asked.REACTING and bench.now_s >= self._next_s:
            self._asked, self._next_s = _Asked.PRESSING, bench.now_s + self._hold_s
            bench.act(Press(), by="person")
        elif self._asked is _Asked.PRESSING and bench.now_s >= self._next_s:
            self._asked = _Asked.DONE
            bench.act(Release(), by="person")
        elif self._asked is _Asked.NOT_YET and lines_up == 2:
            self._asked = _Asked.LISTENING
        elif self._asked is _Asked.LISTENING and lines_up == 1 and self.self_test:
            self._asked, self._next_s = _Asked.REACTING, bench.now_s + REACTION_S
        elif self._asked in (_Asked.LISTENING, _Asked.DONE) and lines_up == 0:
            self._asked = _Asked.NOT_YET  # the host has left; the next one will ask anew

    def _cannula(self, bench: Surroundings) -> None:
        primed = bench.tip == "air" and bench.forward_ul >= PRIMED_UL
        if self._inserted or not self.inserts_cannula or not primed:
            return
        if bench.rest_s <= 0 or bench.line_kpa >= REST_KPA:
            self._calm_since_s = None
        elif self._calm_since_s is None:
            self._calm_since_s = bench.now_s
        elif bench.now_s - self._calm_since_s >= REST_S:
            self._inserted = True
            bench.act(Tip(where="patient"), by="person")
