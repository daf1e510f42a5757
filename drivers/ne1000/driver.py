"""New Era NE-1000: the driver. Requests are scripts of exchanges (one command, one reply); a stop breaks off any of them.

Source: New Era Pump Systems, NE-1000 series user manual. The driver is safe under every reading of what the manual leaves
open: it never resumes a paused motion, never trusts the status in the reply to RUN or STP, and counts a setting only after
it has read it back.

Replies carry no number, so a late one could be taken for the answer to a later command. What keeps them apart: the pump
answers in order; commands (answered by a bare status) and questions (answered by data) alternate; a reply counts only once
its command has left; and a stop does not count readings that were asked for before it.
"""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass

from drivers.driver import NEVER_S, DeviceProblem
from drivers.ne1000.codec import DISPENSED, Reply, ReplyParser, encode, format_number, parse_dispensed, parse_number, parse_volume
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

REPLY_TIMEOUT_S = 0.100  # the longest exchange takes about 52 ms at 19200 baud with 30 ms of thinking
STOP_REPEAT_S = 0.040  # a stop that met a reply is lost: say it again
FIND_TIMEOUT_S = 0.150
CONNECT_S = 4.0
FRAME_GAP_S = 0.050  # a frame whose rest does not come within this is lost
LATEST_REPLY_S = 0.500  # a reply later than this does not come any more
ATTEMPTS = 3
STOP_REPLIES = (2, 4)  # fewest and most answers to STP before the pump is looked at

_STATUS_ONLY = re.compile(r"")
_DATA = re.compile(r".+", re.DOTALL)
_ANYTHING = re.compile(r".*", re.DOTALL)
# What the TTL input does, by its wiring: nothing but stop. Open contact = high level.
_STOP_TRIGGERS = {"none": "P2", "nc_to_ground": "SH"}
_VERSION = re.compile(r"NE(\d+)(X\d*)?V(\d+\.\d+)")


