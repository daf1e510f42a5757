"""Who may do what: only this machine's own browser is spoken to, one session operates, everybody else only looks.

The address that is printed at the start holds a token. Its first use makes the operator's session (a cookie) and uses the token
up.
"""

import hmac
import secrets
from collections.abc import Callable
from typing import Final

from aiohttp import web

from controller.bedside.errors import DeniedError, Handler
from controller.bedside.peers import is_ours, user_of

COOKIE: Final = "ductoject_operator"
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; img-src 'self' data:"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Server": "ductoject",
}
PAPER_POLICY: Final = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""In place of the page's policy, for what is made to be printed: it has its styles inside, and no script can run in it."""

NOT_THE_OPERATOR: Final = (
    "this window only watches: the operator's is the one that was opened with the address printed at the start"
)
_LOOKING: Final = ("GET", "HEAD")


class Access:
    """The gate of one server. user_of: who is at the other end of a connection."""

    def __init__(self, port: int, find_user: Callable[[tuple[str, int], int], int | None] = user_of) -> None:
        self._port = port
        self._find_user = find_user
        self._token: str | None = None
        self._session: str | None = None

    def new_token(self) -> str:
        """A token that opens one operator's session; the one before it is worth nothing any more."""
        self._token = secrets.token_urlsafe(32)
        return self._token

    def address(self, token: str) -> str:
        """Where the operator's browser is sent first."""
        return f"http://127.0.0.1:{self._port}/operator?token={token}"

    def admit(self, request: web.Request) -> str:
        """Uses the token up and returns the new session's cookie, which ends the session before it. Raises DeniedError."""
        if not self.is_ours(request):
            raise DeniedError(403, "the operator's session is opened by the user who started ductoject, and by no other user")
        given = request.query.get("token", "")
        if self._token is None or not hmac.compare_digest(given.encode(), self._token.encode()):
            why = "this address has been used already" if self._token is None else "this is not the address that was printed"
            raise DeniedError(
                403, f"{why}: it opens one operator's session, once; others watch at http://127.0.0.1:{self._port}/"
            )
        self._token, self._session = None, secrets.token_urlsafe(32)
        return self._session

    def is_operator(self, request: web.Request) -> bool:
        """Whether it comes from the operator's browser."""
        given = request.cookies.get(COOKIE, "")
        return self._session is not None and hmac.compare_digest(given.encode(), self._session.encode())

    def need_operator(self, request: web.Request) -> None:
        """Raises DeniedError for everybody else."""
        if not self.is_operator(request):
            raise DeniedError(403, NOT_THE_OPERATOR)

    def need_reader(self, request: web.Request) -> None:
        """Records and forms are read by the operator, and by whoever may read the files. Raises DeniedError."""
        if not self.is_operator(request) and not self.is_ours(request):
            raise DeniedError(
                403, "records are for the user who started ductoject: other users of this machine only see the screen"
            )

    def is_ours(self, request: web.Request) -> bool:
        """Whether the user who started this server is at the other end."""
        peer = request.transport.get_extra_info("peername") if request.transport is not None else None
        return isinstance(peer, tuple) and is_ours(self._find_user((str(peer[0]), int(peer[1])), self._port))

    def check(self, request: web.Request) -> None:
        """What holds for every request, whoever sends it. Raises DeniedError."""
        hosts = request.headers.getall("Host", [])
        if len(hosts) != 1 or hosts[0].lower() not in (f"127.0.0.1:{self._port}", f"localhost:{self._port}"):
            raise DeniedError(421, f"this server is 127.0.0.1:{self._port} and has no other name")
        origins = request.headers.getall("Origin", [])
        if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in origins):
            raise DeniedError(403, "this request was made by a page of another origin")
        acts = request.method not in _LOOKING or "Upgrade" in request.headers
        if acts and len(origins) != 1:
            raise DeniedError(403, "this request does not say which page has made it (Origin)")
        site, mode = request.headers.get("Sec-Fetch-Site"), request.headers.get("Sec-Fetch-Mode")
        if site in ("cross-site", "same-site") and (acts or mode != "navigate"):
            raise DeniedError(403, "this request was made by a page of another site")

    @web.middleware
    async def gate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Before every handler."""
        self.check(request)
        return await handler(request)


async def with_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """On every answer; a handler may have set a stricter one itself."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
