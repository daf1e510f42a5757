"""What the server refuses, and how that leaves it: a sentence a field as JSON for the page, a small page for a person."""

import html
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from controller.record.errors import RecordError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_SENTENCES: Final = {
    404: "there is nothing at this address",
    405: "this address is not for such a request",
    413: "the request is larger than 64 KiB, and nothing here needs so much",
}


class DeniedError(Exception):
    """A request that is not fulfilled. problems: field, or "" for the whole, and one sentence about it."""

    def __init__(self, status: int, text: str = "", problems: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.problems = dict(problems) if problems is not None else {"": text}
        super().__init__("; ".join(self.problems.values()))


def refusal(path: str, status: int, problems: Mapping[str, str]) -> web.Response:
    """The answer to a request for this path that is refused."""
    if path.startswith("/api"):
        return web.json_response({"problems": dict(problems)}, status=status)
    told = "".join(f"<p>{html.escape(text)}</p>" for text in problems.values())
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>ductoject</title><body>{told}</body></html>\n'
    return web.Response(text=page, status=status, content_type="text/html")


@web.middleware
async def in_sentences(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Makes an answer of whatever goes wrong behind it. What nobody thought of goes to standard error, and not to the page."""
    try:
        return await handler(request)
    except DeniedError as error:
        return refusal(request.path, error.status, error.problems)
    except RecordError as error:
        return refusal(request.path, 422, {"": str(error)})
    except web.HTTPException as error:
        return refusal(request.path, error.status, {"": _SENTENCES.get(error.status, error.reason)})
    except Exception as error:  # noqa: BLE001 - one request must not take the others with it
        traceback.print_exc(file=sys.stderr)
        return refusal(request.path, 500, {"": f"the page's server has failed at this: {type(error).__name__}; it goes on"})
