"""Invariant 1: the plunger never gives more, or faster, than the target, the limits, or what the record's intents allow."""

from simulators.oracle.limits import MOVED_UL, RATE_FACTOR, TOLERANCE_UL
from simulators.oracle.scene import Scene
from simulators.oracle.verdicts import Verdicts

NUMBER = 1
_OTHER_THAN_TOLD = "pump.short_delivery"  # the plunger goes another way than the pump was told, and nobody can know


class Dose:
    """Gross forward plunger volume into the patient; what the line has stored is no excuse."""

    def __init__(self, scene: Scene, verdicts: Verdicts) -> None:
        self._scene = scene
        self._verdicts = verdicts

    def moved(self) -> None:
        """After a step in which the plunger went forward."""
        scene, limits = self._scene, self._scene.limits
        plunger, intent = scene.plunger, scene.record.newest
        # The ordinary case first, in as few words as can be: this is asked at every step.
        if (
            intent is None
            or plunger.forward_ul - intent.forward_at_ul > intent.volume_ul + TOLERANCE_UL
            or plunger.moved_ul > intent.rate_ul_s * RATE_FACTOR * (scene.now_s - scene.since_s) + MOVED_UL
            or intent.rate_ul_s > limits.rate_ul_s
        ):
            self._judge_one_motion()
        announced_ul = scene.record.patient_ul
        if scene.tip != "patient" and scene.record.armed_at_ul is None:
            self._judge_priming()
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

    def _judge_one_motion(self) -> None:
        """What was announced of the motion under way: its volume, and its rate. (A sum over all motions would hide either.)"""
        scene, limits, intent = self._scene, self._scene.limits, self._scene.record.open_forward
        rate_ul_s = limits.rate_ul_s if intent is None else min(limits.rate_ul_s, intent.rate_ul_s)
        took_s = scene.now_s - scene.since_s
        too_fast = scene.plunger.moved_ul > rate_ul_s * RATE_FACTOR * took_s + MOVED_UL and took_s > 0
        gone_ul = 0.0 if intent is None else scene.plunger.forward_ul - intent.forward_at_ul
        too_far = intent is not None and gone_ul > intent.volume_ul + TOLERANCE_UL
        if not (too_fast or too_far) or scene.claims.ever(_OTHER_THAN_TOLD) or scene.moves_by_itself():
            return
        if too_fast:
            text = f"the plunger goes forward at {scene.flow_ul_s:.2f} ul/s, and {rate_ul_s:g} ul/s is the most for it"
            self._verdicts.accuse(NUMBER, "rate", scene.now_s, text)
        if too_far and intent is not None:
            text = f"motion {intent.motion} has gone {gone_ul:.2f} ul forward, and was announced with {intent.volume_ul:g} ul"
            self._verdicts.accuse(NUMBER, "intents", scene.now_s, text)

    def _judge_priming(self) -> None:
        scene, most_ul = self._scene, self._scene.limits.priming_ul
        primed_ul = scene.plunger.forward_ul - scene.plunger.patient_ul
        if primed_ul > most_ul + TOLERANCE_UL and not scene.moves_by_itself():
            text = f"{primed_ul:.2f} ul went forward before arming, and the most is {most_ul:g} ul"
            self._verdicts.accuse(NUMBER, "priming", scene.now_s, text)
