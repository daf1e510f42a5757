"""Watches the duct through the line, sample by sample: what it holds, whether it has torn, whether it leaks.

The work of one judgement is cut into parts, one a sample, so that no cycle of the loop is held up.
"""

from collections.abc import Generator, Iterator
from math import hypot, inf, sqrt

import numpy as np

from controller.core.duct.bins import BIN_S, Bin, Bins
from controller.core.duct.cycle import ROW_COSTS, Centred, Cycle, hump, with_rows
from controller.core.duct.estimate import Estimate, estimate, predicted_kpa
from controller.core.duct.family import (
    COOLING,
    ELASTIC,
    FILLED,
    HEIGHT,
    RESISTANCE,
    SHAPE,
    STORED,
    UNKNOWNS,
    WALL,
    Array,
    Members,
    Sums,
    first_sums,
    intact,
    joined,
    joined_sums,
    torn_from,
)
from controller.core.duct.findings import Finding, Leak, evidence, lacks, lost, resists
from controller.core.duct.kink import Break, answer, question, solved
from controller.core.line import LineModel

SETTLING_S, SETTLING_HOLD_S = 0.6, 0.4  # play, and the drive's coming to rest
STARTING_S = 1.0  # a stopper that sticks gives way so late, and the pressure lags behind its course until then
STOPPING_S = 0.15  # a bin in which the plunger comes to a stand makes no row
SLIP_PART_UL = 0.015  # how far the stopper is from where it should be in the mean of a bin
LEAST_NOISE_KPA_S, HOLD_NOISE_KPA_S = 0.02, 0.05
LOOK_EVERY_S, WEIGH_EVERY_S, ROUGH_EVERY_S = 0.4, 1.6, 1.5
FIRST_LOOK_S = 0.8
LEAST_ROWS = 4
SQUEEZE_KPA, SQUEEZE_SIGMAS, SQUEEZE_AGAIN_S, SQUEEZE_S, STAYS_S = 0.35, 4.0, 0.4, 3.2, 5.0
STEP = 14.0
DOUBTFUL = 12.0  # from which likelihood of a break on a squeeze is looked for instead
HUMP, HUMP_ROWS, MOST_HUMPS = 6.0, (2, 4, 6, 8, 11, 14, 17), 6
# More of them, and one for every so many seconds, are no squeezes: the course is wrong, and nothing may hide that.
MOST_LEFT_OUT, MOST_SQUEEZES, ONE_MORE_S = 3, 4, 6.0
WINDOWS_S = (0.4, 0.8, 1.6, 2.4, 3.2)
RELAXES_OTHERWISE = 0.03
KEPT, KEPT_WITHIN, AT_ONCE = 24, 60.0, 8


