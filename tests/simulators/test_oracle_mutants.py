"""Controllers and drivers that are broken on purpose: the oracle has to find each of them, and name the right invariant.

Every mutant leaves one protection out, or does one thing wrong; where another protection would cover for it, that one is out
as well. (A break that an outer layer covers for before anything has moved is no violation, and none is expected.)
"""

import dataclasses
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest

from controller.core import core, monitors
from controller.core import relief as relief_module
from controller.core.core import Core
from controller.core.desk import Desk, Verdict
from controller.core.duct import DuctWatch
from controller.core.hold import Hold
from controller.core.injection import Injection
from controller.core.line import LineModel
from controller.core.messages import CloseIntent, StopPump, WriteIntent
from controller.core.motion_run import MotionRun, Step
from controller.core.reasons import Reason
from controller.core.relief import Relief
from controller.core.rest import Rest
from controller.core.states import State
from controller.core.stopping import Stopping
from controller.station import Station
from controller.virtual.building import scenario_procedure, virtual_profile
from controller.virtual.overrides import scenario_overrides
from drivers.ne1000 import driver as ne1000
from drivers.ne1000.driver import Ne1000Driver
from drivers.ne1000.exchange import ANYTHING, REPLY_TIMEOUT_S, Exchange
from drivers.pump import Motion
from simulators.acts import Fault
from simulators.oracle import Oracle, OracleLimits
from simulators.scenario import Scenario, load_scenario
from tests.simulators.oracle_stage import FakeInjection, injection

LIMIT_S = 150.0


class Mutant(NamedTuple):
    """What is broken, the scenario that meets it, and the invariants that are certain to be named."""

    breaks: list[Any]
    scenario: Scenario
    found: set[int]
    injections: list[FakeInjection] = []


def judge(scenario: Scenario, injections: list[FakeInjection]) -> tuple[Oracle, dict[str, Any] | None]:
    loaded = virtual_profile("sim", scenario_overrides(scenario))
    profile = loaded.profile
    oracle = Oracle(
        OracleLimits(
            target_ul=profile.injection.target_ul,
            watchdog_s=float(profile.pump.watchdog_s),
            ceiling_kpa=profile.limits.line_kpa,
            trigger_wired=profile.pump.trigger != "none",
        ),
        injections,
    )
    procedure = scenario_procedure(scenario, loaded)
    procedure.bench.watchers.append(oracle)
    procedure.bench.on_act.append(oracle.heard)
    procedure.recorder.listeners.append(oracle.recorded)
    outcome = procedure.run(LIMIT_S)
    oracle.finish(procedure.bench, outcome)
    return oracle, outcome


def events(*tables: dict[str, Any], target_ml: float = 0.05) -> Scenario:
    return Scenario.model_validate({"title": "mutant", "run": {"target_ml": target_ml}, "event": list(tables)})


def at(ul: float, do: str, **values: Any) -> dict[str, Any]:
    return {"when": {"forward_patient_ul": ul}, "do": do, **values}


# -- what is broken ------------------------------------------------------------------------------------------------------------


def without(*gone: Callable[..., Any]) -> Any:
    """The core without some of its monitors."""
    return patch.object(core, "MONITORS", tuple(monitor for monitor in monitors.MONITORS if monitor not in gone))


def no_reflex() -> Any:
    """A station that always asks drivers and core first: where those are broken the reflex would cover for them."""
    return patch.object(Station, "_is_beyond_doubt", lambda *_: False)


def unsaid(*commands: str) -> Any:
    """A pump driver that leaves out some of what it has to set up."""
    real = ne1000.set_checked

    def set_checked(command: str, *more: Any) -> Any:
        if command not in commands:
            yield from real(command, *more)

    return patch.object(ne1000, "set_checked", set_checked)


def believed_late() -> Any:
    """The stop button counts only once it has been open for a third of a second."""
    since_s: list[float] = []

    def late_button(desk: Desk, _: object) -> Verdict | None:
        if desk.state is not State.INFUSING or desk.view.button.closed is not False:
            since_s.clear()
            return None
        since_s.append(desk.now_s)
        return Verdict(Reason.PAIN_STOP, "open for long") if desk.now_s - since_s[0] > 0.33 else None

    chosen = tuple(late_button if monitor is monitors.open_button else monitor for monitor in monitors.MONITORS)
    return patch.object(core, "MONITORS", chosen)


