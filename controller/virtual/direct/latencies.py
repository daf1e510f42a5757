"""How long the exchanges of the real drivers take, so that the stand-ins take as long.

Measured once at `wire` fidelity: the drivers' own observations and the plunger's truth, against the moment of the request,
in a procedure with defaults (pump at 19200 baud in Safe mode, 10 ms reply delay; transmitter at 115200 baud) and in one that
is stopped by the button. tests/virtual/test_direct_latencies.py measures them again and compares.

Each tuple says when the replies of one request are in, counted from the moment at which the request is given. A cycle hears
of them at its own time, so at 100 Hz up to 10 ms later.
"""

from typing import Final

COMMAND_S: Final = 0.0057
"""From a command handed to the port until the pump acts on it: RUN to motion, STP to stillness, DIS to what it tells."""

CONNECT_S: Final = tuple(0.5224 * (n + 1) / 25 for n in range(25))
"""25 exchanges, some a little longer than others."""
PREPARE_S: Final = (0.0225, 0.0450, 0.0732, 0.0968, 0.1214, 0.1459, 0.1705, 0.1930, 0.2155)
"""CLDINF, CLDWDR, DIS, VOL and its read-back, RAT and its, DIR and its."""
PREPARE_AFTER_STOP_S: Final = (0.0235, 0.0481, 0.0727, 0.0973, 0.1198, 0.1423)
"""The same without CLDINF, CLDWDR and DIS, right behind a stop that has read status and counters."""
RUN_S: Final = 0.0209
POLL_S: Final = 0.0282
STOP_SAID_S: Final = (0.0209, 0.0419)
"""STP twice: through a pause into S."""
STOP_SEEN_S: Final = (0.0701, 0.0984)
"""DIS twice, and the same both times."""
RELEASE_S: Final = (0.0282, 0.0497, 0.0711, 0.0910, 0.1099)
STALL_NOTICED_S: Final = 0.050
"""From a motor that does not follow to the pump's alarm (simulators.ne1000)."""

PRESSURE_CONNECT_S: Final = 0.0091
SAMPLE_S: Final = 0.0024
"""From the request of a sample to its answer at the host: its age when it is decided upon."""

BUTTON_RELEASE_S: Final = 0.1
"""From the first reading that finds both contacts closed to ButtonClosed: the driver's own setting."""
PULSE_PERIOD_S: Final = 0.1
"""From one test pulse to the next, channels in turn: the driver's own setting."""
