"""Puts the faults of faults.FAULTS on a pump and takes them away; one method each, its arguments are the fault's."""

import math
from collections.abc import Callable
from decimal import Decimal

from simulators.ne1000.faults import FAULTS, Answer, Corruption, Damage, IgnoreStop, Runaway, Stall
from simulators.ne1000.machine import Machine
from simulators.ne1000.memory import Phase
from simulators.ne1000.numbers import parse_number, render_number


class FaultDesk:
    """Faults of one machine, at the machine's present time."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._faults = machine.faults

    def put(self, name: str, args: dict[str, object]) -> None:
        """Raises ValueError for an unknown fault or an impossible value, TypeError for an unknown argument."""
        self._method(name, "_put_")(**args)

    def take_away(self, name: str) -> None:
        """Nothing happens if it is not there. Raises ValueError for an unknown fault."""
        self._method(name, "_clear_")()

    def _method(self, name: str, prefix: str) -> Callable[..., None]:
        if name not in FAULTS:
            raise ValueError(f"the NE-1000 has no fault {name!r}; it has {', '.join(sorted(FAULTS))}")
        method: Callable[..., None] = getattr(self, prefix + name, self._nothing)
        return method

    def _nothing(self) -> None:
        """What was done at one moment can not be taken away."""

    def _put_power_off(self) -> None:
        self._machine.power_off()

    def _clear_power_off(self) -> None:
        self._machine.power_on()

    def _put_power_on(self) -> None:
        self._machine.power_on()

    def _put_power_cycle(self, off_s: float = 1.0) -> None:
        self._machine.power_off()
        self._machine.power_on_s = self._machine.now_s + _not_negative("off_s", off_s)

    def _put_stall(self, detected: bool = True, detect_s: float = 0.05) -> None:
        self._faults.stall = Stall(self._machine.now_s, detected, _not_negative("detect_s", detect_s))
        self._set_factor()

    def _clear_stall(self) -> None:
        self._faults.stall = None
        self._set_factor()

    def _put_leftover_phase2(self, rate_ul_s: float = 5.0, volume_ul: float = 0.0) -> None:
        memory = self._machine.memory
        volume = volume_ul if memory.volume_units == "UL" else volume_ul / 1000.0
        memory.phases[1] = Phase("RAT", "", _as_stored(rate_ul_s * 60.0), "UM", _as_stored(volume), "INF")

    def _clear_leftover_phase2(self) -> None:
        self._machine.memory.phases[1] = Phase()

    def _put_ignore_stop(self, answer: Answer = "running", every_stop: bool = False) -> None:
        if answer not in ("running", "stopped", "none"):
            raise ValueError(f"answer {answer!r} is none of running, stopped, none")
        self._faults.ignore_stop = IgnoreStop(answer, every_stop)

    def _clear_ignore_stop(self) -> None:
        self._faults.ignore_stop = None

    def _put_deaf(self) -> None:
        self._faults.deaf = True
        self._machine.receiver.reset()

    def _clear_deaf(self) -> None:
        self._faults.deaf = False

    def _put_mute(self) -> None:
        self._faults.mute = True

    def _clear_mute(self) -> None:
        self._faults.mute = False

    def _put_corrupt_replies(
        self, every: int = 1, probability: float | None = None, kind: Damage = "flip", seed: int = 0
    ) -> None:
        self._faults.corruption = Corruption(every, probability, kind, seed)

    def _clear_corrupt_replies(self) -> None:
        self._faults.corruption = None

    def _put_delay_replies(self, delay_s: float) -> None:
        self._faults.delay_s = _not_negative("delay_s", delay_s)

    def _clear_delay_replies(self) -> None:
        self._faults.delay_s = 0.0

    def _put_short_delivery(self, factor: float = 0.5) -> None:
        self._faults.factor = _not_negative("factor", factor)
        self._set_factor()

    def _clear_short_delivery(self) -> None:
        self._faults.factor = 1.0
        self._set_factor()

    def _put_runaway(self, extra_ul: float = math.inf, reported: bool = True) -> None:
        self._faults.runaway = Runaway(_not_negative("extra_ul", extra_ul), reported)

    def _clear_runaway(self) -> None:
        """The volume is behind: what still runs beyond it ends now."""
        self._faults.runaway = None
        self._machine.firmware.program.end_runaway(self._machine.now_s)

    def _put_keypad_start(self) -> None:
        if self._machine.powered:
            self._machine.firmware.on_key("start", self._machine.now_s)

    def _put_self_start(self) -> None:
        if self._machine.powered:
            self._machine.firmware.program.start(1, self._machine.now_s)

    def _put_other_model(self, version: str = "NE500V3.919") -> None:
        self._faults.version = version

    def _clear_other_model(self) -> None:
        self._faults.version = None

    def _put_echo(self) -> None:
        self._faults.echo = True

    def _clear_echo(self) -> None:
        self._faults.echo = False

    def _put_lose_next_command(self, n: int = 1) -> None:
        self._faults.lose_commands = n

    def _clear_lose_next_command(self) -> None:
        self._faults.lose_commands = 0

    def _put_wrong_baud(self) -> None:
        self._faults.wrong_baud = True
        self._machine.receiver.reset()

    def _clear_wrong_baud(self) -> None:
        self._faults.wrong_baud = False

    def _set_factor(self) -> None:
        self._machine.drive.set_factor(self._faults.true_factor, self._machine.now_s)


def _not_negative(name: str, value: float) -> float:
    if math.isnan(value) or value < 0.0:
        raise ValueError(f"{name} {value} is less than 0")
    return value


def _as_stored(value: float) -> Decimal:
    """A number as the pump can hold it: four digits."""
    return parse_number(render_number(Decimal(_not_negative("value", value)), "padded"))