def stop_said_once(self: Ne1000Driver) -> Any:
    yield Exchange("STP", ANYTHING, 0.04)
    while True:
        reply = yield Exchange("DIS", ANYTHING, REPLY_TIMEOUT_S)
        self._note_reading(reply)


_decide = Core.decide


def not_at_once() -> Any:
    """The order to stop goes out with the other actions only, as the mutants below take it from them."""
    return patch.object(Station, "_stop_at_once", lambda _: None)


def stop_a_little_later(self: Core, now_s: float, observation: object) -> list[Any]:
    """The order to stop waits in a queue for 150 ms."""
    waiting = self.__dict__.setdefault("waiting", [])
    kept = []
    for action in _decide(self, now_s, observation):
        if isinstance(action, StopPump):
            waiting.append((now_s + 0.15, action))
        else:
            kept.append(action)
    while waiting and waiting[0][0] <= now_s:
        kept.insert(0, waiting.pop(0)[1])
    return kept


def forgets_what_was_ordered(self: Injection) -> float:
    """More is left than there is: the target is not kept to."""
    return self._desk.plan.target_ul + 20.0 - self._desk.account.forward_ul("patient")[0]


_prepare = Ne1000Driver._prepare_script


def twice_the_volume(self: Ne1000Driver, motion: Motion, volume: str, rate: str) -> Any:
    """Programs, reads back and finds right twice the volume of an increment."""
    yield from _prepare(self, motion, ne1000.format_number(motion.volume_ul * (2 if motion.volume_ul == 50.0 else 1)), rate)


def twice_the_rate(self: Ne1000Driver, motion: Motion, volume: str, _: str) -> Any:
    """Programs, reads back and finds right twice the rate of an increment."""
    yield from _prepare(self, motion, volume, ne1000.format_number(motion.rate_ul_min * (2 if motion.rate_ul_s == 5.0 else 1)))


_judge_hold = Injection._judge


def a_tenth_of_the_pressure(self: Injection, rest: Rest, hold: Hold) -> Reason | None:
    """A hold that tells the record and everybody else a tenth of what the duct holds."""
    return _judge_hold(self, dataclasses.replace(rest, kpa=rest.kpa / 10), hold)


_write_down = Station._write_down


def no_intents(self: Station, action: Any) -> None:
    if isinstance(action, WriteIntent):
        seq = self._outputs.diary.put("event", self._now_s, {"name": "nothing", "text": ""})
        self.intents[seq] = action.motion_number
    else:
        _write_down(self, action)


def half_of_what_moved(self: Station, action: Any) -> None:
    if isinstance(action, CloseIntent):
        action = dataclasses.replace(action, infused_min_ul=0.0, infused_max_ul=action.infused_max_ul / 2)
    _write_down(self, action)


def intents_not_awaited(self: MotionRun, _: object) -> None:
    self._durable = True


def no_watchdog(self: Ne1000Driver) -> Any:
    yield from self._tell_mode(0)


_stroke_ul = Relief.stroke_ul


def three_times_the_stroke(self: Relief) -> float | None:
    volume_ul = _stroke_ul(self)
    return None if volume_ul is None else round(volume_ul * 3, 2)


def runs_instead_of_releasing(self: Ne1000Driver) -> Any:
    """The driver says RUN where it has to hand the pump back."""
    yield Exchange("RUN", ANYTHING, REPLY_TIMEOUT_S)
    self._found.append(ne1000.PumpReleased())


_take_stopping = Stopping.take


def leaves_in_the_middle(self: Stopping, observation: object) -> bool:
    """The last word is said while the relief is under way."""
    run = self.relief._run
    moving = run is not None and run.step is Step.MOVING and run.entry.withdrawn_ul > 1.0
    return _take_stopping(self, observation) or moving


_step = Core._step


def unlatched(self: Core, observation: object) -> None:
    """A procedure that was stopped goes on where it was."""
    desk = self.desk
    if desk.state is State.STOPPED and not self.__dict__.get("again"):
        self.__dict__["again"] = True
        desk.reason, desk.stop_s = None, None
        desk.also.clear()
        desk.procedure.state = desk.state = State.ARMED
        desk.note("state", "armed again", state="armed")
        self._injection = Injection(desk, desk.now_s)
    _step(self, observation)


