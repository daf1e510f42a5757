"""A pump driver without a pump's protocol (drivers.pump.PumpDriver): the same requests, and the same observations as late.

Requests are scripts, as in the driver of the real pump: each yields the time at which the next reply is in.
"""

from collections.abc import Generator

from controller.virtual.direct.latencies import (
    COMMAND_S,
    CONNECT_S,
    POLL_S,
    PREPARE_AFTER_STOP_S,
    PREPARE_S,
    RELEASE_S,
    RUN_S,
    STOP_SAID_S,
    STOP_SEEN_S,
)
from controller.virtual.direct.motor import Motor
from drivers.driver import NEVER_S
from drivers.ne1000.codec import format_number
from drivers.pump import (
    Motion,
    PumpAlarm,
    PumpAlarmed,
    PumpConnected,
    PumpHeard,
    PumpIdle,
    PumpPrepared,
    PumpReading,
    PumpRefused,
    PumpReleased,
    PumpStatus,
    PumpStopped,
)

Script = Generator[float, None, None]

HEARD, IDLE = PumpHeard(), PumpIdle()
_STATUS = {"I": PumpStatus.INFUSING, "W": PumpStatus.WITHDRAWING, "S": PumpStatus.STOPPED, "P": PumpStatus.PAUSED}


class DirectPump:
    """Orders the motor of a DirectBench. One request at a time; a stop breaks off any of them, as with the real driver."""

    def __init__(self, motor: Motor, *, obeys_trigger: bool) -> None:
        self._motor = motor
        self._obeys_trigger = obeys_trigger
        self._script: Script | None = None
        self._due_s = NEVER_S
        self._answered_s = 0.0  # until then the pump is at its last reply, and would lose a command
        self._seen_stopped = False  # and nothing has been told to move since
        self._found: list[object] = []

    # -- requests --------------------------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """See PumpDriver."""
        return self._script is not None

    def connect(self, now_s: float) -> None:
        """See PumpDriver."""
        self._begin(self._connect(now_s))

    def prepare(self, motion: Motion, now_s: float) -> None:
        """See PumpDriver. Raises ValueError for what the real pump could not be told exactly."""
        format_number(motion.volume_ul)
        format_number(motion.rate_ul_min)
        self._begin(self._prepare(motion, now_s))

    def run(self, now_s: float) -> None:
        """See PumpDriver."""
        self._seen_stopped = False
        self._begin(self._run(now_s))

    def poll(self, now_s: float) -> None:
        """See PumpDriver."""
        self._begin(self._poll(now_s))

    @property
    def stop_frame(self) -> bytes:
        """See PumpDriver: there are no frames."""
        return b""

    def stop(self, now_s: float, *, said: bool = False) -> None:  # noqa: ARG002 - there is nothing to say
        """See PumpDriver. Said while the pump replies, the first STP is lost, and the next one follows the reply."""
        self._script, self._seen_stopped = None, False
        self._begin(self._stop(now_s))

    def release(self, now_s: float) -> None:
        """See PumpDriver."""
        self._begin(self._release(now_s))

    # -- bytes, which there are none of ------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> list[object]:  # noqa: ARG002 - part of the interface
        """See ByteDriver: only time passes."""
        if self._motor.stalled:
            self._motor.stalled = False
            self._found += (HEARD, PumpAlarmed(PumpAlarm.STALL))
        elif now_s < self._due_s and not self._found:
            return []
        while now_s >= self._due_s:
            self._step()
        found, self._found = self._found, []
        return found

    def transmit(self, now_s: float) -> bytes:  # noqa: ARG002 - part of the interface
        """See ByteDriver."""
        return b""

    def next_deadline_s(self) -> float:
        """See ByteDriver."""
        return self._due_s

    # -- scripts ---------------------------------------------------------------------------------------------------------------

    def _begin(self, script: Script) -> None:
        if self._script is not None:
            raise RuntimeError("the pump was given a request while another is under way")
        self._script = script
        self._step()

    def _step(self) -> None:
        script = self._script
        if script is None:
            self._due_s = NEVER_S
            return
        try:
            self._due_s = next(script)
        except StopIteration:
            self._script, self._due_s = None, NEVER_S
            self._found.append(IDLE)

    def _replies(self, began_s: float, after_s: tuple[float, ...]) -> Script:
        """Waits for one reply after the other."""
        for reply_s in after_s:
            self._answered_s = began_s + reply_s
            yield self._answered_s
            self._found.append(HEARD)

    def _connect(self, now_s: float) -> Script:
        yield from self._replies(now_s, CONNECT_S)
        self._motor.obeys_trigger = self._obeys_trigger
        self._found.append(PumpConnected(model="NE-1000", firmware="3.928"))

    def _prepare(self, motion: Motion, now_s: float) -> Script:
        yield from self._replies(now_s, PREPARE_AFTER_STOP_S if self._seen_stopped else PREPARE_S)
        if self._motor.status != "S":
            status = _STATUS[self._motor.status].value
            self._found.append(PumpRefused(f"the pump is to be programmed, but is not stopped: {status}"))
            return
        self._motor.program(motion)
        self._found.append(PumpPrepared(motion))

    def _run(self, now_s: float) -> Script:
        started = self._motor.run(now_s + COMMAND_S)
        yield from self._replies(now_s, (RUN_S,))
        if not started:
            self._found.append(PumpRefused("the pump did not start: not applicable now"))

    def _poll(self, now_s: float) -> Script:
        self._answered_s = now_s + POLL_S
        yield now_s + COMMAND_S
        reading = self._reading()
        yield self._answered_s
        self._found += (HEARD, reading)

    def _stop(self, now_s: float) -> Script:
        if self._answered_s > now_s:
            yield self._answered_s
            self._found.append(HEARD)
        said_s = max(now_s, self._answered_s)
        self._motor.stop(said_s + COMMAND_S)
        yield from self._replies(said_s, STOP_SAID_S)
        for seen_s in STOP_SEEN_S:
            yield from self._replies(said_s, (seen_s,))
            reading = self._reading()
            self._found.append(reading)
        self._seen_stopped = reading.status is PumpStatus.STOPPED
        self._found.append(PumpStopped(reading.infused_ul, reading.withdrawn_ul))

    def _release(self, now_s: float) -> Script:
        yield from self._replies(now_s, RELEASE_S)
        self._motor.obeys_trigger = False
        self._found.append(PumpReleased())

    def _reading(self) -> PumpReading:
        infused_ul, withdrawn_ul = self._motor.counted_ul()
        return PumpReading(_STATUS[self._motor.status], _shown_ul(infused_ul), _shown_ul(withdrawn_ul))


def _shown_ul(counted_ul: float) -> float:
    """As a pump of four digits says it: three of them behind the point at most."""
    return round(counted_ul, 3 if counted_ul < 10.0 else 2 if counted_ul < 100.0 else 1)
