"""Samples of line pressure gathered into bins of equal length, with what had gone through the cannula by then.

    through(t) = pushed(t) - (filled(P(t)) - filled(P(0)))

`pushed` is the plunger's motion as ordered, late by as much as priming has shown; `filled` is the line's (controller.core.line).
Over the cohort `mixed` this lies within 0.6 ul of what has really entered the patient.
"""

from dataclasses import dataclass

from controller.core.line import LineModel

BIN_S = 0.2


@dataclass(slots=True)
class Bin:
    """Means over one bin: time, line pressure, area under the pressure since the beginning, volume through the cannula."""

    t_s: float
    line_kpa: float
    area_kpa_s: float
    through_ul: float


class Bins:
    """Feed it every sample, and tell it of every motion; it gives a bin whenever one is full."""

    def __init__(self, line: LineModel) -> None:
        self._line = line
        self._before_ul = 0.0  # what the motions before the present one have pushed
        self._started_s = 0.0
        self._volume_ul = 0.0
        self._rate_ul_s = 0.0
        self._area_kpa_s = 0.0
        self._last_s, self._last_kpa = float("-inf"), 0.0
        self._filled_ul = 0.0
        self._ends_s = 0.0
        self._count = 0
        self._sum_s = self._sum_kpa = self._sum_kpa_s = 0.0

    def start(self, started_s: float, volume_ul: float, rate_ul_s: float) -> None:
        """A motion was ordered; the one before it has ended."""
        self._before_ul += self._volume_ul
        self._started_s, self._volume_ul, self._rate_ul_s = started_s, volume_ul, rate_ul_s

    def pushed_ul(self, now_s: float) -> float:
        """What the plunger has pushed since the beginning, as ordered."""
        moved_ul = (now_s - self._started_s - self._line.late_s) * self._rate_ul_s
        return self._before_ul + min(max(moved_ul, 0.0), self._volume_ul)

    @property
    def pushed_until_s(self) -> float:
        """When the present motion ends, as ordered."""
        if self._rate_ul_s == 0.0:
            return self._started_s
        return self._started_s + self._line.late_s + self._volume_ul / self._rate_ul_s

    def take(self, asked_s: float, kpa: float) -> Bin | None:
        """One sample; a bin when this sample is behind its end."""
        if asked_s < self._last_s:
            return None
        if self._count == 0 and self._ends_s == 0.0:
            self._begin(asked_s, kpa)
        self._area_kpa_s += 0.5 * (kpa + self._last_kpa) * (asked_s - self._last_s)
        self._last_s, self._last_kpa = asked_s, kpa
        done = None
        if asked_s >= self._ends_s:
            done = self._close()
            self._ends_s += BIN_S
            if asked_s >= self._ends_s:  # samples are missing: however many, no loop makes up for them
                self._ends_s = asked_s + BIN_S
        self._count += 1
        self._sum_s += asked_s
        self._sum_kpa += kpa
        self._sum_kpa_s += self._area_kpa_s
        return done

    def _begin(self, asked_s: float, kpa: float) -> None:
        self._last_s, self._last_kpa = asked_s, kpa
        self._filled_ul = self._line.filled_ul(kpa)
        self._ends_s = asked_s + BIN_S

    def _close(self) -> Bin | None:
        count = self._count
        if count == 0:
            return None
        mean_s, mean_kpa, mean_kpa_s = self._sum_s / count, self._sum_kpa / count, self._sum_kpa_s / count
        self._count, self._sum_s, self._sum_kpa, self._sum_kpa_s = 0, 0.0, 0.0, 0.0
        # both are straight within a bin but where a motion begins or ends, and such a bin makes no row
        through_ul = self.pushed_ul(mean_s) - (self._line.filled_ul(mean_kpa) - self._filled_ul)
        return Bin(mean_s, mean_kpa, mean_kpa_s, through_ul)
