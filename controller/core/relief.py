"""The relief after a stop: takes back what the line has stored, before it flows on into the duct.

Each stroke is programmed with no more than the line holds above the duct at that moment, and read back. What of that flows
into the duct meanwhile need not be taken back any more, and what the play of the drive swallows has not been: so where a stroke
has to end shows in the line's pressure alone. It is watched, and the pump is stopped as the line comes down to the duct. Should
the pressure deceive, the programmed volume ends the stroke, and with it the duct holds as much as when the pump was stopped.
"""

from itertools import pairwise

from controller.core.desk import Desk
from controller.core.limits import INCREMENT_UL, RELIEF_FLOOR_KPA
from controller.core.motion_run import MotionRun, Step
from controller.core.reasons import WITHOUT_RELIEF, Reason
from controller.core.states import State
from drivers.pump import Direction, Motion

STROKES = 3
ATTEMPTS = 6  # with those that were dropped before they began
LEAST_EXCESS_KPA = 2.0
LEAST_STROKE_UL = 0.3
PLAY_FACTOR = 1.5  # of what the line held at first, in all strokes: play and give of the drive swallow a part of each way back
START_DELAY_S = 0.2  # programming and reading back takes a little less than this, and the line relaxes meanwhile
CLEARING_S = 0.1  # longer where no stop has read the pump's counters before
MEAN_S = 0.025
END_BELOW_KPA = 0.5  # below what the duct held last, but never below zero level
STOP_ACTS_S = 0.006  # from the order to stop until the plunger stands
POLL_S = 0.050  # a reading that is asked for now is in, and the pump hears again
HUSH_S = 0.150  # without an answer; half of what counts as silence
FALL_SAMPLES = 4
JUMP_SAMPLES = 12


