"""The one loop. It gathers what has come, lets the station take one step, keeps the record and the screen fed, and waits.

It blocks on nothing but its own bounded wait. An exception anywhere stops the pump first and is told to the core after; if
the core can not cope, the loop goes on stopping the pump by itself until it is seen to stand still or its patience ends.
"""

import traceback
from collections.abc import Container, Mapping, Sequence
from math import ceil
from typing import Protocol

from controller.core.messages import Operator
from controller.core.reasons import EXIT_FAULT, Reason
from controller.display.wire import OPERATOR_STATEMENTS
from controller.inputs import Inputs, pack
from controller.lateness import Lateness, ran_longest
from controller.record.interface import Recorder
from controller.station import Station
from controller.world import EVERYTHING, SIGNALS, World
from drivers.link import InputLines, LinkLostError
from drivers.pump import PumpReading, PumpStopped

LONGEST_WAIT_US = 5_000
BATCH_US = 50_000
BATCH_CYCLES = 64
TELEMETRY_US = 100_000
TOLD_LATENESS_US = 1_000
RECORDER_LAG_S = 1.0
GAP_US = 1_500
"""What is slow takes less than this; while anything moves it is put off to where the next thing is due so much later or more."""
LONGEST_PUT_OFF_US = 25_000
LAST_RESORT_US = 2_500_000
_IN_THE_SNAPSHOT = ("question", "state")  # screens see these by themselves


class Screen(Protocol):
    """Where telemetry goes and statements come from; never blocks. looks: whether anybody sees the telemetry."""

    looks: bool

    def fileno(self) -> int | None:
        """Readable when something was said; None where that can not be told."""

    def send(self, message: dict[str, object]) -> bool:
        """Takes one message or drops it."""

    def receive(self) -> Sequence[Mapping[str, object]]:
        """What people have said since the last call."""

    def mend(self, *, may_start: bool) -> str | None:
        """Looks after itself: a sentence where there is news of that. may_start: nothing moves, and it may take a moment."""


