"""Who may not: a wrong token, one that was used, a page of another origin, another name for this machine."""

import http.client
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from selenium.webdriver.common.by import By

from tests.browser.conftest import Play
from tests.browser.page import Page
from tests.browser.server import Bedside

pytestmark = [pytest.mark.browser, pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(300)]


class _Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>another page</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A page of another program of this machine: another origin, and yet the same site, so that cookies go with its requests."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Blank)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join(5.0)


def said(page: Page) -> str:
    return page.driver.find_element(By.TAG_NAME, "body").text


def test_tokens_and_origins(play: Play, elsewhere: str) -> None:
    play(partial(_who_may_not, elsewhere))


def _who_may_not(elsewhere: str, page: Page, bedside: Bedside) -> None:
    page.driver.get(f"{bedside.base}/operator?token=wrong")
    assert "this is not the address that was printed" in said(page)
    assert page.driver.get_cookies() == []
    page.open(f"{bedside.base}/")
    page.until_shown("watching")
    assert not page.enabled("begin")
    page.open(bedside.url)
    page.until(lambda: not page.shows("watching"), "the right token is the operator's")
    assert page.driver.current_url == f"{bedside.base}/", "and does not stay in the address"
    (cookie,) = page.driver.get_cookies()
    assert cookie["httpOnly"] is True
    assert cookie["sameSite"] == "Strict"
    page.driver.get(bedside.url)
    assert "has been used already" in said(page)
    _another_page_is_refused(page, bedside, elsewhere)
    _forged_by_hand(bedside, cookie["value"])


def _another_page_is_refused(page: Page, bedside: Bedside, elsewhere: str) -> None:
    page.driver.get(elsewhere)
    script = """
        const [base, tell] = arguments;
        const socket = new WebSocket(base.replace("http", "ws") + "/ws?window=elsewhere");
        const line = new Promise((told) => {
          socket.onopen = () => told("open");
          socket.onclose = () => told("refused");
        });
        const told = (got) => `${got.type} ${got.status}`;
        const asked = (path, init) => fetch(base + path, {credentials: "include", ...init}).then(told, () => "refused");
        Promise.all([
          line,
          asked("/api/setup", {}),
          asked("/api/begin", {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"}),
          asked("/api/setup", {method: "POST", mode: "no-cors", body: "{}"}),
        ]).then(tell);
    """
    line, read, begun, blind = page.driver.execute_async_script(script, bedside.base)
    assert line == "refused"
    assert read == "refused"
    assert begun == "refused"
    assert blind in ("refused", "opaque 0"), "what comes of it is not told; that it does nothing is seen below"


def _forged_by_hand(bedside: Bedside, cookie: str) -> None:
    """Even with the operator's own cookie."""
    operator = {"Cookie": f"ductoject_operator={cookie}", "Content-Type": "application/json"}
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    evil = {"Origin": "http://evil.example"}
    for method, path, headers, status, words in (
        ("POST", "/api/begin?window=a", evil, 403, "another origin"),
        ("POST", "/api/begin?window=a", {}, 403, "Origin"),
        ("GET", "/ws?window=a", evil | upgrade, 403, "another origin"),
        ("GET", "/ws?window=a", upgrade, 403, "Origin"),
        ("GET", "/", {"Host": "evil.example"}, 421, "has no other name"),
        ("GET", "/api/setup", {"Host": f"evil.example:{bedside.port}"}, 421, "has no other name"),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", bedside.port, timeout=5.0)
        connection.request(method, path, body=b"{}" if method == "POST" else None, headers=operator | headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        assert (answer.status, words in body) == (status, True), (method, path, headers, answer.status, body)
