"""A simulated New Era NE-1000 syringe pump: wire protocol, firmware, motor, TTL connector, keys, and faults.

Written from the vendor's manual (NE-1000 series, RS-232 and TTL chapters) and from what public client programs expect.
Everything happens at its own time, in order, however seldom anybody calls `advance`: bytes arrive, volumes end, timers
expire, replies leave. Calls with a time before the present count as made now.
"""

import math
from collections.abc import Sequence

from simulators.device import Burst
from simulators.ne1000.fault_desk import FaultDesk
from simulators.ne1000.inputs import EVENT_PIN, PROGRAM_PIN
from simulators.ne1000.machine import Machine
from simulators.ne1000.memory import Memory
from simulators.ne1000.options import Ne1000Options


class Ne1000:
    """One pump on one serial line (a simulators.device.ByteDevice), powered on at time 0 with alarm A?R pending."""

    def __init__(self, options: Ne1000Options | None = None) -> None:
        self.options = options or Ne1000Options()
        self._machine = Machine(self.options)
        self._fault_desk = FaultDesk(self._machine)

    # --- the serial line -----------------------------------------------------------------------------------------

    @property
    def echoes(self) -> bool:
        """The fault "echo" is on."""
        return self._machine.faults.echo

    def receive(self, data: bytes, now_s: float) -> None:
        """Bytes that the host has handed to its port at now_s; they arrive one by one at the baud rate."""
        self._machine.receive(data, now_s)

    def advance(self, now_s: float) -> None:
        """Everything moves on to now_s."""
        self._machine.advance(now_s)

    def transmit(self, now_s: float) -> bytes:
        """The bytes whose last bit has left the pump by now_s; each is given once."""
        return b"".join([burst.data for burst in self.sent(now_s)])

    def sent(self, now_s: float) -> list[Burst]:
        """The same as `transmit`, with the times."""
        return self._machine.wire.take(now_s)

    def sending(self) -> Sequence[Burst]:
        """The bytes on their way out."""
        return self._machine.wire.under_way

    def lose_incoming(self, now_s: float) -> None:
        """What the host has handed over and is not through by now_s never arrives."""
        self._machine.lose_incoming(now_s)

    def next_event_s(self, sending: bool = True) -> float:
        """No later than this something happens here (sending: the end of what goes out, too); inf: nothing is due."""
        machine = self._machine
        event_s = machine.event_s
        if event_s == -math.inf:
            event_s = machine.plan()
        if sending and machine.wire.under_way:
            last_s = machine.wire.under_way[-1].ends_s
            if machine.now_s < last_s < event_s:
                return last_s
        return event_s

    # --- what the plunger truly does (back door) -------------------------------------------------------------------

    @property
    def forward_ul(self) -> float:
        """True gross plunger travel forwards since construction, uL."""
        return self._machine.drive.true_forward_ul(self._machine.now_s)

    @property
    def withdrawn_ul(self) -> float:
        """True gross plunger travel backwards since construction, uL."""
        return self._machine.drive.true_withdrawn_ul(self._machine.now_s)

    def travel_ul(self) -> tuple[float, float]:
        """forward_ul and withdrawn_ul."""
        return self._machine.drive.true_travel_ul(self._machine.now_s)

    @property
    def plunger_ul(self) -> float:
        """True net plunger travel since construction, uL."""
        return self.forward_ul - self.withdrawn_ul

    @property
    def rate_now_ul_s(self) -> float:
        """Signed true plunger flow, uL/s; 0 when it stands."""
        return self._machine.drive.true_rate_ul_s()

    # --- what the firmware believes (back door) ---------------------------------------------------------------------

    @property
    def powered(self) -> bool:
        """Whether it has power."""
        return self._machine.powered

    @property
    def status(self) -> str:
        """The program status letter I, W, S, P, T, U or X, whatever alarm hides it (S without power)."""
        return self._machine.firmware.program.status

    @property
    def alarm(self) -> str | None:
        """The letter of the pending alarm (R, S, T, E, O), or None."""
        return self._machine.firmware.alarm

    @property
    def memory(self) -> Memory:
        """Its non-volatile memory, to look at or to prepare a scenario with."""
        return self._machine.memory

    @property
    def safe_mode(self) -> bool:
        """Whether it is in Safe mode."""
        return self._machine.firmware.safe

    @property
    def beeps(self) -> int:
        """Beeps ordered by phases and by BUZ since power-up."""
        return self._machine.firmware.program.beeps

    @property
    def buzzing(self) -> bool:
        """Whether the buzzer sounds without end (BUZ1, or an alarm with AL1)."""
        return self._machine.firmware.buzzing

    # --- TTL connector and keys ------------------------------------------------------------------------------------

    def set_trigger(self, high: bool, now_s: float) -> None:
        """Pin 2, operational trigger. An input that nobody sets is high."""
        self._machine.settle(now_s)
        self._machine.firmware.on_trigger(high=high, powered=self.powered, now_s=self._machine.now_s)

    def set_direction(self, high: bool, now_s: float) -> None:
        """Pin 3, direction."""
        self._machine.settle(now_s)
        self._machine.firmware.on_direction_pin(high=high, powered=self.powered, now_s=self._machine.now_s)

    def set_event(self, high: bool, now_s: float) -> None:
        """Pin 4, event."""
        self._machine.settle(now_s)
        self._machine.inputs.change(EVENT_PIN, high=high)

    def set_program_input(self, high: bool, now_s: float) -> None:
        """Pin 6, program input."""
        self._machine.settle(now_s)
        self._machine.inputs.change(PROGRAM_PIN, high=high)

    @property
    def program_output_high(self) -> bool:
        """Pin 5, program output."""
        return self._machine.inputs.output_high

    @property
    def motor_running_high(self) -> bool:
        """Pin 7: high while pumping, with ROM1 in timed pauses, too. It says what the firmware believes."""
        in_pause = self.status == "T" and self.memory.running_includes_pause
        return self.powered and (self.status in ("I", "W", "X") or in_pause)

    @property
    def direction_high(self) -> bool:
        """Pin 8: high for infuse."""
        return self.powered and self._machine.firmware.program.infusing

    def keypad_start(self, now_s: float) -> None:
        """Somebody presses the start key; a locked keypad does nothing."""
        self.fault("keypad_start", now_s)

    def keypad_stop(self, now_s: float) -> None:
        """Somebody presses the stop key."""
        self._machine.settle(now_s)
        if self.powered:
            self._machine.firmware.on_key("stop", self._machine.now_s)

    # --- faults ------------------------------------------------------------------------------------------------------

    def fault(self, name: str, now_s: float, **args: object) -> None:
        """Puts a fault on the pump. Raises ValueError for an unknown one, TypeError for arguments it does not have."""
        self._machine.settle(now_s)
        self._fault_desk.put(name, args)

    def clear(self, name: str, now_s: float) -> None:
        """Takes a fault away again; nothing happens if it is not there. Raises ValueError for an unknown one."""
        self._machine.settle(now_s)
        self._fault_desk.take_away(name)
