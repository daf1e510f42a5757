"""Windows without a browser, as a process of their own: they read whatever the page's server sends, as fast as it comes.

`python -m controller.benchmarks.page.windows BASE NUMBER [RECORD]`: so many watch, and one more plays the record, over and over.
Says "open" when all are, and at SIGTERM the ages of what was shown, as JSON.
"""

import asyncio
import contextlib
import json
import signal
import sys
from typing import Any, Final

import aiohttp

from controller.display import wire

HURRY: Final = 4.0
"""The replay plays so many times as fast as the procedure went."""


async def watch(socket: aiohttp.ClientWebSocketResponse, ages_ms: list[float]) -> None:
    """Reads until the line is closed. ages_ms gets how old each value had become when the next one took its place."""
    shown_s: float | None = None
    async for message in socket:
        if message.type is not aiohttp.WSMsgType.TEXT:
            break
        told = json.loads(message.data)
        if told["type"] != "view":
            continue
        await socket.send_str(json.dumps({"type": "pong", "n": told["n"]}))
        if told["live"]:
            if shown_s is not None:
                ages_ms.append((wire.clock_s() - shown_s) * 1000.0)
            shown_s = told["made_s"] - told["age_s"]
        else:
            shown_s = None


async def play(socket: aiohttp.ClientWebSocketResponse) -> None:
    """A replay that begins again when it has come to its end."""
    async for message in socket:
        if message.type is not aiohttp.WSMsgType.TEXT:
            break
        told = json.loads(message.data)
        if told["type"] == "view":
            await socket.send_str(json.dumps({"type": "pong", "n": told["n"]}))
            if told["replay"]["t_s"] >= told["replay"]["duration_s"] - 0.2:
                await socket.send_str(json.dumps({"type": "replay", "seek_s": 0.0}))


async def main(base: str, number: int, record: str | None) -> dict[str, Any]:
    """Until SIGTERM."""
    ages_ms: list[float] = []
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    async with aiohttp.ClientSession() as session:
        tasks = []
        for place in range(number):
            socket = await session.ws_connect(f"{base}/ws?window=watcher-{place}", origin=base)
            tasks.append(asyncio.create_task(watch(socket, ages_ms)))
        if record is not None:
            socket = await session.ws_connect(f"{base}/ws/replay/{record}?window=replay&speed={HURRY:g}", origin=base)
            tasks.append(asyncio.create_task(play(socket)))
        sys.stdout.write("open\n")
        sys.stdout.flush()
        await ending.wait()
        broken = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    return {"ages_ms": ages_ms, "broken": len(broken)}


if __name__ == "__main__":
    found = asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None))
    sys.stdout.write(json.dumps(found) + "\n")
