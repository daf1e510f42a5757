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
        self._wake_s = -math.inf
        """Until then nothing happens here; -inf: not known."""
        self.event_s = -math.inf
        """When something will happen that shows outside; of what the host has just sent, the end. -inf: `plan` will tell."""
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
        self._wake_s = self.event_s = -math.inf

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
        self.plan(self.settle(now_s))

    def settle(self, now_s: float) -> float:
        """As `advance`, single bytes included: for whoever is about to change something, or must know everything.

        Returns when the next event other than a byte of the host is due.
        """
        self._wake_s = self.event_s = -math.inf
        at_s, event = self._next_event()
        while True:
            # of what comes at one time, a byte is heard before a command is done and behind all else
            heard_s = min(now_s, at_s if event == "command" else math.nextafter(at_s, -math.inf))
            if self._rx.first_s <= heard_s:
                if not self._hear(heard_s):
                    continue
            elif at_s <= now_s:
                self.now_s = max(self.now_s, at_s)
                self._handle(event)
            else:
                break
            at_s, event = self._next_event()
        self.now_s = max(self.now_s, now_s)
        return at_s

    def plan(self, next_s: float | None = None) -> float:
        """Finds out when something will happen next, and returns event_s. next_s: when the next event but a byte is due."""
        if next_s is None:
            next_s = self._next_event()[0]
        done_s = 0.0 if self.faults.echo else self.options.processing_s
        self.event_s = min(next_s, self._rx.due_s + done_s)
        # should the very next byte complete a command, this is when it would be done; an echo is sent at once
        self._wake_s = min(self.event_s, self._rx.first_s + done_s)
        return self.event_s

    def _next_event(self) -> tuple[float, str]:
        """The next event other than a byte of the host; of several at one time the first in this order."""
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
            case _:
                self._on_command(self._pending.popleft())

    def _stall_noticed_s(self) -> float:
        stall = self.faults.stall
        if stall is None or not stall.detected or not self.drive.moving:
            return NEVER_S
        return max(stall.since_s, self.drive.started_s) + stall.detect_s

    def _hear(self, until_s: float) -> bool:
        """Takes bytes of the host's that have come by until_s, as far as the end of a frame or of a burst; whether of a frame."""
        burst, faults, frame = self._rx.under_way[0], self.faults, None
        count = burst.through(until_s)
        if self.powered and not (faults.deaf or faults.wrong_baud):
            count, frame = self.receiver.take(burst, count)
        heard = self._rx.take_first(count)
        if faults.echo:
            for at_s, byte in heard.timed():
                self.wire.echo(byte, at_s)
        if frame is None:
            return False
        self._on_frame(frame)
        return True

    def _on_frame(self, frame: Frame) -> None:
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
