"""A terminal in virtual time, to talk to a simulated pump by hand (tests, trying things out)."""

from simulators.ne1000.frames import CR, ETX, STX, encode_reply
from simulators.ne1000.ne1000 import Ne1000

WAIT_S = 0.060
"""Longer than any reply takes at 19200 baud."""


class Terminal:
    """Sends to one pump, waits, and reads what comes back. now_s is the virtual time that it and the pump share."""

    def __init__(self, pump: Ne1000) -> None:
        self.pump = pump
        self.now_s = 0.0

    def wait(self, duration_s: float) -> bytes:
        """Lets time pass; returns what the pump has sent."""
        self.now_s += duration_s
        self.pump.advance(self.now_s)
        return self.pump.transmit(self.now_s)

    def exchange(self, frame: bytes, wait_s: float = WAIT_S) -> bytes:
        """Sends bytes and returns what has come back wait_s later."""
        self.pump.receive(frame, self.now_s)
        return self.wait(wait_s)

    def ask(self, text: str) -> str:
        """A Basic command; returns the text of its Basic reply, "" if nothing came. Raises ValueError for anything else."""
        reply = self.exchange(text.encode("ascii") + bytes([CR]))
        if not reply:
            return ""
        if reply[0] != STX or reply.find(ETX) != len(reply) - 1:
            raise ValueError(f"not one Basic reply: {reply.hex(' ')}")
        return reply[1:-1].decode("ascii")

    def ask_packet(self, text: str) -> str:
        """A Safe command; returns the text of its Safe reply, "" if nothing came. Raises ValueError for anything else."""
        reply = self.exchange(encode_reply(text, safe=True))
        if not reply:
            return ""
        data = reply[2:-3].decode("latin-1")
        if reply != encode_reply(data, safe=True):
            raise ValueError(f"not one Safe reply: {reply.hex(' ')}")
        return data

    def set_up_bolus(self, volume_ul: str = "50.00", rate_ul_min: str = "300.0", diameter_mm: str = "4.699") -> None:
        """Acknowledges the power-up alarm and programs one infusion with a stop behind it. Raises ValueError if refused."""
        self.ask("")
        for command in (
            f"DIA{diameter_mm}",
            "PHN2",
            "FUNSTP",
            "PHN1",
            "FUNRAT",
            f"RAT{rate_ul_min}UM",
            f"VOL{volume_ul}",
            "DIRINF",
            "CLDINF",
            "CLDWDR",
        ):
            reply = self.ask(command)
            if reply != "00S":
                raise ValueError(f"{command}: {reply!r}")
