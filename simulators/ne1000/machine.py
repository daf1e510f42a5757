"""The works of the simulated NE-1000: power, serial line and motor, driven by events in the order of their times."""

import copy
import math
from collections import deque

from simulators.device import Uart
from simulators.ne1000.commands import Commands
from simulators.ne1000.drive import NEVER_S, Drive
from simulators.ne1000.faults import Faults
from simulators.ne1000.firmware import Firmware
from simulators.ne1000.frames import Frame, Receiver, encode_reply
from simulators.ne1000.inputs import Inputs
from simulators.ne1000.memory import Memory
from simulators.ne1000.options import Ne1000Options
from simulators.ne1000.wire import Transmitter


class Machine:
    """Everything that belongs to one pump. Times in s; a time before the present counts as the present."""

    def __init__(self, options: Ne1000Options) -> None:
        self.options = options
        if options.stored is not None:
            self.memory = copy.deepcopy(options.stored)
        else:
            self.memory = Memory(address=options.address, baud=options.baud)
        self.now_s = 0.0
        self.faults = Faults()
        self.drive = Drive()
        self.inputs = Inputs()
        self._rx = Uart(self.memory.baud)
        self._wake_s = self._event_s = -math.inf
        self._pending: deque[Frame] = deque()
        self.wire = Transmitter(self.memory.baud, self.faults, options.trailing)
        self.receiver = Receiver(packets_in_basic=options.packets_in_basic)
        self.powered = True
        self.power_on_s = NEVER_S
        """When the power will come back by itself."""
        self.firmware, self._commands = self._boot()
        self.firmware.power_up(0.0)

    # --- the serial line -----------------------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> None:
        """Bytes from the host's port; they arrive one by one."""
        self._rx.put(data, max(now_s, self.now_s))
        self._wake_s = -math.inf

    def lose_incoming(self, now_s: float) -> None:
        """Bytes that have not arrived by now_s never do."""
        self.settle(now_s)
        self._rx.clear()

    def advance(self, now_s: float) -> None:
        """Everything that is due by now_s happens, each thing at its own time.

        Bytes of the host may wait for each other as long as no command can come of them: nothing outside tells the difference.
        """
        if now_s < self._wake_s:
            if now_s > self.now_s:
                self.now_s = now_s
            return
        self.settle(now_s)
        self._plan()

    def settle(self, now_s: float) -> None:
        """As `advance`, single bytes included: for whoever is about to change something, or must know everything."""
        self._wake_s = -math.inf
        while True:
            at_s, event = self._next_event(self._rx.first_s)
            if at_s > now_s:
                break
            self.now_s = max(self.now_s, at_s)
            self._handle(event)
        self.now_s = max(self.now_s, now_s)

    @property
    def next_event_s(self) -> float:
        """When something will happen that shows outside; of what the host has just sent, the end. NEVER_S: nothing is due."""
        if self._wake_s == -math.inf:
            self._plan()
        return self._event_s

    def _plan(self) -> None:
        """Finds out until when nothing happens here."""
        next_s = self._next_event(NEVER_S)[0]
        done_s = self.options.processing_s
        self._event_s = min(next_s, self._rx.due_s + (0.0 if self.faults.echo else done_s))
        # should the very next byte complete a command, this is when it would be done
        self._wake_s = min(self._event_s, self._rx.first_s + done_s)

    def _next_event(self, byte_s: float) -> tuple[float, str]:
        """The next event, if the next byte is due at byte_s; of several at one time the first in this order."""
        firmware = self.firmware
        at_s, event = self.power_on_s, "power"
        if self.drive.end_s < at_s:
            at_s, event = self.drive.end_s, "volume"
        if firmware.program.timer_s < at_s:
            at_s, event = firmware.program.timer_s, "timer"
        if self.faults.stall is not None and self._stall_noticed_s() < at_s:
            at_s, event = self._stall_noticed_s(), "stall"
        if firmware.watchdog_s < at_s:
            at_s, event = firmware.watchdog_s, "watchdog"
        if byte_s < at_s:
            at_s, event = byte_s, "byte"
        if self._pending and self._pending[0].last_s + self.options.processing_s < at_s:
            at_s, event = self._pending[0].last_s + self.options.processing_s, "command"
        return at_s, event

    def _handle(self, event: str) -> None:
        now_s = self.now_s
        match event:
            case "power":
                self.power_on()
            case "volume":
                self.firmware.program.on_volume_reached(now_s)
            case "timer":
                self.firmware.program.on_timer(now_s)
            case "stall":
                self.firmware.on_stall(now_s)
            case "watchdog":
                self.firmware.on_watchdog(now_s)
            case "byte":
                self._on_byte(*self._rx.pop())
            case _:
                self._on_command(self._pending.popleft())

    def _stall_noticed_s(self) -> float:
        stall = self.faults.stall
        if stall is None or not stall.detected or not self.drive.moving:
            return NEVER_S
        return max(stall.since_s, self.drive.started_s) + stall.detect_s

    def _on_byte(self, at_s: float, byte: int) -> None:
        if self.faults.echo:
            self.wire.echo(byte, at_s)
        if not self.powered or self.faults.deaf or self.faults.wrong_baud:
            return
        frame = self.receiver.feed(byte, at_s)
        if frame is None:
            return
        busy = bool(self._pending) or frame.first_s < self.wire.sending_until_s
        if busy and self.options.lose_command_while_replying:
            return
        if self.faults.lose_commands > 0:
            self.faults.lose_commands -= 1
            return
        self._pending.append(frame)

    def _on_command(self, frame: Frame) -> None:
        reply = self._commands.answer(frame, self.now_s)
        self.receiver.safe = self.firmware.safe
        if reply is not None:
            from_s = max(self.now_s, frame.last_s + self.options.reply_delay_s)
            self.wire.send(encode_reply(reply.text, safe=reply.safe), from_s)

    def _on_baud(self, baud: int) -> None:
        self._rx.baud = baud
        self.wire.set_baud(baud)

    # --- power -----------------------------------------------------------------------------------------------------

    def power_off(self) -> None:
        """Everything stops at once; only the memory stays."""
        if not self.powered:
            return
        self.powered = False
        self.memory.interrupted = self.firmware.program.interrupted(self.now_s)
        self.drive.stop(self.now_s)
        self.wire.cut()
        self.receiver.reset()
        self._pending.clear()
        self.inputs.output_high = False
        self.firmware, self._commands = self._boot()

    def power_on(self) -> None:
        """Starts anew from the memory."""
        self.power_on_s = NEVER_S
        if self.powered:
            return
        self.powered = True
        if "POWER" in self.options.dis_cleared_by:
            self.firmware.clear_dispensed(self.now_s)
        self.firmware.power_up(self.now_s)

    def _boot(self) -> tuple[Firmware, Commands]:
        """Firmware with everything volatile as after power-up."""
        firmware = Firmware(self.memory, self.drive, self.inputs, self.options, self.faults, self._send_alarm)
        self.receiver.safe = firmware.safe
        return firmware, Commands(firmware, self._on_baud)

    def _send_alarm(self, text: str, now_s: float) -> None:
        self.wire.send(encode_reply(text, safe=True), now_s)
