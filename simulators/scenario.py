"""Scenarios: what happens at the simulated bench, when, and how the host has to end it. Written in TOML.

Events happen in the order in which they are written; each waits for the one before it and for all of its own conditions.
They take effect at the exact step of the simulation at which the last condition comes true, whatever the host does.
"""

import math
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from simulators.acts import DOES, Act, ActError, AnyAct, mistakes

Reason = Literal[
    "VOLUME_REACHED", "DUCT_FULL", "FULLNESS",
    "PAIN_STOP", "OPERATOR_STOP", "PRESSURE_CEILING", "RESISTANCE", "EXTRAVASATION_SUSPECTED", "REFLUX",
    "LINE_OPEN", "AIR_IN_LINE", "OVER_DELIVERY", "UNCOMMANDED_MOTION", "PUMP_FAULT", "PUMP_SILENT", "PRESSURE_FAULT",
    "PRESSURE_SILENT", "BUTTON_FAULT", "HOST_LATE", "HOST_ERROR", "RECORDER_FAULT", "STOP_UNCONFIRMED",
    "SELF_TEST_FAILED", "PRIME_REFUSED",
]  # fmt: skip

_ROUNDING = 1e-9  # sums of many small steps end a little beside the round number

_Positive = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class ScenarioError(Exception):
    """A scenario that can not be used. The text names the file and every mistake in it."""


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class When(_Table):
    """Conditions that must all hold; every number is a least one.

    at_s: the bench's time. after_s: time since the event before. rest_s: time since the plunger last moved.
    forward_ul, forward_patient_ul: gross forward travel of the plunger, in all and with the tip in the patient.
    withdrawn_ul: gross backward travel. line_kpa: true pressure in the line. tip: where the tip is. pressed: the patient
    holds the button down, or does not.
    """

    at_s: _Positive | None = None
    after_s: _Positive | None = None
    rest_s: _Positive | None = None
    forward_ul: _Positive | None = None
    forward_patient_ul: _Positive | None = None
    withdrawn_ul: _Positive | None = None
    line_kpa: Annotated[float, Field(allow_inf_nan=False)] | None = None
    tip: Literal["air", "capped", "patient"] | None = None
    pressed: bool | None = None


class Event(_Table):
    """One act and its moment. cause: the host's reaction is measured from here."""

    when: When = When()
    cause: bool = False
    does: AnyAct

    @model_validator(mode="before")
    @classmethod
    def _gather_act(cls, table: object) -> object:
        if not isinstance(table, dict) or isinstance(table.get(DOES), Act):
            return table
        own = {key: table[key] for key in ("when", "cause") if key in table}
        return {**own, DOES: {key: value for key, value in table.items() if key not in own}}


class PersonTable(_Table):
    """What the simulated person does without being told, and what the patient feels.

    self_test: answers the host's test of the button, holding it for hold_s. inserts_cannula: once the line has come to rest
    after so many prime_motions into air. closes_tip: closes the tip before that, and opens it when the line has been pressed;
    a host whose profile asks for the closed-tip step says so by itself. feels_pain: presses reaction_s after the plant begins
    to say pain. false_pain_ul: presses without a cause when so much of the plunger's travel has gone into the patient.
    lets_go_s: how long the plunger has to rest before the button is let go. can_press: without it neither kind of pain leads
    to a press.
    """

    self_test: bool = True
    inserts_cannula: bool = True
    closes_tip: bool = False
    hold_s: Annotated[float, Field(gt=0, le=10)] = 0.4
    prime_motions: Annotated[int, Field(ge=1, le=10)] = 2
    feels_pain: bool = False
    reaction_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    can_press: bool = True
    false_pain_ul: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    lets_go_s: Annotated[float, Field(gt=0, le=600)] = 2.0


class RunTable(_Table):
    """How the host is to run: what differs from its profile."""

    target_ml: Annotated[float, Field(gt=0, le=0.30)] | None = None
    predecessor: str | None = None
    profile: dict[str, Any] = {}


class Expect(_Table):
    """How the run has to end.

    reason: None where no host is left to say one. or_reason: others that are as right, where it depends on a moment that
    nobody chooses. forward_after_ul: the most the plunger may still go forward after the cause.
    """

    reason: Reason | None = None
    or_reason: list[Reason] = []
    also: list[Reason] = []
    exit: Annotated[int, Field(ge=0, le=255)] | None = None
    forward_after_ul: _Positive | None = None
    forward_patient_ul_max: _Positive | None = None


class Scenario(_Table):
    """A whole scenario file."""

    title: Annotated[str, Field(min_length=1)]
    description: str = ""
    bench: dict[str, bool | int | float | str] = {}
    person: PersonTable = PersonTable()
    run: RunTable = RunTable()
    event: list[Event] = []
    expect: Expect | None = None

    @field_validator("bench", mode="before")
    @classmethod
    def _flatten(cls, table: object) -> object:
        """In TOML `pump.model = "x"` is a table in a table; to the bench it is one key with a dot."""
        if not isinstance(table, dict):
            return table
        flat: dict[object, object] = {}
        for key, value in table.items():
            inner = value if isinstance(value, dict) else None
            flat |= {key: value} if inner is None else {f"{key}.{name}": item for name, item in inner.items()}
        return flat

    @model_validator(mode="after")
    def _cause_is_there(self) -> Self:
        measured = self.expect is not None and self.expect.forward_after_ul is not None
        if measured and not any(event.cause for event in self.event):
            raise ValueError("expect.forward_after_ul needs an event with cause = true")
        return self


