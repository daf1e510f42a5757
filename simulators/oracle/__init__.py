"""The oracle: six invariants, judged from the physical truth of the simulated bench and from the record as plain data.

It shares no code with the controller and never asks what the controller believes (docs/oracle.md).
"""

from simulators.oracle.claims import Injection, Stops
from simulators.oracle.limits import OracleLimits
from simulators.oracle.oracle import Oracle
from simulators.oracle.scene import Bench
from simulators.oracle.verdicts import Violation

__all__ = ["Bench", "Injection", "Oracle", "OracleLimits", "Stops", "Violation"]
