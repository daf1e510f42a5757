"""The control process: started, heard, spoken to, missed, and every wait for it bounded."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from controller.bedside import child as child_module
from controller.bedside.child import ControlProcess, NotBegunError
from tests.bedside.serving import FAKE, run

pytestmark = pytest.mark.timeout(90)


class Listener:
    """Keeps what was heard."""

    def __init__(self, records: Path, mode: str) -> None:
        self.heard: list[dict[str, Any]] = []
        self.over = asyncio.Event()
        order = {"records": str(records), "profile": "sim"}
        self.child = ControlProcess.start(order, self.heard.append, self.over.set, (sys.executable, "-P", str(FAKE), mode))

    async def hears(self, kind: str, limit_s: float = 20.0) -> dict[str, Any]:
        async with asyncio.timeout(limit_s):
            while True:
                for message in self.heard:
                    if message["type"] == kind:
                        return message
                await asyncio.sleep(0.01)

    async def gone(self) -> None:
        self.child._kill()
        assert await self.child.ended(5.0)


def test_it_begins_says_what_it_shows_and_ends_when_it_is_stopped(tmp_path: Path) -> None:
    async def test() -> None:
        listener = Listener(tmp_path, "plays")
        answer = await listener.child.answer(20.0)
        assert answer["record"].endswith(".sqlite")
        shot = await listener.hears("snapshot")
        assert time.clock_gettime(time.CLOCK_BOOTTIME) - shot["sent_s"] < 5.0
        assert listener.child.running
        assert await listener.child.stop(10.0)
        await asyncio.wait_for(listener.over.wait(), 5.0)
        kinds = [message["type"] for message in listener.heard]
        assert kinds[:2] == ["note", "begun"]
        assert kinds[-2:] == ["end", "close"], "nothing of its last words is lost"
        assert not listener.child.running
        assert not listener.child.say({"operator": "stop"})

    run(test)


def test_one_that_refuses_says_why(tmp_path: Path) -> None:
    async def test() -> None:
        listener = Listener(tmp_path, "refuses")
        with pytest.raises(NotBegunError) as refusal:
            await listener.child.answer(20.0)
        assert refusal.value.problems == ["the first problem", "the second problem"]
        assert await listener.child.ended(5.0)

    run(test)


def test_one_that_dies_before_it_began_is_a_refusal(tmp_path: Path) -> None:
    async def test() -> None:
        listener = Listener(tmp_path, "dies_early")
        with pytest.raises(NotBegunError, match="nothing moved"):
            await listener.child.answer(20.0)
        assert await listener.child.ended(5.0)

    run(test)


def test_one_that_does_not_answer_is_given_up_within_bounds(tmp_path: Path) -> None:
    async def test() -> None:
        listener = Listener(tmp_path, "never")
        before_s = time.monotonic()
        with pytest.raises(NotBegunError, match=r"has not begun within 0\.5 s"):
            await listener.child.answer(0.5)
        assert time.monotonic() - before_s < 0.5 + 2 * child_module._TERMINATED_S + 1.0
        await listener.gone()

    run(test)


def test_a_death_is_told_once_after_everything_that_was_said(tmp_path: Path) -> None:
    async def test() -> None:
        listener = Listener(tmp_path, "dies")
        await asyncio.wait_for(listener.over.wait(), 20.0)
        assert [message["type"] for message in listener.heard] == ["note", "begun", "note", "snapshot"]
        assert await listener.child.ended(5.0)

    run(test)


def test_one_that_hangs_up_without_a_last_word_is_stopped_by_a_signal(tmp_path: Path) -> None:
    async def test() -> None:
        listener = Listener(tmp_path, "hangs_up")
        await asyncio.wait_for(listener.over.wait(), 20.0)
        assert await listener.child.ended(5.0), "SIGTERM, which a control process takes for a stop"

    run(test)


def test_one_that_hears_neither_stop_nor_signal_is_waited_for_so_long_and_no_longer(tmp_path: Path) -> None:
    async def test() -> None:
        listener = Listener(tmp_path, "deaf")
        await listener.child.answer(20.0)
        before_s = time.monotonic()
        assert not await listener.child.stop(0.5)
        assert time.monotonic() - before_s < 0.5 + child_module._TERMINATED_S + 1.0
        await listener.hears("snapshot")
        await listener.gone()

    run(test)


def test_a_program_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    async def test() -> None:
        open_before = len(list(Path("/proc/self/fd").iterdir()))
        with pytest.raises(NotBegunError, match="can not be started"):
            ControlProcess.start({"profile": "sim"}, lambda _: None, lambda: None, (str(tmp_path / "nothing"),))
        with pytest.raises(NotBegunError, match="larger than a packet"):
            ControlProcess.start({"profile": "s" * 70000}, lambda _: None, lambda: None)
        assert len(list(Path("/proc/self/fd").iterdir())) == open_before

    run(test)
