"""A bench of numbers only, and a host that says into the record what a test wants it to say, in front of one oracle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simulators.acts import Act, Press, Release
from simulators.oracle import Oracle, OracleLimits

STEP_S = 0.005


@dataclass
class FakeContacts:
    pressed: bool = False


@dataclass
class FakeBench:
    """What the oracle reads."""

    now_s: float = 0.0
    forward_ul: float = 0.0
    forward_patient_ul: float = 0.0
    withdrawn_ul: float = 0.0
    line_kpa: float = 0.0
    tip: str = "air"
    contacts: FakeContacts = field(default_factory=FakeContacts)


@dataclass(frozen=True)
class FakeStops:
    within_s: float | None = None
    blocks_stop: str = "none"
    pushes_unordered: bool = False


@dataclass(frozen=True)
class FakeEvent:
    does: Act


@dataclass(frozen=True)
class FakeInjection:
    name: str
    events: Sequence[FakeEvent]
    stops: FakeStops = field(default_factory=FakeStops)


def injection(act: Act, within_s: float | None = None, blocks_stop: str = "none", by_itself: bool = False) -> FakeInjection:
    """An injection of one act."""
    return FakeInjection(str(act), [FakeEvent(act)], FakeStops(within_s, blocks_stop, by_itself))


class Stage:
    """Moves the plunger, speaks for the record, and does the acts."""

    def __init__(self, limits: OracleLimits | None = None, injections: Sequence[FakeInjection] = ()) -> None:
        self.bench = FakeBench()
        self.oracle = Oracle(limits or OracleLimits(target_ul=100.0), injections)
        self._motions = 0

    # -- the world -------------------------------------------------------------------------------------------------------------

    def flow(self, rate_ul_s: float, seconds: float, step_s: float = STEP_S) -> None:
        """The plunger goes forward (or back, with a negative rate) for so long; with a rate of 0 it rests."""
        for _ in range(round(seconds / step_s)):
            bench = self.bench
            bench.now_s = round(bench.now_s + step_s, 9)
            if rate_ul_s > 0:
                bench.forward_ul += rate_ul_s * step_s
                bench.forward_patient_ul += rate_ul_s * step_s if bench.tip == "patient" else 0.0
            else:
                bench.withdrawn_ul += -rate_ul_s * step_s
            self.oracle(bench)

    def rest(self, seconds: float) -> None:
        """Nothing moves."""
        self.flow(0.0, seconds)

    def act(self, act: Act, by: str = "scenario") -> None:
        """Something is done at the bench."""
        if isinstance(act, Press | Release):
            self.bench.contacts.pressed = isinstance(act, Press)
        self.oracle.heard(act, by, False, self.bench.now_s)

    # -- the record ------------------------------------------------------------------------------------------------------------

    def put(self, kind: str, body: Mapping[str, object]) -> None:
        """One entry."""
        self.oracle.recorded(kind, self.bench.now_s, body)

    def state(self, *states: str) -> None:
        """The record's state changes."""
        for state in states:
            self.put("event", {"name": "state", "text": "", "state": state})

    def cause(self, reason: str) -> None:
        """A stop cause in the record."""
        self.put("event", {"name": "stop_cause", "text": reason, "reason": reason})

    def intend(self, into: str, volume_ul: float, rate_ul_s: float = 5.0, direction: str = "") -> None:
        """The next motion is announced."""
        self._motions += 1
        self.put(
            "intent",
            {
                "motion": self._motions,
                "into": into,
                "direction": direction or ("withdraw" if into == "relief" else "infuse"),
                "volume_ul": volume_ul,
                "rate_ul_s": rate_ul_s,
                "why": "a test",
            },
        )

    def ended(
        self, least_ul: float, most_ul: float | None = None, withdrawn_ul: float = 0.0, certain: bool = True, motion: int = 0
    ) -> None:
        """What the record says became of the newest motion."""
        self.put(
            "motion_end",
            {
                "motion": motion or self._motions,
                "infused_min_ul": least_ul,
                "infused_max_ul": least_ul if most_ul is None else most_ul,
                "withdrawn_ul": withdrawn_ul,
                "certain": certain,
            },
        )

    # -- whole pieces ----------------------------------------------------------------------------------------------------------

    def prime(self, volume_ul: float = 20.0) -> None:
        """To the primed line at rest."""
        self.state("self_test", "priming")
        self.intend("air", volume_ul, 10.0)
        self.flow(10.0, volume_ul / 10.0)
        self.ended(volume_ul)
        self.rest(0.5)
        self.state("ready")

    def arm(self) -> None:
        """To the armed machine, cannula in."""
        self.prime()
        self.bench.tip = "patient"
        self.rest(0.3)
        self.state("armed")

    def begin(self, volume_ul: float = 50.0, rate_ul_s: float = 5.0) -> None:
        """An increment is announced and started."""
        self.intend("patient", volume_ul, rate_ul_s)
        self.rest(0.1)
        self.state("infusing")

    def increment(self, volume_ul: float = 50.0, rate_ul_s: float = 5.0) -> None:
        """One whole increment and its hold."""
        self.begin(volume_ul, rate_ul_s)
        self.flow(rate_ul_s, volume_ul / rate_ul_s)
        self.rest(0.02)
        self.state("holding")
        self.ended(volume_ul)
        self.rest(1.0)

    def under_way(self) -> None:
        """In the middle of an increment of 50 ul at 5 ul/s."""
        self.arm()
        self.begin()
        self.flow(5.0, 2.0)

    def stopped_in_time(self, reason: str = "PAIN_STOP") -> None:
        """The host stops, and the pump obeys within 50 ms."""
        self.state("stopping")
        self.cause(reason)
        self.flow(5.0, 0.05)
        self.rest(0.1)

    def finish(self, reason: str | None = "VOLUME_REACHED") -> None:
        """The end; None: no host is left."""
        self.oracle.finish(self.bench, None if reason is None else {"reason": reason, "also": []})

    @property
    def found(self) -> list[int]:
        """The invariants that were found broken, in the order in which they were."""
        return [violation.invariant for violation in self.oracle.violations]

    @property
    def texts(self) -> str:
        """All sentences."""
        return "\n".join(violation.text for violation in self.oracle.violations)
