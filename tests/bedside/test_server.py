"""The course of things on a server, as windows and requests see it: set-up, procedure, stop, death, after-care."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from controller.bedside.routes_live import NOT_UNDERSTOOD, SEND_S, TOO_MANY
from tests.bedside.serving import Served, Window, browser, right_answers, run, serving

pytestmark = pytest.mark.timeout(120)
STOP = {"type": "say", "operator": "stop"}


async def at_the_desk(served: Served) -> Window:
    await served.admit()
    window = await served.window()
    await window.until("hello")
    return window


async def begun(served: Served) -> Window:
    """A procedure runs; the operator's window has seen its first number."""
    window = await at_the_desk(served)
    assert (await served.post("/api/setup", {"values": right_answers()}))[1]["problems"] == {}
    status, told = await served.post("/api/begin", {})
    assert status == 200, told
    assert told["record"].endswith(".sqlite")
    await window.until(lambda message: message["type"] == "view" and message["live"])
    return window


def says(text: str) -> Any:
    return lambda message: message["type"] == "note" and text in message["text"]


def test_a_set_up_is_kept_said_and_not_begun_before_it_is_right(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served:
            await at_the_desk(served)
            status, told = await served.get("/api/setup?window=window-1")
            assert status == 200
            assert not told["complete"]
            assert not told["read_only"]
            assert {"name", "group", "label", "kind", "options", "unit", "required", "help"} == set(told["fields"][0])
            status, told = await served.post("/api/begin", {})
            assert status == 409
            assert "consent" in told["problems"]
            status, told = await served.post("/api/setup", {"values": right_answers() | {"target_ml": 0.35}})
            assert status == 200
            assert told["values"]["target_ml"] == 0.35, "what was typed stays, and is not clamped"
            assert "0.3" in told["problems"]["target_ml"]
            assert (await served.post("/api/begin", {}))[0] == 409
            status, told = await served.get("/api/setup?window=another")
            assert told["read_only"]
            assert told["values"]["target_ml"] == 0.35, "another window sees the same"
            status, told = await served.post("/api/setup", {"values": {"target_ml": 0.2, "scout_mag": None}})
            assert "scout_mag" not in told["values"]
            status, told = await served.post("/api/setup", {"values": {"scout_mag": True, "towel_began": True}})
            assert 0.0 <= told["towel_s"] < 5.0
            assert not served.server.house.course.running, "and nothing has been started by all this"

    run(test)


def test_a_procedure_from_its_order_to_the_next_one(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served:
            window = await begun(served)
            order = json.loads((tmp_path / "order.json").read_text())
            assert order["overrides"]["injection.target_ml"][0] == 0.2
            assert (order["patient"], order["duct"]) == ("P-17", "left 2")
            assert order["setup"]["consent"] is True
            view = await window.until(lambda message: message["type"] == "view" and message["live"])
            assert view["age_s"] < 0.5
            assert view["health"]["control"] == "ok"
            assert view["snapshot"]["delivered_ml"] == 0.05
            assert (await served.post("/api/setup", {"values": {"side": "right"}}))[0] == 409
            assert (await served.post("/api/begin", {}))[0] == 409
            assert (await served.get("/api/after"))[0] == 409
            await window.say({"type": "say", "operator": "confirm", "question": "arm", "typed": "arm"})
            assert "type ARM" in (await window.until("refused"))["text"]
            await window.say({"type": "say", "operator": "confirm", "question": "prime", "typed": "ARM"})
            assert "not the question" in (await window.until("refused"))["text"]
            await window.say({"type": "say", "operator": "go"})
            assert "not what is asked" in (await window.until("refused"))["text"]
            await window.say({"type": "say", "operator": "confirm", "question": "arm", "typed": "ARM"})
            assert (await window.until("sent"))["act"] == "confirm"
            await window.until(says('"typed": "ARM"'))
            await window.until(lambda message: message["type"] == "view" and message["snapshot"]["question"]["id"] == "go-1")
            await window.say({"type": "say", "operator": "go"})
            await window.until(says('"go"'))
            await window.say(STOP)
            end = await window.until("end")
            assert end["reason"] == "OPERATOR_STOP"
            await window.until(lambda message: message["type"] == "hello" and message["stage"] == "after")
            view = await window.until("view")
            assert not view["live"]
            assert view["alarm"]["reason"] == "OPERATOR_STOP"
            status, told = await served.get("/api/after?window=window-1")
            assert status == 200
            assert told["imaging_since_s"] is not None
            assert told["advice"]
            status, told = await served.post("/api/new", {})
            assert status == 409
            assert "alarm" in told["problems"][""]
            await asyncio.sleep(0.4)
            await window.say({"type": "alarm", "do": "reset"})
            assert "acknowledge" in (await window.until("refused"))["text"]
            await window.say({"type": "alarm", "do": "acknowledge"})
            await window.say({"type": "alarm", "do": "reset"})
            await window.until(lambda message: message["type"] == "view" and message["alarm"] is None)
            status, told = await served.post("/api/new", {})
            assert "cannula_removed" in told["problems"]
            status, told = await served.post("/api/after", {"values": {"cannula_removed": True}})
            assert not told["saved"], "there is no such record, and that is said"
            assert "20261128T120000Z-0badcafe" in told["problems"][""]
            status, told = await served.post("/api/new", {})
            assert status == 200, told
            hello = await window.until(lambda message: message["type"] == "hello" and message["stage"] == "setup")
            assert hello["record"] is None
            _, told = await served.get("/api/setup?window=window-1")
            assert "patient" not in told["values"], "nothing of the one before stays"

    run(test)


def test_a_window_that_comes_late_gets_what_it_has_missed(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served, browser() as other:
            await begun(served)
            late = await served.window("late", session=other)
            hello, history = await late.next(), await late.next()
            assert hello is not None
            assert history is not None
            assert (hello["type"], hello["stage"], hello["simulated"]) == ("hello", "running", True)
            assert history["type"] == "history"
            _, line_kpa, delivered_ml, state = history["points"][-1]
            assert (line_kpa, delivered_ml, state) == (1.5, 0.05, "holding")
            assert [note["text"] for note in history["notes"]] == ["an earlier record was not closed", "order taken"]

    run(test)


def test_watchers_can_do_nothing_and_other_windows_only_stop(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served, browser() as other:
            first = await begun(served)
            watcher = await served.window("w", session=other)
            for act in (STOP, {"type": "say", "operator": "pain"}, {"type": "alarm", "do": "reset"}, {"type": "take_desk"}):
                await watcher.say(act)
                assert "only watches" in (await watcher.until("refused"))["text"]
            second = await served.window("second")
            for act in ({"type": "say", "operator": "go"}, {"type": "alarm", "do": "acknowledge"}):
                await second.say(act)
                assert "another window has the desk" in (await second.until("refused"))["text"]
            await second.say({"type": "say", "operator": "full"})
            await first.until(says('"full"'))
            assert served.server.house.course.stage == "running", "and nothing of all this has stopped it"
            await second.say(STOP)
            assert (await first.until("end"))["reason"] == "OPERATOR_STOP"

    run(test)


def test_a_malformed_message_gets_an_answer_and_nothing_else(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served:
            window = await begun(served)
            for message in ("", "{", "[]", '{"operator":"stop"}', '{"type":"say","operator":"stop","x":1}', {"type": "order"}):
                await window.say(message)
                assert (await window.until("refused"))["text"] == NOT_UNDERSTOOD
            await window.socket.send_bytes(json.dumps(STOP).encode())
            assert (await window.until("refused"))["text"] == NOT_UNDERSTOOD
            await window.until(lambda message: message["type"] == "view" and message["live"])
            assert served.server.house.course.stage == "running"
            assert not [each for each in window.heard if each["type"] == "note" and "heard" in each["text"]]
            await window.say("x" * 70000)
            while await window.next() is not None:
                pass  # too large: the line is closed
            assert served.server.house.course.stage == "running"

    run(test)


def test_a_window_that_floods_is_told_and_closed_and_its_stop_is_heard_before(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served:
            window = await begun(served)
            for _ in range(300):
                await window.say({"type": "say", "operator": "go"})
            await window.say(STOP)
            await window.until(lambda message: message["type"] == "refused" and message["text"] == TOO_MANY)
            assert (await window.until("end"))["reason"] == "OPERATOR_STOP"
            for _ in range(1000):
                if window.socket.closed:
                    break
                await window.socket.send_str("{}")
            while await window.next() is not None:
                pass

    run(test)


def test_old_numbers_are_never_shown_as_live(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path, "silent") as served:
            window = await begun(served)
            last_s = time.monotonic()
            view = await window.until(lambda message: message["type"] == "view" and not message["live"])
            assert 0.5 < time.monotonic() - last_s < 1.5
            assert view["age_s"] >= 1.0
            assert view["health"]["control"] == "silent"
            assert view["health"]["pump"] == "unknown"
            numbers = [message["n"] for message in window.heard if message["type"] == "view"]
            assert numbers == sorted(numbers)
            await window.say({"type": "say", "operator": "confirm", "question": "arm", "typed": "ARM"})
            assert "may be old" in (await window.until("refused"))["text"]
            view = await window.until(lambda message: message["type"] == "view" and message["alarm"] is not None)
            assert view["alarm"]["reason"] == "CONTROL_SILENT"
            await window.say(STOP)
            assert (await window.until("sent"))["act"] == "stop", "a stop is handed over all the same"

    run(test)


@pytest.mark.parametrize("mode", ["dies", "hangs_up"])
def test_a_control_process_that_dies_is_an_alarm_and_the_end(mode: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path, mode) as served:
            window = await at_the_desk(served)
            await served.post("/api/setup", {"values": right_answers()})
            assert (await served.post("/api/begin", {}))[0] == 200
            await window.until(says("look at the pump"))
            view = await window.until(lambda message: message["type"] == "view" and message["alarm"] is not None)
            assert (view["alarm"]["priority"], view["alarm"]["reason"]) == ("high", "CONTROL_GONE")
            assert view["health"]["control"] == "gone"
            assert not view["live"]
            await window.say(STOP)
            assert "no procedure is running" in (await window.until("refused"))["text"]
            status, told = await served.get("/api/after?window=window-1")
            assert status == 200
            assert any("look at the pump" in text for text in told["advice"])

    run(test)


@pytest.mark.parametrize(
    ("mode", "sentence"), [("refuses", "the first problem the second problem"), ("dies_early", "nothing moved")]
)
def test_what_is_not_begun_says_why_and_can_be_begun_again(mode: str, sentence: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path, mode) as served:
            await at_the_desk(served)
            await served.post("/api/setup", {"values": right_answers()})
            for _ in range(2):
                status, told = await served.post("/api/begin", {})
                assert status == 409
                assert sentence in told["problems"][""]
                child = served.server.house.course._child
                assert child is not None
                assert await child.ended(5.0)
            assert served.server.house.course.stage == "setup"
            assert (await served.post("/api/setup", {"values": {"side": "right"}}))[0] == 200

    run(test)


def test_two_requests_begin_one_procedure(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served:
            await at_the_desk(served)
            await served.post("/api/setup", {"values": right_answers()})
            answers = await asyncio.gather(*(served.post("/api/begin", {}) for _ in range(4)))
            assert sorted(status for status, _ in answers) == [200, 409, 409, 409]

    run(test)


def test_records_are_reached_by_their_names_only(tmp_path: Path) -> None:
    async def test() -> None:
        secret = tmp_path / "secret.sqlite"
        records = tmp_path / "records"
        records.mkdir()
        secret.write_text("secret")
        (records / "20261128T120000Z-0badcafe.sqlite").write_bytes(b"this is no record")
        async with serving(records) as served:
            for name in ("../secret", "..%2fsecret", "%2e%2e%2fsecret.sqlite", "%2fetc%2fpasswd", "nothing", "%00"):
                assert (await served.get(f"/records/{name}/report.html"))[0] == 404, name
                assert (await served.get(f"/api/record/{name}"))[0] == 404, name
            status, told = await served.get("/api/records?kind=simulation")
            assert status == 200
            assert told["rows"][0]["problem"], "one that can not be read is listed, and says so"
            status, told = await served.get("/api/record/20261128T120000Z-0badcafe")
            assert status == 422
            assert "0badcafe" in told["problems"][""]
            status, page = await served.get("/records/20261128T120000Z-0badcafe/report.pdf")
            assert status == 422
            assert "0badcafe" in page
            assert "Traceback" not in page
            status, told = await served.get("/api/records?since=yesterday")
            assert status == 400
            assert "yesterday" in told["problems"][""]

    run(test)


def test_a_server_that_is_told_to_leave_stops_what_runs(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served:
            window = await begun(served)
            assert await served.server.house.course.leave()
            assert (await window.until("end"))["reason"] == "OPERATOR_STOP"
            assert not served.server.house.course.running

    run(test)


def test_a_window_that_reads_nothing_is_cut_off_and_holds_nobody_up(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served, browser() as other:
            window = await begun(served)
            stuck = (await served.window("stuck", session=other)).socket
            hub = served.server.house.hub
            text = "x" * 60000
            slowest_s = 0.0
            for _ in range(600):  # 36 MB: more than any buffer on the way
                before_s = time.monotonic()
                hub.tell({"type": "note", "t_s": 0.0, "text": text, "name": None})
                slowest_s = max(slowest_s, time.monotonic() - before_s)
                await window.until("note")
            assert slowest_s < 0.5, "nobody waited for it"
            assert [each.closing for each in hub if each.seat.window == "stuck"] in ([True], [])
            async with asyncio.timeout(SEND_S + 10.0):
                while [each for each in hub if each.seat.window == "stuck"]:
                    await window.until(lambda message: message["type"] == "view" and message["live"])
            assert not stuck.closed, "though it has not noticed"

    run(test)
