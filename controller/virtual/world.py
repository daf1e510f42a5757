"""Clock, ports and signals of a host that does not exist (controller.world.World), joined to a simulated bench.

Time moves only while the loop waits: from one thing that happens on the bench to the next, and never because anybody asked.
Computing takes no time, except where `freeze` says so.
"""

from collections.abc import Callable, Container, Mapping
from math import ceil

from controller.inputs import LINES
from controller.world import EVERYTHING
from drivers.link import InputLines, Link, LinkLostError, OutputLines
from simulators.bench import SimulatedBench
from simulators.wire import Wire

LEAST_US = 100  # a cycle takes some time, so that time goes on whatever the loop asks for


class WorldEnded(BaseException):
    """The host process or its world ends here and now. No Exception: nothing in the host may catch this."""


class VirtualLink:
    """One port of the virtual world (drivers.link.Link). wire: None for the button, which has lines only."""

    def __init__(self, bench: SimulatedBench, name: str, wire: Wire | None) -> None:
        self._bench = bench
        self._name = name
        self._wire = wire
        self.waiting = b""
        self.gone = False
        self.unsent = False
        self._frozen: InputLines | None = None

    def _check(self) -> None:
        if self.gone:
            raise LinkLostError(f"{self._name}: the port is gone")

    def read(self) -> bytes:
        """What has arrived. Raises LinkLostError."""
        if self.gone:
            self._check()
        data = self.waiting
        if data:
            self.waiting = b""
        return data

    def take(self, data: bytes) -> bool:
        """Keeps what has come for the host; false where nothing has, or nobody is there to hear it."""
        if not data or self.gone:
            return False
        self.waiting += data
        return True

    def write(self, frame: bytes) -> None:
        """Hands a frame to the port. Raises LinkLostError."""
        if self.gone:
            self._check()
        if self._wire is not None:
            self._wire.write(frame, self._bench.now_s)

    def lines(self) -> InputLines:
        """The modem lines as they are now. Raises LinkLostError."""
        if self.gone:
            self._check()
        if self._frozen is not None:
            return self._frozen
        contacts = self._bench.contacts
        cts, dsr = contacts.inputs()
        return LINES[4 * contacts.dcd + 2 * cts + dsr]

    def freeze(self) -> None:
        """From now on the adapter shows the lines as they are, and passes nothing on."""
        self._frozen = self.lines()

    def thaw(self) -> None:
        """The adapter lives again."""
        self._frozen = None

    def set_lines(self, wanted: OutputLines) -> None:
        """Drives the lines. Raises LinkLostError."""
        self._check()
        if self._frozen is None:
            self._bench.set_outputs(wanted.rts, wanted.dtr)

    def fileno(self) -> int | None:
        """There is no descriptor."""
        return None

    def close(self) -> None:
        """Nothing to give back."""


class VirtualWorld:
    """See the module. before_wait: called at the end of every cycle. killed: the host process dies as soon as this is set."""

    def __init__(self, bench: SimulatedBench) -> None:
        self.bench = bench
        pump = VirtualLink(bench, "pump", bench.pump_wire)
        pressure = VirtualLink(bench, "pressure", bench.pressure_wire)
        self._wired = ((bench.pump_wire, pump), (bench.pressure_wire, pressure))
        self.ports = {"pump": pump, "pressure": pressure, "button": VirtualLink(bench, "button", None)}
        self.links: Mapping[str, Link] = self.ports
        self.heard: list[str] = []
        self.before_wait: list[Callable[[], None]] = []
        self.killed = False
        self._frozen_us = 0
        self._now_us = 0

    def freeze(self, seconds: float) -> None:
        """The host stands still for so long from now on."""
        self._frozen_us += ceil(seconds * 1e6)

    def now_us(self) -> int:
        """Microseconds since the procedure began."""
        return self._now_us

    def watch(self, name: str, descriptor: int | None) -> None:
        """There is nothing to wait for but the bench."""

    def forget_link(self, name: str) -> None:
        """This port is gone."""
        self.ports[name].waiting = b""

    def signals(self) -> list[str]:
        """The stop signals that came since the last call, by name."""
        if not self.heard:
            return []
        heard = self.heard[:]
        del self.heard[: len(heard)]  # in place: whoever tells of signals keeps hold of the list
        return heard

    def wait_until(self, until_us: int) -> Container[str]:
        """Lets time pass until then, or until bytes have come. Raises WorldEnded."""
        for callback in self.before_wait:
            callback()
        bench, now_us, deaf = self.bench, self._now_us, False
        until_us = max(until_us, now_us + LEAST_US)
        while True:
            if self._frozen_us:
                until_us, self._frozen_us, deaf = max(until_us, now_us + self._frozen_us), 0, True
            if now_us >= until_us:
                return EVERYTHING
            due_us = bench.next_s() * 1e6
            now_us = until_us if due_us >= until_us else max(now_us + 1, ceil(due_us))
            now_s = now_us / 1e6
            try:
                bench.advance(now_s)
            except Exception as error:  # a mistake of the bench must not look like one of the host
                raise WorldEnded(f"the bench failed: {error}") from error
            self._now_us = now_us
            if self.killed:
                raise WorldEnded("the host was killed")
            came = False
            for wire, link in self._wired:
                if now_s >= wire.quiet_until_s and link.take(wire.fetch(now_s)):
                    came = True
            if came and not deaf:
                return EVERYTHING
