"""Consecutive slopes that vote, after the idea of US RE38,879 (E-Z-EM, extravasation detection accessory): a baseline first, then
the slope of the signal over a sliding window once an epoch, and an alarm when so many slopes in a row are out of range.

There the signal is the impedance of the skin; here it is the line pressure. Its slope at the same time within the increment
before is the baseline, since in every increment the line rises to its plateau. Slopes that fall below it vote; that, the window
and the number of votes were chosen on the seeds 201 and 202.
"""

from collections import deque
from math import inf

from controller.benchmarks.detection.methods.method import Method, Setting

EPOCH_PART, WINDOW_PART = 0.05, 0.2  # of an increment
VOTES = 10


class SlopeVote(Method):
    """Score: the slope threshold, in kPa/s below the baseline, that would have had so many votes in a row."""

    def __init__(self, setting: Setting) -> None:
        """See Method."""
        super().__init__(setting)
        self._epoch_s, self._window_s = EPOCH_PART * setting.increment_s, WINDOW_PART * setting.increment_s
        self._since_s: float | None = None
        self._window: deque[tuple[float, float]] = deque()
        self._next_s = inf
        self._slopes: list[float] = []
        self._before: list[float] = []
        self._votes: deque[float] = deque(maxlen=VOTES)

    def infuse(self, at_s: float) -> None:
        """See Method."""
        self._since_s, self._next_s = at_s, at_s + self._window_s
        self._before, self._slopes = self._slopes, []
        self._window.clear()
        self._votes.clear()

    def rest(self, at_s: float) -> None:  # noqa: ARG002 - part of the interface
        """See Method."""
        self._since_s = None

    def sample(self, asked_s: float, kpa: float) -> None:
        """See Method."""
        if self._since_s is None:
            return
        self._window.append((asked_s, kpa))
        while self._window[0][0] <= asked_s - self._window_s:
            self._window.popleft()
        if asked_s < self._next_s:
            return
        self._next_s += self._epoch_s
        self._slopes.append(_slope(self._window))
        epoch = len(self._slopes) - 1
        if epoch < len(self._before):
            self._votes.append(self._before[epoch] - self._slopes[epoch])
            if len(self._votes) == VOTES:
                self._raise_to(min(self._votes))


def _slope(points: deque[tuple[float, float]]) -> float:
    """Of the least squares line, in kPa/s."""
    count = len(points)
    mean_s = sum(at_s for at_s, _ in points) / count
    mean_kpa = sum(kpa for _, kpa in points) / count
    spread = sum((at_s - mean_s) ** 2 for at_s, _ in points)
    return sum((at_s - mean_s) * (kpa - mean_kpa) for at_s, kpa in points) / spread if spread > 0.0 else 0.0
