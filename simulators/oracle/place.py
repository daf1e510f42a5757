"""Invariant 3: the plunger goes forward only while infusing, and in priming with the cannula outside the patient."""

from simulators.oracle.scene import Scene
from simulators.oracle.verdicts import Verdicts

NUMBER = 3


class Place:
    """Holds every forward motion against the state that the record was in, and the tip of the cannula."""

    def __init__(self, scene: Scene, verdicts: Verdicts) -> None:
        self._scene = scene
        self._verdicts = verdicts

    def moved(self) -> None:
        """After a step in which the plunger went forward."""
        scene, record = self._scene, self._scene.record
        armed = record.armed_at_ul is not None
        if (record.state == "infusing" and armed) or (record.state == "priming" and scene.tip != "patient"):
            return
        # A stop takes the state away first, and the plunger comes to rest within the stop's own budget.
        stopping_s = record.stopping_s
        if stopping_s is not None and scene.since_s < scene.still_by_s(stopping_s, scene.limits.stop_s):
            return
        if scene.moves_by_itself():
            return
        flow = f"the plunger goes forward at {scene.flow_ul_s:.2f} ul/s"
        if record.state == "priming":
            text = f"{flow} in priming with the tip in the patient"
            self._verdicts.accuse(NUMBER, "priming into the patient", scene.now_s, text)
        else:
            state = (record.state or "nothing yet") + ("" if armed else " (and it was never armed)")
            text = f"{flow} where the record's state is {state} since {record.state_s:.3f} s"
            self._verdicts.accuse(NUMBER, "state", scene.now_s, text)
