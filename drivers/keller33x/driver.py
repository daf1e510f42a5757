"""KELLER 33X and 35X pressure transmitters on a KELLER bus (RS-485), read by F73. Nothing is ever written to the device.

How a pressure gets its age. A reply to F73 does not say which request it answers. A reply that comes after its time-out
must therefore not pass for the answer to the next request: the pressure would look younger than it is. So an F73 that
is not answered in time is followed by F69 (serial number) and not by another F73, until nothing older can be under way.
What makes that certain is that a transmitter answers in order. The driver keeps a list of every request that may still
be answered, and takes a reply for the answer to the oldest one of its kind in it; then all that was asked before that
one is settled too. A reply may belong to a younger request than that, never to an older one: so no sample is ever given
out with less than its true age. As a by-product the serial number is compared again after every disturbance of the line.
"""

import math
from dataclasses import dataclass
from enum import Enum

from drivers.driver import NEVER_S
from drivers.keller33x.codec import (
    CHANNEL_P1,
    EXCEPTION_NOT_INITIALISED,
    SAMPLE_BYTES,
    ChannelValue,
    Function,
    Initialised,
    Refused,
    Reply,
    ReplyParser,
    Request,
    SerialNumber,
    initialise,
    read_channel,
    read_serial_number,
)
from drivers.keller33x.handshake import LIMIT_S, REPLY_TIMEOUT_S, Handshake
from drivers.keller33x.monitors import KPA_PER_BAR, Finding, Monitor, RateMonitor, SampleMonitors
from drivers.keller33x.settings import Keller33xSettings
from drivers.pressure import PressureConnected, PressureFault, PressureRejected, PressureSample

__all__ = ["Keller33xDriver", "Keller33xSettings"]

LATEST_REPLY_S = 1.0
"""A reply that has not come by then never will: a hundred times what a transmitter or an adapter takes."""


class _Phase(Enum):
    IDLE = "idle"
    CONNECTING = "connecting"
    SAMPLING = "sampling"


@dataclass(frozen=True, slots=True)
class _Outstanding:
    request: Request
    sent_s: float
    timeout_at_s: float


