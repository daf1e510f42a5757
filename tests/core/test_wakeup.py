"""The timer that wakes an epoll at an absolute time."""

import select
import time

from controller.wakeup import Wakeup
from controller.world import RealWorld


def _now_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def test_it_wakes_at_its_time_and_not_before() -> None:
    wakeup = Wakeup()
    with select.epoll() as epoll:
        epoll.register(wakeup.descriptor, select.EPOLLIN)
        for wait_us in (300, 1_700, 4_300):
            until_ns = _now_ns() + wait_us * 1000
            assert wakeup.at(until_ns)
            assert epoll.poll(1.0), "it does wake"
            assert _now_ns() >= until_ns
        assert wakeup.at(_now_ns() + 10**9), "what is asked for anew is quiet again"
        assert epoll.poll(0) == []
        assert wakeup.at(_now_ns() - 10**9), "a time that is over"
        assert epoll.poll(1.0)
    wakeup.close()


def test_the_world_waits_until_its_time_and_no_longer_for_one_that_is_over() -> None:
    with RealWorld({}) as world:
        for wait_us in (0, -5_000, 700, 3_300):
            until_us = world.now_us() + wait_us
            world.wait_until(until_us)
            assert world.now_us() >= until_us


def test_a_timer_that_fails_ends_no_wait(monkeypatch: object) -> None:
    with RealWorld({}) as world:
        world._wakeup.at = lambda _: False  # type: ignore[method-assign]
        until_us = world.now_us() + 2_000
        world.wait_until(until_us)
        assert world.now_us() >= until_us
