"""From the pump's drive to the rubber stopper."""

import math

from simulators.plunger.friction import StickSlip
from simulators.plunger.options import PlungerOptions
from simulators.plunger.train import Backlash, Stepper


class Plunger:
    """The travel of the drive goes in; what the stopper moves, and so what enters the line, comes out. All volumes in uL.

    A rigid drive (no stiffness) takes the stopper along whatever the friction is: it neither sticks nor slips.
    """

    __slots__ = (
        "_backlash",
        "_bottomed",
        "_drive_ul",
        "_fill_ul",
        "_friction",
        "_pusher_ul",
        "_stepper",
        "_stopper_ul",
        "passive",
    )

    def __init__(self, options: PlungerOptions) -> None:
        rigid = options.drive_stiffness_kpa_ul == 0.0
        self.passive = rigid and options.step_ul == options.backlash_ul == 0.0 and math.isinf(options.fill_ul)
        """Nothing here changes any travel: the stopper does exactly what the drive does."""
        self._stepper = Stepper(options.step_ul)
        self._backlash = Backlash(options.backlash_ul)
        frictions = (options.static_friction_kpa, options.sliding_friction_kpa)
        self._friction = None if rigid else StickSlip(*frictions, options.drive_stiffness_kpa_ul)
        self._fill_ul = options.fill_ul
        self._drive_ul = 0.0
        self._pusher_ul = 0.0
        self._stopper_ul = 0.0
        self._bottomed = False

    @property
    def stopper_ul(self) -> float:
        """Net forward travel of the stopper since the beginning: the sum of all that `step` has given."""
        return self._stopper_ul

    @property
    def bottomed(self) -> bool:
        """The syringe is empty: the stopper is at its end, and the drive has to stall until it turns back."""
        return self._bottomed

    def step(self, forward_ul: float, withdrawn_ul: float, line_kpa: float) -> float:
        """What the stopper moves while the drive travels so far, in signed uL. line_kpa: the line's pressure before.

        Forward travel against the end of the syringe is lost, as a stalling motor's steps are; what is on the way to it within
        one call is not, and has to be withdrawn again before the stopper follows.
        """
        if forward_ul or withdrawn_ul:
            self._drive_ul += (0.0 if self._bottomed else forward_ul) - withdrawn_ul
            self._pusher_ul = self._backlash.follow(self._stepper.follow(self._drive_ul))
        before_ul, after_ul = self._stopper_ul, self._pusher_ul
        if self._friction is not None:
            after_ul = self._friction.follow(after_ul, before_ul, line_kpa)
        if after_ul >= self._fill_ul:
            after_ul, self._bottomed = self._fill_ul, True
        else:
            self._bottomed = False
        self._stopper_ul = after_ul
        return after_ul - before_ul
