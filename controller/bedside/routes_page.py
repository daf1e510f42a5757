"""The page itself, the operator's one-time address, and what is printed for the patient."""

from datetime import date
from importlib.resources import files
from typing import Any, Final

from aiohttp import web

from controller.bedside.access import COOKIE, PAPER_POLICY
from controller.bedside.errors import DeniedError
from controller.bedside.ground import today_of_the_patient
from controller.bedside.house import House

_PAGE: Final = files("controller.bedside").joinpath("page")
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png", ".wav": "audio/wav"}


def routes(house: House) -> list[web.RouteDef]:
    """What this module serves."""

    async def index(_request: web.Request) -> web.Response:
        return web.Response(body=_PAGE.joinpath("index.html").read_bytes(), content_type="text/html", charset="utf-8")

    async def operator(request: web.Request) -> web.Response:
        session = house.access.admit(request)
        house.hub.close_operators()  # those of a session before this one
        house.desk.clear()
        answer = web.Response(status=303, headers={"Location": "/"})
        answer.set_cookie(COOKIE, session, httponly=True, samesite="Strict", path="/")
        return answer

    async def static(request: web.Request) -> web.Response:
        """Only what lies in the page's folder, by the names that lie there: a path can not lead anywhere else."""
        known = {item.name: item for item in _PAGE.iterdir() if item.is_file()}
        item = known.get(request.match_info["name"])
        kind = _TYPES.get("." + request.match_info["name"].rpartition(".")[2])
        if item is None or kind is None:
            raise web.HTTPNotFound
        return web.Response(body=item.read_bytes(), content_type=kind, charset="utf-8" if kind.startswith("text/") else None)

    async def instructions(request: web.Request) -> web.Response:
        house.access.need_reader(request)
        course = house.course
        if course.stage != "after" or course.live is None:
            raise DeniedError(409, "the instructions are made when a procedure has ended")
        ended = course.ended_on or today_of_the_patient()
        body = await house.work.do(_paper, course.live.reason, ended, dict(course.after.values), course.live.also)
        headers = {"Content-Security-Policy": PAPER_POLICY}
        return web.Response(body=body, content_type="text/html", charset="utf-8", headers=headers)

    return [
        web.get("/", index),
        web.get("/operator", operator, allow_head=False),
        web.get("/static/{name}", static),
        web.get("/instructions", instructions),
    ]


def _paper(reason: str | None, ended: date, values: dict[str, Any], also: list[str]) -> bytes:
    from controller.bedside.instructions import instructions, instructions_html  # heavy

    return instructions_html(instructions(reason, ended, values, also))
