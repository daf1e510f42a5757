"""A procedure brought to the middle of an increment in virtual time, and from there on run in real time, as often as one likes.

Everything up to there, half a minute of self-test and priming, is simulated in a fraction of a second. The process is then
forked: one child goes on as the devices, on pseudo-terminals, and one as the host, with loop, station, drivers and core as they
stood. Each fork is one trial, and begins at the very same moment of the procedure.
"""

import contextlib
import os
import select
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NoReturn

from controller.core.states import State
from controller.realtime import PRIORITY, real_time
from controller.virtual.case import Case, bench_options_of, set_up
from controller.virtual.procedure import NotEndedError, VirtualProcedure
from controller.virtual.world import WorldEnded
from controller.world import RealWorld
from drivers.keller33x.codec import CHANNEL_P1, Function, crc16
from drivers.link import Link
from drivers.serial_link import SerialLink
from simulators.bench import STEP_S, SimulatedBench
from simulators.ports import Terminal

DEVICES_PRIORITY: Final = 40
LEAD_S: Final = 0.3  # from the fork until time goes on: the host's ports are open by then
TRIAL_S: Final = 4.0
STOP_WITHIN_S: Final = 1.0
_REPLY_BYTES: Final = 9
_KPA_A_BAR: Final = 100.0
_TOLD = struct.Struct("dd")


@dataclass(frozen=True, slots=True)
class Trial:
    """What the devices saw, in seconds of CLOCK_BOOTTIME.

    crossed_s: the reply that crosses the limit was handed to the port; stop_s: the first byte of a stop had come to the pump.
    stop, poll: the frames of the stop, and of the newest question before it.
    """

    crossed_s: float
    stop_s: float
    stop: bytes
    poll: bytes

    @property
    def latency_ms(self) -> float:
        """From the one to the other."""
        return (self.stop_s - self.crossed_s) * 1000.0


