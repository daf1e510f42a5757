"""Whether a line that is not known yet has come to rest after priming.

At rest means: the means of the two halves of the last second differ by no more than noise explains or a small floor. What is
left of an exponential relaxation is then below the floor times tau over half a second.
"""

from collections import deque
from dataclasses import dataclass
from math import sqrt

WINDOW_S = 1.0
CHECK_EVERY_S = 0.1
SIGMAS = 2.5
LEAST_SAMPLES = 20


@dataclass(frozen=True, slots=True)
class Rest:
    """Pressure without flow, and one standard error."""

    kpa: float
    error_kpa: float


class RestWatch:
    """Feed it samples from the moment the plunger stands still."""

    def __init__(self, since_s: float, noise_kpa: float, rest_kpa: float) -> None:
        self.since_s = since_s
        self._rest_kpa = rest_kpa
        self._noise_kpa = noise_kpa
        self._window: deque[tuple[float, float]] = deque()
        self._next_check_s = since_s + WINDOW_S

    def take(self, asked_s: float, kpa: float) -> Rest | None:
        """One sample; the result as soon as there is one."""
        if asked_s < self.since_s:
            return None
        self._window.append((asked_s, kpa))
        while self._window[0][0] < asked_s - WINDOW_S:
            self._window.popleft()
        if asked_s < self._next_check_s:
            return None
        self._next_check_s = asked_s + CHECK_EVERY_S
        return self._judge(asked_s)

    def _judge(self, now_s: float) -> Rest | None:
        early = [kpa for at_s, kpa in self._window if at_s < now_s - WINDOW_S / 2]
        late = [kpa for at_s, kpa in self._window if at_s >= now_s - WINDOW_S / 2]
        if min(len(early), len(late)) < LEAST_SAMPLES:
            return None
        difference = abs(sum(late) / len(late) - sum(early) / len(early))
        error = self._noise_kpa * sqrt(1 / len(early) + 1 / len(late))
        if difference > max(self._rest_kpa, SIGMAS * error):
            return None
        return Rest(sum(late) / len(late), self._noise_kpa / sqrt(len(late)))
