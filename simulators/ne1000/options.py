"""What is not known for certain of a real NE-1000, as switches. Each default is the case that is harder for a host."""

from dataclasses import dataclass
from typing import Literal

from simulators.ne1000.memory import Memory
from simulators.ne1000.numbers import NumberStyle

BAUD_RATES = (19200, 9600, 2400, 1200, 300)

DIS_CLEARED_BY = ("DIA", "POWER", "RUN")

MAX_REPLY_DELAY_S = 0.030


@dataclass(frozen=True)
class Ne1000Options:
    """How this pump behaves. stored, when given, overrides address and baud with its own."""

    address: int = 0
    baud: int = 19200
    reply_delay_s: float = 0.010
    """From the last byte of a command to the first bit of its reply; 0 to 0.030."""
    processing_s: float = 0.001
    """From the last byte of a command to its effect on the motor."""
    model: str = "NE1000"
    firmware: str = "3.928"
    stored: Memory | None = None
    """Non-volatile memory at the start; copied, so that one may serve several pumps."""

    lose_command_while_replying: bool = True
    """A command of which any byte arrives before the pump has finished with the last one is lost."""
    already_stopped_reply: Literal["?NA", ""] = "?NA"
    """The answer to STP in S."""
    after_volume: Literal["next_phase", "stop"] = "next_phase"
    run_after_pause: Literal["rest", "full"] = "rest"
    stale_status_reply: bool = False
    """RUN and STP answer with the status from before."""
    trailing: bytes = b""
    """What follows every reply (a stray CR on some pumps)."""
    saf_alarm_framing: Literal["new", "old"] = "new"
    """SAFn met an alarm, so nothing was switched: in which framing does the alarm come?"""
    packets_in_basic: bool = True
    """Safe packets are understood in Basic mode."""
    dia_while_running: Literal["?NA", "?OOR"] = "?NA"
    reply_address_digits: Literal[1, 2] = 2
    number_style: NumberStyle = "padded"
    power_on_alarm: bool = True
    alarm_swallows_command: bool = True
    """A command that meets an alarm collects it and is not done."""

    state_after_timeout: Literal["P", "S"] = "P"
    """Program state behind A?T; in P a RUN pumps the rest of the interrupted volume."""
    state_after_stall: Literal["P", "S"] = "P"
    ttl_stop_state: Literal["P", "S"] = "P"
    set_while_paused: bool = False
    """Whether settings that need a stopped program are taken in P."""
    saf_query_width: int = 3
    dis_cleared_by: frozenset[str] = frozenset({"DIA", "POWER"})
    """What else than CLD clears the dispensed volumes: DIA, POWER, RUN (from S)."""
    power_fail_resume: Literal["restart", "rest"] = "restart"
    """With PF1, what is pumped when the power comes back: the program from phase 1, or what was left."""
    accepts_trigger_off: bool = True
    """TRGOF is known."""
    run_under_stop_level: Literal["refuse", "start_then_stop"] = "refuse"
    """RUN while a level trigger (SL, SH) holds the pump."""
    lock_covers_stop_key: bool = True
    """LOC1 also disables the stop key."""
    phase_start_window_s: float = 0.001
    """A setting or action that comes this soon after a phase began by itself is answered with ?IGN and not done."""

    def __post_init__(self) -> None:
        """Refuses what no pump can be. Raises ValueError."""
        if not 0 <= self.address <= 99:
            raise ValueError(f"address {self.address} is outside 0..99")
        if self.baud not in BAUD_RATES:
            raise ValueError(f"baud {self.baud} is none of {BAUD_RATES}")
        if not 0.0 <= self.reply_delay_s <= MAX_REPLY_DELAY_S:
            raise ValueError(f"reply_delay_s {self.reply_delay_s} is outside 0..{MAX_REPLY_DELAY_S}")
        if self.processing_s < 0.0 or self.phase_start_window_s < 0.0:
            raise ValueError("processing_s and phase_start_window_s can not be negative")
        unknown = self.dis_cleared_by - set(DIS_CLEARED_BY)
        if unknown:
            raise ValueError(f"dis_cleared_by knows {DIS_CLEARED_BY}, not {sorted(unknown)}")
