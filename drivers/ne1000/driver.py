"""New Era NE-1000: the driver. Requests are scripts of exchanges (one command, one reply); a stop breaks off any of them.

Source: New Era Pump Systems, NE-1000 series user manual. The driver is safe under every reading of what the manual leaves
open: it never resumes a paused motion, never trusts the status in the reply to RUN or STP, and counts a setting only after
it has read it back.

Replies carry no number, so a late one could be taken for the answer to a later command. What keeps them apart: the pump
answers in order; commands (answered by a bare status) and questions (answered by data) alternate; a reply counts only once
its command has left; and a stop does not count readings that were asked for before it.
"""

import re
from collections import deque
from collections.abc import Callable, Generator

from drivers.driver import NEVER_S, DeviceProblem
from drivers.ne1000.codec import DISPENSED, Reply, ReplyParser, encode, format_number, parse_dispensed
from drivers.ne1000.exchange import (
    ANYTHING,
    ATTEMPTS,
    DATA,
    REPLY_TIMEOUT_S,
    STATUS_ONLY,
    Exchange,
    NotDoneError,
    Script,
    ask,
    check,
    is_int,
    is_value,
    is_volume,
    read_back,
    refusal,
    say,
    set_checked,
    status_word,
    tell,
)
from drivers.ne1000.settings import STOP_TRIGGERS, Ne1000Settings
from drivers.pump import (
    Direction,
    Motion,
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

__all__ = ["Ne1000Driver", "Ne1000Settings"]

STOP_REPEAT_S = 0.040  # a stop that met a reply is lost: say it again
FIND_TIMEOUT_S = 0.150
CONNECT_S = 4.0
LATEST_REPLY_S = 0.500  # a reply later than this does not come any more
STOP_REPLIES = (2, 4)  # fewest and most answers to STP before the pump is looked at

_SAY_STOP = Exchange("STP", ANYTHING, STOP_REPEAT_S)
_VERSION = re.compile(r"NE(\d+)(X\d*)?V(\d+\.\d+)")


class Ne1000Driver:
    """Driver of one NE-1000 (drivers.pump.PumpDriver). Sans-IO; now_s is any monotonic clock in seconds."""

    def __init__(self, settings: Ne1000Settings) -> None:
        self._settings = settings
        # Spelt before anything moves, in both framings: when it is wanted there is nothing left to do but to send it.
        self._stop_frames = {safe: encode(settings.address, "STP", safe=safe) for safe in (False, True)}
        self._parser = ReplyParser()
        self._safe = True  # the framing we speak
        self._prepared = False  # a motion is programmed and was not started yet
        self._shown_ul = (0.0, 0.0)  # the pump's counters as they were last read
        self._zero_ul = (0.0, 0.0)  # what they showed when the motion was programmed
        self._seen_ul: tuple[float, float] | None = None  # what the stop saw, while nothing has been told to move since
        self._status: PumpStatus | None = None  # in the newest answer
        self._unanswered_dis_s: deque[float] = deque(maxlen=16)  # when DIS was said and has not been answered
        self._stale_dis = 0  # how many answers to DIS from before the stop may still come
        self._script: Script | None = None
        self._problem: Callable[[str], object] = PumpRefused
        self._exchange: Exchange | None = None
        self._outbox = b""
        self._reply_by_s = NEVER_S
        self._end_by_s = NEVER_S
        self._found: list[object] = []

    # -- requests ------------------------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """True while a request is under way."""
        return self._script is not None

    def connect(self, now_s: float) -> None:
        """Identify, quieten, set up, read back, watchdog on. Ends in PumpConnected or DeviceProblem within CONNECT_S."""
        self._begin(self._connect_script(), now_s, problem=lambda text: DeviceProblem("pump", text), within_s=CONNECT_S)

    def prepare(self, motion: Motion, now_s: float) -> None:
        """Program one motion and read it back. Ends in PumpPrepared or PumpRefused. Raises ValueError for inexact numbers.

        Right behind a stop it takes two thirds of the time: the stop has read status and counters twice, so that they are neither
        cleared nor asked for again, but counted from.
        """
        volume, rate = format_number(motion.volume_ul), format_number(motion.rate_ul_min)
        if float(volume) == 0 or float(rate) == 0:
            raise ValueError("a volume or rate of 0 is not sent: the pump would take the volume for 'without end'")
        self._begin(self._prepare_script(motion, volume, rate), now_s)

    def run(self, now_s: float) -> None:
        """Start the prepared motion; said once only, because a repeated RUN could run twice. Polling shows whether it runs.

        Raises RuntimeError if nothing is prepared: a RUN would then resume the rest of a motion that was stopped.
        """
        if not self._prepared:
            raise RuntimeError("the pump driver was told to run, but no motion is prepared")
        self._seen_ul = None
        self._begin(self._run_script(), now_s)

    def poll(self, now_s: float) -> None:
        """One DIS exchange: status and volume; every valid packet restarts the pump's watchdog."""
        self._begin(self._poll_script(), now_s)

    @property
    def stop_frame(self) -> bytes:
        """See PumpDriver: STP in the framing that is spoken."""
        return self._stop_frames[self._safe]

    def stop(self, now_s: float, *, said: bool = False) -> None:
        """STP at once, whatever is outstanding; repeated until the pump is seen stopped (PumpStopped). said: see PumpDriver."""
        if self._script is not None:
            self._script.close()
            self._script = None
        self._prepared, self._seen_ul = False, None
        # Readings that were asked for before this, perhaps before the motion began, may still come: they prove nothing.
        self._stale_dis = sum(now_s - asked_s < LATEST_REPLY_S for asked_s in self._unanswered_dis_s)
        self._begin(self._stop_script(), now_s)
        if said:
            self._outbox = b""

    def release(self, now_s: float) -> None:
        """Hand the stopped pump back: keypad unlocked, watchdog off. Ends in PumpReleased or PumpRefused."""
        self._begin(self._release_script(), now_s)

    # -- bytes ---------------------------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> list[object]:
        """Takes what arrived and what time it is; returns observations, oldest first."""
        if data:
            for reply in self._parser.feed(data):
                self._take(reply, now_s)
        script = self._script
        if script is not None and now_s >= self._end_by_s:
            late = NotDoneError(f"the pump answers too slowly or too seldom: not set up within {CONNECT_S:g} s")
            self._step(lambda: script.throw(late), now_s)
        elif now_s >= self._reply_by_s:
            self._advance(None, now_s)
        if not self._found:
            return []
        found, self._found = self._found, []
        return found

    def transmit(self, now_s: float) -> bytes:
        """The frame to send now, or b"". Never more than one command is outstanding, but for STP."""
        if not self._outbox:
            return b""
        frame, self._outbox = self._outbox, b""
        if self._exchange is not None and self._exchange.command == "DIS":
            self._unanswered_dis_s.append(now_s)
        return frame

    def next_deadline_s(self) -> float:
        """When the outstanding reply is given up."""
        return self._reply_by_s if self._reply_by_s < self._end_by_s else self._end_by_s

    # -- exchanges -----------------------------------------------------------------------------------------------------------

    def _begin(
        self, script: Script, now_s: float, problem: Callable[[str], object] = PumpRefused, within_s: float = NEVER_S
    ) -> None:
        if self._script is not None:
            raise RuntimeError("the pump driver was given a request while another is under way")
        self._script, self._problem, self._exchange, self._end_by_s = script, problem, None, now_s + within_s
        self._step(script.__next__, now_s)

    def _advance(self, reply: Reply | None, now_s: float) -> None:
        script = self._script
        self._status = None if reply is None else reply.status
        if script is not None:
            self._step(lambda: script.send(reply), now_s)

    def _step(self, resume: Callable[[], Exchange], now_s: float) -> None:
        """Lets the script go on to its next exchange, or to its end."""
        script = self._script
        try:
            exchange = resume()
        except StopIteration:
            exchange = None
        except NotDoneError as reason:
            exchange = None
            self._found.append(self._problem(str(reason)))
        if script is not self._script:
            return
        self._exchange = exchange
        if exchange is None:
            self._script, self._outbox = None, b""
            self._reply_by_s = self._end_by_s = NEVER_S
            self._found.append(PumpIdle())
            return
        if exchange is _SAY_STOP:
            self._outbox = self._stop_frames[self._safe]
        elif exchange.command is not None:
            self._outbox = encode(self._settings.address, exchange.command, safe=self._safe)
        self._reply_by_s = now_s + exchange.timeout_s

    def _take(self, reply: Reply, now_s: float) -> None:
        if reply.address != self._settings.address:
            return
        self._found.append(PumpHeard())
        if reply.safe:
            self._safe = True  # a pump in Safe mode understands nothing else
        if parse_dispensed(reply.data) is not None:
            if self._unanswered_dis_s:
                self._unanswered_dis_s.popleft()
            self._stale_dis = max(0, self._stale_dis - 1)
        if reply.alarm is not None:
            self._seen_ul = None  # its counters may have been lost with its power
            self._found.append(PumpAlarmed(reply.alarm))
        exchange = self._exchange
        if exchange is None or self._outbox:
            return  # nothing was asked, or what is asked has not left yet: this can not be its answer
        if reply.error is not None or reply.alarm is not None or exchange.data.fullmatch(reply.data) is not None:
            self._advance(reply, now_s)

    # -- scripts -------------------------------------------------------------------------------------------------------------

    def _connect_script(self) -> Script:
        self._parser.safe_only = self._prepared = False
        self._zero_ul, self._seen_ul = (0.0, 0.0), None
        yield from self._find()
        yield from self._quieten()
        version = yield from ask("VER", DATA, "its model and firmware")
        match = _VERSION.fullmatch(version)
        if match is None or match[1] != self._settings.model:
            raise NotDoneError(f"the pump says it is {version!r}, and the profile expects an NE-{self._settings.model}")
        yield from set_checked("PF0", "PF", is_int(0), "power-fail mode off")
        trigger = STOP_TRIGGERS[self._settings.trigger]
        yield from set_checked(f"TRG{trigger}", "TRG", trigger.__eq__, "a trigger that can only stop")
        yield from set_checked("LOC1", "LOC", is_int(1), "keypad locked")
        diameter = format_number(self._settings.diameter_mm)
        yield from set_checked(f"DIA{diameter}", "DIA", is_value(diameter), "the syringe's diameter")
        # Phase 1 is the increment, phase 2 stops: without it the pump goes on to whatever was left there.
        yield from set_checked("PHN2", "PHN", is_int(2), "phase 2 selected")
        yield from set_checked("FUNSTP", "FUN", "STP".__eq__, "phase 2 = stop")
        yield from set_checked("PHN1", "PHN", is_int(1), "phase 1 selected")
        yield from set_checked("FUNRAT", "FUN", "RAT".__eq__, "phase 1 = rate")
        yield from set_checked("VOLUL", "VOL", lambda data: data.endswith("UL"), "volumes in microlitres")
        yield from set_checked("DIRINF", "DIR", "INF".__eq__, "direction infuse")
        yield from self._watch_over()
        self._found.append(PumpConnected(model=f"NE-{match[1]}", firmware=match[3]))

    def _find(self) -> Script:
        """Which framing the pump answers. A Safe packet is understood in both modes by most firmware; bare text only in Basic.

        Bare text goes out twice: the first may be spoiled by what a pump in Basic mode has kept of the Safe packet.
        """
        for self._safe in (True, False, False, True):
            reply = yield Exchange("", ANYTHING, FIND_TIMEOUT_S)
            if reply is not None:
                return
        raise NotDoneError(
            f"no answer from a pump at address {self._settings.address}: check power, cable, and that its baud rate and "
            "address are those of the profile"
        )

    def _quieten(self) -> Script:
        """Brings the pump into S, whatever it was doing, and collects pending alarms on the way."""
        for _ in range(4 * ATTEMPTS):
            reply = yield Exchange("STP", STATUS_ONLY, REPLY_TIMEOUT_S)
            if reply is not None and reply.status is PumpStatus.STOPPED:
                return
        raise NotDoneError("the pump does not come to a stop before it is set up")

    def _watch_over(self) -> Script:
        """The pump's watchdog on, and Safe mode with it: from here on only what has a CRC counts, the read-back included."""
        watchdog_s = self._settings.watchdog_s
        yield from self._tell_mode(watchdog_s)
        self._safe = self._parser.safe_only = True
        done = False
        try:
            yield from read_back("SAF", is_int(watchdog_s), "the watchdog", f"SAF{watchdog_s}")
            done = True
        finally:
            self._parser.safe_only = done

    def _tell_mode(self, seconds: int) -> Script:
        """SAFn, in the other framing too after silence: it may have been done, and the reply lost."""
        for silent in range(2 * ATTEMPTS):
            reply = yield Exchange(f"SAF{seconds}", STATUS_ONLY, REPLY_TIMEOUT_S)
            if reply is None:
                self._change_framing(silent + 1)
            elif reply.alarm is None:
                check(reply, f"SAF{seconds}")
                return
        raise NotDoneError(f"the pump does not answer 'SAF{seconds}'")

    def _change_framing(self, silent: int) -> None:
        """After silence, where the pump's mode is not known: every third time in a Safe packet, as in _find."""
        self._safe = self._parser.safe_only or silent % 3 == 0

    def _prepare_script(self, motion: Motion, volume: str, rate: str) -> Script:
        self._prepared = False
        if self._seen_ul is None:
            yield from self._clear_counters()
        direction = "INF" if motion.direction is Direction.INFUSE else "WDR"
        for setting, query, right, what in (
            (f"VOL{volume}", "VOL", is_volume(volume), "the volume"),
            (f"RAT{rate}UM", "RAT", is_value(rate, "UM"), "the rate"),
            (f"DIR{direction}", "DIR", direction.__eq__, f"direction {motion.direction.value}"),
        ):
            yield from set_checked(setting, query, right, what)
            if self._status is not PumpStatus.STOPPED:
                # From a pause RUN would go on with an older motion.
                word = "alarm" if self._status is None else self._status.value
                raise NotDoneError(f"the pump is to be programmed, but is not stopped: {word}")
        self._zero_ul = self._seen_ul or (0.0, 0.0)
        self._prepared = True
        self._found.append(PumpPrepared(motion))

    def _clear_counters(self) -> Script:
        yield from tell("CLDINF")
        yield from tell("CLDWDR")
        reply = yield from say("DIS", DISPENSED)
        check(reply, "DIS")
        if parse_dispensed(reply.data) != (0.0, 0.0):
            raise NotDoneError(f"the pump's counters do not clear (it says {reply.data})")
        if reply.status is not PumpStatus.STOPPED:
            raise NotDoneError(f"the pump is to be programmed, but is not stopped: {status_word(reply)}")

    def _run_script(self) -> Script:
        self._prepared = False
        reply = yield Exchange("RUN", STATUS_ONLY, REPLY_TIMEOUT_S)
        if reply is not None and (reply.error is not None or reply.alarm is not None):
            raise NotDoneError(f"the pump did not start: {refusal(reply)}")

    def _poll_script(self) -> Script:
        reply = yield Exchange("DIS", DISPENSED, REPLY_TIMEOUT_S)
        self._note_reading(reply)

    def _stop_script(self) -> Script:
        while True:
            yield from self._tell_stop()
            first_ul: tuple[float, float] | None = None
            while True:
                stale = self._stale_dis > 0
                seen = yield from self._look()
                if seen is None or seen.status is not PumpStatus.STOPPED or first_ul not in (None, self._shown_ul):
                    break  # it moves, pauses or is not understood: say it again
                if stale:
                    continue
                if first_ul is not None:
                    self._seen_ul = self._shown_ul
                    self._found.append(PumpStopped(seen.infused_ul, seen.withdrawn_ul))
                    return
                first_ul = self._shown_ul

    def _tell_stop(self) -> Script:
        """STP, for as long as it takes, until it has been answered.

        At least twice: the first may have met another reply and be lost, and it takes two from motion through pause to S. What
        the answer says is not trusted; only an S ends the repeating before its time.
        """
        fewest, most = STOP_REPLIES
        replies = silent = 0
        while replies < most:
            reply = yield _SAY_STOP
            if reply is None:
                silent += 1
                self._change_framing(silent)
                continue
            replies += 1
            if replies >= fewest and reply.status is PumpStatus.STOPPED:
                return

    def _look(self) -> Generator[Exchange, Reply | None, PumpReading | None]:
        """One reading for the stop; None after silence, an alarm, or the news that the pump moves."""
        reply = yield Exchange("DIS", ANYTHING, REPLY_TIMEOUT_S)
        for _ in range(STOP_REPLIES[1]):
            if reply is None or reply.alarm is not None or DISPENSED.fullmatch(reply.data):
                break
            if reply.status is not None and reply.status.moving:
                return None
            # The answer to an earlier STP: ours comes behind it.
            reply = yield Exchange(None, ANYTHING, REPLY_TIMEOUT_S)
        return self._note_reading(reply)

    def _release_script(self) -> Script:
        self._prepared = False
        reply = yield from say("DIS", DISPENSED)
        check(reply, "DIS")
        if reply.status is None or reply.status.moving:
            raise NotDoneError(f"the pump is to be handed back, but is not at rest: {status_word(reply)}")
        yield from set_checked("LOC0", "LOC", is_int(0), "keypad unlocked")
        self._parser.safe_only = False
        yield from self._tell_mode(0)
        self._safe = False  # bare text is understood by every pump in Basic mode
        yield from read_back("SAF", is_int(0), "watchdog off", "SAF0")
        self._found.append(PumpReleased())

    # -- pieces of scripts ---------------------------------------------------------------------------------------------------

    def _note_reading(self, reply: Reply | None) -> PumpReading | None:
        """Turns a DIS reply into an observation; None where there is none (silence, alarm, error).

        Counters that were not cleared are counted from what they showed; if they are lower now, the pump has cleared them itself.
        """
        shown_ul = parse_dispensed(reply.data) if reply is not None else None
        if reply is None or reply.status is None or shown_ul is None:
            return None
        if self._seen_ul is not None and (reply.status is not PumpStatus.STOPPED or shown_ul != self._seen_ul):
            self._seen_ul = None
        self._shown_ul = shown_ul
        infused_ul, withdrawn_ul = (min(pair) for pair in zip(self._zero_ul, shown_ul, strict=True))
        self._zero_ul = (infused_ul, withdrawn_ul)
        reading = PumpReading(reply.status, round(shown_ul[0] - infused_ul, 3), round(shown_ul[1] - withdrawn_ul, 3))
        self._found.append(reading)
        return reading
