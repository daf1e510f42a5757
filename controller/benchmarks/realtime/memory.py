"""How much the control process grows while it waits, armed, for a word that does not come: a day of it, in virtual time.

Loop, station, drivers and core are those of a procedure, without garbage collection, as then. So are the clients of recorder and
display, with a process each at their other end; that of the recorder takes entries and says that they are safe, and has no disk,
because a day would fill it. Time waits for it: a virtual day is over in minutes, and no recorder is that fast.

No procedure may wait so long: after ten minutes its zero and its prime check are too old. Here they are made young again.
"""

import contextlib
import gc
import os
import resource
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from controller.benchmarks.realtime.host import Attendants, Forked, forked
from controller.benchmarks.realtime.rows import NO_TIMES
from controller.core.states import State
from controller.record.client import BUFFER_BYTES, RecorderClient
from controller.record.wire import LineReader, encode_line
from controller.settings import load_profile
from controller.virtual.building import bench_options
from controller.virtual.procedure import NotEndedError, VirtualProcedure
from controller.virtual.world import WorldEnded
from simulators.bench import SimulatedBench

LIMIT_KIB: Final = 1024.0
SETTLED_S: Final = 600.0
"""Armed for so long, everything that is bounded has its size: samples kept, buffers, queues."""
ARMED_WITHIN_S: Final = 600.0
LOOK_S: Final = 60.0
BEHIND_S: Final = 0.5
_LAST_QUESTION: Final = "next_increment"
_PATIENCE_S: Final = 30.0

Say = Callable[[str], object]


def measure_memory(hours: float, say: Say = lambda _: None) -> list[dict[str, Any]]:
    """One row, with hours, start_mib, grown_kib over all of them, and per_day_kib.

    Raises RuntimeError where the procedure does not wait: it was never armed, or has ended.
    """
    loaded = load_profile("sim", {"injection.advance": ("confirm", "bench memory")})
    bench = SimulatedBench(bench_options(loaded))
    with Attendants(None, display=True) as attendants, _slow_enough() as recorder:
        display = attendants.screen()
        procedure = VirtualProcedure(loaded, bench, screens=[("operator", _ArmsAndWaits()), ("display", display)])
        procedure.go_on_in(procedure.world, recorder, [("operator", _ArmsAndWaits()), ("display", display)])
        look = _Look(procedure, hours, say)
        procedure.world.before_wait.append(look)
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            with contextlib.suppress(NotEndedError):  # as it has to be
                procedure.run(limit_s=ARMED_WITHIN_S + SETTLED_S + hours * 3600.0)
        finally:
            gc.enable()
            gc.unfreeze()
    if look.grown_kib is None or recorder.trouble is not None:
        raise RuntimeError(f"the procedure did not wait to the end: {procedure.outcome}, {recorder.trouble}")
    per_day_kib = look.grown_kib * 24.0 / hours
    ratio = per_day_kib / LIMIT_KIB
    row = {
        "name": "armed and idle", "hours": hours, "start_mib": round(look.start_kib / 1024.0, 1),
        "grown_kib": round(look.grown_kib, 1), "per_day_kib": round(per_day_kib, 1),
        "reference": "1 MiB a day", "ratio": round(ratio, 3), "limit": 1.0, "ok": ratio < 1.0,
    }  # fmt: skip
    return [NO_TIMES | row]


class _Look:
    """Looks at the size of this process at the end of a cycle, when it is time, and ends the waiting."""

    def __init__(self, procedure: VirtualProcedure, hours: float, say: Say) -> None:
        self._procedure = procedure
        self._for_s = hours * 3600.0
        self._say = say
        self._from_s: float | None = None
        self._next_s = 0.0
        self.start_kib = 0.0
        self.grown_kib: float | None = None

    def __call__(self) -> None:
        now_s = self._procedure.now_s
        if now_s < self._next_s:
            return
        self._next_s = now_s + LOOK_S
        core = self._procedure.station.core
        if core.desk.state is not State.ARMED:
            return
        core.desk.view.pressure.zeroed_s = now_s
        if core._injection is not None:
            core._injection._primed_s = now_s
        if self._from_s is None:
            self._from_s = now_s + SETTLED_S
        if now_s < self._from_s:
            return
        size_kib = _resident_kib()
        if not self.start_kib:
            self.start_kib, self._from_s = size_kib, now_s
        grown_kib, waited_s = size_kib - self.start_kib, now_s - self._from_s
        if round(waited_s) % 3600 < LOOK_S:
            self._say(f"{waited_s / 3600.0:.1f} h: {grown_kib:+.0f} KiB")
        if waited_s >= self._for_s:
            self.grown_kib = grown_kib
            raise WorldEnded("waited long enough")


class _ArmsAndWaits:
    """An operator who answers every question but the last."""

    looks = True

    def __init__(self) -> None:
        self._said: list[dict[str, object]] = []
        self._answered = ""

    def fileno(self) -> int | None:
        return None

    def send(self, message: dict[str, object]) -> bool:
        question = message.get("question")
        if isinstance(question, dict) and question["id"] not in (_LAST_QUESTION, self._answered):
            self._answered = question["id"]
            self._said.append({"operator": "confirm", "question": question["id"], "typed": question["typed"] or ""})
        return True

    def mend(self, *, may_start: bool) -> str | None:  # noqa: ARG002 - as other screens
        return None

    def receive(self) -> Sequence[Mapping[str, object]]:
        said, self._said = self._said, []
        return said


class _SlowEnough(RecorderClient):
    """Virtual time waits until what happened in it is safe."""

    def pump(self, now_s: float) -> None:
        super().pump(now_s)
        until_s = time.monotonic() + _PATIENCE_S
        while self.oldest_unacked_age_s(now_s) > BEHIND_S and self.trouble is None and time.monotonic() < until_s:
            select.select([descriptor for descriptor in (self.fileno(),) if descriptor is not None], [], [], 0.1)
            super().pump(now_s)


@contextlib.contextmanager
def _slow_enough() -> Iterator[RecorderClient]:
    ours, theirs = socket.socketpair()
    child = forked(lambda: _say_safe(theirs), keeps=(theirs.fileno(),))
    theirs.close()
    ours.setblocking(False)
    recorder = _SlowEnough(Path("nowhere"), ours, cast("subprocess.Popen[bytes]", Forked(child)), BUFFER_BYTES)
    try:
        yield recorder
    finally:
        recorder.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _say_safe(connection: socket.socket) -> None:
    """The other end of the recorder's client: every entry is safe as soon as it has come."""
    lines = LineReader()
    while data := connection.recv(1 << 18):
        found = lines.feed(data)
        if found:
            seq = int(found[-1][1 : found[-1].index(b",")])
            connection.sendall(encode_line({"durable": seq}))


def _resident_kib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024.0
