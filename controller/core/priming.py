"""Priming, the first look at the line: fluid moves into air under pressure, and the pressure returns to zero.

The same run tells the line's resistance and compliance (controller.core.line), which the relief after a stop needs.
"""

from controller.core.desk import Desk
from controller.core.hold import Hold
from controller.core.limits import INCREMENT_UL, PRIMING_FORWARD_UL, READY_LINE_KPA, ZERO_EXPIRY_S
from controller.core.line import PrimingRun
from controller.core.motion_run import MotionRun
from controller.core.readiness import zero_expired
from controller.core.reasons import Reason
from drivers.pressure import PressureSample
from drivers.pump import Direction, Motion

LEAST_RISE_KPA = 1.0
REST_KPA = 0.2  # the fall within half a second at which the line counts as at rest: what is left is well below 1 kPa
# The bore of a 30G cannula within its tolerance spreads its resistance by 0.64 to 1.66; this is only to find what is plainly
# wrong. (The hydraulic check judges it finely.)
RESISTANCE_LOW, RESISTANCE_HIGH = 0.4, 2.5


class Priming:
    """Runs until the line has shown itself, or stops with PRIME_REFUSED."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._left_ul = desk.plan.prime_ul
        self._run: MotionRun | None = None
        self._curve = PrimingRun()
        self._hold: Hold | None = None
        self._hold_since_s = 0.0
        self._rested_kpa: float | None = None

    def take(self, observation: object) -> bool:
        """One observation further; True when the line is primed and at rest."""
        desk = self._desk
        if self._run is None:
            if zero_expired(desk):
                self._refuse(f"the pressure zero is older than {ZERO_EXPIRY_S:.0f} s")
            elif desk.ask("cannula_outside", "Cannula outside the patient, tip free: prime now?"):
                self._next_motion()
            return False
        if isinstance(observation, PressureSample) and desk.view.pressure.kpa is not None:
            self._curve.take(observation.asked_s, desk.view.pressure.kpa)
            self._watch(desk.view.pressure.kpa)
        if self._hold is not None:
            return self._await_rest(observation)
        self._run.take(observation)
        if self._run.ended and desk.reason is None:
            if self._left_ul > 0:
                self._next_motion()
            else:
                self._curve.plunger_stopped(desk.plan.prime_ul)
                self._hold, self._hold_since_s = Hold(desk.now_s, desk.view.pressure.noise_kpa, REST_KPA), desk.now_s
        return False

    def _next_motion(self) -> None:
        desk = self._desk
        volume_ul = min(self._left_ul, INCREMENT_UL)
        if desk.account.forward_ul("air")[1] + volume_ul > PRIMING_FORWARD_UL:
            desk.stop(Reason.PRIME_REFUSED, f"priming would take more than {PRIMING_FORWARD_UL:g} ul")
            return
        self._left_ul = round(self._left_ul - volume_ul, 6)
        self._run = MotionRun(
            desk,
            "air",
            Motion(volume_ul, desk.plan.prime_rate_ul_s, Direction.INFUSE),
            why="prime into air: cannula outside the patient",
            gate=self._gate,
            started=lambda: None,
        )

    def _gate(self) -> str | None:
        desk = self._desk
        if not desk.pressure_is_fresh:
            return "no fresh pressure"
        return None if desk.view.button.closed else "the stop button is open"

    def _watch(self, kpa: float) -> None:
        """A blocked line shows long before the absolute limit."""
        plan = self._desk.plan
        limit_kpa = plan.expected_resistance_kpa_s_ul * plan.prime_rate_ul_s * RESISTANCE_HIGH
        if kpa > limit_kpa and self._desk.reason is None:
            self._desk.stop(
                Reason.PRIME_REFUSED, f"line blocked: {kpa:.1f} kPa while priming, at most {limit_kpa:.0f} kPa expected"
            )

    def _await_rest(self, observation: object) -> bool:
        desk, view = self._desk, self._desk.view.pressure
        rest = None
        if self._hold is not None and isinstance(observation, PressureSample) and view.kpa is not None:
            rest = self._hold.take(observation.asked_s, view.kpa)
        if rest is not None:
            self._rested_kpa = rest.kpa
            if abs(rest.kpa) <= READY_LINE_KPA or self._curve.peak_kpa < LEAST_RISE_KPA:
                return self._judge(rest.kpa)
            # A slow line, or a stopper that sticks and slips, looks at rest for a moment: it is given the whole time.
        if desk.now_s - self._hold_since_s > desk.plan.hold_s:
            if self._rested_kpa is not None:
                return self._judge(self._rested_kpa)
            desk.stop(Reason.PRIME_REFUSED, f"the line has not come to rest {desk.plan.hold_s:.0f} s after priming")
        return False

    def _judge(self, rest_kpa: float) -> bool:
        desk, plan = self._desk, self._desk.plan
        if self._curve.peak_kpa < LEAST_RISE_KPA:
            self._refuse(f"no pressure while priming ({self._curve.peak_kpa:.2f} kPa): line open, or no fluid moved")
            return False
        if abs(rest_kpa) > READY_LINE_KPA:
            self._refuse(f"the line rests at {rest_kpa:.2f} kPa after priming and not within {READY_LINE_KPA:g} kPa of zero")
            return False
        line = self._curve.line()
        if line is None:
            self._refuse("the pressure while priming fits no line with a cannula at its end")
            return False
        ratio = line.resistance_kpa_s_ul / plan.expected_resistance_kpa_s_ul
        if not RESISTANCE_LOW <= ratio <= RESISTANCE_HIGH:
            self._refuse(
                f"line resistance {line.resistance_kpa_s_ul:.2f} kPa/(ul/s) is {ratio:.2f} times what agent and cannula give "
                f"(accepted {RESISTANCE_LOW}-{RESISTANCE_HIGH}): wrong agent, cannula or temperature, or clogged"
            )
            return False
        desk.line = line
        desk.note(
            "primed",
            f"line primed: resistance {line.resistance_kpa_s_ul:.2f} kPa/(ul/s), compliance {line.compliance_ul_kpa:.3f} ul/kPa",
            resistance_kpa_s_ul=round(line.resistance_kpa_s_ul, 4),
            compliance_ul_kpa=round(line.compliance_ul_kpa, 4),
            rest_kpa=round(rest_kpa, 3),
        )
        return True

    def _refuse(self, text: str) -> None:
        self._desk.stop(Reason.PRIME_REFUSED, text)
