"""What went into the patient, motion by motion, and what made it stop: read out of a record for its DICOM document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from controller.core.account import COUNT_TOLERANCE_UL
from controller.core.reasons import GOOD_ENDS
from controller.record.dose import Delivered
from controller.record.listing import Shown
from controller.record.reader import Entry, Record
from controller.replay import relive
from controller.report.content import words_of
from drivers.pressure import PressureConnected
from drivers.pump import PumpConnected

_GOOD = frozenset(reason.name for reason in GOOD_ENDS)


@dataclass(frozen=True, slots=True)
class Given:
    """One motion into the patient; None for what is not in the record. ordered_ul is None where nobody ordered it.

    announced_s: when its intent was written, or, of an unordered one, when its end was. hold_kpa: at zero flow behind it.
    cause: the name of the first cause to stop that came while it was under way.
    """

    number: int
    announced_s: float
    ordered_ul: float | None
    rate_ul_s: float | None
    started_s: float | None
    ended_s: float | None
    least_ul: float
    most_ul: float
    certain: bool
    peak_kpa: float | None
    hold_kpa: float | None
    cause: str | None

    @property
    def whole(self) -> bool:
        """All that was ordered went in."""
        return self.certain and self.ordered_ul is not None and self.least_ul >= self.ordered_ul - COUNT_TOLERANCE_UL


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause to stop: when, the name of its reason, and what was said of it."""

    t_s: float
    reason: str
    text: str


@dataclass(slots=True)
class Dials:
    """What living through the record once more has shown. peaks: line pressure by motion, in kPa above zero."""

    peaks: dict[int, float] = field(default_factory=dict)
    pump: PumpConnected | None = None
    pressure: PressureConnected | None = None


def dials_of(record: Record) -> Dials:
    """The greatest pressure while each motion was under way, and what the devices call themselves. Raises RecordError."""
    dials = Dials()
    core, number, seen_s = None, None, float("-inf")
    for _, core in relive(record):
        moving, pressure = core.desk.account.moving, core.desk.view.pressure
        number = moving.number if moving is not None else number
        for asked_s, kpa in reversed(pressure.samples):
            if asked_s <= seen_s:
                break
            if number is not None:
                dials.peaks[number] = max(kpa, dials.peaks.get(number, kpa))
        seen_s = max(seen_s, pressure.asked_s)
        if moving is None:
            number = None  # the cycle in which it ended still counted
    if core is not None:
        dials.pump, dials.pressure = core.desk.view.pump.connected, core.desk.view.pressure.connected
    return dials


def given_of(dose: Delivered, story: Sequence[Entry], causes: Sequence[Cause], peaks: Mapping[int, float]) -> tuple[Given, ...]:
    """The motions that the dose is the sum of, in order."""
    intents: dict[int, Entry] = {}
    ends: dict[int, Entry] = {}
    started_s: dict[int, float] = {}
    newest = 0
    for entry in story:
        if entry.kind == "intent":
            newest = int(entry.body["motion"])
            intents[newest] = entry
        elif entry.kind == "motion_end":
            ends[int(entry.body["motion"])] = entry
        elif entry.kind == "decision" and entry.body.get("action") == "RunPump":
            started_s.setdefault(newest, entry.t_s)
    holds = named(story, "hold_result")
    found = []
    for motion in dose.motions:
        intent, end = intents.get(motion.number), ends.get(motion.number)
        body = intent.body if intent is not None and intent.body["into"] == "patient" else {}
        announced = intent or end
        announced_s = 0.0 if announced is None else announced.t_s
        ended_s = float("inf") if end is None else end.t_s
        next_s = min((entry.t_s for number, entry in intents.items() if number > motion.number), default=float("inf"))
        found.append(
            Given(
                number=motion.number,
                announced_s=announced_s,
                ordered_ul=float(body["volume_ul"]) if body else None,
                rate_ul_s=float(body["rate_ul_s"]) if body else None,
                started_s=started_s.get(motion.number),
                ended_s=None if end is None else ended_s,
                least_ul=motion.min_ul,
                most_ul=motion.max_ul,
                certain=motion.certain,
                peak_kpa=peaks.get(motion.number),
                hold_kpa=next((float(hold.body["kpa"]) for hold in holds if ended_s <= hold.t_s <= next_s), None),
                cause=next((cause.reason for cause in causes if announced_s <= cause.t_s <= ended_s), None),
            )
        )
    return tuple(found)


def causes_of(shown: Shown) -> tuple[Cause, ...]:
    """Every cause to stop that was written down, and what only the end of the record tells of."""
    told = [Cause(e.t_s, str(e.body["reason"]), str(e.body["text"])) for e in named(shown.story, "stop_cause")]
    known = {cause.reason for cause in told} | _GOOD
    for entry in shown.story:
        if entry.kind == "end":
            names = dict.fromkeys((entry.body.get("reason"), *(entry.body.get("also") or ())))
            told += [Cause(entry.t_s, str(name), f"{name}: {words_of(name)}") for name in names if name not in known]
    return tuple(told)


def named(story: Sequence[Entry], name: str) -> list[Entry]:
    """The events of this name."""
    return [entry for entry in story if entry.kind == "event" and entry.body.get("name") == name]
