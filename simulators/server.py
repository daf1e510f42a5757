"""The simulated bench in real time, as a process of its own: `python -m simulators.server`.

Pump and transmitter are served on pseudo-terminals, the button as RFC 2217 on loopback, the back door as JSON lines on
loopback. The first line on standard output says where: {"pump": ..., "pressure": ..., "button": ..., "control": ...}.
"""

import argparse
import contextlib
import gc
import json
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import TextIO

from simulators.any_plant import DEFAULT_PLANT, PlantError
from simulators.backdoor import BackDoor
from simulators.bench import STEP_S, BenchOptions, SimulatedBench
from simulators.host_process import HostProcesses
from simulators.modem_port import LinePort
from simulators.options import OptionsError, parse_settings
from simulators.person import Person
from simulators.ports import PORT_FAULTS, Cable
from simulators.scenario import PersonTable, Scenario, ScenarioError, ScenarioRunner, load_scenario

LONGEST_HOLD_UP_S = 10.0
_TIDY_EVERY_S = 0.25
REALTIME_PRIORITY = 40
_NO_COMPILER = "NUMBA_DISABLE_JIT"


class HeldUpError(Exception):
    """The process stood still for so long that nothing it simulates can be called real time any more."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What to serve. lifeline_fd: the server ends when this descriptor reaches its end of file."""

    bench: BenchOptions = field(default_factory=BenchOptions)
    scenario: Scenario | None = None
    lifeline_fd: int | None = None


class Server:
    """One bench with its ports and its back door, moved by one thread."""

    def __init__(self, options: ServerOptions, clock: Callable[[], float]) -> None:
        """clock: seconds of a monotonic clock that also counts while the machine is suspended.

        Raises OptionsError, ScenarioError.
        """
        self._clock = clock
        routine = options.scenario.person if options.scenario else PersonTable()
        person = Person.of(routine)
        self._host = HostProcesses()
        self.bench = SimulatedBench(options.bench)
        self.bench.host = self._host
        self.bench.person = person.told
        self.bench.without_wires()  # pseudo-terminals take their place here
        self.bench.fault_board.add("port", PORT_FAULTS, self._break_port, self._mend_port)
        if options.scenario is not None:
            self.bench.watch(ScenarioRunner(options.scenario, self.bench))
        self.bench.watch(person)
        # from here on there is something to be given back; what could be refused has been
        # select and not epoll: its time-outs are not rounded up to whole milliseconds
        self._selector = selectors.SelectSelector()
        self._pump = Cable(self.bench.pump, self._selector)
        self._pressure = Cable(self.bench.pressure, self._selector)
        self._button = LinePort(self.bench, self._selector)
        self._door = BackDoor(self.bench, self._host, self._selector, self._own_truth)
        self._lifeline_fd = options.lifeline_fd
        if self._lifeline_fd is not None:
            self._selector.register(self._lifeline_fd, selectors.EVENT_READ, self._lifeline_moved)
        self.ended = False
        self._late_max_s = 0.0
        self._late_max_at_s = 0.0
        self._start_s = clock()
        self._next_tidy_s = 0.0

    @property
    def addresses(self) -> dict[str, str]:
        """Where everything is served."""
        return {
            "pump": self._pump.terminal.path,
            "pressure": self._pressure.terminal.path,
            "button": self._button.url,
            "control": self._door.address,
        }

    def start_clock(self) -> None:
        """The bench's time begins now."""
        self._start_s = self._clock()

    def turn(self) -> None:
        """Waits for bytes or the next step, whichever is first, and does all that is due.

        Raises HeldUpError, PlantError.
        """
        due_s = self.bench.now_s + STEP_S
        ready = self._selector.select(max(0.0, due_s - self._now_s()))
        now_s = self._now_s()
        late_s = now_s - due_s
        if late_s > LONGEST_HOLD_UP_S:
            raise HeldUpError(f"the simulated bench stood still for {late_s:.1f} s and can not make up for that")
        if late_s > self._late_max_s:
            self._late_max_s, self._late_max_at_s = late_s, now_s
        self.bench.advance(now_s)
        for cable in (self._pump, self._pressure):
            cable.carry(now_s)
        for key, _ in ready:
            key.data()
        self._button.refresh()
        self._host.advance(now_s)
        if now_s >= self._next_tidy_s:
            self._next_tidy_s = now_s + _TIDY_EVERY_S
            self._pump.terminal.forget_dead_owner()
            self._pressure.terminal.forget_dead_owner()
        self._door.flush()
        self.ended = self.ended or self._door.quit_asked

    def close(self) -> None:
        """Gives all ports back; whatever is frozen goes on."""
        self._door.close()
        self._host.forget()
        self._button.close()
        self._pump.unplug()
        self._pressure.unplug()
        self._selector.close()

    def _now_s(self) -> float:
        return self._clock() - self._start_s

    def _own_truth(self) -> dict[str, object]:
        return {
            "late_ms_max": self._late_max_s * 1000.0,
            "late_max_at_s": self._late_max_at_s,
            "started_boottime_s": self._start_s,
            "button_connected": self._button.connected,
            "ports": self.addresses,
        }

    def _lifeline_moved(self) -> None:
        if self._lifeline_fd is None:
            return
        try:
            alive = bool(os.read(self._lifeline_fd, 4096))
        except OSError:
            alive = False
        self.ended = self.ended or not alive

    def _break_port(self, name: str, _now_s: float, values: Mapping[str, object]) -> None:
        if values:
            raise ValueError(f"takes no values, not {', '.join(values)}")
        acts = {
            "unplug_pump": self._pump.unplug,
            "unplug_pressure": self._pressure.unplug,
            "freeze_button": self._button.freeze,
            "drop_button": self._button.drop,
        }
        acts[name]()

    def _mend_port(self, name: str, _now_s: float) -> None:
        acts = {
            "unplug_pump": self._pump.plug,
            "unplug_pressure": self._pressure.plug,
            "freeze_button": self._button.thaw,
        }
        if name in acts:
            acts[name]()


