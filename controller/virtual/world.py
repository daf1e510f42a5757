"""Clock, ports and signals of a host that does not exist (controller.world.World), joined to a simulated bench.

Time moves only while the loop waits: from one thing that happens on the bench to the next, and never because anybody asked.
Computing takes no time, except where `freeze` says so.
"""

from collections.abc import Callable, Mapping
from math import ceil

from controller.inputs import LINES
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

    def write(self, frame: bytes) -> None:
        """Hands a frame to the port. Raises LinkLostError."""
        self._check()
        if self._wire is not None:
            self._wire.write(frame, self._bench.now_s)

    def lines(self) -> InputLines:
        """The modem lines as they are now. Raises LinkLostError."""
        if self.gone:
            self._check()
        return self._frozen or LINES[2 * self._bench.cts + self._bench.dsr]

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
        self._pump = VirtualLink(bench, "pump", bench.pump_wire)
        self._pressure = VirtualLink(bench, "pressure", bench.pressure_wire)
        self.ports = {"pump": self._pump, "pressure": self._pressure, "button": VirtualLink(bench, "button", None)}
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

    def wait_until(self, until_us: int) -> None:
        """Lets time pass until then, or until bytes have come. Raises WorldEnded."""
        for callback in self.before_wait:
            callback()
        bench, now_us, deaf = self.bench, self._now_us, False
        until_us = max(until_us, now_us + LEAST_US)
        while True:
            if self._frozen_us:
                until_us, self._frozen_us, deaf = max(until_us, now_us + self._frozen_us), 0, True
            if now_us >= until_us:
                return
            due_us = bench.next_s() * 1e6
            now_us = until_us if due_us >= until_us else max(now_us + 1, ceil(due_us))
            self._let_pass(now_us)
            if self.killed:
                raise WorldEnded("the host was killed")
            if self._collect() and not deaf:
                return

    def _let_pass(self, to_us: int) -> None:
        try:
            self.bench.advance(to_us / 1e6)
        except Exception as error:  # a mistake of the bench must not look like one of the host
            raise WorldEnded(f"the bench failed: {error}") from error
        self._now_us = to_us

    def _collect(self) -> bool:
        came = False
        now_s = self.bench.now_s
        data = self.bench.pump_wire.read(now_s)
        if data and not self._pump.gone:
            self._pump.waiting += data
            came = True
        data = self.bench.pressure_wire.read(now_s)
        if data and not self._pressure.gone:
            self._pressure.waiting += data
            came = True
        return came
