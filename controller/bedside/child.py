"""The control process of one procedure as the page's server sees it: started, listened to, spoken to, and missed when it dies.

Nothing in here waits for it but `answer`, `ended` and `stop`, which say how long.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from controller.display import wire

CONTROL: Final = (sys.executable, "-P", "-m", "controller.bedside.control")
_AT_ONCE: Final = 200
_TERMINATED_S: Final = 2.0
LINGER_S: Final = 15.0

Take = Callable[[dict[str, Any]], None]
Over = Callable[[], None]


class NotBegunError(Exception):
    """Nothing was begun and nothing moved; one sentence a problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ControlProcess:
    """Made by `start`, within a running event loop. take: gets every message, in order. over: told once, after the last one."""

    def __init__(self, process: subprocess.Popen[bytes], line: socket.socket, take: Take, over: Over) -> None:
        self._process, self._line = process, line
        self._take, self._over = take, over
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._gone = asyncio.Event()  # the process has ended
        self._hearing = True
        self._last_word = False
        self._pidfd = os.pidfd_open(process.pid)
        self._loop.add_reader(line.fileno(), self._readable)
        self._loop.add_reader(self._pidfd, self._exited)

    @classmethod
    def start(cls, order: Mapping[str, Any], take: Take, over: Over, command: Sequence[str] = CONTROL) -> "ControlProcess":
        """Starts one and gives it its order. command: the program; a test has another. Raises NotBegunError without a process."""
        packet = wire.encode({"type": "order", **order})
        if packet is None:
            raise NotBegunError(["the order is larger than a packet may be"])
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        words = ["--fd", str(theirs.fileno()), "--parent", str(os.getpid())]
        try:
            ours.setblocking(False)
            ours.send(packet)
            process = subprocess.Popen(
                [*command, *words],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # ours is for results; what it complains of goes to standard error
            )
        except OSError as error:
            ours.close()
            raise NotBegunError([f"the control process can not be started: {error.strerror}"]) from error
        finally:
            theirs.close()
        return cls(process, ours, take, over)

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return not self._gone.is_set()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def say(self, statement: Mapping[str, str]) -> bool:
        """Hands over what the operator says. False if it could not be handed over. Never waits."""
        data = wire.encode(statement)
        if data is None or not self._hearing:
            return False
        try:
            return self._line.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL) == len(data)
        except OSError:
            return False

    async def answer(self, limit_s: float) -> dict[str, Any]:
        """What it says to its order when it has begun. Raises NotBegunError; then it ends, or is made to."""
        try:
            message = await asyncio.wait_for(asyncio.shield(self._answer), limit_s)
        except TimeoutError:
            await self.stop(_TERMINATED_S)
            raise NotBegunError([f"the control process has not begun within {limit_s:g} s and was ended"]) from None
        if message["type"] == "refused":
            problems = message.get("problems")
            said = [text for text in problems if isinstance(text, str)] if isinstance(problems, list) else []
            raise NotBegunError(said or ["the control process refuses, and does not say why"])
        return message

    async def ended(self, limit_s: float) -> bool:
        """Waits until it has gone, so long at most; whether it has."""
        try:
            await asyncio.wait_for(self._gone.wait(), limit_s)
        except TimeoutError:
            return False
        return True

    async def stop(self, limit_s: float) -> bool:
        """The operator's stop, and so long for the end; then a signal, which is a stop too. Whether it has gone."""
        self.say({"operator": "stop"})
        if await self.ended(limit_s):
            return True
        self.terminate()
        return await self.ended(_TERMINATED_S)

    def terminate(self) -> None:
        """A signal that stops the procedure by another way than the line."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)

    def _readable(self) -> None:
        self._drain()

    def _drain(self) -> bool:
        """Hears what has come; True if there may be more."""
        for _ in range(_AT_ONCE):
            if not self._hearing:
                return False
            try:
                data = self._line.recv(wire.MAX_MESSAGE_BYTES, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return False
            except ConnectionResetError:
                continue  # it died with statements unread; what it sent before that still comes
            except OSError:
                data = b""
            if not data:
                self._hung_up()
                return False
            message = wire.decode(data)
            if message is not None:
                self._hear(message)
        return True

    def _hear(self, message: dict[str, Any]) -> None:
        self._last_word = self._last_word or message.get("type") in ("end", "close", "refused")
        if message.get("type") in ("begun", "refused") and not self._answer.done():
            self._answer.set_result(message)
        self._take(message)

    def _exited(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._process.wait()  # it has ended: this only fetches its status
        self._gone.set()
        while self._drain():
            continue  # what it sent before its end: bounded, for nobody sends any more
        self._hung_up()

    def _hung_up(self) -> None:
        if not self._hearing:
            return
        self._hearing = False
        self._loop.remove_reader(self._line.fileno())
        self._line.close()
        if not self._answer.done():
            self._answer.set_result(
                {"type": "refused", "problems": ["the control process has died before it began; nothing moved"]}
            )
        if not self._last_word:
            self.terminate()  # it can not be spoken to any more: a signal is the other way to stop it
        if self.running:
            self._loop.call_later(LINGER_S, self._kill)
        self._over()

    def _kill(self) -> None:
        """It has nothing more to say, and does not end. A pump that it still kept running is stopped by its own watchdog."""
        if self.running:
            self._process.kill()
