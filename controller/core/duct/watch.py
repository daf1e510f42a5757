"""Watches the duct through the line, sample by sample: what it holds, whether it has torn, whether it leaks.

Here the samples become rows; what they say is judged in controller.core.duct.judge.
"""

from collections.abc import Iterator
from math import hypot, inf, sqrt

import numpy as np

from controller.core.duct.bins import BIN_S, Bin, Bins
from controller.core.duct.estimate import Estimate, estimate, predicted_kpa
from controller.core.duct.family import COOLING, ELASTIC, FILLED, HEIGHT, RESISTANCE, SHAPE, STORED, UNKNOWNS, WALL, Array
from controller.core.duct.findings import Finding, evidence, lacks, lost, resists
from controller.core.duct.judge import LEAST_ROWS, ONE_MORE_S, Judge
from controller.core.line import LineModel

SETTLING_S, SETTLING_HOLD_S = 0.6, 0.4  # play, and the drive's coming to rest
STOPPING_S = 0.15  # a bin in which the plunger comes to a stand makes no row
SLIP_PART_UL = 0.015  # how far the stopper is from where it should be in the mean of a bin
LEAST_NOISE_KPA_S, HOLD_NOISE_KPA_S = 0.02, 0.05
LOOK_EVERY_S, FIRST_LOOK_S = 0.4, 0.8
SQUEEZE_KPA, SQUEEZE_SIGMAS, SQUEEZE_AGAIN_S, SQUEEZE_S, STAYS_S = 0.35, 4.0, 0.4, 3.2, 5.0
MOST_SQUEEZES = 4  # as with MOST_LEFT_OUT
RELAXES_OTHERWISE = 0.03


