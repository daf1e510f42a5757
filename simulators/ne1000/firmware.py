"""The NE-1000's firmware around its program: alarms, the Safe mode watchdog, stopping and starting from every side."""

from collections.abc import Callable

from simulators.ne1000.drive import NEVER_S, Drive
from simulators.ne1000.faults import Faults
from simulators.ne1000.inputs import DIRECTION_PIN, TRIGGER_PIN, Inputs, edge_action, level_action
from simulators.ne1000.memory import Memory, factory_phases
from simulators.ne1000.numbers import not_applicable, out_of_range
from simulators.ne1000.options import Ne1000Options
from simulators.ne1000.program import Program


class Firmware:
    """State of one powered-up pump. The commands (commands.py, settings.py) work on this; times in s.

    transmit is called with a text and the time for what is sent without being asked.
    """

    def __init__(
        self,
        memory: Memory,
        drive: Drive,
        inputs: Inputs,
        options: Ne1000Options,
        faults: Faults,
        transmit: Callable[[str, float], None],
    ) -> None:
        self.memory = memory
        self.drive = drive
        self.inputs = inputs
        self.options = options
        self.faults = faults
        self.program = Program(memory, drive, inputs, options, faults, self.raise_alarm)
        self._transmit = transmit
        self.alarm: str | None = None
        self.selected_phase = 1
        self.buzzing = False
        self.watchdog_s = NEVER_S
        """When the Safe mode time-out will expire; NEVER_S while its timer does not run."""

    @property
    def safe(self) -> bool:
        """Whether the pump is in Safe mode."""
        return self.memory.safe_s > 0

    @property
    def prompt(self) -> str:
        """The status field of a reply: the alarm, while there is one, in place of the program status."""
        return f"A?{self.alarm}" if self.alarm else self.program.status

    @property
    def settable(self) -> bool:
        """Whether settings that need a program that is not operating are taken."""
        status = self.program.status
        return status == "S" or (status == "P" and self.options.set_while_paused)

    def address_text(self) -> str:
        """The pump's address as it stands in replies."""
        return f"{self.memory.address:0{self.options.reply_address_digits}d}"

    # --- power -------------------------------------------------------------------------------------------------

    def power_up(self, now_s: float) -> None:
        """What happens when the power comes: alarm, and with PF1 the interrupted program."""
        interrupted, self.memory.interrupted = self.memory.interrupted, None
        if self.options.power_on_alarm:
            self.raise_alarm("R", now_s)
        if interrupted is None or not self.memory.power_fail:
            return
        if self.options.power_fail_resume == "rest":
            self.program.take_up(interrupted, now_s)
        else:
            self.program.start(1, now_s)

    def reset(self, now_s: float) -> None:
        """*RESET: program memory cleared, Basic mode, address 0."""
        self.stop_by_itself("S", now_s)
        self.memory.phases[:] = factory_phases()
        self.memory.address, self.memory.network, self.memory.safe_s = 0, "", 0
        self.selected_phase = 1
        self.watchdog_s = NEVER_S

    # --- alarms ------------------------------------------------------------------------------------------------

    def raise_alarm(self, alarm: str, now_s: float) -> None:
        """An alarm stays until a command or a key collects it; in Safe mode it is sent once by itself."""
        self.alarm = alarm
        self.buzzing = self.buzzing or self.memory.alarm_sound
        if self.safe:
            self._transmit(self.address_text() + self.prompt, now_s)

    def acknowledge(self, now_s: float) -> None:
        """The alarm has been collected; the inputs count again, and with them a level that is there already."""
        self.alarm = None
        self.buzzing = False
        self.apply_trigger_level(now_s)

    def on_stall(self, now_s: float) -> None:
        """The firmware has noticed that the motor does not follow."""
        self.stop_by_itself(self.options.state_after_stall, now_s)
        self.raise_alarm("S", now_s)

    # --- the Safe mode watchdog ----------------------------------------------------------------------------------

    def on_valid_packet(self, at_s: float) -> None:
        """Every valid packet for this pump restarts the timer."""
        self.watchdog_s = at_s + self.memory.safe_s if self.safe else NEVER_S

    def on_watchdog(self, now_s: float) -> None:
        """The host has been silent for too long. The timer rests until the next valid packet."""
        self.watchdog_s = NEVER_S
        if self._may_stop("WATCHDOG"):
            self.stop_by_itself(self.options.state_after_timeout, now_s)
        self.raise_alarm("T", now_s)

    # --- starting and stopping -----------------------------------------------------------------------------------

    def run(self, phase: int | None, now_s: float) -> None:
        """RUN, start key, start trigger. Raises CommandError."""
        program = self.program
        if program.running and program.status != "U":
            raise not_applicable()
        if self.held_by_level() and self.options.run_under_stop_level == "refuse":
            raise not_applicable()
        if program.status == "U" and phase is None:
            program.go_on(now_s)
            return
        if program.status == "P" and phase is None:
            program.resume(now_s)
            return
        if not program.rate_allowed(self.memory.phase(phase or 1)):
            raise out_of_range()
        if program.status == "S" and "RUN" in self.options.dis_cleared_by:
            self.clear_dispensed(now_s)
        program.start(phase or 1, now_s)

    def stop(self, source: str, now_s: float) -> None:
        """STP ("STP"), stop key ("KEY") or trigger ("TTL"): running pauses, paused stops. Raises CommandError."""
        program = self.program
        if program.status == "S":
            raise not_applicable()
        obeys = self._may_stop(source)
        if not obeys and (self.faults.ignore_stop is None or self.faults.ignore_stop.answer != "stopped"):
            return
        if program.status == "P" or (source == "TTL" and self.options.ttl_stop_state == "S"):
            program.halt(now_s, motor_obeys=obeys)
        else:
            program.pause(now_s, motor_obeys=obeys)

    def stop_by_itself(self, status: str, now_s: float) -> None:
        """The pump stops its motor and program on its own account."""
        if status == "P" and self.program.running:
            self.program.pause(now_s)
        elif status == "S" or self.program.status != "P":
            self.program.halt(now_s)
        self.drive.stop(now_s)  # also a motor that has ignored a stop before

    def clear_dispensed(self, now_s: float) -> None:
        """Both dispensed volumes to zero."""
        self.drive.clear_counter(1, now_s)
        self.drive.clear_counter(-1, now_s)

    def _may_stop(self, source: str) -> bool:
        fault = self.faults.ignore_stop
        return fault is None or (source != "STP" and not fault.every_stop)

    # --- TTL inputs and keys -------------------------------------------------------------------------------------

    @property
    def trigger_mode(self) -> str:
        """The operational trigger mode in force."""
        return self.program.trigger_override or self.memory.trigger

    def held_by_level(self) -> bool:
        """Whether a level trigger keeps the pump stopped now."""
        high = self.inputs.high(TRIGGER_PIN)
        return self.alarm is None and level_action(self.trigger_mode, high=high) == "stop"

    def on_trigger(self, *, high: bool, powered: bool, now_s: float) -> None:
        """The trigger input has changed."""
        if self.inputs.change(TRIGGER_PIN, high=high) and powered and self.alarm is None:
            self._act(edge_action(self.trigger_mode, high=high), "TTL", now_s)

    def apply_trigger_level(self, now_s: float) -> None:
        """A level that was there before its mode was set, or before an alarm went, acts now."""
        if self.alarm is None:
            self._act(level_action(self.trigger_mode, high=self.inputs.high(TRIGGER_PIN)), "TTL", now_s)

    def on_direction_pin(self, *, high: bool, powered: bool, now_s: float) -> None:
        """The direction input has changed: it sets the direction as DIR would."""
        if not self.inputs.change(DIRECTION_PIN, high=high) or not powered or self.alarm is not None:
            return
        infuse = high == self.memory.direction_inverted
        program = self.program
        if not program.running:
            self.memory.phase(self.selected_phase).direction = "INF" if infuse else "WDR"
        elif program.status in ("I", "W") and self.memory.phase(program.phase).volume == 0:
            self.memory.phase(program.phase).direction = "INF" if infuse else "WDR"
            program.change_direction(1 if infuse else -1, now_s)

    def on_key(self, action: str, now_s: float) -> None:
        """The start or the stop key. A key pressed during an alarm only collects it."""
        if self.memory.keypad_locked and (action == "start" or self.options.lock_covers_stop_key):
            return
        if self.alarm is not None:
            self.acknowledge(now_s)
            return
        self._act(action, "KEY", now_s)

    def _act(self, action: str | None, source: str, now_s: float) -> None:
        """Keys and inputs do what is possible and say nothing about the rest."""
        running = self.program.running
        waiting = self.program.status == "U"
        if action in ("start", "toggle") and (not running or waiting):
            phase = self.memory.phase(1)
            if self.held_by_level() or (self.program.status == "S" and not self.program.rate_allowed(phase)):
                return
            self.run(None, now_s)
        elif action in ("stop", "toggle") and (running or (source == "KEY" and self.program.status == "P")):
            self.stop(source, now_s)
        elif action == "stop" and self._may_stop(source):
            self.drive.stop(now_s)  # a motor that turns although the program does not (fault)
