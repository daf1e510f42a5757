"""The pump spoken to by hand, past the driver: to see what the driver has set, and to leave it something to cope with.

Source: New Era NE-1000 manual, RS-232 protocol. Written for itself: it shares no line of code with the driver's codec.
"""

import binascii
import re

from hil_tests.rig import Rig, RigError

_STX, _ETX = 0x02, 0x03
_ANSWER = re.compile(r"\d{1,2}[IWSPTUX]([^?]*)")
ANSWER_S = 0.3


class PumpConsole:
    """One command, one answer, over the rig's own port, while its driver is at rest."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def ask(self, command: str) -> str:
        """Sends a packet of Safe mode; returns the answer's text without address and status. Raises RigError."""
        body = self._addressed(command)
        checksum = binascii.crc_hqx(body, 0).to_bytes(2, "big")
        return self._exchange(bytes([_STX, len(body) + 4]) + body + checksum + bytes([_ETX]), header=2, trailer=3)

    def tell(self, command: str) -> str:
        """Sends a line of Basic mode; returns the answer's text without address and status. Raises RigError."""
        return self._exchange(self._addressed(command) + b"\r", header=1, trailer=1)

    def _addressed(self, command: str) -> bytes:
        return f"{self._rig.loaded.profile.pump.address}{command}".encode("ascii")

    def _exchange(self, frame: bytes, *, header: int, trailer: int) -> str:
        rig = self._rig
        if rig.polling or rig.pump.busy:
            raise RigError("the driver is talking to the pump")
        rig.heard.clear()
        rig.links["pump"].write(frame)

        def complete() -> bool:
            # in a packet the second byte says how many follow it
            return rig.heard.endswith(bytes([_ETX])) and (header == 1 or len(rig.heard) == rig.heard[1] + 1)

        rig.until(complete, ANSWER_S, f"an answer to {frame!r}")
        answer = _ANSWER.fullmatch(rig.heard[header:-trailer].decode("latin-1"))
        if answer is None:
            raise RigError(f"the pump answers {frame!r} with {bytes(rig.heard)!r}")
        return answer[1]
