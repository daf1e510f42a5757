"""The self-test: devices identified and set up, pressure live and zeroed, stop button pressed and released."""

from math import sqrt

from controller.core.desk import Desk
from controller.core.messages import ConnectDevices, LearnNoise
from controller.core.reasons import Reason
from drivers.pressure import PressureSample

CONNECT_S = 4.5
BUTTON_S = 30.0
ZERO_SAMPLES_S = 1.0
LEAST_ZERO_SAMPLES = 50
GREATEST_ZERO_NOISE_KPA = 0.6


class SelfTest:
    """Runs until everything is proved, or stops with SELF_TEST_FAILED."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._began_s = desk.now_s
        self._zero_since_s: float | None = None
        self._zero_samples: list[float] = []
        self._button = _ButtonTest(desk)
        desk.act(ConnectDevices(why="identify and set up pump, transmitter and stop button"))

    def take(self, observation: object) -> bool:
        """One observation further; True when all is proved."""
        desk = self._desk
        connected = desk.view.pump.connected is not None and desk.view.pressure.connected is not None
        if not connected and desk.now_s - self._began_s > CONNECT_S:
            missing = "pump" if desk.view.pump.connected is None else "pressure transmitter"
            self._fail(f"{missing}: not set up within {CONNECT_S} s")
            return False
        pressed = self._button.take()
        zeroed = connected and self._zero(observation)
        return pressed and zeroed and desk.reason is None

    def _zero(self, observation: object) -> bool:
        """Zero is the mean of one second at rest; its noise tells the driver what a frozen sensor would look like."""
        desk = self._desk
        if desk.view.pressure.zeroed_s is not None:
            return True
        if self._zero_since_s is None:
            if desk.ask("zero", "Line open to air, tip on wet gauze at nipple height: take zero?"):
                self._zero_since_s = desk.now_s
            return False
        if isinstance(observation, PressureSample) and observation.asked_s >= self._zero_since_s:
            self._zero_samples.append(observation.kpa)
        if desk.now_s - self._zero_since_s >= ZERO_SAMPLES_S:
            self._judge_zero()
        return False  # only the next observation goes on: the driver may have to say first that the noise is none

    def _judge_zero(self) -> None:
        desk, samples = self._desk, self._zero_samples
        if len(samples) < LEAST_ZERO_SAMPLES:
            self._fail(f"pressure: only {len(samples)} samples in {ZERO_SAMPLES_S} s")
            return
        mean = sum(samples) / len(samples)
        noise = sqrt(sum((kpa - mean) ** 2 for kpa in samples) / (len(samples) - 1))
        low, high = desk.plan.zero_min_kpa, desk.plan.zero_max_kpa
        if not low <= mean <= high:
            self._fail(f"pressure: zero at {mean:.2f} kPa is outside {low:g} to {high:g} kPa")
            return
        if noise > GREATEST_ZERO_NOISE_KPA:
            self._fail(f"pressure: not at rest while taking zero ({noise:.2f} kPa rms, limit {GREATEST_ZERO_NOISE_KPA} kPa)")
            return
        view = desk.view.pressure
        view.zero_kpa, view.zeroed_s, view.noise_kpa, view.zero_samples = mean, desk.now_s, noise, len(samples)
        view.samples.clear()
        view.kpa = None  # until the next sample: the last one was not counted from this zero
        desk.act(LearnNoise(why="what the transmitter looks like at rest", samples_kpa=tuple(samples)))
        desk.note(
            "zero", f"zero taken: {mean:.3f} kPa, noise {noise:.3f} kPa rms", zero_kpa=round(mean, 4), noise_kpa=round(noise, 4)
        )

    def _fail(self, text: str) -> None:
        self._desk.stop(Reason.SELF_TEST_FAILED, text)


class _ButtonTest:
    """Closed, pressed (both contacts), released, each channel live. Welded contacts are found only by this."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._began_s = desk.now_s
        self._seen_closed = False
        self._pressed = False
        self._done = False

    def take(self) -> bool:
        desk, button = self._desk, self._desk.view.button
        if self._done:
            return True
        if button.closed is True:
            self._seen_closed = True
        if not self._seen_closed:
            button.fully_opened = False  # open from the start is no press
        elif button.fully_opened and not self._pressed:
            self._pressed = True
            desk.note("button_pressed", "stop button pressed: both contacts open")
        released = self._pressed and button.closed is True
        if released and all(channel in button.proved_s for channel in "AB"):
            self._done = True
            desk.prompt = None
            desk.note("button_proved", "stop button released: both contacts closed and live")
            return True
        desk.prompt = self._prompt()
        if desk.now_s - self._began_s > BUTTON_S:
            desk.stop(Reason.SELF_TEST_FAILED, f"button: {self._missing()} within {BUTTON_S:.0f} s")
        return False

    def _prompt(self) -> str:
        if not self._seen_closed:
            return "Stop button is open: release it, check its plug"
        return "Let the stop button go" if self._pressed else "Press the stop button and let it go"

    def _missing(self) -> str:
        if not self._seen_closed:
            return "it was never seen closed"
        return "it was not released" if self._pressed else "it was not pressed (both contacts open)"
