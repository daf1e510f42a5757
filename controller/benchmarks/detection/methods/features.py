"""What a run tells at a moment, as numbers: everything that we could think of, causally, every half second.

The balance of the line (controller.core.line), with R, C and air of the prime check, gives the duct's pressure over any window:

    P_duct = (area - R (pushed - stored)) / window

R changes by a percent or two while the contrast cools, so that what differs from earlier increments is told beside it.
"""

from bisect import bisect_left
from math import log

import numpy as np

from controller.benchmarks.detection.methods.method import Method, Numbers, Setting

EVERY_S = 0.5
WINDOWS_S = (0.6, 1.5, 3.0)
MIDDLE_S = 1.5
GROWS_BY = 2.7  # as the core takes it after the first increment
SHORT_S, LONG_S = 0.5, 2.0
NAMES = (
    *("infusing", "elapsed", "increment", "duct_0.6", "duct_1.5", "duct_3.0", "duct_change_1.5", "duct_change_3.0"),
    *("hold", "hold_before", "below_highest_hold", "rise", "rise_before", "rise_change", "over_hold", "over_predicted"),
    *("below_highest", "two_rates_first", "two_rates_before", "course_first", "course_before", "plateau_change"),
    *("fall_in_hold", "fall_less_first", "decay", "line_over_hold", "restless", "noise", "resistance", "tau"),
)


