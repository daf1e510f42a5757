"""How late the loop woke up, cycle by cycle, and what had run before."""

import itertools
from bisect import bisect_left
from typing import Final

BOUNDS_US: Final = (20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
WAKING: Final = "waking up"


class Lateness:
    """A histogram: cycles by their lateness. worst_us: the greatest of them, and what had run."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_US) + 1)
        self.worst_us = 0
        self.worst_ran = ""

    def take(self, lateness_us: int, ran: str) -> None:
        """One cycle that began so much after its time."""
        self.counts[bisect_left(BOUNDS_US, lateness_us)] += 1
        if lateness_us > self.worst_us:
            self.worst_us, self.worst_ran = lateness_us, ran

    def body(self) -> dict[str, object]:
        """For the record: counts by upper bound, the last one open."""
        return {
            "latest_ms": self.worst_us / 1000,
            "ran": self.worst_ran,
            "bounds_us": list(BOUNDS_US),
            "cycles": list(self.counts),
        }


def ran_longest(planned_us: int, marks: tuple[tuple[str, int], ...]) -> str:
    """What made a cycle late. marks: (what, when it had ended), the first one being when the cycle began.

    Work that had ended before the next cycle was due made nobody late; then it was the waking up itself.
    """
    if marks[-1][1] <= planned_us:
        return WAKING
    spent = [(ended_us - begun_us, what) for (_, begun_us), (what, ended_us) in itertools.pairwise(marks)]
    return max(spent)[1]