class Relief:
    """All strokes of one procedure. over: none will follow."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._attempts = 0
        self._strokes = 0
        self._budget_ul: float | None = None
        self._run: MotionRun | None = None
        self._causes = 0
        self._jump_kpa = 0.0
        self.over = False

    @property
    def hushed(self) -> bool:
        """Whether the pump must not be asked anything now: it would not hear the stop that is about to be said."""
        desk, run = self._desk, self._run
        if run is None or run.step is not Step.MOVING or desk.state is not State.RELIEVING:
            return False
        kpa = self._line_kpa_in(POLL_S)
        return kpa is not None and kpa <= self._end_kpa() and desk.now_s - desk.view.pump.heard_s < HUSH_S

    def stroke_ul(self) -> float | None:
        """How much to take back now, or None. It follows from the excess pressure as it is now, never from the plan."""
        desk, pressure = self._desk, self._desk.view.pressure
        causes = {desk.reason, *desk.also}
        injected = any(entry.into == "patient" and entry.started_s is not None for entry in desk.account.entries)
        done = self.over or self._strokes >= STROKES or self._attempts >= ATTEMPTS
        if done or not injected or causes & WITHOUT_RELIEF or not desk.line.known:
            return None
        kpa = self._line_kpa()
        if pressure.fault is not None or kpa is None or not desk.pressure_is_fresh:
            return None
        duct_kpa = self._duct_kpa()
        if self._budget_ul is None:
            self._budget_ul = PLAY_FACTOR * desk.line.stored_ul(kpa, duct_kpa)
        delay_s = START_DELAY_S if desk.state is State.STOPPING else START_DELAY_S + CLEARING_S
        at_start_kpa = desk.line.relaxed_kpa(kpa, duct_kpa, delay_s * 2.0 ** (self._attempts - self._strokes))
        least_kpa = max(LEAST_EXCESS_KPA, self._jump_kpa) if self._strokes else LEAST_EXCESS_KPA
        if at_start_kpa - duct_kpa < least_kpa:
            return None
        wanted_ul = min(desk.line.stored_ul(at_start_kpa, duct_kpa), self._budget_ul - self._taken_ul(), INCREMENT_UL)
        volume_ul = int(wanted_ul * 100) / 100  # cut to what the pump can be told
        return volume_ul if volume_ul >= LEAST_STROKE_UL else None

    def begin(self) -> bool:
        """Begins a stroke if there is reason and room for one. The pump has been seen to stand still."""
        desk, volume_ul = self._desk, self.stroke_ul()
        if volume_ul is None:
            return False
        self._attempts += 1  # each that is dropped has shown a line that relaxes faster than its model
        self._causes = desk.causes
        if desk.state is State.STOPPING:
            desk.go("relieve", "the line is relieved")
        kpa = desk.view.pressure.kpa or 0.0
        self._run = MotionRun(
            desk,
            "relief",
            Motion(volume_ul, desk.plan.relief_rate_ul_s, Direction.WITHDRAW),
            why=f"relief: the line holds {kpa:.1f} kPa, the duct about {self._duct_kpa():.1f} kPa",
            gate=lambda: None if desk.pressure_is_fresh else "no fresh pressure",
            started=self._started,
            at_once=True,
        )
        return True

    def take(self, observation: object) -> bool:
        """One observation further while relieving; True when all is done."""
        desk, run = self._desk, self._run
        if run is None:
            return True
        kpa = desk.view.pressure.kpa or 0.0
        if self._is_too_much_now(run):
            desk.close_motion(certain=True)
            text = f"the line has relaxed to {kpa:.1f} kPa: {run.entry.motion.volume_ul:g} ul would be too much"
            desk.note("relief_dropped", text)
            return not self.begin()
        run.take(observation)
        if desk.state is not State.RELIEVING:
            return False  # a cause has ended it
        if run.ended:
            self._tell(run)
            return not self.begin()
        if run.step is Step.MOVING:
            self._watch()
        return False

    def _started(self) -> None:
        self._strokes += 1

    def stood_still(self) -> None:
        """The pump was seen to stand still, again. Where anything but this relief itself has stopped it, no stroke follows."""
        run, self._run = self._run, None
        if self._attempts and self._desk.causes != self._causes:
            self.over = True
        elif run is not None:
            self._tell(run)

    # -- while it moves --------------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Stops the stroke where the line has come down to the duct."""
        self._jump_kpa = self._greatest_jump_kpa()
        desk, kpa = self._desk, self._line_kpa_in(STOP_ACTS_S)
        if kpa is None:
            return
        reason = desk.reason or Reason.OPERATOR_STOP
        now_kpa = desk.view.pressure.kpa or 0.0
        if now_kpa < min(self._duct_kpa(), 0.0) + RELIEF_FLOOR_KPA / 2:
            self.over = True
            desk.halt(reason, f"line at {now_kpa:.2f} kPa: relief goes no further")
        elif kpa <= self._end_kpa():
            desk.halt(reason, f"line at {now_kpa:.1f} kPa: the stroke ends here")

    def _line_kpa_in(self, seconds: float) -> float | None:
        """The least that the line's pressure may have come to so long from now, if the stroke goes on until then."""
        desk, pressure = self._desk, self._desk.view.pressure
        if pressure.kpa is None:
            return None
        falls_kpa = self._fall_kpa_s(pressure.kpa) * (desk.now_s - pressure.asked_s + seconds)
        return pressure.kpa - max(falls_kpa, self._jump_kpa)

    def _fall_kpa_s(self, kpa: float) -> float:
        """How fast the line's pressure falls: as its compliance says or as it has been seen, whichever is faster."""
        desk = self._desk
        line, samples = desk.line, desk.view.pressure.samples
        out_ul_s = desk.plan.relief_rate_ul_s + max(0.0, kpa - self._duct_kpa()) / line.resistance_kpa_s_ul
        fall_kpa_s = out_ul_s * line.resistance_kpa_s_ul / line.tau_s(kpa, self._duct_kpa())
        if len(samples) > FALL_SAMPLES:
            (before_s, before_kpa), (last_s, last_kpa) = samples[-1 - FALL_SAMPLES], samples[-1]
            fall_kpa_s = max(fall_kpa_s, (before_kpa - last_kpa) / (last_s - before_s)) if last_s > before_s else fall_kpa_s
        return fall_kpa_s

    def _greatest_jump_kpa(self) -> float:
        """By how much the pressure has fallen from one sample to the next at most: a stopper that sticks follows in slips."""
        samples = self._desk.view.pressure.samples
        recent = [samples[-1 - back][1] for back in range(min(JUMP_SAMPLES, len(samples)))]
        return max((before - after for after, before in pairwise(recent)), default=0.0)

    def _end_kpa(self) -> float:
        return max(0.0, self._duct_kpa() - END_BELOW_KPA)

    # -- volumes and pressures -------------------------------------------------------------------------------------------------

    def _line_kpa(self) -> float | None:
        """What the line holds now: the mean of the newest samples, because one alone is noisy."""
        pressure = self._desk.view.pressure
        mean_kpa = pressure.mean_kpa(pressure.asked_s - MEAN_S)
        return pressure.kpa if mean_kpa is None else mean_kpa

    def _taken_ul(self) -> float:
        return sum(entry.withdrawn_ul for entry in self._desk.account.entries if entry.into == "relief")

    def _duct_kpa(self) -> float:
        """What the duct itself holds, as far as the last hold told; never below zero level."""
        return max(0.0, self._desk.hold_kpa[-1]) if self._desk.hold_kpa else 0.0

    def _is_too_much_now(self, run: MotionRun) -> bool:
        """Whether the line has relaxed so far, while the stroke was written down and programmed, that it no longer holds it."""
        kpa = self._line_kpa()
        if run.step in (Step.MOVING, Step.ENDED) or kpa is None:
            return False
        return self._desk.line.stored_ul(kpa, self._duct_kpa()) < run.entry.motion.volume_ul

    def _tell(self, run: MotionRun) -> None:
        kpa = self._desk.view.pressure.kpa or 0.0
        self._desk.note("relieved", f"{run.entry.withdrawn_ul:.2f} ul taken back, line at {kpa:.1f} kPa")
