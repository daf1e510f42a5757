"""Output that nobody reads delays nobody."""

import os
from pathlib import Path

import pytest

from controller.display.output import Output, OutputGoneError


def test_a_full_pipe_is_not_waited_for_and_nothing_is_lost_when_it_is_read_again() -> None:
    reader, writer = os.pipe()
    output = Output(writer)
    sent = b"".join(b"line %d\n" % number for number in range(40_000))
    output.put(sent)
    output.flush()
    assert output.pending
    received = b""
    while len(received) < len(sent):
        received += os.read(reader, 65536)
        output.flush()
    assert received == sent
    assert not output.pending
    assert os.get_blocking(writer), "what others share must stay as it was"
    output.close()
    os.close(reader)
    os.close(writer)


def test_a_backlog_is_bounded_and_says_what_was_lost() -> None:
    reader, writer = os.pipe()
    output = Output(writer)
    for _ in range(1100):
        output.put(b"x" * 1023 + b"\n")
    received = b""
    output.flush()
    while output.pending:
        received += os.read(reader, 65536)
        output.flush()
    output.put(b"and on\n")
    output.flush()
    received += os.read(reader, 65536)
    assert received.endswith(b"x\n[75 lines were lost: nobody took the output]\nand on\n")
    output.close()
    os.close(reader)
    os.close(writer)


def test_draining_is_bounded() -> None:
    reader, writer = os.pipe()
    output = Output(writer)
    output.put(b"x" * 200_000)
    output.drain(0.05)
    assert output.pending
    output.close()
    os.close(reader)
    os.close(writer)


def test_a_broken_pipe_is_told_once() -> None:
    reader, writer = os.pipe()
    output = Output(writer)
    os.close(reader)
    output.put(b"line\n")
    with pytest.raises(OutputGoneError, match="EPIPE"):
        output.flush()
    output.flush()
    output.close()
    os.close(writer)


def test_a_file_is_appended_to_and_not_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.write(b"before\n")
        file.flush()
        output = Output(file.fileno())
        output.put(b"after\n")
        output.drain(1.0)
        output.close()
    assert path.read_bytes() == b"before\nafter\n"
