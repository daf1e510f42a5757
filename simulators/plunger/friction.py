"""Friction of the rubber stopper behind a drive that gives: stick-slip.

All forces are pressures on the stopper's area. The drive is a spring between pusher and stopper; the pusher clamps the
plunger, so that it pulls as well. What the spring pushes beyond the line's pressure is carried by the friction.
"""

from typing import Final

STIFFEST_LINE_KPA_UL: Final[float] = 20.0
"""Stiffness of the stiffest usual line (0.05 uL/kPa).

The line answers the stopper's travel only after the step. A slip is therefore spread over a few steps, each one as long as
the stiffest line would allow. So no slip goes too far in a line of up to this stiffness, and none swings up in a line of up to
twice this stiffness plus the drive's.
"""

_SETTLED = 0.02  # part of a slip that is not worth another step
_REST_UL = 1e-6  # an approach that never ends would be no rest to those who wait for it


class StickSlip:
    """A stopper that stands until the force on it overcomes the static friction, and then slips down to the sliding one.

    It sticks again when it has become no faster than the pusher. Equal frictions slide evenly; without any the stopper hangs
    on the spring alone.
    """

    __slots__ = ("_least_ul", "_loose", "_pusher_ul", "_reach_kpa_ul", "_sliding_kpa", "_static_kpa", "_stiffness_kpa_ul")

    def __init__(self, static_kpa: float, sliding_kpa: float, stiffness_kpa_ul: float) -> None:
        """stiffness_kpa_ul: of the drive, above 0."""
        self._static_kpa = static_kpa
        self._sliding_kpa = sliding_kpa
        self._stiffness_kpa_ul = stiffness_kpa_ul
        self._reach_kpa_ul = stiffness_kpa_ul + STIFFEST_LINE_KPA_UL
        self._least_ul = _SETTLED * (static_kpa - sliding_kpa) / self._reach_kpa_ul
        self._pusher_ul = 0.0
        self._loose = 0  # the direction in which it slips, 0 while it sticks

    def follow(self, pusher_ul: float, stopper_ul: float, line_kpa: float) -> float:
        """Where the stopper goes from where it is; all positions in net uL since the beginning."""
        force_kpa = self._stiffness_kpa_ul * (pusher_ul - stopper_ul) - line_kpa
        direction = 1 if force_kpa > 0.0 else -1
        carried_kpa = self._sliding_kpa if self._loose == direction else self._static_kpa
        travelled_ul, self._pusher_ul = abs(pusher_ul - self._pusher_ul), pusher_ul
        if force_kpa * direction <= carried_kpa:
            self._loose = 0
            return stopper_ul
        slip_ul = (force_kpa * direction - self._sliding_kpa) / self._reach_kpa_ul
        if slip_ul < _REST_UL:
            return stopper_ul
        self._loose = direction if slip_ul > travelled_ul + self._least_ul else 0
        return stopper_ul + direction * slip_ul