class Loop:
    """Runs one procedure to its end."""

    def __init__(
        self, station: Station, world: World, recorder: Recorder, screens: list[tuple[str, Screen]], banner: str = ""
    ) -> None:
        self._banner = banner
        self._station = station
        self._recorder = recorder
        self._screens = screens
        self._audience = [screen for _, screen in screens if screen.looks]
        self._news: Container[str] = EVERYTHING
        self._enter(world)
        self._cycles: list[list[object]] = []
        self._batch_began_us = 0
        self._next_telemetry_us = 0
        self._put_off_us: int | None = None
        self._untold: list[dict[str, object]] = []
        self._planned_us: int | None = None
        self._lost: dict[str, str] = {}
        self._told_lost: set[str] = set()
        self._failed: str | None = None
        self._failed_told = False
        self._trouble_told = False
        self._stepping: Inputs | None = None
        self.marks: tuple[tuple[str, int], ...] = ()
        """When the parts of the newest cycle had ended, in microseconds; the first one is when it began."""
        self.lateness = Lateness()

    def run(self) -> dict[str, object]:
        """Cycles until the core says that all is over; returns its outcome."""
        while self._station.outcome is None:
            try:
                self._cycle()
            except Exception as error:  # noqa: BLE001 - whatever it is, the pump stops first
                if self._failed is not None:
                    return self._last_resort(error)
                self._failed = f"{type(error).__name__}: {error} ({_place(error)})"
                try:
                    self._stop_after_error()
                except Exception as second:  # noqa: BLE001 - the same
                    return self._last_resort(second)
        self._show(self._world.now_us())
        self._store_batch(self._world.now_us())
        return self._station.outcome

    def move_to(self, world: World, recorder: Recorder, screens: list[tuple[str, Screen]]) -> None:
        """From here on in another world, in which time goes on from where it stood, with who writes down and looks on there."""
        self._recorder = recorder
        self._screens = screens
        self._audience = [screen for _, screen in screens if screen.looks]
        self._enter(world)

    def _enter(self, world: World) -> None:
        self._world = world
        self._news = EVERYTHING  # whatever has come before anybody watched
        for source, screen in self._screens:
            world.watch(source, screen.fileno())

    def lose_link(self, name: str, text: str) -> None:
        """Notes that a port is gone (also called by whoever writes to it). Its descriptor would never be quiet again."""
        self._lost.setdefault(name, text)
        self._world.forget_link(name)

    def _stop_after_error(self) -> None:
        """Stops the pump; if it was the station's step that failed, writes down what it was about."""
        inputs = self._stepping
        if inputs is None:
            inputs = Inputs(now_us=self._world.now_us(), halted=True)
            self._station.halt(inputs.now_us / 1e6)
        else:
            inputs.raised = True
            self._station.emergency_stop(inputs.now_us / 1e6)
        self._cycles.append(pack(inputs, self._station.sent))
        self._stepping = None

    # -- one cycle -------------------------------------------------------------------------------------------------------------

    def _cycle(self) -> None:
        inputs = self._stepping = self._gather()
        now_us = self._world.now_us
        read_us = now_us()
        self._station.step(inputs)
        self._cycles.append(pack(inputs, self._station.sent))
        self._stepping = None
        # The next wake-up is planned before anything slow: what follows here counts as lateness if it takes too long.
        planned_us = self._planned_us = self._next_wake_us(inputs.now_us)
        decided_us = now_us()
        self._take_notes(inputs.now_us)
        if self._has_time(inputs.now_us, planned_us):
            self._keep_record(inputs)
            kept_us = now_us()
            self._show(inputs.now_us)
            self.marks = (
                ("", inputs.now_us), ("reading", read_us), ("deciding", decided_us),
                ("the record", kept_us), ("the screen", now_us()),
            )  # fmt: skip
        else:
            self.marks = (("", inputs.now_us), ("reading", read_us), ("deciding", decided_us))
        self._news = self._world.wait_until(planned_us)

    def _has_time(self, now_us: int, planned_us: int) -> bool:
        """Whether record and screen have their turn now. While anything moves they wait for a gap: no pressure is on its way, and
        nothing else is due that soon. But not for ever."""
        if self._station.at_rest or (planned_us - now_us >= GAP_US and not self._station.awaits_pressure):
            self._put_off_us = None
            return True
        if self._put_off_us is None:
            self._put_off_us = now_us
        if now_us - self._put_off_us < LONGEST_PUT_OFF_US:
            return False
        self._put_off_us = None
        return True

    def _next_wake_us(self, now_us: int) -> int:
        due_us = self._station.next_deadline_s() * 1e6
        if due_us >= now_us + LONGEST_WAIT_US:
            return now_us + LONGEST_WAIT_US
        return max(now_us, ceil(due_us))  # never before it is due: that would be a cycle in vain

    def _gather(self) -> Inputs:
        now_us = self._world.now_us()
        inputs = Inputs(now_us)
        if self._planned_us is not None and now_us >= self._planned_us:
            self._be_late(now_us - self._planned_us, inputs)
        lost, news = self._lost, self._news
        if "pump" not in lost:
            inputs.pump = self._read("pump")
        if "pressure" not in lost:
            inputs.pressure = self._read("pressure")
        if "button" not in lost:
            inputs.lines = self._read_lines(now_us / 1e6 >= self._station.wants_lines)
        if len(self._lost) > len(self._told_lost):
            inputs.lost = {name: text for name, text in self._lost.items() if name not in self._told_lost}
            self._told_lost.update(inputs.lost)
        if SIGNALS in news:
            inputs.statements = [Operator("stop", f"signal {name}") for name in self._world.signals()]
        for source, screen in self._screens:
            messages = screen.receive() if source in news else ()
            if messages:
                said = [statement(message, source) for message in messages]
                inputs.statements = [*inputs.statements, *(each for each in said if each is not None)]
        if self._station.intents:
            inputs.durable = self._durable_motions()
        inputs.recorder_trouble = self._recorder_trouble(now_us)
        if not self._failed_told:
            inputs.failed = self._failed
            self._failed_told = self._failed is not None
        return inputs

    def _be_late(self, lateness_us: int, inputs: Inputs) -> None:
        told = lateness_us >= TOLD_LATENESS_US
        ran = ran_longest(inputs.now_us - lateness_us, self.marks) if told and self.marks else ""
        self.lateness.take(lateness_us, ran)
        if told:
            inputs.lateness_us, inputs.late_by = lateness_us, ran

    def _read(self, name: str) -> bytes:
        link = self._world.links[name]
        if name not in self._news and not link.unsent:
            return b""
        try:
            return link.read()
        except LinkLostError as error:
            self.lose_link(name, str(error))
            return b""

    def _read_lines(self, wanted: bool) -> InputLines | None:
        link = self._world.links["button"]
        try:
            if "button" in self._news:
                link.read()  # nothing is ever sent there, but a port that is gone says so, and one that has news falls silent
            return link.lines() if wanted else None
        except LinkLostError as error:
            self.lose_link("button", str(error))
            return None

    def _durable_motions(self) -> list[int]:
        durable_seq = self._recorder.durable_seq
        found = [seq for seq in self._station.intents if seq <= durable_seq]
        return [self._station.intents.pop(seq) for seq in found]

    def _recorder_trouble(self, now_us: int) -> str | None:
        if self._trouble_told:
            return None
        trouble = self._recorder.trouble
        if trouble is None:
            age_s = self._recorder.oldest_unacked_age_s(now_us / 1e6)
            if age_s <= RECORDER_LAG_S:
                return None
            trouble = f"the recorder is {age_s:.1f} s behind, limit {RECORDER_LAG_S} s"
        self._trouble_told = True
        return trouble

    # -- what is kept and shown ------------------------------------------------------------------------------------------------

    def _keep_record(self, inputs: Inputs) -> None:
        if len(self._cycles) >= BATCH_CYCLES or inputs.now_us - self._batch_began_us >= BATCH_US:
            self._store_batch(inputs.now_us)
        self._recorder.pump(inputs.now_us / 1e6)

    def _store_batch(self, now_us: int) -> None:
        if self._cycles:
            self._recorder.put("inputs", now_us / 1e6, {"cycles": self._cycles})
            self._cycles = []
        self._batch_began_us = now_us

    def _take_notes(self, now_us: int) -> None:
        if self._audience:
            for note in self._station.notes:
                if note.name not in _IN_THE_SNAPSHOT:
                    self._untold.append({"type": "note", "t_s": now_us / 1e6, "name": note.name, "text": note.why})

    def _show(self, now_us: int) -> None:
        if self._untold:
            for message in self._untold:
                for screen in self._audience:
                    screen.send(message)
            self._untold.clear()
        if self._audience and now_us >= self._next_telemetry_us:
            self._next_telemetry_us = now_us + TELEMETRY_US
            snapshot = {**self._station.core.snapshot(), "banner": self._banner}
            for screen in self._audience:
                screen.send(snapshot)
            self._mend_screens(now_us)

    def _mend_screens(self, now_us: int) -> None:
        """A screen that has died is worth a note and nothing else."""
        for source, screen in self._screens:
            news = screen.mend(may_start=self._station.at_rest)
            if news is not None:
                self._recorder.put("host", now_us / 1e6, {"screen": source, "text": news})
                self._world.watch(source, screen.fileno())

    # -- when all else fails ---------------------------------------------------------------------------------------------------

    def _last_resort(self, error: Exception) -> dict[str, object]:
        """The core is of no more use: stop the pump without it, for as long as its watchdog and a motion can take."""
        try:
            stopped = self._nurse_stop()
        except Exception as third:  # noqa: BLE001 - silence is what is left: the pump's watchdog stops it
            error, stopped = third, False
        try:
            self._store_batch(self._world.now_us())
        except Exception as third:  # noqa: BLE001 - a record without its last moments is still a record
            error = third
        account = self._station.core.desk.account
        low_ul, high_ul = account.patient_forward_ul()
        return {
            "reason": (self._station.core.desk.reason or Reason.HOST_ERROR).name,
            "text": f"{type(error).__name__}: {error} ({_place(error)})",
            "also": [Reason.HOST_ERROR.name] + ([] if stopped else [Reason.STOP_UNCONFIRMED.name]),
            "delivered_ml": low_ul / 1000,
            "delivered_min_ml": low_ul / 1000,
            "delivered_max_ml": high_ul / 1000,
            "withdrawn_ml": sum(entry.withdrawn_ul for entry in account.entries) / 1000,
            "increments": self._station.core.desk.increments_done,
            "peak_line_kpa": None,
            "hold_kpa": list(self._station.core.desk.hold_kpa),
            "duration_s": self._world.now_us() / 1e6,
            "exit": EXIT_FAULT,
        }

    def _nurse_stop(self) -> bool:
        """Stops the pump anew and keeps at it; True as soon as it was seen to stand still."""
        until_us = self._world.now_us() + LAST_RESORT_US
        self._station.halt(self._world.now_us() / 1e6)
        while self._world.now_us() < until_us and "pump" not in self._lost:
            try:
                found = self._station.nurse_stop(self._world.links["pump"].read(), self._world.now_us() / 1e6)
            except LinkLostError:
                return False
            account = self._station.core.desk.account
            for item in found:
                if isinstance(item, PumpReading | PumpStopped):
                    account.take_counters(item.infused_ul, item.withdrawn_ul)
                if isinstance(item, PumpStopped):
                    return True
            self._world.wait_until(self._world.now_us() + LONGEST_WAIT_US)
        return False


def statement(message: Mapping[str, object], source: str) -> Operator | None:
    """What a person said on a screen, as an observation; None for what is no statement."""
    act = message.get("operator")
    if act not in OPERATOR_STATEMENTS:
        return None
    return Operator(str(act), source, str(message.get("question") or ""), str(message.get("typed") or ""))


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "unknown place"
