"""What somebody has to do at the devices: the simulated bench's back door does it, or a person who is asked on the terminal.

The rig goes on turning while a person is asked, so that the pump is not left alone and nothing that is done goes unseen.
"""

import os
import select
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from hil_tests.rig import Rig, RigError
from hil_tests.simulated_bench import SimulatedBench

PERSON_S = 120.0  # for one act, walking there included


@dataclass(frozen=True, slots=True)
class Act:
    """One act: what a person is asked to do, and what the back door of the simulated bench is told instead."""

    please: str
    back_door: Mapping[str, object]


FREE_LINE = Act("Let the cannula's tip hang free over a beaker, nothing in the line closed", {"do": "tip", "where": "air"})
CLOSE_LINE = Act("Close the line near its end (stopcock or clamp)", {"do": "tip", "where": "capped"})
PRESS = Act("Press the stop button and keep it pressed", {"do": "press"})
RELEASE = Act("Let the stop button go", {"do": "release"})
START_KEY = Act("Press the START key of the pump once", {"do": "keypad", "act": "start"})
PULL_CABLE = Act("Pull the transmitter's cable off its adapter", {"do": "fault", "name": "pressure.unplug"})
PLUG_CABLE = Act("Put the transmitter's cable back", {"do": "clear", "name": "pressure.unplug"})
PULL_ADAPTER = Act("Pull the transmitter's adapter out of the computer", {"do": "fault", "name": "port.unplug_pressure"})
PLUG_ADAPTER = Act("Put the transmitter's adapter back into the computer", {"do": "clear", "name": "port.unplug_pressure"})


class Hands(ABC):
    """A pair of hands."""

    def __init__(self) -> None:
        self._line_is_free = False

    def do(self, rig: Rig, act: Act) -> float:
        """Does it. Returns the latest moment at which it was certainly not yet done.

        Raises RigError where nobody says that it is done.
        """
        if act in (FREE_LINE, CLOSE_LINE):
            self._line_is_free = act is FREE_LINE
        return self._do(rig, act)

    def free_line(self, rig: Rig) -> None:
        """Makes sure that what the pump pushes goes into the air; nobody is asked twice for it."""
        if not self._line_is_free:
            self.do(rig, FREE_LINE)

    @contextmanager
    def while_(self, rig: Rig, act: Act, undo: Act) -> Iterator[float]:
        """Does it, and undoes it at the end, whatever happens in between. Gives what `do` returns."""
        try:
            yield self.do(rig, act)
        finally:
            self.do(rig, undo)

    @abstractmethod
    def _do(self, rig: Rig, act: Act) -> float:
        """Does one act; see `do`."""


class SimulatedHands(Hands):
    """Hands at the simulated bench."""

    def __init__(self, bench: SimulatedBench) -> None:
        super().__init__()
        self._bench = bench

    def _do(self, rig: Rig, act: Act) -> float:
        before_s = rig.now_s
        self._bench.do(act.back_door)  # done when this returns, a millisecond later or so
        return before_s


class PersonsHands(Hands):
    """Hands of a person at the terminal of this process, whatever pytest does with standard input and output."""

    def __init__(self, terminal: int) -> None:
        super().__init__()
        self._terminal = terminal

    @classmethod
    @contextmanager
    def at_terminal(cls) -> Iterator[Self]:
        """Raises RigError where there is no terminal."""
        try:
            terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        except OSError as error:
            raise RigError("somebody has to act here, and there is no terminal to ask them on") from error
        try:
            yield cls(terminal)
        finally:
            os.close(terminal)

    def _do(self, rig: Rig, act: Act) -> float:
        while self._entered():
            pass  # what was typed before the question is no answer to it
        before_s = rig.now_s
        self._say(f"\n>>> {act.please}, then press Enter (within {PERSON_S:.0f} s): ")
        rig.until(self._entered, PERSON_S, f"Enter after {act.please!r}")
        return before_s

    def _say(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def _entered(self) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], 0.0)
        # a terminal gives one line at a time
        return bool(ready) and bool(os.read(self._terminal, 1024))