def serve(options: ServerOptions, out: TextIO) -> int:
    """Serves until told to end: SIGTERM, SIGINT, {"do": "quit"}, or the end of the lifeline. Returns the exit status.

    out: gets the addresses.
    """
    server = Server(options, lambda: time.clock_gettime(time.CLOCK_BOOTTIME))

    def end(_number: int, _frame: FrameType | None) -> None:
        server.ended = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    # A device keeps its time whatever the computer beside it is doing; below the host's own priority, where it is permitted.
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REALTIME_PRIORITY))
    try:
        out.write(json.dumps(server.addresses) + "\n")
        out.flush()
        # what exists by now stays; without this the collector would look through all of it again and again
        gc.collect()
        gc.freeze()
        server.start_clock()
        while not server.ended:
            server.turn()
    finally:
        server.close()
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 0 ended as told, 1 could not go on, 2 wrong options."""
    try:
        return serve_as_told(argv)
    except (OptionsError, ScenarioError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def serve_as_told(argv: Sequence[str] | None) -> int:
    """As main, but raises OptionsError, ScenarioError: then nothing was served."""
    arguments = _parser().parse_args(argv)
    try:
        options = _options(arguments)
        out = sys.stdout
        # What a plant prints is not the addresses, and nobody may be reading any more: a full pipe would hold the bench up.
        with _uncompiled(), contextlib.redirect_stdout(sys.stderr):
            return serve(options, out)
    except (HeldUpError, PlantError, BrokenPipeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


@contextlib.contextmanager
def _uncompiled() -> Iterator[None]:
    """In real time the plant has all the time it needs, and the bench starts a second or two sooner without a compiler."""
    before = os.environ.get(_NO_COMPILER)
    os.environ.setdefault(_NO_COMPILER, "1")
    try:
        yield
    finally:  # whoever called this as a function may want one afterwards
        if before is None:
            del os.environ[_NO_COMPILER]


def _options(arguments: argparse.Namespace) -> ServerOptions:
    scenario = load_scenario(arguments.scenario) if arguments.scenario else None
    settings = {**(scenario.bench if scenario else {}), **parse_settings(arguments.set)}
    if arguments.lifeline_fd is not None:
        try:
            os.fstat(arguments.lifeline_fd)
        except (OSError, OverflowError):
            raise OptionsError(f"--lifeline-fd {arguments.lifeline_fd}: no such descriptor is open") from None
    bench = BenchOptions(settings=settings, seed=arguments.seed, index=arguments.index, plant=arguments.plant)
    return ServerOptions(bench=bench, scenario=scenario, lifeline_fd=arguments.lifeline_fd)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulators.server", description="The simulated bench in real time.")
    parser.add_argument("--scenario", metavar="NAME|PATH", help="what happens, and when")
    parser.add_argument("--plant", metavar="MODULE:FACTORY", default=DEFAULT_PLANT, help="another line and patient")
    parser.add_argument("--seed", type=int, default=0, help="of everything random (default 0)")
    parser.add_argument("--index", type=int, default=0, help="which of the patients of this seed (default 0)")
    parser.add_argument("--lifeline-fd", type=int, metavar="N", help="end when this descriptor reaches end of file")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a physical option; repeatable")
    return parser


if __name__ == "__main__":
    sys.exit(main())
