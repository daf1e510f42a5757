"""What the core knows of the world: plain facts, brought up to date by every observation. No judgement here."""

from collections import deque
from dataclasses import dataclass, field

from controller.core.messages import LinkLost, RecorderTrouble
from drivers.button import ButtonClosed, ButtonFault, ButtonFullyOpened, ButtonOpened, ButtonProved
from drivers.pressure import PressureConnected, PressureFault, PressureSample
from drivers.pump import (
    PumpAlarm,
    PumpAlarmed,
    PumpConnected,
    PumpHeard,
    PumpIdle,
    PumpReading,
    PumpReleased,
    PumpStatus,
    PumpStopped,
)

KEPT_SAMPLES = 256
IMPOSSIBLE_KPA = 1e5
CLOCK_DUST_S = 1e-6  # sums of times differ by rounding


@dataclass(slots=True)
class PressureView:
    """The line pressure above the zero level. samples: the newest last, as (time it was asked for, kPa)."""

    connected: PressureConnected | None = None
    zero_kpa: float = 0.0
    zeroed_s: float | None = None
    zero_samples: int = 1
    noise_kpa: float = 0.0
    kpa: float | None = None
    asked_s: float = float("-inf")
    fault: str | None = None
    peak_kpa: float = float("-inf")
    samples: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=KEPT_SAMPLES))

    def mean_kpa(self, since_s: float) -> float | None:
        """Mean of the samples asked for since then; None where there are none."""
        values = [kpa for asked_s, kpa in self.samples if asked_s >= since_s]
        return sum(values) / len(values) if values else None


@dataclass(slots=True)
class PumpView:
    """The pump as it was last heard. busy: a request of ours is under way."""

    connected: PumpConnected | None = None
    status: PumpStatus | None = None
    infused_ul: float = 0.0
    withdrawn_ul: float = 0.0
    reading_s: float = float("-inf")
    heard_s: float = float("-inf")
    idle_s: float = float("-inf")
    busy: bool = False
    seen_stopped: bool = False
    released: bool = False
    alarm: PumpAlarm | None = None


@dataclass(slots=True)
class ButtonView:
    """The stop button. closed: None until it was seen either way."""

    closed: bool | None = None
    closed_s: float = float("-inf")
    channels_open: str = ""
    proved_s: dict[str, float] = field(default_factory=dict)
    fully_opened: bool = False
    fault: str | None = None


@dataclass(slots=True)
class View:
    """Everything together."""

    pressure: PressureView = field(default_factory=PressureView)
    pump: PumpView = field(default_factory=PumpView)
    button: ButtonView = field(default_factory=ButtonView)
    lost: dict[str, str] = field(default_factory=dict)
    recorder_trouble: str | None = None

    def take(self, observation: object, now_s: float) -> None:
        """Takes one observation, of whatever kind."""
        match observation:
            case PressureSample():
                self._take_sample(observation, now_s)
            case PumpReading():
                pump = self.pump
                pump.status, pump.reading_s, pump.heard_s = observation.status, now_s, now_s
                pump.infused_ul, pump.withdrawn_ul = observation.infused_ul, observation.withdrawn_ul
            case PumpStopped():
                self.pump.seen_stopped = True
                self.pump.infused_ul, self.pump.withdrawn_ul = observation.infused_ul, observation.withdrawn_ul
                self.pump.status, self.pump.reading_s = PumpStatus.STOPPED, now_s
            case PumpHeard():
                self.pump.heard_s = now_s
            case PumpIdle():
                self.pump.busy, self.pump.idle_s = False, now_s
            case PumpAlarmed():
                if self.pump.connected is not None:  # what is collected while connecting is from before our time
                    self.pump.alarm = observation.alarm
            case PumpConnected():
                self.pump.connected, self.pump.heard_s = observation, now_s
            case PumpReleased():
                self.pump.released = True
            case PressureConnected():
                self.pressure.connected = observation
            case PressureFault():
                self.pressure.fault = observation.text
            case ButtonOpened() | ButtonClosed() | ButtonProved() | ButtonFullyOpened() | ButtonFault():
                self._take_button(observation, now_s)
            case LinkLost():
                self.lost[observation.device] = observation.text
            case RecorderTrouble():
                self.recorder_trouble = observation.text
            case _:
                pass

    def _take_sample(self, sample: PressureSample, now_s: float) -> None:
        view = self.pressure
        if not abs(sample.kpa) <= IMPOSSIBLE_KPA or not sample.asked_s <= now_s + CLOCK_DUST_S:
            # No driver lets this through. If one does, no comparison below may go wrong because of it.
            view.fault = f"an impossible sample: {sample.kpa} kPa, asked for at {sample.asked_s} s"
            return
        kpa = sample.kpa - view.zero_kpa
        view.kpa, view.asked_s = kpa, sample.asked_s
        view.samples.append((sample.asked_s, kpa))
        if view.zeroed_s is not None:
            view.peak_kpa = max(view.peak_kpa, kpa)

    def _take_button(self, observation: object, now_s: float) -> None:
        view = self.button
        match observation:
            case ButtonOpened():
                view.closed, view.channels_open = False, observation.channels
            case ButtonFullyOpened():
                view.closed, view.fully_opened = False, True
            case ButtonClosed():
                if view.closed is not True:
                    view.closed_s = now_s
                view.closed, view.channels_open = True, ""
            case ButtonProved():
                view.proved_s[observation.channel] = now_s
            case ButtonFault():
                view.fault = observation.text
