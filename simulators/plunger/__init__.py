"""What lies between the pump's drive and the liquid: steps of the motor, back-lash, friction of the rubber stopper."""

from simulators.plunger.options import PlungerOptions
from simulators.plunger.plunger import Plunger

__all__ = ["Plunger", "PlungerOptions"]
