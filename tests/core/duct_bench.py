"""A duct at the end of an ideal line, and the watch that sees only the pressure at its beginning."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp, inf, pi, sin
from random import Random

from controller.core.duct import DuctWatch
from controller.core.line import LineModel

LINE = LineModel(7.0, 0.17)
STEP_S, SAMPLE_S = 0.01, 0.01
HOLD_S = 6.0


@dataclass
class DuctBench:
    """Increments of 50 ul at 5 ul/s, each with a hold. The wall: scale_kpa (exp(V / shape_ul) - 1), a third of it relaxes."""

    shape_ul: float = 90.0
    scale_kpa: float = 0.3
    wall_s: float = 10.0
    tears_kpa: float = inf
    torn_ul_s_kpa: float = 5.0
    tissue_kpa: float = 0.3
    noise_kpa: float = 0.08
    squeezes: tuple[tuple[float, float, float], ...] = ()  # when, kPa, how long
    factor: float = 1.0  # of the cannula's resistance
    softer_ul_kpa: float = 0.0
    lags_ul: float = 0.0  # what a stopper that sticks withholds in the first second of each increment, and gives in the next
    seen_late_s: float = 0.0  # how much later than the plunger's standing still that is known
    hold_s: float = HOLD_S
    increments: int = 5
    now_s: float = 0.0
    line_kpa: float = 0.0
    volume_ul: float = 0.0
    wall_kpa: float = 0.0
    lost_ul: float = 0.0
    torn_s: float | None = None
    watch: DuctWatch = field(init=False)
    evidence: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watch = DuctWatch(LINE, self.noise_kpa)
        self._random = Random(7)

    @property
    def squeeze_kpa(self) -> float:
        return sum(
            kpa * sin(pi * (self.now_s - from_s) / lasts_s)
            for from_s, kpa, lasts_s in self.squeezes
            if from_s < self.now_s < from_s + lasts_s
        )

    @property
    def duct_kpa(self) -> float:
        """Across the wall."""
        return self.scale_kpa * (exp(self.volume_ul / self.shape_ul) - 1.0) - self.wall_kpa

    def move(self, seconds: float, rate_ul_s: float, each: Callable[[], bool] = lambda: False) -> bool:
        """So much time passes; each is asked after every sample whether that is enough."""
        for count in range(round(seconds / STEP_S)):
            through = (self.line_kpa - self.duct_kpa - self.squeeze_kpa) / (LINE.resistance_kpa_s_ul * self.factor)
            lost = max(0.0, self.duct_kpa - self.tissue_kpa) * self.torn_ul_s_kpa if self.torn_s is not None else 0.0
            self.line_kpa += STEP_S * (rate_ul_s - through) / (LINE.compliance_ul_kpa + self.softer_ul_kpa)
            elastic_kpa = self.duct_kpa + self.wall_kpa
            self.wall_kpa += STEP_S / self.wall_s * (0.3 * elastic_kpa - self.wall_kpa)
            self.volume_ul += STEP_S * (through - lost)
            self.lost_ul += STEP_S * lost
            self.now_s += STEP_S
            if self.torn_s is None and self.duct_kpa >= self.tears_kpa:
                self.torn_s = self.now_s
            if (count + 1) % round(SAMPLE_S / STEP_S) == 0:
                self.watch.take(self.now_s, self.line_kpa + self._random.gauss(0.0, self.noise_kpa))
                self.evidence.append((self.now_s, self.watch.evidence))
                if each():
                    return True
        return False

    def increment(self, each: Callable[[], bool] = lambda: False) -> bool:
        """One increment and its hold."""
        self.watch.infusing(self.now_s, 50.0, 5.0)
        if self.move(1.0, 5.0 - self.lags_ul, each) or self.move(1.0, 5.0 + self.lags_ul, each) or self.move(8.0, 5.0, each):
            return True
        if self.move(self.seen_late_s, 0.0, each):
            return True
        self.watch.holding(self.now_s)
        if self.move(self.hold_s - self.seen_late_s, 0.0, each):
            return True
        self.watch.settled()
        return self.move(0.3, 0.0, each)

    def run(self, each: Callable[[], bool] = lambda: False) -> "DuctBench":
        """All of them, or as many as it takes."""
        self.move(0.5, 0.0)
        for _ in range(self.increments):
            if self.increment(each):
                break
        return self

    def until_found(self) -> "DuctBench":
        """Until the evidence is enough."""
        return self.run(lambda: self.watch.evidence >= 1.0)
