"""The injection: increment, hold, increment, hold, until the volume is in or the duct is full."""

from math import hypot

from controller.core.desk import Desk, Verdict
from controller.core.duct import DuctWatch, Estimate
from controller.core.hold import LEFT_KPA, Hold
from controller.core.messages import Tick
from controller.core.motion_run import MotionRun
from controller.core.readiness import expired
from controller.core.reasons import Reason
from controller.core.rest import Rest
from drivers.pressure import PressureSample
from drivers.pump import Direction, Motion

VOLUME_TOLERANCE_UL = 0.001
# The band around the pressure that this very line showed in priming. Wide, because it needs no knowledge of the duct.
RESISTANCE_FACTOR, RESISTANCE_EXTRA_KPA = 1.5, 5.0
OPEN_FACTOR, OPEN_LEAST_KPA, OPEN_FOR_S = 0.3, 5.0, 0.3
PREDICTION_SIGMAS = 3.0
# The growth itself may grow. Of 1340 intact ducts (seeds 401 to 403) 300 went on to 5 kPa: with 0.15 three would have done so
# without having been called full before, with 0.10 five; 89 and 67 would have been called full though they would have held less.
GROWTH_SPREAD = 0.15
STIFFEST_GROWTH = 2.7  # per increment, of any plausible duct
COURSE_SIGMAS, REPEAT_LEAST_KPA, REPEATS = 4.0, 0.3, 2
# Good lines relax 0.8 to 1.2 times as slowly as when primed (a stopper that sticks makes them stiffer), and a squeeze in the hold
# has made that 1.6 in four holds of 1800. So less than AIR_AT_ONCE has to show in two holds in a row.
AIR_RELAXES, AIR_AT_ONCE = 1.35, 1.8
FALL_SIGMAS, FALL_LEAST_KPA = 6.0, 1.0
FALL_BACK_KPA = 0.2


