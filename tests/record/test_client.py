"""The recorder process and its client, through real processes, sockets and files, with everything that can happen to them."""

import contextlib
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from controller.record import client as client_module
from controller.record.client import RecorderClient
from controller.record.errors import RecordError
from controller.record.interface import LOST
from controller.record.reader import Entry, open_record
from controller.record.store import side_files
from controller.record.verify import Problem, verify

pytestmark = [pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(60)]

WITHIN_S = 15.0
"""The machine may be busy; nothing here is a measurement but where it says so."""


@pytest.fixture
def path(records: Path) -> Path:
    return records / "20261122T090000Z-00000000.sqlite"


@pytest.fixture
def client(path: Path) -> Iterator[RecorderClient]:
    started = RecorderClient.start(path, buffer_bytes=2 * 1024 * 1024)
    yield started
    stop(started)


def stop(started: RecorderClient) -> None:
    """Leaves no process behind, whatever the test did to it."""
    started.close()
    with contextlib.suppress(ProcessLookupError):
        os.kill(started.pid, signal.SIGKILL)
    started._process.wait(WITHIN_S)


def pump_until(started: RecorderClient, done: Callable[[], bool]) -> bool:
    """Pumps as the loop would, when the descriptor says so or every 10 ms; false if it takes too long."""
    deadline_s = time.monotonic() + WITHIN_S
    while not done():
        if time.monotonic() > deadline_s:
            return False
        descriptor = started.fileno()
        select.select([] if descriptor is None else [descriptor], [], [], 0.01)
        started.pump(0.0)
    return True


def read(path: Path) -> tuple[list[Entry], list[Problem]]:
    with open_record(path) as record:
        return list(record.entries()), verify(record)


def wait_for_end_of(pid: int) -> None:
    """Waits until a process, also one that is not a child of this one, has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([descriptor], [], [], WITHIN_S)[0], f"process {pid} is still there"
    finally:
        os.close(descriptor)


def test_what_is_put_becomes_durable_and_the_file_is_closed(client: RecorderClient, path: Path) -> None:
    assert (client.durable_seq, client.oldest_unacked_age_s(9.0), client.trouble) == (0, 0.0, None)
    big = {"profile": {f"key {number}": "ä" * 100 for number in range(200)}}
    assert client.put("header", 1.0, big) == 1
    for number in range(2, 500):
        assert client.put("inputs", 2.0, {"cycles": ["00" * 100]}) == number
    assert client.put("end", 3.0, {"reason": "DUCT_FULL"}) == 500
    assert (client.durable_seq, client.oldest_unacked_age_s(9.0)) == (0, 8.0)
    assert pump_until(client, lambda: client.durable_seq == 500)
    assert client.oldest_unacked_age_s(9.0) == 0.0
    assert client.finish(WITHIN_S)
    assert client.trouble is None
    assert client.fileno() is None
    entries, problems = read(path)
    assert problems == []
    assert [entry.seq for entry in entries] == list(range(1, 501))
    assert entries[0].body == big
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_finish_writes_what_was_never_pumped(client: RecorderClient, path: Path) -> None:
    client.put("header", 0.0, {})
    for _ in range(200):
        client.put("event", 0.0, {"name": "x" * 5000})
    client.put("end", 1.0, {})
    assert client.finish(WITHIN_S)
    entries, problems = read(path)
    assert len(entries) == 202
    assert problems == []


def test_the_process_takes_no_notice_of_the_terminal(client: RecorderClient, path: Path) -> None:
    assert os.getsid(client.pid) == client.pid
    client.put("header", 0.0, {})
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP, signal.SIGPIPE):
        os.kill(client.pid, number)
    client.put("end", 0.0, {"reason": "OPERATOR_STOP"})
    assert client.finish(WITHIN_S)
    assert read(path)[1] == []


CONTROL = """
import os, sys
from pathlib import Path
from controller.record.client import RecorderClient
client = RecorderClient.start(Path(sys.argv[1]))
print(client.pid, flush=True)
seq = client.put("header", 0.0, {"patient": "P1"})
while True:
    if seq - client.durable_seq < 2000:
        seq = client.put("inputs", 0.0, {"cycles": ["00" * 200]})
    client.pump(0.0)
    os.write(1, b"%d\\n" % client.durable_seq)
