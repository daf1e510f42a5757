"""The set-up: what is asked, what was answered, what is wrong with it, and the order to begin."""

from typing import Any

from aiohttp import web

from controller.bedside.errors import DeniedError
from controller.bedside.ground import today_of_the_patient
from controller.bedside.house import House, body_of, values_of
from controller.display import wire


def routes(house: House) -> list[web.RouteDef]:
    """What this module serves."""
    course = house.course

    async def answer(request: web.Request) -> web.Response:
        from controller.bedside.setup import check_setup  # heavy, and loaded by now

        ground, sheet = await course.settled()
        values, towel_s = dict(sheet.values), sheet.towel_s(wire.clock_s())
        problems: dict[str, str] = await house.work.do(
            check_setup, values, ground.loaded, today_of_the_patient(), ground.records, towel_s=towel_s
        )
        body: dict[str, Any] = {
            "fields": ground.fields,
            "values": values,
            "problems": problems,
            "complete": not problems,
            "read_only": not house.may_act(request) or course.stage != "setup",
            "towel_s": None if towel_s is None else round(towel_s, 1),
        }
        return web.json_response(body)

    async def get(request: web.Request) -> web.Response:
        house.access.need_reader(request)
        return await answer(request)

    async def post(request: web.Request) -> web.Response:
        house.need_desk(request)
        ground, sheet = await course.settled()
        values = await values_of(request)
        course.need("setup")
        if course.beginning:
            raise DeniedError(409, "the procedure is being begun: nothing can be changed now")
        sheet.take(values, {field["name"] for field in ground.fields}, wire.clock_s())
        return await answer(request)

    async def begin(request: web.Request) -> web.Response:
        house.need_desk(request)
        await body_of(request)
        return web.json_response({"record": await course.begin()})

    return [web.get("/api/setup", get), web.post("/api/setup", post), web.post("/api/begin", begin)]
