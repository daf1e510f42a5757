"""A scripted NE-1000 for the driver's tests: what it is told, what it answers, and a wire between them in virtual time.

Frames and replies are written here from the manual's tables, with a CRC of its own; nothing of the driver's codec is used.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from drivers.driver import NEVER_S, DeviceProblem
from drivers.ne1000.driver import Ne1000Driver, Ne1000Settings
from drivers.pump import Direction, Motion, PumpConnected, PumpIdle, PumpPrepared

MOTION = Motion(50.0, 5.0, Direction.INFUSE)
FOUND = ["", "STP", "VER"]
_SETTINGS = "PF0 PF TRGP2 TRG LOC1 LOC DIA4.699 DIA PHN2 PHN FUNSTP FUN PHN1 PHN FUNRAT FUN VOLUL VOL DIRINF DIR SAF1 SAF"
_PREPARE = "CLDINF CLDWDR DIS VOL50.00 VOL RAT300.0UM RAT DIRINF DIR"
SETTINGS, PREPARE = _SETTINGS.split(), _PREPARE.split()


def safe(data: str) -> bytes:
    """A Safe packet: STX, length, data, CRC (polynomial 0x1021 from zero), ETX."""
    body, crc = data.encode("ascii"), 0
    for byte in body:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return bytes([2, len(body) + 4]) + body + bytes([crc >> 8, crc & 0xFF, 3])


def basic(data: str) -> bytes:
    """A reply in Basic mode."""
    return b"\x02" + data.encode("ascii") + b"\x03"


def command_of(frame: bytes) -> str:
    """What a frame to pump 0 says; fails on anything that is not one whole frame."""
    if frame[0] != 2:
        assert frame.endswith(b"\r")
        assert frame.count(b"\r") == 1
        return frame[:-1].decode("ascii").removeprefix("0")
    data = frame[2:-3].decode("ascii")
    assert frame == safe(data)
    return data.removeprefix("0")


@dataclass
class Pump:
    """Enough of a pump to be connected, prepared, run and stopped. replies: other answers to a command, one after another."""

    mode: int = 0  # 0 = Basic, else the seconds of its watchdog
    takes_packets: bool = True  # in Basic mode
    status: str = "S"
    alarm: str = ""
    infused_ul: float = 0.0
    withdrawn_ul: float = 0.0
    values: dict[str, str] = field(default_factory=lambda: {"PHN": "01"})
    replies: Mapping[str, list[str | None]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)

    def answer(self, frame: bytes) -> bytes:
        """What comes back for one frame; b"" for silence."""
        self.frames.append(frame)
        packet = frame[0] == 2
        if packet != bool(self.mode) and not (packet and self.takes_packets):
            return b""
        command = command_of(frame)
        self.told.append(command)
        text: str | None = f"00{self._prompt(command)}"
        if self.replies.get(command):
            text = self.replies[command].pop(0)
        return b"" if text is None else (safe if self.mode else basic)(text)

    def _prompt(self, command: str) -> str:
        if self.alarm:
            alarm, self.alarm = self.alarm, ""
            return f"A?{alarm}"
        data = self._do(command)
        return f"{self.status}{data}"

    def _do(self, command: str) -> str:
        match command:
            case "":
                return ""
            case "STP":
                before = self.status
                self.status = {"I": "P", "W": "P", "X": "P"}.get(before, "S")
                return "?NA" if before == "S" else ""
            case "RUN":
                self.status = "I"
                return ""
            case "VER":
                return "NE1000V3.928"
            case "DIS":
                return f"I{self.infused_ul:.2f}W{self.withdrawn_ul:.3f}UL"
            case "CLDINF" | "CLDWDR":
                self.infused_ul = self.withdrawn_ul = 0.0
                return ""
        return self._setting(command)

    def _setting(self, command: str) -> str:
        name = command[:2] if command[:2] == "PF" else command[:3]
        value = command.removeprefix(name)
        if name == "SAF" and value:
            self.mode = int(value)
        if value == "UL":
            self.values[name] = "0.000UL"
        elif value:
            self.values[name + (self.values["PHN"] if name == "FUN" else "")] = value + ("UL" if name == "VOL" else "")
        else:
            return self.values.get(name + (self.values["PHN"] if name == "FUN" else ""), "0")
        return ""


@dataclass
class Wire:
    """Serves the driver at its own deadlines and whenever bytes arrive.

    latency_s: from a frame's leaving to its whole reply; queueing: commands that come meanwhile wait, else they are lost.
    halved_s: how long before its end a reply's first half arrives.
    """

    pump: Pump = field(default_factory=Pump)
    settings: Ne1000Settings = field(default_factory=Ne1000Settings)
    latency_s: float = 0.030
    queueing: bool = True
    halved_s: float = 0.0
    answer: Callable[[bytes], bytes] | None = None
    now_s: float = 100.0
    sent: list[tuple[float, str]] = field(default_factory=list)
    found: list[object] = field(default_factory=list)
    _coming: list[tuple[float, bytes]] = field(default_factory=list)
    _free_s: float = 0.0

    def __post_init__(self) -> None:
        self.driver = Ne1000Driver(self.settings)

    def flush(self) -> None:
        """Hands what the driver wants to send to the pump."""
        while frame := self.driver.transmit(self.now_s):
            self.sent.append((self.now_s, command_of(frame)))
            if not self.queueing and self.now_s < self._free_s:
                continue
            reply = (self.answer or self.pump.answer)(frame)
            self._free_s = max(self.now_s, self._free_s) + self.latency_s
            half = len(reply) // 2 if self.halved_s else 0
            parts = [(self._free_s - self.halved_s, reply[:half]), (self._free_s, reply[half:])]
            self._coming += [part for part in parts if part[1]]

    def deliver(self, data: bytes) -> list[object]:
        """Bytes out of turn, now."""
        found = self.driver.receive(data, self.now_s)
        self.found += found
        self.flush()
        return found

    def advance(self, until_s: float) -> None:
        """Lets the world go on to this time, or until the driver has nothing more to wait for."""
        self.flush()
        while True:
            arrival_s = self._coming[0][0] if self._coming else NEVER_S
            next_s = min(arrival_s, self.driver.next_deadline_s())
            if next_s > until_s:
                break
            self.now_s = max(self.now_s, next_s)
            self.deliver(self._coming.pop(0)[1] if arrival_s <= next_s else b"")
        self.now_s = max(self.now_s, until_s)

    def finish(self, within_s: float) -> list[object]:
        """Until the request under way has ended; fails if it takes longer. Returns what was found since the call."""
        begun, end_s = len(self.found), self.now_s + within_s
        self.flush()
        while self.driver.busy:
            next_s = min(self._coming[0][0] if self._coming else NEVER_S, self.driver.next_deadline_s())
            assert next_s <= end_s, f"not ended within {within_s} s"
            self.advance(next_s)
        assert self.found[-1] == PumpIdle()
        return self.found[begun:]

    def commands(self) -> list[str]:
        """What was said since the last call."""
        said = [command for _, command in self.sent]
        self.sent.clear()
        return said

    def connect(self) -> "Wire":
        """A connected driver."""
        self.driver.connect(self.now_s)
        assert PumpConnected("NE-1000", "3.928") in self.finish(4.0)
        self.commands()
        return self

    def prepare(self, motion: Motion = MOTION) -> "Wire":
        """A driver with a motion programmed."""
        self.driver.prepare(motion, self.now_s)
        assert PumpPrepared(motion) in self.finish(3.0)
        self.commands()
        return self

    def problem(self) -> str:
        """The one sentence with which a connect ended."""
        (problem,) = [found for found in self.found if isinstance(found, DeviceProblem)]
        assert problem.device == "pump"
        return problem.text
