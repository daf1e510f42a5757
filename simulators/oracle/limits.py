"""The limits that the oracle holds the truth against, and its tolerances. Sources: DESIGN.md sections 4, 6 and 7."""

import math
from dataclasses import dataclass, fields
from typing import Final

TOLERANCE_UL: Final[float] = 0.15  # the pump is told, and tells, volumes in four digits
NOTICE_S: Final[float] = 0.02  # from a cause in the world to a host that has read it: one poll of the button, one cycle
BEGIN_GRACE_S: Final[float] = 0.05  # a RUN that was on its way when the button opened
WATCHDOG_SLACK_S: Final[float] = 0.5  # the pump's watchdog has a coarse clock, and its last packet may be on the wire
REST_SLACK_S: Final[float] = 0.2  # after the programmed end of an increment whose stop is ignored
CEILING_MARGIN_KPA: Final[float] = 2.0  # zero, height, meniscus and noise between the true pressure and what the host reads
RELIEF_MARGIN_KPA: Final[float] = 0.5  # the same, below the relief's floor
RATE_FACTOR: Final[float] = 1.01  # rates are told to the pump in four digits
MOVED_UL: Final[float] = 1e-9  # less is rounding in a sum of many steps
DUCT_FACTOR: Final[float] = 2.0
"""From so many times the duct's limit on a line at rest is too high to go on, whatever height, squeeze and rest of relaxation
the host has to see through."""
GAP_S: Final[float] = 0.02  # a plunger that stood still for longer has begun anew


@dataclass(frozen=True, slots=True)
class OracleLimits:
    """What this procedure is held to. Raises ValueError naming key, value and limit.

    target_ul: planned volume. increment_ul: most that may be in the pump at once. total_ul: most per duct and day.
    rate_ul_s: no forward motion is ever faster. priming_ul: most that may be pushed before arming, filling included.
    watchdog_s: the pump's own watchdog. stop_s: from a cause known at the host to a plunger that stands still.
    sample_age_s: oldest pressure that may be moved upon. ceiling_kpa: line pressure that stops. duct_kpa: zero-flow pressure
    that stops. relief_kpa: relief never pulls below. relief_rate_ul_s: relief is never faster. trigger_wired: the third
    contact of the button stops the pump by itself.
    """

    target_ul: float
    increment_ul: float = 50.0
    total_ul: float = 300.0
    rate_ul_s: float = 10.0
    priming_ul: float = 600.0
    watchdog_s: float = 1.0
    stop_s: float = 0.1
    sample_age_s: float = 0.1
    ceiling_kpa: float = 250.0
    duct_kpa: float = 5.0
    relief_kpa: float = -1.0
    relief_rate_ul_s: float = 15.0
    trigger_wired: bool = False

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name == "trigger_wired":
                continue
            if item.name == "relief_kpa":
                if not (math.isfinite(value) and value <= 0):
                    raise ValueError(f"relief_kpa = {value}: has to be a number not above 0")
            elif not (math.isfinite(value) and value > 0):
                raise ValueError(f"{item.name} = {value}: has to be a number above 0")
