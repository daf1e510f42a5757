"""Lateness: a histogram, the worst of all, and what had run."""

import pytest

from controller.lateness import BOUNDS_US, WAKING, Lateness, ran_longest


def test_every_cycle_is_counted_once_and_the_worst_is_named() -> None:
    lateness = Lateness()
    for lateness_us, ran in ((0, ""), (20, ""), (21, ""), (1_500, "the record"), (300_000, "the screen"), (2_000, "deciding")):
        lateness.take(lateness_us, ran)
    body = lateness.body()
    assert (body["latest_ms"], body["ran"]) == (300.0, "the screen")
    counted = {bound: count for bound, count in zip([*BOUNDS_US, None], lateness.counts, strict=True) if count}
    assert counted == {20: 2, 50: 1, 2_000: 2, None: 1}
    assert body["bounds_us"] == list(BOUNDS_US)


@pytest.mark.parametrize(
    ("ended_us", "ran"),
    [
        ((100, 200, 300), WAKING),
        ((100, 200, 5_000), WAKING),
        ((100, 200, 5_001), "the screen"),
        ((4_000, 6_000, 7_000), "deciding"),
        ((1_000, 9_000, 9_500), "the record"),
    ],
)
def test_work_is_named_only_if_it_went_on_beyond_the_time(ended_us: tuple[int, int, int], ran: str) -> None:
    marks = (("", 0), *zip(("deciding", "the record", "the screen"), ended_us, strict=True))
    assert ran_longest(5_000, marks) == ran
