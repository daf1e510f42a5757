"""A procedure brought to the middle of an increment in virtual time, and from there on run in real time, as often as one likes.

Everything up to there, half a minute of self-test and priming, is simulated in a fraction of a second. The process is then
forked: one child goes on as the devices, on pseudo-terminals, and one as the host, with loop, station, drivers and core as they
stood. Each fork is one trial, and begins at the very same moment of the procedure.
"""

import contextlib
import os
import select
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, NoReturn

from controller.benchmarks.realtime.devices import Cause, Devices, Trial
from controller.benchmarks.realtime.host import Attendants, run_host
from controller.core.states import State
from controller.realtime import PRIORITY
from controller.virtual.case import Case, bench_options_of, set_up
from controller.virtual.procedure import NotEndedError, VirtualProcedure
from controller.virtual.world import WorldEnded
from drivers.keller33x.codec import CHANNEL_P1, Function, crc16
from simulators.bench import SimulatedBench
from simulators.ports import Terminal

TRIAL_S: Final = 12.0
"""From the fork to the end of the trial: a host on a busy machine takes seconds to start its recorder and its display."""
KPA_A_BAR: Final = 100.0

OurHost = Callable[[VirtualProcedure, str, str, Attendants, Callable[[], int], int], None]
"""As run_host."""


class Stage:
    """One procedure, waiting in mid-increment with its pressure rising towards a limit that lies a little above."""

    def __init__(self, case: Case, from_kpa: float, limit_kpa: float, *, paced: bool = False) -> None:
        """paced: bytes take the time that they take on the wires. Raises CaseError, OptionsError, and NotEndedError where the
        procedure never comes so far."""
        loaded, patient = set_up(case)
        self._bench = SimulatedBench(bench_options_of(case, loaded, patient))
        self._procedure = VirtualProcedure(loaded, self._bench, person=patient.person)
        self._loaded = loaded
        self._from_kpa = from_kpa
        self._procedure.world.before_wait.append(self._look)
        self._here = False
        with contextlib.suppress(NotEndedError):
            self._procedure.run()
        if not self._here:
            raise NotEndedError(f"patient {case.index} never infuses at {from_kpa:g} kPa")
        self._procedure.world.before_wait.clear()
        if not paced:
            self._bench.without_wires()
        self._paced = paced
        self._now_s = self._procedure.world.now_us() / 1e6
        desk = self._procedure.station.core.desk
        self._limit_kpa = limit_kpa
        self._limit_bar = (limit_kpa + desk.view.pressure.zero_kpa) / KPA_A_BAR

    def _look(self) -> None:
        desk = self._procedure.station.core.desk
        if desk.state is State.INFUSING and (desk.view.pressure.kpa or 0.0) >= self._from_kpa:
            self._here = True
            raise WorldEnded("staged")

    def ours(self, cause: Cause, *, attended: bool = False, host: OurHost = run_host) -> Trial | None:
        """The host's own loop against the devices; None where no stop came, or one without a cause.

        attended: with a recorder and a display as a procedure has them, each a process. host: what runs the loop.
        """

        def run(pump: str, pressure: str, ready: Callable[[], int], written: int) -> None:
            if cause.kind == "pressure":
                desk = self._procedure.station.core.desk
                desk.plan = replace(desk.plan, line_limit_kpa=self._limit_kpa)
            host(self._procedure, pump, pressure, attendants, ready, written)

        with (
            tempfile.TemporaryDirectory() as folder,
            Attendants(Path(folder) if attended else None, display=attended) as attendants,
        ):
            return self._try(cause, attendants, run)

    def reference(self, program: Path, stop: bytes, poll: bytes) -> Trial | None:
        """A pressure that crosses its limit, watched by the reference in C."""
        body = bytes([self._loaded.profile.pressure.address, Function.READ_CHANNEL, CHANNEL_P1])
        request = body + crc16(body).to_bytes(2, "big")
        frames = [frame.hex() for frame in (request, poll, stop)]

        def run(pump: str, pressure: str, ready: Callable[[], int], written: int) -> None:
            ready()
            os.set_inheritable(written, True)
            words = [pump, pressure, f"{self._limit_bar:.9g}", *frames, str(PRIORITY), str(written)]
            os.execv(program, [str(program), *words])

        with Attendants(None, display=False) as attendants:
            return self._try(Cause("pressure"), attendants, run)

    def witness(self, cause: Cause, host: Callable[[str, str, Attendants, Callable[[], int], int], None]) -> Trial | None:
        """Another host than ours: it gets both terminals, the attendants, and what run_host gets of `ready` and `written`."""
        with Attendants(None, display=False) as attendants:
            return self._try(
                cause,
                attendants,
                lambda pump, pressure, ready, written: host(pump, pressure, attendants, ready, written),
            )

    def _try(
        self, cause: Cause, attendants: Attendants, host: Callable[[str, str, Callable[[], int], int], None]
    ) -> Trial | None:
        """Forks both sides, and waits for what the devices tell."""
        pump, pressure = Terminal(), Terminal()
        written_in, written_out = os.pipe()
        ready_in, ready_out = os.pipe()
        told_in, told_out = os.pipe()
        devices = Devices(self._bench, pump, pressure, paced=self._paced, limit_bar=self._limit_bar, now_s=self._now_s)

        def begin() -> int:
            return devices.begin(ready_out)

        def run_host_alone() -> None:
            os.close(told_out)  # it is at its end as soon as the devices are
            host(pump.path, pressure.path, begin, written_out)

        children: list[int] = []
        told = b""
        try:
            children.append(_fork(lambda: devices.run(cause, attendants, ready_in, written_in, told_out)))
            children.append(_fork(run_host_alone))
            os.close(told_out)
            if select.select([told_in], [], [], TRIAL_S)[0]:
                told = os.read(told_in, select.PIPE_BUF)  # one write, which a pipe does not part
        finally:
            for descriptor in (ready_in, ready_out, written_in, written_out, told_in):
                os.close(descriptor)
            for child in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            pump.unplug()
            pressure.unplug()
        return Trial.told(told)


def _fork(work: Callable[[], None]) -> int:
    child = os.fork()
    if not child:
        _end(work)
    return child


def _end(work: Callable[[], None]) -> NoReturn:
    status = 0
    try:
        work()
    except BaseException:  # noqa: BLE001 - a child never returns into its parent's program
        traceback.print_exc(file=sys.stderr)
        status = 1
    os._exit(status)
