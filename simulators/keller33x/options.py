"""What one particular transmitter is: its nameplate, its accuracy, its timing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keller33xOptions:
    """Nameplate and behaviour of one transmitter. Pressures are gauge, or absolute where `absolute` is set.

    `buffer` is the receive buffer in bytes that function 48 tells (13 from firmware 10.40 on, 10 before).
    `resolution_kpa` 0 means that only the float itself quantises. `turnaround_s` runs from the last bit of the request to
    the first bit of the reply. `powered_at_s` is when its supply came on; /STD is set for `power_up_s` from then.
    `second_sensor` makes P2 and TOB2 active (both see the same pressure and temperature, P2 without noise).
    `echo` is the RS-485 converter's: the host gets back what it sends. Raises ValueError for what no transmitter is.
    """

    address: int = 1
    baud: int = 115200
    serial_number: int = 5157001
    class_group: tuple[int, int] = (5, 20)
    year_week: tuple[int, int] = (24, 10)
    buffer: int = 13
    range_min_bar: float = -1.0
    range_max_bar: float = 10.0
    noise_kpa: float = 0.05
    offset_kpa: float = 0.3
    resolution_kpa: float = 0.0
    turnaround_s: float = 0.0008
    filter_s: float = 0.002
    temperature_c: float = 25.0
    absolute: bool = False
    second_sensor: bool = False
    echo: bool = False
    power_up_s: float = 0.3
    powered_at_s: float = -10.0
    seed: int = 0

    def __post_init__(self) -> None:
        problems = [
            text
            for wrong, text in (
                (not 1 <= self.address <= 249, "address must be 1 to 249 (250 is the transparent one)"),
                (self.baud <= 0, "baud must be above 0"),
                (not 0 <= self.serial_number < 2**32, "serial_number must fit into 32 bits"),
                (self.buffer < 8, "buffer must hold the longest read request (8 bytes at least)"),
                (not self.range_min_bar < self.range_max_bar, "range_min_bar must be below range_max_bar"),
                (min(self.noise_kpa, self.resolution_kpa) < 0, "noise_kpa and resolution_kpa must not be negative"),
                (min(self.turnaround_s, self.filter_s, self.power_up_s) < 0, "times must not be negative"),
                (any(not 0 <= part <= 255 for part in self.class_group + self.year_week), "versions are bytes"),
            )
            if wrong
        ]
        if problems:
            raise ValueError("; ".join(problems))
