"""Virtual procedures at `core` fidelity: typed observations go straight into the station; there are no bytes and no wires.

`DirectBench` is the bench's physics, `run_direct` runs one procedure on it. Only the station's drivers are stand-ins; core,
limits and monitors are the ones of the bedside. What needs wires (faults of devices, ports, processes) needs `wire` fidelity.
"""

from controller.virtual.direct.bench import DirectBench
from controller.virtual.direct.run import DirectNotEndedError, run_direct

__all__ = ["DirectBench", "DirectNotEndedError", "run_direct"]
