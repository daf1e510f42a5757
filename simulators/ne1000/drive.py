"""The drive: a plunger that moves at a constant rate until a counted volume is through or somebody stops it.

Positions are computed from the beginning of the present motion, never summed up step by step, so that they do not depend
on how often anybody looks. `counted` is what the firmware believes, `true` is what the plunger does.
"""

import math
from dataclasses import dataclass

NEVER_S = math.inf


@dataclass(slots=True)
class _Motion:
    """A motion since since_s. left_ul: counted volume still to go (inf: without end). sign: +1 infuses."""

    since_s: float
    rate_ul_s: float
    sign: int
    left_ul: float
    end_s: float
    counted: bool

    def moved_ul(self, now_s: float) -> float:
        """Counted volume since since_s."""
        if now_s >= self.end_s:
            return self.left_ul
        if now_s <= self.since_s:
            return 0.0
        moved_ul = self.rate_ul_s * (now_s - self.since_s)
        return moved_ul if moved_ul < self.left_ul else self.left_ul


class Drive:
    """Plunger and step counter. All volumes in uL, rates in uL/s, times in s."""

    def __init__(self) -> None:
        self._motion: _Motion | None = None
        self._factor = 1.0
        self._true_forward_ul = 0.0
        self._true_withdrawn_ul = 0.0
        self._counted_infused_ul = 0.0
        self._counted_withdrawn_ul = 0.0
        self.started_s = -math.inf
        """When the present or last motion was ordered."""

    @property
    def moving(self) -> bool:
        """Whether the motor is being stepped (a stalled one is, too)."""
        return self._motion is not None

    @property
    def uncounted(self) -> bool:
        """Whether it moves without the firmware knowing."""
        return self._motion is not None and not self._motion.counted

    @property
    def sign(self) -> int:
        """+1 while infusing, -1 while withdrawing, 0 at rest."""
        return self._motion.sign if self._motion else 0

    @property
    def rate_ul_s(self) -> float:
        """Counted rate, never negative."""
        return self._motion.rate_ul_s if self._motion else 0.0

    @property
    def end_s(self) -> float:
        """When the ordered volume will be through; NEVER_S without one."""
        return self._motion.end_s if self._motion else NEVER_S

    def move(self, sign: int, rate_ul_s: float, volume_ul: float | None, now_s: float, *, counted: bool = True) -> None:
        """Moves from now_s on, in place of whatever was going on. volume_ul None: without end."""
        self._settle(now_s)
        left_ul = math.inf if volume_ul is None else volume_ul
        self._motion = _Motion(now_s, rate_ul_s, sign, left_ul, now_s + left_ul / rate_ul_s, counted)
        self.started_s = now_s

    def stop(self, now_s: float) -> None:
        """Stands still from now_s on."""
        self._settle(now_s)
        self._motion = None

    def left_ul(self, now_s: float) -> float | None:
        """Counted volume that is still to go; None without end or at rest."""
        if self._motion is None or math.isinf(self._motion.left_ul):
            return None
        return max(0.0, self._motion.left_ul - self._motion.moved_ul(now_s))

    def set_factor(self, factor: float, now_s: float) -> None:
        """From now_s on the plunger moves factor times the counted volume (0: stalled)."""
        self._settle(now_s)
        self._factor = factor

    def clear_counter(self, sign: int, now_s: float) -> None:
        """Sets the counted volume of one direction to zero."""
        self._settle(now_s)
        if sign > 0:
            self._counted_infused_ul = 0.0
        else:
            self._counted_withdrawn_ul = 0.0

    def true_forward_ul(self, now_s: float) -> float:
        """Gross plunger travel forwards since construction."""
        return self.true_travel_ul(now_s)[0]

    def true_withdrawn_ul(self, now_s: float) -> float:
        """Gross plunger travel backwards since construction."""
        return self.true_travel_ul(now_s)[1]

    def true_travel_ul(self, now_s: float) -> tuple[float, float]:
        """Both, forwards and backwards."""
        motion = self._motion
        if motion is None:
            return self._true_forward_ul, self._true_withdrawn_ul
        moved_ul = motion.moved_ul(now_s) * self._factor
        if motion.sign > 0:
            return self._true_forward_ul + moved_ul, self._true_withdrawn_ul
        return self._true_forward_ul, self._true_withdrawn_ul + moved_ul

    def true_rate_ul_s(self) -> float:
        """Signed true plunger flow; 0 when it stands, whatever the motor is told."""
        return self._motion.sign * self._motion.rate_ul_s * self._factor if self._motion else 0.0

    def counted_ul(self, sign: int, now_s: float) -> float:
        """What the firmware has counted in one direction since it was cleared."""
        base_ul = self._counted_infused_ul if sign > 0 else self._counted_withdrawn_ul
        motion = self._motion
        if motion is None or motion.sign != sign or not motion.counted:
            return base_ul
        return base_ul + motion.moved_ul(now_s)

    def _settle(self, now_s: float) -> None:
        """Books what has been moved so far, so that the motion can change."""
        motion = self._motion
        if motion is None:
            return
        moved_ul = motion.moved_ul(now_s)
        if motion.sign > 0:
            self._true_forward_ul += moved_ul * self._factor
            self._counted_infused_ul += moved_ul if motion.counted else 0.0
        else:
            self._true_withdrawn_ul += moved_ul * self._factor
            self._counted_withdrawn_ul += moved_ul if motion.counted else 0.0
        motion.left_ul -= moved_ul
        motion.since_s = now_s
