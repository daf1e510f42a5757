"""Baseline and k standard deviations, after the SD algorithm of "Multi-infusion with integrated multiple pressure sensing
allows earlier detection of line occlusions", BMC Med Inform Decis Mak 2021 (10.1186/s12911-021-01668-7): pressure that leaves
the band of what was normal before raises the alarm.

There it is one long infusion; here the baseline is the plateau of the increment before: the second half of it, when most of
the line's own rise is over. Pressure that has fallen below the band is looked for, for a loss is; that and the window were
chosen on the seeds 201 and 202 (a duct that fills and a patient who moves raise it, and hide a loss from a two-sided test).
"""

from collections import deque
from math import inf, sqrt

from controller.benchmarks.detection.methods.method import Method, Setting

# Parts of an increment: where the plateau begins, and the mean of how much of it is held against the baseline.
PLATEAU_PART, WINDOW_PART = 0.5, 0.3
LEAST_SD_KPA = 0.02  # a line without noise has no band


class Deviation(Method):
    """Score: k, by how many standard deviations the mean of the newest pressures lies below the baseline."""

    def __init__(self, setting: Setting) -> None:
        """See Method."""
        super().__init__(setting)
        self._window_s = WINDOW_PART * setting.increment_s
        self._since_s = inf
        self._plateau: list[float] = []
        self._window: deque[tuple[float, float]] = deque()
        self._sum_kpa = 0.0
        self._band: tuple[float, float] | None = None

    def infuse(self, at_s: float) -> None:
        """See Method."""
        self._since_s = at_s + PLATEAU_PART * self.setting.increment_s
        if len(self._plateau) > 1:
            mean_kpa = sum(self._plateau) / len(self._plateau)
            variance = sum((kpa - mean_kpa) ** 2 for kpa in self._plateau) / (len(self._plateau) - 1)
            self._band = (mean_kpa, max(LEAST_SD_KPA, sqrt(variance)))
        self._plateau = []
        self._window.clear()
        self._sum_kpa = 0.0

    def rest(self, at_s: float) -> None:  # noqa: ARG002 - part of the interface
        """See Method."""
        self._since_s = inf

    def sample(self, asked_s: float, kpa: float) -> None:
        """See Method."""
        if asked_s < self._since_s:
            return
        self._plateau.append(kpa)
        self._window.append((asked_s, kpa))
        self._sum_kpa += kpa
        while self._window[0][0] <= asked_s - self._window_s:
            self._sum_kpa -= self._window.popleft()[1]
        if self._band is not None and asked_s >= self._since_s + self._window_s:
            mean_kpa, sd_kpa = self._band
            self._raise_to((mean_kpa - self._sum_kpa / len(self._window)) / sd_kpa)
