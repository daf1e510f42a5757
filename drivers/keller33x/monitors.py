"""The monitors that every sample of the transmitter passes, and the one that counts how many come.

None of them ever repeats an old value in place of one that fails: a sample is valid or it is not given out.
"""

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum

from drivers.keller33x.codec import STAT_P1_INVALID, STAT_POWERING_UP, ChannelValue
from drivers.keller33x.noise import frozen_limit
from drivers.keller33x.settings import Keller33xSettings

KPA_PER_BAR = 100.0
FROZEN_LONGEST_S = 1.6
"""A dead sensor is found within 2 s even when only four of five samples come (fewer than that are a fault of their own)."""
LEAST_SHARE = 0.8
RATE_WINDOW_S = 1.0
_BAD_STAT = STAT_P1_INVALID | STAT_POWERING_UP


class Monitor(Enum):
    """Kinds of fault. Each is reported once until a valid sample follows."""

    STATUS = "status"
    RANGE = "range"
    FROZEN = "frozen"
    SLEW = "slew"
    RATE = "rate"
    FORMAT = "format"
    SUPPLY = "supply"
    IDENTITY = "identity"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a monitor has against a sample. fault=False: this one sample is thrown away and the next one decides."""

    monitor: Monitor
    text: str
    fault: bool = True


class SampleMonitors:
    """STAT, finite, range, frozen, slew; in this order, and the first that fails speaks."""

    def __init__(self, settings: Keller33xSettings, range_min_kpa: float = -math.inf, range_max_kpa: float = math.inf) -> None:
        self._settings = settings
        margin_kpa = 0.1 * (range_max_kpa - range_min_kpa)
        self._lowest_kpa = range_min_kpa - margin_kpa
        self._highest_kpa = range_max_kpa + margin_kpa
        self._lowest_sound_kpa = max(self._lowest_kpa, settings.open_line_below_kpa)
        self._slew_kpa = settings.slew_limit_kpa_s * settings.period_s
        self._last_valid: tuple[float, float] | None = None
        self._slew_rejected = False
        self._run_kpa = math.nan
        self._run_samples = 0
        self._frozen_limit: int | None = None

    def learn_noise(self, samples_kpa: list[float]) -> str:
        """See PressureDriver.learn_noise. Raises ValueError."""
        learned = frozen_limit(samples_kpa, self._settings.sample_hz, FROZEN_LONGEST_S)
        self._frozen_limit = learned.samples
        self._run_samples = 0
        return learned.sentence

    def is_ordinary(self, reply: ChannelValue) -> bool:
        """Nearly every sample is like the one before: one look, and no monitor could find anything. Changes nothing."""
        kpa = reply.value * KPA_PER_BAR
        last = self._last_valid
        return (
            last is not None
            and not reply.stat & _BAD_STAT
            and self._lowest_sound_kpa <= kpa <= self._highest_kpa
            and abs(kpa - last[0]) <= self._slew_kpa
            and kpa != self._run_kpa
        )

    def judge(self, reply: ChannelValue, asked_s: float) -> float | Finding:
        """The pressure in kPa where every monitor agrees. asked_s: when it was asked for."""
        kpa = reply.value * KPA_PER_BAR
        if self.is_ordinary(reply):
            self._run_kpa, self._run_samples = kpa, 1
            self._last_valid = (kpa, asked_s)
            self._slew_rejected = False
            return kpa
        finding = self._status(reply, kpa) or self._range(kpa) or self._frozen(kpa) or self._slew(kpa, asked_s)
        if finding is not None:
            return finding
        self._last_valid = (kpa, asked_s)
        self._slew_rejected = False
        return kpa

    def _status(self, reply: ChannelValue, kpa: float) -> Finding | None:
        if reply.stat & STAT_POWERING_UP:
            return Finding(Monitor.SUPPLY, f"the transmitter is powering up (STAT {reply.stat:08b}): its supply was interrupted")
        if reply.stat & STAT_P1_INVALID:
            return Finding(Monitor.STATUS, f"the transmitter reports a measuring error of P1 (STAT {reply.stat:08b})")
        if not math.isfinite(kpa):
            return Finding(Monitor.STATUS, f"the transmitter gives {reply.value} instead of a pressure")
        return None

    def _range(self, kpa: float) -> Finding | None:
        open_below_kpa = self._settings.open_line_below_kpa
        if kpa < open_below_kpa:
            return Finding(
                Monitor.RANGE,
                f"{kpa:.1f} kPa {self._settings.reference} is below {open_below_kpa:.1f} kPa: the sensor's line is open",
            )
        if not self._lowest_kpa <= kpa <= self._highest_kpa:
            return Finding(
                Monitor.RANGE,
                f"{kpa:.1f} kPa is outside the transmitter's range and its 10 % margin "
                f"({self._lowest_kpa:.1f} to {self._highest_kpa:.1f} kPa)",
            )
        return None

    def _frozen(self, kpa: float) -> Finding | None:
        self._run_samples = self._run_samples + 1 if kpa == self._run_kpa else 1
        self._run_kpa = kpa
        if self._frozen_limit is None or self._run_samples < self._frozen_limit:
            return None
        return Finding(
            Monitor.FROZEN,
            f"{self._run_samples} samples in a row are exactly {kpa:.4f} kPa, {self._frozen_limit} are implausible: "
            "the transmitter is frozen",
        )

    def _slew(self, kpa: float, asked_s: float) -> Finding | None:
        """Measured from the last valid sample: what a second of silence allows is more than what one interval allows.

        So a new level that stays is believed again after a while; but two samples beyond it were a fault by then.
        """
        if self._last_valid is None:
            return None
        last_kpa, last_asked_s = self._last_valid
        elapsed_s = max(asked_s - last_asked_s, self._settings.period_s)
        allowed_kpa = self._settings.slew_limit_kpa_s * elapsed_s
        if abs(kpa - last_kpa) <= allowed_kpa:
            return None
        text = (
            f"from {last_kpa:.1f} to {kpa:.1f} kPa in {1000 * elapsed_s:.0f} ms is faster than any pressure in the line "
            f"({self._settings.slew_limit_kpa_s:.0f} kPa/s)"
        )
        again, self._slew_rejected = self._slew_rejected, True
        return Finding(Monitor.SLEW, text + ", twice in a row" if again else text, fault=again)


class RateMonitor:
    """Valid samples per window of the schedule, the last RATE_WINDOW_S of it.

    It counts slots of the sample schedule that the host was there to serve, not seconds: however many slots have passed
    between two calls, only one is counted, because a host that came late could not ask for more. A slot that passed
    while a reply was outstanding counts: there it was the transmitter that kept the host waiting.
    """

    def __init__(self, sample_hz: float) -> None:
        self._slots = round(sample_hz * RATE_WINDOW_S)
        self._least = math.ceil(LEAST_SHARE * self._slots)
        self._valid_per_slot: deque[int] = deque(maxlen=self._slots)
        self._valid = 0

    def valid_sample(self) -> None:
        """One more."""
        self._valid += 1

    def slot(self) -> Finding | None:
        """A slot of the schedule begins and the host is there. After a fault a whole new window is waited for."""
        self._valid_per_slot.append(self._valid)
        self._valid = 0
        if len(self._valid_per_slot) < self._slots:
            return None
        valid = sum(self._valid_per_slot)
        if valid >= self._least:
            return None
        self._valid_per_slot.clear()
        return Finding(
            Monitor.RATE, f"only {valid} of the last {self._slots} samples were valid, at least {self._least} are needed"
        )
