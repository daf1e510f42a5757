"""The control process's side of its display. Nothing in here waits for the display, except `close`, which says how long.

A display that is slow, stopped or dead loses messages; the caller notices by `alive`, `dropped` and the return value of `send`.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Literal, Self

from controller.display import wire
from controller.display.rescue import Rescue
from controller.display.statements import heard
from controller.display.terminal import choose_mode

_KILLED_S = 1.0
_HELD_BACK = {signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP}
_MOST_STARTS = 4
_AGAIN_S = 1.0
DIED = "ductoject: the display has died. The procedure goes on: Ctrl-C stops it, and so does the stop button."


class DisplayClient:
    """A running display. Made by `start`; not for use by several threads."""

    looks = True

    def __init__(
        self, process: subprocess.Popen[bytes], control: socket.socket, rescue: Rescue, mode: str, stream: str = "stdout"
    ) -> None:
        self.mode = mode
        self._stream = stream
        self._starts = 1
        self._started_s = time.monotonic()
        self._told_dead = False
        self.dropped = 0
        self._process = process
        self._socket = control
        self._rescue = rescue
        # Takes the socket's place when the display is gone, so that a loop waiting on fileno() does not spin on its end.
        self._silence = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._hearing = True
        self._mourned = False
        self._closed = False
        self._owed: bytes | None = None
        self._ended = False

    @classmethod
    def start(cls, mode: Literal["auto", "plain", "live"], stream: Literal["stdout", "stderr"]) -> "DisplayClient":
        """Starts the display on this process's terminal. To be called before anything is in real time.

        Raises OSError when no process can be started, ValueError for other modes or streams.
        """
        chosen = choose_mode(mode, stream)
        process, ours, rescue = _begin(chosen, stream)
        return cls(process, ours, rescue, chosen, stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        self.close(2.0)

    def fileno(self) -> int:
        """Readable when the operator may have said something; the same until `close`, also when the display has died."""
        return self._socket.fileno()

    @property
    def alive(self) -> bool:
        """False once the display process has ended. The first time, the terminal is given back to the operator."""
        return not self._closed and not self._gone()

    def mend(self, *, may_start: bool) -> str | None:
        """Looks after the display: a sentence once it has died, and once it was started again; None where there is no news.

        may_start: nothing moves, and a new process may be started now, which takes as long as the system takes for that (some
        milliseconds as a rule). From then on it has to be watched anew. One that has ended by itself, because nobody reads, is
        left alone, and so is one that keeps dying.
        """
        if self._closed or not self._gone() or self._process.returncode == 0:
            return None
        if not self._told_dead:
            self._told_dead = True
            return "the display has died"
        if not may_start or self._starts >= _MOST_STARTS or time.monotonic() - self._started_s < _AGAIN_S:
            return None
        self._starts += 1
        self._started_s = time.monotonic()
        try:
            self._process, ours, rescue = _begin(self.mode, self._stream)
        except OSError as error:
            return f"the display can not be started again: {error.strerror or error}"
        os.dup2(ours.fileno(), self._socket.fileno(), inheritable=False)
        ours.close()
        self._rescue.close()
        self._rescue = rescue
        self._hearing, self._mourned, self._told_dead = True, False, False
        return "the display was started again"

    def send(self, message: Mapping[str, object]) -> bool:
        """Hands one message to the display; False, and counted in `dropped`, when it was not taken. Never waits or raises.

        An "end" that was not taken is sent again by `close`.
        """
        data = wire.encode({**message, wire.SENT_KEY: wire.clock_s()})
        if message.get("type") == "end":
            self._ended = True
            self._owed = data
        sent = not self._closed and self._hearing and data is not None and self._send(data)
        if not sent:
            self.dropped += 1
        elif message.get("type") == "end":
            self._owed = None
        return sent

    def receive(self) -> list[dict[str, str]]:
        """What the operator has said since the last call, as controller.display.statements.heard gives it."""
        if self._closed or not self._hearing:
            return []
        statements, there = heard(self._socket)
        if not there:
            self._stop_hearing()
        return statements

    def close(self, timeout_s: float, *, told: bool = False) -> None:
        """Lets the display finish within timeout_s, kills it otherwise. Never raises; may be called again.

        told: why there is no result is told elsewhere, and the display is not to wonder.
        """
        if self._closed:
            return
        until_s = time.monotonic() + timeout_s
        if not self._ended:
            self._owed = wire.encode({"type": "close", "told": told})
        while self._owed is not None and self._hearing and not self._gone() and not self._send(self._owed):
            left_s = until_s - time.monotonic()
            if left_s <= 0.0:
                break
            poll = select.poll()
            poll.register(self._socket, select.POLLOUT)
            if any(events & ~select.POLLOUT for _, events in poll.poll(left_s * 1000.0)):
                break  # it has closed its end
        self._shut()
        self._wait_or_kill(max(until_s - time.monotonic(), 0.0))
        self._gone()
        self._closed = True
        self._socket.close()
        os.close(self._silence)
        self._rescue.close()

    def _send(self, data: bytes) -> bool:
        try:
            return self._socket.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL) == len(data)
        except OSError:
            self._gone()
            return False

    def _gone(self) -> bool:
        status = self._process.poll()
        if status is None:
            return False
        if status != 0 and not self._mourned:
            self._mourned = True
            self._rescue.give_back(DIED)
        return True

    def _stop_hearing(self) -> None:
        self._hearing = False
        os.dup2(self._silence, self._socket.fileno(), inheritable=False)
        self._gone()

    def _shut(self) -> None:
        if self._hearing:
            try:
                self._socket.shutdown(socket.SHUT_WR)
            except OSError:
                return  # it has gone by itself

    def _wait_or_kill(self, timeout_s: float) -> None:
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            try:
                self._process.wait(_KILLED_S)
            except subprocess.TimeoutExpired:
                return  # the system itself holds it: nothing more can be done from here


def _begin(mode: str, stream: str) -> tuple[subprocess.Popen[bytes], socket.socket, Rescue]:
    """A display process, our end of its socket, and what gives the terminal back for it. Raises OSError; then nothing is left."""
    rescue = Rescue(1 if stream == "stdout" else 2, mode == "live")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    options = {"--fd": theirs.fileno(), "--parent": os.getpid(), "--mode": mode, "--stream": stream}
    words = [str(word) for option in options.items() for word in option]
    # Blocked signals stay blocked in the child until it ignores them; here they arrive a moment later.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
    try:
        command = [sys.executable, "-P", "-m", "controller.display.process", *words]
        process = subprocess.Popen(command, pass_fds=(theirs.fileno(),))
    except OSError:
        ours.close()
        rescue.close()
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
    ours.setblocking(False)
    return process, ours, rescue
