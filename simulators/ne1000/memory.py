"""What the NE-1000 keeps without power: its program and its set-up (vendor manual: everything set over RS-232 is stored)."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

PHASES = 41

Direction = Literal["INF", "WDR", "STK"]

RATE_FUNCTIONS = ("RAT", "FIL", "INC", "DEC")
"""Phase functions that move the plunger, and so have a rate, a volume and a direction."""

PLAIN_FUNCTIONS = (*RATE_FUNCTIONS, "STP", "PRI", "LPS", "LPE", "EVR", "CLD", "BEP")
PHASE_ARGUMENT_FUNCTIONS = ("JMP", "IF", "EVN", "EVS")
COUNT_ARGUMENT_FUNCTIONS = ("PRL", "LOP")

START_TRIGGERS = ("FT", "FH", "F2", "LE", "ST", "T2", "RL", "RH")
STOP_TRIGGERS = ("SP", "P2", "SL", "SH")
TRIGGERS = (*START_TRIGGERS, *STOP_TRIGGERS)
TRIGGER_OFF = "OF"
PROGRAM_TRIGGERS = ("ET", "BT")
"""Trigger modes that only a program phase may name."""


@dataclass(slots=True)
class Phase:
    """One phase of the pumping program. volume is in the pump's volume units; 0 means without end."""

    function: str = "STP"
    argument: str = ""
    rate: Decimal = Decimal("10.00")
    rate_units: str = "MM"
    volume: Decimal = Decimal(0)
    direction: Direction = "INF"


def factory_phases() -> list[Phase]:
    """A pump out of its box: phase 1 pumps without end, all others stop."""
    return [Phase(function="RAT")] + [Phase() for _ in range(PHASES - 1)]


@dataclass(slots=True)
class Interrupted:
    """What was going on when the power went: a phase, and what was left of it (uL, or None for without end)."""

    phase: int
    rest_ul: float | None
    rate_ul_s: float


@dataclass(slots=True)
class Memory:
    """Non-volatile memory. The defaults are those of a pump that helps nobody: wrong syringe, resumes after a power cut."""

    diameter_mm: Decimal = Decimal("26.59")
    volume_units: str = "ML"
    phases: list[Phase] = field(default_factory=factory_phases)
    address: int = 0
    network: Literal["", "DUAL", "RECP"] = ""
    baud: int = 19200
    safe_s: int = 0
    power_fail: bool = True
    trigger: str = "FT"
    keypad_locked: bool = False
    alarm_sound: bool = False
    key_beep: bool = True
    low_noise: bool = False
    direction_inverted: bool = False
    running_includes_pause: bool = False
    interrupted: Interrupted | None = None

    def phase(self, number: int) -> Phase:
        """The phase with this number, from 1."""
        return self.phases[number - 1]
