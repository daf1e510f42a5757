"""What the NE-1000 does with a frame: addressing, alarms in the way, errors, and the commands that act."""

from collections.abc import Callable
from typing import NamedTuple

from simulators.ne1000.drive import NEVER_S
from simulators.ne1000.firmware import Firmware
from simulators.ne1000.frames import Frame
from simulators.ne1000.memory import PHASES
from simulators.ne1000.numbers import (
    CommandError,
    not_applicable,
    not_recognised,
    out_of_range,
    parse_integer,
    render_counter,
)
from simulators.ne1000.options import BAUD_RATES
from simulators.ne1000.settings import Settings

MAX_ADDRESS = 99
MAX_SAFE_S = 255

Handler = Callable[[str, float], str]


class Reply(NamedTuple):
    """One reply: its text (address, status, data) and whether it goes out in Safe framing."""

    text: str
    safe: bool


class Commands:
    """Answers frames. on_baud is told a new baud rate before the reply goes out."""

    def __init__(self, firmware: Firmware, on_baud: Callable[[int], None]) -> None:
        self._firmware = firmware
        self._on_baud = on_baud
        self._settings = Settings(firmware)
        self._handlers: dict[str, Handler] = {
            "": self._status,
            "RUN": self._run,
            "PUR": self._purge,
            "STP": self._stop,
            "DIS": self._dispensed,
            "CLD": self._clear_dispensed,
            "VER": self._version,
            "SAF": self._safe,
            "ADR": self._address_query,
            **self._settings.handlers,
        }
        self._system_handlers: dict[str, Handler] = {**self._handlers, "ADR": self._address, "RESET": self._reset}

    def answer(self, frame: Frame, now_s: float) -> Reply | None:
        """Does what the frame says at now_s. None: not for this pump, or (fault) left without an answer."""
        firmware = self._firmware
        if not frame.intact:
            return self._reply("?COM")
        command = self._addressed(frame.text)
        if command is None:
            return None
        text, system = command
        firmware.on_valid_packet(frame.last_s)
        name, parameter = self._split(text, system=system)
        if name is None:
            return self._reply("?")
        if firmware.alarm is not None:
            return self._collect_alarm(name, parameter, system=system, frame=frame, now_s=now_s)
        return self._do(name, parameter, system=system, frame=frame, now_s=now_s)

    def _addressed(self, text: str) -> tuple[str, bool] | None:
        """The command without its address, and whether it is a system command; None if it is not for this pump."""
        if text.startswith("*"):
            return text[1:], True
        if self._firmware.memory.network:
            return None
        if "*" in text:
            return self._from_burst(text)
        digits = 0
        while digits < min(2, len(text)) and "0" <= text[digits] <= "9":
            digits += 1
        if int(text[:digits] or "0") != self._firmware.memory.address:
            return None
        return text[digits:], False

    def _from_burst(self, text: str) -> tuple[str, bool] | None:
        """Network burst: several commands in one line, each behind one digit of address and in front of a star."""
        for part in text.split("*"):
            if part[:1] == str(self._firmware.memory.address):
                return part[1:], False
        return None

    def _split(self, text: str, *, system: bool) -> tuple[str | None, str]:
        names = self._system_handlers if system else self._handlers
        for length in (5, 3, 2):
            if text[:length] in names and len(text) >= length:
                return text[:length], text[length:]
        return ("" if text == "" else None), ""

    def _collect_alarm(self, name: str, parameter: str, *, system: bool, frame: Frame, now_s: float) -> Reply:
        """The reply carries the alarm and thereby clears it; the command is not done."""
        firmware = self._firmware
        text = firmware.address_text() + firmware.prompt
        safe = firmware.safe
        if name == "SAF" and parameter and self._firmware.options.saf_alarm_framing == "new":
            safe = parameter.strip("0") != ""
        firmware.acknowledge(now_s)
        if not firmware.options.alarm_swallows_command:
            self._do(name, parameter, system=system, frame=frame, now_s=now_s)
        return Reply(text, safe)

    def _do(self, name: str, parameter: str, *, system: bool, frame: Frame, now_s: float) -> Reply | None:
        firmware = self._firmware
        stale = firmware.prompt
        handlers = self._system_handlers if system else self._handlers
        try:
            self._refuse_at_phase_start(name, parameter, now_s)
            data = handlers[name](parameter, now_s)
        except CommandError as error:
            data = error.reply
        if name == "SAF":
            firmware.on_valid_packet(frame.last_s)  # the timer starts with the packet that set it
        fault = firmware.faults.ignore_stop
        if name == "STP" and fault is not None and fault.answer == "none":
            return None
        if name in ("RUN", "STP") and firmware.options.stale_status_reply:
            return Reply(firmware.address_text() + stale + data, firmware.safe)
        reply = self._reply(data)
        if firmware.held_by_level():
            firmware.apply_trigger_level(now_s)
        return reply

    def _reply(self, data: str) -> Reply:
        firmware = self._firmware
        return Reply(firmware.address_text() + firmware.prompt + data, firmware.safe)

    def _refuse_at_phase_start(self, name: str, parameter: str, now_s: float) -> None:
        """A phase that begins by itself at this moment wins over a command."""
        acts = parameter != "" or name in ("RUN", "STP", "PUR")
        age_s = now_s - self._firmware.program.phase_began_s
        if acts and self._firmware.program.running and age_s < self._firmware.options.phase_start_window_s:
            raise CommandError("?IGN")

    # --- commands that act ---------------------------------------------------------------------------------------

    def _status(self, _parameter: str, _now_s: float) -> str:
        return ""

    def _run(self, parameter: str, now_s: float) -> str:
        self._firmware.run(parse_integer(parameter, 1, PHASES) if parameter else None, now_s)
        return ""

    def _purge(self, parameter: str, now_s: float) -> str:
        if parameter:
            raise not_recognised()
        if self._firmware.program.status != "S" or self._firmware.held_by_level():
            raise not_applicable()
        self._firmware.program.purge(now_s)
        return ""

    def _stop(self, parameter: str, now_s: float) -> str:
        if parameter:
            raise not_recognised()
        if self._firmware.program.status == "S":
            return self._firmware.options.already_stopped_reply
        self._firmware.stop("STP", now_s)
        return ""

    def _dispensed(self, parameter: str, now_s: float) -> str:
        if parameter:
            raise not_recognised()
        drive, units = self._firmware.drive, self._firmware.memory.volume_units
        style = self._firmware.options.number_style
        infused = render_counter(drive.counted_ul(1, now_s), units, style)
        withdrawn = render_counter(drive.counted_ul(-1, now_s), units, style)
        return f"I{infused}W{withdrawn}{units}"

    def _clear_dispensed(self, parameter: str, now_s: float) -> str:
        if parameter not in ("INF", "WDR"):
            raise not_recognised()
        if not self._firmware.settable:
            raise not_applicable()
        self._firmware.drive.clear_counter(1 if parameter == "INF" else -1, now_s)
        return ""

    def _version(self, parameter: str, _now_s: float) -> str:
        if parameter:
            raise not_recognised()
        options = self._firmware.options
        return self._firmware.faults.version or f"{options.model}V{options.firmware}"

    def _safe(self, parameter: str, _now_s: float) -> str:
        memory = self._firmware.memory
        if not parameter:
            return f"{memory.safe_s:0{self._firmware.options.saf_query_width}d}"
        memory.safe_s = parse_integer(parameter, 0, MAX_SAFE_S)
        return ""

    def _address_query(self, parameter: str, _now_s: float) -> str:
        if parameter:
            raise not_recognised()  # only *ADR sets it
        return f"{self._firmware.memory.address:02d}"

    def _address(self, parameter: str, _now_s: float) -> str:
        memory = self._firmware.memory
        if not parameter:
            return f"{memory.address:02d}"
        if not self._firmware.settable:
            raise not_applicable()
        if parameter in ("DUAL", "RECP"):
            memory.network = "DUAL" if parameter == "DUAL" else "RECP"
            return ""
        number, with_baud, rate = parameter.partition("B")
        address = parse_integer(number, 0, MAX_ADDRESS)
        if with_baud:
            baud = parse_integer(rate, min(BAUD_RATES), max(BAUD_RATES))
            if baud not in BAUD_RATES:
                raise out_of_range()
            memory.baud = baud
            self._firmware.watchdog_s = NEVER_S
            self._on_baud(baud)
        memory.address, memory.network = address, ""
        return ""

    def _reset(self, parameter: str, now_s: float) -> str:
        if parameter:
            raise not_recognised()
        self._firmware.reset(now_s)
        return ""