class Keller33xDriver:
    """A PressureDriver. Never raises on what arrives; its observations are those of drivers.pressure, and DeviceProblem."""

    def __init__(self, settings: Keller33xSettings) -> None:
        self._settings = settings
        self._phase = _Phase.IDLE
        self._parser = ReplyParser(settings.address)
        self._outstanding: _Outstanding | None = None
        self._observations: list[object] = []
        # Connecting.
        self._handshake = Handshake(settings)
        self._connect_from_s = self._connect_until_s = 0.0
        # Sampling. The schedule is _sampling_from_s + n * period, without drift; _slot is the next n.
        self._sample_request = read_channel(settings.address, CHANNEL_P1)
        self._monitors = SampleMonitors(settings)
        self._rate = RateMonitor(settings.sample_hz)
        self._serial_number = 0
        self._sampling_from_s = 0.0
        self._slot = 0
        self._slot_due_s = NEVER_S  # when it begins; never but while sampling
        self._slot_open = False
        # Every request that may still be answered, oldest first, those of connecting included.
        self._in_flight: list[_Outstanding] = []
        self._initialise_first = False
        self._compare_first = False
        self._corrupt_in_a_row = 0
        self._silent = False
        self._reported: set[Monitor] = set()

    @property
    def echo(self) -> bool | None:
        """Whether the line echoes what is sent; None before it is known."""
        return self._parser.echo

    @property
    def awaits_answer(self) -> bool:
        """See PressureDriver."""
        return self._outstanding is not None

    def connect(self, now_s: float) -> None:
        """See PressureDriver. Also from any other state: what was learned of the noise is forgotten. Takes at most LIMIT_S."""
        self._phase = _Phase.CONNECTING
        self._slot_due_s = NEVER_S
        self._parser = ReplyParser(self._settings.address)
        self._outstanding = None
        self._observations.clear()
        self._handshake = Handshake(self._settings)
        self._connect_from_s = now_s
        self._connect_until_s = now_s + LIMIT_S

    def learn_noise(self, samples_kpa: list[float]) -> str:
        """See PressureDriver. Until then the frozen-sensor monitor is off. Raises ValueError."""
        return self._monitors.learn_noise(samples_kpa)

    def exceeds(self, data: bytes, limit_kpa: float, zero_kpa: float) -> bool:
        """See PressureDriver. The value first: nearly always it is low, and that is all there is to it."""
        if len(data) != SAMPLE_BYTES or len(self._in_flight) != 1 or self._in_flight[0] is not self._outstanding:
            return False
        reply = self._parser.glance(data)
        # In the very steps in which the core will compute it: a last digit that differs would be a stop without a cause.
        if reply is None or not reply.value * KPA_PER_BAR - zero_kpa >= limit_kpa or self._phase is not _Phase.SAMPLING:
            return False
        return self._monitors.is_ordinary(reply) and self._parser.is_sample(data)

    def receive(self, data: bytes, now_s: float) -> list[object]:
        """See ByteDriver. What has arrived is looked at before any time-out: a late host must not make a reply late."""
        if data:
            for reply in self._parser.feed(data):
                if self._phase is _Phase.CONNECTING:
                    self._connect_answer(reply, now_s)
                elif self._phase is _Phase.SAMPLING:
                    self._sampling_answer(reply)
        if self._outstanding is not None and now_s >= self._outstanding.timeout_at_s:
            self._no_answer()
        if self._phase is _Phase.CONNECTING and now_s >= self._connect_until_s:
            self._end_connecting(self._handshake.give_up())
        if now_s >= self._slot_due_s:
            self._pass_slots(now_s)
        if not self._observations:
            return []
        observations, self._observations = self._observations, []
        return observations

    def transmit(self, now_s: float) -> bytes:
        """See ByteDriver. One request at a time, and while sampling at most one per slot of the schedule."""
        if now_s >= self._slot_due_s:
            self._pass_slots(now_s)
        if self._outstanding is not None:
            return b""
        if self._phase is _Phase.CONNECTING:
            return self._send(self._handshake.request, REPLY_TIMEOUT_S, now_s)
        if self._phase is _Phase.SAMPLING and self._slot_open:
            # Slots that have passed meanwhile are not made up for: one request, and the next one at its own time.
            self._slot_open = False
            return self._send(self._next_request(), self._settings.reply_timeout_s, now_s)
        return b""

    def next_deadline_s(self) -> float:
        """See ByteDriver: the next time-out, slot of the sample schedule, or end of connecting."""
        if self._phase is _Phase.IDLE:
            return NEVER_S
        if self._observations:
            return self._sampling_from_s  # something waits to be fetched: at once
        if self._phase is _Phase.CONNECTING:
            if self._outstanding is None:
                return self._connect_from_s
            return min(self._outstanding.timeout_at_s, self._connect_until_s)
        deadline_s = self._slot_due_s
        if self._outstanding is not None:
            deadline_s = min(deadline_s, self._outstanding.timeout_at_s)
        elif self._slot_open:
            deadline_s = self._sampling_from_s
        return deadline_s

    def _send(self, request: Request, timeout_s: float, now_s: float) -> bytes:
        self._outstanding = sent = _Outstanding(request, now_s, now_s + timeout_s)
        self._in_flight = [earlier for earlier in self._in_flight if now_s - earlier.sent_s < LATEST_REPLY_S]
        self._in_flight.append(sent)
        self._parser.expect(request)
        return request.frame

    # Connecting

    def _connect_answer(self, reply: Reply, now_s: float) -> None:
        if self._outstanding is None:
            return  # nothing is asked: a doubled or very late reply
        asked = self._handshake.request
        result = self._handshake.answer(reply)
        if result is not None:
            self._end_connecting(result)
        elif self._handshake.request != asked:
            self._outstanding = None
        if isinstance(result, PressureConnected):
            self._begin_sampling(result, now_s)

    def _end_connecting(self, result: object) -> None:
        self._observations.append(result)
        self._outstanding = None
        self._phase = _Phase.IDLE
        self._slot_due_s = NEVER_S

    def _begin_sampling(self, connected: PressureConnected, now_s: float) -> None:
        self._phase = _Phase.SAMPLING
        self._monitors = SampleMonitors(self._settings, connected.range_min_kpa, connected.range_max_kpa)
        self._rate = RateMonitor(self._settings.sample_hz)
        self._serial_number = connected.serial_number
        # On whole periods of the clock: what else is read on a steady grid is then read in the same turn of the host.
        self._sampling_from_s = math.ceil(now_s * self._settings.sample_hz) * self._settings.period_s
        self._slot = 0
        self._slot_due_s = self._slot_s(0)
        self._slot_open = False
        self._initialise_first = False
        self._compare_first = False
        self._corrupt_in_a_row = 0
        self._silent = False
        self._reported = set()

    # Sampling

    def _slot_s(self, slot: int) -> float:
        return round(self._sampling_from_s + slot * self._settings.period_s, 6)  # free of binary dust

    def _pass_slots(self, now_s: float) -> None:
        if now_s < self._slot_due_s:
            return
        # Computed, not counted: after a suspended machine millions of slots may have passed.
        self._slot = max(self._slot + 1, int((now_s - self._sampling_from_s) * self._settings.sample_hz))
        while self._slot_s(self._slot) <= now_s:
            self._slot += 1
        self._slot_due_s = self._slot_s(self._slot)
        self._slot_open = True
        self._report(self._rate.slot())

    def _next_request(self) -> Request:
        if self._initialise_first:
            return initialise(self._settings.address)
        if self._compare_first or any(sent.request.function is Function.READ_CHANNEL for sent in self._in_flight):
            return read_serial_number(self._settings.address)
        return self._sample_request

    def _settle(self, function: Function) -> _Outstanding | None:
        """The oldest request of this kind that may still be answered; it and all before it are settled by a reply to it."""
        for index, sent in enumerate(self._in_flight):
            if sent.request.function is function:
                del self._in_flight[: index + 1]
                if self._outstanding is not None and self._outstanding.request.function is function:
                    self._outstanding = None
                return sent
        return None

    def _sampling_answer(self, reply: Reply) -> None:
        if isinstance(reply, ChannelValue):
            self._sample(reply)
        elif isinstance(reply, Refused):
            self._refused(reply)
        elif isinstance(reply, SerialNumber):
            if self._settle(Function.READ_SERIAL_NUMBER) is not None:
                self._compare_first = False
                self._compare(reply.number)
        elif isinstance(reply, Initialised) and self._settle(Function.INITIALISE) is not None:
            self._initialise_first = False

    def _sample(self, reply: ChannelValue) -> None:
        asked = self._settle(Function.READ_CHANNEL)
        if asked is None:
            # Nobody asked. A line that doubles replies may from here on be one ahead of the questions: get in step again.
            self._compare_first = True
            return
        judged = self._monitors.judge(reply, asked.sent_s)
        if isinstance(judged, Finding):
            self._report(judged)
            return
        self._rate.valid_sample()
        self._corrupt_in_a_row = 0
        self._silent = False
        self._reported.clear()
        self._observations.append(PressureSample(judged, asked.sent_s))

    def _compare(self, serial_number: int) -> None:
        if serial_number != self._serial_number:
            text = f"the transmitter answers with serial number {serial_number}, connected was {self._serial_number}"
            self._report(Finding(Monitor.IDENTITY, text))

    def _refused(self, refused: Refused) -> None:
        self._settle(refused.function)
        if refused.code == EXCEPTION_NOT_INITIALISED:
            # Said before anything is repaired. The pressure is worth recording all the same, so it is initialised again,
            # and the serial number is compared: while the supply was off the transmitter may have been changed.
            self._report(Finding(Monitor.SUPPLY, "the transmitter is not initialised any more: its supply was interrupted"))
            self._initialise_first = self._compare_first = True
        else:
            text = f"the transmitter refuses function F{refused.function.value} with exception {refused.code}"
            self._report(Finding(Monitor.REFUSED, f"{text} ({refused.meaning})"))

    def _no_answer(self) -> None:
        self._outstanding = None
        corrupt = self._parser.unexplained_bytes > 0
        if self._phase is _Phase.CONNECTING:
            problem = self._handshake.no_answer(echo_seen=self._parser.echo_seen, corrupt=corrupt)
            if problem is not None:
                self._end_connecting(problem)
            return
        if not corrupt:
            # Silence is judged by the age of the newest sample and by the rate; here only its begin is put on record.
            if not self._silent:
                self._report(Finding(Monitor.FORMAT, "no answer to a request in time", fault=False))
            self._silent = True
            return
        self._corrupt_in_a_row += 1
        text = f"an answer that can not be read ({self._parser.unexplained_bytes} bytes without a valid frame)"
        again = self._corrupt_in_a_row > 1
        self._report(Finding(Monitor.FORMAT, f"{text}, {self._corrupt_in_a_row} in a row" if again else text, fault=again))

    def _report(self, finding: Finding | None) -> None:
        if finding is None or finding.monitor in self._reported:
            return
        if finding.fault:
            self._reported.add(finding.monitor)
            self._observations.append(PressureFault(finding.text))
        else:
            self._observations.append(PressureRejected(finding.text))
