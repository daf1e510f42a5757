"""Drivers, world and recorder that do what a test says, for the station and the loop."""

from collections.abc import Callable, Container

from controller.core.core import Core
from controller.record.memory import MemoryRecorder
from controller.station import Outputs, Station
from controller.world import EVERYTHING
from drivers.driver import NEVER_S
from drivers.link import InputLines, LinkLostError, OutputLines
from drivers.pump import Motion


class FakeDriver:
    """A driver of bytes: found is what it tells at the next receive."""

    def __init__(self, log: list[str], name: str) -> None:
        self.log, self.name = log, name
        self.found: list[object] = []
        self.outbox: list[bytes] = []
        self.busy = False
        self.awaits_answer = False
        self.deadline_s = NEVER_S
        self.explodes = 0
        self.noise_error: str | None = None

    def receive(self, data: bytes, now_s: float) -> list[object]:
        if self.explodes > 0:
            self.explodes -= 1
            raise RuntimeError(f"{self.name} driver is broken")
        found, self.found = self.found, []
        return found

    def transmit(self, now_s: float) -> bytes:
        return self.outbox.pop(0) if self.outbox else b""

    def next_deadline_s(self) -> float:
        return self.deadline_s

    def _request(self, name: str) -> None:
        self.log.append(f"{self.name} {name}")
        self.outbox.append(name.encode())

    def connect(self, now_s: float) -> None:
        self._request("connect")

    def prepare(self, motion: Motion, now_s: float) -> None:
        if motion.volume_ul > 40.0:
            raise ValueError("too many digits")
        self._request("prepare")

    def run(self, now_s: float) -> None:
        self._request("run")

    def poll(self, now_s: float) -> None:
        self._request("poll")

    def release(self, now_s: float) -> None:
        self._request("release")

    stop_frame = b"stop"

    def stop(self, now_s: float, *, said: bool = False) -> None:
        self.outbox.clear()
        self.busy = True
        self._request("stop")
        if said:
            self.outbox.clear()

    crossing = b""

    def exceeds(self, data: bytes, limit_kpa: float, zero_kpa: float) -> bool:
        self.asked_kpa = limit_kpa, zero_kpa
        return data == self.crossing

    def learn_noise(self, samples_kpa: list[float]) -> str:
        if self.noise_error is not None:
            raise ValueError(self.noise_error)
        return "noise"


class FakeButton:
    """A driver of lines."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.found: list[object] = []
        self.deadline_s = 0.0
        self.opened = False

    def opens(self, lines: InputLines) -> bool:
        return self.opened

    def sample(self, lines: InputLines, now_s: float) -> list[object]:
        self.log.append("button sampled")
        found, self.found = self.found, []
        return found

    def wanted_lines(self, now_s: float) -> OutputLines:
        return OutputLines(True, True)

    def next_deadline_s(self) -> float:
        return self.deadline_s


class LoggingRecorder(MemoryRecorder):
    """Says when something is written down."""

    def __init__(self, log: list[str]) -> None:
        super().__init__()
        self.log = log

    def put(self, kind, t_s, body):
        self.log.append(f"recorded {kind} {body.get('action', body.get('name', ''))}".strip())
        return super().put(kind, t_s, body)


class FakeLink:
    """A port."""

    def __init__(self) -> None:
        self.gone = False
        self.explodes = 0
        self.unsent = False

    def read(self) -> bytes:
        if self.explodes > 0:
            self.explodes -= 1
            raise OSError("port is broken")
        if self.gone:
            raise LinkLostError("gone")
        return b""

    def lines(self) -> InputLines:
        return InputLines(True, True)


class FakeScreen:
    """Somebody who looks. news: what it tells of itself, one at each look."""

    looks = True

    def __init__(self) -> None:
        self.sent: list[dict[str, object]] = []
        self.news: list[str | None] = []
        self.may_start: set[bool] = set()

    def fileno(self) -> int | None:
        return None

    def send(self, message: dict[str, object]) -> bool:
        self.sent.append(message)
        return True

    def receive(self) -> list[dict[str, object]]:
        return []

    def mend(self, *, may_start: bool) -> str | None:
        self.may_start.add(may_start)
        return self.news.pop(0) if self.news else None


class FakeWorld:
    """Time goes on by what is waited for, and by slow_us once."""

    def __init__(self) -> None:
        self.links = {name: FakeLink() for name in ("pump", "pressure", "button")}
        self.time_us = 0
        self.slow_us = 0
        self.heard: list[str] = []
        self.forgotten: list[str] = []
        self.waits = 0
        self.each_wait: Callable[[int], None] = lambda _count: None
        self.news: Container[str] = EVERYTHING
        self.watched: list[str] = []

    def now_us(self) -> int:
        return self.time_us

    def watch(self, name: str, descriptor: int | None) -> None:
        self.watched.append(name)

    def wait_until(self, until_us: int) -> Container[str]:
        self.waits += 1
        assert self.waits < 20_000, "the loop does not end"
        self.time_us = max(until_us, self.time_us + 100) + self.slow_us
        self.slow_us = 0
        self.each_wait(self.waits)
        return self.news

    def forget_link(self, name: str) -> None:
        self.forgotten.append(name)

    def signals(self) -> list[str]:
        heard, self.heard = self.heard, []
        return heard


class Rig:
    """A station with fakes on every side."""

    def __init__(self, core: Core) -> None:
        self.log: list[str] = []
        self.pump, self.pressure = FakeDriver(self.log, "pump"), FakeDriver(self.log, "pressure")
        self.button = FakeButton(self.log)
        self.recorder = LoggingRecorder(self.log)
        self.write_fails = False
        self.lose: Callable[[str, str], None] = lambda _name, _text: None
        self.station = Station(core, self.pump, self.pressure, self.button, Outputs(self._write, self._set_lines, self.recorder))

    def _write(self, name: str, frame: bytes) -> None:
        if self.write_fails:
            self.lose(name, "can not be written to")
            return
        self.log.append(f"wrote {name} {frame.decode()}")

    def _set_lines(self, wanted: OutputLines) -> None:
        self.log.append("lines set")
