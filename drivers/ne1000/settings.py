"""New Era NE-1000: what the profile says about the pump."""

from dataclasses import dataclass

from drivers.ne1000.codec import format_number

# What the TTL input does, by its wiring: nothing but stop. Open contact = high level.
STOP_TRIGGERS = {"none": "P2", "nc_to_ground": "SH"}


@dataclass(frozen=True, slots=True)
class Ne1000Settings:
    """What the driver makes of the pump. model: the digits in its VER reply ("1000"). trigger: "none" or "nc_to_ground".

    Raises ValueError for what can not be said to the pump exactly, and for a watchdog that would not watch.
    """

    address: int = 0
    model: str = "1000"
    diameter_mm: float = 4.699
    watchdog_s: int = 1
    trigger: str = "none"

    def __post_init__(self) -> None:
        if not 0 <= self.address <= 99:
            raise ValueError(f"pump address {self.address} is outside 0-99")
        if float(format_number(self.diameter_mm)) == 0:
            raise ValueError("a syringe diameter of 0 mm is not one")
        if self.watchdog_s not in (1, 2):
            raise ValueError(f"a pump watchdog of {self.watchdog_s} s is outside 1-2 s")
        if self.trigger not in STOP_TRIGGERS:
            raise ValueError(f"trigger {self.trigger!r} is not one of {', '.join(STOP_TRIGGERS)}")
