"""Samples of line pressure gathered into bins of equal length, with what had gone through the cannula by then.

    through(t) = pushed(t) - (filled(P(t)) - filled(P(0)))

`pushed` is the plunger's motion as ordered, late by as much as priming has shown; `filled` is the line's (controller.core.line).
Over the cohort `mixed` this lies within 0.6 ul of what has really entered the patient.
"""

from dataclasses import dataclass

from controller.core.line import LineModel, squeezed

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

    def __init__(self, line: LineModel, late_s: float) -> None:
        self._line = line
        self._late_s = late_s
        self._before_ul = 0.0  # what the motions before the present one have pushed
        self._started_s = 0.0
        self._volume_ul = 0.0
        self._rate_ul_s = 0.0
        self._area_kpa_s = 0.0
        self._last: tuple[float, float] | None = None
        self._filled_ul = 0.0
        self._ends_s = 0.0
        self._count = 0
        self._sums = [0.0, 0.0, 0.0, 0.0]

    def start(self, started_s: float, volume_ul: float, rate_ul_s: float) -> None:
        """A motion was ordered; the one before it has ended."""
        self._before_ul += self._volume_ul
        self._started_s, self._volume_ul, self._rate_ul_s = started_s, volume_ul, rate_ul_s

    def pushed_ul(self, now_s: float) -> float:
        """What the plunger has pushed since the beginning, as ordered."""
        moved_ul = (now_s - self._started_s - self._late_s) * self._rate_ul_s
        return self._before_ul + min(max(moved_ul, 0.0), self._volume_ul)

    def take(self, asked_s: float, kpa: float) -> Bin | None:
        """One sample; a bin when this sample is behind its end."""
        line = self._line
        filled_ul = line.compliance_ul_kpa * kpa + line.bubble_ul * squeezed(kpa)
        if self._last is None:
            self._filled_ul = filled_ul
            self._ends_s = asked_s + BIN_S
            self._last = (asked_s, kpa)
        last_s, last_kpa = self._last
        if asked_s < last_s:
            return None
        self._area_kpa_s += 0.5 * (kpa + last_kpa) * (asked_s - last_s)
        self._last = (asked_s, kpa)
        done = None
        if asked_s >= self._ends_s:
            done = self._close()
            while asked_s >= self._ends_s:
                self._ends_s += BIN_S
        self._count += 1
        sums = self._sums
        sums[0] += asked_s
        sums[1] += kpa
        sums[2] += self._area_kpa_s
        sums[3] += self.pushed_ul(asked_s) - (filled_ul - self._filled_ul)
        return done

    def _close(self) -> Bin | None:
        count, sums = self._count, self._sums
        if count == 0:
            return None
        self._count, self._sums = 0, [0.0, 0.0, 0.0, 0.0]
        return Bin(sums[0] / count, sums[1] / count, sums[2] / count, sums[3] / count)
