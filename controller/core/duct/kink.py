"""Whether the duct's pressure has bent down within the last seconds: a wall that tears while fluid flows.

Intact ducts stiffen. Where contrast finds a way out the pressure falls away from the intact course, at first in proportion to the
time since. So for every moment of the last seconds it is asked by how much the course is better explained if its slope has broken
there (generalised likelihood ratio, one-sided; Willsky and Jones 1976). A squeeze of the breast that has passed looks alike; it
leaves a positive step in the integral, which is asked for in the same way.
"""

from dataclasses import dataclass

import numpy as np

from controller.core.duct.cycle import Asked, Cycle, Stand
from controller.core.duct.family import ELASTIC, IMPLAUSIBLE, LEAST_ELASTIC_KPA, Array, Sums

LOOK_BACK_S = 8.0
EVERY_S = 0.5
_LEAST_INFORMATION = 0.5


@dataclass(frozen=True, slots=True)
class Break:
    """likelihood: twice the logarithm of how much better the course is explained with the break at at_s, of slope kpa_s.

    step: the same for the best step; step_s: where. found: (m, u); best: the member that explains the course best without either.
    misfit: what it leaves, in squares of standard deviations.
    """

    likelihood: float
    at_s: float
    kpa_s: float
    step: float
    step_s: float
    found: Array
    best: int
    misfit: float


def solved(sums: Sums, more: Array | None = None) -> tuple[Array, Array, Array]:
    """What stands before the members (m, u), their misfit (m), and the same solution for more right sides (m, u, k)."""
    right = sums.right[:, :, None]
    both = right if more is None else np.concatenate([right, more], axis=2)
    solution = np.linalg.solve(sums.matrix, both)
    found = solution[:, :, 0]
    misfit = sums.square - (sums.right * found).sum(axis=1)
    soft = found[:, ELASTIC] < LEAST_ELASTIC_KPA
    return found, misfit + IMPLAUSIBLE * soft, solution[:, :, 1:]


@dataclass(frozen=True, slots=True)
class Question:
    """Breaks and then steps at so many moments. breaks_from: the first moment at which a break may be."""

    moments_s: Array
    breaks_from: int
    asked: Asked


def question(cycle: Cycle, stand: Stand, breaks_from_s: float) -> Question | None:
    """Steps at every moment of the last seconds, and breaks from breaks_from_s on; None where there is too little yet."""
    time_s = cycle.times_s(stand)
    now_s = float(time_s[-1])
    moments_s = np.arange(max(float(time_s[0]) - 0.1, now_s - LOOK_BACK_S), now_s - 0.3, EVERY_S)
    if len(moments_s) == 0:
        return None
    since_s = np.maximum(cycle.times_s(stand, float(moments_s[0]))[None, :] - moments_s[:, None], 0.0)
    columns = np.concatenate([-0.5 * since_s * since_s, np.where(since_s > 0.0, 1.0, 0.0)])
    asked = cycle.asked(stand, float(moments_s[0]), columns)
    return Question(moments_s, int(np.searchsorted(moments_s, breaks_from_s)), asked)


def answer(question: Question, found: Array, misfit: Array, solution: Array) -> Break:
    """What the solution of the sums with these rows and this question says."""
    asked, moments_s = question.asked, question.moments_s
    seen = asked.value[None, :] - (asked.across * found[:, :, None]).sum(axis=1)
    information = asked.square[None, :] - (asked.across * solution).sum(axis=1)
    gain = np.where(
        (seen > 0.0) & (information > _LEAST_INFORMATION), seen * seen / np.maximum(information, _LEAST_INFORMATION), 0.0
    )
    count = len(moments_s)
    least = float(misfit.min())
    left = misfit[:, None] - gain
    steps = left[:, count : 2 * count - 1]
    likelihood, at_s, kpa_s = 0.0, float(moments_s[-1]), 0.0
    if question.breaks_from < count:
        bends = left[:, question.breaks_from : count]
        member, moment = np.unravel_index(int(bends.argmin()), bends.shape)
        moment += question.breaks_from
        likelihood, at_s = least - float(left[member, moment]), float(moments_s[moment])
        kpa_s = float(seen[member, moment] / max(float(information[member, moment]), _LEAST_INFORMATION))
    step, step_s = 0.0, 0.0
    if steps.shape[1] > 0:
        step_at = int(steps.min(axis=0).argmin())
        step, step_s = least - float(steps[:, step_at].min()), float(moments_s[step_at])
    return Break(
        likelihood=likelihood,
        at_s=at_s,
        kpa_s=kpa_s,
        step=step,
        step_s=step_s,
        found=found,
        best=int(misfit.argmin()),
        misfit=least,
    )