class DuctWatch:
    """One procedure's. Tell it of every increment and hold, feed it every sample; `evidence` says how sure it is of a leak."""

    def __init__(self, line: LineModel, noise_kpa: float) -> None:
        self._line = line
        self._bins = Bins(line)
        tau_s = self._tau_s = line.tau_s(0.0, 0.0)
        measured_kpa_s = tau_s * noise_kpa / sqrt(20.0)
        least_kpa_s = hypot(measured_kpa_s, SLIP_PART_UL * line.resistance_kpa_s_ul) + LEAST_NOISE_KPA_S
        self._weight_holding = 1.0 / hypot(measured_kpa_s, HOLD_NOISE_KPA_S)
        self._judge = Judge(line.resistance_kpa_s_ul, tau_s, least_kpa_s)
        self._cooled = 0.0
        self._since_s: float | None = None  # the whole watch
        self._flow_s = 0.0
        self._hold_s: float | None = None
        self._before: list[Bin] = []
        self._slip_s: float | None = None
        self._squeezed_s: float | None = None
        self._last_squeeze_s = -inf
        self._held_row = False
        self._squeezes = 0
        self._next_look_s = 0.0
        self._work: Iterator[None] | None = None
        self.above_kpa = self._left_kpa = 0.0

    # -- what happens ----------------------------------------------------------------------------------------------------------

    def infusing(self, started_s: float, volume_ul: float, rate_ul_s: float) -> None:
        """An increment begins."""
        self.finish()
        if self._judge.cycle is not None:
            self.settled()
            self.finish()
        self._bins.start(started_s, volume_ul, rate_ul_s)
        self._judge.begin(started_s)
        self._flow_s, self._hold_s, self._held_row = started_s, None, False
        self._squeezes = 0
        self._next_look_s = started_s + SETTLING_S + FIRST_LOOK_S
        self._work = None

    def holding(self, since_s: float) -> None:
        """The plunger was seen to stand."""
        self._hold_s = since_s

    def finish(self) -> None:
        """Does at once what is left of a piece of work."""
        if self._work is not None:
            for _ in self._work:
                pass
            self._work = None

    def settled(self) -> None:
        """The hold has told what it can: the cycle is behind."""
        self.finish()
        self._work = self._judge.close()

    def slipped(self, at_s: float) -> None:
        """The stopper has slipped in the hold."""
        self._slip_s = at_s

    def take(self, asked_s: float, kpa: float) -> None:
        """One sample of line pressure."""
        full = self._bins.take(asked_s, kpa)
        if full is not None:
            self._take_bin(full)
        elif self._work is not None and next(self._work, True) is not None:
            self._work = None

    @property
    def evidence(self) -> float:
        """How much speaks for a duct that does not keep what goes in: 1 is the limit."""
        return evidence(self._judge.break_likelihood, self._judge.leak_likelihood)

    def lost(self) -> Finding | None:
        """What speaks for contrast that leaves the duct, if that is enough."""
        judge = self._judge
        return None if judge.found is None else lost(judge.found, judge.break_likelihood, judge.leak_likelihood, judge.leak)

    def numbers(self, course: Estimate | None) -> dict[str, float]:
        """What stands beside the result of a hold: elastance, net volume, and the leak that would explain the data best."""
        if course is None:
            return {}
        return {
            "course_kpa": round(course.duct_kpa, 3),
            "course_error_kpa": round(course.duct_error_kpa, 4),
            "elastance_kpa_ul": round(course.elastance_kpa_ul, 5),
            "delivered_ul": round(course.volume_ul, 2),
            "leak_ul_s_kpa": self._judge.leak.conductance_ul_s_kpa if self._judge.leak_likelihood > 0.0 else 0.0,
            "evidence": round(self.evidence, 3),
        }

    def resists(self) -> Finding | None:
        """What speaks for a tip that is blocked or lies in the wall."""
        return resists(self.above_kpa) if self._flows() else None

    def lacks(self) -> Finding | None:
        """What speaks for a line that has become softer or leaks: the duct itself can not have lost so much."""
        return lacks(self.above_kpa) if self._flows() else None

    def _flows(self) -> bool:
        """Fluid flows, and the two newest bins are behind the play of the drive."""
        begun = bool(self._before) and self._before[-1].t_s > self._flow_s + SETTLING_S + 2 * BIN_S
        return begun and self._hold_s is None

    def estimate(self) -> Estimate | None:
        """What an intact duct would be that shows these data; None before the first judgement."""
        seen = self._judge.seen()
        return None if seen is None else estimate(self._judge.members, *seen, self._judge.count, self._before[-1].through_ul)

    def predicted_kpa(self, more_ul: float, rate_ul_s: float, sigmas: float) -> float | None:
        """The most that an intact duct would hold with more_ul more in it; None before the first judgement."""
        seen, judge = self._judge.seen(), self._judge
        if seen is None:
            return None
        return predicted_kpa(judge.members, *seen, judge.count, self._before[-1].through_ul, more_ul, rate_ul_s, sigmas)

    # -- bins ------------------------------------------------------------------------------------------------------------------

    def _take_bin(self, full: Bin) -> None:
        if self._since_s is None:
            self._since_s = full.t_s
        before = self._before
        dt_s = full.t_s - before[-1].t_s if before else BIN_S
        flow_ul_s = (full.through_ul - before[-1].through_ul) / dt_s if before else 0.0
        elastic, wall, bent = self._judge.members.step(dt_s, full.through_ul)
        self._cooled += (full.t_s - self._since_s) / 60.0 * flow_ul_s * dt_s
        before.append(full)
        if len(before) > 3:
            before.pop(0)
        if len(before) == 3:
            self.above_kpa = self._above_kpa(full, flow_ul_s, elastic, wall, bent)
        judge = self._judge
        if judge.cycle is not None and self._counts(full):
            self._add_row(full)
        if self._work is None and judge.cycle is not None and judge.cycle.count >= LEAST_ROWS and full.t_s >= self._next_look_s:
            self._next_look_s = full.t_s + LOOK_EVERY_S
            lifted = self.above_kpa > self._noticed_kpa() / 2
            self._work = judge.look(full.t_s, flows=not self._held_row, lifted=lifted)

    def _counts(self, full: Bin) -> bool:
        """Whether this bin makes a row; begins new stretches where they belong."""
        cycle, hold_s = self._judge.cycle, self._hold_s
        if cycle is None or full.t_s < self._flow_s + SETTLING_S:
            return False
        flows_until_s = min(self._bins.pushed_until_s, inf if hold_s is None else hold_s) - STOPPING_S
        if full.t_s > flows_until_s:
            if hold_s is None or full.t_s < hold_s + SETTLING_HOLD_S:
                return False
            if not self._held_row:
                self._held_row = True
                cycle.begin_stretch()
                self._squeezed_s = None
            if self._slip_s is not None and abs(full.t_s - self._slip_s) < 0.5 * BIN_S + 0.1:
                cycle.begin_stretch()
                return False
        return not self._squeezed(full.t_s)

    def _above_kpa(self, full: Bin, flow_ul_s: float, elastic: Array, wall: Array, bent: Array) -> float:
        """How far the duct lies above its course in the mean of two bins; below it: negative."""
        found, before = self._judge.found, self._before
        course_kpa = 0.0
        if found is not None and self._since_s is not None:
            m, x = found.best, found.found[found.best]
            course_kpa = float(
                x[HEIGHT]
                + x[RESISTANCE] * flow_ul_s
                + x[COOLING] * flow_ul_s * (full.t_s - self._since_s) / 60.0
                + x[ELASTIC] * elastic[m]
                - x[WALL] * wall[m]
                - x[SHAPE] * bent[m]
            )
            stored = x[STORED] if self._held_row else x[FILLED]
            course_kpa += float(stored) * (full.line_kpa - before[-2].line_kpa) / (full.t_s - before[-2].t_s)
        self._left_kpa = abs(full.line_kpa - course_kpa)
        first = before[0]
        through_kpa_s = self._line.resistance_kpa_s_ul * (full.through_ul - first.through_ul)
        return (full.area_kpa_s - first.area_kpa_s - through_kpa_s) / (full.t_s - first.t_s) - course_kpa

    def _squeezed(self, now_s: float) -> bool:
        """Whether the duct lies far above its course for a moment: a cough, a hand."""
        cycle = self._judge.cycle
        if self._judge.found is None or cycle is None:
            return False
        if self._squeezed_s is None:
            may = (
                self._squeezes < MOST_SQUEEZES + (now_s - self._flow_s) / ONE_MORE_S
                and now_s - self._last_squeeze_s > SQUEEZE_AGAIN_S
            )
            if may and self.above_kpa > self._noticed_kpa():
                self._squeezes += 1
                self._squeezed_s = self._last_squeeze_s = now_s
        elif self.above_kpa < self._noticed_kpa() / 2 or now_s - self._squeezed_s > SQUEEZE_S:
            if self.above_kpa >= self._noticed_kpa() / 2:  # that is no squeeze, it stays
                self._last_squeeze_s = now_s + STAYS_S
            self._squeezed_s = None
            cycle.begin_stretch()
        return self._squeezed_s is not None

    def _noticed_kpa(self) -> float:
        """From which height above the course on a squeeze shows in the mean of two bins."""
        weight = self._weight_holding if self._held_row else self._judge.flowing_weight
        kpa = max(SQUEEZE_KPA, SQUEEZE_SIGMAS * 1.4 / weight / (2 * BIN_S))
        return kpa + RELAXES_OTHERWISE * self._left_kpa if self._held_row else kpa

    def _add_row(self, full: Bin) -> None:
        cycle, members = self._judge.cycle, self._judge.members
        if cycle is None or self._since_s is None:
            return
        rows = np.empty((len(members.shape_ul), UNKNOWNS))
        rows[:, HEIGHT] = full.t_s - self._since_s
        rows[:, RESISTANCE] = full.through_ul
        rows[:, COOLING] = self._cooled
        rows[:, ELASTIC], rows[:, WALL], rows[:, SHAPE] = members.integrals.T
        rows[:, STORED], rows[:, FILLED] = (full.line_kpa, 0.0) if self._held_row else (0.0, full.line_kpa)
        value = full.area_kpa_s - self._line.resistance_kpa_s_ul * full.through_ul
        weight = 1.0 / (1.0 / self._weight_holding + RELAXES_OTHERWISE * self._tau_s * self._left_kpa)
        cycle.add(rows, value, full.t_s, weight, flowing=not self._held_row)
