"""The serial cable between the host's port and a simulated device: what it and the host's UART do to bytes and their times."""

from simulators.wire.faults import FAULTS
from simulators.wire.wire import Wire

__all__ = ["FAULTS", "Wire"]
