"""The closed-tip step of priming, where the profile asks for it: what the line stores, known better, and whether it leaks.

The operator closes the tip. A small press takes up what the drive and the stopper give, a second one brings the closed line no
higher than it stood while fluid moved a moment ago; both tell compliance, air and leak (controller.core.closed_line). Then the
operator opens the tip, and the line comes back to zero by itself: nothing is taken back with the pump, so the drive stays engaged
forwards, and no air is drawn in where a cap is loose. The cannula is outside the patient all the while.
"""

from collections.abc import Callable
from enum import Enum

from controller.core.closed_line import ClosedLine, ClosedRun
from controller.core.desk import HANDS_S, Desk
from controller.core.limits import CLOSED_TIP_KPA, CLOSED_TIP_UL, READY_LINE_KPA
from controller.core.line import LineModel
from controller.core.motion_run import MotionRun
from controller.core.reasons import Reason
from controller.core.rest import RestWatch
from drivers.pressure import PressureSample
from drivers.pump import Direction, Motion

FIRST_KPA = 5.0  # of the press that takes up what gives
LEAST_UL = 0.01  # that the pump can be told
RATE_UL_S = 2.5  # slow: a stopper's slips follow closely, and a second has many samples
SETTLE_S = 0.5  # the pressure that was closed in is the mean over so much
HOLDS_S = (1.0, 2.0)
NOW_S = 0.3
PEOPLE_S = 180.0  # from the first question until the tip is open again: contrast cools, and a closed line is under pressure
START_KPA = 5.0  # a cap that is pushed on may press a microlitre into the line
TOO_HIGH_FACTOR, TOO_HIGH_EXTRA_KPA = 1.25, 5.0
NOT_CLOSED_PART = 0.5  # of the rise that is expected
LEAK_UL_S_KPA = 0.004  # a line that fluid runs through at 5 ul/s then loses 3 to 4 % of it
LEAK_SIGMAS = 3.0
MISFIT_UL = 0.4  # a rough stopper leaves 0.2
REST_KPA = 0.2
OPEN_IT = "first of all open the tip: the line may be under pressure"

Press = Callable[[Motion, Callable[[], None]], MotionRun | None]
"""Begins a motion, and calls back when it starts."""


class _Step(Enum):
    """How far it is."""

    CLOSE = "close"
    SETTLE = "settle"
    PRESS = "press"
    HOLD = "hold"
    OPEN = "open"
    ZERO = "zero"


