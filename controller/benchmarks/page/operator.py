"""An operator without hands: fills the set-up in, begins, and answers whatever is asked, through the page's own protocol."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aiohttp

PROCEDURE_S: Final = 240.0
_WINDOW: Final = "operator-1"


async def procedure_by_page(base: str, invitation: str, patient: str) -> str:
    """One procedure from set-up to its end; the record's name. Raises RuntimeError."""
    jar = aiohttp.CookieJar(unsafe=True)
    timeout = aiohttp.ClientTimeout(total=PROCEDURE_S)
    async with aiohttp.ClientSession(base, cookie_jar=jar, timeout=timeout, headers={"Origin": base}) as session:
        async with session.get(invitation) as admitted:
            if admitted.status != 200:
                raise RuntimeError(f"the server does not admit the operator: {await admitted.text()}")
        socket = await session.ws_connect(f"{base}/ws?window={_WINDOW}", origin=base)
        async with session.get("/api/setup") as asked:
            setup = await asked.json()
        values = answers(setup["fields"], setup["values"]) | {"patient": patient}
        for address, body in (("/api/setup", {"values": values}), ("/api/begin", {})):
            async with session.post(f"{address}?window={_WINDOW}", json=body) as answer:
                told = await answer.json()
                if answer.status != 200:
                    raise RuntimeError(f"{address}: {told}")
        await asyncio.wait_for(_answer_all(socket), PROCEDURE_S)
        return str(told["record"])


def answers(fields: list[dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
    """One for every field that has none: what lets a procedure begin."""
    found: dict[str, Any] = {}
    for field in fields:
        name, kind = field["name"], field["kind"]
        if name in given or not (field["required"] or kind == "check" or name.startswith("contra_")):
            continue
        options = [option["value"] for option in field.get("options") or []]
        match kind:
            case "check":
                found[name] = True
            case "choice":
                found[name] = next((value for value in ("no", "none", "not_used") if value in options), options[0])
            case "multi":
                found[name] = options
            case "date":
                found[name] = (datetime.now(UTC) + timedelta(days=365)).date().isoformat()
            case _:
                found[name] = "bench-1"
    return found


async def _answer_all(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Until the end has been told."""
    asked, since = "", 0
    async for message in socket:
        if message.type is not aiohttp.WSMsgType.TEXT:
            break
        told = json.loads(message.data)
        if told["type"] == "end":
            return
        if told["type"] != "view":
            continue
        await socket.send_str(json.dumps({"type": "pong", "n": told["n"]}))
        question = (told["snapshot"] or {}).get("question")
        if question is None:
            asked, since = "", 0
            continue
        since = since + 1 if question["id"] == asked else 0
        asked = question["id"]
        if since % 10 == 4:  # read, and answered once a second until it is taken
            await socket.send_str(json.dumps(_answer(question)))
    raise RuntimeError("the server has closed the operator's window")


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    if question["id"] == "next_increment":
        return {"type": "say", "operator": "go"}
    return {"type": "say", "operator": "confirm", "question": question["id"], "typed": question["typed"] or ""}
