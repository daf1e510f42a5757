"""What the injected faults demand of the host, and what they take from it.

An injection says both as `stops`. A fault that no injection speaks for (a scenario's) demands nothing; what it takes away is
physics, and stands in the table below.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from simulators import contacts, keller33x, ne1000, ports
from simulators.acts import Act, Clear, Fault, HostAct, Keypad, Note, Operator, Pedal, PersonAct, Press, Release, Tip
from simulators.oracle.limits import WATCHDOG_SLACK_S, OracleLimits

STRENGTH = {"none": 0, "link": 1, "pump": 2}
"""Who is left to stop the pump, the most permissive last: the host, the pump's watchdog, the programmed volume."""

_DEVICES = (("pump", ne1000.FAULTS), ("pressure", keller33x.FAULTS), ("button", contacts.FAULTS), ("port", ports.PORT_FAULTS))
_LYING_PRESSURE = ("pressure.", "pressure_wire.", "port.unplug_pressure")
_PUMP_TALK = ("pump.", "pump_wire.", "port.unplug_pump")
_BY_ITSELF_S = 1.0  # a pump that moves by itself and says so is seen at the next poll and stopped


class Stops(Protocol):
    """What one injection demands and takes away (simulators.injection)."""

    @property
    def within_s(self) -> float | None:
        """Forward motion has ended for good so long after the fault began; None: nothing is demanded."""

    @property
    def blocks_stop(self) -> str:
        """ "none", "link": the host's stop does not arrive, "pump": the pump does not obey it."""

    @property
    def pushes_unordered(self) -> bool:
        """The pump may move by itself."""


class Happening(Protocol):
    """One event of an injection, as far as it matters here."""

    @property
    def does(self) -> Act:
        """What is done."""


class Injection(Protocol):
    """One injected fault (simulators.injection)."""

    @property
    def name(self) -> str:
        """Its name in the catalogue."""

    @property
    def events(self) -> Sequence[Happening]:
        """What is done, in order."""

    @property
    def stops(self) -> Stops:
        """What may be demanded."""


@dataclass(slots=True)
class Claim:
    """One fault at work. act_name: the fault's full name, or "" where it is another kind of act.

    noted: nothing (more) is demanded for it. hidden: it moves the plunger where not even the pump itself counts it.
    """

    name: str
    act_name: str
    begun_s: float
    within_s: float | None
    blocks: str
    unordered: bool
    ended_s: float = math.inf
    noted: bool = False
    hidden: bool = False

    def at_work(self, from_s: float, to_s: float) -> bool:
        """Whether it was on at any time between the two."""
        return self.begun_s <= to_s and self.ended_s > from_s


# full name of a fault -> (blocks, pushes unordered, for how long at most)
_PHYSICS: dict[str, tuple[str, bool, float | None]] = {
    "pump.deaf": ("link", False, None),
    "pump.wrong_baud": ("link", False, None),
    "port.unplug_pump": ("link", False, None),
    "pump.ignore_stop": ("pump", False, None),
    "pump.runaway": ("none", True, _BY_ITSELF_S),
    "pump.leftover_phase2": ("none", True, _BY_ITSELF_S),
    "pump.self_start": ("none", True, _BY_ITSELF_S),
}


def full_name(name: str) -> str:
    """`<device>.<fault>`, where the device was left out because only one has such a fault."""
    if "." in name:
        return name
    owners = [device for device, faults in _DEVICES if name in faults]
    return f"{owners[0]}.{name}" if len(owners) == 1 else f"line.{name}"


