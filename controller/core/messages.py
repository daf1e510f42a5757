"""What goes into `decide` beside the devices' own observations, and what comes out of it."""

from dataclasses import dataclass, field

from controller.core.reasons import Reason
from drivers.pump import Motion

# -- observations of the host ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Late:
    """The loop woke up lateness_s later than planned; ran: what had run meanwhile. Comes before everything else of its cycle."""

    lateness_s: float
    ran: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """The end of a cycle: all that had arrived has been taken, and only now does silence count as silence."""


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The port of "pump", "pressure" or "button" is gone."""

    device: str
    text: str


@dataclass(frozen=True, slots=True)
class Operator:
    """A statement of the operator: stop, pain, reflux, full, go, acknowledge, or confirm (then question and typed say what).

    source: where it came from ("keyboard", "signal SIGINT", "simulated operator").
    """

    act: str
    source: str
    question: str = ""
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Durable:
    """The intent of motion n is safely on disk."""

    motion: int


@dataclass(frozen=True, slots=True)
class RecorderTrouble:
    """The record can not be kept: the recorder is dead, stuck, or its disk is full."""

    text: str


@dataclass(frozen=True, slots=True)
class HostFailed:
    """An exception in the control program. The pump was told to stop before this was made."""

    text: str


# -- actions ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Action:
    """Something to be done; why is a sentence for people."""

    why: str


@dataclass(frozen=True, slots=True)
class ConnectDevices(Action):
    """Identify and set up pump, transmitter and button."""


@dataclass(frozen=True, slots=True)
class PreparePump(Action):
    """Program one motion."""

    motion: Motion


@dataclass(frozen=True, slots=True)
class RunPump(Action):
    """Start the programmed motion."""


@dataclass(frozen=True, slots=True)
class PollPump(Action):
    """Ask the pump how it is; keeps its watchdog alive. What no longer decides no longer polls."""


@dataclass(frozen=True, slots=True)
class StopPump(Action):
    """Stop, at once."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class ReleasePump(Action):
    """Hand the stopped pump back."""


@dataclass(frozen=True, slots=True)
class LearnNoise(Action):
    """Tell the transmitter's driver what its samples look like at rest."""

    samples_kpa: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WriteIntent(Action):
    """Write to the record, durably, what motion n is going to be; answered by Durable(n)."""

    motion_number: int
    into: str  # "air", "patient" or "relief"
    motion: Motion


@dataclass(frozen=True, slots=True)
class CloseIntent(Action):
    """Write to the record what became of motion n. unordered: nobody announced it; the pump moved by itself."""

    motion_number: int
    infused_min_ul: float
    infused_max_ul: float
    withdrawn_ul: float
    certain: bool
    unordered: bool = False


@dataclass(frozen=True, slots=True)
class Note(Action):
    """Something happened that the record and the screen should show. name is for programs, why for people."""

    name: str
    data: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finish(Action):
    """All is over; nothing more will be decided."""

    outcome: dict[str, object]
