"""A record on the screen that showed it while it was made. Nothing that is said here reaches anything but the record's player."""

import asyncio
import contextlib
import json
from typing import Any, Final

from aiohttp import web

from controller.bedside import views
from controller.bedside.acts import Pong, act_of
from controller.bedside.bounds import Allowance
from controller.bedside.desk import Seat
from controller.bedside.errors import DeniedError
from controller.bedside.house import House, window_name
from controller.bedside.hub import Window
from controller.bedside.replaying import FASTEST, SLOWEST, Place, PlayerProcess, is_speed
from controller.bedside.routes_live import AT_ONCE, NOT_UNDERSTOOD, PER_S, serve
from controller.bedside.routes_records import find
from controller.display import wire

STEP_S: Final = 0.1
MOST_REPLAYS: Final = 4
VIEWS_A_STEP: Final = 6
"""Played fast there are more; the curves do not need them all."""


def routes(house: House) -> list[web.RouteDef]:
    """What this module serves."""
    places = asyncio.Semaphore(MOST_REPLAYS)

    async def replay(request: web.Request) -> web.WebSocketResponse:
        house.access.need_reader(request)
        window = Window(Seat(window_name(request), 0), operator=house.access.is_operator(request))
        place = Place(speed=_speed(request.query.get("speed", "1")))
        path = await find(house, request.match_info["name"])
        if places.locked():
            raise DeniedError(503, f"{MOST_REPLAYS} records are being played already: close one")
        async with places:
            player = await PlayerProcess.start(path)
            playing = asyncio.create_task(_play(window, place, player))
            try:
                return await serve(request, window, Listener(window, place).hear)
            finally:
                playing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await playing
                await player.close()

    return [web.get("/ws/replay/{name}", replay)]


class Listener:
    """What a window says to its replay."""

    def __init__(self, window: Window, place: Place) -> None:
        self._window, self._place = window, place
        self._messages = Allowance(PER_S, AT_ONCE)

    def hear(self, data: str) -> None:
        """One message."""
        if not self._messages.take(wire.clock_s()):
            return
        act = act_of(data)
        if isinstance(act, Pong):
            self._window.has_read(act.n)
        elif act is not None:
            self._window.tell(views.refused("this is a replay: nothing can be done in it"))
        elif not self._place.take(_object(data)):
            self._window.tell(views.refused(NOT_UNDERSTOOD))


async def _play(window: Window, place: Place, player: PlayerProcess) -> None:
    """Until the window is closed. While the player computes, the last view is shown again: the line is not dead."""
    shown = _Shown(window, place)
    try:
        shown.take(await player.ask("begin"))
        before_s = wire.clock_s()
        while not window.closing:
            now_s = wire.clock_s()
            until_s, before_s = place.step(now_s - before_s), now_s
            if place.seek_s is not None:
                until_s, place.seek_s = place.seek_s, None
                await shown.wait_for(player.ask("seek", place.asked(until_s)), until_s)
                before_s = wire.clock_s()
            elif not place.paused and until_s > place.t_s:
                await shown.wait_for(player.ask("until", place.asked(until_s)), until_s)
            shown.again()
            await asyncio.sleep(max(now_s + STEP_S - wire.clock_s(), 0.01))
    except DeniedError as error:
        window.tell(views.refused(str(error)))


class _Shown:
    """What the window has been shown; views are counted anew, for a record's own begin anew with each step back."""

    def __init__(self, window: Window, place: Place) -> None:
        self._window, self._place = window, place
        self._last: dict[str, Any] | None = None
        self._n = 0

    async def wait_for(self, answer: Any, until_s: float) -> None:
        """Shows what comes, and until it comes what was there. until_s: where the record is then."""
        task = asyncio.ensure_future(answer)
        try:
            while not (await asyncio.wait([task], timeout=STEP_S))[0]:
                self.again()
        finally:
            if not task.done():
                task.cancel()
        self._place.t_s = until_s
        self.take(task.result())

    def take(self, messages: list[dict[str, Any]]) -> None:
        """What the player has answered."""
        seen = [message for message in messages if message["type"] == "view"]
        between = seen[:-1] if self._window.behind < VIEWS_A_STEP * 4 else []
        kept = between[:: max(-(-len(between) // VIEWS_A_STEP), 1)]
        for message in messages:
            if message["type"] != "view":
                self._window.tell(self._hello(message) if message["type"] == "hello" else message)
            elif any(message is each for each in kept):
                self._window.tell(self._numbered(message))
        if seen:
            self._last = seen[-1]
            self._place.duration_s = float(seen[-1]["replay"]["duration_s"])

    def again(self) -> None:
        """The newest view, as a new one."""
        if self._last is not None:
            message = self._numbered(self._last)
            self._window.show(self._n, json.dumps(message, separators=(",", ":")))

    def _numbered(self, message: dict[str, Any]) -> dict[str, Any]:
        self._n += 1
        return {**message, "n": self._n, "replay": self._place.body()}

    def _hello(self, message: dict[str, Any]) -> dict[str, Any]:
        return {**message, "role": "operator" if self._window.operator else "watcher"}


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = float("nan")
    if not is_speed(speed):
        raise DeniedError(400, f"speed = {text[:20]}: a record is played at {SLOWEST:g} to {FASTEST:g} times its own")
    return speed


def _object(data: str) -> dict[str, Any]:
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}
