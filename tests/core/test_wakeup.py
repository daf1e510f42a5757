"""The timer that wakes an epoll at an absolute time."""

import os
import select
import signal
import socket
import time

from controller.wakeup import Wakeup
from controller.world import SIGNALS, RealWorld


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


def test_the_world_tells_what_there_is_news_of() -> None:
    read_end, write_end = os.pipe()
    with RealWorld({}) as world:
        world.watch("pipe", read_end)
        world.watch("deaf", None)
        news = world.wait_until(world.now_us() + 1_000)
        assert "pipe" not in news
        assert "deaf" in news, "nobody can tell: it has to be looked at"
        os.write(write_end, b"x")
        news = world.wait_until(world.now_us() + 10_000_000)
        assert "pipe" in news
        assert SIGNALS not in news
        os.kill(os.getpid(), signal.SIGHUP)
        assert SIGNALS in world.wait_until(world.now_us() + 10_000_000)
        assert world.signals() == ["SIGHUP"]
        world.forget_link("pipe")
        world.forget_link("deaf")
        news = world.wait_until(world.now_us() + 1_000)
        assert "pipe" not in news
        assert "deaf" not in news
    os.close(read_end)
    os.close(write_end)


def test_another_file_under_an_old_number_is_watched_anew() -> None:
    first, second = socket.socketpair(), socket.socketpair()
    with RealWorld({}) as world:
        world.watch("screen", first[0].fileno())
        os.dup2(second[0].fileno(), first[0].fileno())
        second[1].send(b"x")
        assert "screen" not in world.wait_until(world.now_us() + 1_000)
        world.watch("screen", first[0].fileno())
        world.watch("screen", first[0].fileno())
        assert "screen" in world.wait_until(world.now_us() + 10_000_000)
    for each in (*first, *second):
        each.close()
