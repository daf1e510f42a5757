"""One direction of a cable: what its faults do to the bytes, and when what it carries gets through."""

import math
from random import Random

from simulators.wire.faults import Chance, Fault


class Lane:
    """The bytes keep their order whatever is done to their times. `cut`: nothing gets through."""

    def __init__(self) -> None:
        self.cut = False
        self.fragment_gap_s: float | None = None
        """Silence between bytes that are handed over one by one; None: they are not."""
        self.spoils = False
        """Whether single bytes may be lost, changed or doubled."""
        self.as_it_is = True
        """Whether all bytes arrive, unchanged and together (be it late, or on a line that is cut not at all)."""
        self.plain = True
        """Whether everything passes at once and as it is."""
        self._drop: Chance | None = None
        self._corrupt: Chance | None = None
        self._double: Chance | None = None
        self._repeat: Chance | None = None
        self._delay_s = 0.0
        self._jitter: tuple[float, Random] | None = None
        self._last_s = -math.inf

    def begin(self, fault: Fault, random: Random) -> None:
        """This fault is on from now on."""
        numbers = fault.numbers
        match fault.name:
            case "drop":
                self._drop = Chance(numbers, random)
            case "corrupt":
                self._corrupt = Chance(numbers, random)
            case "duplicate" if fault.texts["what"] == "chunk":
                self._repeat = Chance(numbers, random)
            case "duplicate":
                self._double = Chance(numbers, random)
            case "delay":
                self._delay_s = numbers["delay_s"]
            case "jitter":
                self._jitter = (numbers["up_to_s"], random)
            case "cut":
                self.cut = True
                self._last_s = -math.inf  # nothing is left that could be overtaken
            case "fragment":
                self.fragment_gap_s = numbers["gap_s"]
        self._sum_up()

    def end(self, name: str) -> None:
        """This fault, if it was on, is over."""
        match name:
            case "drop":
                self._drop = None
            case "corrupt":
                self._corrupt = None
            case "duplicate":
                self._repeat = self._double = None
            case "delay":
                self._delay_s = 0.0
            case "jitter":
                self._jitter = None
            case "cut":
                self.cut = False
            case "fragment":
                self.fragment_gap_s = None
        self._sum_up()

    def _sum_up(self) -> None:
        self.spoils = not (self._drop is None and self._corrupt is None and self._double is None)
        self.as_it_is = not self.spoils and self.fragment_gap_s is None
        on_time = self._delay_s == 0.0 and self._jitter is None and self.fragment_gap_s is None
        self.plain = on_time and not (self.spoils or self.cut or self._repeat)

    def spoilt(self, data: bytes) -> bytes:
        """What becomes of these bytes on the cable. (The silence in place of a lost byte is not kept.)"""
        if not self.spoils:
            return data
        passed = bytearray()
        for byte in data:
            if self._drop is not None and self._drop.hits():
                continue
            if self._corrupt is not None and self._corrupt.hits():
                byte ^= 1 << self._corrupt.random.randrange(8)
            passed.append(byte)
            if self._double is not None and self._double.hits():
                passed.append(byte)
        return bytes(passed)

    def copies(self) -> int:
        """How often the next chunk arrives."""
        return 2 if self._repeat is not None and self._repeat.hits() else 1

    def passes_s(self, at_s: float, gap_s: float = 0.0) -> float:
        """When what would get through at at_s does get through, gap_s at least behind what did before."""
        at_s += self._delay_s
        if self._jitter is not None:
            up_to_s, random = self._jitter
            at_s += random.uniform(0.0, up_to_s)
        self._last_s = max(at_s, self._last_s + gap_s)
        return self._last_s
