"""The causes to stop that a host can observe, found in the world itself and in the record's words."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from simulators.acts import Act, Clear, Fault, HostAct, Operator
from simulators.oracle.button import Button
from simulators.oracle.claims import full_name
from simulators.oracle.limits import CEILING_MARGIN_KPA, NOTICE_S
from simulators.oracle.scene import Scene

_WITH_THE_PATIENT = frozenset({"armed", "infusing", "holding"})
_UNWATCHED = frozenset({"", "standby", "self_test", "complete", "stopped"})
_STATEMENTS = frozenset({"stop", "pain", "reflux"})
_THROUGH_PRESSURE = ("line.", "plunger.")


@dataclass(frozen=True, slots=True)
class Cause:
    """From budget_s after t_s on the plunger stands still for good. hard_wired: it reaches the pump past the host.

    through_pressure: the host can know of it from the line pressure alone. seen: it was plain to see in the world itself.
    """

    t_s: float
    budget_s: float
    text: str
    hard_wired: bool = False
    through_pressure: bool = False
    seen: bool = False


class Causes:
    """All causes of one procedure, in the order in which they were found."""

    __slots__ = ("_above_since_s", "_ceiling_told", "_opening_told", "_scene", "all", "button", "due_s", "still_by_s")

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.button = Button()
        self.all: list[Cause] = []
        self.still_by_s = math.inf  # the earliest budget that has run out, hindrances apart
        self.due_s = math.inf  # look again then, even if nothing happens
        self._opening_told = False
        self._above_since_s: float | None = None
        self._ceiling_told = False

    def add(self, cause: Cause) -> None:
        """One more."""
        self.all.append(cause)
        self.still_by_s = min(self.still_by_s, cause.t_s + cause.budget_s)

    # -- said and done ---------------------------------------------------------------------------------------------------------

    def heard(self, act: Act, now_s: float) -> None:
        """An act at the bench."""
        budget_s = self._scene.limits.stop_s + NOTICE_S
        match act:
            case Fault() | Clear():
                self.button.fault(full_name(act.name), isinstance(act, Fault), now_s)
                self._button_changed(now_s)
            case Operator() if act.say in _STATEMENTS:
                self.add(Cause(now_s, budget_s, f"the operator's {act.say!r}", seen=True))
            case HostAct() if act.target == "control" and act.signal not in (None, "SIGKILL"):
                self.add(Cause(now_s, budget_s, f"the signal {act.signal}", seen=True))

    def press(self, pressed: bool, now_s: float) -> None:
        """The patient presses or lets go."""
        self.button.press(pressed, now_s)
        self._button_changed(now_s)

    def recorded(self, name: str, t_s: float, body: Mapping[str, object]) -> None:
        """An event in the record: a cause in the host's own words, or a pressure that is one."""
        limits = self._scene.limits
        if name == "stop_cause":
            self.add(Cause(t_s, limits.stop_s, f"the record's own {body.get('reason')}"))
        elif name == "hold_result":
            kpa = float(str(body["kpa"]))
            if kpa >= limits.duct_kpa:
                self.add(Cause(t_s, limits.stop_s, f"{kpa:.2f} kPa at zero flow in the record"))

    def _button_changed(self, now_s: float) -> None:
        if self.button.open_since_s is None:
            self._opening_told = False
        elif not self._opening_told:
            self.due_s = now_s + NOTICE_S

    # -- seen ------------------------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """After a step in which something happens: button, pressure and faults."""
        self.due_s = math.inf
        if self.button.open_since_s is not None and not self._opening_told:
            self._look_at_button(self.button.open_since_s)
        if self._above_since_s is not None or self._scene.line_kpa >= self._scene.limits.ceiling_kpa + CEILING_MARGIN_KPA:
            self._look_at_pressure()

    def state_changed(self, now_s: float) -> None:
        """What was no cause before may be one now."""
        if self.button.open_since_s is not None and not self._opening_told:
            self.due_s = now_s + NOTICE_S

    def _look_at_button(self, open_since_s: float) -> None:
        scene, record, plunger = self._scene, self._scene.record, self._scene.plunger
        since_s = max(open_since_s, scene.claims.frozen_until_s(open_since_s, scene.now_s))
        if record.state in _WITH_THE_PATIENT:
            if record.state == "armed":
                since_s = max(since_s, record.state_s)
        elif record.state == "priming" and plunger.going(scene.now_s):
            since_s = max(since_s, plunger.began_s)
        else:
            return
        if scene.now_s < since_s + NOTICE_S:
            self.due_s = since_s + NOTICE_S
            return
        self._opening_told = True
        wired = scene.limits.trigger_wired and self.button.third_open
        self.add(Cause(since_s, scene.limits.stop_s + NOTICE_S, "the stop button open", hard_wired=wired, seen=True))

    def _look_at_pressure(self) -> None:
        scene, limits = self._scene, self._scene.limits
        watched = scene.record.state not in _UNWATCHED and not scene.claims.lying_pressure(scene.since_s, scene.now_s)
        if scene.line_kpa < limits.ceiling_kpa + CEILING_MARGIN_KPA or not watched or self._ceiling_told:
            self._above_since_s = None
            return
        if self._above_since_s is None:
            self._above_since_s = scene.now_s
        since_s = max(self._above_since_s, scene.claims.frozen_until_s(self._above_since_s, scene.now_s))
        if scene.now_s - since_s >= limits.sample_age_s:
            self._ceiling_told = True
            text = f"a line pressure of {scene.line_kpa:.1f} kPa (ceiling {limits.ceiling_kpa:g} kPa)"
            self.add(Cause(since_s, limits.sample_age_s + limits.stop_s + NOTICE_S, text, seen=True))
        else:
            self.due_s = scene.now_s

    def moved(self) -> None:
        """After a step in which the plunger went forward: faults that have to end it."""
        scene, plunger = self._scene, self._scene.plunger
        for claim in scene.claims.all:
            if not claim.noted and claim.within_s is not None and claim.at_work(scene.since_s, scene.now_s):
                claim.noted = True
                through = claim.act_name.startswith(_THROUGH_PRESSURE)
                begun_s = max(claim.begun_s, plunger.began_s)
                self.add(Cause(begun_s, claim.within_s, f"the fault {claim.name}", through_pressure=through))
