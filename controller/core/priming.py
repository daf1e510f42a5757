"""Priming, the first look at the line: fluid moves into air in two runs, and the pressure returns to zero.

The first run fills what is empty and takes up the drive's play; the second, faster one is measured. It tells the resistance of
the line, what the line stores and how much of that is air (controller.core.line), before the patient is connected. Where the
profile asks for it, a step with the tip closed tells the latter two better (controller.core.closed_tip). What is not as it has to
be is refused, with what to do about it.
"""

from collections.abc import Callable
from math import sqrt

from controller.core.closed_tip import ClosedTip
from controller.core.desk import Desk
from controller.core.limits import INCREMENT_UL, PRIMING_FORWARD_UL, READY_LINE_KPA, ZERO_EXPIRY_S
from controller.core.line import Identified, LineModel, MeasuredRun
from controller.core.motion_run import MotionRun
from controller.core.readiness import zero_expired
from controller.core.reasons import Reason
from controller.core.rest import RestWatch
from drivers.pressure import PressureSample
from drivers.pump import Direction, Motion

LEAST_RISE_KPA = 1.0
REST_KPA = 0.2  # the fall within half a second at which the line counts as at rest: what is left is well below 1 kPa
# Within a lot of cannulas resistance spreads by 4 % (one standard deviation, an estimate), and a degree is 3 to 5 %.
LOT_FACTOR = 1.15
# The bore of a 30G cannula within its tolerance spreads its resistance by 0.64 to 1.66.
CATALOGUE_LOW, CATALOGUE_HIGH = 0.6, 1.7
BLOCKED_FACTOR = 1.5  # above the most that is accepted: no need to wait for the end of the run
AIR_UL = 6.0  # 1 ul can not be told from none; 10 ul are to be found in 95 of 100 lines
AIR_SIGMAS = 2.0
SOFT_FACTOR = 1.3  # above the catalogue's softest syringe and tube
MISFIT_UL = 0.6  # stick-slip of a rough stopper leaves 0.1 ul


