"""What goes out to the windows: every one gets everything in order, and of the views only the newest.

Nothing in here waits for a window. One that is slow loses views; one that does not even take what happens (notes, the end) is
closed, and gets the whole history when it comes back. A view is sent only when the window has shown that it read those before
it: what lies in a socket's buffer grows old, and a window that wakes up must not show a minute in fast motion as if it were
now.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from controller.bedside.desk import Seat

WAITING: Final = 256
UNREAD_VIEWS: Final = 4
"""0.4 s at ten a second."""
MOST_WATCHERS: Final = 24
MOST_OPERATORS: Final = 16

Message = Mapping[str, Any]


class CrowdedError(Exception):
    """There are as many windows as there may be."""


class Window:
    """One connection of a page. operator: it has the cookie."""

    def __init__(self, seat: Seat, *, operator: bool) -> None:
        self.seat = seat
        self.operator = operator
        self.closing = False
        """It is to be closed: it has fallen behind, or its session has ended."""
        self._queue: deque[str] = deque()
        self._view: tuple[int, str] | None = None
        self._unread: deque[int] = deque()
        self._reads = False
        self._news = asyncio.Event()

    @property
    def behind(self) -> int:
        """How many messages wait to be sent."""
        return len(self._queue)

    def tell(self, message: Message) -> None:
        """Something that must not be lost."""
        if len(self._queue) >= WAITING:
            self.close()
            return
        self._queue.append(json.dumps(message, separators=(",", ":")))
        self._news.set()

    def show(self, n: int, text: str) -> None:
        """A view, in place of one that was not sent yet."""
        self._view = n, text
        self._news.set()

    def has_read(self, n: int) -> None:
        """The window says that it has shown the view of this number. From the first time on it is held to that."""
        self._reads = True
        while self._unread and self._unread[0] <= n:
            self._unread.popleft()
        self._news.set()

    def close(self) -> None:
        """Nothing more is sent."""
        self.closing = True
        self._news.set()

    async def next(self) -> str | None:
        """What is to be sent next, as soon as there is anything; None when it is to be closed."""
        while True:
            if self.closing:
                return None
            if self._queue:
                return self._queue.popleft()
            if self._view is not None and not (self._reads and len(self._unread) >= UNREAD_VIEWS):
                (n, text), self._view = self._view, None
                self._unread.append(n)
                if len(self._unread) > UNREAD_VIEWS:
                    self._unread.popleft()
                return text
            self._news.clear()
            await self._news.wait()


class Hub:
    """All windows of one server. greet: the messages with which a window begins."""

    def __init__(self, greet: Callable[[Window], Sequence[Message]]) -> None:
        self._greet = greet
        self._windows: list[Window] = []
        self._count = 0

    def __iter__(self) -> Iterator[Window]:
        return iter(list(self._windows))

    def open(self, name: str, *, operator: bool) -> Window:
        """A new window. Raises CrowdedError. Watchers can not take the operator's places."""
        if sum(window.operator == operator for window in self._windows) >= (MOST_OPERATORS if operator else MOST_WATCHERS):
            raise CrowdedError
        self._count += 1
        window = Window(Seat(name, self._count), operator=operator)
        self._windows.append(window)
        return window

    def greet(self, window: Window) -> None:
        """Tells it where things stand."""
        for message in self._greet(window):
            window.tell(message)

    def leave(self, window: Window) -> None:
        """It has gone."""
        window.close()
        self._windows = [each for each in self._windows if each is not window]

    def tell(self, message: Message) -> None:
        """To all."""
        for window in self:
            window.tell(message)

    def tell_each(self, make: Callable[[Window], Message]) -> None:
        """To all, to each its own."""
        for window in self:
            window.tell(make(window))

    def show(self, view: Message) -> None:
        """To all, as their newest view. view: has its number as "n"."""
        text = json.dumps(view, separators=(",", ":"), allow_nan=False)
        for window in self:
            window.show(int(view["n"]), text)

    def close_operators(self) -> None:
        """Their session has ended."""
        for window in self:
            if window.operator:
                window.close()

    def close_all(self) -> None:
        """The server leaves."""
        for window in self:
            window.close()
