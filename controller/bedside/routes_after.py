"""After a procedure: what is asked and advised, what of it is in the record, and the way to the next one."""

from datetime import UTC, date, datetime
from typing import Any

from aiohttp import web

from controller.bedside.course import Course
from controller.bedside.errors import DeniedError
from controller.bedside.ground import today_of_the_patient
from controller.bedside.house import House, body_of, values_of
from controller.bedside.live import Live
from controller.bedside.sheets import merge
from controller.display import wire
from controller.record.errors import RecordError


def routes(house: House) -> list[web.RouteDef]:
    """What this module serves."""
    course = house.course

    def answer(request: web.Request) -> web.Response:
        from controller.bedside.after_care import (
            advice,
            after_fields,
            after_values_of,
            check_after,
            reschedule,
            suspects_extravasation,
        )

        live, sheet = _after(course), course.after
        reason, also = live.reason, live.also
        problems = dict(check_after(sheet.values, reason, also))
        if sheet.trouble is not None:
            problems[""] = sheet.trouble
        ended = _day_of_the_end(course)
        first, last = reschedule(ended)
        rest = suspects_extravasation(reason, sheet.values, also)
        since_s = live.imaging_since_s(wire.clock_s())
        body: dict[str, Any] = {
            "fields": [field.body() for field in after_fields(reason, also)],
            "values": sheet.values,
            "problems": problems,
            "advice": advice(reason, ended, sheet.values, also),
            "imaging_since_s": None if since_s is None else round(since_s, 1),
            "reschedule": {"from": first.isoformat(), "to": last.isoformat()} if rest else None,
            "record": live.record,
            "saved": sheet.saved(after_values_of(sheet.values)),
            "read_only": not house.may_act(request),
        }
        return web.json_response(body)

    async def get(request: web.Request) -> web.Response:
        house.access.need_reader(request)
        return answer(request)

    async def post(request: web.Request) -> web.Response:
        from controller.bedside.after_care import after_fields

        house.need_desk(request)
        values = await values_of(request)
        live = _after(course)
        merge(course.after.values, values, {field.name for field in after_fields(live.reason, live.also)})
        await store(house)
        return answer(request)

    async def new(request: web.Request) -> web.Response:
        house.need_desk(request)
        await body_of(request)
        _after(course)
        if course.alarms.view(wire.clock_s()) is not None:
            raise DeniedError(409, "the alarm is not reset yet")
        if course.after.values.get("cannula_removed") is not True:
            raise DeniedError(
                409, problems={"": "it is not confirmed yet that the cannula is out", "cannula_removed": "not confirmed yet"}
            )
        if course.running:
            raise DeniedError(409, "the control process has not ended yet: ask again in a moment")
        course.renew()
        return web.json_response({})

    return [web.get("/api/after", get), web.post("/api/after", post), web.post("/api/new", new)]


async def store(house: House) -> None:
    """Writes the newest answers into the record, if they are others than it holds; what hinders that stands on the sheet."""
    from controller.bedside.after_care import after_values_of

    sheet = house.course.after
    async with house.course.storing:
        right = after_values_of(sheet.values)
        if right == sheet.stored:
            return
        sheet.trouble = await note_after(house, {"name": "after_care", "values": right})
        if sheet.trouble is None:
            sheet.stored = right


async def note_after(house: House, body: dict[str, Any]) -> str | None:
    """Adds something to the record of the procedure that has ended. What hinders that, as a sentence."""
    from controller.record.after import append_after

    path = house.course.path
    if path is None:
        return "there is no record to write this into"
    try:
        await house.work.do(append_after, path, {"utc": datetime.now(UTC).isoformat(), **body})
    except (RecordError, DeniedError) as error:
        return str(error)
    return None


def _after(course: Course) -> Live:
    course.need("after")
    if course.live is None:
        raise DeniedError(409, "there is no procedure that has ended")
    return course.live


def _day_of_the_end(course: Course) -> date:
    return course.ended_on or today_of_the_patient()
