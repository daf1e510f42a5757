"""Flow resistance from the pressure at two rates, after Scott et al., J Clin Monit 1996; 12: 325.

The two rates are there anyway: an increment and the rest after it. (P infusing - P at rest) / rate is the resistance of cannula
and of what lies behind it; the first increment tells what it is in this patient. It grows when contrast is lost: while it flows
the pressure hardly changes, and at rest a torn duct empties itself. Side and window were chosen on the seeds 201 and 202.
"""

from collections import deque

from controller.benchmarks.detection.methods.method import Method, Setting

WINDOW_PART = 0.3  # of an increment: the mean of its end


class TwoRates(Method):
    """Score: by what part the resistance is higher than in the first increment."""

    def __init__(self, setting: Setting) -> None:
        """See Method."""
        super().__init__(setting)
        self._window_s = WINDOW_PART * setting.increment_s
        self._infusing = False
        self._last: deque[tuple[float, float]] = deque()
        self._first_kpa_s_ul: float | None = None

    def infuse(self, at_s: float) -> None:  # noqa: ARG002 - part of the interface
        """See Method."""
        self._infusing = True
        self._last.clear()

    def rest(self, at_s: float) -> None:  # noqa: ARG002 - part of the interface
        """See Method."""
        self._infusing = False

    def sample(self, asked_s: float, kpa: float) -> None:
        """See Method."""
        if self._infusing:
            self._last.append((asked_s, kpa))
            while self._last[0][0] <= asked_s - self._window_s:
                self._last.popleft()

    def held(self, kpa: float) -> None:
        """See Method."""
        if not self._last:
            return
        infusing_kpa = sum(each for _, each in self._last) / len(self._last)
        resistance_kpa_s_ul = (infusing_kpa - kpa) / self.setting.rate_ul_s
        if self._first_kpa_s_ul is None:
            self._first_kpa_s_ul = resistance_kpa_s_ul
        elif self._first_kpa_s_ul > 0.0:
            self._raise_to(resistance_kpa_s_ul / self._first_kpa_s_ul - 1.0)
