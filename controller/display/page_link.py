"""The control process's line to the page of the bedside: a display that somebody else has started.

As with the terminal's display nothing in here waits, except `close`, which says how long, and a page server that is slow, stopped
or dead loses messages. It can not be started again from here: a procedure without its page goes on to where the next word of
a person is needed, and ends there when zero and prime check have grown too old.
"""

import os
import select
import socket
import time
from collections.abc import Mapping

from controller.display import wire
from controller.display.statements import heard

GONE = "the bedside's page has gone: the stop button still stops, and nobody can say go"


class PageLink:
    """A controller.loop.Screen over a SEQPACKET socket that was inherited."""

    looks = True

    def __init__(self, page: socket.socket) -> None:
        page.setblocking(False)
        self._socket = page
        # Takes the socket's place when the page is gone, so that a loop waiting on fileno() does not spin on its end.
        self._silence = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._hearing = True
        self._told_gone = False
        self._owed: bytes | None = None
        self.dropped = 0

    def fileno(self) -> int:
        """Readable when the operator may have said something; the same until `close`."""
        return self._socket.fileno()

    def send(self, message: Mapping[str, object]) -> bool:
        """Hands one message over; False, and counted in `dropped`, where it was not taken. An "end" is tried again by `close`."""
        data = wire.encode({**message, wire.SENT_KEY: wire.clock_s()})
        sent = data is not None and self._send(data)
        self.dropped += not sent
        if message.get("type") == "end":
            self._owed = None if sent else data
        return sent

    def receive(self) -> list[dict[str, str]]:
        """What the operator has said since the last call, as controller.display.statements.heard gives it."""
        if not self._hearing:
            return []
        statements, there = heard(self._socket)
        if not there:
            self._hearing = False
            os.dup2(self._silence, self._socket.fileno(), inheritable=False)
        return statements

    def mend(self, *, may_start: bool) -> str | None:  # noqa: ARG002 - there is nothing that could be started
        """A sentence once the page's server has gone."""
        if self._hearing or self._told_gone:
            return None
        self._told_gone = True
        return GONE

    def close(self, timeout_s: float) -> None:
        """Sees that the last word arrives, says that it was the last one, and closes. Waits for no longer than timeout_s."""
        until_s = time.monotonic() + timeout_s
        closing = wire.encode({"type": "close", wire.SENT_KEY: wire.clock_s()})
        for data in (self._owed, closing):
            while data is not None and self._hearing and not self._send(data):
                left_s = until_s - time.monotonic()
                poll = select.poll()
                poll.register(self._socket, select.POLLOUT)
                if left_s <= 0.0 or any(events & ~select.POLLOUT for _, events in poll.poll(left_s * 1000.0)):
                    break
        self._socket.close()
        os.close(self._silence)

    def _send(self, data: bytes) -> bool:
        if not self._hearing:
            return False
        try:
            return self._socket.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL) == len(data)
        except OSError:
            return False
