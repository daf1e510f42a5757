"""The rig: a profile's ports and drivers, turned by hand in one small loop whose every wait is bounded.

It decides nothing about a procedure. It is what a test needs to speak to the devices through their real ports: ask, wait for
an observation, look at what came before. When it closes, the pump has been stopped, seen stopped, and handed back.
"""

import gc
import math
import os
import select
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Self, TypeVar

from controller.compose import build_drivers
from controller.settings import LoadedProfile
from drivers.driver import DeviceProblem
from drivers.link import LinkLostError, OutputLines
from drivers.pressure import PressureConnected, PressureSample
from drivers.pump import Motion, PumpConnected, PumpPrepared, PumpReading, PumpRefused, PumpReleased, PumpStopped
from drivers.serial_link import SerialLink

POLL_EVERY_S = 0.05  # as the controller does
LONGEST_WAIT_S = 0.005
CONNECT_S = 5.0
PREPARE_S = 3.0
STOP_S = 3.0
READING_S = 0.5
BUTTON_BAUD = 9600  # nothing is sent there; a port needs one all the same
REALTIME_PRIORITY = 50

T = TypeVar("T")


class RigError(AssertionError):
    """Something did not come in time, or came out wrong; the text says what, and what was seen last."""


@dataclass(frozen=True, slots=True)
class LinkGone:
    """A port is gone."""

    device: str
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One observation of a driver, and when the rig got it."""

    at_s: float
    what: Any


class Rig:
    """Links and drivers of some devices. Times are seconds of CLOCK_BOOTTIME, the clock of the simulated bench as well."""

    def __init__(self, loaded: LoadedProfile, links: dict[str, SerialLink]) -> None:
        self.loaded = loaded
        self.links = links
        # the drivers exactly as a procedure gets them; the station around them is not used
        self.pump, self.pressure, self.button = build_drivers(loaded, simulated=False)
        self.seen: list[Seen] = []
        self.polling = False
        """Whether the pump is asked twenty times a second for status and volume (its watchdog wants that)."""
        self.highest_kpa = math.inf
        """The pump is stopped as soon as a pressure sample is above this."""
        self.latest_s = 0.0
        """The most that a turn of the loop has come too late: to tell a late machine from a late device."""
        self.heard = bytearray()
        """What the pump has sent, byte for byte; whoever reads along empties it."""
        self._pump_touched = False
        self._next_poll_s = 0.0
        self._planned_s = math.inf
        self._lines_out: OutputLines | None = None

    @classmethod
    @contextmanager
    def open(cls, loaded: LoadedProfile, devices: Sequence[str]) -> Iterator[Self]:
        """Opens the ports of "pump", "pressure", "button" that are named. Raises PortError; RigError if the pump stays unsafe."""
        profile = loaded.profile
        ports = {
            "pump": (profile.pump.port, profile.pump.baud),
            "pressure": (profile.pressure.port, profile.pressure.baud),
            "button": (profile.button.port, BUTTON_BAUD),
        }
        with ExitStack() as stack:
            links: dict[str, SerialLink] = {}
            for name in devices:
                url, baud = ports[name]
                links[name] = SerialLink.open(name, url, baud, lines=name == "button")
                stack.callback(links[name].close)
            stack.enter_context(realtime_priority())
            rig = cls(loaded, links)
            stack.callback(rig.make_safe)
            yield rig

    # -- the loop ----------------------------------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        """Now."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def turn(self, until_s: float) -> None:
        """One cycle: takes what has come, sends what is due, and waits for bytes or the next deadline, until_s at the latest."""
        now_s = self.now_s
        self.latest_s = max(self.latest_s, now_s - self._planned_s)
        for name in list(self.links):
            self._take(name, now_s)
        if self.polling and now_s >= self._next_poll_s and not self.pump.busy:
            self.poll()
        self._send(now_s)
        deadlines = [until_s, now_s + LONGEST_WAIT_S]
        deadlines += [driver.next_deadline_s() for name, driver in self._drivers().items() if name in self.links]
        if self.polling and not self.pump.busy:
            deadlines.append(self._next_poll_s)
        self._planned_s = max(now_s, min(deadlines))
        descriptors = [fd for link in self.links.values() if (fd := link.fileno()) is not None]
        select.select(descriptors, [], [], max(0.0, self._planned_s - self.now_s))

    def until(self, condition: Callable[[], T | None], timeout_s: float, what: str) -> T:
        """Turns until the condition gives something true, and returns that. Raises RigError after timeout_s."""
        until_s = self.now_s + timeout_s
        while not (result := condition()):
            if self.now_s >= until_s:
                raise RigError(f"not within {timeout_s:g} s: {what}; {self._history()}")
            self.turn(until_s)
        return result

    def run_for(self, duration_s: float) -> None:
        """Turns for so long."""
        until_s = self.now_s + duration_s
        while self.now_s < until_s:
            self.turn(until_s)

    def fall_silent(self, duration_s: float) -> None:
        """Is a host that hangs: nothing is read and nothing is sent for so long."""
        self._planned_s = math.inf
        until_s = self.now_s + duration_s
        while (left_s := until_s - self.now_s) > 0:
            select.select([], [], [], left_s)

    # -- observations ------------------------------------------------------------------------------------------------------

    def all(self, kind: type[T], since: int = 0) -> list[T]:
        """Every observation of that kind; since: the length of `seen` from which on."""
        return [item.what for item in self.seen[since:] if isinstance(item.what, kind)]

    def first(self, kind: type | UnionType, since: int = 0) -> Seen | None:
        """The first observation of that kind."""
        return next((item for item in self.seen[since:] if isinstance(item.what, kind)), None)

    def await_next(self, kind: type, timeout_s: float) -> Seen:
        """Turns until an observation of that kind comes that is not there yet. Raises RigError."""
        since = len(self.seen)
        return self.until(lambda: self.first(kind, since), timeout_s, f"a {kind.__name__}")

    def await_samples(self, duration_s: float) -> list[float]:
        """Turns for so long, and returns the pressures asked for meanwhile, in kPa as the transmitter gives them."""
        since, from_s = len(self.seen), self.now_s
        self.run_for(duration_s)
        return [sample.kpa for sample in self.all(PressureSample, since) if sample.asked_s >= from_s]

    def reading(self) -> PumpReading:
        """A reading of the pump that is asked for from now on; the rig has to be polling. Raises RigError."""
        self._await_idle_pump()
        reading: PumpReading = self.await_next(PumpReading, READING_S).what
        return reading

    def await_motion(self) -> None:
        """Turns until the pump says that it moves. Raises RigError."""
        self.until(lambda: self.reading().status.moving, READING_S, "the plunger moving")

    def await_rest(self, timeout_s: float) -> PumpReading:
        """Turns until the pump says that it stands still. Raises RigError."""
        return self.until(lambda: None if (found := self.reading()).status.moving else found, timeout_s, "the plunger at rest")

    # -- requests ----------------------------------------------------------------------------------------------------------

    def connect_pump(self) -> PumpConnected:
        """Identifies and sets up the pump, and asks it for its status from then on. Raises RigError."""
        self._pump_touched = True
        self.polling = False
        since = len(self.seen)
        self.pump.connect(self.now_s)
        self.until(lambda: not self.pump.busy, CONNECT_S, "the pump set up")
        found = self.all(PumpConnected, since)
        if not found:
            raise RigError(f"the pump does not connect: {self.all(DeviceProblem, since)}")
        self.polling = True
        return found[0]

    def connect_pressure(self) -> PressureConnected:
        """Identifies the transmitter, and samples from then on. Raises RigError."""
        since = len(self.seen)
        self.pressure.connect(self.now_s)
        self.until(lambda: self.all(PressureConnected, since) + self.all(DeviceProblem, since), CONNECT_S, "the transmitter")
        found = self.all(PressureConnected, since)
        if not found:
            raise RigError(f"the transmitter does not connect: {self.all(DeviceProblem, since)}")
        return found[0]

    def prepare(self, motion: Motion) -> PumpPrepared:
        """Programs one motion. Raises RigError."""
        self._await_idle_pump()
        since = len(self.seen)
        self.pump.prepare(motion, self.now_s)
        self._await_idle_pump(PREPARE_S)
        found = self.all(PumpPrepared, since)
        if not found:
            raise RigError(f"the pump does not take {motion}: {self.all(PumpRefused, since)}")
        return found[0]

    def run(self) -> None:
        """Starts what is prepared. Raises RigError where the pump refuses."""
        self._await_idle_pump()
        since = len(self.seen)
        self.pump.run(self.now_s)
        self._await_idle_pump()
        if refusals := self.all(PumpRefused, since):
            raise RigError(f"the pump does not run: {refusals}")

    def poll(self) -> None:
        """Asks the pump for status and volume now; the answer comes as a PumpReading."""
        now_s = self.now_s
        self._next_poll_s = now_s + POLL_EVERY_S
        self.pump.poll(now_s)
        self._send(now_s)

    def order_stop(self) -> float:
        """Tells the pump to stop, this very moment, whatever is outstanding. Returns when that was decided."""
        decided_s = self.now_s
        self.pump.stop(decided_s)
        self._send(decided_s)
        return decided_s

    def stop(self) -> PumpStopped:
        """Stops the pump and waits until it is seen stopped. Raises RigError."""
        since = len(self.seen)
        self.order_stop()
        stopped: PumpStopped = self.until(lambda: self.first(PumpStopped, since), STOP_S, "the pump seen stopped").what
        return stopped

    def release_pump(self) -> None:
        """Hands the stopped pump back: keypad unlocked, watchdog off, no more questions. Raises RigError."""
        self.polling = False
        self._await_idle_pump()
        since = len(self.seen)
        self.pump.release(self.now_s)
        self._await_idle_pump()
        if not self.all(PumpReleased, since):
            raise RigError(f"the pump is not handed back: {self.all(PumpRefused, since)}")

    def make_safe(self) -> None:
        """Stops the pump whatever has happened, and hands it back. Raises RigError where that is not seen."""
        if not self._pump_touched:
            return
        self.polling = False
        self.highest_kpa = math.inf
        if "pump" not in self.links:
            raise RigError("the pump's port is gone, and nobody has seen it stopped: switch the pump off")
        try:
            self.stop()
        except RigError as error:
            raise RigError(f"SWITCH THE PUMP OFF. {error}") from error
        self.release_pump()
        self._pump_touched = False

    # -- pieces ------------------------------------------------------------------------------------------------------------

    def _drivers(self) -> dict[str, Any]:
        return {"pump": self.pump, "pressure": self.pressure, "button": self.button}

    def _await_idle_pump(self, timeout_s: float = 1.0) -> None:
        self.until(lambda: not self.pump.busy, timeout_s, "the end of the pump's request")

    def _take(self, name: str, now_s: float) -> None:
        try:
            data = self.links[name].read()
            if name == "pump":
                self.heard += data
            if name == "button":
                found = self.button.sample(self.links[name].lines(), now_s) if now_s >= self.button.next_deadline_s() else []
            else:
                found = self._drivers()[name].receive(data, now_s)
        except LinkLostError as error:
            self._lose(name, error)
            return
        self.seen += [Seen(now_s, what) for what in found]
        if any(isinstance(what, PressureSample) and what.kpa > self.highest_kpa for what in found):
            self.highest_kpa = math.inf  # said once
            self.order_stop()

    def _send(self, now_s: float) -> None:
        for name in ("pump", "pressure"):
            while name in self.links and (frame := self._drivers()[name].transmit(now_s)):
                try:
                    self.links[name].write(frame)
                except LinkLostError as error:
                    self._lose(name, error)
        if "button" in self.links:
            wanted = self.button.wanted_lines(now_s)
            if wanted != self._lines_out:
                self._lines_out = wanted
                try:
                    self.links["button"].set_lines(wanted)
                except LinkLostError as error:
                    self._lose("button", error)

    def _lose(self, name: str, error: LinkLostError) -> None:
        self.links.pop(name).close()
        self.seen.append(Seen(self.now_s, LinkGone(name, str(error))))

    def _history(self) -> str:
        newest = [str(item.what) for item in self.seen[-4:]]
        return f"seen last: {'; '.join(newest) or 'nothing'}; the loop was at most {self.latest_s * 1000:.0f} ms late"


@contextmanager
def realtime_priority() -> Iterator[None]:
    """Priority for all threads of this process (pyserial's readers hold the interpreter, too) and no garbage collection."""
    gc.collect()
    gc.disable()
    _schedule(os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, REALTIME_PRIORITY)
    try:
        yield
    finally:
        _schedule(os.SCHED_OTHER, 0)
        gc.enable()


def _schedule(policy: int, priority: int) -> None:
    for task in Path("/proc/self/task").iterdir():
        # not permitted everywhere, and a thread may just have ended
        with suppress(OSError):
            os.sched_setscheduler(int(task.name), policy, os.sched_param(priority))
