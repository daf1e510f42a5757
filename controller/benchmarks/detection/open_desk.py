"""A desk that takes no cause to stop while the cannula is in the patient: it writes down when each of them came first.

For benchmarks only. No profile and no option makes one: a procedure has the plain Desk unless a program hands its Core another.
"""

from dataclasses import dataclass, field

from controller.core.desk import Desk
from controller.core.reasons import Reason
from controller.core.states import State

_WITH_THE_PATIENT = (State.ARMED, State.INFUSING, State.HOLDING)
# These say that the simulation itself has failed, or that nothing will come of waiting.
_STOPS_ALL_THE_SAME = (Reason.HOST_ERROR, Reason.PUMP_FAULT, Reason.PRIME_REFUSED)


@dataclass(slots=True)
class OpenDesk(Desk):
    """unheeded: when each cause came first that was not heeded. went: every change of state, with its time."""

    unheeded: dict[Reason, float] = field(default_factory=dict)
    went: list[tuple[float, State]] = field(default_factory=list)
    holding_since_s: float = 0.0

    def go(self, trigger: str, why: str) -> None:
        """See Desk."""
        Desk.go(self, trigger, why)
        self.went.append((self.now_s, self.state))
        if self.state is State.HOLDING:
            self.holding_since_s = self.now_s

    def stop(self, reason: Reason, text: str, *, again: bool = False) -> None:
        """See Desk; with the patient the cause is only written down."""
        if self.state in _WITH_THE_PATIENT:
            self.unheeded.setdefault(reason, self.now_s)
            if reason not in _STOPS_ALL_THE_SAME and not self._waits_in_vain():
                return
        Desk.stop(self, reason, text, again=again)

    def _waits_in_vain(self) -> bool:
        """A hold that has found no result within its time never will, and without one there is no next increment."""
        return self.state is State.HOLDING and self.now_s - self.holding_since_s > self.plan.hold_s
