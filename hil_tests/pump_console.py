"""The pump spoken to by hand, past the driver: to see what the driver has set, and to leave behind what a driver has to cope with.

Source: New Era NE-1000 manual, RS-232 protocol. Written for itself: it shares no line of code with the driver's codec.
"""

import binascii

from hil_tests.rig import Rig, RigError

_STX, _ETX = 0x02, 0x03
ANSWER_S = 0.3


class PumpConsole:
    """One command, one answer, over the rig's own port, while its driver is at rest."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def ask(self, command: str) -> str:
        """Sends a packet of Safe mode; returns the answer's text without address and status. Raises RigError."""
        body = command.encode("ascii")
        checksum = binascii.crc_hqx(body, 0).to_bytes(2, "big")
        return self._exchange(bytes([_STX, len(body) + 4]) + body + checksum + bytes([_ETX]), header=2, trailer=3)

    def tell(self, command: str) -> str:
        """Sends a line of Basic mode; returns the answer's text without address and status. Raises RigError."""
        return self._exchange(command.encode("ascii") + b"\r", header=1, trailer=1)

    def _exchange(self, frame: bytes, *, header: int, trailer: int) -> str:
        rig = self._rig
        if rig.polling or rig.pump.busy:
            raise RigError("the driver is talking to the pump")
        link = rig.links["pump"]
        link.write(frame)
        received = bytearray()

        def complete() -> bool:
            received.extend(link.read())
            return received.endswith(bytes([_ETX])) and (header == 1 or len(received) > received[1])

        rig.until(complete, ANSWER_S, f"an answer to {frame!r}")
        text = received[header:-trailer].decode("ascii")
        if received[0] != _STX or "?" in text:
            raise RigError(f"the pump answers {frame!r} with {bytes(received)!r}")
        return text[3:]
