"""The simulated NE-1000 syringe pump."""

from simulators.ne1000.faults import FAULTS
from simulators.ne1000.memory import Memory, Phase, factory_phases
from simulators.ne1000.ne1000 import Ne1000
from simulators.ne1000.options import Ne1000Options

__all__ = ["FAULTS", "Memory", "Ne1000", "Ne1000Options", "Phase", "factory_phases"]
