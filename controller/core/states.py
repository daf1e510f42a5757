"""The states of a procedure and the only ways between them.

Built on `transitions` with its traps closed: Enum states, no automatic `to_...` triggers, no queue that could lose an abort
behind an exception, every source named, no callbacks at all (so no IO and no exception can happen inside a change of state).
"""

from enum import Enum

from transitions import Machine


class State(Enum):
    """Where the procedure is."""

    STANDBY = "standby"
    SELF_TEST = "self_test"
    PRIMING = "priming"
    READY = "ready"
    ARMED = "armed"
    INFUSING = "infusing"
    HOLDING = "holding"
    COMPLETE = "complete"
    STOPPING = "stopping"
    RELIEVING = "relieving"
    STOPPED = "stopped"


_BEFORE_AN_END = [
    State.STANDBY,
    State.SELF_TEST,
    State.PRIMING,
    State.READY,
    State.ARMED,
    State.INFUSING,
    State.HOLDING,
]

TRANSITIONS: list[tuple[str, list[State], State]] = [
    ("begin", [State.STANDBY], State.SELF_TEST),
    ("self_test_passed", [State.SELF_TEST], State.PRIMING),
    ("prime_passed", [State.PRIMING], State.READY),
    ("arm", [State.READY], State.ARMED),
    ("infuse", [State.ARMED, State.HOLDING], State.INFUSING),
    ("hold", [State.INFUSING], State.HOLDING),
    ("finish", [State.HOLDING], State.COMPLETE),
    # Complete can still be stopped: a pump that moves after the end is stopped like any other.
    ("stop", [*_BEFORE_AN_END, State.COMPLETE, State.RELIEVING], State.STOPPING),
    ("relieve", [State.STOPPING], State.RELIEVING),
    ("rest", [State.STOPPING, State.RELIEVING], State.STOPPED),
]


class Procedure:
    """The state machine. Triggers are called by name through `go`; one that is not allowed raises MachineError."""

    state: State

    def __init__(self) -> None:
        self._machine = Machine(
            model=self,
            states=State,
            initial=State.STANDBY,
            auto_transitions=False,
            queued=False,
            transitions=[{"trigger": name, "source": sources, "dest": dest} for name, sources, dest in TRANSITIONS],
        )

    def go(self, trigger: str) -> None:
        """Takes one transition. Raises transitions.MachineError if there is none of that name from here."""
        self.trigger(trigger)  # type: ignore[attr-defined]  # put on the model by transitions


def diagram() -> str:
    """The machine as a Mermaid diagram, made from the table above."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.STANDBY.value}"]
    lines += [f"    {source.value} --> {dest.value}: {name}" for name, sources, dest in TRANSITIONS for source in sources]
    lines += [f"    {state.value} --> [*]" for state in (State.COMPLETE, State.STOPPED)]
    return "\n".join(lines) + "\n"