class Features(Method):
    """Hears of a run as every test does; `row` has the numbers of the newest half second, `at_s` when."""

    def __init__(self, setting: Setting) -> None:
        """See Method."""
        super().__init__(setting)
        self.row: Numbers | None = None
        self._times: list[float] = []
        self._kpa: list[float] = []
        self._areas: list[float] = []  # kPa s, from the first sample
        self._out: list[float] = []  # ul, pushed and not stored
        self._infusing = False
        self._since_s = 0.0
        self._pushed_ul = 0.0  # in increments that are over
        self._next_s = 0.0
        self._holds: list[float] = []
        self._plateaus: list[float] = []
        self._falls: list[float] = []  # from the duct's pressure early in each hold to its result
        self._early_kpa: float | None = None
        self._highest_kpa = 0.0
        self._courses: list[dict[int, float]] = []  # by increment: half seconds since its start -> line pressure

    def infuse(self, at_s: float) -> None:
        """See Method."""
        self._infusing, self._since_s, self._next_s = True, at_s, at_s + EVERY_S
        self._courses.append({})

    def rest(self, at_s: float) -> None:
        """See Method."""
        self._infusing, self._since_s, self._next_s = False, at_s, at_s + EVERY_S
        self._pushed_ul += self.setting.increment_ul
        self._plateaus.append(self._mean_kpa(self._window_of(at_s, 0.3 * self.setting.increment_s)))
        self._early_kpa = None

    def held(self, kpa: float) -> None:
        """See Method."""
        self._holds.append(kpa)
        self._falls.append(0.0 if self._early_kpa is None else self._early_kpa - kpa)
        self._next_s = 0.0  # the result is told with the next sample

    def sample(self, asked_s: float, kpa: float) -> None:
        """See Method."""
        line, setting = self.setting.line, self.setting
        pushed_ul = self._pushed_ul
        if self._infusing:
            gone_s = asked_s - self._since_s - setting.late_s
            pushed_ul += min(max(gone_s, 0.0) * setting.rate_ul_s, setting.increment_ul)
        area = self._areas[-1] + 0.5 * (kpa + self._kpa[-1]) * (asked_s - self._times[-1]) if self._times else 0.0
        self._times.append(asked_s)
        self._kpa.append(kpa)
        self._areas.append(area)
        self._out.append(pushed_ul - line.filled_ul(kpa))
        if self._courses and asked_s >= self._next_s:
            self._next_s = max(self._next_s, asked_s - EVERY_S) + EVERY_S
            self.row = self._look(asked_s)

    # -- windows ---------------------------------------------------------------------------------------------------------------

    def _window_of(self, end_s: float, lasts_s: float) -> tuple[int, int]:
        """First and last sample of it."""
        last = bisect_left(self._times, end_s + 1e-9) - 1
        return max(0, bisect_left(self._times, end_s - lasts_s)), last

    def _mean_kpa(self, window: tuple[int, int]) -> float:
        first, last = window
        values = self._kpa[first : last + 1]
        return sum(values) / len(values) if values else 0.0

    def _duct_kpa(self, end_s: float, lasts_s: float) -> float:
        first, last = self._window_of(end_s, lasts_s)
        span_s = self._times[last] - self._times[first]
        if span_s <= 0.0:
            return 0.0
        through_ul = self._out[last] - self._out[first]
        return (self._areas[last] - self._areas[first] - self.setting.line.resistance_kpa_s_ul * through_ul) / span_s

    # -- the row ---------------------------------------------------------------------------------------------------------------

    def _look(self, now_s: float) -> Numbers:
        setting, line = self.setting, self.setting.line
        elapsed_s = now_s - self._since_s
        windows = [self._duct_kpa(now_s, lasts_s) for lasts_s in WINDOWS_S]
        middle_kpa = windows[1]
        if not self._infusing and self._early_kpa is None and elapsed_s >= MIDDLE_S:
            self._early_kpa = middle_kpa
        self._highest_kpa = max(self._highest_kpa, middle_kpa)
        hold_kpa, before_kpa, earlier_kpa = [0.0, 0.0, 0.0, *self._holds][-1:-4:-1]
        rise, rise_before = hold_kpa - before_kpa, before_kpa - earlier_kpa
        step_kpa = max(0.0, rise) * (GROWS_BY if len(self._holds) < 2 else 1.0)
        part = (
            min(1.0, elapsed_s / setting.increment_s)
            if self._infusing
            else 1.0
            if len(self._holds) < len(self._plateaus)
            else 0.0
        )
        now_kpa = self._mean_kpa(self._window_of(now_s, SHORT_S))
        first_course, before_course = self._against_courses(elapsed_s, now_kpa)
        first_rates, before_rates = self._two_rates()
        plateaus, falls = self._plateaus, self._falls
        scale_kpa = line.resistance_kpa_s_ul * setting.rate_ul_s
        return np.array(
            [
                *(float(self._infusing), elapsed_s / 10.0, len(self._courses) / 6.0, *windows),
                middle_kpa - self._duct_kpa(now_s - MIDDLE_S, MIDDLE_S),
                windows[2] - self._duct_kpa(now_s - WINDOWS_S[2], WINDOWS_S[2]),
                *(hold_kpa, before_kpa, max([0.0, *self._holds]) - hold_kpa, rise, rise_before, rise - rise_before),
                *(middle_kpa - hold_kpa, middle_kpa - hold_kpa - part * step_kpa, self._highest_kpa - middle_kpa),
                *(100.0 * first_rates, 100.0 * before_rates, 100.0 * first_course / scale_kpa, before_course),
                plateaus[-1] - plateaus[-2] if len(plateaus) > 1 else 0.0,
                *(falls[-1] if falls else 0.0, falls[-1] - falls[0] if falls else 0.0),
                now_kpa - self._mean_kpa(self._window_of(now_s - LONG_S, SHORT_S)),
                now_kpa - hold_kpa if not self._infusing else 0.0,
                self._restless_kpa(now_s),
                *(log(setting.noise_kpa), log(line.resistance_kpa_s_ul), log(line.tau_s(scale_kpa, 0.0))),
            ]
        )

    def _against_courses(self, elapsed_s: float, now_kpa: float) -> tuple[float, float]:
        """The line pressure against that at the same time within the first increment, and the one before."""
        if not self._infusing:
            return 0.0, 0.0
        place = round(elapsed_s / EVERY_S)
        self._courses[-1][place] = now_kpa
        if len(self._courses) < 2:
            return 0.0, 0.0
        return now_kpa - self._courses[0].get(place, now_kpa), now_kpa - self._courses[-2].get(place, now_kpa)

    def _two_rates(self) -> tuple[float, float]:
        """The resistance between an increment and its hold: against the first, and the one before."""
        found = [plateau_kpa - hold_kpa for plateau_kpa, hold_kpa in zip(self._plateaus, self._holds, strict=False)]
        if len(found) < 2 or min(found) <= 0.0:
            return 0.0, 0.0
        return found[-1] / found[0] - 1.0, found[-1] / found[-2] - 1.0

    def _restless_kpa(self, now_s: float) -> float:
        """How much the last second differs from a straight line."""
        first, last = self._window_of(now_s, 1.0)
        values = np.array(self._kpa[first : last + 1])
        if len(values) < 3:
            return 0.0
        places = np.arange(len(values)) - (len(values) - 1) / 2
        slope = float(places @ values) / float(places @ places)
        return float(np.sqrt(np.mean((values - values.mean() - slope * places) ** 2)))