def scenario_names() -> list[str]:
    """The scenarios that come with the software, sorted."""
    return sorted(entry.name.removesuffix(".toml") for entry in _shelf().iterdir() if entry.name.endswith(".toml"))


def load_scenario(name_or_path: str) -> Scenario:
    """Reads a scenario by name (those that come with the software) or by path (ends in .toml or has a slash).

    Raises ScenarioError.
    """
    if "/" in name_or_path or name_or_path.endswith(".toml"):
        source: Any = Path(name_or_path)
    elif name_or_path in scenario_names():
        source = _shelf() / f"{name_or_path}.toml"
    else:
        raise ScenarioError(f"no scenario is called {name_or_path!r}; there are: {', '.join(scenario_names())}")
    try:
        table = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(f"{name_or_path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{name_or_path}: not TOML: {error}") from None
    try:
        return Scenario.model_validate(table)
    except ValidationError as error:
        raise ScenarioError("\n".join(f"{name_or_path}: {text}" for text in mistakes(error))) from None


def _shelf() -> Any:
    return files("config") / "scenarios"


class Stage(Protocol):
    """What a scenario needs of the bench it runs at."""

    @property
    def now_s(self) -> float:
        """The bench's time."""

    @property
    def forward_ul(self) -> float:
        """Gross forward travel of the plunger."""

    @property
    def forward_patient_ul(self) -> float:
        """The part of it with the tip in the patient."""

    @property
    def withdrawn_ul(self) -> float:
        """Gross backward travel of the plunger."""

    @property
    def flow_ul_s(self) -> float:
        """The plunger's flow, signed."""

    @property
    def pressed(self) -> bool:
        """Whether the patient holds the button down."""

    @property
    def line_kpa(self) -> float:
        """The true line pressure."""

    @property
    def rest_s(self) -> float:
        """How long the plunger has not moved."""

    @property
    def tip(self) -> str:
        """Where the tip is: "air", "capped" or "patient"."""

    def check(self, act: Act) -> None:
        """Raises ActError if this act could never be done here."""

    def act(self, act: Act, by: str, cause: bool = False) -> None:
        """Does it now. Raises ActError."""

    def note(self, what: str, by: str, cause: bool = False) -> None:
        """Writes it into the bench's log."""


class ScenarioRunner:
    """Does the events of one scenario at one bench; to be called after every step of the bench."""

    def __init__(self, scenario: Scenario, bench: Stage) -> None:
        """Raises ScenarioError if an event can not be done at this bench."""
        self._events = scenario.event
        self._next = 0
        self._previous_s = bench.now_s
        problems = []
        for number, event in enumerate(scenario.event):
            try:
                bench.check(event.does)
            except ActError as error:
                problems.append(f"{scenario.title}: event.{number}: {error}")
        if problems:
            raise ScenarioError("\n".join(problems))

    @property
    def finished(self) -> bool:
        """True when every event has happened."""
        return self._next >= len(self._events)

    def __call__(self, bench: Stage) -> None:
        """Does the events that are due now."""
        while self._next < len(self._events):
            event = self._events[self._next]
            if not self._due(event.when, bench):
                return
            self._next += 1
            self._previous_s = bench.now_s
            try:
                bench.act(event.does, by="scenario", cause=event.cause)
            except ActError as error:
                bench.note(f"NOT DONE: {event.does}: {error}", by="scenario")

    def next_s(self, bench: Stage) -> float:
        """When the next event comes due if everything goes on as it does; inf if that can not be said, or if it is due now."""
        if self._next >= len(self._events):
            return math.inf
        when = self._events[self._next].when
        due_s = -math.inf
        if when.at_s is not None:
            due_s = when.at_s
        if when.after_s is not None:
            due_s = max(due_s, self._previous_s + when.after_s)
        if when.rest_s is not None:
            due_s = max(due_s, bench.now_s - bench.rest_s + when.rest_s)
        if when.forward_ul is not None:
            due_s = max(due_s, _reached_s(bench, when.forward_ul - bench.forward_ul, bench.flow_ul_s))
        if when.forward_patient_ul is not None:
            due_s = max(due_s, _reached_s(bench, when.forward_patient_ul - bench.forward_patient_ul, bench.flow_ul_s))
        if when.withdrawn_ul is not None:
            due_s = max(due_s, _reached_s(bench, when.withdrawn_ul - bench.withdrawn_ul, -bench.flow_ul_s))
        return due_s if due_s > bench.now_s else math.inf

    def _due(self, when: When, bench: Stage) -> bool:
        if when.tip is not None and when.tip != bench.tip:
            return False
        if when.pressed is not None and when.pressed is not bench.pressed:
            return False
        now_s = bench.now_s + _ROUNDING
        return (
            (when.at_s is None or now_s >= when.at_s)
            and (when.after_s is None or now_s - self._previous_s >= when.after_s)
            and (when.rest_s is None or bench.rest_s >= when.rest_s - _ROUNDING)
            and (when.forward_ul is None or bench.forward_ul >= when.forward_ul - _ROUNDING)
            and (when.forward_patient_ul is None or bench.forward_patient_ul >= when.forward_patient_ul - _ROUNDING)
            and (when.withdrawn_ul is None or bench.withdrawn_ul >= when.withdrawn_ul - _ROUNDING)
            and (when.line_kpa is None or bench.line_kpa >= when.line_kpa - _ROUNDING)
        )


def _reached_s(bench: Stage, left_ul: float, flow_ul_s: float) -> float:
    """When the plunger will have gone so much further at its present flow; now if it has, inf if it does not go there."""
    if left_ul <= _ROUNDING:
        return bench.now_s
    return bench.now_s + left_ul / flow_ul_s if flow_ul_s > 0.0 else math.inf
