"""Holds the rows of a cycle against the family of ducts: is one that keeps what goes in enough to explain them?

The work of one judgement is cut into parts, so that no cycle of the loop is held up.
"""

from collections.abc import Generator, Iterator

import numpy as np

from controller.core.duct.bins import BIN_S
from controller.core.duct.cycle import ROW_COSTS, Cycle, hump
from controller.core.duct.family import Array, Sums, first_sums, intact, joined, joined_sums, torn_from
from controller.core.duct.findings import Leak
from controller.core.duct.kink import Break, answer, question, solved

LEAST_ROWS = 4
STARTING_S = 1.6  # a stopper that sticks gives way so late at the most, and the pressure lags behind its course until then
FIRST_WEIGH_S, WEIGH_EVERY_S, ROUGH_EVERY_S = 1.6, 1.6, 1.5
STEP = 14.0
DOUBTFUL = 12.0  # from which likelihood of a break on a squeeze is looked for instead
HUMP, HUMP_ROWS, MOST_HUMPS = 6.0, (2, 4, 6, 8, 11, 14, 17), 6
WINDOWS_S = (0.4, 0.8, 1.6, 2.4, 3.2)
# More left out, and one for every so many seconds, are no squeezes: the course is wrong, and nothing may hide that.
MOST_LEFT_OUT, ONE_MORE_S = 3, 6.0
KEPT, KEPT_WITHIN, AT_ONCE = 24, 60.0, 8


