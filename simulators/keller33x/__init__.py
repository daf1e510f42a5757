"""A KELLER 33X pressure transmitter on RS-485 that does not exist: KELLER bus, transmitter electronics and its faults.

Source: KELLER, "Communication protocol X-Line" (Class.Group 5.20 to 5.24), the functions of the KELLER bus.
"""

from simulators.keller33x.device import FAULTS, Keller33x
from simulators.keller33x.options import Keller33xOptions

__all__ = ["FAULTS", "Keller33x", "Keller33xOptions"]
