"""Invariant 1: the plunger never gives more than the target, the day's limit, or what the record's intents allow."""

from simulators.oracle.limits import TOLERANCE_UL
from simulators.oracle.scene import Scene
from simulators.oracle.verdicts import Verdicts

NUMBER = 1


class Dose:
    """Gross forward plunger volume into the patient; what the line has stored is no excuse."""

    def __init__(self, scene: Scene, verdicts: Verdicts) -> None:
        self._scene = scene
        self._verdicts = verdicts

    def moved(self) -> None:
        """After a step in which the plunger went forward."""
        scene, limits = self._scene, self._scene.limits
        announced_ul = scene.record.patient_ul
        if scene.tip != "patient" and scene.record.armed_at_ul is None:
            return
        given_ul = scene.patient_ul
        if given_ul <= min(limits.target_ul, limits.total_ul, announced_ul) + TOLERANCE_UL or scene.moves_by_itself():
            return
        for kind, bound_ul, what in (
            ("target", limits.target_ul, "the target"),
            ("total", limits.total_ul, "the most per duct and day"),
            ("intents", announced_ul, "the sum of the intents in the record"),
        ):
            if given_ul > bound_ul + TOLERANCE_UL:
                text = f"{given_ul:.2f} ul went forward into the patient, and {what} is {bound_ul:g} ul"
                self._verdicts.accuse(NUMBER, kind, scene.now_s, text)
