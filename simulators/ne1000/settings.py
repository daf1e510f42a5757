"""Commands of the NE-1000 that set and read what it has stored (vendor manual, RS-232 command set)."""

from collections.abc import Callable
from decimal import Decimal

from simulators.ne1000 import memory as stored
from simulators.ne1000.firmware import Firmware
from simulators.ne1000.inputs import INPUT_PINS
from simulators.ne1000.memory import PHASES, Phase
from simulators.ne1000.numbers import (
    RATE_UNITS,
    VOLUME_UNITS,
    default_volume_units,
    not_applicable,
    not_recognised,
    out_of_range,
    parse_integer,
    parse_number,
    rate_is_possible,
    rate_ul_s,
    render_number,
)

MIN_DIAMETER_MM = Decimal("0.1")
MAX_DIAMETER_MM = Decimal("50")

_SWITCHES = {
    "AL": "alarm_sound",
    "PF": "power_fail",
    "LOC": "keypad_locked",
    "BP": "key_beep",
    "LN": "low_noise",
    "DIN": "direction_inverted",
    "ROM": "running_includes_pause",
}


class Settings:
    """The handlers of these commands: parameter and time in, reply data out. All raise CommandError."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        self.handlers: dict[str, Callable[[str, float], str]] = {
            "DIA": self._diameter,
            "PHN": self._phase_number,
            "FUN": self._function,
            "RAT": self._rate,
            "VOL": self._volume,
            "DIR": self._direction,
            "TRG": self._trigger,
            "BUZ": self._buzzer,
            "OUT": self._output,
            "IN": self._input,
            **{name: self._switch(field) for name, field in _SWITCHES.items()},
        }

    @property
    def _phase(self) -> Phase:
        return self._firmware.memory.phase(self._firmware.selected_phase)

    def _number(self, value: Decimal) -> str:
        return render_number(value, self._firmware.options.number_style)

    def _need_settable(self) -> None:
        if not self._firmware.settable:
            raise not_applicable()

    def _switch(self, field: str) -> Callable[[str, float], str]:
        def handle(parameter: str, _now_s: float) -> str:
            if not parameter:
                return str(int(getattr(self._firmware.memory, field)))
            setattr(self._firmware.memory, field, parse_integer(parameter, 0, 1) == 1)
            return ""

        return handle

    def _diameter(self, parameter: str, now_s: float) -> str:
        memory = self._firmware.memory
        if not parameter:
            return self._number(memory.diameter_mm)
        diameter_mm = parse_number(parameter)
        if not self._firmware.settable:
            raise out_of_range() if self._firmware.options.dia_while_running == "?OOR" else not_applicable()
        if not MIN_DIAMETER_MM <= diameter_mm <= MAX_DIAMETER_MM:
            raise out_of_range()
        memory.diameter_mm = diameter_mm
        memory.volume_units = default_volume_units(diameter_mm)
        if "DIA" in self._firmware.options.dis_cleared_by:
            self._firmware.clear_dispensed(now_s)
        return ""

    def _phase_number(self, parameter: str, _now_s: float) -> str:
        firmware = self._firmware
        if not parameter:
            return f"{firmware.program.phase if firmware.program.running else firmware.selected_phase:02d}"
        number = parse_integer(parameter, 1, PHASES)
        self._need_settable()
        firmware.selected_phase = number
        return ""

    def _function(self, parameter: str, _now_s: float) -> str:
        if not parameter:
            return self._phase.function + self._phase.argument
        function, argument = _parse_function(parameter)
        self._need_settable()
        self._phase.function, self._phase.argument = function, argument
        return ""

    def _rate(self, parameter: str, now_s: float) -> str:
        firmware, program = self._firmware, self._firmware.program
        phase = firmware.memory.phase(program.phase) if program.running else self._phase
        if phase.function not in ("RAT", "INC", "DEC", "FIL"):
            raise not_applicable()
        if not parameter:
            if program.status in ("I", "W"):
                value = Decimal(program.rate_ul_s) / Decimal(rate_ul_s(Decimal(1), phase.rate_units))
                return self._number(value) + phase.rate_units
            return self._number(phase.rate) + phase.rate_units
        units = next((u for u in RATE_UNITS if parameter.endswith(u)), "")
        value = parse_number(parameter.removesuffix(units))
        if program.running:
            if units or program.status not in ("I", "W"):
                raise not_applicable()
        else:
            self._need_settable()
        rate = rate_ul_s(value, units or phase.rate_units)
        if phase.function == "RAT" and not rate_is_possible(rate, firmware.memory.diameter_mm):
            raise out_of_range()
        if program.running:
            program.change_rate(rate, now_s)
        else:
            phase.rate, phase.rate_units = value, units or phase.rate_units
        return ""

    def _volume(self, parameter: str, _now_s: float) -> str:
        memory = self._firmware.memory
        if self._phase.function not in stored.RATE_FUNCTIONS:
            raise not_applicable()
        if not parameter:
            return self._number(self._phase.volume) + memory.volume_units
        if parameter in VOLUME_UNITS:
            self._need_settable()
            memory.volume_units = parameter
            return ""
        volume = parse_number(parameter)
        self._need_settable()
        self._phase.volume = volume
        return ""

    def _direction(self, parameter: str, now_s: float) -> str:
        firmware, program = self._firmware, self._firmware.program
        phase = firmware.memory.phase(program.phase) if program.running else self._phase
        if phase.function not in stored.RATE_FUNCTIONS:
            raise not_applicable()
        if not parameter:
            return phase.direction
        if parameter not in ("INF", "WDR", "REV", "STK"):
            raise not_recognised()
        if program.running:
            if parameter == "STK" or program.status not in ("I", "W") or phase.volume != 0:
                raise not_applicable()
        else:
            self._need_settable()
        if parameter == "STK":
            phase.direction = "STK"
        elif parameter == "REV":
            phase.direction = "WDR" if self._infuses(phase) else "INF"
        else:
            phase.direction = "INF" if parameter == "INF" else "WDR"
        if program.running:
            program.change_direction(1 if phase.direction == "INF" else -1, now_s)
        return ""

    def _infuses(self, phase: Phase) -> bool:
        return self._firmware.program.infusing if phase.direction == "STK" else phase.direction == "INF"

    def _trigger(self, parameter: str, now_s: float) -> str:
        memory = self._firmware.memory
        if not parameter:
            return memory.trigger
        off = parameter == stored.TRIGGER_OFF and self._firmware.options.accepts_trigger_off
        if parameter not in stored.TRIGGERS and not off:
            raise out_of_range()
        memory.trigger = parameter
        if parameter in ("RL", "RH"):
            self._firmware.apply_trigger_level(now_s)
        return ""

    def _buzzer(self, parameter: str, _now_s: float) -> str:
        if not parameter:
            return str(int(self._firmware.buzzing))
        if parameter[0] not in "01" or (parameter[0] == "0" and len(parameter) > 1):
            raise out_of_range()
        if len(parameter) > 1:
            self._firmware.program.beeps += parse_integer(parameter[1:], 1, 99)
            return ""
        self._firmware.buzzing = parameter == "1"
        return ""

    def _output(self, parameter: str, _now_s: float) -> str:
        if parameter == "5":
            return str(int(self._firmware.inputs.output_high))
        if parameter not in ("50", "51"):
            raise out_of_range() if parameter.isdigit() else not_recognised()
        self._firmware.inputs.output_high = parameter == "51"
        return ""

    def _input(self, parameter: str, _now_s: float) -> str:
        pin = parse_integer(parameter, min(INPUT_PINS), max(INPUT_PINS))
        if pin not in INPUT_PINS:
            raise out_of_range()
        return str(int(self._firmware.inputs.high(pin)))


def _parse_function(text: str) -> tuple[str, str]:
    """Phase function and its argument, as stored and read back. Raises CommandError."""
    if text in stored.PLAIN_FUNCTIONS:
        return text, ""
    name, argument = text[:3], text[3:]
    if text.startswith("IF"):
        name, argument = "IF", text[2:]
    if name in stored.PHASE_ARGUMENT_FUNCTIONS:
        return name, f"{parse_integer(argument, 1, PHASES):02d}"
    if name in stored.COUNT_ARGUMENT_FUNCTIONS:
        return name, f"{parse_integer(argument, 1, 99):02d}"
    if name == "PAS":
        return name, _parse_pause(argument)
    if name == "OUT":
        return name, str(parse_integer(argument, 0, 1))
    if name == "TRG":
        if argument not in ("", *stored.TRIGGERS, *stored.PROGRAM_TRIGGERS, stored.TRIGGER_OFF):
            raise out_of_range()
        return name, argument
    raise not_recognised()


def _parse_pause(argument: str) -> str:
    """A pause: 0 to 99 whole seconds, or 0.1 to 9.9."""
    if "." not in argument:
        return f"{parse_integer(argument, 0, 99):02d}"
    seconds = parse_number(argument)
    if not Decimal("0.1") <= seconds <= Decimal("9.9") or seconds != seconds.quantize(Decimal("0.1")):
        raise out_of_range()
    return f"{seconds:.1f}"