class DuctWatch:
    """One procedure's. Tell it of every increment and hold, feed it every sample; `evidence` says how sure it is of a leak."""

    def __init__(self, line: LineModel, noise_kpa: float) -> None:
        self._line = line
        self._bins = Bins(line)
        self._members = intact(line.resistance_kpa_s_ul)
        self._count = len(self._members.shape_ul)  # of the intact ones, which come first
        tau_s = self._tau_s = line.tau_s(0.0, 0.0)
        self._sums = first_sums(self._count, line.resistance_kpa_s_ul, tau_s)
        solved(self._sums)  # the first call of a solver takes milliseconds, and nothing moves yet
        measured_kpa_s = tau_s * noise_kpa / sqrt(20.0)
        self._least_kpa_s = hypot(measured_kpa_s, SLIP_PART_UL * line.resistance_kpa_s_ul) + LEAST_NOISE_KPA_S
        self._weight_flowing = 1.0 / self._least_kpa_s
        self._weight_holding = 1.0 / hypot(measured_kpa_s, HOLD_NOISE_KPA_S)
        self._cycle: Cycle | None = None
        self._integrals = np.zeros((self._count, 3))
        self._cooled = 0.0
        self._since_s: float | None = None  # the whole watch
        self._flow_s = 0.0
        self._hold_s: float | None = None
        self._before: list[Bin] = []
        self._slip_s: float | None = None
        self._squeezed_s: float | None = None
        self._last_squeeze_s = float("-inf")
        self._held_row = False
        self._left_out = self._squeezes = 0
        self._next_look_s = self._next_weigh_s = self._next_rough_s = 0.0
        self._found: Break | None = None
        self._work: Iterator[None] | None = None
        self.break_likelihood = self.leak_likelihood = 0.0
        self.above_kpa = self._left_kpa = 0.0
        self._leak = Leak()

    # -- what happens ----------------------------------------------------------------------------------------------------------

    def infusing(self, started_s: float, volume_ul: float, rate_ul_s: float) -> None:
        """An increment begins."""
        self.finish()
        if self._cycle is not None:
            self.settled()
            self.finish()
        self._bins.start(started_s, volume_ul, rate_ul_s)
        torn, sums = torn_from(self._intact_members(), self._sums.chosen(np.arange(self._count)))
        self._members, self._sums = joined(self._members, torn), joined_sums(self._sums, sums)
        members = len(self._members.shape_ul)
        self._cycle = Cycle(members)
        self._integrals = np.zeros((members, 3))
        self._flow_s, self._hold_s, self._held_row = started_s, None, False
        self._left_out = self._squeezes = 0
        self._next_look_s = started_s + SETTLING_S + FIRST_LOOK_S
        self._next_weigh_s = started_s + 2 * FIRST_LOOK_S
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
        self._work = self._close()

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
        return evidence(self.break_likelihood, self.leak_likelihood)

    def lost(self) -> Finding | None:
        """What speaks for contrast that leaves the duct, if that is enough."""
        return None if self._found is None else lost(self._found, self.break_likelihood, self.leak_likelihood, self._leak)

    def numbers(self, course: Estimate | None) -> dict[str, float]:
        """What stands beside the result of a hold: elastance, net volume, and the leak that would explain the data best."""
        if course is None:
            return {}
        return {
            "course_kpa": round(course.duct_kpa, 3),
            "course_error_kpa": round(course.duct_error_kpa, 4),
            "elastance_kpa_ul": round(course.elastance_kpa_ul, 5),
            "delivered_ul": round(course.volume_ul, 2),
            "leak_ul_s_kpa": self._leak.conductance_ul_s_kpa if self.leak_likelihood > 0.0 else 0.0,
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
        seen = self._seen()
        return None if seen is None else estimate(self._members, *seen)

    def predicted_kpa(self, more_ul: float, rate_ul_s: float, sigmas: float) -> float | None:
        """The most that an intact duct would hold with more_ul more in it; None before the first judgement."""
        seen = self._seen()
        return None if seen is None else predicted_kpa(self._members, *seen, more_ul, rate_ul_s, sigmas)

    def _seen(self) -> tuple[Sums, Array, int, float] | None:
        """Sums and misfit of the intact members with everything up to now, their number, and the volume through the cannula."""
        cycle = self._cycle
        if cycle is None or not self._before or cycle.count < LEAST_ROWS:
            return None
        total = with_rows(self._sums, cycle.centred(0, self._count), 0, self._count)
        found, misfit, _ = solved(total)
        self._members.found[: self._count] = found
        return total, misfit, self._count, self._before[-1].through_ul

    # -- bins ------------------------------------------------------------------------------------------------------------------

    def _take_bin(self, full: Bin) -> None:
        if self._since_s is None:
            self._since_s = full.t_s
        before = self._before
        dt_s = full.t_s - before[-1].t_s if before else BIN_S
        flow_ul_s = (full.through_ul - before[-1].through_ul) / dt_s if before else 0.0
        elastic, wall, bent = self._members.step(dt_s, full.through_ul)
        self._integrals += dt_s * np.stack([elastic, -wall, -bent], axis=1)
        self._cooled += (full.t_s - self._since_s) / 60.0 * flow_ul_s * dt_s
        before.append(full)
        if len(before) > 3:
            before.pop(0)
        if len(before) == 3:
            self.above_kpa = self._above_kpa(full, flow_ul_s, elastic, wall, bent)
        if self._cycle is not None and self._counts(full):
            self._add_row(full)
        if self._work is None and self._cycle is not None and self._cycle.count >= LEAST_ROWS and full.t_s >= self._next_look_s:
            self._next_look_s = full.t_s + LOOK_EVERY_S
            self._work = self._judge(full.t_s)

    def _counts(self, full: Bin) -> bool:
        """Whether this bin makes a row; begins new stretches where they belong."""
        cycle, hold_s = self._cycle, self._hold_s
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
        found, before = self._found, self._before
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
        if self._found is None or self._cycle is None:
            return False
        if self._squeezed_s is None:
            may = self._squeezes < MOST_SQUEEZES + (now_s - self._flow_s) / ONE_MORE_S and now_s - self._last_squeeze_s > SQUEEZE_AGAIN_S
            if may and self.above_kpa > self._noticed_kpa():
                self._squeezes += 1
                self._squeezed_s = self._last_squeeze_s = now_s
        elif self.above_kpa < self._noticed_kpa() / 2 or now_s - self._squeezed_s > SQUEEZE_S:
            if self.above_kpa >= self._noticed_kpa() / 2:  # that is no squeeze, it stays
                self._last_squeeze_s = now_s + STAYS_S
            self._squeezed_s = None
            self._cycle.begin_stretch()
        return self._squeezed_s is not None

    def _noticed_kpa(self) -> float:
        """From which height above the course on a squeeze shows in the mean of two bins."""
        weight = self._weight_holding if self._held_row else self._weight_flowing
        kpa = max(SQUEEZE_KPA, SQUEEZE_SIGMAS * 1.4 / weight / (2 * BIN_S))
        return kpa + RELAXES_OTHERWISE * self._left_kpa if self._held_row else kpa

    def _add_row(self, full: Bin) -> None:
        if self._cycle is None or self._since_s is None:
            return
        members = len(self._members.shape_ul)
        rows = np.empty((members, UNKNOWNS))
        rows[:, HEIGHT] = full.t_s - self._since_s
        rows[:, RESISTANCE] = full.through_ul
        rows[:, COOLING] = self._cooled
        rows[:, ELASTIC], rows[:, WALL], rows[:, SHAPE] = self._integrals.T
        rows[:, STORED], rows[:, FILLED] = (full.line_kpa, 0.0) if self._held_row else (0.0, full.line_kpa)
        value = full.area_kpa_s - self._line.resistance_kpa_s_ul * full.through_ul
        weight = self._weight_flowing
        if self._held_row:
            weight = 1.0 / (1.0 / self._weight_holding + RELAXES_OTHERWISE * self._tau_s * self._left_kpa)
        self._cycle.add(rows, value, full.t_s, weight, flowing=not self._held_row)

    # -- judgements ------------------------------------------------------------------------------------------------------------

    def _judge(self, now_s: float) -> Iterator[None]:
        cycle = self._cycle
        if cycle is None:
            return
        rough_kpa_s = None
        if not self._held_row and now_s >= self._next_rough_s:
            self._next_rough_s = now_s + ROUGH_EVERY_S
            rough_kpa_s = cycle.roughness_kpa_s()
            yield
        if rough_kpa_s is not None:  # a rough stopper slips further than a good one
            self._weight_flowing = 1.0 / max(self._least_kpa_s, rough_kpa_s)
            cycle.weigh_flowing(self._weight_flowing)
        for _ in range(3):
            centred = cycle.centred(0, self._count)
            yield
            first_s = self._flow_s + SETTLING_S + STARTING_S
            asked = question(centred, first_s) if len(centred.time_s) >= LEAST_ROWS else None
            if asked is None:
                return
            yield
            total = with_rows(self._sums, centred, 0, self._count)
            yield
            found_of_all = solved(total, asked.across)
            yield
            found = self._found = answer(asked, centred, *found_of_all)
            squeezed = found.step > STEP and found.step > found.likelihood
            if self._left_out >= MOST_LEFT_OUT + (now_s - self._flow_s) / ONE_MORE_S:
                break
            if squeezed:
                yield from self._leave_out(found, now_s)
            elif found.likelihood < DOUBTFUL or not (yield from self._doubted(found, centred)):
                break
            self._left_out += 1
        self.break_likelihood = min(found.likelihood, found.likelihood - found.step if found.step > STEP else found.likelihood)
        self._members.found[: self._count] = found.found
        lifted = self.above_kpa > self._noticed_kpa() / 2 or found.likelihood < found.step > STEP / 2
        if not lifted and now_s >= self._next_weigh_s:
            self._next_weigh_s = now_s + WEIGH_EVERY_S
            yield from self._weigh(found.step if found.step > STEP else 0.0)

    def _leave_out(self, found: Break, now_s: float) -> Iterator[None]:
        """Leaves the squeeze out that explains most."""
        cycle = self._cycle
        if cycle is None:
            return
        best = (float("inf"), 0.0, 0.0)
        for length_s in WINDOWS_S:
            for part in (0.25, 0.5, 0.75):
                from_s = found.step_s - part * length_s
                to_s = min(from_s + length_s, now_s)
                centred = cycle.centred(0, self._count, (from_s, to_s))
                if len(centred.time_s) == 0:
                    continue
                _, misfit, _ = solved(with_rows(self._sums, centred, 0, self._count))
                left = float(misfit.min()) + ROW_COSTS * length_s / BIN_S  # each row left out would have cost its one
                best = min(best, (left, from_s, to_s))
                yield
        if best[0] < float("inf"):
            cycle.leave_out(best[1], best[2])

    def _doubted(self, found: Break, centred: Centred) -> Generator[None, None, bool]:
        """Whether an overlooked squeeze before it explains more than the break does; if so it is left out."""
        cycle = self._cycle
        if cycle is None:
            return False
        residual = centred.value - centred.rows[found.best] @ found.found[found.best]
        worth, from_s, to_s = hump(centred, residual, HUMP_ROWS)
        yield
        if worth <= 0.0:
            return False
        without = cycle.centred(0, self._count, (from_s, to_s))
        yield
        _, misfit, _ = solved(with_rows(self._sums, without, 0, self._count))
        yield
        left_out = len(centred.time_s) - len(without.time_s)
        if found.misfit - float(misfit.min()) - ROW_COSTS * left_out <= found.likelihood:
            return False
        cycle.leave_out(from_s, to_s)
        return True

    def _weigh(self, step: float) -> Iterator[None]:
        """Intact against torn, over everything since the beginning. step: what a squeeze explains of it that was not left out."""
        cycle = self._cycle
        if cycle is None or cycle.count < LEAST_ROWS:
            return
        members = len(self._members.shape_ul)
        misfit = np.empty(members)
        for first in range(0, members, AT_ONCE):
            last = min(first + AT_ONCE, members)
            found, misfit[first:last], _ = solved(with_rows(self._sums, cycle.centred(first, last), first, last))
            self._members.found[first:last] = found
            yield
        self.leak_likelihood = float(misfit[: self._count].min() - misfit[self._count :].min()) - step
        torn = self._count + int(misfit[self._count :].argmin())
        self._leak = Leak(float(self._members.conductance_ul_s_kpa[torn]), float(self._members.leaked_ul[torn]))

    def _intact_members(self) -> Members:
        return self._members.chosen(np.arange(self._count))

    def _close(self) -> Iterator[None]:
        """The cycle is behind: its rows go into the sums, and torn ducts that explain nothing are forgotten."""
        cycle = self._cycle
        if cycle is None:
            return
        members = len(self._members.shape_ul)
        yield from self._clean(cycle)
        if cycle.count >= LEAST_ROWS:
            for first in range(0, members, AT_ONCE):
                last = min(first + AT_ONCE, members)
                self._sums.put(first, with_rows(self._sums, cycle.centred(first, last), first, last))
                yield
        found, misfit, _ = solved(self._sums)
        self._members.found = found
        yield
        torn = np.arange(self._count, members)
        order = torn[np.argsort(misfit[torn], kind="stable")][:KEPT]
        order = order[misfit[order] < misfit.min() + KEPT_WITHIN] if len(order) else order
        keep = np.concatenate([np.arange(self._count), order])
        self._members, self._sums = self._members.chosen(keep), self._sums.chosen(keep)
        self._integrals = self._integrals[keep]
        self._cycle = None

    def _clean(self, cycle: Cycle) -> Iterator[None]:
        """Leaves out squeezes that were overlooked while they went on: seen from behind they are plainer."""
        for _ in range(MOST_HUMPS):
            if cycle.count < 2 * LEAST_ROWS:
                return
            centred = cycle.centred(0, self._count)
            yield
            found, misfit, _ = solved(with_rows(self._sums, centred, 0, self._count))
            yield
            best = int(misfit.argmin())
            worth, from_s, to_s = hump(centred, centred.value - centred.rows[best] @ found[best], HUMP_ROWS)
            yield
            if worth < HUMP:
                return
            cycle.leave_out(from_s, to_s)
