"""Loops of the pumping program: LPS opens one, LOP n goes back n times, LPE goes back for ever."""

MAX_NESTED = 3


class Loops:
    """The loops that are open. Without an LPS a loop goes back to phase 1."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._turns_left: dict[int, int] = {}

    def open(self, phase: int) -> bool:
        """A LPS phase is executed (again). False if loops are nested too deep."""
        if self._starts and self._starts[-1] == phase:
            return True
        if len(self._starts) >= MAX_NESTED:
            return False
        self._starts.append(phase)
        return True

    @property
    def start(self) -> int:
        """The phase to go back to."""
        return self._starts[-1] if self._starts else 1

    def turn(self, phase: int, turns: int) -> int:
        """A LOP phase is executed; returns the phase to go on with."""
        left = self._turns_left.get(phase, turns)
        if left > 0:
            self._turns_left[phase] = left - 1
            return self.start
        self._turns_left.pop(phase, None)
        if self._starts:
            self._starts.pop()
        return phase + 1
