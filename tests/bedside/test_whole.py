"""The command itself, with a real control process and a simulated bench: a procedure and its papers."""

import asyncio
import json
import signal
import socket
import stat
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hil_tests.machine_watch import MachineWatch, Steady
from tests.bedside.serving import Window, browser, right_answers

pytestmark = [pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(420)]
DUCTOJECT = str(Path(sys.executable).with_name("ductoject"))
COMMAND_S = 30.0
ATTEMPT_S = 100.0


class Page:
    """The operator's browser, without the browser."""

    def __init__(self, process: Process, session: aiohttp.ClientSession, base: str) -> None:
        self.process, self.session, self.base = process, session, base

    async def window(self, path: str = "/ws") -> Window:
        return Window(await self.session.ws_connect(f"{self.base}{path}?window=w-1", origin=self.base))

    async def get(self, path: str) -> tuple[int, bytes]:
        async with self.session.get(f"{self.base}{path}", timeout=aiohttp.ClientTimeout(90.0)) as answer:
            return answer.status, await answer.read()

    async def post(self, path: str, body: Any) -> Any:
        address = f"{self.base}{path}?window=w-1"
        timeout = aiohttp.ClientTimeout(COMMAND_S)
        async with self.session.post(address, json=body, headers={"Origin": self.base}, timeout=timeout) as answer:
            told = await answer.json()
            assert answer.status == 200, told
            return told

    async def begin(self, target_ml: float) -> Window:
        window = await self.window()
        await window.until("hello")
        told = await self.post("/api/setup", {"values": right_answers() | {"target_ml": target_ml}})
        assert told["problems"] == {}
        await self.post("/api/begin", {})
        return window


@asynccontextmanager
async def commanded(records: Path, *options: str) -> AsyncIterator[Page]:
    """`ductoject bedside`, and a browser that has used the address up."""
    command = [DUCTOJECT, "bedside", "--no-browser", "--json", "--records", str(records), *options]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), COMMAND_S)
        address = json.loads(line)["url"]
        async with browser() as session:
            async with session.get(address) as answer:
                assert answer.status == 200
                assert "<title>ductoject</title>" in await answer.text()
            yield Page(process, session, address.partition("/operator")[0])
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.communicate(), COMMAND_S)


async def answers(window: Window, until: str = "end") -> dict[str, Any]:
    """Says yes to every question until then."""
    answered: set[str] = set()
    while True:
        told = await window.next()
        assert told is not None
        if told["type"] == until:
            return told
        question = (told.get("snapshot") or {}).get("question") if told["type"] == "view" and told["live"] else None
        if question is None or question["id"] in answered:
            continue
        answered.add(question["id"])
        if question["id"].startswith("go"):
            await window.say({"type": "say", "operator": "go"})
        else:
            typed = question["typed"] or ""
            await window.say({"type": "say", "operator": "confirm", "question": question["id"], "typed": typed})


@pytest.fixture
def steady(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Steady]:
    """Tries once more where it failed while the machine itself stood still."""
    properties = request.node.user_properties
    with MachineWatch.start() as watch:
        yield Steady(watch, tmp_path, lambda why: properties.append(("played_again", f"{request.node.name}: {why}")))


@pytest.mark.campaign  # tests/browser does the same with a browser in `make test`, and this one runs with `make scenarios`
def test_a_procedure_and_its_papers(steady: Steady) -> None:
    async def test(folder: Path) -> None:
        async with commanded(folder) as page:
            window = await page.begin(0.05)
            end = await answers(window)
            assert end["reason"] == "VOLUME_REACHED", end["text"]
            assert end["delivered_ml"] == pytest.approx(0.05, abs=0.002)
            name = Path(end["record"]).name
            told = await page.post(
                "/api/after", {"values": {"cannula_removed": True, "bleeding": "none", "findings_text": "nothing"}}
            )
            assert told["saved"], told["problems"]
            assert told["record"] == name
            assert any("Image now" in text for text in told["advice"])
            assert (await page.get("/instructions"))[1].startswith(b"<!doctype html>")
            status, data = await page.get(f"/records/{name}/report.html")
            assert status == 200, data[:500]
            for item in folder.iterdir():
                assert stat.S_IMODE(item.stat().st_mode) & 0o077 == 0, f"{item} is for its owner only"
            await page.post("/api/new", {})

    steady(lambda folder: asyncio.run(asyncio.wait_for(test(folder), ATTEMPT_S)))


def test_the_page_stops_it_and_numbers_on_it_are_young(steady: Steady) -> None:
    async def test(folder: Path) -> None:
        async with commanded(folder) as page:
            window = await page.begin(0.2)
            ages_s = []
            while len(ages_s) < 30:
                told = await window.until("view")
                if told["live"]:
                    ages_s.append(told["age_s"])
            assert sorted(ages_s)[-4] < 0.25
            await window.say({"type": "say", "operator": "pain"})
            assert (await window.until("sent"))["act"] == "pain"
            end = await window.until("end")
            assert end["reason"] == "PAIN_STOP"
            view = await window.until(lambda message: message["type"] == "view" and message["alarm"] is not None)
            assert (view["alarm"]["priority"], view["alarm"]["reason"]) == ("high", "PAIN_STOP")

    steady(lambda folder: asyncio.run(asyncio.wait_for(test(folder), ATTEMPT_S)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_server_stops_what_runs_and_waits_for_its_end(number: signal.Signals, tmp_path: Path) -> None:
    async def test() -> None:
        async with commanded(tmp_path) as page:
            window = await page.begin(0.2)
            await window.until(lambda message: message["type"] == "view" and message["live"])
            page.process.send_signal(number)
            end = await window.until("end")
            assert end["reason"] == "OPERATOR_STOP"
            _, said = await asyncio.wait_for(page.process.communicate(), COMMAND_S)
            assert page.process.returncode == 0
            assert b"its end is waited for" in said
            assert b"the procedure has ended" in said
            assert b"Traceback" not in said

    asyncio.run(test())


def test_a_new_address_comes_by_a_signal(tmp_path: Path) -> None:
    async def test() -> None:
        async with commanded(tmp_path) as page:
            assert page.process.stdout is not None
            page.process.send_signal(signal.SIGUSR1)
            line = await asyncio.wait_for(page.process.stdout.readline(), COMMAND_S)
            async with browser() as other, other.get(json.loads(line)["url"]) as answer:
                assert answer.status == 200

    asyncio.run(test())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--profile", "nowhere"], "there is no profile"),
        (["--scenario", "nothing"], "no scenario is called 'nothing'"),
        (["--records", "/proc/nowhere"], "--records /proc/nowhere"),
        (["--port", "70000"], "65535"),
        (["--port", "TAKEN"], "Address already in use"),
    ],
)
def test_what_can_not_be_served_is_a_sentence_and_exit_2(options: list[str], says: str, tmp_path: Path) -> None:
    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            told = [option.replace("TAKEN", str(other.getsockname()[1])) for option in options]
            command = [DUCTOJECT, "bedside", "--no-browser", *told]
            process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, stdout=PIPE, stderr=PIPE)
            out, err = await asyncio.wait_for(process.communicate(), COMMAND_S)
        assert process.returncode == 2, err
        assert says in err.decode()
        assert b"Traceback" not in err
        assert out == b""

    asyncio.run(test())
