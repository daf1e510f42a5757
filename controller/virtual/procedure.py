"""One procedure in virtual time: profile, bench, people, the unchanged loop, a recorder in memory, and whoever watches.

No sleep, no wall clock, no thread, no global randomness: the same profile, bench and events give the same bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from controller.compose import build_station
from controller.core.states import State
from controller.loop import Loop, Screen
from controller.record.interface import Recorder
from controller.settings import LoadedProfile
from controller.station import Outputs
from controller.virtual.recorder import VirtualRecorder
from controller.virtual.world import VirtualWorld, WorldEnded
from controller.world import World
from drivers.link import Link, LinkLostError, OutputLines
from simulators.acts import HostAct, Operator, PersonAct
from simulators.bench import SimulatedBench
from simulators.person import Person
from simulators.ports import PORT_FAULTS
from simulators.scenario import Event, PersonTable, Scenario, ScenarioRunner

LIMIT_S = 900.0
"""No procedure lasts longer: six increments of a quarter of a minute and six holds of a minute are less than eight minutes."""
ALONE_S = 15.0
"""How long the bench goes on without a host: a whole increment at half the default rate, and the pump's watchdog."""
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # virtual time has no calendar, and the same seed has to give the same bytes


class NotEndedError(Exception):
    """The procedure did not come to an end within its limit."""


