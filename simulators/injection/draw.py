"""What goes wrong in one procedure: nothing, one fault, or two at once, drawn from nothing but seed and index."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Literal, get_args

from simulators.acts import Act, Clear, Fault, Press, Release, Tip, parse_act
from simulators.injection.catalogue import Catalogue, CatalogueError, Entry, Fidelity
from simulators.injection.phases import Moment, draw_moment
from simulators.scenario import Event, When

HOW: Final = ("none", "single", "pairs")

_SAME_MOMENT = 0.5  # two faults meet more often than chance would have it: what each does to the other is the question


@dataclass(frozen=True, slots=True)
class Stops:
    """What the oracle may demand of the host; all of it physical.

    within_s: from when the fault is there and the plunger goes forward, forward motion has ended for good so much later at
    the latest. None: harmless, or only possibly noticed; nothing is demanded.
    blocks_stop: "link" where the host's stop can not reach the pump, or no host is left, so that the pump's watchdog bounds
    it; "pump" where the pump does not obey, so that only the rest of the increment does.
    pushes_unordered: the pump may move by itself; within_s then counts from the begin of such a motion, each anew.
    """

    within_s: float | None = None
    blocks_stop: Literal["none", "link", "pump"] = "none"
    pushes_unordered: bool = False


@dataclass(frozen=True, slots=True)
class Injection:
    """One fault in one procedure. events: a sequence on its own, each event waiting for the one before it.

    act: of those in events the one that is the fault itself, behind the marks.
    """

    name: str
    layer: Literal["wire", "device", "patient", "host"]
    phase: str
    events: tuple[Event, ...]
    stops: Stops
    act: Act


def draw(
    catalogue: Catalogue, how: str, seed: int, index: int, target_ul: float, fidelity: str = "wire"
) -> tuple[Injection, ...]:
    """The faults of procedure `index`: none, one ("single"), or two different ones ("pairs"), in a procedure of target_ul.

    fidelity: "wire", or "core" for procedures without wires and devices, which have fewer faults. The same arguments give the
    same faults. Raises ValueError for arguments that can not be, and CatalogueError where the catalogue has too few faults
    that may occur (together).
    """
    if how not in HOW:
        raise ValueError(f"faults = {how!r} is none of {', '.join(HOW)}")
    if fidelity not in get_args(Fidelity):
        raise ValueError(f"fidelity = {fidelity!r} is none of {', '.join(get_args(Fidelity))}")
    if not 0.0 < target_ul <= 300.0:
        raise ValueError(f"target_ul = {target_ul}: has to be above 0 and at most 300")
    if how == "none":
        return ()
    random = Random(f"faults/{how}/{seed}/{index}")
    possible = [name for name in catalogue if fidelity in catalogue[name].fidelity]
    first = _one_of(possible, random, catalogue)
    moment = draw_moment(random.choice(catalogue[first].all_phases), random, target_ul)
    if how == "single":
        return (_injection(first, catalogue[first], moment, random),)
    second = _one_of([name for name in possible if may_meet(catalogue, first, name)], random, catalogue)
    phases = catalogue[second].all_phases
    together = random.random() < _SAME_MOMENT and moment.phase in phases
    other = moment if together else draw_moment(random.choice(phases), random, target_ul)
    return (
        _injection(first, catalogue[first], moment, random, company=catalogue[second]),
        _injection(second, catalogue[second], other, random, company=catalogue[first]),
    )


def may_meet(catalogue: Catalogue, one: str, other: str) -> bool:
    """Whether two faults can be in one procedure.

    Not if one is the other or would end it, if the file says so by a common group, or if the pump would both move by itself
    and obey no stop: nobody could bound that.
    """
    if one == other:
        return False
    first, second = catalogue[one], catalogue[other]
    if set(first.groups) & set(second.groups) or first.fault_names & second.fault_names:
        return False
    return not any(a.stops.pushes_unordered and b.stops.blocks_stop == "pump" for a, b in ((first, second), (second, first)))


def _one_of(names: Sequence[str], random: Random, catalogue: Catalogue) -> str:
    if not names:
        raise CatalogueError(f"{catalogue.source}: too few faults that may occur (together)")
    return random.choice(names)


def _injection(name: str, entry: Entry, moment: Moment, random: Random, company: Entry | None = None) -> Injection:
    act = parse_act({key: values.draw(random) for key, values in entry.act.items()})
    owed = entry.certain_in is None or moment.phase in entry.certain_in
    seen = company is None or not set(entry.needs) & set(company.disturbs)
    stops = Stops(
        within_s=entry.stops.within_s if owed and seen else None,
        blocks_stop=entry.stops.blocks_stop,
        pushes_unordered=entry.stops.pushes_unordered,
    )
    fault = _event(moment.when(random), act, cause=stops.within_s is not None)
    events = [*moment.marks, fault]
    if entry.lasts_s is not None:
        events.append(_event(When(after_s=float(entry.lasts_s.draw(random))), _ending(act)))
    return Injection(name, entry.layer, moment.phase, tuple(events), stops, fault.does)


def _ending(act: Act) -> Act:
    """What ends it."""
    if isinstance(act, Fault):
        return Clear(name=act.name)
    return Release() if isinstance(act, Press) else Tip(where="patient")


def _event(when: When, act: Act, *, cause: bool = False) -> Event:
    return Event.model_validate({"when": when, "cause": cause, **act.model_dump(exclude_none=True)})
