"""What every handler of a request needs: the parts of one server, and what a request may rely on."""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from aiohttp import web

from controller.bedside.access import Access
from controller.bedside.course import Course
from controller.bedside.desk import NOT_AT_THE_DESK, DeskHolder
from controller.bedside.errors import DeniedError
from controller.bedside.hub import Hub
from controller.bedside.work import Work

MAX_BODY_BYTES: Final = 65536
BODY_S: Final = 5.0
_WINDOW: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class House:
    """The parts of one server."""

    access: Access
    hub: Hub
    desk: DeskHolder
    course: Course
    work: Work

    def may_act(self, request: web.Request) -> bool:
        """Whether this window has the desk."""
        return self.access.is_operator(request) and self.desk.window_has(request.query.get("window"))

    def need_desk(self, request: web.Request) -> None:
        """Raises DeniedError for a window that has not."""
        self.access.need_operator(request)
        if not self.desk.window_has(window_name(request)):
            raise DeniedError(403, NOT_AT_THE_DESK)


def window_name(request: web.Request) -> str:
    """The window's own name. Raises DeniedError."""
    name = request.query.get("window", "")
    if not _WINDOW.fullmatch(name):
        raise DeniedError(400, "this window does not say which it is (?window=)")
    return name


async def body_of(request: web.Request) -> dict[str, Any]:
    """The JSON object that was sent. Raises DeniedError."""
    if request.content_type != "application/json":
        raise DeniedError(415, "what is sent here has to be JSON")
    try:
        data = await asyncio.wait_for(request.read(), BODY_S)
    except TimeoutError:
        raise DeniedError(408, f"what was announced did not come within {BODY_S:g} s") from None
    try:
        body = json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise DeniedError(400, "what was sent is no JSON object")
    return body


async def values_of(request: web.Request) -> dict[str, Any]:
    """The answers that were sent. Raises DeniedError."""
    values = (await body_of(request)).get("values")
    if not isinstance(values, dict):
        raise DeniedError(400, "what was sent holds no values")
    return values


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
