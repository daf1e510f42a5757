"""Records on the page: what is made of one, and one that plays on the screen that showed it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from controller.bedside.replaying import LONGEST_STEP_S, Place, PlayerProcess
from controller.bedside.work import Work
from controller.procedure import Request, run_procedure
from tests.bedside.serving import Served, Window, browser, serving

pytestmark = pytest.mark.timeout(180)
LIMIT_S = 60.0


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short procedure in virtual time."""
    target = {"injection.target_ml": (0.05, "--target-ml")}
    outcome = run_procedure(Request(overrides=dict(target), records=str(tmp_path_factory.mktemp("records")), virtual=True))
    assert outcome["reason"] == "VOLUME_REACHED"
    return Path(outcome["record"])


async def got(served: Served, path: str) -> tuple[int, aiohttp.ClientResponse, bytes]:
    async with served.session.get(f"{served.base}{path}", timeout=aiohttp.ClientTimeout(LIMIT_S)) as answer:
        return answer.status, answer, await answer.read()


@pytest.mark.parametrize(
    ("made", "kind", "begins"),
    [
        ("report.html", "text/html", b"<!doctype html>"),
        ("report.pdf", "application/pdf", b"%PDF-"),
        ("report.dcm", "application/dicom", bytes(128) + b"DICM"),
        ("record.csv", "text/csv", b"seq,t_s,kind,body,hash"),
        ("record.jsonl", "application/jsonl", b'{"body":'),
    ],
)
def test_what_is_made_of_a_record(made: str, kind: str, begins: bytes, record: Path) -> None:
    async def test() -> None:
        async with serving(record.parent) as served:
            status, answer, data = await got(served, f"/records/{record.name}/{made}")
            assert status == 200, data[:500]
            assert answer.content_type == kind
            assert data.startswith(begins)
            assert record.stem in answer.headers["Content-Disposition"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            if kind == "text/html":
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                assert "script" not in answer.headers["Content-Security-Policy"]

    asyncio.run(test())


def test_the_story_the_list_and_two_side_by_side(record: Path) -> None:
    async def test() -> None:
        async with serving(record.parent) as served:
            _, _, data = await got(served, f"/api/record/{record.stem}")
            story = json.loads(data)
            assert story["headline"].startswith("VOLUME_REACHED")
            assert {"heading", "columns", "rows"} == set(story["tables"][0])
            _, _, data = await got(served, f"/api/compare?first={record.name}&second={record.stem}")
            assert json.loads(data)["tables"]
            _, _, data = await got(served, "/api/records?reason=VOLUME_REACHED&patient=&duct=")
            assert [row["record"] for row in json.loads(data)["rows"]] == [record.name]
            _, _, data = await got(served, "/api/records?reason=PAIN_STOP")
            assert json.loads(data)["rows"] == []
            assert (await got(served, f"/records/{record.name}/report.exe"))[0] == 404

    asyncio.run(test())


def test_a_job_that_hangs_is_killed_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        work = Work("timeit")  # runs what it is given, so long as it is told
        with pytest.raises(Exception, match="was given up"):
            await work.run("-n1", "import time; time.sleep(60)")
        work.close()

    monkeypatch.setattr("controller.bedside.work.LONG_S", 0.5)
    asyncio.run(asyncio.wait_for(test(), 20.0))


def test_a_record_plays_and_can_be_wound(record: Path) -> None:
    async def test() -> None:
        async with serving(record.parent) as served, browser() as other:
            window = await served.window("w", f"/ws/replay/{record.name}?speed=20", other)
            hello = await window.until("hello")
            assert hello["replay"] is True
            assert (await window.until("history"))["points"]
            view = await window.until("view")
            duration_s = view["replay"]["duration_s"]
            assert duration_s > 10.0
            assert view["replay"]["speed"] == 20
            await window.until(at(3.0))
            assert [message for message in window.heard if message["type"] == "note"]
            await window.say({"type": "replay", "paused": True})
            paused = await window.until(lambda message: message["type"] == "view" and message["replay"]["paused"])
            later = [await window.until("view") for _ in range(5)]
            assert {message["replay"]["t_s"] for message in later} == {paused["replay"]["t_s"]}
            assert len({message["n"] for message in later}) == 5, "the line is not dead"
            await window.say({"type": "replay", "paused": False})
            await window.say({"type": "replay", "seek_s": duration_s})
            end = await window.until("end", LIMIT_S)
            assert end["reason"] == "VOLUME_REACHED"
            view = await window.until(at(duration_s - 0.1))
            assert not view["live"]
            await window.say({"type": "replay", "seek_s": 1.0})
            await window.until("history", LIMIT_S)
            view = await window.until("view")
            assert 0.9 < view["replay"]["t_s"] < duration_s / 2

    asyncio.run(asyncio.wait_for(test(), 120.0))


def at(t_s: float) -> Any:
    return lambda message: message["type"] == "view" and message["replay"]["t_s"] >= t_s


def test_nothing_can_be_done_in_a_replay(record: Path) -> None:
    async def test() -> None:
        async with serving(record.parent) as served:
            await served.admit()
            window = await served.window("w", f"/ws/replay/{record.name}")
            hello = await window.until("hello")
            assert (hello["role"], hello["desk"]) == ("operator", False)
            await window.say({"type": "say", "operator": "stop"})
            assert "nothing can be done" in (await window.until("refused"))["text"]
            for message in ({"type": "replay"}, {"type": "replay", "speed": 1e9}, {"type": "replay", "seek_s": True}, "{"):
                await window.say(message)
                assert "no message" in (await window.until("refused"))["text"]

    asyncio.run(asyncio.wait_for(test(), 120.0))


def test_what_can_not_be_played_is_a_sentence(record: Path, tmp_path: Path) -> None:
    async def test() -> None:
        (tmp_path / "20261128T120000Z-0badcafe.sqlite").write_bytes(b"this is no record")
        async with serving(tmp_path) as served:
            assert (await served.get("/ws/replay/nothing?window=w"))[0] in (403, 404)
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await served.window("w", "/ws/replay/nothing")
            assert refusal.value.status == 404
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await served.window("w", "/ws/replay/20261128T120000Z-0badcafe?speed=fast")
            assert refusal.value.status == 400
            window: Window = await served.window("w", "/ws/replay/20261128T120000Z-0badcafe")
            assert "0badcafe" in (await window.until("refused"))["text"]

    asyncio.run(asyncio.wait_for(test(), 120.0))


def test_a_player_that_dies_is_told(record: Path) -> None:
    async def test() -> None:
        player = await PlayerProcess.start(record, ("/bin/false",))
        with pytest.raises(Exception, match="its player has died"):
            await player.ask("begin")
        await player.close()

    asyncio.run(asyncio.wait_for(test(), 30.0))


def test_where_a_replay_is() -> None:
    place = Place(duration_s=100.0, speed=10.0)
    assert place.step(0.1) == pytest.approx(1.0)
    assert place.step(50.0) == pytest.approx(10.0 * LONGEST_STEP_S), "what could not be kept up with is not made up for"
    place.t_s = 99.5
    assert place.step(0.1) == 100.0
    assert place.take({"type": "replay", "seek_s": 1e6})
    assert place.seek_s == 100.0
    assert place.take({"type": "replay", "seek_s": -3})
    assert place.seek_s == 0.0
    for wrong in (
        {"type": "replay", "speed": "2"},
        {"type": "replay", "paused": 1},
        {"type": "replay", "speed": 2, "paused": True},
    ):
        assert not place.take(wrong)
    assert (place.speed, place.paused) == (10.0, False)
