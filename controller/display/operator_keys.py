"""What the operator's keys mean, and when they mean nothing."""

from controller.display.keys import BACKSPACE, CLEAR, ENTER
from controller.display.messages import Question

SETTLE_S = 0.3  # nobody reads a question and answers it within this time: such a key was meant for something else
REPEAT_S = 1.0  # a question that is still open so long after its answer may be answered again
MAX_TYPED = 32

_COMMANDS = {"s": "stop", " ": "stop", "p": "pain", "r": "reflux", "f": "full"}
_SAID = {
    "stop": "STOP sent",
    "pain": "PATIENT REPORTS PAIN sent",
    "reflux": "REFLUX SEEN sent",
    "full": "FULLNESS REPORTED sent: this increment is the last one",
}
NOT_SENT = "NOT SENT: press Ctrl-C or the stop button"


class Operator:
    """Turns keys into statements for the control process. Answers only a question that has been on the screen."""

    def __init__(self) -> None:
        self.question: Question | None = None
        self.typed = ""
        self.feedback = ""
        self.feedback_s = float("-inf")
        self._feedback_news = False
        self._shown_s = 0.0
        self._answered_s: float | None = None

    def show(self, question: Question, now_s: float) -> None:
        """This question is now on the screen and can be answered from SETTLE_S on."""
        self.question, self.typed, self._shown_s, self._answered_s = question, "", now_s, None

    def withdraw(self) -> None:
        """No question is on the screen any more."""
        self.question, self.typed = None, ""

    def press(self, key: str, fresh: bool, now_s: float) -> dict[str, str] | None:
        """The statement that this key makes, or None. fresh: the control process has been heard within the last second."""
        word = self.question.typed if self.question else None
        command = _COMMANDS.get(key.lower())
        if command and not (word and key != " " and key.lower() in word.lower()):
            self._say(_SAID[command], now_s)
            return {"operator": command}
        if key == ENTER:
            return self._enter(fresh, now_s)
        if key == BACKSPACE:
            self.typed = self.typed[:-1]
        elif key == CLEAR:
            self.typed = ""
        elif word is not None:
            self._type(key, now_s)
        elif key.lower() == "q":
            self._say("q does nothing here: s, space or Ctrl-C stops", now_s)
        return None

    def news(self) -> str:
        """The feedback if it is new since the last call, else ""."""
        news, self._feedback_news = self.feedback if self._feedback_news else "", False
        return news

    def not_sent(self, now_s: float) -> None:
        """The control process has not taken the last statement."""
        self._answered_s = None
        self._say(NOT_SENT, now_s)

    def keys_line(self) -> str:
        """Which keys do what at this moment."""
        word = (self.question.typed or "").lower() if self.question else ""
        parts = ["Ctrl-C/space STOP" if "s" in word else "Ctrl-C/s/space STOP"]
        parts += [
            f"{key} {what}" for key, what in (("p", "pain reported"), ("r", "reflux seen"), ("f", "fullness")) if key not in word
        ]
        if self.question:
            parts.append(f"type {self.question.typed} + Enter" if word else "Enter answers")
        return " | ".join(parts)

    def _type(self, key: str, now_s: float) -> None:
        if now_s - self._shown_s < SETTLE_S:
            self._say("too soon: read the question first", now_s)
        elif len(self.typed) < MAX_TYPED:
            self.typed += key

    def _enter(self, fresh: bool, now_s: float) -> dict[str, str] | None:
        question, typed = self.question, self.typed
        if question is None:
            self._say("Enter: there is no open question", now_s)
        elif now_s - self._shown_s < SETTLE_S:
            self._say("too soon: read the question first", now_s)
        elif not fresh:
            self._say("not sent: the control process is silent, the question may be old", now_s)
        elif self._answered_s is not None and now_s - self._answered_s < REPEAT_S:
            self._say("the answer has been sent", now_s)
        elif question.typed is not None and typed != question.typed:
            self.typed = ""
            self._say(f'"{typed}" is not it: type {question.typed} exactly so, then Enter', now_s)
        else:
            self.typed, self._answered_s = "", now_s
            self._say("answer sent", now_s)
            if question.id == "go" or question.id.startswith("go-"):
                return {"operator": "go"}
            return {"operator": "confirm", "question": question.id, "typed": typed}
        return None

    def _say(self, text: str, now_s: float) -> None:
        self.feedback, self.feedback_s, self._feedback_news = text, now_s, True
