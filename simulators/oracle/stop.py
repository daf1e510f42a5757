"""Invariant 2: once a cause to stop can be seen, forward motion ends within the stop budget and does not come back."""

from simulators.oracle.causes import Causes
from simulators.oracle.limits import BEGIN_GRACE_S, DUCT_FACTOR
from simulators.oracle.scene import Scene
from simulators.oracle.verdicts import Verdicts

NUMBER = 2
_LONGEST_HOLD_S = 60.0
_SQUEEZE = "line.motion"


class Stop:
    """Holds the plunger's forward motion against every cause, and its beginning against the open button."""

    def __init__(self, scene: Scene, verdicts: Verdicts, causes: Causes) -> None:
        self._scene = scene
        self._verdicts = verdicts
        self._causes = causes

    def moved(self) -> None:
        """After a step in which the plunger went forward."""
        if self._scene.since_s >= self._causes.still_by_s:
            self._after_a_cause()
        if self._scene.plunger.just_began:
            self._at_its_beginning()
            self._into_a_full_duct()

    def _after_a_cause(self) -> None:
        scene = self._scene
        for cause in self._causes.all:
            if scene.since_s < cause.t_s + cause.budget_s:
                continue
            if cause.through_pressure and scene.claims.lying_pressure(cause.t_s, cause.t_s + cause.budget_s):
                continue  # who only knows the pressure can not know of this one
            still_s = scene.still_by_s(cause.t_s, cause.budget_s, hard_wired=cause.hard_wired)
            if scene.since_s < still_s or scene.moves_by_itself():
                continue
            came_back = scene.plunger.began_s >= still_s
            how = f"forward again since {scene.plunger.began_s:.3f} s" if came_back else "still forward"
            self._verdicts.accuse(
                NUMBER,
                "came back" if came_back else "late",
                scene.now_s,
                f"the plunger goes {how} at {scene.flow_ul_s:.2f} ul/s, {scene.now_s - cause.t_s:.3f} s after {cause.text} "
                f"at {cause.t_s:.3f} s (still for good by {still_s:.3f} s)",
            )
            return

    def _at_its_beginning(self) -> None:
        scene, began_s = self._scene, self._scene.plunger.began_s
        open_since_s = self._causes.button.open_since_s
        if open_since_s is None or began_s <= open_since_s + BEGIN_GRACE_S:
            return
        if scene.claims.blocks(open_since_s, began_s) != "none" or scene.claims.frozen_until_s(open_since_s, began_s) > began_s:
            return  # what the host said before may arrive now
        if not scene.moves_by_itself():
            text = f"a forward motion began at {began_s:.3f} s with the stop button open since {open_since_s:.3f} s"
            self._verdicts.accuse(NUMBER, "open button", scene.now_s, text)

    def _into_a_full_duct(self) -> None:
        """A line at rest shows the duct's own pressure: judged by the truth, for the record may say of a hold what it likes."""
        scene, began_s = self._scene, self._scene.plunger.began_s
        if scene.tip != "patient" or scene.before_kpa < DUCT_FACTOR * scene.limits.duct_kpa:
            return
        if scene.claims.lying_pressure(began_s - _LONGEST_HOLD_S, began_s) or scene.claims.ever(_SQUEEZE):
            return
        if not scene.moves_by_itself():
            text = (
                f"a forward motion began at {began_s:.3f} s with the line at {scene.before_kpa:.1f} kPa at zero flow "
                f"(limit {scene.limits.duct_kpa:g} kPa)"
            )
            self._verdicts.accuse(NUMBER, "full duct", scene.now_s, text)
