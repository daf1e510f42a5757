"""The live screen on a real terminal: rich draws whole frames, and a terminal that is too slow is sent fewer of them."""

import io
import os

from rich.console import Console, ConsoleDimensions
from rich.live import Live

from controller.display.messages import Alarm
from controller.display.operator_keys import Operator
from controller.display.output import Output
from controller.display.picture import Picture
from controller.display.screen import render


class LiveScreen:
    """Draws on the alternate screen. Nothing of a frame is ever left out; a whole frame is, while the last is under way."""

    def __init__(self, output: Output, keyboard: bool) -> None:
        self._output = output
        self._keyboard = keyboard
        self._rung_for: Alarm | None = None
        self._frame = io.StringIO()
        self._console = Console(
            file=self._frame, force_terminal=True, force_interactive=True, highlight=False, markup=False, emoji=False
        )
        self._live = Live(console=self._console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)

    def start(self) -> None:
        """Takes the alternate screen and hides the cursor."""
        self._fit_to_terminal()
        self._live.start()
        self._hand_over()

    def draw(self, picture: Picture, operator: Operator, now_s: float) -> bool:
        """Draws one frame (a new alarm rings the bell once); False when the terminal has not yet taken the one before."""
        if self._output.pending:
            return False
        size = self._fit_to_terminal()
        self._live.update(render(picture, operator, self._keyboard, size, now_s), refresh=True)
        self._ring(picture.shot.alarm if picture.shot else None)
        self._hand_over()
        return True

    def stop(self) -> None:
        """Gives the screen and the cursor back."""
        self._live.stop()
        self._hand_over()

    def _ring(self, alarm: Alarm | None) -> None:
        if alarm is not None and alarm != self._rung_for and alarm.priority != "low":
            self._frame.write("\a")
        self._rung_for = alarm

    def _fit_to_terminal(self) -> tuple[int, int]:
        try:
            width, height = os.get_terminal_size(self._output.fileno())
        except OSError:
            width = height = 0
        # A terminal that does not know its size says 0 by 0.
        size = (width or 80, height or 24)
        self._console.size = ConsoleDimensions(*size)
        return size

    def _hand_over(self) -> None:
        self._output.put(self._frame.getvalue().encode())
        self._frame.seek(0)
        self._frame.truncate()
