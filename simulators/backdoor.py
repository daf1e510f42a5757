"""The back door of the simulated bench: physics, faults and truth, for tests and demonstrations. Never for the host's use.

TCP on loopback, one JSON object a line, one JSON object a line back. {"do": ...} acts, {"ask": ...} asks.
"""

import json
import math
import selectors
import socket
from collections.abc import Callable
from typing import Annotated, Literal, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulators.acts import Act, ActError, mistakes, parse_act
from simulators.host_process import HostProcesses

_LINE_BYTES = 65536
_READ_BYTES = 4096  # at once: what is asked in it is answered before the bench moves on
_BACKLOG_BYTES = 1 << 20
_CLIENTS = 16


class Insider(Protocol):
    """What the back door leads to."""

    def act(self, act: Act, by: str, cause: bool = False) -> None:
        """Does it now. Raises ActError."""

    def truth(self) -> dict[str, object]:
        """The physical truth now."""

    def faults(self) -> dict[str, str]:
        """Every fault by its full name, and a sentence about it."""

    @property
    def log(self) -> list[dict[str, object]]:
        """What has happened, oldest first."""


_Pid = Annotated[int, Field(gt=1, le=2**22)]  # the kernel's largest


class _Hello(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    do: Literal["hello"]
    pid: _Pid
    recorder_pid: _Pid | None = None


class BackDoor:
    """Serves any number of clients up to a bound, each line by itself; a line that makes no sense is answered, never fatal."""

    def __init__(
        self,
        insider: Insider,
        host: HostProcesses,
        selector: selectors.BaseSelector,
        extra_truth: Callable[[], dict[str, object]],
    ) -> None:
        self._insider = insider
        self._host = host
        self._selector = selector
        self._extra_truth = extra_truth
        self._clients: list[_Client] = []
        self._introduced: _Client | None = None
        self.quit_asked = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=_CLIENTS)
        self._listener.setblocking(False)
        selector.register(self._listener, selectors.EVENT_READ, self._accept)

    @property
    def address(self) -> str:
        """Where it listens, as host:port."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def flush(self) -> None:
        """Sends what is waiting; clients that are gone or read nothing are left."""
        for client in list(self._clients):
            if client.unsent and not client.send():
                self._leave(client)

    def close(self) -> None:
        """Says goodbye to everybody."""
        self.flush()
        for client in list(self._clients):
            self._leave(client)
        self._selector.unregister(self._listener)
        self._listener.close()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # gone again before it was taken
            return
        if len(self._clients) >= _CLIENTS:
            connection.close()
            return
        client = _Client(connection)
        self._clients.append(client)
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._read(client))

    def _leave(self, client: "_Client") -> None:
        if client not in self._clients:
            return
        self._clients.remove(client)
        self._selector.unregister(client.connection)
        client.connection.close()
        if client is self._introduced:
            self._introduced = None
            self._host.forget()

    def _read(self, client: "_Client") -> None:
        lines = client.receive()
        if lines is None:
            self._leave(client)
            return
        for line in lines:
            client.tell(self._answer(line, client))

    def _answer(self, line: bytes, client: "_Client") -> dict[str, object]:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return {"ok": False, "error": f"not a JSON object: {line[:80]!r}"}
        if not isinstance(message, dict):
            return {"ok": False, "error": f"not a JSON object: {line[:80]!r}"}
        try:
            return {"ok": True, **self._obey(message, client)}
        except ActError as error:
            return {"ok": False, "error": str(error)}

    def _obey(self, message: dict[str, object], client: "_Client") -> dict[str, object]:
        if "ask" in message:
            return self._tell(message)
        if message.get("do") == "hello":
            return self._hello(message, client)
        if message == {"do": "quit"}:
            self.quit_asked = True
            return {}
        self._insider.act(parse_act(message), by="back door")
        return {}

    def _tell(self, message: dict[str, object]) -> dict[str, object]:
        if message == {"ask": "truth"}:
            return {**self._insider.truth(), **self._extra_truth()}
        if message == {"ask": "log"}:
            return {"log": self._insider.log}
        if message == {"ask": "faults"}:
            return {"faults": self._insider.faults()}
        raise ActError('the only questions are {"ask": "truth"}, {"ask": "log"} and {"ask": "faults"}')

    def _hello(self, message: dict[str, object], client: "_Client") -> dict[str, object]:
        try:
            hello = _Hello.model_validate(message)
        except ValidationError as error:
            raise ActError("; ".join(mistakes(error))) from None
        pids = {"control": hello.pid}
        if hello.recorder_pid is not None:
            pids["recorder"] = hello.recorder_pid
        self._host.introduce(pids, client.tell)
        self._introduced = client
        return {}


class _Client:
    """One connection: lines in, objects out, both bounded."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = connection
        self.unsent = bytearray()
        self._received = bytearray()

    def receive(self) -> list[bytes] | None:
        """The whole lines that have come; None when the client is gone or sends a line without end."""
        try:
            data = self.connection.recv(_READ_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            return None
        self._received += data
        *lines, rest = self._received.split(b"\n")
        self._received = rest
        if len(rest) > _LINE_BYTES:
            return None
        return [bytes(line) for line in lines if line.strip()]

    def tell(self, message: dict[str, object]) -> None:
        """Queues one object."""
        self.unsent += json.dumps(_tellable(message), separators=(",", ":")).encode() + b"\n"

    def send(self) -> bool:
        """Sends what can be sent now. False if the client is gone or has left too much unread."""
        try:
            while self.unsent:
                del self.unsent[: self.connection.send(self.unsent)]
        except BlockingIOError:
            return len(self.unsent) <= _BACKLOG_BYTES
        except OSError:
            return False
        return True


def _tellable(value: object) -> object:
    """JSON has no infinity and no NaN: what is not a number is told as null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(key): _tellable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_tellable(item) for item in value]
    if isinstance(value, np.generic):  # a plant that counts in numpy
        return _tellable(value.item())
    return value if isinstance(value, bool | int | float | str | None) else str(value)
