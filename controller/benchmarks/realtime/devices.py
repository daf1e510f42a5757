"""The devices of a staged trial, as a process of their own: they bring the cause about, and see when the stop has come.

Without the pace of a wire nothing but the answer of the host is measured; with it, also what the line was busy with, and how far
the plunger went on.
"""

import contextlib
import json
import os
import random
import select
import struct
import time
from dataclasses import asdict, dataclass, replace
from typing import Final, Literal, Self

from controller.benchmarks.realtime.host import TIME, Attendants
from drivers.keller33x.codec import Function
from simulators.bench import STEP_S, SimulatedBench
from simulators.ports import Terminal

PRIORITY: Final = 40
SOON_NS: Final = 400_000_000
"""Between the word that the host is ready and its first cycle. Forking and locking 100 MB leaves the system with work: with 5 ms
in place of this the reply came up to 2 ms late in one trial of a hundred, and to a program that is small never."""
READY_S: Final = 10.0
STOP_WITHIN_S: Final = 1.0
STILL_S: Final = 0.1
_REPLY_BYTES: Final = 9
_BAUD: Final = 19200
BYTE_S: Final = 10.0 / _BAUD


Kind = Literal["pressure", "button", "operator"]


@dataclass(frozen=True, slots=True)
class Cause:
    """What is to make the host stop. after_s: how long the procedure has gone on; not for a pressure, which rises by itself."""

    kind: Kind
    after_s: float = 0.0

    @classmethod
    def at_random(cls, kind: Kind, seed: int) -> Self:
        """At any moment of what is polled."""
        return cls(kind, random.Random(seed).uniform(0.02, 0.12))


@dataclass(frozen=True, slots=True)
class Trial:
    """What the devices saw, in seconds of CLOCK_BOOTTIME.

    cause_s: the reply that crosses the limit was handed to the port, the contact opened, or the operator's word was sent. stop_s:
    a stop had been written, by whoever wrote it. seen_s: it had come to the other end of the terminal, where the system's own
    workers bring it. stop, poll: the frames of the stop, and of the newest question before it.
    On paced wires also rest_s: what was still to be sent when the stop came; sent_s: its last byte had left; still_s: from then
    on the plunger has stood still. Without them 0.
    """

    cause_s: float
    stop_s: float
    seen_s: float
    stop: str
    poll: str
    rest_s: float = 0.0
    sent_s: float = 0.0
    still_s: float = 0.0

    @classmethod
    def told(cls, data: bytes) -> Self | None:
        """What the devices have told, if they did."""
        return cls(**json.loads(data)) if data else None

    @property
    def latency_ms(self) -> float:
        """From the cause to the stop that has been written."""
        return (self.stop_s - self.cause_s) * 1000.0

    @property
    def seen_ms(self) -> float:
        """From the cause to the stop at the other end."""
        return (self.seen_s - self.cause_s) * 1000.0


