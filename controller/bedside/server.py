"""`ductoject bedside`: the page's server, from its port to its end. It listens on loopback only, and is not real-time.

What is heavy is loaded while the browser starts. Told to end, it stops a procedure that runs and waits for its end, so long.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from controller.bedside import routes_after, routes_live, routes_page, routes_records, routes_replay, routes_setup
from controller.bedside.access import Access, with_headers
from controller.bedside.browser import Browser
from controller.bedside.child import CONTROL
from controller.bedside.course import STOP_S, VIEW_S, Course
from controller.bedside.desk import DeskHolder
from controller.bedside.errors import in_sentences
from controller.bedside.ground import UnfitError, Wishes, prepare
from controller.bedside.house import MAX_BODY_BYTES, House
from controller.bedside.hub import Hub
from controller.bedside.work import Work
from controller.core.reasons import EXIT_FAULT, EXIT_GOOD

LEAVE_S: Final = 1.0
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Options:
    """What the user has asked for. port: 0 for any that is free."""

    wishes: Wishes = field(default_factory=Wishes)
    port: int = 0
    browser: bool = True
    kiosk: bool = False
    json_output: bool = False


def serve(options: Options) -> int:
    """Serves until it is told to end; the exit status. Raises UnfitError where nothing can be served."""
    os.umask(0o077)  # whatever is written is for its owner only
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    with listening(options.port) as listener:
        return asyncio.run(_serve(options, listener))


def listening(port: int) -> socket.socket:
    """A socket on loopback, and nowhere else. Raises UnfitError."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise UnfitError([f"--port {port}: {getattr(error, 'strerror', None) or error}"]) from error
    return listener


class Server:
    """The parts of one, joined. Made within a running event loop."""

    def __init__(self, wishes: Wishes, port: int, access: Access | None = None, control: Sequence[str] = CONTROL) -> None:
        """access, control: others than the usual ones are for tests."""
        hub = Hub(lambda window: routes_live.greeting(self.house, window))
        work = Work()
        course = Course(wishes, work, lambda: routes_live.tell_hello(self.house), hub.tell, hub.show, control)
        self.house = House(Access(port) if access is None else access, hub, DeskHolder(), course, work)

    def app(self) -> web.Application:
        """Everything that is served, behind one gate."""
        app = web.Application(middlewares=[in_sentences, self.house.access.gate], client_max_size=MAX_BODY_BYTES)
        for module in (routes_page, routes_setup, routes_after, routes_records, routes_live, routes_replay):
            app.router.add_routes(module.routes(self.house))
        app.on_response_prepare.append(with_headers)
        return app

    @contextlib.asynccontextmanager
    async def listen(self, listener: socket.socket) -> AsyncIterator[None]:
        """Answers, and shows views, until the block ends."""
        runner = web.AppRunner(self.app(), access_log=None, handle_signals=False, shutdown_timeout=LEAVE_S)
        await runner.setup()
        try:
            await web.SockSite(runner, listener).start()
            ticking = asyncio.create_task(self._tick())
            try:
                yield
            finally:
                ticking.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await ticking
        finally:
            self.house.hub.close_all()
            await runner.cleanup()
            self.house.work.close()

    async def load(self) -> None:
        """Loads what is heavy. Raises UnfitError."""
        self.house.course.settle(await asyncio.to_thread(prepare, self.house.course.wishes))

    async def _tick(self) -> None:
        while True:
            try:
                pause_s = self.house.course.tick()
            except Exception:  # noqa: BLE001 - without views the pages say that their numbers are old; the next one may come
                traceback.print_exc(file=sys.stderr)
                pause_s = VIEW_S
            await asyncio.sleep(pause_s)


async def _serve(options: Options, listener: socket.socket) -> int:
    server = Server(options.wishes, listener.getsockname()[1])
    ending = asyncio.Event()
    browser = Browser()
    opening: set[asyncio.Task[None]] = set()

    def invite() -> None:
        """A new one-time address. SIGUSR1 asks for another one: only who may end this process may send it."""
        task = asyncio.create_task(_open(browser, _new_address(server, options), options))
        opening.add(task)
        task.add_done_callback(opening.discard)

    with _signals(dict.fromkeys(_ENDING, ending.set) | {signal.SIGUSR1: invite}):
        try:
            async with server.listen(listener):
                invite()
                await server.load()
                await ending.wait()
                return await _leave(server)
        finally:
            await asyncio.gather(*opening)
            await asyncio.to_thread(browser.close)


def _new_address(server: Server, options: Options) -> str:
    address = server.house.access.address(server.house.access.new_token())
    _say(f"operator (works once): {address}")
    if options.json_output:
        sys.stdout.write(json.dumps({"url": address}) + "\n")
        sys.stdout.flush()
    return address


async def _open(browser: Browser, address: str, options: Options) -> None:
    """In a thread: a browser takes its time, and some go on in the foreground."""
    why_not = await asyncio.to_thread(browser.open, address, kiosk=options.kiosk) if options.browser else None
    if why_not is not None:
        _say(f"not opened: {why_not}; open the address above yourself")


async def _leave(server: Server) -> int:
    if not server.house.course.running:
        return EXIT_GOOD
    _say(f"a procedure is running: it is stopped now, and its end is waited for, {STOP_S:g} s at most")
    if await server.house.course.leave():
        _say("the procedure has ended")
        return EXIT_GOOD
    _say("the procedure has NOT ended: look at the pump, and switch it off")
    return EXIT_FAULT


def _say(text: str) -> None:
    """To whoever is at the terminal; what there is to do is done without one too."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


@contextlib.contextmanager
def _signals(handlers: dict[signal.Signals, Callable[[], None]]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number in handlers:
            loop.remove_signal_handler(number)


__all__ = ["Options", "Server", "UnfitError", "Wishes", "listening", "serve"]
