"""The parts of the page's benchmark that need no server: what its operator answers, and what its windows call old."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from controller.bedside.setup import check_setup, first_values, setup_fields
from controller.benchmarks.page import windows
from controller.benchmarks.page.operator import answers
from controller.benchmarks.page.served import named_by
from controller.settings import load_profile


def test_its_operator_leaves_nothing_open(tmp_path: Path) -> None:
    loaded = load_profile("sim", {})
    given = dict(first_values(loaded))
    values = given | answers([field.body() for field in setup_fields(loaded)], given) | {"patient": "beside-1"}
    assert check_setup(values, loaded, datetime.now(UTC).date(), tmp_path) == {}


def test_a_page_is_read_with_all_that_it_names() -> None:
    folder = Path("controller/bedside/page")
    first = named_by((folder / "index.html").read_text())
    assert {"/static/main.js", "/static/style.css"} <= set(first)
    modules = named_by((folder / "main.js").read_text())
    assert "/static/link.js" in modules
    assert all((folder / name.removeprefix("/static/")).is_file() for name in (*first, *modules))


class _Line:
    """A window's line on which all has come already."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self._messages = [aiohttp.WSMessage(aiohttp.WSMsgType.TEXT, json.dumps(message), None) for message in messages]
        self.said: list[str] = []

    def __aiter__(self) -> "_Line":
        return self

    async def __anext__(self) -> aiohttp.WSMessage:
        if not self._messages:
            raise StopAsyncIteration
        return self._messages.pop(0)

    async def send_str(self, text: str) -> None:
        self.said.append(text)


def test_a_value_is_as_old_as_it_is_when_the_next_one_comes(monkeypatch) -> None:
    monkeypatch.setattr(windows.wire, "clock_s", lambda: 100.0)
    views = [
        {"type": "view", "n": 1, "live": True, "made_s": 99.7, "age_s": 0.05},
        {"type": "note"},
        {"type": "view", "n": 2, "live": False, "made_s": 99.8, "age_s": 1.2},
        {"type": "view", "n": 3, "live": True, "made_s": 99.8, "age_s": 0.0},
        {"type": "view", "n": 4, "live": True, "made_s": 99.9, "age_s": 0.0},
    ]
    line, ages_ms = _Line(views), []
    asyncio.run(windows.watch(line, ages_ms))
    assert [round(age_ms) for age_ms in ages_ms] == [200]  # what was called old by the page is not counted as shown
    assert [json.loads(said)["n"] for said in line.said] == [1, 2, 3, 4]
