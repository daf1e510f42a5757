"""The line pressure of the last seconds as a small picture made of block characters."""

import math
from collections import deque

WINDOW_S = 30.0
_BLOCKS = " ▁▂▃▄▅▆▇█"


class Trace:
    """Remembers the pressures of the last WINDOW_S seconds of procedure time."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float | None]] = deque(maxlen=2000)

    def add(self, t_s: float, kpa: float | None) -> None:
        """Takes one pressure; None is a gap. Time that runs backwards begins a new trace."""
        if self._samples and t_s < self._samples[-1][0]:
            self._samples.clear()
        self._samples.append((t_s, kpa))
        while self._samples[0][0] < t_s - WINDOW_S:
            self._samples.popleft()

    def columns(self, width: int) -> list[float | None]:
        """The highest pressure of each of `width` equal stretches of time, oldest first; None where nothing was measured.

        The stretches keep their borders as time goes on, so that the picture moves and does not shimmer.
        """
        peaks: list[float | None] = [None] * width
        if not self._samples:
            return peaks
        stretch_s = WINDOW_S / width
        newest = math.floor(self._samples[-1][0] / stretch_s)
        for t_s, kpa in self._samples:
            column = width - 1 - (newest - math.floor(t_s / stretch_s))
            if kpa is not None and column >= 0:
                peak = peaks[column]
                peaks[column] = kpa if peak is None else max(peak, kpa)
        return peaks


def draw(columns: list[float | None], height: int, ceiling_kpa: float) -> list[str]:
    """`height` rows, top first. The upper edge of the first row is the ceiling; what lies above it is drawn full.

    A measured pressure is always visible, zero and below as the lowest mark; a gap is empty.
    """
    rows = []
    for row in range(height):
        below = (height - 1 - row) * 8
        rows.append("".join(_BLOCKS[_clip(_eighths(kpa, height, ceiling_kpa) - below)] for kpa in columns))
    return rows


def _eighths(kpa: float | None, height: int, ceiling_kpa: float) -> int:
    if kpa is None:
        return 0
    full = height * 8
    if ceiling_kpa <= 0.0 or kpa >= ceiling_kpa:
        return full
    # Below the ceiling the picture stays below its edge, however near.
    return min(max(1, math.ceil(kpa / ceiling_kpa * full)), full - 1)


def _clip(eighths: int) -> int:
    return min(max(eighths, 0), 8)