class Judge:
    """One procedure's. `members` move with every bin; `cycle` takes the rows that they make; `look` and `close` judge them."""

    def __init__(self, resistance_kpa_s_ul: float, tau_s: float, least_kpa_s: float) -> None:
        """least_kpa_s: the standard deviation of a row while fluid flows, of a good stopper."""
        self.members = intact(resistance_kpa_s_ul)
        self.count = len(self.members.shape_ul)  # of the intact ones, which come first
        self._sums = first_sums(self.count, resistance_kpa_s_ul, tau_s)
        solved(self._sums)  # the first call of a solver takes milliseconds, and nothing moves yet
        self._least_kpa_s = least_kpa_s
        self.flowing_weight = 1.0 / least_kpa_s
        self.cycle: Cycle | None = None
        self.found: Break | None = None
        self.break_likelihood = self.leak_likelihood = 0.0
        self.leak = Leak()
        self._begun_s = 0.0
        self._left_out = 0
        self._next_weigh_s = self._next_rough_s = 0.0

    def begin(self, started_s: float) -> None:
        """A new cycle; from here on ducts may be torn that were not."""
        kept = np.arange(self.count)
        torn, sums = torn_from(self.members.chosen(kept), self._sums.chosen(kept))
        self.members, self._sums = joined(self.members, torn), joined_sums(self._sums, sums)
        self.cycle = Cycle(len(self.members.shape_ul))
        self.cycle.weigh_flowing(self.flowing_weight)
        self._begun_s, self._left_out = started_s, 0
        self._next_weigh_s = started_s + FIRST_WEIGH_S

    def seen(self) -> tuple[Sums, Array] | None:
        """Sums and misfit of the intact members with everything up to now; None while there are too few rows."""
        cycle = self.cycle
        if cycle is None or cycle.count < LEAST_ROWS:
            return None
        total = self._with(cycle)
        self.members.found[: self.count], misfit, _ = solved(total)
        return total, misfit

    def _with(self, cycle: Cycle) -> Sums:
        """Of the intact members, with the rows of the cycle."""
        return self._sums.with_rows(cycle.sums(0, self.count))

    # -- while the cycle lasts -------------------------------------------------------------------------------------------------

    def look(self, now_s: float, *, flows: bool, lifted: bool) -> Iterator[None]:
        """One judgement. lifted: something lifts the duct just now, so that nothing can be said of a leak."""
        cycle = self.cycle
        if cycle is None or cycle.count < LEAST_ROWS:
            return
        if flows and now_s >= self._next_rough_s:
            self._next_rough_s = now_s + ROUGH_EVERY_S
            rough_kpa_s = cycle.roughness_kpa_s()
            yield
            if rough_kpa_s is not None:  # a rough stopper slips further than a good one
                self.flowing_weight = 1.0 / max(self._least_kpa_s, rough_kpa_s)
                cycle.weigh_flowing(self.flowing_weight)
        for _ in range(3):
            stand = cycle.stand(self.count)
            yield
            asked = question(cycle, stand, self._begun_s + STARTING_S)
            if asked is None:
                return
            yield
            found_of_all = solved(self._sums.with_rows(stand.sums), asked.asked.across)
            yield
            found = self.found = answer(asked, *found_of_all)
            squeezed = found.step > STEP and found.step > found.likelihood
            if self._left_out >= MOST_LEFT_OUT + (now_s - self._begun_s) / ONE_MORE_S:
                break
            if squeezed:
                yield from self._leave_out(cycle, found, now_s)
            elif found.likelihood < DOUBTFUL or not (yield from self._doubted(cycle, found)):
                break
            self._left_out += 1
            if cycle.count < LEAST_ROWS:
                return
        overlooked = found.step if found.step > STEP else 0.0
        self.break_likelihood = found.likelihood - overlooked
        self.members.found[: self.count] = found.found
        if now_s >= self._next_weigh_s and not (lifted or found.likelihood < found.step > STEP / 2):
            self._next_weigh_s = now_s + WEIGH_EVERY_S
            yield from self._weigh(cycle, overlooked)

    def _leave_out(self, cycle: Cycle, found: Break, now_s: float) -> Iterator[None]:
        """Leaves the squeeze out that explains most."""
        best = (float("inf"), 0.0, 0.0)
        for length_s in WINDOWS_S:
            for part in (0.25, 0.5, 0.75):
                from_s = found.step_s - part * length_s
                to_s = min(from_s + length_s, now_s)
                without, rows = cycle.sums_without(from_s, to_s, self.count)
                if rows == 0:
                    continue
                _, misfit, _ = solved(self._sums.with_rows(without))
                left = float(misfit.min()) + ROW_COSTS * length_s / BIN_S  # each row left out would have cost its one
                best = min(best, (left, from_s, to_s))
                yield
        if best[0] < float("inf"):
            cycle.leave_out(best[1], best[2])

    def _doubted(self, cycle: Cycle, found: Break) -> Generator[None, None, bool]:
        """Whether an overlooked squeeze before it explains more than the break does; if so it is left out."""
        worth, from_s, to_s = hump(cycle.residual(found.best, found.found[found.best]), HUMP_ROWS)
        yield
        if worth <= 0.0:
            return False
        without, rows = cycle.sums_without(from_s, to_s, self.count)
        yield
        _, misfit, _ = solved(self._sums.with_rows(without))
        yield
        if found.misfit - float(misfit.min()) - ROW_COSTS * (cycle.count - rows) <= found.likelihood:
            return False
        cycle.leave_out(from_s, to_s)
        return True

    def _weigh(self, cycle: Cycle, overlooked: float) -> Iterator[None]:
        """Intact against torn, over everything. overlooked: what a squeeze that is still in explains of it."""
        members = len(self.members.shape_ul)
        total = self._sums.with_rows(cycle.sums(0, members))  # at once: all are to explain the same rows
        yield
        misfit = np.empty(members)
        for first in range(0, members, AT_ONCE):
            last = min(first + AT_ONCE, members)
            self.members.found[first:last], misfit[first:last], _ = solved(total.part(first, last))
            yield
        self.leak_likelihood = float(misfit[: self.count].min() - misfit[self.count :].min()) - overlooked
        torn = self.count + int(misfit[self.count :].argmin())
        self.leak = Leak(float(self.members.conductance_ul_s_kpa[torn]), float(self.members.leaked_ul[torn]))

    # -- when it is behind -----------------------------------------------------------------------------------------------------

    def close(self) -> Iterator[None]:
        """The cycle is behind: its rows go into the sums, and torn ducts that explain nothing are forgotten."""
        cycle = self.cycle
        if cycle is None:
            return
        yield from self._clean(cycle)
        if cycle.count >= LEAST_ROWS:
            self._sums = self._sums.with_rows(cycle.sums(0, len(self.members.shape_ul)))
            yield
        found, misfit, _ = solved(self._sums)
        self.members.found = found
        yield
        torn = np.arange(self.count, len(misfit))
        order = torn[np.argsort(misfit[torn], kind="stable")][:KEPT]
        order = order[misfit[order] < misfit.min() + KEPT_WITHIN] if len(order) else order
        keep = np.concatenate([np.arange(self.count), order])
        self.members, self._sums = self.members.chosen(keep), self._sums.chosen(keep)
        self.cycle = None

    def _clean(self, cycle: Cycle) -> Iterator[None]:
        """Leaves out squeezes that were overlooked while they went on: seen from behind they are plainer."""
        for _ in range(MOST_HUMPS):
            if cycle.count < 2 * LEAST_ROWS:
                return
            found, misfit, _ = solved(self._with(cycle))
            yield
            best = int(misfit.argmin())
            worth, from_s, to_s = hump(cycle.residual(best, found[best]), HUMP_ROWS)
            yield
            if worth < HUMP:
                return
            cycle.leave_out(from_s, to_s)