class VirtualProcedure:
    """Build it, add watchers to `bench`, call `run` once. It is the bench's host and the loop's operator.

    events: sequences of scenario events, each sequence on its own. outcome: what `run` returned.
    """

    def __init__(
        self,
        loaded: LoadedProfile,
        bench: SimulatedBench,
        *,
        person: PersonTable | None = None,
        events: Iterable[Sequence[Event]] = (),
        recorder: VirtualRecorder | None = None,
        header: Mapping[str, object] | None = None,
        screens: Iterable[tuple[str, Screen]] = (),
    ) -> None:
        """screens: who looks on, beside the simulated operator. Raises ScenarioError where an event can not happen here."""
        self.loaded = loaded
        self.bench = bench
        self.world = VirtualWorld(bench)
        self._links: Mapping[str, Link] = self.world.links
        self.recorder = recorder or VirtualRecorder()
        self.outcome: dict[str, Any] | None = None
        self.looks = False
        self._said: list[dict[str, object]] = []
        self._limit_us = 0
        bench.host = self
        bench.fault_board.add("port", PORT_FAULTS, self._break_port, self._mend_port)
        for sequence in events:
            bench.watch(ScenarioRunner(Scenario(title="events", event=list(sequence)), bench))
        hands = Person.of(person or PersonTable())
        bench.person = hands.told
        if loaded.profile.prime.closed_tip:
            hands.told(PersonAct(closes_tip=True))
        bench.watch(hands)
        self.station = build_station(loaded, Outputs(self._write, self._set_lines, self.recorder), simulated=True)
        self.loop = Loop(self.station, self.world, self.recorder, [("simulated operator", self), *screens])
        self.recorder.put("header", 0.0, header or virtual_header(loaded))

    # -- the host's side of the bench (simulators.bench.Host) ------------------------------------------------------------------

    def happen(self, act: HostAct, now_s: float) -> None:
        """What happens to the host's processes, as far as a virtual one has them. Raises ActError."""
        if act.target == "recorder" and act.signal is not None:
            self.recorder.fail("the recorder has died")
        elif act.target == "recorder":
            self.recorder.hold(now_s + (act.freeze_s or 0.0))
        elif act.signal == "SIGKILL":
            self.world.killed = True
        elif act.signal is not None:
            self.world.heard.append(act.signal)
        else:
            self.world.freeze(act.freeze_s or 0.0)

    def hear(self, act: Operator) -> None:
        """What the operator says."""
        self.say(act.say)

    def _break_port(self, name: str, _now_s: float, values: Mapping[str, object]) -> None:
        if values:
            raise ValueError(f"takes no values, not {', '.join(values)}")
        fault, _, link = name.partition("_")
        if fault == "freeze":
            self.world.ports[link].freeze()
        else:
            self.world.ports[link].gone = True

    def _mend_port(self, name: str, _now_s: float) -> None:
        fault, _, link = name.partition("_")
        if fault == "freeze":
            self.world.ports[link].thaw()
        # A port that comes back does so under a path that this host has not opened: for it, gone stays gone.

    # -- a screen (controller.loop.Screen) -------------------------------------------------------------------------------------

    def send(self, message: dict[str, object]) -> bool:  # noqa: ARG002 - nobody looks
        """Takes telemetry and drops it."""
        return True

    def fileno(self) -> int | None:
        """Nothing to wait for."""
        return None

    def mend(self, *, may_start: bool) -> str | None:  # noqa: ARG002 - as other screens
        """Nothing can happen to it."""
        return None

    def receive(self) -> list[dict[str, object]]:
        """What people have said since the last call."""
        if not self._said:
            return []
        said, self._said = self._said, []
        return said

    def say(self, what: str, **more: object) -> None:
        """An operator's statement, for the next cycle."""
        self._said.append({"operator": what, **more})

    # -- outputs ---------------------------------------------------------------------------------------------------------------

    def _write(self, name: str, frame: bytes) -> None:
        try:
            self._links[name].write(frame)
        except LinkLostError as error:
            self.loop.lose_link(name, str(error))

    def _set_lines(self, wanted: OutputLines) -> None:
        try:
            self._links["button"].set_lines(wanted)
        except LinkLostError as error:
            self.loop.lose_link("button", str(error))

    # -- running ---------------------------------------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        """The bench's time."""
        return self.bench.now_s

    @property
    def state(self) -> State:
        """Where the controller is. (For tests; a judge of the controller does not ask it.)"""
        return self.station.core.desk.state

    def run(self, limit_s: float = LIMIT_S) -> dict[str, Any] | None:
        """Cycles to the end, and returns the outcome; None where the host was killed, after the bench has gone on alone.

        Raises NotEndedError, and whatever the bench raised (PlantError).
        """
        self._limit_us = round(limit_s * 1e6)
        self.world.before_wait.append(self._keep_the_limit)
        try:
            self.outcome = self.loop.run()
        except WorldEnded as end:
            if end.__cause__ is not None:
                raise end.__cause__ from None
            if not self.world.killed:
                raise NotEndedError(str(end)) from None
            self.bench.advance(self.bench.now_s + ALONE_S)
        self.recorder.pump(self.now_s)
        return self.outcome

    def go_on_in(self, world: World, recorder: Recorder | None = None, screens: Iterable[tuple[str, Screen]] = ()) -> None:
        """The host goes on in another world, in which time goes on from where it stood; the bench is left alone.

        recorder, screens: who writes down and who looks on from here on; None for the recorder in memory.
        """
        self._links = world.links
        told = recorder or self.recorder
        self.station.write_into(told)
        self.loop.move_to(world, told, list(screens))

    def _keep_the_limit(self) -> None:
        if self.world.now_us() > self._limit_us:
            raise WorldEnded(f"not ended after {self._limit_us / 1e6:g} s: {self.station.core.snapshot()}")

    def save(self, path: Path) -> None:
        """Writes the record, with its end where there is one. Raises RecordError."""
        if self.outcome is not None and self.recorder.trouble is None:
            self.recorder.put("end", self.now_s, self.outcome)
        self.recorder.save(path)


def virtual_header(loaded: LoadedProfile) -> dict[str, object]:
    """The header of a virtual procedure's record. Its calendar begins with the year 2000, whenever it is run."""
    return {
        "software": "ductoject",
        "version": "virtual",
        "kind": "simulation",
        "simulated": True,
        "patient": "virtual",
        "duct": "1",
        "day": _EPOCH.date().isoformat(),
        "predecessor": None,
        "started_utc": _EPOCH.isoformat(),
        "profile": loaded.source,
        "configuration": loaded.canonical_json,
        "configuration_hash": loaded.hash,
    }


__all__ = ["ALONE_S", "LIMIT_S", "NotEndedError", "VirtualProcedure", "virtual_header"]