@dataclass(frozen=True, slots=True)
class Ne1000Settings:
    """What the driver makes of the pump. model: the digits in its VER reply ("1000"). trigger: "none" or "nc_to_ground".

    Raises ValueError for what can not be said to the pump exactly, and for a watchdog that would not watch.
    """

    address: int = 0
    model: str = "1000"
    diameter_mm: float = 4.699
    watchdog_s: int = 1
    trigger: str = "none"

    def __post_init__(self) -> None:
        if not 0 <= self.address <= 99:
            raise ValueError(f"pump address {self.address} is outside 0-99")
        if float(format_number(self.diameter_mm)) == 0:
            raise ValueError("a syringe diameter of 0 mm is not one")
        if self.watchdog_s not in (1, 2):
            raise ValueError(f"a pump watchdog of {self.watchdog_s} s is outside 1-2 s")
        if self.trigger not in _STOP_TRIGGERS:
            raise ValueError(f"trigger {self.trigger!r} is not one of {', '.join(_STOP_TRIGGERS)}")


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One command and what its reply has to look like; a reply that does not is a late one to something else, and passed over.

    command None: nothing is said, only listened.
    """

    command: str | None
    data: re.Pattern[str]
    timeout_s: float


_Script = Generator[_Exchange, Reply | None, None]
_Setting = Generator[_Exchange, Reply | None, None]


class _NotDoneError(Exception):
    """Ends a script: the pump refused, stayed silent, or reads back something else. The text is for people."""


class Ne1000Driver:
    """Driver of one NE-1000 (drivers.pump.PumpDriver). Sans-IO; now_s is any monotonic clock in seconds."""

    def __init__(self, settings: Ne1000Settings) -> None:
        self._settings = settings
        self._parser = ReplyParser()
        self._safe = True  # the framing we speak
        self._prepared = False  # a motion is programmed and was not started yet
        self._unanswered_dis_s: list[float] = []  # when DIS was said and has not been answered
        self._bytes_s = -NEVER_S
        self._script: _Script | None = None
        self._problem: Callable[[str], object] = PumpRefused
        self._exchange: _Exchange | None = None
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
        """Program one motion and read it back. Ends in PumpPrepared or PumpRefused. Raises ValueError for inexact numbers."""
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
        self._begin(self._run_script(), now_s)

    def poll(self, now_s: float) -> None:
        """One DIS exchange: status and volume; every valid packet restarts the pump's watchdog."""
        self._begin(self._poll_script(), now_s)

    def stop(self, now_s: float) -> None:
        """STP at once, whatever is outstanding; repeated until the pump is seen stopped (PumpStopped)."""
        if self._script is not None:
            self._script.close()
            self._script = None
        self._begin(self._stop_script(now_s), now_s)

    def release(self, now_s: float) -> None:
        """Hand the stopped pump back: keypad unlocked, watchdog off. Ends in PumpReleased or PumpRefused."""
        self._begin(self._release_script(), now_s)

    # -- bytes ---------------------------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> list[object]:
        """Takes what arrived and what time it is; returns observations, oldest first."""
        if data:
            if now_s - self._bytes_s > FRAME_GAP_S:
                self._parser.reset()
            self._bytes_s = now_s
        for reply in self._parser.feed(data):
            self._take(reply, now_s)
        script = self._script
        if script is not None and now_s >= self._end_by_s:
            late = _NotDoneError(f"the pump answers too slowly or too seldom: not set up within {CONNECT_S:g} s")
            self._step(lambda: script.throw(late), now_s)
        elif now_s >= self._reply_by_s:
            self._advance(None, now_s)
        found, self._found = self._found, []
        return found

    def transmit(self, now_s: float) -> bytes:
        """The frame to send now, or b"". Never more than one command is outstanding, but for STP."""
        frame, self._outbox = self._outbox, b""
        if frame and self._exchange is not None and self._exchange.command == "DIS":
            self._unanswered_dis_s.append(now_s)
        return frame

    def next_deadline_s(self) -> float:
        """When the outstanding reply is given up."""
        return min(self._reply_by_s, self._end_by_s)

    # -- exchanges -----------------------------------------------------------------------------------------------------------

    def _begin(
        self, script: _Script, now_s: float, problem: Callable[[str], object] = PumpRefused, within_s: float = NEVER_S
    ) -> None:
        if self._script is not None:
            raise RuntimeError("the pump driver was given a request while another is under way")
        self._script, self._problem, self._exchange, self._end_by_s = script, problem, None, now_s + within_s
        self._step(script.__next__, now_s)

    def _advance(self, reply: Reply | None, now_s: float) -> None:
        script = self._script
        if script is not None:
            self._step(lambda: script.send(reply), now_s)

    def _step(self, resume: Callable[[], _Exchange], now_s: float) -> None:
        """Lets the script go on to its next exchange, or to its end."""
        script = self._script
        try:
            exchange = resume()
        except StopIteration:
            exchange = None
        except _NotDoneError as reason:
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
        if exchange.command is not None:
            self._outbox = encode(self._settings.address, exchange.command, safe=self._safe)
        self._reply_by_s = now_s + exchange.timeout_s

    def _take(self, reply: Reply, now_s: float) -> None:
        if reply.address != self._settings.address:
            return
        self._found.append(PumpHeard())
        if reply.safe:
            self._safe = True  # a pump in Safe mode understands nothing else
        if self._unanswered_dis_s and parse_dispensed(reply.data) is not None:
            del self._unanswered_dis_s[0]
        if reply.alarm is not None:
            self._found.append(PumpAlarmed(reply.alarm))
        exchange = self._exchange
        if exchange is None or self._outbox:
            return  # nothing was asked, or what is asked has not left yet: this can not be its answer
        if reply.error is not None or reply.alarm is not None or exchange.data.fullmatch(reply.data) is not None:
            self._advance(reply, now_s)

    # -- scripts -------------------------------------------------------------------------------------------------------------

    def _connect_script(self) -> _Script:
        self._parser.safe_only = self._prepared = False
        yield from self._find()
        yield from self._quieten()
        version = yield from self._ask("VER", _DATA, "its model and firmware")
        match = _VERSION.fullmatch(version)
        if match is None or match[1] != self._settings.model:
            raise _NotDoneError(f"the pump says it is {version!r}, and the profile expects an NE-{self._settings.model}")
        yield from self._set("PF0", "PF", _is_int(0), "power-fail mode off")
        trigger = _STOP_TRIGGERS[self._settings.trigger]
        yield from self._set(f"TRG{trigger}", "TRG", trigger.__eq__, "a trigger that can only stop")
        yield from self._set("LOC1", "LOC", _is_int(1), "keypad locked")
        diameter = format_number(self._settings.diameter_mm)
        yield from self._set(f"DIA{diameter}", "DIA", _is_value(diameter), "the syringe's diameter")
        # Phase 1 is the increment, phase 2 stops: without it the pump goes on to whatever was left there.
        yield from self._set("PHN2", "PHN", _is_int(2), "phase 2 selected")
        yield from self._set("FUNSTP", "FUN", "STP".__eq__, "phase 2 = stop")
        yield from self._set("PHN1", "PHN", _is_int(1), "phase 1 selected")
        yield from self._set("FUNRAT", "FUN", "RAT".__eq__, "phase 1 = rate")
        yield from self._set("VOLUL", "VOL", lambda data: data.endswith("UL"), "volumes in microlitres")
        yield from self._set("DIRINF", "DIR", "INF".__eq__, "direction infuse")
        yield from self._watch_over()
        self._found.append(PumpConnected(model=f"NE-{match[1]}", firmware=match[3]))

    def _find(self) -> _Setting:
        """Which framing the pump answers. A Safe packet is understood in both modes by most firmware; bare text only in Basic.

        Bare text goes out twice: the first may be spoiled by what a pump in Basic mode has kept of the Safe packet.
        """
        for self._safe in (True, False, False, True):
            reply = yield _Exchange("", _ANYTHING, FIND_TIMEOUT_S)
            if reply is not None:
                return
        raise _NotDoneError(
            f"no answer from a pump at address {self._settings.address}: check power, cable, and that its baud rate and "
            "address are those of the profile"
        )

    def _quieten(self) -> _Setting:
        """Brings the pump into S, whatever it was doing, and collects pending alarms on the way."""
        for _ in range(4 * ATTEMPTS):
            reply = yield _Exchange("STP", _STATUS_ONLY, REPLY_TIMEOUT_S)
            if reply is not None and reply.status is PumpStatus.STOPPED:
                return
        raise _NotDoneError("the pump does not come to a stop before it is set up")

    def _watch_over(self) -> _Setting:
        """The pump's watchdog on, and Safe mode with it: from here on only what has a CRC counts, the read-back included."""
        watchdog_s = self._settings.watchdog_s
        yield from self._tell_mode(watchdog_s)
        self._safe = self._parser.safe_only = True
        done = False
        try:
            yield from self._read_back("SAF", _is_int(watchdog_s), "the watchdog", f"SAF{watchdog_s}")
            done = True
        finally:
            self._parser.safe_only = done

    def _tell_mode(self, seconds: int) -> _Setting:
        """SAFn, in the other framing too after silence: it may have been done, and the reply lost."""
        for silent in range(2 * ATTEMPTS):
            reply = yield _Exchange(f"SAF{seconds}", _STATUS_ONLY, REPLY_TIMEOUT_S)
            if reply is None:
                self._change_framing(silent + 1)
            elif reply.alarm is None:
                self._check(reply, f"SAF{seconds}")
                return
        raise _NotDoneError(f"the pump does not answer 'SAF{seconds}'")

    def _change_framing(self, silent: int) -> None:
        """After silence, where the pump's mode is not known: every third time in a Safe packet, as in _find."""
        self._safe = self._parser.safe_only or silent % 3 == 0

    def _prepare_script(self, motion: Motion, volume: str, rate: str) -> _Script:
        self._prepared = False
        yield from self._tell("CLDINF")
        yield from self._tell("CLDWDR")
        reply = yield from self._say("DIS", DISPENSED)
        self._check(reply, "DIS")
        if parse_dispensed(reply.data) != (0.0, 0.0):
            raise _NotDoneError(f"the pump's counters do not clear (it says {reply.data})")
        if reply.status is not PumpStatus.STOPPED:
            # From a pause RUN would go on with an older motion.
            raise _NotDoneError(f"the pump is to be programmed, but is not stopped: {_status(reply)}")
        yield from self._set(f"VOL{volume}", "VOL", _is_volume(volume), "the volume")
        yield from self._set(f"RAT{rate}UM", "RAT", _is_value(rate, "UM"), "the rate")
        direction = "INF" if motion.direction is Direction.INFUSE else "WDR"
        yield from self._set(f"DIR{direction}", "DIR", direction.__eq__, f"direction {motion.direction.value}")
        self._prepared = True
        self._found.append(PumpPrepared(motion))

    def _run_script(self) -> _Script:
        self._prepared = False
        reply = yield _Exchange("RUN", _STATUS_ONLY, REPLY_TIMEOUT_S)
        if reply is not None and (reply.error is not None or reply.alarm is not None):
            raise _NotDoneError(f"the pump did not start: {_refusal(reply)}")

    def _poll_script(self) -> _Script:
        reply = yield _Exchange("DIS", DISPENSED, REPLY_TIMEOUT_S)
        self._note_reading(reply)

    def _stop_script(self, now_s: float) -> _Script:
        self._prepared = False
        # Readings that were asked for before the stop, perhaps before the motion began, may still come: they prove nothing.
        before = [asked_s for asked_s in self._unanswered_dis_s if now_s - asked_s < LATEST_REPLY_S]
        self._unanswered_dis_s = before
        while True:
            yield from self._tell_stop()
            owed, self._unanswered_dis_s = len(before), []
            before = []
            seen: list[PumpReading | None] = []
            for _ in range(owed + 2):
                seen.append((yield from self._look()))
                if seen[-1] is None or seen[-1].status is not PumpStatus.STOPPED:
                    break
            first, second = (None, None) if len(seen) < owed + 2 else seen[-2:]
            if first is not None and first == second and first.status is PumpStatus.STOPPED:
                self._found.append(PumpStopped(first.infused_ul, first.withdrawn_ul))
                return

    def _tell_stop(self) -> _Setting:
        """STP, for as long as it takes, until it has been answered.

        At least twice: the first may have met another reply and be lost, and it takes two from motion through pause to S. What
        the answer says is not trusted; only an S ends the repeating before its time.
        """
        fewest, most = STOP_REPLIES
        replies = silent = 0
        while replies < most:
            reply = yield _Exchange("STP", _ANYTHING, STOP_REPEAT_S)
            if reply is None:
                silent += 1
                self._change_framing(silent)
                continue
            replies += 1
            if replies >= fewest and reply.status is PumpStatus.STOPPED:
                return

    def _look(self) -> Generator[_Exchange, Reply | None, PumpReading | None]:
        """One reading for the stop; None after silence, an alarm, or the news that the pump moves."""
        reply = yield _Exchange("DIS", _ANYTHING, REPLY_TIMEOUT_S)
        for _ in range(2 * STOP_REPLIES[1]):
            if reply is None or reply.alarm is not None or DISPENSED.fullmatch(reply.data):
                break
            if reply.status is not None and reply.status.moving:
                return None
            # The answer to an earlier STP: ours comes behind it.
            reply = yield _Exchange(None, _ANYTHING, REPLY_TIMEOUT_S)
        return self._note_reading(reply)

    def _release_script(self) -> _Script:
        self._prepared = False
        reply = yield from self._say("DIS", DISPENSED)
        self._check(reply, "DIS")
        if reply.status is None or reply.status.moving:
            raise _NotDoneError(f"the pump is to be handed back, but is not at rest: {_status(reply)}")
        yield from self._set("LOC0", "LOC", _is_int(0), "keypad unlocked")
        self._parser.safe_only = False
        yield from self._tell_mode(0)
        self._safe = False  # bare text is understood by every pump in Basic mode
        yield from self._read_back("SAF", _is_int(0), "watchdog off", "SAF0")
        self._found.append(PumpReleased())

    # -- pieces of scripts ---------------------------------------------------------------------------------------------------

    def _note_reading(self, reply: Reply | None) -> PumpReading | None:
        """Turns a DIS reply into an observation; None where there is none (silence, alarm, error)."""
        dispensed = parse_dispensed(reply.data) if reply is not None else None
        if reply is None or reply.status is None or dispensed is None:
            return None
        reading = PumpReading(reply.status, *dispensed)
        self._found.append(reading)
        return reading

    def _say(self, command: str, data: re.Pattern[str]) -> Generator[_Exchange, Reply | None, Reply]:
        """One command until it is answered; said again after silence, and after an alarm that swallowed it.

        Only for what may be done twice: settings and questions, never RUN.
        """
        reply = None
        for _ in range(ATTEMPTS):
            reply = yield _Exchange(command, data, REPLY_TIMEOUT_S)
            if reply is not None and reply.alarm is None:
                return reply
        alarm = "" if reply is None else f", but for an {_refusal(reply)}"
        raise _NotDoneError(f"the pump does not answer {command!r}{alarm}")

    def _check(self, reply: Reply, command: str) -> None:
        if reply.error is not None:
            raise _NotDoneError(f"the pump refuses {command!r}: {_refusal(reply)}")

    def _tell(self, command: str) -> _Setting:
        reply = yield from self._say(command, _STATUS_ONLY)
        self._check(reply, command)

    def _ask(self, command: str, data: re.Pattern[str], what: str) -> Generator[_Exchange, Reply | None, str]:
        reply = yield from self._say(command, data)
        if reply.error is not None:
            raise _NotDoneError(f"the pump does not tell {what}: {_refusal(reply)}")
        return reply.data

    def _set(self, command: str, query: str, right: Callable[[str], bool], what: str) -> _Setting:
        """Sets something and reads it back; only what reads back right counts."""
        yield from self._tell(command)
        yield from self._read_back(query, right, what, command)

    def _read_back(self, query: str, right: Callable[[str], bool], what: str, command: str) -> _Setting:
        data = yield from self._ask(query, _DATA, what)
        if not right(data):
            raise _NotDoneError(f"{what}: set by {command!r}, but the pump reads back {data!r}")


def _is_int(wanted: int) -> Callable[[str], bool]:
    return lambda data: data.isdecimal() and int(data) == wanted


def _is_value(wanted: str, unit: str = "") -> Callable[[str], bool]:
    def right(data: str) -> bool:
        try:
            return data.endswith(unit) and parse_number(data.removesuffix(unit)) == float(wanted)
        except ValueError:
            return False

    return right


def _is_volume(wanted: str) -> Callable[[str], bool]:
    def right(data: str) -> bool:
        try:
            return parse_volume(data) == float(wanted)
        except ValueError:
            return False

    return right


def _status(reply: Reply) -> str:
    return "alarm" if reply.status is None else reply.status.value


def _refusal(reply: Reply) -> str:
    if reply.alarm is not None:
        return f"alarm, {reply.alarm.value}"
    meaning = {
        "": "not recognised",
        "NA": "not applicable now",
        "OOR": "out of range",
        "COM": "packet damaged",
        "IGN": "ignored, a new phase began",
    }
    return meaning[reply.error or ""]