class Devices:
    """Both sides of the terminals are forked from here; `run` is the devices' side."""

    def __init__(
        self, bench: SimulatedBench, pump: Terminal, pressure: Terminal, *, paced: bool, limit_bar: float, now_s: float
    ) -> None:
        self._bench = bench
        self._pump = pump
        self._pressure = pressure
        self._paced = paced
        self._limit_bar = limit_bar
        self._at_s = now_s
        self._began_ns = 0
        self._poll = b""
        self._busy_until_s = 0.0  # when the pump's line has sent what it was given, in the bench's time
        self._busy_at_stop_s = 0.0  # the same in CLOCK_BOOTTIME, when the stop came

    def begin(self, ready: int) -> int:
        """For the host, when it is ready: tells that, and returns when the procedure began, in ns of CLOCK_BOOTTIME."""
        began_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) + SOON_NS - round(self._at_s * 1e9)
        os.write(ready, TIME.pack(began_ns))
        return began_ns

    def run(self, cause: Cause, attendants: Attendants, ready: int, written: int, tell: int) -> None:
        """The bench in real time, until a stop has come. ready, written: where the host tells; tell: where all of it is told."""
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
        if not select.select([ready], [], [], READY_S)[0]:
            return
        (self._began_ns,) = TIME.unpack(os.read(ready, TIME.size))
        time.sleep(max(0.0, self._at_s - self._since_s()))
        trial = self._until_the_cause(cause, attendants)
        if trial is not None and select.select([written], [], [], STOP_WITHIN_S)[0]:
            (stop_ns,) = TIME.unpack(os.read(written, TIME.size))
            if stop_ns:  # a host of another make does not say
                trial = self._as_written(trial, stop_ns / 1e9)
            os.write(tell, json.dumps(asdict(trial)).encode())

    def _as_written(self, trial: Trial, stop_s: float) -> Trial:
        """The same by the time of whoever wrote the stop: a serial port sends from then on, and has no worker in between."""
        if not self._paced:
            return replace(trial, stop_s=stop_s)
        rest_s = max(0.0, self._busy_at_stop_s - stop_s)
        sent_s = stop_s + rest_s + len(bytes.fromhex(trial.stop)) * BYTE_S
        return replace(trial, stop_s=stop_s, rest_s=rest_s, sent_s=sent_s)

    def _until_the_cause(self, cause: Cause, attendants: Attendants) -> Trial | None:
        bench, pump, pressure = self._bench, self._pump, self._pressure
        ports = [port for each in (pump, pressure) if (port := each.fileno()) is not None]
        due_s = self._at_s + cause.after_s if cause.kind != "pressure" else float("inf")
        while True:
            wait_s = min(bench.now_s + STEP_S, due_s) - self._since_s()
            select.select(ports, [], [], max(0.0, wait_s))
            now_s = self._since_s()
            asked = pump.read()
            if b"STP" in asked:
                return None  # before there was a cause
            bench.advance(now_s)
            self._hear(asked, now_s)
            pump.write(bench.pump_wire.fetch(now_s) if self._paced else bench.pump.transmit(now_s))
            reply = bench.pressure_wire.fetch(now_s) if self._paced else bench.pressure.transmit(now_s)
            if cause.kind == "pressure" and self._crosses(reply):
                cause_s = _now_s()
                pressure.write(reply)
                return self._await_stop(cause_s)
            pressure.write(reply)
            asked = pressure.read()
            if asked:
                (bench.pressure_wire.write if self._paced else bench.pressure.receive)(asked, now_s)
            if now_s >= due_s:
                cause_s = _now_s()
                attendants.bring_about(cause.kind)
                return self._await_stop(cause_s)

    def _hear(self, asked: bytes, now_s: float) -> None:
        """What the host has told the pump."""
        if not asked:
            return
        self._poll = asked
        self._busy_until_s = max(now_s, self._busy_until_s) + len(asked) * BYTE_S
        (self._bench.pump_wire.write if self._paced else self._bench.pump.receive)(asked, now_s)

    def _crosses(self, reply: bytes) -> bool:
        if len(reply) != _REPLY_BYTES or reply[1] != Function.READ_CHANNEL:
            return False
        return bool(struct.unpack_from(">f", reply, 2)[0] >= self._limit_bar)

    def _await_stop(self, cause_s: float) -> Trial | None:
        """When a stop has come; unpaced nothing else is done meanwhile, so that nothing else is measured."""
        until_s = _now_s() + STOP_WITHIN_S
        ports = [port for port in (self._pump.fileno(),) if port is not None]
        while (left_s := until_s - _now_s()) > 0.0:
            select.select(ports, [], [], min(left_s, STEP_S) if self._paced else left_s)
            at_s = _now_s()
            came = self._pump.read()
            if b"STP" in came:
                break
            if self._paced:
                self._go_on(came)
        else:
            return None
        if not self._paced:
            return Trial(cause_s, at_s, at_s, came.hex(), self._poll.hex())
        self._busy_at_stop_s = self._began_ns / 1e9 + self._busy_until_s
        rest_s = max(0.0, self._busy_at_stop_s - at_s)
        sent_s = at_s + rest_s + len(came) * BYTE_S
        stop, poll = came.hex(), self._poll.hex()
        self._go_on(came)
        return Trial(cause_s, at_s, at_s, stop, poll, rest_s, sent_s, self._until_it_stands())

    def _until_it_stands(self) -> float:
        """Goes on until the plunger has not moved for a while: since when."""
        ports = [port for each in (self._pump, self._pressure) if (port := each.fileno()) is not None]
        until_s = self._since_s() + STOP_WITHIN_S
        while self._bench.rest_s < STILL_S and self._since_s() < until_s:
            select.select(ports, [], [], STEP_S)
            self._go_on(self._pump.read())
        return self._began_ns / 1e9 + self._bench.now_s - self._bench.rest_s

    def _go_on(self, asked: bytes) -> None:
        """One more step of a bench with wires."""
        bench, now_s = self._bench, self._since_s()
        bench.advance(now_s)
        self._hear(asked, now_s)
        self._pump.write(bench.pump_wire.fetch(now_s))
        self._pressure.write(bench.pressure_wire.fetch(now_s))
        if to_transmitter := self._pressure.read():
            bench.pressure_wire.write(to_transmitter, now_s)

    def _since_s(self) -> float:
        return (time.clock_gettime_ns(time.CLOCK_BOOTTIME) - self._began_ns) / 1e9


def _now_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
