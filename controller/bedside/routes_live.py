"""The live line of a window: what happens goes out to it, what the operator says comes in from it, read strictly and bounded."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Final

from aiohttp import WSMsgType, web

from controller.bedside import views
from controller.bedside.access import NOT_THE_OPERATOR
from controller.bedside.acts import MAX_MESSAGE_BYTES, AlarmAct, Pong, Say, TakeDesk, act_of
from controller.bedside.bounds import Allowance
from controller.bedside.desk import NOT_AT_THE_DESK
from controller.bedside.errors import DeniedError
from controller.bedside.house import House, window_name
from controller.bedside.hub import CrowdedError, Window
from controller.bedside.routes_after import note_after
from controller.display import wire

SEND_S: Final = 5.0
HEARTBEAT_S: Final = 10.0
PER_S: Final = 40.0
AT_ONCE: Final = 80.0
STOPS_PER_S: Final = 10.0
STOPS_AT_ONCE: Final = 10.0
MOST_IGNORED: Final = 500
"""A window that goes on beyond its allowance is closed."""
TOO_MANY: Final = "this window says too much at once; not all of it was heard"
NOT_UNDERSTOOD: Final = "this was no message that a page of this version sends"


def routes(house: House) -> list[web.RouteDef]:
    """What this module serves."""

    async def live(request: web.Request) -> web.WebSocketResponse:
        name = window_name(request)
        try:
            window = house.hub.open(name, operator=house.access.is_operator(request))
        except CrowdedError:
            raise DeniedError(503, "there are as many windows as there may be: close one") from None
        try:
            if window.operator:
                house.desk.arrive(window.seat, wire.clock_s())
            house.hub.greet(window)
            if window.operator:
                tell_hello(house, but=window)
            return await serve(request, window, Speaker(house, window).hear)
        finally:
            house.hub.leave(window)
            house.desk.leave(window.seat, wire.clock_s())

    return [web.get("/ws", live)]


def hello_for(house: House, window: Window) -> dict[str, Any]:
    """Where this window stands."""
    course = house.course
    ground, live = course.ground, course.live
    told = live.snapshot.get("simulated") if live is not None and live.snapshot is not None else None
    return views.hello(
        operator=window.operator,
        desk=window.operator and house.desk.has(window.seat),
        stage=course.stage,
        profile=course.wishes.profile if ground is None else ground.loaded.source,
        version="" if ground is None else ground.version,
        simulated=told if isinstance(told, bool) else None if ground is None else ground.simulated,
        record=live.record if live is not None else None,
    )


def greeting(house: House, window: Window) -> list[dict[str, Any]]:
    """What a window begins with."""
    first, live = [hello_for(house, window)], house.course.live
    if live is None:
        return first
    return [*first, house.course.history(), *([live.end] if live.end is not None else [])]


def tell_hello(house: House, but: Window | None = None) -> None:
    """Something of it has changed."""
    for window in house.hub:
        if window is not but:
            window.tell(hello_for(house, window))


async def serve(request: web.Request, window: Window, hear: Callable[[str], None]) -> web.WebSocketResponse:
    """One connection, from its beginning to its end: sends what the window is to get, hears what it says."""
    socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, heartbeat=HEARTBEAT_S, compress=False, timeout=1.0)
    await socket.prepare(request)
    sending = asyncio.create_task(_send(request, socket, window))
    try:
        async for message in socket:
            if window.closing:
                break
            if message.type is WSMsgType.TEXT:
                hear(message.data)
            elif message.type is WSMsgType.BINARY:
                window.tell(views.refused(NOT_UNDERSTOOD))
    finally:
        window.close()
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
    return socket


async def _send(request: web.Request, socket: web.WebSocketResponse, window: Window) -> None:
    """Until the window is closed or has gone. One that takes nothing for seconds is cut off: it will come again."""
    try:
        while (text := await window.next()) is not None:
            await asyncio.wait_for(socket.send_str(text), SEND_S)
        await asyncio.wait_for(socket.close(), SEND_S)
    except (TimeoutError, ConnectionError, RuntimeError):
        window.close()
        if request.transport is not None:
            request.transport.abort()


class Speaker:
    """What one window says."""

    def __init__(self, house: House, window: Window) -> None:
        self._house, self._window = house, window
        self._messages = Allowance(PER_S, AT_ONCE)
        self._stops = Allowance(STOPS_PER_S, STOPS_AT_ONCE)
        self._complaints = Allowance(1.0, 1.0)
        self._ignored = 0
        self._notes: set[asyncio.Task[None]] = set()

    def hear(self, data: str) -> None:
        """One message. Nothing but an answer to this window comes of one that is malformed, or not for this window to say."""
        act = act_of(data)
        stops = isinstance(act, Say) and act.stops
        if not (self._stops if stops else self._messages).take(wire.clock_s()):
            self._ignore()
            return
        if act is None:
            self._window.tell(views.refused(NOT_UNDERSTOOD))
        elif isinstance(act, Pong):
            self._window.has_read(act.n)
        else:
            try:
                self._do(act)
            except DeniedError as error:
                self._window.tell(views.refused(str(error)))

    def _do(self, act: Say | AlarmAct | TakeDesk) -> None:
        house, window = self._house, self._window
        if not window.operator:
            raise DeniedError(403, NOT_THE_OPERATOR)
        if isinstance(act, TakeDesk):
            if house.desk.take(window.seat):
                tell_hello(house)
            return
        if not (isinstance(act, Say) and act.stops) and not house.desk.has(window.seat):
            raise DeniedError(403, NOT_AT_THE_DESK)
        if isinstance(act, Say):
            house.course.say(act.statement)
            window.tell(views.sent(act.statement["operator"]))
        else:
            self._alarm(act.do)

    def _alarm(self, do: str) -> None:
        house, window, now_s = self._house, self._window, wire.clock_s()
        house.course.handle_alarm(do, now_s)
        window.tell(views.sent(do))
        if do != "pause_audio":  # beside this: whoever says "stop" next does not wait for a disk
            task = asyncio.create_task(self._note(do))
            self._notes.add(task)
            task.add_done_callback(self._notes.discard)

    async def _note(self, do: str) -> None:
        """An alarm that is handled stands in the record: its control process writes that while it runs, afterwards we do."""
        course, trouble = self._house.course, None
        if course.stage == "after":
            trouble = await note_after(self._house, {"name": "alarm", "do": do})
        elif do == "acknowledge":
            try:
                course.say({"operator": "acknowledge"})
            except DeniedError as error:
                trouble = str(error)
        if trouble is not None:
            self._window.tell(views.refused(f"done, but it is not in the record: {trouble}"))

    def _ignore(self) -> None:
        self._ignored += 1
        if self._ignored > MOST_IGNORED:
            self._window.close()
        elif self._complaints.take(wire.clock_s()):
            self._window.tell(views.refused(TOO_MANY))