class Stage:
    """One procedure, waiting in mid-increment with its pressure rising towards a limit that lies a little above."""

    def __init__(self, case: Case, from_kpa: float, limit_kpa: float) -> None:
        """Raises CaseError, OptionsError, and NotEndedError where the procedure never comes so far."""
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
        self._bench.without_wires()
        desk = self._procedure.station.core.desk
        desk.plan = replace(desk.plan, line_limit_kpa=limit_kpa)
        self._limit_bar = (limit_kpa + desk.view.pressure.zero_kpa) / _KPA_A_BAR
        self._now_s = self._procedure.world.now_us() / 1e6
        self._cpus = sorted(os.sched_getaffinity(0))

    def _look(self) -> None:
        desk = self._procedure.station.core.desk
        if desk.state is State.INFUSING and (desk.view.pressure.kpa or 0.0) >= self._from_kpa:
            self._here = True
            raise WorldEnded("staged")

    def ours(self) -> Trial | None:
        """The host's own loop against the devices; None where no stop came, or one without a cause."""
        return self._try(self._host)

    def reference(self, program: Path, stop: bytes, poll: bytes) -> Trial | None:
        """The same with the reference in C."""
        address = self._loaded.profile.pressure.address
        body = bytes([address, Function.READ_CHANNEL, CHANNEL_P1])
        request = body + crc16(body).to_bytes(2, "big")
        frames = [frame.hex() for frame in (request, poll, stop)]

        def run(pump: str, pressure: str, _began_ns: int) -> None:
            limit = f"{self._limit_bar:.9g}"
            os.execv(program, [str(program), pump, pressure, limit, *frames, str(PRIORITY), str(self._cpus[-1])])

        return self._try(run)

    def _try(self, host: Callable[[str, str, int], None]) -> Trial | None:
        """Forks both sides, and waits for what the devices tell."""
        pump, pressure = Terminal(), Terminal()
        read_end, write_end = os.pipe()
        base_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) + round(LEAD_S * 1e9)
        began_ns = base_ns - round(self._now_s * 1e9)
        children = [
            _fork(lambda: self._devices(pump, pressure, began_ns, write_end)),
            _fork(lambda: host(pump.path, pressure.path, began_ns)),
        ]
        os.close(write_end)
        told = b""
        try:
            if select.select([read_end], [], [], LEAD_S + TRIAL_S)[0]:
                told = os.read(read_end, select.PIPE_BUF)  # one write, which a pipe does not part
        finally:
            os.close(read_end)
            for child in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            pump.unplug()
            pressure.unplug()
        if len(told) < _TOLD.size:
            return None
        crossed_s, stop_s = _TOLD.unpack_from(told)
        stop, _, poll = told[_TOLD.size :].partition(b"|")
        return Trial(crossed_s, stop_s, bytes.fromhex(stop.decode()), bytes.fromhex(poll.decode()))

    # -- the host's side -------------------------------------------------------------------------------------------------------

    def _host(self, pump: str, pressure: str, began_ns: int) -> None:
        profile = self._loaded.profile
        links: dict[str, Link] = {
            "pump": SerialLink.open("pump", pump, profile.pump.baud),
            "pressure": SerialLink.open("pressure", pressure, profile.pressure.baud),
            "button": self._procedure.world.ports["button"],  # a terminal has no modem lines: this copy of the bench answers
        }
        with RealWorld(links, began_ns) as world, real_time(self._cpus[-1]):
            self._procedure.go_on_in(world)
            left_s = self._now_s - world.now_us() / 1e6
            time.sleep(max(0.0, left_s))
            self._procedure.loop.run()

    # -- the devices' side -----------------------------------------------------------------------------------------------------

    def _devices(self, pump: Terminal, pressure: Terminal, began_ns: int, tell: int) -> None:
        """The bench in real time, until a stop has come."""
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {self._cpus[0]})
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(DEVICES_PRIORITY))
        bench, poll = self._bench, b""
        ports = [port for each in (pump, pressure) if (port := each.fileno()) is not None]
        while True:
            due_s = bench.now_s + STEP_S
            select.select(ports, [], [], max(0.0, due_s - _since_s(began_ns)))
            now_s = _since_s(began_ns)
            if now_s < self._now_s:
                continue  # the host is still opening its ports
            bench.advance(now_s)
            pump.write(bench.pump.transmit(now_s))
            reply = bench.pressure.transmit(now_s)
            if self._crosses(reply):
                crossed_s = _now_s()
                pressure.write(reply)
                stop = _wait_for_stop(pump)
                if stop is not None:
                    os.write(tell, _TOLD.pack(crossed_s, stop[0]) + stop[1].hex().encode() + b"|" + poll.hex().encode())
                return
            pressure.write(reply)
            asked = pump.read()
            if asked:
                if b"STP" in asked:
                    return  # before there was a cause
                poll = asked
                bench.pump.receive(asked, now_s)
            bench.pressure.receive(pressure.read(), now_s)

    def _crosses(self, reply: bytes) -> bool:
        if len(reply) != _REPLY_BYTES or reply[1] != Function.READ_CHANNEL:
            return False
        return bool(struct.unpack_from(">f", reply, 2)[0] >= self._limit_bar)


def _wait_for_stop(pump: Terminal) -> tuple[float, bytes] | None:
    """When a stop has come, and it; nothing else is done meanwhile, so that nothing else is measured."""
    until_s = _now_s() + STOP_WITHIN_S
    while (left_s := until_s - _now_s()) > 0.0:
        select.select([port for port in (pump.fileno(),) if port is not None], [], [], left_s)
        at_s = _now_s()
        came = pump.read()
        if b"STP" in came:
            return at_s, came
    return None


def _now_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _since_s(began_ns: int) -> float:
    return (time.clock_gettime_ns(time.CLOCK_BOOTTIME) - began_ns) / 1e9


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
