"""Ready: between the primed line and the armed machine stand three things people say, and a line at rest."""

from controller.core.desk import Desk
from controller.core.limits import PRIME_EXPIRY_S, READY_LINE_KPA, ZERO_EXPIRY_S
from controller.core.reasons import Reason

REST_WINDOW_S = 0.3
ARM_WORD = "ARM"


def zero_expired(desk: Desk) -> bool:
    """Whether the pressure zero does not count any more."""
    zeroed_s = desk.view.pressure.zeroed_s
    return zeroed_s is None or desk.now_s - zeroed_s > ZERO_EXPIRY_S


def expired(desk: Desk, primed_s: float) -> str | None:
    """Why prime or zero do not count any more, or None."""
    if zero_expired(desk):
        return f"the pressure zero is older than {ZERO_EXPIRY_S:.0f} s"
    if desk.now_s - primed_s > PRIME_EXPIRY_S:
        return f"the prime check is older than {PRIME_EXPIRY_S:.0f} s"
    return None


class Readiness:
    """Runs until armed. The pressed button of the self-test is the hand that a real device asks for; the word is typed here."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._primed_s = desk.now_s
        self._no_bubbles = False
        self._cannula_in = False

    @property
    def primed_s(self) -> float:
        """When the prime check was passed."""
        return self._primed_s

    def take(self) -> bool:
        """One observation further; True when the operator has armed."""
        desk = self._desk
        too_old = expired(desk, self._primed_s)
        if too_old is not None:
            desk.stop(Reason.PRIME_REFUSED, too_old)
            return False
        if not self._no_bubbles:
            self._no_bubbles = desk.ask("no_bubbles", "No bubbles seen in syringe, tube and cannula?")
            return False
        if not self._cannula_in:
            self._cannula_in = desk.ask("cannula_in", "Cannula in and taped?")
            return False
        obstacle = self._obstacle()
        if obstacle is not None:
            # The question is taken back: a "yes" given while something stood in the way must not arm later by itself.
            desk.prompt, desk.question = obstacle, None
            return False
        desk.prompt = None
        word = "" if desk.plan.simulated else ARM_WORD
        return desk.ask(
            "arm", f"Arm: {desk.plan.target_ul / 1000:.2f} mL in steps of {desk.plan.increment_ul / 1000:.2f} mL?", typed=word
        )

    def _obstacle(self) -> str | None:
        desk = self._desk
        kpa = desk.view.pressure.mean_kpa(desk.now_s - REST_WINDOW_S)
        if kpa is None or abs(kpa) > READY_LINE_KPA:
            return f"Waiting for the line to be within {READY_LINE_KPA:g} kPa of zero"
        return None if desk.view.button.closed else "Stop button is open: let it go"