_finish = Core._finish


def half_of_it_in_the_end(self: Core) -> None:
    """The record is right, and the outcome, by which the next procedure goes, is not."""
    _finish(self)
    assert self.outcome is not None
    self.outcome |= {key: self.outcome[key] / 2 for key in ("delivered_ml", "delivered_min_ml", "delivered_max_ml")}


def relief_is_not_stopped(self: Core, now_s: float, observation: object) -> list[Any]:
    """Nothing that comes to a relief under way reaches the pump."""
    relieving = self.desk.state is State.RELIEVING
    actions = _decide(self, now_s, observation)
    return [action for action in actions if not (relieving and isinstance(action, StopPump))]


def last_cause_is_the_reason(self: Core) -> None:
    self.desk.reason = (self.desk.also or [self.desk.reason])[-1]
    _finish(self)


MUTANTS: dict[str, Callable[[], Mutant]] = {
    "the button is not watched": lambda: Mutant([without(monitors.open_button), no_reflex()], load_scenario("pain_button"), {2}),
    "the button is not watched in a hold": lambda: Mutant(
        [without(monitors.open_button)],
        events(
            {"when": {"forward_patient_ul": 49.9, "rest_s": 1.0}, "do": "press"},
            {"when": {"after_s": 0.5}, "do": "release"},
            target_ml=0.1,
        ),
        {2},
    ),
    "the button is not watched in the last hold": lambda: Mutant(
        [without(monitors.open_button)],
        events({"when": {"forward_patient_ul": 49.9, "rest_s": 0.3}, "do": "press"}),
        {5},
    ),
    "the button is believed too late": lambda: Mutant([believed_late(), no_reflex()], load_scenario("pain_button"), {2}),
    "the ceiling is not watched": lambda: Mutant(
        [without(monitors.high_pressure), no_reflex(), patch.object(Injection, "_resistance_or_loss", lambda *_: None)],
        load_scenario("line_ceiling"),
        {2},
    ),
    "silence of the transmitter is not noticed": lambda: Mutant(
        [without(monitors.old_pressure, monitors.untrusted_pressure)],
        events(at(10.0, "fault", name="pressure.silent")),
        {2},
        [injection(Fault(name="pressure.silent"), within_s=0.3)],
    ),
    "the stop waits in a queue": lambda: Mutant(
        [patch.object(Core, "decide", stop_a_little_later), not_at_once()], load_scenario("operator_stop"), {2}
    ),
    "the stop is said once and not again": lambda: Mutant(
        [patch.object(Ne1000Driver, "_stop_script", stop_said_once)],
        events(at(10.0, "fault", name="pump.lose_next_command"), at(10.0, "press")),
        {2},
    ),
    "a stopped procedure goes on": lambda: Mutant(
        [patch.object(Core, "_step", unlatched)], events(at(10.0, "operator", say="stop"), target_ml=0.1), {2, 5}
    ),
    "the target is not kept to": lambda: Mutant(
        [patch.object(Injection, "_left_ul", forgets_what_was_ordered), without(monitors.too_much)], events(), {1}
    ),
    "twice the increment is programmed": lambda: Mutant(
        [patch.object(Ne1000Driver, "_prepare_script", twice_the_volume), without(monitors.too_much)], events(), {1}
    ),
    "twice the rate is programmed": lambda: Mutant(
        [patch.object(Ne1000Driver, "_prepare_script", twice_the_rate)], events(), {1}
    ),
    "phase 2 is not made a stop": lambda: Mutant(
        [unsaid("FUNSTP")],
        events({"do": "fault", "name": "pump.leftover_phase2", "rate_ul_s": 5.0, "volume_ul": 200.0}),
        {1},
        [injection(Fault(name="pump.leftover_phase2"))],
    ),
    "a full duct is not believed": lambda: Mutant(
        [
            patch.object(Injection, "_judge", a_tenth_of_the_pressure),
            patch.object(Injection, "_predicted_kpa", lambda *_: 0.0),
            patch.object(Injection, "_resistance_or_loss", lambda *_: None),
            patch.object(DuctWatch, "estimate", lambda *_: None),
        ],
        Scenario.model_validate({"title": "mutant", "run": {"target_ml": 0.15}, "bench": {"line.duct_v0_ul": 50.0}}),
        {2},
    ),
    "what the pump counts is not watched": lambda: Mutant(
        [without(monitors.too_much), patch.object(DuctWatch, "resists", lambda *_: None)],
        load_scenario("pump_program_altered"),
        {1},
        [injection(Fault(name="pump.leftover_phase2"), within_s=0.45, by_itself=True)],
    ),
    "the keypad is not locked": lambda: Mutant([unsaid("LOC1")], load_scenario("keypad_locked"), {3}),
    "the watchdog is off and the host is killed": lambda: Mutant(
        [patch.object(Ne1000Driver, "_watch_over", no_watchdog)], load_scenario("host_killed"), {4}
    ),
    "the watchdog is off and the pump is deaf": lambda: Mutant(
        [patch.object(Ne1000Driver, "_watch_over", no_watchdog)], load_scenario("pump_deaf"), {2}
    ),
    "relief is three times too large": lambda: Mutant(
        [
            patch.object(Relief, "stroke_ul", three_times_the_stroke),
            patch.object(Relief, "_is_too_much_now", lambda *_: False),
            patch.object(Relief, "_watch", lambda *_: None),
        ],
        load_scenario("pain_button"),
        {5},
    ),
    "a relief does not look at the pressure, and the line is stiffer than it was": lambda: Mutant(
        [patch.object(Relief, "_watch", lambda *_: None)],
        events(at(20.0, "fault", name="line.compliance", factor=0.4), at(20.0, "press")),
        {5},
        [injection(Fault(name="line.compliance"))],
    ),
    "relief where none is allowed": lambda: Mutant(
        [
            patch.object(relief_module, "WITHOUT_RELIEF", frozenset()),
            patch.object(relief_module, "LEAST_EXCESS_KPA", -5.0),
            patch.object(LineModel, "stored_ul", lambda *_: 4.0),
        ],
        load_scenario("line_open"),
        {5},
    ),
    "relief goes on after a cause": lambda: Mutant(
        [patch.object(Core, "decide", relief_is_not_stopped), not_at_once(), no_reflex()],
        events(at(20.0, "press"), {"when": {"withdrawn_ul": 1.0}, "do": "operator", "say": "stop"}),
        {5},
    ),
    "the host leaves while the relief is under way": lambda: Mutant(
        [patch.object(Stopping, "take", leaves_in_the_middle)],
        load_scenario("pain_button"),
        {5},
    ),
    "the pump is run where it has to be released": lambda: Mutant(
        [patch.object(Ne1000Driver, "_release_script", runs_instead_of_releasing)], load_scenario("pain_operator"), {5}
    ),
    "the last cause is the reason": lambda: Mutant(
        [patch.object(Core, "_finish", last_cause_is_the_reason)], load_scenario("pump_deaf"), {5}
    ),
    "intents are not written": lambda: Mutant([patch.object(Station, "_write_down", no_intents)], events(), {6}),
    "intents are not awaited": lambda: Mutant(
        [patch.object(MotionRun, "_look_for_durable", intents_not_awaited), without(monitors.lost_record)],
        events({"when": {"tip": "patient"}, "do": "host", "signal": "SIGKILL", "target": "recorder"}),
        {6},
    ),
    "half of what moved is in the outcome": lambda: Mutant([patch.object(Core, "_finish", half_of_it_in_the_end)], events(), {6}),
    "half of what moved is written": lambda: Mutant([patch.object(Station, "_write_down", half_of_what_moved)], events(), {6}),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_controller_is_found(name):
    mutant = MUTANTS[name]()
    with ExitStack() as stack:
        for broken in mutant.breaks:
            stack.enter_context(broken)
        oracle, outcome = judge(mutant.scenario, mutant.injections)
    found = {violation.invariant for violation in oracle.violations}
    assert mutant.found <= found, (outcome, oracle.violations)


@pytest.mark.parametrize("name", ["nominal", "pain_button", "host_killed", "pump_starts_itself", "keypad_locked"])
def test_an_unbroken_one_is_not(name):
    oracle, outcome = judge(load_scenario(name), [])
    assert oracle.violations == [], outcome
