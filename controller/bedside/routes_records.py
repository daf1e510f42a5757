"""What was done: the list of records, one of them, two side by side, and what is made of one for people and other programs.

A record is named by its file's name, and the name is looked up among the files of the records' folder: nothing else can be
reached.
"""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from controller.bedside.access import PAPER_POLICY
from controller.bedside.errors import DeniedError
from controller.bedside.house import House
from controller.record.files import SUFFIX, record_files
from controller.record.listing import list_records
from controller.record.search import Wanted

_ASKED: Final = ("patient", "duct", "kind", "reason", "since", "until")
_MADE: Final = {
    "report.html": ("html", "text/html", "inline"),
    "report.pdf": ("pdf", "application/pdf", "inline"),
    "report.dcm": ("dcm", "application/dicom", "attachment"),
    "record.csv": ("csv", "text/csv", "attachment"),
    "record.jsonl": ("jsonl", "application/jsonl", "attachment"),
}


def routes(house: House) -> list[web.RouteDef]:
    """What this module serves."""

    async def records(request: web.Request) -> web.Response:
        house.access.need_reader(request)
        asked = {name: request.query.get(name) or None for name in _ASKED}
        try:
            wanted = Wanted.of(**asked)
        except ValueError as error:
            raise DeniedError(400, str(error).replace("--", "")) from error
        ground, _ = await house.course.settled()
        return web.json_response({"rows": await house.work.do(_rows, ground.records, wanted)})

    async def one(request: web.Request) -> web.Response:
        house.access.need_reader(request)
        path = await find(house, request.match_info["name"])
        return web.Response(body=await house.work.run("story", str(path)), content_type="application/json")

    async def compare(request: web.Request) -> web.Response:
        house.access.need_reader(request)
        first, second = [await find(house, request.query.get(each, "")) for each in ("first", "second")]
        return web.Response(body=await house.work.run("compare", str(first), str(second)), content_type="application/json")

    async def made(request: web.Request) -> web.Response:
        house.access.need_reader(request)
        name = request.match_info["made"]
        if name not in _MADE:
            raise web.HTTPNotFound
        kind, content_type, place = _MADE[name]
        path = await find(house, request.match_info["name"])
        body = await house.work.run(kind, str(path))
        headers = {"Content-Disposition": f'{place}; filename="{path.stem}.{name.rpartition(".")[2]}"'}
        if kind == "html":
            headers["Content-Security-Policy"] = PAPER_POLICY
        if kind == "pdf":
            headers["Content-Security-Policy"] = "frame-ancestors 'none'"  # the browser's own reader has styles and scripts
        return web.Response(body=body, content_type=content_type, headers=headers)

    return [
        web.get("/api/records", records),
        web.get("/api/record/{name}", one),
        web.get("/api/compare", compare),
        web.get("/records/{name}/{made}", made),
    ]


async def find(house: House, name: str) -> Path:
    """The record of this name, with or without its ending. Raises DeniedError."""
    ground, _ = await house.course.settled()
    paths = await asyncio.to_thread(record_files, ground.records)
    known = {path.name: path for path in paths} | {path.stem: path for path in paths}
    path = known.get(name)
    if path is None or not path.is_file():
        raise DeniedError(404, f"there is no record {name[:60]!r}: records end in {SUFFIX} and are listed under Records")
    return path


def _rows(directory: Path, wanted: Wanted) -> list[dict[str, Any]]:
    return [asdict(row) for row in list_records(directory) if wanted.fits(row)]