class ClosedTip:
    """Runs until the line is known and at rest again with its tip open, or stops with PRIME_REFUSED. `found`: what it has told.

    press: how priming begins a motion; it keeps the account of the volume. line, peak_kpa: what the measured run has told.
    """

    def __init__(self, desk: Desk, line: LineModel, peak_kpa: float, press: Press) -> None:
        self._desk = desk
        self._line = line
        self._press = press
        self._aims_kpa = [min(FIRST_KPA, peak_kpa / 2.0), min(CLOSED_TIP_KPA, peak_kpa)]
        self._start_kpa = self._peak_kpa = self._pressed_ul = 0.0
        self._step = _Step.CLOSE
        self._since_s = self._began_s = desk.now_s
        self._holds_s = list(HOLDS_S)
        self._motion: MotionRun | None = None
        self._run: ClosedRun | None = None
        self._rest: RestWatch | None = None
        self.found: ClosedLine | None = None

    def take(self, observation: object) -> bool:
        """One observation further; True when the tip is open again and the line at rest."""
        desk = self._desk
        self._listen(observation)
        if desk.reason is not None:
            return False
        match self._step:
            case _Step.CLOSE:
                if self._asked("close_tip", "Close the tip without air before it (press it wet into its rubber cap): closed?"):
                    desk.beware = OPEN_IT
                    self._enter(_Step.SETTLE)
            case _Step.SETTLE:
                if self._waited_s() >= SETTLE_S:
                    self._settled()
            case _Step.PRESS:
                self._pressing(observation)
            case _Step.HOLD:
                if self._waited_s() >= self._holds_s[0]:
                    self._held()
            case _Step.OPEN:
                if self._asked("open_tip", "Open the tip and wet it: open, and the cannula outside the patient?"):
                    self._enter(_Step.ZERO)
                    self._rest = RestWatch(desk.now_s, desk.view.pressure.noise_kpa, REST_KPA)
            case _Step.ZERO:
                return self._at_zero(observation)
        return False

    # -- helpers ---------------------------------------------------------------------------------------------------------------

    def _enter(self, step: _Step) -> None:
        self._step, self._since_s = step, self._desk.now_s

    def _waited_s(self) -> float:
        return self._desk.now_s - self._since_s

    def _asked(self, question_id: str, text: str) -> bool:
        if self._desk.now_s - self._began_s > PEOPLE_S:
            self._refuse(f"the closed-tip step was not over within {PEOPLE_S:.0f} s; begin anew")
            return False
        return self._desk.ask(question_id, text, takes_s=HANDS_S)

    def _refuse(self, text: str) -> None:
        self._desk.stop(Reason.PRIME_REFUSED, text)

    def _listen(self, observation: object) -> None:
        """Every sample counts, and too high a pressure ends it at once."""
        kpa = self._desk.view.pressure.kpa
        if not isinstance(observation, PressureSample) or kpa is None:
            return
        if self._run is not None and self._step in (_Step.PRESS, _Step.HOLD):
            self._run.take(observation.asked_s, kpa)
            self._peak_kpa = max(self._peak_kpa, kpa)
        limit_kpa = TOO_HIGH_FACTOR * self._aims_kpa[-1] + TOO_HIGH_EXTRA_KPA
        if kpa > limit_kpa and self._desk.reason is None:
            self._write_down(self._run.identified() if self._run is not None else None, kpa)
            self._refuse(
                f"{kpa:.1f} kPa with the tip closed, where {self._aims_kpa[-1]:.0f} kPa were to be reached: the line "
                "stores less than while fluid ran; look for a pinched tube, begin anew"
            )

    # -- pressing --------------------------------------------------------------------------------------------------------------

    def _settled(self) -> None:
        desk = self._desk
        start_kpa = desk.view.pressure.mean_kpa(desk.now_s - SETTLE_S)
        if start_kpa is None or abs(start_kpa) > START_KPA:
            self._refuse(
                f"the line stands at {start_kpa or 0.0:.1f} kPa after its tip was closed, and {START_KPA:g} kPa is the most: "
                "close it without pushing, begin anew"
            )
            return
        self._start_kpa = start_kpa
        self._next_press()

    def _next_press(self) -> None:
        """The next press, as much as the compliance that is known allows; cut to what the pump can be told."""
        desk, line = self._desk, self._line
        to_kpa = self._start_kpa + self._aims_kpa[len(HOLDS_S) - len(self._holds_s)]
        wanted_ul = line.filled_ul(to_kpa) - line.filled_ul(self._start_kpa)
        volume_ul = max(LEAST_UL, int((min(wanted_ul, CLOSED_TIP_UL) - self._pressed_ul) * 100) / 100)
        self._pressed_ul += volume_ul

        def started() -> None:
            if self._run is None:
                self._run = ClosedRun(desk.now_s, self._start_kpa)
            self._run.press(desk.now_s, volume_ul, RATE_UL_S)

        self._motion = self._press(Motion(volume_ul, RATE_UL_S, Direction.INFUSE), started)
        self._enter(_Step.PRESS)

    def _pressing(self, observation: object) -> None:
        if self._motion is None:
            return
        self._motion.take(observation)
        if self._motion.ended and self._desk.reason is None:
            self._enter(_Step.HOLD)

    def _held(self) -> None:
        self._holds_s.pop(0)
        if self._holds_s:
            self._next_press()
            return
        desk = self._desk
        held_kpa = desk.view.pressure.mean_kpa(desk.now_s - NOW_S) or 0.0
        found = self._run.identified() if self._run is not None else None
        self._write_down(found, held_kpa)
        trouble = self._trouble(found, held_kpa)
        if trouble is not None:
            self._refuse(f"{trouble}; begin anew")
            return
        self.found = found
        self._enter(_Step.OPEN)

    def _write_down(self, found: ClosedLine | None, held_kpa: float) -> None:
        """What was measured stands in the record also where it is refused."""
        data: dict[str, object] = {}
        told = "the closed line told nothing"
        if found is not None:
            told = (
                f"closed line: compliance {found.compliance_ul_kpa:.4f} ul/kPa, air {found.bubble_ul:.1f} ul, leak "
                f"{found.leak_ul_s_kpa:.4f} ul/s for each kPa"
            )
            data = {
                "compliance_ul_kpa": round(found.compliance_ul_kpa, 4),
                "compliance_error_ul_kpa": round(found.compliance_error_ul_kpa, 4),
                "compliance_at_rest_ul_kpa": round(found.compliance_at_rest_ul_kpa, 4),
                "bubble_ul": round(found.bubble_ul, 2),
                "bubble_error_ul": round(found.bubble_error_ul, 2),
                "leak_ul_s_kpa": round(found.leak_ul_s_kpa, 5),
                "leak_error_ul_s_kpa": round(found.leak_error_ul_s_kpa, 5),
                "lost_ul": round(found.lost_ul, 3),
                "residual_ul": round(found.residual_ul, 4),
            }
        self._desk.note(
            "closed_tip_measured",
            told,
            pressed_ul=round(self._pressed_ul, 2),
            start_kpa=round(self._start_kpa, 3),
            peak_kpa=round(self._peak_kpa, 3),
            held_kpa=round(held_kpa, 3),
            **data,
        )

    def _trouble(self, found: ClosedLine | None, held_kpa: float) -> str | None:
        """What is wrong with the closed line and what to do, or None."""
        rise_kpa = self._aims_kpa[-1]
        if held_kpa - self._start_kpa < NOT_CLOSED_PART * rise_kpa:
            return (
                f"{self._pressed_ul:.1f} ul pressed into the closed line hold {held_kpa:.1f} kPa (at most {self._peak_kpa:.1f}) "
                f"where about {self._start_kpa + rise_kpa:.0f} kPa were expected: the tip is not closed, its cap has come off, "
                "or a connection leaks; look where fluid comes out, close the tip firmly"
            )
        if found is None or found.residual_ul > MISFIT_UL:
            return "the pressure fits no closed line: its cap moves, or a plunger sticks; check cap, syringe and connections"
        if found.leak_ul_s_kpa > max(LEAK_UL_S_KPA, LEAK_SIGMAS * found.leak_error_ul_s_kpa):
            return (
                f"the closed line leaks {found.leak_ul_s_kpa * held_kpa:.2f} ul/s at {held_kpa:.0f} kPa "
                f"({found.leak_ul_s_kpa:.4f} ul/s for each kPa, limit {LEAK_UL_S_KPA:g}): a connection, or the cap; look where "
                "fluid comes out, tighten it"
            )
        return None

    # -- open again ------------------------------------------------------------------------------------------------------------

    def _at_zero(self, observation: object) -> bool:
        desk, view = self._desk, self._desk.view.pressure
        if self._rest is not None and isinstance(observation, PressureSample) and view.kpa is not None:
            rest = self._rest.take(observation.asked_s, view.kpa)
            if rest is not None and abs(rest.kpa) <= READY_LINE_KPA:
                desk.beware = ""
                return True
        if self._waited_s() > desk.plan.hold_s:
            self._refuse(
                f"the line stands at {view.kpa or 0.0:.1f} kPa {desk.plan.hold_s:.0f} s after its tip was to be open, and not "
                f"within {READY_LINE_KPA:g} kPa of zero: the tip is still closed, blocked or dry; wet it, begin anew"
            )
        return False
