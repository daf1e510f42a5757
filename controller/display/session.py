"""One run of the display: waits for messages, keys and the next frame, and for nothing else."""

import select
import socket
from collections import deque
from collections.abc import Callable

from controller.display import wire
from controller.display.keys import KeyDecoder
from controller.display.live import LiveScreen
from controller.display.messages import Question
from controller.display.operator_keys import Operator
from controller.display.output import Output
from controller.display.picture import Picture
from controller.display.plain import PlainLines
from controller.display.terminal import Keyboard

FRAME_S = 0.125
_TRANSCRIPT_LINES = 500
_PATIENCE_S = 1.0  # for an output that does not take the last words
_BATCH = 1000
_RED, _NORMAL = "\x1b[1;31m", "\x1b[0m"


class Session:
    """Messages from `control` go to `output`; keys from `keyboard` go to `control`. screen: None for plain lines.

    orphaned: tells that the control process has gone even where someone else still holds its end of the socket.
    """

    def __init__(
        self,
        control: socket.socket,
        output: Output,
        screen: LiveScreen | None,
        keyboard: Keyboard | None,
        orphaned: Callable[[], bool],
        colour: bool,
        encoding: str = "utf-8",
    ) -> None:
        self._control = control
        self._output = output
        self._screen = screen
        self._keyboard = keyboard
        self._orphaned = orphaned
        self._colour = colour
        self._encoding = encoding
        self._picture = Picture()
        self._plain = PlainLines(keyboard is not None)
        self._operator = Operator()
        self._decoder = KeyDecoder()
        self._transcript: deque[str] = deque(maxlen=_TRANSCRIPT_LINES)
        self._drawn: Question | None = None
        self._left = False  # the control process's end of the socket is closed
        self._over = False  # the control process has told that it is about to close
        self._told = False  # and that it says itself why there is no result

    def run(self) -> None:
        """Until the control process closes, or dies. Raises OutputGoneError when nobody reads any more."""
        if self._screen:
            self._screen.start()
        next_frame_s = wire.clock_s()
        while True:
            self._wait(next_frame_s - wire.clock_s())
            now_s = wire.clock_s()
            self._keys(now_s)
            # Asked before the socket is read: what was sent before the end is still shown.
            orphaned = self._orphaned()
            if not self._messages(now_s) or orphaned:
                self._left = True
                return
            if now_s >= next_frame_s:
                next_frame_s = now_s + FRAME_S
                self._frame(now_s)
            self._output.flush()
            self._offer_question(now_s)

    def close(self) -> None:
        """Gives the screen back and says the last words: the transcript of a live screen, and how it ended."""
        lines = list(self._transcript) if self._screen else []
        if self._screen:
            self._screen.stop()
        for line in lines:
            self._write(line)
        if self._left and not self._over:
            self._write(self._plain.gone(), red=True)
        elif self._left and self._picture.end is None and not self._told:
            self._write(self._plain.closed())
        self._output.drain(_PATIENCE_S)

    def _wait(self, timeout_s: float) -> None:
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        if self._keyboard:
            poll.register(self._keyboard.fd, select.POLLIN)
        if self._output.pending:
            poll.register(self._output.fileno(), select.POLLOUT)
        poll.poll(max(timeout_s, 0.0) * 1000.0)

    def _keys(self, now_s: float) -> None:
        if self._keyboard is None:
            return
        data = self._keyboard.read()
        if data is None:
            self._keyboard = None
            return
        for key in self._decoder.feed(data, now_s):
            fresh = self._picture.age_s(now_s) is not None and not self._picture.stale(now_s)
            statement = self._operator.press(key, fresh, now_s)
            if statement is not None and not self._send(statement):
                self._operator.not_sent(now_s)
            if news := self._operator.news():
                self._show(self._plain.feedback(news))

    def _send(self, statement: dict[str, str]) -> bool:
        data = wire.encode(statement)
        try:
            return data is not None and self._control.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL) == len(data)
        except OSError:
            return False

    def _messages(self, now_s: float) -> bool:
        for _ in range(_BATCH):
            try:
                data = self._control.recv(wire.MAX_MESSAGE_BYTES, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return True
            except ConnectionResetError:
                continue  # it died with keys unread; what it sent before that still comes
            if not data:
                return False
            message = wire.decode(data)
            if message is not None:
                self._take(message, now_s)
        return True

    def _take(self, message: dict[str, object], now_s: float) -> None:
        self._over = self._over or message.get("type") in ("end", "close")
        self._told = self._told or (message.get("type") == "close" and message.get("told") is True)
        self._picture.take(message, now_s)
        self._show(self._plain.take(message))
        if self._operator.question is not None and self._question() != self._operator.question:
            self._operator.withdraw()

    def _question(self) -> Question | None:
        return self._picture.shot.question if self._picture.shot and not self._over else None

    def _frame(self, now_s: float) -> None:
        age_s = self._picture.age_s(now_s)
        if age_s is not None:
            self._show(self._plain.silence(age_s, self._picture.stale(now_s)))
        if self._screen is None or self._screen.draw(self._picture, self._operator, now_s):
            self._drawn = self._question()

    def _offer_question(self, now_s: float) -> None:
        """A question can be answered once it stands on the screen; what was typed until then is read without it."""
        question = self._question()
        if question is None or question == self._operator.question or question != self._drawn or self._output.pending:
            return
        self._keys(now_s)
        self._operator.show(question, now_s)

    def _show(self, lines: list[str]) -> None:
        if self._screen:
            self._transcript.extend(lines)
            return
        for line in lines:
            self._write(line)

    def _write(self, line: str, red: bool = False) -> None:
        coloured = f"{_RED}{line}{_NORMAL}" if red and self._colour else line
        self._output.put(f"{coloured}\n".encode(self._encoding, errors="replace"))
