"""Invariant 6: nothing that moved is missing from the record, everything was announced, and the record replays."""

from collections.abc import Mapping, Sequence

from simulators.oracle.limits import TOLERANCE_UL
from simulators.oracle.record import Intent
from simulators.oracle.scene import Scene
from simulators.oracle.verdicts import Verdicts

NUMBER = 6
_SHOWN = 3
_FEWER_THAN_COUNTED = ("pump.short_delivery", "pump.stall")
_OTHER_THAN_COUNTED = "pump.short_delivery"  # with a factor above 1 the plunger goes further than the pump says


class AccountOfMotion:
    """Holds the true travel of the plunger against what the record says of it."""

    def __init__(self, scene: Scene, verdicts: Verdicts) -> None:
        self._scene = scene
        self._verdicts = verdicts

    def moved(self) -> None:
        """After a step in which the plunger went forward: it was announced before."""
        scene = self._scene
        if not scene.plunger.just_began or scene.record.open_forward is not None or scene.moves_by_itself():
            return
        stopping_s = scene.record.stopping_s
        if stopping_s is not None and scene.since_s < scene.still_by_s(stopping_s, scene.limits.stop_s):
            return  # an announced motion that a hindered stop has closed already
        text = f"a forward motion began at {scene.plunger.began_s:.3f} s with no intent for it in the record"
        self._verdicts.accuse(NUMBER, "unannounced", scene.now_s, text)

    def ended(self, motion: object, intent: Intent | None) -> None:
        """The record says what became of a motion."""
        scene = self._scene
        if intent is None:
            text = f"the record ends motion {motion}, which it never announced"
            self._verdicts.accuse(NUMBER, "never announced", scene.now_s, text)
        elif intent.infused_min_ul > intent.infused_max_ul:
            text = f"motion {motion}: at least {intent.infused_min_ul:g} ul and at most {intent.infused_max_ul:g} ul"
            self._verdicts.accuse(NUMBER, "bounds", scene.now_s, text)

    def finished(self, outcome: Mapping[str, object] | None) -> None:
        """The whole account at the end, and what the outcome makes of it: the next procedure in this duct goes by that."""
        scene = self._scene
        intents = list(scene.record.intents.values())
        patient_ul = scene.patient_ul
        self._judge_forward("the patient", patient_ul, [intent for intent in intents if intent.into != "air"])
        air_ul = max(0.0, scene.plunger.forward_ul - patient_ul)
        self._judge_forward("air", air_ul, [intent for intent in intents if intent.into == "air"])
        if outcome is not None and "delivered_max_ml" in outcome:
            said_ul = (float(str(outcome["delivered_min_ml"])) * 1000.0, float(str(outcome["delivered_max_ml"])) * 1000.0)
            self._judge_bounds("the patient", patient_ul, said_ul, "outcome")
        most_ul = sum(intent.most_withdrawn_ul for intent in intents)
        if scene.plunger.withdrawn_ul > most_ul + TOLERANCE_UL and not self._unseen():
            text = f"{scene.plunger.withdrawn_ul:.2f} ul were taken back, and the record has {most_ul:.2f} ul at most"
            self._verdicts.accuse(NUMBER, "withdrawn", scene.now_s, text)

    def replayed(self, mismatches: Sequence[str]) -> None:
        """The record was replayed through the same code."""
        if mismatches:
            shown = "; ".join(mismatches[:_SHOWN])
            text = f"the replay differs from the record in {len(mismatches)} places: {shown}"
            self._verdicts.accuse(NUMBER, "replay", self._scene.now_s, text)

    def _judge_forward(self, where: str, true_ul: float, intents: list[Intent]) -> None:
        most_ul = sum(intent.most_infused_ul for intent in intents)
        least_ul = sum(intent.infused_min_ul for intent in intents if intent.closed)
        self._judge_bounds(where, true_ul, (least_ul, most_ul), "record")

    def _judge_bounds(self, where: str, true_ul: float, bounds_ul: tuple[float, float], whose: str) -> None:
        scene, (least_ul, most_ul) = self._scene, bounds_ul
        if true_ul > most_ul + TOLERANCE_UL and not self._unseen():
            text = f"{true_ul:.2f} ul went into {where}, and the {whose} has {most_ul:.2f} ul at most"
            self._verdicts.accuse(NUMBER, f"{whose}: most into {where}", scene.now_s, text)
        if true_ul < least_ul - TOLERANCE_UL and not scene.claims.ever(*_FEWER_THAN_COUNTED):
            text = f"{true_ul:.2f} ul went into {where}, and the {whose} has {least_ul:.2f} ul at least"
            self._verdicts.accuse(NUMBER, f"{whose}: least into {where}", scene.now_s, text)

    def _unseen(self) -> bool:
        """Whether a fault moves the plunger where nobody can count it."""
        claims = self._scene.claims
        return claims.ever(_OTHER_THAN_COUNTED) or claims.moved_unseen
