"""What the phases of a procedure share: the plan, the facts, the account, the open question, and the actions of this step."""

from collections.abc import Callable
from dataclasses import dataclass, field

from controller.core.account import Account
from controller.core.line import LineModel
from controller.core.messages import (
    Action,
    CloseIntent,
    Note,
    Operator,
    PollPump,
    PreparePump,
    ReleasePump,
    RunPump,
    StopPump,
)
from controller.core.plan import Plan
from controller.core.reasons import Reason
from controller.core.states import Procedure, State
from controller.core.view import View
from drivers.button import PedalUsed

AUTO_ANSWER_S = 0.3  # the simulated operator takes a moment
HANDS_S = 3.0  # and longer where something has to be done with the hands before
PEDAL_S = 0.3  # nobody sees a hold's result and treads within this time: such a press was begun before


def _nothing() -> None:
    """Nobody is there who could."""


@dataclass(slots=True)
class Question:
    """Something only a person can say. typed: a word that has to be typed, or "". takes_s: what a simulated operator needs."""

    id: str
    text: str
    typed: str
    asked_s: float
    takes_s: float = AUTO_ANSWER_S
    answered: bool = False


@dataclass(slots=True)
class Verdict:
    """A cause to stop, and what was seen. again: see Desk.stop."""

    reason: Reason
    text: str
    again: bool = False


@dataclass(slots=True)
class Desk:
    """Shared by the phases of one procedure; nothing here touches the world."""

    plan: Plan
    procedure: Procedure = field(default_factory=Procedure)
    state: State = State.STANDBY
    """Where the procedure is: the state machine's own word, kept at hand because everything asks for it."""
    view: View = field(default_factory=View)
    account: Account = field(default_factory=Account)
    line: LineModel = field(default_factory=LineModel)
    now_s: float = 0.0
    self_test_passed: bool = False
    reason: Reason | None = None
    reason_text: str = ""
    also: list[Reason] = field(default_factory=list)
    causes: int = 0
    """How many causes to stop there have been, repeated ones included."""
    stop_s: float | None = None
    question: Question | None = None
    prompt: str | None = None
    beware: str = ""
    """What people have to know of the line whatever it is that stops."""
    hold_kpa: list[float] = field(default_factory=list)
    increments_done: int = 0
    fullness: bool = False
    """The patient has reported fullness: the increment under way is the last one."""
    suspicion: float = 0.0  # how much speaks for a duct that loses what goes in; 1 is the limit
    actions: list[Action] = field(default_factory=list)
    at_once: Callable[[], None] = _nothing
    """Called when a stop is ordered, before anything else is done about it: whoever has the pump at hand stops it at once."""

    def act(self, action: Action) -> None:
        """Orders something."""
        self.actions.append(action)

    def go(self, trigger: str, why: str) -> None:
        """Changes the state, and writes that down. Raises transitions.MachineError where there is no such way."""
        self.procedure.go(trigger)
        self.state = self.procedure.state
        self.note("state", why, state=self.state.value)

    def note(self, name: str, why: str, **data: object) -> None:
        """Tells record and screen."""
        self.actions.append(Note(why=why, name=name, data=data))

    @property
    def stop_under_way(self) -> bool:
        """True from an order to stop until the pump was seen stopped: the driver repeats it meanwhile."""
        return self.stop_s is not None and not self.view.pump.seen_stopped

    @property
    def pressure_is_fresh(self) -> bool:
        """Whether the newest pressure may be moved upon."""
        pressure = self.view.pressure
        return pressure.kpa is not None and self.now_s - pressure.asked_s <= self.plan.sample_age_s

    def stop(self, reason: Reason, text: str, *, again: bool = False) -> None:
        """Takes a cause to stop. The first one stops the pump and is the reason; later ones stand in `also`.

        The order to stop is given before the state machine is asked anything. again: this has happened just now and is no
        condition that stays, so that it stops the pump once more even if the same has stopped it before.
        """
        known = reason is self.reason or reason in self.also
        if known and not again:
            return
        self.causes += 1
        text = f"{text}; {self.beware}" if self.beware else text
        if self.reason is None:
            self.reason, self.reason_text = reason, text
        elif not known:
            self.also.append(reason)
        elif self.stop_under_way:
            return
        self.question, self.prompt = None, None
        if not self.stop_under_way:
            self.halt(reason, text)
        self.note("stop_cause", f"{reason.name}: {text}", reason=reason.name)

    def halt(self, reason: Reason, text: str) -> None:
        """Orders the pump to stop, ahead of everything; what this very step had ordered from it before is withdrawn."""
        self.at_once()
        kept = [item for item in self.actions if not isinstance(item, PreparePump | RunPump | PollPump | ReleasePump)]
        self.actions = [StopPump(why=text, reason=reason), *kept]
        self.view.pump.seen_stopped, self.view.pump.busy = False, True
        self.stop_s = self.now_s
        if self.state not in (State.STOPPING, State.STOPPED):
            self.go("stop", text)

    def close_motion(self, *, certain: bool) -> None:
        """Closes the account of what may have moved, and writes down what became of it."""
        for entry in self.account.close(certain=certain):
            self.act(
                CloseIntent(
                    why="the motion has ended"
                    if entry.certain and entry.overcounted_ul == 0.0
                    else "how far the motion went is not certain",
                    motion_number=entry.number,
                    infused_min_ul=round(entry.infused_min_ul, 3),
                    infused_max_ul=round(entry.infused_max_ul, 3),
                    withdrawn_ul=round(entry.withdrawn_ul, 3),
                    certain=entry.certain and entry.overcounted_ul == 0.0,
                    unordered=entry.unordered,
                )
            )

    # -- questions to people ---------------------------------------------------------------------------------------------------

    def ask(self, question_id: str, text: str, *, typed: str = "", takes_s: float = AUTO_ANSWER_S) -> bool:
        """Puts a question once; True as soon as it is answered. In a simulation the simulated operator answers."""
        if self.question is None or self.question.id != question_id:
            self.question = Question(question_id, text, typed, self.now_s, takes_s)
            self.note("question", text, id=question_id)
        question = self.question
        if not question.answered and self._simulated_operator_answers(question):
            question.answered = True
            self.note("answer", f"simulated operator: {text}", id=question_id)
        if question.answered:
            self.question = None
            return True
        return False

    def _simulated_operator_answers(self, question: Question) -> bool:
        return self.plan.simulated and self.plan.advance_auto and self.now_s - question.asked_s >= question.takes_s

    def take_pedal(self, used: PedalUsed) -> None:
        """A foot says go, and nothing else: one that was put down after the question stood there, and was lifted again."""
        question = self.question
        if question is not None and question.id == "next_increment" and used.pressed_s >= question.asked_s + PEDAL_S:
            question.answered = True
            self.note("answer", f"foot pedal: {question.text}", id=question.id)

    def take_answer(self, statement: Operator) -> None:
        """Takes an operator's answer, if it fits the open question."""
        question = self.question
        if question is None:
            return
        if statement.act == "go" and question.id == "next_increment":
            fits = True
        else:
            fits = statement.act == "confirm" and statement.question == question.id and statement.typed == question.typed
        if fits:
            question.answered = True
            self.note("answer", f"{statement.source}: {question.text}", id=question.id)
