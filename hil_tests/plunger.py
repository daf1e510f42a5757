"""How far the plunger has gone: at the simulated bench the truth, on hardware the pump's own counter."""

from dataclasses import dataclass
from typing import Protocol

from drivers.pump import PumpReading
from hil_tests.rig import Rig
from hil_tests.simulated_bench import SimulatedBench

LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Look:
    """Gross forward travel at a moment of CLOCK_BOOTTIME. Only differences mean anything."""

    at_s: float
    forward_ul: float


class Plunger(Protocol):
    """Something that knows where the plunger is."""

    def look(self) -> Look:
        """Where it is now; of a moving plunger rather too late a time is given than too early a one."""


class TruePlunger:
    """What the simulated plunger really did."""

    def __init__(self, bench: SimulatedBench) -> None:
        self._bench = bench

    def look(self) -> Look:
        """See Plunger."""
        truth = self._bench.truth()
        return Look(truth["started_boottime_s"] + truth["t_s"], truth["forward_ul"])


class CountedPlunger:
    """What the pump says that it did since the last motion was prepared."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def look(self) -> Look:
        """See Plunger. The time is that of the answer: the pump has counted a few milliseconds earlier."""
        rig = self._rig
        rig.until(lambda: not rig.pump.busy, LOOK_S, "the end of the pump's request")
        since = len(rig.seen)
        rig.poll()
        seen = rig.until(lambda: rig.first(PumpReading, since), LOOK_S, "a reading of the pump")
        return Look(seen.at_s, seen.what.infused_ul)
