"""What the line's pressure tells of the duct while fluid moves and while it holds: how full it is, and whether it leaks."""

from controller.core.duct.estimate import Estimate
from controller.core.duct.findings import Finding
from controller.core.duct.watch import DuctWatch

__all__ = ["DuctWatch", "Estimate", "Finding"]
