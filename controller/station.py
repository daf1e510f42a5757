"""The station: drivers and core put together. One call of `step` is one cycle; the world outside is whoever calls it.

Nothing in here reads a clock or a port. A stop goes out through `write` the moment it is decided, before anything else of the
cycle is looked at, and before any of it is written down. While fluid goes into the patient, what stops the pump beyond doubt, an
open button or a line beyond its limit, does so before drivers and core are asked (docs/decisions/0014-a-reflex.md).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Protocol

from controller.core.core import Core
from controller.core.limits import LINE_KPA
from controller.core.messages import (
    Action,
    CloseIntent,
    ConnectDevices,
    Durable,
    Finish,
    HostFailed,
    Late,
    LearnNoise,
    LinkLost,
    Note,
    PollPump,
    PreparePump,
    RecorderTrouble,
    ReleasePump,
    RunPump,
    StopPump,
    Tick,
    WriteIntent,
)
from controller.core.states import State
from controller.inputs import LINKS, Inputs
from drivers.driver import ByteDriver, DeviceProblem, LineDriver
from drivers.link import OutputLines
from drivers.pressure import PressureDriver
from drivers.pump import Motion, PumpDriver, PumpIdle, PumpRefused

_TICK = Tick()


class Diary(Protocol):
    """Where decisions and intents are put; returns a number by which the world can tell when it is durable."""

    def put(self, kind: str, t_s: float, body: Mapping[str, object]) -> int:
        """Takes one entry."""


@dataclass(slots=True)
class Outputs:
    """What the station says to the world. set_lines is called only on a change."""

    write: Callable[[str, bytes], None]
    set_lines: Callable[[OutputLines], None]
    diary: Diary


class Station:
    """Three drivers and one core."""

    def __init__(self, core: Core, pump: PumpDriver, pressure: PressureDriver, button: LineDriver, outputs: Outputs) -> None:
        self.core = core
        self._pump = pump
        self._pressure = pressure
        self._button = button
        self._byte_drivers: tuple[tuple[str, ByteDriver], ...] = (("pump", pump), ("pressure", pressure))
        self._outputs = outputs
        self._lost: set[str] = set()
        self._connected = False
        self._lines_out: OutputLines | None = None
        self._now_s = 0.0
        self._stopped_at_once = 0
        self._stopped_by_reflex = False
        core.desk.at_once = self._stop_at_once
        self.intents: dict[int, int] = {}  # sequence number in the diary -> motion
        self.notes: list[Note] = []
        self.sent: list[bytes] = []  # what the pump was told in this cycle
        self.outcome: dict[str, object] | None = None

    def write_into(self, diary: Diary) -> None:
        """Decisions and intents go there from here on."""
        self._outputs.diary = diary

    @property
    def at_rest(self) -> bool:
        """Nothing has been told to move."""
        return self.core.desk.account.moving is None

    @property
    def awaits_pressure(self) -> bool:
        """A pressure has been asked for and is on its way."""
        return self._pressure.awaits_answer

    @property
    def wants_lines(self) -> float:
        """When the button's lines should be read next, in seconds."""
        return self._button.next_deadline_s()

    def next_deadline_s(self) -> float:
        """When something in here wants to be called, even if nothing arrives."""
        due_s = self._pump.next_deadline_s()
        pressure_s = self._pressure.next_deadline_s()
        if pressure_s < due_s:
            due_s = pressure_s
        if "button" not in self._lost:  # what is not read any more is never due
            button_s = self._button.next_deadline_s()
            if button_s < due_s:
                due_s = button_s
        return due_s

    def step(self, inputs: Inputs) -> None:
        """One cycle: lateness first, then button, pressure, people, pump, silence; then what the drivers want to send."""
        now_s = self._now_s = inputs.now_us / 1e6
        self.notes.clear()
        self.sent.clear()
        self._stopped_by_reflex = self.core.desk.state is State.INFUSING and self._is_beyond_doubt(inputs)
        if self._stopped_by_reflex:
            self.emergency_stop(now_s)
        if inputs.failed is not None:
            self._decide(HostFailed(inputs.failed))
        if inputs.lateness_us:
            self._decide(Late(inputs.lateness_us / 1e6, inputs.late_by))
        if inputs.lost:
            for device in LINKS:  # in this order and not as they were lost: a record does not keep that
                if device in inputs.lost:
                    self._lost.add(device)
                    self._decide(LinkLost(device, inputs.lost[device]))
        if inputs.lines is not None and "button" not in self._lost:
            for observation in self._button.sample(inputs.lines, now_s):
                self._decide(observation)
        if self._connected:
            for observation in self._pressure.receive(inputs.pressure, now_s):
                self._decide(observation)
        for statement in inputs.statements:
            self._decide(statement)
        if self._connected:
            for observation in self._pump.receive(inputs.pump, now_s):
                if isinstance(observation, PumpIdle) and self._pump.busy:
                    continue  # of a request that a stop, decided upon in this very batch, has broken off
                self._decide(observation)
        for motion in inputs.durable:
            self._decide(Durable(motion))
        if inputs.recorder_trouble is not None:
            self._decide(RecorderTrouble(inputs.recorder_trouble))
        self._decide(_TICK)
        if self._stopped_by_reflex:
            self._decide(HostFailed("the pump was stopped at once by what the core found no cause in"))
        self._transmit(now_s)

    def _is_beyond_doubt(self, inputs: Inputs) -> bool:
        """Whether this says stop by itself. The core has to come to the same from it in this very cycle."""
        lines = inputs.lines
        if lines is not None and "button" not in self._lost and self._button.opens(lines):
            return True
        if not inputs.pressure:
            return False
        desk = self.core.desk
        return self._pressure.exceeds(inputs.pressure, min(desk.plan.line_limit_kpa, LINE_KPA), desk.view.pressure.zero_kpa)

    def halt(self, now_s: float) -> None:
        """An emergency stop as a cycle of its own: nothing was heard, and nothing but the stop is sent."""
        self.notes.clear()
        self.sent.clear()
        self.emergency_stop(now_s)

    def emergency_stop(self, now_s: float) -> None:
        """Stops the pump without asking the core: for when the core itself has failed."""
        if self._connected:
            # The frame first, and then what belongs to it: nothing stands between the order and the port.
            frame = self._pump.stop_frame
            if frame:
                self._send("pump", frame)
            self._pump.stop(now_s, said=bool(frame))
            self._flush("pump", self._pump, now_s)

    def _stop_at_once(self) -> None:
        """The core has ordered a stop and goes on to say so: the pump does not wait for that."""
        self._stopped_at_once += 1
        if self._stopped_by_reflex:  # in this very cycle
            self._stopped_by_reflex = False
        else:
            self.emergency_stop(self._now_s)

    def nurse_stop(self, data: bytes, now_s: float) -> list[object]:
        """Keeps an emergency stop going without the core; returns what the pump's driver found."""
        found = self._pump.receive(data, now_s)
        self._flush("pump", self._pump, now_s)
        return found

    # -- actions ---------------------------------------------------------------------------------------------------------------

    def _decide(self, observation: object) -> None:
        for action in self.core.decide(self._now_s, observation):
            self._execute(action)

    def _execute(self, action: Action) -> None:
        now_s = self._now_s
        refused: object | None = None
        match action:
            case StopPump():
                if self._stopped_at_once:  # has been, as it was ordered
                    self._stopped_at_once -= 1
                else:
                    self.emergency_stop(now_s)
            case PollPump():
                self._pump.poll(now_s)
                return  # twenty a second: what they bring stands in the record as raw bytes
            case ConnectDevices():
                self._connected = True
                self._pump.connect(now_s)
                self._pressure.connect(now_s)
            case PreparePump():
                try:
                    self._pump.prepare(action.motion, now_s)
                except ValueError as error:
                    refused = PumpRefused(f"this motion can not be programmed: {error}")
            case RunPump():
                self._pump.run(now_s)
            case ReleasePump():
                self._pump.release(now_s)
            case LearnNoise():
                refused = self._learn_noise(action)
            case Finish():
                self.outcome = action.outcome
            case Note():
                self.notes.append(action)
            case _:
                pass
        self._write_down(action)
        if refused is not None:
            self._decide(refused)

    def _learn_noise(self, action: LearnNoise) -> object | None:
        try:
            sentence = self._pressure.learn_noise(list(action.samples_kpa))
        except ValueError as error:
            return DeviceProblem("pressure", str(error))
        self._outputs.diary.put("event", self._now_s, {"name": "noise", "text": sentence})
        return None

    def _write_down(self, action: Action) -> None:
        diary, now_s = self._outputs.diary, self._now_s
        body = describe(action)
        match action:
            case WriteIntent():
                motion = action.motion
                seq = diary.put(
                    "intent",
                    now_s,
                    {
                        "motion": action.motion_number,
                        "into": action.into,
                        "direction": motion.direction.value,
                        "volume_ul": motion.volume_ul,
                        "rate_ul_s": motion.rate_ul_s,
                        "why": action.why,
                    },
                )
                self.intents[seq] = action.motion_number
            case CloseIntent():
                body["motion"] = body.pop("motion_number")
                del body["action"]
                diary.put("motion_end", now_s, body)
            case Note():
                diary.put("event", now_s, {"name": action.name, "text": action.why, **action.data})
            case _:
                diary.put("decision", now_s, body)

    # -- sending ---------------------------------------------------------------------------------------------------------------

    def _transmit(self, now_s: float) -> None:
        if self._connected:
            for name, driver in self._byte_drivers:
                frame = driver.transmit(now_s)
                if frame:
                    self._send(name, frame)
                    self._flush(name, driver, now_s)
        if "button" not in self._lost:
            wanted = self._button.wanted_lines(now_s)
            if wanted is not self._lines_out and wanted != self._lines_out:
                self._lines_out = wanted
                self._outputs.set_lines(wanted)

    def _flush(self, name: str, driver: ByteDriver, now_s: float) -> None:
        while frame := driver.transmit(now_s):
            self._send(name, frame)

    def _send(self, name: str, frame: bytes) -> None:
        if name not in self._lost:
            self._outputs.write(name, frame)
            if name == "pump":
                self.sent.append(frame)


def describe(action: Action) -> dict[str, object]:
    """An action as plain JSON values."""
    body: dict[str, object] = {"action": type(action).__name__}
    for item in fields(action):
        body[item.name] = _plain(getattr(action, item.name))
    return body


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.name
        case Motion():
            return {"volume_ul": value.volume_ul, "rate_ul_s": value.rate_ul_s, "direction": value.direction.value}
        case tuple():
            return [_plain(item) for item in value]
        case _:
            return value