class Priming:
    """Runs until the line has shown itself, or stops with PRIME_REFUSED."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._motions = _motions(desk)
        self._motion: MotionRun | None = None
        self._measured: MeasuredRun | None = None
        self._rest: RestWatch | None = None
        self._rest_since_s = 0.0
        self._rested_kpa: float | None = None
        self._found: Identified | None = None
        self._closed_tip: ClosedTip | None = None

    def take(self, observation: object) -> bool:
        """One observation further; True when the line is primed and at rest."""
        desk = self._desk
        if self._closed_tip is not None:
            return self._closed_tip.take(observation) and desk.reason is None and self._judge_closed(self._closed_tip)
        if self._motion is None:
            if zero_expired(desk):
                self._refuse(f"the pressure zero is older than {ZERO_EXPIRY_S:.0f} s")
            elif desk.ask("cannula_outside", "Cannula outside the patient, tip free: prime now?"):
                self._next_motion()
            return False
        kpa = desk.view.pressure.kpa
        if isinstance(observation, PressureSample) and kpa is not None:
            if self._measured is not None:
                self._measured.take(observation.asked_s, kpa)
            self._watch(kpa)
        if self._rest is not None:
            return self._await_rest(observation)
        self._motion.take(observation)
        if self._motion.ended and desk.reason is None:
            if self._motions:
                self._next_motion()
            else:
                self._rest, self._rest_since_s = RestWatch(desk.now_s, desk.view.pressure.noise_kpa, REST_KPA), desk.now_s
        return False

    def _next_motion(self) -> None:
        motion = self._motions.pop(0)
        self._motion = self._begin(motion, (lambda: None) if self._motions else self._measure)

    def _begin(self, motion: Motion, started: Callable[[], None]) -> MotionRun | None:
        """Begins a motion with the cannula outside the patient; None where that would be too much in all."""
        desk = self._desk
        if desk.account.forward_ul("air")[1] + motion.volume_ul > PRIMING_FORWARD_UL:
            self._refuse(f"priming would take more than {PRIMING_FORWARD_UL:g} ul")
            return None
        why = "prime into air: cannula outside the patient" if self._closed_tip is None else "press into the closed line"
        return MotionRun(desk, "air", motion, why=why, gate=self._gate, started=started)

    def _gate(self) -> str | None:
        desk = self._desk
        if not desk.pressure_is_fresh:
            return "no fresh pressure"
        return None if desk.view.button.closed else "the stop button is open"

    def _measure(self) -> None:
        """The last motion starts now."""
        desk, plan = self._desk, self._desk.plan
        # The newest sample and no mean: the line still relaxes from the first run, and a mean would be of a while ago.
        self._measured = MeasuredRun(desk.now_s, desk.view.pressure.kpa or 0.0, plan.prime_ul, plan.prime_rate_ul_s)

    def _watch(self, kpa: float) -> None:
        """A blocked line shows long before the absolute limit."""
        plan = self._desk.plan
        fastest_ul_s = max(plan.first_prime_rate_ul_s, plan.prime_rate_ul_s)
        limit_kpa = plan.expected_resistance_kpa_s_ul * fastest_ul_s * _accepted(plan.lot_calibrated)[1] * BLOCKED_FACTOR
        if kpa > limit_kpa and self._desk.reason is None:
            self._refuse(f"line blocked: {kpa:.1f} kPa while priming, at most {limit_kpa:.0f} kPa expected")

    def _await_rest(self, observation: object) -> bool:
        desk, view = self._desk, self._desk.view.pressure
        peak_kpa = self._measured.peak_kpa if self._measured is not None else 0.0
        rest = None
        if self._rest is not None and isinstance(observation, PressureSample) and view.kpa is not None:
            rest = self._rest.take(observation.asked_s, view.kpa)
        if rest is not None:
            self._rested_kpa = rest.kpa
            if abs(rest.kpa) <= READY_LINE_KPA or peak_kpa < LEAST_RISE_KPA:
                return self._judge(rest.kpa, peak_kpa)
            # A slow line, or a stopper that sticks and slips, looks at rest for a moment: it is given the whole time.
        if desk.now_s - self._rest_since_s > desk.plan.hold_s:
            if self._rested_kpa is not None:
                return self._judge(self._rested_kpa, peak_kpa)
            self._refuse(f"the line has not come to rest {desk.plan.hold_s:.0f} s after priming")
        return False

    def _judge(self, rest_kpa: float, peak_kpa: float) -> bool:
        desk = self._desk
        found = self._measured.identified() if self._measured is not None else None
        if found is not None:
            self._write_down(found, rest_kpa)
        trouble = self._trouble(found, rest_kpa, peak_kpa)
        if trouble is not None or found is None:
            self._refuse(trouble or "the line was not measured")
            return False
        self._found = found
        if desk.plan.closed_tip:
            self._closed_tip = ClosedTip(desk, found.line, peak_kpa, self._begin)
            return False
        return self._accept(found.line)

    def _judge_closed(self, closed_tip: ClosedTip) -> bool:
        """With the tip open again: what is known of compliance and air now, from the better of the two measurements."""
        run, closed = self._found, closed_tip.found
        if run is None or closed is None:
            self._refuse("the line was not measured")
            return False
        line, bubble_error_ul = run.line, run.bubble_error_ul
        if closed.bubble_error_ul < bubble_error_ul:
            line = LineModel(line.resistance_kpa_s_ul, closed.compliance_ul_kpa, closed.bubble_ul)
            bubble_error_ul = closed.bubble_error_ul
        trouble = self._too_soft(line, bubble_error_ul)
        if trouble is not None:
            self._refuse(trouble)
            return False
        return self._accept(line)

    def _accept(self, line: LineModel) -> bool:
        desk = self._desk
        desk.line = line
        unverified = "" if desk.plan.lot_calibrated else "; without the lot's calibration agent and temperature stay unverified"
        desk.note("primed", f"line primed{unverified}", lot_calibrated=desk.plan.lot_calibrated)
        return True

    def _write_down(self, found: Identified, rest_kpa: float) -> None:
        """What was measured stands in the record also where it is refused."""
        desk, line = self._desk, found.line
        desk.note(
            "line_measured",
            f"line: resistance {line.resistance_kpa_s_ul:.2f} kPa/(ul/s), compliance {line.compliance_at_rest_ul_kpa:.3f} "
            f"ul/kPa, air {line.bubble_ul:.1f} ul",
            resistance_kpa_s_ul=round(line.resistance_kpa_s_ul, 4),
            resistance_error_kpa_s_ul=round(found.resistance_error_kpa_s_ul, 4),
            compliance_ul_kpa=round(line.compliance_ul_kpa, 4),
            compliance_error_ul_kpa=round(found.compliance_error_ul_kpa, 4),
            compliance_at_rest_ul_kpa=round(line.compliance_at_rest_ul_kpa, 4),
            bubble_ul=round(line.bubble_ul, 2),
            bubble_error_ul=round(found.bubble_error_ul, 2),
            late_s=round(found.late_s, 4),
            residual_ul=round(found.residual_ul, 4),
            rest_kpa=round(rest_kpa, 3),
            noise_kpa=round(desk.view.pressure.noise_kpa, 4),
            zero_error_kpa=round(desk.view.pressure.noise_kpa / sqrt(desk.view.pressure.zero_samples), 4),
        )

    def _trouble(self, found: Identified | None, rest_kpa: float, peak_kpa: float) -> str | None:
        """What is wrong with the line and what to do, or None."""
        plan = self._desk.plan
        if peak_kpa < LEAST_RISE_KPA:
            return (
                f"no pressure while priming ({peak_kpa:.2f} kPa): the line is open, no fluid moved, or the transmitter is dead "
                "or not in this line; check the connections"
            )
        if abs(rest_kpa) > READY_LINE_KPA:
            return (
                f"the line rests at {rest_kpa:.2f} kPa after priming and not within {READY_LINE_KPA:g} kPa of zero: the tip is "
                "blocked or dry, or zero was taken at another height; free and wet the tip, begin anew"
            )
        if found is None or found.residual_ul > MISFIT_UL:
            return (
                "the pressure while priming fits no line with a cannula at its end: a leak, or a plunger that sticks; check "
                "syringe and connections, begin anew"
            )
        # With the closed tip air is known better, and judged then.
        wrong = self._wrong_resistance(found)
        return wrong if wrong is not None or plan.closed_tip else self._too_soft(found.line, found.bubble_error_ul)

    def _wrong_resistance(self, found: Identified) -> str | None:
        plan, resistance = self._desk.plan, found.line.resistance_kpa_s_ul
        ratio, (low, high) = resistance / plan.expected_resistance_kpa_s_ul, _accepted(plan.lot_calibrated)
        if low <= ratio <= high:
            return None
        whose = "this lot of cannulas, agent and temperature" if plan.lot_calibrated else "agent and nominal cannula"
        causes = (
            "thicker or colder contrast, a narrower or clogged cannula, or a larger syringe than the pump was told"
            if ratio > 1
            else "thinner contrast, a wider cannula, a leak, or a smaller syringe than the pump was told"
        )
        return (
            f"line resistance {resistance:.2f} kPa/(ul/s) is {ratio:.2f} times what {whose} give (accepted {low:.2f}-{high:.2f}):"
            f" {causes}; compare all of it with the profile, change the cannula, begin anew"
        )

    def _too_soft(self, line: LineModel, bubble_error_ul: float) -> str | None:
        limit_ul, greatest_ul_kpa = max(AIR_UL, AIR_SIGMAS * bubble_error_ul), self._desk.plan.greatest_compliance_ul_kpa
        if line.bubble_ul > limit_ul:
            return (
                f"air in the line: about {line.bubble_ul:.0f} ul (limit {limit_ul:.0f} ul); purge it with the tip up, look "
                "for bubbles, begin anew"
            )
        if line.compliance_at_rest_ul_kpa > SOFT_FACTOR * greatest_ul_kpa:
            return (
                f"the line stores {line.compliance_at_rest_ul_kpa:.2f} ul/kPa, and the softest syringe and tube of this kind "
                f"{greatest_ul_kpa:.2f}: air, or another syringe or tube than the profile says; check them, begin anew"
            )
        return None

    def _refuse(self, text: str) -> None:
        self._desk.stop(Reason.PRIME_REFUSED, text)


def _accepted(lot_calibrated: bool) -> tuple[float, float]:
    """The least and the greatest resistance that is accepted, as parts of the expected one."""
    return (1.0 / LOT_FACTOR, LOT_FACTOR) if lot_calibrated else (CATALOGUE_LOW, CATALOGUE_HIGH)


def _motions(desk: Desk) -> list[Motion]:
    """The first run, in pieces of what may be programmed at once, and the measured one."""
    plan, motions = desk.plan, []
    left_ul = plan.first_prime_ul
    while left_ul > 0:
        volume_ul = min(left_ul, INCREMENT_UL)
        left_ul = round(left_ul - volume_ul, 6)
        motions.append(Motion(volume_ul, plan.first_prime_rate_ul_s, Direction.INFUSE))
    return [*motions, Motion(plan.prime_ul, plan.prime_rate_ul_s, Direction.INFUSE)]
