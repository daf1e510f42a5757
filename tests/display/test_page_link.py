"""The line to the bedside's page: whatever becomes of the page's server, the caller goes on."""

import json
import select
import socket
import time
from collections.abc import Iterator

import pytest

from controller.display import wire
from controller.display.page_link import GONE, PageLink

Ends = tuple[PageLink, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.settimeout(2.0)
    yield PageLink(ours), theirs
    ours.close()
    theirs.close()


def test_messages_go_out_with_the_time_they_were_sent(ends: Ends) -> None:
    link, server = ends
    before_s = wire.clock_s()
    assert link.send({"type": "note", "text": "a note"})
    message = json.loads(server.recv(65536))
    assert message.pop(wire.SENT_KEY) >= before_s
    assert message == {"type": "note", "text": "a note"}


def test_statements_come_in_and_nonsense_does_not(ends: Ends) -> None:
    link, server = ends
    said = [
        b'{"operator":"stop"}', b'{"operator":"full"}', b'{"operator":"acknowledge"}', b'{"operator":"raise_limit"}', b"not json",
        b'{"operator":"stop","more":1}', b'{"operator":"confirm","question":"arm","typed":"ARM"}',
    ]  # fmt: skip
    for packet in said:
        server.send(packet)
    assert link.receive() == [
        {"operator": "stop"}, {"operator": "full"}, {"operator": "acknowledge"},
        {"operator": "confirm", "question": "arm", "typed": "ARM"},
    ]  # fmt: skip
    assert link.receive() == []


def test_a_server_that_is_gone_is_a_sentence_and_never_wakes_anybody_again(ends: Ends) -> None:
    link, server = ends
    server.send(b'{"operator":"pain"}')
    server.close()
    assert link.receive() == [{"operator": "pain"}]
    assert link.receive() == []
    assert not link.send({"type": "note"})
    assert (link.mend(may_start=True), link.mend(may_start=True)) == (GONE, None)
    assert not select.select([link], [], [], 0.0)[0]
    link.close(0.1)


def test_a_server_that_does_not_read_costs_messages_and_no_time(ends: Ends) -> None:
    link, _server = ends
    began_s = time.monotonic()
    for number in range(5000):
        link.send({"type": "snapshot", "n": number, "filling": "x" * 500})
    assert link.dropped > 0
    assert time.monotonic() - began_s < 5.0
    began_s = time.monotonic()
    link.send({"type": "end", "reason": "VOLUME_REACHED"})
    link.close(0.2)
    assert time.monotonic() - began_s < 2.0


def test_the_end_arrives_late_but_arrives(ends: Ends) -> None:
    link, server = ends
    while link.send({"type": "snapshot", "filling": "x" * 500}):
        pass
    assert not link.send({"type": "end", "reason": "VOLUME_REACHED"})
    kinds = []
    server.setblocking(False)
    for _ in range(3):  # room for the last words
        server.recv(65536)
    link.close(0.5)
    server.settimeout(2.0)
    while data := server.recv(65536):
        kinds.append(json.loads(data)["type"])
    assert kinds[-2:] == ["end", "close"]
