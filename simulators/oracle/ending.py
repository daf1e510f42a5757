"""Invariant 5: after a terminal state nothing moves but the bounded relief; what has ended stays ended."""

from collections.abc import Mapping

from simulators.oracle.causes import Causes
from simulators.oracle.limits import GAP_S, MOVED_UL, RATE_FACTOR, RELIEF_MARGIN_KPA, TOLERANCE_UL
from simulators.oracle.record import TERMINAL, Intent
from simulators.oracle.scene import Scene
from simulators.oracle.verdicts import Verdicts

NUMBER = 5
_AFTER_COMPLETE = ("stopping", "stopped")  # a pump that moves after the end is stopped like any other
_BUTTON = "PAIN_STOP"
_RELIEF_STATES = ("stopping", "relieving")
_GOOD_ENDS = ("VOLUME_REACHED", "DUCT_FULL", "FULLNESS")
_NO_RELIEF_AFTER = frozenset(
    {
        "LINE_OPEN",
        "UNCOMMANDED_MOTION",
        "PUMP_FAULT",
        "PUMP_SILENT",
        "PRESSURE_FAULT",
        "PRESSURE_SILENT",
        "STOP_UNCONFIRMED",
    }
)
"""DESIGN.md section 4."""


class Ending:
    """Terminal states latch, forward motion is over, and the only motion left is the relief inside its fence."""

    def __init__(self, scene: Scene, verdicts: Verdicts, causes: Causes) -> None:
        self._scene = scene
        self._verdicts = verdicts
        self._causes = causes
        self._relief_over_s: float | None = None  # when a cause came to a relief under way
        self._late_ul = 0.0  # forward after the terminal state, hindered stops apart
        self._unfenced_ul = 0.0  # backward without an open relief

    def _accuse(self, kind: str, text: str) -> None:
        self._verdicts.accuse(NUMBER, kind, self._scene.now_s, text)

    # -- motion ----------------------------------------------------------------------------------------------------------------

    def moved(self) -> None:
        """After a step in which the plunger moved, either way."""
        plunger = self._scene.plunger
        if plunger.moved_ul > MOVED_UL and self._scene.record.terminal_s is not None:
            self._forward(self._scene.record.terminal_s)
        if plunger.drawn_ul > MOVED_UL:
            self._backward()

    def _forward(self, terminal_s: float) -> None:
        scene = self._scene
        hindered = scene.claims.blocks(terminal_s, terminal_s + scene.limits.stop_s) != "none"
        if hindered and scene.since_s < scene.still_by_s(terminal_s, scene.limits.stop_s):
            return  # a stop that does not reach the pump is not over with the procedure
        self._late_ul += scene.plunger.moved_ul
        if self._late_ul > TOLERANCE_UL and not scene.moves_by_itself():
            self._accuse("forward", f"the plunger goes forward again, {self._late_ul:.2f} ul after the end at {terminal_s:.3f} s")

    def _backward(self) -> None:
        scene, plunger, limits = self._scene, self._scene.plunger, self._scene.limits
        relief = scene.record.open_relief
        if relief is None:
            self._unfenced_ul += plunger.drawn_ul
            if self._unfenced_ul > TOLERANCE_UL and not scene.moves_by_itself():
                self._accuse("unfenced", f"{self._unfenced_ul:.2f} ul were taken back without an open relief in the record")
            return
        if self._relief_over_s is not None:
            self._backward_after_a_cause(self._relief_over_s)
        stroke_ul = plunger.withdrawn_ul - relief.withdrawn_at_ul
        if stroke_ul > relief.volume_ul + TOLERANCE_UL:
            if scene.moves_by_itself():
                return  # what goes on beyond its program is no relief any more
            self._accuse("too much", f"a relief of {relief.volume_ul:g} ul has taken back {stroke_ul:.2f} ul")
        took_s = scene.now_s - scene.since_s
        if plunger.drawn_ul > limits.relief_rate_ul_s * RATE_FACTOR * took_s + MOVED_UL and took_s > 0:
            rate_ul_s = plunger.drawn_ul / took_s
            self._accuse("too fast", f"the relief goes at {rate_ul_s:.2f} ul/s, limit {limits.relief_rate_ul_s:g} ul/s")
        floor_kpa = limits.relief_kpa - RELIEF_MARGIN_KPA
        if scene.line_kpa < floor_kpa and not scene.claims.lying_pressure(relief.put_s, scene.now_s):
            self._accuse("too low", f"the relief has taken the line to {scene.line_kpa:.2f} kPa, floor {limits.relief_kpa:g} kPa")

    def _backward_after_a_cause(self, cause_s: float) -> None:
        scene = self._scene
        still_s = scene.still_by_s(cause_s, scene.limits.stop_s)
        if scene.since_s < still_s or scene.claims.blocks(cause_s, still_s) == "pump" or scene.moves_by_itself():
            return  # a pump that obeys nobody is bounded by the stroke that was announced
        self._accuse(
            "relief goes on", f"the relief still takes back {scene.now_s - cause_s:.3f} s after a cause at {cause_s:.3f} s"
        )

    # -- the record's words ----------------------------------------------------------------------------------------------------

    def state(self, before: str, state: str) -> None:
        """The record changes its state; to be told before it has done so."""
        if before == "stopped" or (self._scene.record.complete_s is not None and state not in _AFTER_COMPLETE):
            ended = before if before in TERMINAL else "complete"
            self._accuse("latch", f"the record says {ended} and then {state}")

    def intended(self, intent: Intent) -> None:
        """A motion is announced."""
        record = self._scene.record
        if record.terminal_s is not None:
            self._accuse("intent", f"motion {intent.motion} is announced after the end at {record.terminal_s:.3f} s")
        if intent.into != "relief" and intent.forward:
            return  # whatever it is called, going back is relief
        self._relief_over_s = None
        if intent.forward or intent.state not in _RELIEF_STATES:
            way = "forward" if intent.forward else "back"
            self._accuse("relief", f"relief {intent.motion} is to go {way}, in the state {intent.state or 'nothing yet'}")
        elif not record.reasons:
            self._accuse(
                "relief without a cause", f"motion {intent.motion} is to take back, and no cause to stop is in the record"
            )
        forbidding = [reason for reason in record.reasons if reason in _NO_RELIEF_AFTER]
        if forbidding:
            self._accuse("relief after", f"relief {intent.motion} is announced after {forbidding[0]}")

    def stop_cause(self, reason: str, t_s: float) -> None:
        """A cause to stop is written down: it ends a relief under way, unless it is the open button."""
        if reason != _BUTTON and self._relief_over_s is None and self._scene.record.open_relief is not None:
            self._relief_over_s = t_s

    def finished(self, outcome: Mapping[str, object] | None) -> None:
        """The outcome, if there is one: its reason is the first cause."""
        if outcome is None:
            return
        self._judge_good_end(outcome)
        self._judge_rest()
        first = self._scene.record.first_reason
        if first is None:
            return
        reason, after_good_end = first
        told = outcome.get("reason")
        if after_good_end and told not in _GOOD_ENDS:
            self._accuse("reason", f"the outcome's reason is {told}, and {reason} came only after the good end")
        elif not after_good_end and told != reason:
            self._accuse("reason", f"the outcome's reason is {told}, and the first cause in the record was {reason}")

    def _judge_good_end(self, outcome: Mapping[str, object]) -> None:
        """No end is a good one where a cause that anybody could see came before it."""
        complete_s = self._scene.record.complete_s
        if outcome.get("reason") not in _GOOD_ENDS or complete_s is None:
            return
        for cause in self._causes.all:
            if cause.seen and self._scene.still_by_s(cause.t_s, cause.budget_s) < complete_s:
                self._accuse("good end", f"the outcome's reason is {outcome['reason']}, after {cause.text} at {cause.t_s:.3f} s")
                return

    def _judge_rest(self) -> None:
        """Whoever says the last word leaves a plunger that stands still: nobody watches it any more."""
        scene, plunger = self._scene, self._scene.plunger
        if scene.now_s - plunger.way_s > GAP_S or scene.moves_by_itself():
            return
        if scene.claims.blocks(plunger.way_s, scene.now_s) == "none":
            way = "forward" if plunger.way > 0 else "back"
            self._accuse("left moving", f"the plunger goes {way} while the host says its last word")
