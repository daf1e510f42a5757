"""What every plant is: the physical world between the plunger and the pressure transmitter."""

from typing import Literal, Protocol

Tip = Literal["air", "capped", "patient"]


class Plant(Protocol):
    """A line and whatever it ends in. Any `module:factory` may make one: factory(seed, index, **options) -> Plant."""

    def step(self, dt_s: float, plunger_flow_ul_s: float) -> float:
        """Moves on by dt_s while the plunger delivers this flow (negative: withdraws).

        Returns the true gauge pressure at the transmitter in kPa at the end of it, without the sensor's noise.
        """

    def set_tip(self, tip: Tip) -> None:
        """Where the cannula's tip is from now on."""
