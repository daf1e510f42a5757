"""Who is let in: this machine's own browser, one operator, and for what is in the records only who may read the files."""

import os
from pathlib import Path
from typing import Any

import pytest

from controller.bedside.access import COOKIE
from tests.bedside.serving import Served, browser, raw, run, serving

pytestmark = pytest.mark.timeout(90)
NOBODY = 65534


def nobody(_peer: tuple[str, int], _port: int) -> int | None:
    return NOBODY if os.geteuid() != NOBODY else NOBODY - 1


def request(port: int, head: str, **headers: str | None) -> bytes:
    told: dict[str, str | None] = {"Host": f"127.0.0.1:{port}", "Connection": "close"}
    lines = [head, *(f"{name}: {value}" for name, value in (told | headers).items() if value is not None), "", ""]
    return "\r\n".join(lines).encode()


async def status_of(served: Served, head: str, **headers: str | None) -> tuple[int, str]:
    """Of one request as it stands in the line."""
    import asyncio

    told = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = (await asyncio.to_thread(raw, served.port, request(served.port, head, **told))).decode()
    return int(answer.split()[1]), answer


def test_the_address_works_once_and_makes_the_operator(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served, browser() as other:
            access = served.server.house.access
            address = access.address(access.new_token())
            async with served.session.get(address, allow_redirects=False) as answer:
                assert answer.status == 303
                assert answer.headers["Location"] == "/"
                cookie = answer.headers["Set-Cookie"]
                assert cookie.startswith(f"{COOKIE}=")
                assert "HttpOnly" in cookie
                assert "SameSite=Strict" in cookie
                assert "Path=/" in cookie
            async with other.get(address) as answer:
                assert answer.status == 403
                assert "has been used already" in await answer.text()
            hello = await (await served.window("a")).next()
            assert hello is not None
            assert (hello["role"], hello["desk"]) == ("operator", True)
            hello = await (await served.window("b", session=other)).next()
            assert hello is not None
            assert (hello["role"], hello["desk"]) == ("watcher", False)

    run(test)


def test_a_wrong_address_opens_nothing_and_uses_nothing_up(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served:
            served.server.house.access.new_token()
            for wrong in ("", "?token=", "?token=x", "?token=%00", "?token=" + "x" * 43, "?token=\u00e4"):
                status, page = await served.get("/operator" + wrong)
                assert status == 403, wrong
                assert "<p>" in page
            status, _ = await served.get(f"/operator?token={served.server.house.access._token}")
            assert status == 200

    run(test)


def test_a_new_address_ends_the_session_before_it(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served, browser() as other:
            await served.admit()
            window = await served.window()
            access = served.server.house.access
            async with other.get(access.address(access.new_token())) as answer:
                assert answer.status == 200
            while await window.next() is not None:
                pass
            hello = await (await served.window()).next()
            assert hello is not None
            assert hello["role"] == "watcher"
            assert (await served.post("/api/setup", {"values": {}}))[0] == 403

    run(test)


def test_another_user_of_the_machine_sees_the_screen_and_nothing_of_whose_it_is(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path, user=nobody) as served:
            access = served.server.house.access
            status, page = await served.get(f"/operator?token={access.new_token()}")
            assert status == 403
            assert "by no other user" in page
            assert access._token is not None, "and the address still works for who it was made for"
            assert (await served.get("/"))[0] == 200
            hello = await (await served.window()).next()
            assert hello is not None
            assert hello["role"] == "watcher"
            paths = ("/api/setup", "/api/after", "/api/records", "/api/record/x", "/api/compare?first=x&second=y")
            for path in (*paths, "/records/x/report.html", "/instructions"):
                status, told = await served.get(path)
                assert status == 403, path
                text = told["problems"][""] if path.startswith("/api") else told
                assert "records are for the user who started ductoject" in text
            async with served.session.ws_connect(f"{served.base}/ws", origin=served.base, params={"window": "w"}) as socket:
                assert not socket.closed
            async with served.session.get(
                f"{served.base}/ws/replay/x?window=w",
                headers={"Upgrade": "websocket", "Connection": "Upgrade", "Origin": served.base},
            ) as answer:
                assert answer.status == 403

    run(test)


@pytest.mark.parametrize(
    ("head", "headers", "status"),
    [
        ("GET / HTTP/1.1", {}, 200),
        ("GET / HTTP/1.1", {"Host": "evil.example"}, 421),
        ("GET / HTTP/1.1", {"Host": "127.0.0.1"}, 421),
        ("GET / HTTP/1.1", {"Host": "127.0.0.1:1"}, 421),
        ("GET / HTTP/1.1", {"Host": "[::1]:{port}"}, 421),
        ("GET / HTTP/1.1", {"Host": "evil.example:{port}"}, 421),
        ("GET / HTTP/1.1", {"Host": "localhost:{port}"}, 200),
        ("GET / HTTP/1.1", {"Origin": "http://127.0.0.1:{port}"}, 200),
        ("GET / HTTP/1.1", {"Origin": "http://evil.example"}, 403),
        ("GET / HTTP/1.1", {"Origin": "null"}, 403),
        ("GET / HTTP/1.1", {"Origin": "http://localhost:{port}"}, 403),
        ("GET / HTTP/1.1", {"Origin": "https://127.0.0.1:{port}"}, 403),
        ("GET / HTTP/1.1", {"Origin": "http://127.0.0.1:1"}, 403),
        ("GET /static/main.js HTTP/1.1", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}, 403),
        ("GET /static/main.js HTTP/1.1", {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors"}, 403),
        ("GET / HTTP/1.1", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}, 200),
        ("GET / HTTP/1.1", {"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "cors"}, 200),
        ("POST /api/begin?window=w HTTP/1.1", {"Content_Type": "application/json", "Content_Length": "0"}, 403),
        ("GET /ws?window=w HTTP/1.1", {"Upgrade": "websocket", "Connection": "Upgrade"}, 403),
        ("GET /ws?window=w HTTP/1.1", {"Upgrade": "websocket", "Connection": "Upgrade", "Origin": "http://evil.example"}, 403),
        ("DELETE / HTTP/1.1", {"Origin": "http://127.0.0.1:{port}"}, 405),
        ("GET /static/../server.py HTTP/1.1", {}, 404),
        ("GET /static/..%2fserver.py HTTP/1.1", {}, 404),
        ("GET /static/%2e%2e%2fserver.py HTTP/1.1", {}, 404),
        ("GET /static/index.html HTTP/1.1", {}, 404),
        ("GET /nothing HTTP/1.1", {}, 404),
    ],
    ids=str,
)
def test_the_gate(head: str, headers: dict[str, str], status: int, tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served:
            told = {name: value.replace("{port}", str(served.port)) for name, value in headers.items()}
            got, answer = await status_of(served, head, **told)
            assert got == status, answer

    run(test)


def test_two_hosts_are_none(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served:
            both = f"127.0.0.1:{served.port}\r\nHost: 127.0.0.1:{served.port}"
            got, _ = await status_of(served, "GET / HTTP/1.1", Host=both)
            assert got in (400, 421)

    run(test)


def test_every_answer_bears_the_headers_that_keep_others_out(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served:
            for path in ("/", "/static/main.js", "/nothing", "/api/setup", "/api/record/x", "/operator?token=x"):
                async with served.session.get(served.base + path) as answer:
                    headers = answer.headers
                    assert "default-src 'self'" in headers["Content-Security-Policy"], path
                    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
                    assert "unsafe" not in headers["Content-Security-Policy"]
                    assert headers["X-Content-Type-Options"] == "nosniff"
                    assert headers["X-Frame-Options"] == "DENY"
                    assert headers["Cache-Control"] == "no-store"
                    assert headers["Referrer-Policy"] == "no-referrer"
                    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
                    assert "Access-Control-Allow-Origin" not in headers

    run(test)


@pytest.mark.parametrize(
    ("body", "kind", "status", "says"),
    [
        (b"x" * 70000, "application/json", 413, "64 KiB"),
        (b"{}", "text/plain", 415, "JSON"),
        (b"{", "application/json", 400, "no JSON object"),
        (b"[]", "application/json", 400, "no JSON object"),
        (b'{"values": {"target_ml": NaN}}', "application/json", 400, "no JSON object"),
        (b"[" * 60000, "application/json", 400, "no JSON object"),
        (b'{"values": []}', "application/json", 400, "no values"),
        (b'{"values": {"limits.line_kpa": 999}}', "application/json", 400, "no field"),
        (b'{"values": {"towel_began": true}, "more": 1}', "application/json", 200, None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_sent_is_bounded_and_read_strictly(body: bytes, kind: str, status: int, says: str | None, tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served:
            await served.admit()
            await (await served.window()).until("hello")
            headers = {"Origin": served.base, "Content-Type": kind}
            async with served.session.post(f"{served.base}/api/setup?window=window-1", data=body, headers=headers) as answer:
                told: dict[str, Any] = await answer.json()
                assert answer.status == status, told
                assert says is None or says in told["problems"][""]

    run(test)


def test_nobody_but_the_desk_sets_up_begins_or_goes_on(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served:
            for path in ("/api/setup", "/api/begin", "/api/after", "/api/new"):
                status, told = await served.post(path, {"values": {}})
                assert status == 403, path
                assert "only watches" in told["problems"][""]
            await served.admit()
            first, second = await served.window("first"), await served.window("second")
            await first.until("hello")
            await second.until("hello")
            for path in ("/api/setup", "/api/begin", "/api/after", "/api/new"):
                status, told = await served.post(path, {"values": {}}, window="second")
                assert status == 403, path
                assert "another window has the desk" in told["problems"][""]
            assert (await served.post("/api/setup", {"values": {}}, window="first"))[0] == 200
            assert (await served.post("/api/setup", {"values": {}}, window=""))[0] == 400
            await second.say({"type": "take_desk"})
            told = await second.until(lambda message: message["type"] == "hello" and message["desk"])
            told = await first.until(lambda message: message["type"] == "hello" and not message["desk"])
            assert told["role"] == "operator"
            assert (await served.post("/api/setup", {"values": {}}, window="first"))[0] == 403
            assert (await served.post("/api/setup", {"values": {}}, window="second"))[0] == 200

    run(test)
