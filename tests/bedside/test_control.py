"""The control process of the bedside: an order can say what is in the line, and nothing that would widen a limit."""

import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.bedside.control import NAMED, OrderError, request_of
from controller.display.page_link import PageLink


@pytest.fixture
def link() -> Iterator[PageLink]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    yield PageLink(ours)
    ours.close()
    theirs.close()


def test_what_is_in_the_line_may_be_said_and_each_increment_waits(link: PageLink) -> None:
    order = {"profile": "sim", "overrides": {"line.agent": ["isovue-200", "agent"]}, "setup": {"side": "left"}}
    request = request_of(order, link)
    assert request.overrides == {"line.agent": ("isovue-200", "agent"), "injection.advance": ("confirm", "the bedside")}
    assert request.setup == {"side": "left"}
    assert request.page is link


@pytest.mark.parametrize(
    "order",
    [
        {"overrides": {"limits.line_kpa": [200.0, "x"]}}, {"overrides": {"injection.advance": ["auto", "x"]}},
        {"overrides": {"injection.rate_ul_s": [9.0, "x"]}}, {"overrides": {"pump.port": ["/dev/ttyS0", "x"]}},
        {"overrides": {"line.agent": "isovue-200"}}, {"overrides": ["line.agent"]}, {"setup": "all well"}, {"patient": 7},
    ],
    ids=str,
)  # fmt: skip
def test_everything_else_is_refused(order: dict[str, Any], link: PageLink) -> None:
    with pytest.raises(OrderError):
        request_of(order, link)


def test_no_limit_is_among_what_may_be_said() -> None:
    assert not [key for key in NAMED if key.startswith(("limits.", "pump.", "pressure.", "button.", "prime.", "host."))]


@pytest.mark.realtime
@pytest.mark.xdist_group("realtime")
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("order", "says"),
    [
        ({"type": "order", "profile": "nowhere"}, "nowhere"),
        ({"type": "order", "profile": "sim", "overrides": {"injection.target_ml": [0.31, "target_ml"]}}, "target_ml"),
        ({"type": "order", "profile": "sim", "overrides": {"limits.duct_kpa": [9.0, "x"]}}, "limits.duct_kpa"),
        ({"type": "order", "profile": "bedside"}, "--patient"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_process_that_may_not_begin_says_why_and_ends(order: dict[str, Any], says: str, tmp_path: Path) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    words = ["--fd", str(theirs.fileno()), "--parent", str(os.getpid())]
    command = [sys.executable, "-P", "-m", "controller.bedside.control", *words]
    with ours, subprocess.Popen(command, pass_fds=(theirs.fileno(),)) as process:
        theirs.close()
        ours.send(json.dumps({**order, "records": str(tmp_path)}).encode())
        assert select.select([ours], [], [], 30.0)[0]
        answer = json.loads(ours.recv(65536))
        assert answer["type"] == "refused"
        assert says in " ".join(answer["problems"])
        assert process.wait(20.0) == 2
    assert not list(tmp_path.iterdir())