"""


@pytest.mark.parametrize("after_entries", [1, 500])
def test_a_killed_control_process_leaves_a_whole_record_without_an_end(path: Path, after_entries: int) -> None:
    command = [sys.executable, "-c", CONTROL, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as control:
        assert control.stdout is not None
        recorder_pid = int(control.stdout.readline())
        acknowledged = 0
        while acknowledged < after_entries:
            acknowledged = int(control.stdout.readline())
        control.kill()
        whole_lines = control.stdout.read().split(b"\n")[:-1]
        acknowledged = max([acknowledged, *map(int, whole_lines)])
    wait_for_end_of(recorder_pid)
    entries, problems = read(path)
    assert len(entries) >= acknowledged
    assert [(problem.breach, problem.text[:10]) for problem in problems] == [(False, "not closed")]
    assert not side_files(path)[0].exists()


def test_a_stopped_recorder_never_blocks_and_the_record_says_what_is_missing(client: RecorderClient, path: Path) -> None:
    client.put("header", 0.0, {})
    assert pump_until(client, lambda: client.durable_seq == 1)
    os.kill(client.pid, signal.SIGSTOP)
    slowest_s = 0.0
    lost = 0
    for number in range(4000):
        before_s = time.monotonic()
        lost += client.put("inputs", 1.0, {"cycles": ["00" * 500]}) == LOST
        client.pump(1.0 + number / 100)
        slowest_s = max(slowest_s, time.monotonic() - before_s)
    assert lost > 0
    assert slowest_s < 3.0  # a blocking call would never have come back; the rest is the machine's load
    assert client.durable_seq == 1
    assert client.oldest_unacked_age_s(41.0) == 40.0
    assert client.trouble is not None
    assert "does not keep up" in client.trouble
    motion = client.put("motion_end", 42.0, {"motion": 1})  # finds room all the same
    assert motion != LOST
    client.put("end", 43.0, {"reason": "RECORDER_FAULT"})
    assert not client.finish(0.1)
    assert client.put("event", 44.0, {}) == LOST
    os.kill(client.pid, signal.SIGCONT)
    wait_for_end_of(client.pid)
    entries, problems = read(path)
    assert not any(problem.breach for problem in problems)
    assert len(entries) > 1


def test_a_recorder_that_goes_on_again_gets_the_rest(client: RecorderClient, path: Path) -> None:
    client.put("header", 0.0, {})
    os.kill(client.pid, signal.SIGSTOP)
    lost = sum(client.put("inputs", 1.0, {"cycles": ["00" * 500]}) == LOST for _ in range(4000))
    os.kill(client.pid, signal.SIGCONT)
    client.put("end", 2.0, {"reason": "RECORDER_FAULT"})
    assert not client.finish(WITHIN_S)  # closed, but not everything is in it
    entries, problems = read(path)
    assert problems == []
    missing = [entry.body for entry in entries if entry.kind == "event"]
    assert [(body["name"], body["count"]) for body in missing] == [("ENTRIES_LOST", lost)]
    assert len(entries) == 1 + 4000 - lost + 1 + 1


def test_a_killed_recorder_is_trouble_at_once_and_what_was_durable_stays(client: RecorderClient, path: Path) -> None:
    client.put("header", 0.0, {})
    assert pump_until(client, lambda: client.durable_seq == 1)
    os.kill(client.pid, signal.SIGKILL)
    assert pump_until(client, lambda: client.trouble is not None)
    assert client.trouble == "the recorder process has ended"
    assert client.fileno() is None
    assert client.put("event", 1.0, {}) == LOST
    client.pump(2.0)
    assert not client.finish(WITHIN_S)
    entries, problems = read(path)
    assert len(entries) == 1
    assert not any(problem.breach for problem in problems)


def test_a_recorder_killed_between_two_puts_never_raises(client: RecorderClient) -> None:
    client.put("header", 0.0, {})
    os.kill(client.pid, signal.SIGKILL)
    wait_for_end_of(client.pid)
    for _ in range(100):
        client.put("event", 1.0, {"name": "x" * 10_000})
    assert client.trouble is not None
    assert not client.finish(1.0)


def limit_file_size(pid: int, size: int) -> None:
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_full_disk_is_trouble_and_nothing_is_claimed_that_is_not_there(client: RecorderClient, path: Path) -> None:
    client.put("header", 0.0, {})
    assert pump_until(client, lambda: client.durable_seq == 1)
    limit_file_size(client.pid, side_files(path)[0].stat().st_size)
    client.put("intent", 1.0, {"motion": 1, "name": "x" * 10_000})
    assert pump_until(client, lambda: client.trouble is not None)
    assert client.trouble is not None
    assert "can not be written" in client.trouble
    assert client.durable_seq == 1
    assert client.oldest_unacked_age_s(3.0) == 2.0
    assert not client.finish(WITHIN_S)
    entries, problems = read(path)
    assert [entry.kind for entry in entries] == ["header"]
    assert not any(problem.breach for problem in problems)


def test_once_there_is_room_again_everything_that_was_kept_is_written(client: RecorderClient, path: Path) -> None:
    client.put("header", 0.0, {})
    assert pump_until(client, lambda: client.durable_seq == 1)
    limit_file_size(client.pid, side_files(path)[0].stat().st_size)
    client.put("motion_end", 1.0, {"motion": 1, "name": "x" * 10_000})
    assert pump_until(client, lambda: client.trouble is not None)
    limit_file_size(client.pid, resource.RLIM_INFINITY)
    client.put("end", 2.0, {"reason": "RECORDER_FAULT"})
    assert pump_until(client, lambda: client.durable_seq == 3)
    assert client.finish(WITHIN_S)
    assert "can not be written" in str(client.trouble)  # it stays: the loop has stopped because of it
    assert read(path)[1] == []


def test_what_can_not_be_recorded_is_trouble_and_the_record_says_so(client: RecorderClient, path: Path) -> None:
    circle: dict[str, object] = {}
    circle["itself"] = circle
    client.put("header", 0.0, {})
    assert client.put("inputs", 0.0, {"pressure": float("nan")}) == LOST
    assert client.put("inputs", 0.0, circle) == LOST
    assert client.put("no kind!", 0.0, {}) == LOST
    assert "an entry can not be recorded" in str(client.trouble)
    assert client.put("end", 1.0, {}) == 3
    assert not client.finish(WITHIN_S)
    entries, problems = read(path)
    assert problems == []
    assert [entry.body.get("count") for entry in entries] == [None, 3, None]


def test_a_record_that_is_there_already_is_not_begun_again(path: Path) -> None:
    path.write_text("")
    with pytest.raises(RecordError, match="exists already"):
        RecorderClient.start(path)


def test_a_recorder_that_does_not_get_ready_is_given_up(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hangs = tmp_path / "hangs"
    hangs.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    hangs.chmod(0o700)
    monkeypatch.setattr(client_module, "START_TIMEOUT_S", 0.2)
    monkeypatch.setattr(client_module.sys, "executable", str(hangs))
    with pytest.raises(RecordError, match="did not say that it is ready"):
        RecorderClient.start(path)
    monkeypatch.setattr(client_module.sys, "executable", str(tmp_path / "none"))
    with pytest.raises(RecordError, match="can not be started"):
        RecorderClient.start(path)


@pytest.mark.parametrize("said", [b"what?\n", b"[1]\n", b'{"durable": 7}\n', b'{"durable": -1}\n', b"[" * 100_000 + b"\n"])
def test_nonsense_from_the_recorder_is_trouble(path: Path, said: bytes) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    talking = RecorderClient(path, ours, process, 1024 * 1024)
    with theirs:
        theirs.sendall(said)
        assert pump_until(talking, lambda: talking.trouble is not None)
    assert "not understood" in str(talking.trouble)
    assert talking.fileno() is None
    assert talking.put("event", 0.0, {}) == LOST
    assert not talking.finish(WITHIN_S)


@pytest.mark.parametrize(
    "sent",
    [
        b"[1]\n",
        b"{}\n",
        b"4\n",
        b"\xff\n",
        b'[2,0.0,"event",{}]\n',
        b'[1,NaN,"event",{}]\n',
        b'[1,0.0,"event",[]]\n',
        b"[" * 100_000 + b"\n",
    ],
)
def test_nonsense_to_the_recorder_is_trouble_and_is_not_written(path: Path, sent: bytes) -> None:
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "controller.record.process", "--fd", str(theirs.fileno()), "--path", str(path)]
    with subprocess.Popen(command, pass_fds=[theirs.fileno()]) as process, ours:
        theirs.close()
        ours.settimeout(WITHIN_S)
        assert b"ready" in ours.recv(4096)
        ours.sendall(sent)
        assert b"trouble" in ours.recv(4096)
        ours.sendall(b'[1,0.0,"header",{}]\n')
        assert b'"durable":1' in ours.recv(4096)
        ours.sendall(b'[2,0.0,"event",{"unfinished')
        ours.shutdown(socket.SHUT_WR)
        assert process.wait(WITHIN_S) == 0
    assert [entry.kind for entry in read(path)[0]] == ["header"]
