"""The pumping program of the NE-1000: phases one after the other, pause and resume (vendor manual, pumping programs).

A phase that has pumped its volume hands over to the next one; only a STP phase, or the end of the program behind phase
41, ends it. So a single programmed bolus needs a STP phase behind it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from simulators.ne1000.drive import NEVER_S, Drive
from simulators.ne1000.faults import Faults
from simulators.ne1000.inputs import Inputs
from simulators.ne1000.loops import Loops
from simulators.ne1000.memory import PHASES, TRIGGER_OFF, TRIGGERS, Interrupted, Memory, Phase
from simulators.ne1000.numbers import rate_is_possible, rate_limits_ul_s, rate_ul_s, volume_ul
from simulators.ne1000.options import Ne1000Options

MAX_INSTANT_PHASES = 500
"""So many phases in a row that take no time are a program error; else a jump onto itself would hang the pump."""

FINISHED = PHASES + 1


class ProgramError(Exception):
    """The program can not go on. alarm: "E" (program error) or "O" (phase out of range)."""

    def __init__(self, alarm: str) -> None:
        super().__init__(alarm)
        self.alarm = alarm


@dataclass(slots=True)
class _Rest:
    """What a pause leaves: rest of a volume (uL, None: without end), of a timed pause (s), or a wait for somebody."""

    status: str
    volume_ul: float | None = None
    time_s: float = 0.0


class Program:
    """Runs the stored phases on the drive. Times in s; raise_alarm is told the alarm letter and the time."""

    def __init__(
        self,
        memory: Memory,
        drive: Drive,
        inputs: Inputs,
        options: Ne1000Options,
        faults: Faults,
        raise_alarm: Callable[[str, float], None],
    ) -> None:
        self._memory = memory
        self._drive = drive
        self._inputs = inputs
        self._options = options
        self._faults = faults
        self._raise_alarm = raise_alarm
        self.status = "S"
        self.phase = 1
        self.phase_began_s = -math.inf
        """When a phase last began by itself, behind another one."""
        self.timer_s = NEVER_S
        """When the timed pause ends."""
        self.trigger_override: str | None = None
        self.beeps = 0
        self._rate_ul_s = 0.0
        self._sign = 1
        self._rest: _Rest | None = None
        self._loops = Loops()
        self._ran_over = False

    @property
    def running(self) -> bool:
        """True while phases are being executed (pumping, timed pause, waiting) or the pump purges."""
        return self.status in ("I", "W", "T", "U", "X")

    @property
    def pumping(self) -> bool:
        """True while the status says that the motor turns."""
        return self.status in ("I", "W", "X")

    @property
    def rate_ul_s(self) -> float:
        """The rate of the phase being executed."""
        return self._rate_ul_s

    @property
    def infusing(self) -> bool:
        """The direction of the present or last motion."""
        return self._sign > 0

    def rate_allowed(self, phase: Phase) -> bool:
        """Whether the phase, if it pumps at a rate of its own, can be pumped with this syringe."""
        if phase.function != "RAT":
            return True
        return rate_is_possible(rate_ul_s(phase.rate, phase.rate_units), self._memory.diameter_mm)

    def start(self, phase: int, now_s: float) -> None:
        """Runs the program from this phase."""
        self._forget_run()
        self._go(phase, now_s)

    def resume(self, now_s: float) -> None:
        """Goes on where pause() left off."""
        rest, self._rest = self._rest, None
        if rest is None:
            self.start(self.phase, now_s)
        elif rest.status == "T":
            self.status, self.timer_s = "T", now_s + rest.time_s
        elif rest.status == "U":
            self.go_on(now_s)
        else:
            again = self._options.run_after_pause == "full"
            self._pump(self._rate_ul_s, self._phase_volume_ul() if again else rest.volume_ul, now_s)

    def go_on(self, now_s: float) -> None:
        """Ends a wait for the user or for a trigger."""
        self.status = "S"
        self._go(self.phase + 1, now_s)

    def pause(self, now_s: float, *, motor_obeys: bool = True) -> None:
        """Stops so that resume() can go on. motor_obeys False: only the status does (fault)."""
        if self.status == "X":
            self.halt(now_s, motor_obeys=motor_obeys)
            return
        self._rest = _Rest(self.status, self._drive.left_ul(now_s), self.timer_s - now_s)
        self.status, self.timer_s = "P", NEVER_S
        if motor_obeys:
            self._drive.stop(now_s)

    def halt(self, now_s: float, *, motor_obeys: bool = True) -> None:
        """Ends the program."""
        self._forget_run()
        self.status = "S"
        if motor_obeys:
            self._drive.stop(now_s)

    def purge(self, now_s: float) -> None:
        """Pumps at top speed in the direction of phase 1 until stopped."""
        self._forget_run()
        self._set_direction(self._memory.phase(1))
        self._rate_ul_s = rate_limits_ul_s(self._memory.diameter_mm)[1]
        self._pump(self._rate_ul_s, None, now_s)
        self.status = "X"

    def change_rate(self, rate: float, now_s: float) -> None:
        """A new rate (uL/s) while pumping; the volume target stays."""
        self._rate_ul_s = rate
        self._drive.move(self._drive.sign, rate, self._drive.left_ul(now_s), now_s)

    def change_direction(self, sign: int, now_s: float) -> None:
        """Turns round while pumping without end."""
        self._sign = sign
        self._pump(self._rate_ul_s, None, now_s)

    def interrupted(self, now_s: float) -> Interrupted | None:
        """What a power cut at now_s interrupts."""
        if self.status not in ("I", "W", "T", "U"):
            return None
        return Interrupted(self.phase, self._drive.left_ul(now_s), self._rate_ul_s)

    def take_up(self, interrupted: Interrupted, now_s: float) -> None:
        """Pumps the rest of what a power cut interrupted."""
        self._forget_run()
        self.phase = interrupted.phase
        if self._memory.phase(self.phase).function not in ("RAT", "FIL", "INC", "DEC"):
            self._go(self.phase, now_s)
            return
        self._set_direction(self._memory.phase(self.phase))
        self._rate_ul_s = interrupted.rate_ul_s
        self._pump(interrupted.rate_ul_s, interrupted.rest_ul, now_s)

    def on_timer(self, now_s: float) -> None:
        """The timed pause is over."""
        self.timer_s = NEVER_S
        self._go_by_itself(now_s)

    def on_volume_reached(self, now_s: float) -> None:
        """The drive has moved the volume it was given."""
        sign, rate = self._drive.sign, self._drive.rate_ul_s
        self._drive.stop(now_s)
        if not self.pumping:
            return  # a motor that ignored the stop has come to its end
        runaway = self._faults.runaway
        if runaway and runaway.reported and not self._ran_over:
            self._ran_over = True
            self._drive.move(sign, rate, runaway.extra_ul, now_s)
            return
        if self._options.after_volume == "stop":
            self.halt(now_s)
        else:
            self._go_by_itself(now_s)
        if runaway and not runaway.reported and self.status == "S":
            self._drive.move(sign, rate, runaway.extra_ul, now_s, counted=False)

    def end_runaway(self, now_s: float) -> None:
        """A motor that runs beyond its volume finds its way back to the program."""
        if self._ran_over and self.pumping:
            self.on_volume_reached(now_s)
        elif self._drive.uncounted:
            self._drive.stop(now_s)

    def _forget_run(self) -> None:
        self.phase_began_s = -math.inf
        self.timer_s = NEVER_S
        self.trigger_override = None
        self._rest = None
        self._loops = Loops()

    def _go_by_itself(self, now_s: float) -> None:
        self.phase_began_s = now_s
        self._go(self.phase + 1, now_s)

    def _go(self, phase: int, now_s: float) -> None:
        """Executes phases from this one on until one takes time or the program ends."""
        try:
            for _ in range(MAX_INSTANT_PHASES):
                if phase >= FINISHED:
                    self.phase = PHASES
                    self.halt(now_s)
                    return
                self.phase = phase
                following = self._execute(self._memory.phase(phase), now_s)
                if following is None:
                    return
                phase = following
            self._fail("E", now_s)
        except ProgramError as error:
            self._fail(error.alarm, now_s)

    def _fail(self, alarm: str, now_s: float) -> None:
        self.halt(now_s)
        self._raise_alarm(alarm, now_s)

    def _execute(self, phase: Phase, now_s: float) -> int | None:
        """Does one phase; returns the next one if it took no time, None if it goes on or ended the program."""
        if phase.function in ("RAT", "INC", "DEC", "FIL"):
            return self._execute_rate(phase, now_s)
        if phase.function == "STP":
            self.halt(now_s)
            return None
        if phase.function == "PAS":
            seconds = float(phase.argument)
            self._drive.stop(now_s)
            self.status, self.timer_s = ("T", now_s + seconds) if seconds > 0.0 else ("U", NEVER_S)
            return None
        if phase.function == "TRG" and not phase.argument:
            self._drive.stop(now_s)
            self.status = "U"
            return None
        return self._execute_instant(phase, now_s)

    def _execute_instant(self, phase: Phase, now_s: float) -> int:
        following = self.phase + 1
        match phase.function:
            case "JMP":
                following = int(phase.argument)
            case "IF":
                following = self.phase + 1 if self._inputs.high(6) else int(phase.argument)
            case "LPS":
                if not self._loops.open(self.phase):
                    raise ProgramError("E")
            case "LOP":
                following = self._loops.turn(self.phase, int(phase.argument))
            case "LPE":
                following = self._loops.start
            case "BEP":
                self.beeps += 1
            case "OUT":
                self._inputs.output_high = phase.argument == "1"
            case "CLD":
                self._drive.clear_counter(1, now_s)
                self._drive.clear_counter(-1, now_s)
            case "TRG" if phase.argument in TRIGGERS or phase.argument == TRIGGER_OFF:
                self.trigger_override = phase.argument
            case _:
                raise ProgramError("E")
        return following

    def _execute_rate(self, phase: Phase, now_s: float) -> int | None:
        rate = rate_ul_s(phase.rate, phase.rate_units)
        if phase.function == "INC":
            rate = self._rate_ul_s + rate
        elif phase.function == "DEC":
            rate = self._rate_ul_s - rate
        if not rate_is_possible(rate, self._memory.diameter_mm):
            raise ProgramError("O")
        target_ul = self._phase_volume_ul()
        if phase.function == "FIL":
            net_ul = self._drive.counted_ul(1, now_s) - self._drive.counted_ul(-1, now_s)
            if net_ul == 0.0:
                return self.phase + 1
            self._sign, target_ul = (-1 if net_ul > 0.0 else 1), abs(net_ul)
        else:
            self._set_direction(phase)
        self._rate_ul_s = rate
        self._pump(rate, target_ul, now_s)
        return None

    def _pump(self, rate: float, target_ul: float | None, now_s: float) -> None:
        self._ran_over = False
        self._drive.move(self._sign, rate, target_ul, now_s)
        self.status = "I" if self._sign > 0 else "W"

    def _phase_volume_ul(self) -> float | None:
        target_ul = volume_ul(self._memory.phase(self.phase).volume, self._memory.volume_units)
        return target_ul if target_ul > 0.0 else None

    def _set_direction(self, phase: Phase) -> None:
        if phase.direction == "STK":
            if self.phase == 1:
                self._sign = -1 if self._inputs.high(3) else 1
            return  # as in the phase before
        self._sign = 1 if phase.direction == "INF" else -1
