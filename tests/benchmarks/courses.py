"""Made-up runs for the tests of judging and of the tests that are judged."""

from collections.abc import Callable, Sequence

import numpy as np

from controller.benchmarks.detection.course import Change, Course, Held, Phase, Sample
from controller.benchmarks.detection.judging import Run
from controller.benchmarks.detection.methods.method import Steps
from controller.core.reasons import Reason

RATE_UL_S, INCREMENT_UL = 5.0, 50.0
INFUSE_S, HOLD_S = INCREMENT_UL / RATE_UL_S, 6.0
HZ = 50


def course(
    kpa_of: Callable[[int, float], float],
    held_kpa: Sequence[float],
    *,
    noise_kpa: float = 0.05,
    causes: dict[Reason, float] | None = None,
    suspicion: Sequence[tuple[float, float]] = (),
) -> Course:
    """As many increments as holds. kpa_of(increment, s since its start): line pressure while it flows, the first is 0."""
    made = Course(0, "intact", RATE_UL_S, INCREMENT_UL, causes=dict(causes or {}), suspicion=list(suspicion))
    random = np.random.default_rng(1)
    for number, rest_kpa in enumerate(held_kpa):
        begin_s = number * (INFUSE_S + HOLD_S)
        made.changes += [Change(begin_s, Phase.INFUSING), Change(begin_s + INFUSE_S, Phase.HOLDING)]
        for step in range(1, round((INFUSE_S + HOLD_S) * HZ)):
            since_s = step / HZ
            true_kpa = kpa_of(number, since_s) if since_s <= INFUSE_S else rest_kpa
            kpa = true_kpa + noise_kpa * float(random.standard_normal())
            made.samples.append(Sample(begin_s + since_s, begin_s + since_s - 0.002, kpa))
        made.held.append(Held(begin_s + INFUSE_S + HOLD_S - 0.1, rest_kpa, 0.1, 0.0))
    return made


def run(
    subgroup: str = "rupture_free_pressure",
    *,
    score: Sequence[tuple[float, float]] = (),
    end_s: float = 100.0,
    tear_s: float | None = None,
    torn: bool | None = None,
    spilt: Sequence[tuple[float, float]] = ((0.0, 0.0), (100.0, 100.0)),
    button_s: float | None = None,
    method: str = "test",
) -> Run:
    """One run in which a test has this score over time. torn: if not said, whether there is a tear."""
    return Run(
        0,
        subgroup,
        None,
        end_s,
        tear_s is not None if torn is None else torn,
        tear_s,
        np.array([at_s for at_s, _ in spilt]),
        np.array([ul for _, ul in spilt]),
        button_s,
        {method: Steps(np.array([at_s for at_s, _ in score]), np.array([value for _, value in score]))},
    )