class Claims:
    """All faults of one procedure, as they begin and end."""

    def __init__(self, limits: OracleLimits, injections: Iterable[Injection]) -> None:
        self._limits = limits
        self._injections = tuple((injection, _own_acts(injection)) for injection in injections)
        self.all: list[Claim] = []
        self.freezes: list[tuple[float, float]] = []
        self.host_gone_s: float | None = None

    # -- what is heard ---------------------------------------------------------------------------------------------------------

    def heard(self, act: Act, by: str, now_s: float) -> None:
        """Takes one act that was done at the bench."""
        match act:
            case Clear():
                self._end(full_name(act.name), now_s)
            case Note() | PersonAct() | Release() | Pedal():
                pass
            case _ if by == "person":
                pass  # the routine of every procedure, and what a patient does for reasons of its own
            case _:
                self._begin(act, now_s)
        if isinstance(act, HostAct) and act.target == "control":
            if act.freeze_s is not None:
                self.freezes.append((now_s, now_s + act.freeze_s))
            elif act.signal == "SIGKILL":
                self.host_gone(now_s)

    def host_gone(self, now_s: float) -> None:
        """The host is no more: nothing but the pump's watchdog is left."""
        if self.host_gone_s is None:
            self.host_gone_s = now_s
            self.all.append(Claim("the host is gone", "", now_s, None, "link", unordered=False))

    def _end(self, name: str, now_s: float) -> None:
        for claim in self.all:
            if claim.act_name == name:
                claim.ended_s = min(claim.ended_s, now_s)

    def _begin(self, act: Act, now_s: float) -> None:
        name = full_name(act.name) if isinstance(act, Fault) else ""
        hidden = name == "pump.runaway" and isinstance(act, Fault) and act.values.get("reported") is False
        speaking = [injection for injection, own in self._injections if any(_same(planned, act) for planned in own)]
        for injection in speaking:
            told = [claim for claim in self.all if claim.name == injection.name]
            if any(claim.act_name == name and claim.ended_s > now_s for claim in told):
                continue
            stops = injection.stops
            # A demand is made once for an injection. What people do and say is seen by the oracle itself, and a pump that
            # moves by itself is bounded from when it does.
            seen = isinstance(act, Press | Operator | Tip) or _is_signal(act)
            noted = bool(told) or seen or stops.pushes_unordered
            blocks, unordered = stops.blocks_stop, stops.pushes_unordered
            claim = Claim(injection.name, name, now_s, stops.within_s, blocks, unordered, noted=noted, hidden=hidden)
            self.all.append(claim)
        if not speaking and isinstance(act, Fault):
            blocks, unordered, within_s = _physics(name, act)
            self.all.append(Claim(name, name, now_s, within_s, blocks, unordered, noted=True, hidden=hidden))

    # -- what follows from it --------------------------------------------------------------------------------------------------

    def blocks(self, from_s: float, to_s: float) -> str:
        """The most permissive of what stood between the host's stop and the plunger in this time."""
        found = [claim.blocks for claim in self.all if claim.at_work(from_s, to_s)]
        return max(found, key=lambda blocks: STRENGTH[blocks], default="none")

    def lying_pressure(self, from_s: float, to_s: float) -> bool:
        """Whether the transmitter may have told something else than the truth in this time."""
        return any(claim.act_name.startswith(_LYING_PRESSURE) and claim.at_work(from_s, to_s) for claim in self.all)

    def ever(self, *names: str) -> bool:
        """Whether one of these faults has ever been on."""
        return any(claim.act_name in names for claim in self.all)

    @property
    def moved_unseen(self) -> bool:
        """Whether the pump may have moved by itself while nobody could count it."""
        for claim in self.all:
            if claim.hidden:
                return True
            if claim.unordered and any(
                other is not claim and (other.blocks != "none" or other.act_name.startswith(_PUMP_TALK)) for other in self.all
            ):
                return True
        return False

    def frozen_until_s(self, from_s: float, to_s: float) -> float:
        """When the host woke that stood still in this time; -inf if it did not."""
        return max((end_s for begin_s, end_s in self.freezes if begin_s <= to_s and end_s >= from_s), default=-math.inf)

    def unordered_s(self, now_s: float) -> float | None:
        """How long the pump may move by itself; inf if nothing is demanded, None if nothing makes it."""
        windows = [
            math.inf if claim.within_s is None else claim.within_s
            for claim in self.all
            if claim.unordered and claim.at_work(now_s, now_s)
        ]
        return max(windows, default=None)

    @property
    def watchdog_s(self) -> float:
        """The most that passes from the last valid packet to a plunger that stands still."""
        return self._limits.watchdog_s + WATCHDOG_SLACK_S


def _is_signal(act: Act) -> bool:
    return isinstance(act, HostAct) and act.target == "control" and act.signal not in (None, "SIGKILL")


def _physics(name: str, fault: Fault) -> tuple[str, bool, float | None]:
    """What a fault takes away that no injection speaks for."""
    if name.startswith("pump_wire.") or (name == "pump.lose_next_command" and fault.values.get("n", 1) != 1):
        return "link", False, None
    if name == "pump.runaway" and fault.values.get("reported") is False:
        return "pump", True, None  # nobody can see it, and no stop ends it
    return _PHYSICS.get(name, ("none", False, None))


def _own_acts(injection: Injection) -> tuple[Act, ...]:
    """The acts that are the injected fault itself, without the marks that lead to its moment and without its end."""
    acts = [event.does for event in injection.events if not isinstance(event.does, Note | PersonAct)]
    faults = tuple(act for act in acts if isinstance(act, Fault | HostAct | Keypad))
    if faults:
        return faults
    ends = len(acts) > 1 and (isinstance(acts[-1], Clear | Release) or all(isinstance(act, Tip) for act in acts[-2:]))
    return tuple(acts[:-1] if ends else acts)[-1:]


def _same(planned: Act, done: Act) -> bool:
    if isinstance(planned, Fault) and isinstance(done, Fault):
        return full_name(planned.name) == full_name(done.name)
    return planned == done
