"""A pressure driver without a bus (drivers.pressure.PressureDriver): one sample each cycle, past the real driver's monitors."""

from collections.abc import Callable

from controller.virtual.direct.latencies import PRESSURE_CONNECT_S, SAMPLE_S
from drivers.driver import NEVER_S
from drivers.keller33x.codec import ChannelValue
from drivers.keller33x.monitors import KPA_PER_BAR, Finding, SampleMonitors
from drivers.keller33x.settings import Keller33xSettings
from drivers.pressure import PressureConnected, PressureFault, PressureRejected, PressureSample


class DirectPressure:
    """read_bar: a new reading of the transmitter. To be called once a sampling period, for each call makes a sample.

    The monitors are asked only about samples that one of them could object to: out of the transmitter's range, equal to the
    one before, or further away from it than a sampling period allows. They are shown that one first.
    """

    def __init__(self, settings: Keller33xSettings, connected: PressureConnected, read_bar: Callable[[], float]) -> None:
        self._connected = connected
        self._read_bar = read_bar
        self._monitors = SampleMonitors(settings, connected.range_min_kpa, connected.range_max_kpa)
        self._lowest_bar = max(settings.open_line_below_kpa, connected.range_min_kpa) / KPA_PER_BAR
        self._highest_bar = connected.range_max_kpa / KPA_PER_BAR
        self._near_bar = settings.slew_limit_kpa_s * settings.period_s / KPA_PER_BAR
        self._last_bar = float("nan")  # of the newest valid sample
        self._last_asked_s = 0.0
        self._unseen = False  # by the monitors
        self._from_s = NEVER_S
        self._said = False

    def connect(self, now_s: float) -> None:
        """See PressureDriver."""
        self._from_s = now_s + PRESSURE_CONNECT_S

    @property
    def awaits_answer(self) -> bool:
        """See PressureDriver: it is answered as it asks."""
        return False

    def exceeds(self, data: bytes, limit_kpa: float, zero_kpa: float) -> bool:  # noqa: ARG002 - part of the interface
        """See PressureDriver: no bytes ever come."""
        return False

    def learn_noise(self, samples_kpa: list[float]) -> str:
        """See PressureDriver. Raises ValueError."""
        return self._monitors.learn_noise(samples_kpa)

    def receive(self, data: bytes, now_s: float) -> list[object]:  # noqa: ARG002 - part of the interface
        """See ByteDriver."""
        if now_s < self._from_s:
            return []
        if not self._said:
            self._said = True
            return [self._connected]
        bar, asked_s = self._read_bar(), now_s - SAMPLE_S
        if self._lowest_bar < bar < self._highest_bar and 0.0 < abs(bar - self._last_bar) < self._near_bar:
            self._last_bar, self._last_asked_s, self._unseen = bar, asked_s, True
            return [PressureSample(bar * KPA_PER_BAR, asked_s)]
        return [self._judged(bar, asked_s)]

    def transmit(self, now_s: float) -> bytes:  # noqa: ARG002 - part of the interface
        """See ByteDriver."""
        return b""

    def next_deadline_s(self) -> float:
        """See ByteDriver: it is called every period as it is."""
        return self._from_s

    def _judged(self, bar: float, asked_s: float) -> object:
        if self._unseen:
            self._unseen = False
            self._monitors.judge(ChannelValue(self._last_bar, 0), self._last_asked_s)
        judged = self._monitors.judge(ChannelValue(bar, 0), asked_s)
        if isinstance(judged, Finding):
            return PressureFault(judged.text) if judged.fault else PressureRejected(judged.text)
        self._last_bar, self._last_asked_s = bar, asked_s
        return PressureSample(judged, asked_s)
