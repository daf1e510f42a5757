"""A server of a test's own on real loopback, with a control process that runs no procedure, and windows that speak to it."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp

from controller.bedside.access import Access
from controller.bedside.ground import Ground, Wishes, prepare
from controller.bedside.server import Server, listening
from tests.bedside.answers import RIGHT

FAKE = Path(__file__).with_name("fake_control.py")
LIMIT_S = 20.0


def right_answers() -> dict[str, Any]:
    """A set-up with which nothing is wrong today."""
    return RIGHT | {"expiry": (date.today() + timedelta(days=180)).isoformat()}  # noqa: DTZ011 - the patient's calendar day


@cache
def _ground() -> Ground:
    return prepare(Wishes(records="."))


def ground_in(records: Path) -> Ground:
    """That of the shipped simulation, with a records' folder of the test's own."""
    shipped = _ground()
    return Ground(shipped.loaded, shipped.simulated, records, shipped.version, shipped.fields, shipped.first_values)


@dataclass
class Window:
    """A page without a browser."""

    socket: aiohttp.ClientWebSocketResponse
    heard: list[dict[str, Any]] = field(default_factory=list)
    pongs: bool = True

    async def say(self, message: Any) -> None:
        await self.socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def next(self, limit_s: float = LIMIT_S) -> dict[str, Any] | None:
        """The next message, None when the line is closed."""
        message = await asyncio.wait_for(self.socket.receive(), limit_s)
        if message.type is not aiohttp.WSMsgType.TEXT:
            return None
        told: dict[str, Any] = json.loads(message.data)
        self.heard.append(told)
        if told["type"] == "view" and self.pongs:
            await self.say({"type": "pong", "n": told["n"]})
        return told

    async def until(self, wanted: str | Callable[[dict[str, Any]], bool], limit_s: float = LIMIT_S) -> dict[str, Any]:
        """The next message of that type, or with which that is so."""
        async with asyncio.timeout(limit_s):
            while (told := await self.next()) is not None:
                if told["type"] == wanted if isinstance(wanted, str) else wanted(told):
                    return told
        raise AssertionError("the line was closed before")


@dataclass
class Served:
    """A server and a browser's way to it."""

    server: Server
    session: aiohttp.ClientSession
    port: int
    windows: list[Window] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def admit(self) -> None:
        """This browser becomes the operator's."""
        access = self.server.house.access
        async with self.session.get(access.address(access.new_token())) as answer:
            assert answer.status == 200, await answer.text()

    async def window(self, name: str = "window-1", path: str = "/ws", session: aiohttp.ClientSession | None = None) -> Window:
        joint = "&" if "?" in path else "?"
        address = f"{self.base}{path}{joint}window={name}"
        self.windows.append(Window(await (session or self.session).ws_connect(address, origin=self.base)))
        return self.windows[-1]

    async def close(self) -> None:
        """No window is left open."""
        for window in self.windows:
            await window.socket.close()

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        async with self.session.get(self.base + path, headers=headers) as answer:
            return answer.status, await _content(answer)

    async def post(self, path: str, body: Any, window: str = "window-1", **headers: str) -> tuple[int, Any]:
        address = f"{self.base}{path}?window={window}"
        async with self.session.post(address, json=body, headers={"Origin": self.base} | headers) as answer:
            return answer.status, await _content(answer)


async def _content(answer: aiohttp.ClientResponse) -> Any:
    return await answer.json() if answer.content_type == "application/json" else await answer.text()


@asynccontextmanager
async def serving(
    records: Path, mode: str = "plays", user: Callable[[tuple[str, int], int], int | None] | None = None
) -> AsyncIterator[Served]:
    """A server whose control process behaves as fake_control's mode says. user: who is said to be at the other end."""
    listener = listening(0)
    port = listener.getsockname()[1]
    access = Access(port, user or (lambda _peer, _port: os.geteuid()))
    server = Server(Wishes(records=str(records)), port, access, (sys.executable, "-P", str(FAKE), mode))
    with listener:
        async with server.listen(listener), browser() as session:
            server.house.course.settle(ground_in(records))
            served = Served(server, session, port)
            try:
                yield served
            finally:
                await served.close()
                child = server.house.course._child
                if child is not None:
                    child._kill()
                    assert await child.ended(5.0)


def browser() -> aiohttp.ClientSession:
    """With its own cookies."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout(total=LIMIT_S))


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Runs a test's coroutine."""
    asyncio.run(asyncio.wait_for(test(), 60.0))


def raw(port: int, request: bytes, limit_s: float = 1.0) -> bytes:
    """What the server answers to these bytes: all of it until it closes, or is silent for so long."""
    with socket.create_connection(("127.0.0.1", port), limit_s) as line:
        line.sendall(request)
        line.settimeout(limit_s)
        answer = b""
        with suppress(TimeoutError):
            while chunk := line.recv(65536):
                answer += chunk
        return answer
