"""A window that is slow loses views and nothing else, and holds nobody up."""

import asyncio
import json

import pytest

from controller.bedside.hub import MOST_OPERATORS, MOST_WATCHERS, UNREAD_VIEWS, WAITING, CrowdedError, Hub, Window
from tests.bedside.serving import run


def a_hub() -> Hub:
    return Hub(lambda window: [{"type": "hello", "role": "operator" if window.operator else "watcher"}])


async def sent(window: Window) -> list[dict[str, object]]:
    """All that goes out without anything new."""
    out = []
    try:
        while (text := await asyncio.wait_for(window.next(), 0.02)) is not None:
            out.append(json.loads(text))
    except TimeoutError:
        pass
    return out


def test_what_happens_comes_in_order_and_of_views_the_newest() -> None:
    async def test() -> None:
        hub = a_hub()
        window = hub.open("a", operator=True)
        hub.greet(window)
        for n in range(1, 6):
            hub.show({"type": "view", "n": n})
            hub.tell({"type": "note", "text": str(n)})
        out = await sent(window)
        assert [each["type"] for each in out] == ["hello", *["note"] * 5, "view"]
        assert [each["text"] for each in out[1:6]] == ["1", "2", "3", "4", "5"]
        assert out[-1]["n"] == 5

    run(test)


def test_one_that_reads_slowly_gets_no_more_views_until_it_has_read() -> None:
    async def test() -> None:
        hub = a_hub()
        window = hub.open("a", operator=False)
        hub.show({"type": "view", "n": 1})
        await sent(window)
        window.has_read(1)
        got = []
        for n in range(2, 40):
            hub.show({"type": "view", "n": n})
            got += [each["n"] for each in await sent(window)]
        assert got == list(range(2, 2 + UNREAD_VIEWS)), "so many lie in the line, and no more"
        hub.tell({"type": "note"})
        assert [each["type"] for each in await sent(window)] == ["note"], "what happens is told all the same"
        window.has_read(1 + UNREAD_VIEWS)
        assert [each["n"] for each in await sent(window)] == [39], "and then it is the newest one"

    run(test)


def test_one_that_takes_nothing_is_closed_and_the_others_are_not() -> None:
    async def test() -> None:
        hub = a_hub()
        stuck, well = hub.open("a", operator=False), hub.open("b", operator=False)
        for n in range(WAITING + 1):
            hub.tell({"type": "note", "n": n})
            await well.next()
        assert stuck.closing
        assert await stuck.next() is None
        assert not well.closing

    run(test)


def test_waiting_for_news_ends_when_it_is_closed() -> None:
    async def test() -> None:
        hub = a_hub()
        window = hub.open("a", operator=False)
        waiting = asyncio.create_task(window.next())
        await asyncio.sleep(0)
        hub.close_all()
        assert await asyncio.wait_for(waiting, 1.0) is None

    run(test)


def test_watchers_can_not_take_the_operators_place() -> None:
    async def test() -> None:
        hub = a_hub()
        watchers = [hub.open("w", operator=False) for _ in range(MOST_WATCHERS)]
        with pytest.raises(CrowdedError):
            hub.open("w", operator=False)
        operators = [hub.open("o", operator=True) for _ in range(MOST_OPERATORS)]
        with pytest.raises(CrowdedError):
            hub.open("o", operator=True)
        hub.leave(watchers[0])
        hub.open("w", operator=False)
        hub.close_operators()
        assert all(window.closing for window in operators)
        assert not watchers[1].closing

    run(test)
