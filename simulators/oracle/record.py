"""What the record says, as plain data, entry by entry as it is put: states, intents, ends of motions, causes.

Nothing is believed here: these are the host's own words, and the invariants hold them against the truth.
"""

from collections.abc import Mapping
from dataclasses import dataclass

FORWARD_STATES = ("infusing", "priming")
TERMINAL = ("stopped", "complete")


@dataclass(slots=True)
class Intent:
    """One motion as it was announced, where the plunger was then, and what the record says became of it."""

    motion: int
    into: str
    forward: bool
    volume_ul: float
    rate_ul_s: float
    put_s: float
    state: str
    forward_at_ul: float
    withdrawn_at_ul: float
    closed: bool = False
    infused_min_ul: float = 0.0
    infused_max_ul: float = 0.0
    told_withdrawn_ul: float = 0.0
    certain: bool = False

    @property
    def most_infused_ul(self) -> float:
        """The most that the record lets it have pushed."""
        if self.closed:
            return self.infused_max_ul
        return self.volume_ul if self.forward else 0.0

    @property
    def most_withdrawn_ul(self) -> float:
        """The most that the record lets it have taken back."""
        if self.closed and self.certain:
            return self.told_withdrawn_ul
        return max(self.told_withdrawn_ul, 0.0 if self.forward else self.volume_ul)

    @property
    def seconds(self) -> float:
        """How long all of it takes."""
        return self.volume_ul / self.rate_ul_s


class RecordSaid:
    """The entries so far."""

    __slots__ = (
        "armed_at_ul",
        "complete_s",
        "first_reason",
        "intents",
        "newest",
        "patient_ul",
        "reasons",
        "state",
        "state_s",
        "stopping_s",
        "terminal_at_ul",
        "terminal_s",
    )

    def __init__(self) -> None:
        self.state = ""
        self.state_s = 0.0
        self.stopping_s: float | None = None  # when a stop took it out of a state in which the plunger may go forward
        self.armed_at_ul: float | None = None  # the plunger's forward travel when it was armed
        self.complete_s: float | None = None
        self.terminal_s: float | None = None
        self.terminal_at_ul = 0.0
        self.intents: dict[int, Intent] = {}
        self.newest: Intent | None = None
        self.patient_ul = 0.0  # sum of what was to go into the patient
        self.reasons: list[str] = []
        self.first_reason: tuple[str, bool] | None = None  # and whether a good end had come before it

    def enter(self, state: str, t_s: float, forward_ul: float) -> None:
        """A change of state."""
        if self.state in FORWARD_STATES:
            self.stopping_s = t_s if state == "stopping" else None
        if state in FORWARD_STATES:
            self.stopping_s = None
        if state == "armed":
            self.armed_at_ul = forward_ul
        if state == "complete" and self.complete_s is None:
            self.complete_s = t_s
        if state in TERMINAL and self.terminal_s is None:
            self.terminal_s, self.terminal_at_ul = t_s, forward_ul
        self.state, self.state_s = state, t_s

    def intend(self, body: Mapping[str, object], t_s: float, forward_ul: float, withdrawn_ul: float) -> Intent:
        """A motion is announced. Raises KeyError or ValueError for a body that announces none."""
        intent = Intent(
            motion=int(str(body["motion"])),
            into=str(body["into"]),
            forward=body["direction"] == "infuse",
            volume_ul=float(str(body["volume_ul"])),
            rate_ul_s=float(str(body["rate_ul_s"])),
            put_s=t_s,
            state=self.state,
            forward_at_ul=forward_ul,
            withdrawn_at_ul=withdrawn_ul,
        )
        self.intents[intent.motion] = self.newest = intent
        if intent.into == "patient":
            self.patient_ul += intent.volume_ul
        return intent

    def end_motion(self, body: Mapping[str, object]) -> Intent | None:
        """What became of a motion (said again where it went on); None where it was never announced, and is not told as such."""
        motion = int(str(body["motion"]))
        if body.get("unordered") and motion not in self.intents:
            # It gives nobody the right to move, and has to be in the account all the same.
            self.intents[motion] = Intent(motion, "patient", True, 0.0, 1.0, 0.0, self.state, 0.0, 0.0)
        intent = self.intents.get(motion)
        if intent is not None:
            intent.closed, intent.certain = True, bool(body["certain"])
            intent.infused_min_ul = float(str(body["infused_min_ul"]))
            intent.infused_max_ul = float(str(body["infused_max_ul"]))
            intent.told_withdrawn_ul = float(str(body["withdrawn_ul"]))
        return intent

    def stop_cause(self, reason: str) -> None:
        """A cause to stop was written down."""
        if self.first_reason is None:
            self.first_reason = (reason, self.complete_s is not None)
        self.reasons.append(reason)

    @property
    def open_forward(self) -> Intent | None:
        """The newest motion if it was to go forward and has not been closed."""
        newest = self.newest
        return newest if newest is not None and newest.forward and not newest.closed else None

    @property
    def open_relief(self) -> Intent | None:
        """The newest motion if it was to go back and has not been closed."""
        newest = self.newest
        return newest if newest is not None and not newest.forward and not newest.closed else None