class Injection:
    """Runs from armed to complete; every increment is gated anew."""

    def __init__(self, desk: Desk, primed_s: float) -> None:
        self._desk = desk
        self._primed_s = primed_s
        self._run: MotionRun | None = None
        self._hold: Hold | None = None
        self._start_kpa = 0.0
        self._low_since_s: float | None = None
        self._errors_kpa: list[float] = []
        self._watch = DuctWatch(desk.line, desk.view.pressure.noise_kpa)
        self._repeats = 0
        self._slow_holds = 0
        self._hold_since_s = 0.0

    def take(self, observation: object) -> Reason | None:
        """One observation further; a good end as soon as there is one."""
        desk = self._desk
        if isinstance(observation, PressureSample) and desk.view.pressure.kpa is not None:
            self._watch.take(observation.asked_s, desk.view.pressure.kpa)
            desk.suspicion = self._watch.evidence
            if desk.suspicion >= 1.0 and desk.reason is None and self._watch.lacks() is None:
                self._stop_for_loss()
        if self._hold is not None:
            return self._holding(observation)
        if self._run is None:
            return self._between()
        self._run.take(observation)
        if self._run.ended and desk.reason is None:
            desk.go("hold", "the increment is in")
            desk.increments_done += 1
            self._hold_since_s, self._repeats = desk.now_s, 0
            self._hold = Hold(desk.now_s, desk.view.pressure.noise_kpa, desk.line)
            self._watch.holding(desk.now_s)
            desk.note("increment_done", f"increment {desk.increments_done} is in: {self._delivered_ul() / 1000:.2f} mL so far")
        elif self._run.entry.started_s is not None and desk.reason is None:
            verdict = self._resistance_or_loss(observation)
            if verdict is not None:
                desk.stop(verdict.reason, verdict.text)
        return None

    def hold_elapsed_s(self) -> float | None:
        """How long the hold under way has lasted; None while there is none."""
        return None if self._hold is None else self._desk.now_s - self._hold_since_s

    def _delivered_ul(self) -> float:
        return self._desk.account.forward_ul("patient")[0]

    def _left_ul(self) -> float:
        """What may still be ordered: what was ordered counts, and what was counted beyond it counts too."""
        given = [entry for entry in self._desk.account.entries if entry.into == "patient"]
        return self._desk.plan.target_ul - sum(max(entry.motion.volume_ul, entry.infused_ul) for entry in given)

    # -- before an increment ---------------------------------------------------------------------------------------------------

    def _between(self) -> Reason | None:
        """Waits for the go, then begins the next increment; the good end where the patient reports fullness meanwhile."""
        desk = self._desk
        if desk.fullness:
            return self._full()
        too_old = expired(desk, self._primed_s)
        if too_old is not None:
            desk.stop(Reason.PRIME_REFUSED, too_old)
            return None
        number = desk.increments_done + 1
        if not desk.plan.advance_auto and not desk.ask("next_increment", f"Give increment {number}?"):
            return None
        volume_ul = round(min(desk.plan.increment_ul, self._left_ul()), 3)
        self._low_since_s = None
        self._run = MotionRun(
            desk,
            "patient",
            Motion(volume_ul, desk.plan.rate_ul_s, Direction.INFUSE),
            why=f"increment {number}",
            gate=self._gate,
            started=self._started,
        )
        return None

    def _full(self) -> Reason:
        self._desk.note("good_end", f"fullness reported: the injection ends with {self._delivered_ul() / 1000:.2f} mL")
        self._desk.question = None
        return Reason.FULLNESS

    def _gate(self) -> str | None:
        desk = self._desk
        if not desk.pressure_is_fresh:
            return "no fresh pressure"
        return None if desk.view.button.closed else "the stop button is open"

    def _started(self) -> None:
        desk = self._desk
        self._start_kpa = desk.view.pressure.kpa or 0.0
        desk.go("infuse", "the pump was told to run")
        if self._run is not None:
            self._watch.infusing(desk.now_s, self._run.entry.motion.volume_ul, desk.plan.rate_ul_s)

    def _stop_for_loss(self) -> None:
        found = self._watch.lost()
        if found is None:
            return
        self._desk.stop(Reason.EXTRAVASATION_SUSPECTED, f"{found.text}; look at the pore for reflux, ask for pain")
        self._desk.note("evidence", found.text, **found.numbers)

    # -- while it flows --------------------------------------------------------------------------------------------------------

    def _resistance_or_loss(self, observation: object) -> Verdict | None:
        """Compares the pressure with what this line showed in priming, the duct's own pressure added."""
        desk = self._desk
        kpa = desk.view.pressure.kpa
        started_s = self._run.entry.started_s if self._run is not None else None
        if not isinstance(observation, PressureSample) or kpa is None or started_s is None:
            return None
        elapsed_s = observation.asked_s - started_s
        duct_kpa = desk.hold_kpa[-1] if desk.hold_kpa else 0.0
        settled_kpa = desk.line.resistance_kpa_s_ul * desk.plan.rate_ul_s + duct_kpa
        limit_kpa = settled_kpa * RESISTANCE_FACTOR + RESISTANCE_EXTRA_KPA
        if kpa > limit_kpa:
            return Verdict(Reason.RESISTANCE, f"line pressure {kpa:.1f} kPa where the line alone gives {settled_kpa:.1f} kPa")
        resists = self._watch.resists()
        if resists is not None:
            return Verdict(Reason.RESISTANCE, resists.text)
        if elapsed_s <= 0:
            return None
        expected_kpa = desk.line.expected_kpa(desk.plan.rate_ul_s, elapsed_s, self._start_kpa, duct_kpa)
        if expected_kpa < OPEN_LEAST_KPA or kpa > OPEN_FACTOR * expected_kpa:
            self._low_since_s = None
            lacks = self._watch.lacks()
            return None if lacks is None else Verdict(Reason.AIR_IN_LINE, f"{lacks.text}: air has come into it, or it leaks")
        if self._low_since_s is None:
            self._low_since_s = desk.now_s
        if desk.now_s - self._low_since_s >= OPEN_FOR_S:
            return Verdict(Reason.LINE_OPEN, f"line pressure {kpa:.1f} kPa where at least {expected_kpa:.1f} kPa were expected")
        return None

    # -- while it holds --------------------------------------------------------------------------------------------------------

    def _holding(self, observation: object) -> Reason | None:
        desk, hold = self._desk, self._hold
        if hold is None or desk.reason is not None:
            return None
        if isinstance(observation, PressureSample) and desk.view.pressure.kpa is not None:
            slips = hold.slips
            rest = hold.take(observation.asked_s, desk.view.pressure.kpa)
            if hold.slips > slips:
                self._watch.slipped(observation.asked_s)
            if rest is not None:
                return self._judge(rest, hold)
        elif isinstance(observation, Tick) and desk.now_s - self._hold_since_s > desk.plan.hold_s:
            course = self._watch.estimate()
            if course is not None and abs((desk.view.pressure.kpa or 0.0) - course.duct_kpa) <= LEFT_KPA:
                # A rough stopper that slips again and again leaves no relaxation to fit; the line has come to rest all the same.
                return self._judge(Rest(course.duct_kpa, course.duct_error_kpa), hold)
            desk.stop(Reason.RESISTANCE, f"the line has not come to rest within {desk.plan.hold_s:.0f} s: tip blocked, or a leak")
        return None

    def _judge(self, rest: Rest, hold: Hold) -> Reason | None:
        desk, plan = self._desk, self._desk.plan
        if hold.relaxes is not None and self._relaxes_slowly(hold.relaxes):
            return None
        course = self._watch.estimate()
        if course is not None:
            apart_kpa, error_kpa = rest.kpa - course.duct_kpa, hypot(rest.error_kpa, course.duct_error_kpa)
            if apart_kpa > max(REPEAT_LEAST_KPA, COURSE_SIGMAS * error_kpa) and self._may_repeat():
                self._repeat(rest, course)
                return None
            if abs(apart_kpa) <= COURSE_SIGMAS * error_kpa:
                rest = _weighed(rest, course)
        desk.hold_kpa.append(round(rest.kpa, 3))
        self._errors_kpa.append(rest.error_kpa)
        next_ul = min(plan.increment_ul, self._left_ul())
        predicted_kpa = self._predicted_kpa(next_ul, course) if next_ul > VOLUME_TOLERANCE_UL else None
        desk.note(
            "hold_result",
            f"zero-flow pressure {rest.kpa:.2f} kPa",
            kpa=round(rest.kpa, 3),
            error_kpa=round(rest.error_kpa, 4),
            predicted_kpa=None if predicted_kpa is None else round(predicted_kpa, 3),
            relaxes=None if hold.relaxes is None else round(hold.relaxes, 3),
            **self._watch.numbers(course),
        )
        self._watch.settled()
        if rest.kpa >= plan.duct_limit_kpa:
            desk.stop(Reason.RESISTANCE, f"{rest.kpa:.2f} kPa at zero flow, limit {plan.duct_limit_kpa:g} kPa")
        elif (lost := self._lost()) is not None:
            desk.stop(lost.reason, lost.text)
        if desk.reason is not None:
            return None
        self._run = self._hold = None
        if predicted_kpa is None:
            desk.note("good_end", f"{self._delivered_ul() / 1000:.2f} mL are in")
            return Reason.VOLUME_REACHED
        if predicted_kpa >= plan.duct_limit_kpa:
            desk.note(
                "good_end",
                f"the next increment would reach {predicted_kpa:.2f} kPa in the duct, limit {plan.duct_limit_kpa:g} kPa",
            )
            return Reason.DUCT_FULL
        return self._full() if desk.fullness else None

    def _relaxes_slowly(self, relaxes: float) -> bool:
        """Stops where the line has become softer, and says whether it does."""
        self._slow_holds = self._slow_holds + 1 if relaxes > AIR_RELAXES else 0
        if self._slow_holds < 2 and relaxes <= AIR_AT_ONCE:
            return False
        slower = f"the line came to rest {relaxes:.1f} times as slowly as when it was primed"
        self._desk.stop(Reason.AIR_IN_LINE, f"{slower}: air has come into it, or it clogs")
        return self._desk.reason is not None

    def _may_repeat(self) -> bool:
        return self._repeats < REPEATS and self._desk.now_s - self._hold_since_s < self._desk.plan.hold_s / 2

    def _repeat(self, rest: Rest, course: Estimate) -> None:
        """Something lifts the duct above its course, and the plunger stands: a patient who moves comes to rest again."""
        desk = self._desk
        self._repeats += 1
        self._hold = Hold(desk.now_s, desk.view.pressure.noise_kpa, desk.line)
        desk.note("hold_repeated", f"zero-flow pressure {rest.kpa:.2f} kPa where {course.duct_kpa:.2f} kPa were to be expected")

    def _lost(self) -> Verdict | None:
        """Whether the duct holds less pressure than it did before an increment went in.

        A duct that keeps what goes in never does: its law rises, and what its wall gives way by is a part of each rise. Where the
        contrast goes, into the tissue or back out past the cannula, the pressure alone does not tell. One hold may have been too
        high because the patient moved: so the pressure has to be back at what an earlier hold but one had already passed.
        """
        held, errors = self._desk.hold_kpa, self._errors_kpa
        if len(held) < 3:
            return None
        second, highest = sorted(range(len(held) - 1), key=held.__getitem__)[-2:]
        fallen_kpa = held[highest] - held[-1]
        if fallen_kpa <= max(FALL_LEAST_KPA, FALL_SIGMAS * hypot(errors[highest], errors[-1])):
            return None
        if held[-1] > held[second] + FALL_BACK_KPA:
            return None
        return Verdict(
            Reason.EXTRAVASATION_SUSPECTED,
            f"the duct holds {held[-1]:.2f} kPa, and held {held[highest]:.2f} kPa after increment {highest + 1}: what goes in "
            "does not stay; look at the pore for reflux, ask for pain",
        )

    def _predicted_kpa(self, more_ul: float, course: Estimate | None) -> float:
        """The most that the duct may hold after more_ul more, uncertainty included, if it goes on to stiffen as it did.

        Two bounds are known, and the lower one counts. From the holds alone: ducts stiffen exponentially, so each equal increment
        multiplies the rise; of two holds the ratio of the rises is known, after the first one it is taken to be that of the
        stiffest plausible duct (e per increment), and never below one. And from the course of everything so far, unless the last
        hold was off it.
        """
        held, error_kpa = self._desk.hold_kpa, self._errors_kpa[-1]
        rise = held[-1] - (held[-2] if len(held) > 1 else 0.0)
        before = held[-2] - (held[-3] if len(held) > 2 else 0.0) if len(held) > 1 else 0.0
        growth = (1.0 + GROWTH_SPREAD) * max(1.0, rise / before) if len(held) > 1 and before > 0 else STIFFEST_GROWTH
        by_holds_kpa = held[-1] + max(0.0, rise) * growth + PREDICTION_SIGMAS * error_kpa
        if course is None or abs(held[-1] - course.duct_kpa) > COURSE_SIGMAS * hypot(error_kpa, course.duct_error_kpa):
            return by_holds_kpa
        by_course_kpa = self._watch.predicted_kpa(more_ul, self._desk.plan.rate_ul_s, PREDICTION_SIGMAS)
        if by_course_kpa is None:
            return by_holds_kpa
        by_course_kpa += GROWTH_SPREAD * max(0.0, by_course_kpa - held[-1])
        return min(by_holds_kpa, max(by_course_kpa, held[-1] + PREDICTION_SIGMAS * error_kpa))


def _weighed(rest: Rest, course: Estimate) -> Rest:
    """The hold's own result and what the course of everything so far makes of it, by their errors."""
    own, other = rest.error_kpa**-2, course.duct_error_kpa**-2
    return Rest((own * rest.kpa + other * course.duct_kpa) / (own + other), (own + other) ** -0.5)
