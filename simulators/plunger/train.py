"""The drive train: what the motor and the nut on its spindle make of the travel that was ordered.

Each link is given the position of the one before it and gives its own, both as net volume in uL since the beginning. Neither
knows of time, so that neither depends on how time is cut.
"""

_ROUNDING_UL = 1e-9  # travel is summed up from many small pieces


class Stepper:
    """A motor that does a step as soon as the travel for all of it has come, in either direction."""

    __slots__ = ("_step_ul", "_steps")

    def __init__(self, step_ul: float) -> None:
        """step_ul: volume of one step; 0 = the motor turns evenly."""
        self._step_ul = step_ul
        self._steps = 0

    def follow(self, ordered_ul: float) -> float:
        """Where the motor is: less than one step from where it was ordered."""
        step_ul = self._step_ul
        if step_ul == 0.0:
            return ordered_ul
        due_ul = ordered_ul - self._steps * step_ul
        if due_ul >= 0.0:
            self._steps += int((due_ul + _ROUNDING_UL) / step_ul)
        else:
            self._steps -= int((_ROUNDING_UL - due_ul) / step_ul)
        return self._steps * step_ul


class Backlash:
    """The play of the nut: at each change of direction the pusher stands until the nut has come to its other flank.

    Within the play the pusher stays where it is: the friction of its guide holds it against the pressure in the line.
    """

    __slots__ = ("_play_ul", "_pusher_ul")

    def __init__(self, play_ul: float) -> None:
        """The play lies ahead at the beginning: the first forward travel takes it up."""
        self._play_ul = play_ul
        self._pusher_ul = 0.0

    def follow(self, nut_ul: float) -> float:
        """Where the pusher is: never ahead of the nut, and never more than the play behind it."""
        if self._pusher_ul > nut_ul:
            self._pusher_ul = nut_ul
        elif self._pusher_ul < nut_ul - self._play_ul:
            self._pusher_ul = nut_ul - self._play_ul
        return self._pusher_ul
