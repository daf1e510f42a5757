"""Who is at the other end is asked of the kernel."""

import os
import socket
import sys

import pytest

from controller.bedside.peers import find_user, is_ours, user_of

LINE = "   1: {local} {remote} {state} 00000000:00000000 00:00000000 00000000  1234        0 5678 1 0000 20 4 30 10 -1"
HOME = "0100007F" if sys.byteorder == "little" else "7F000001"
MAPPED = f"{'0' * 16}{'FFFF0000' if sys.byteorder == 'little' else '0000FFFF'}{HOME}"


@pytest.mark.parametrize(
    ("local", "remote", "state", "user"),
    [
        (f"{HOME}:C350", f"{HOME}:1F90", "01", 1234),
        (f"{MAPPED}:C350", f"{MAPPED}:1F90", "01", 1234),
        (f"{HOME}:1F90", f"{HOME}:C350", "01", None),  # our own end of it
        (f"{HOME}:C351", f"{HOME}:1F90", "01", None),
        (f"{HOME}:C350", f"{HOME}:1F91", "01", None),
        (f"{HOME}:C350", f"{HOME}:1F90", "05", None),  # closed at the other end: the kernel calls that root's
        (f"{HOME}:C350", f"{HOME}:1F90", "06", None),
    ],
)
def test_a_connection_is_found_by_both_its_ends(local: str, remote: str, state: str, user: int | None) -> None:
    line = LINE.format(local=local, remote=remote, state=state)
    assert find_user(["", "nonsense", line], ("127.0.0.1", 0xC350), 0x1F90) == user


def test_a_connection_of_our_own_is_ours_until_it_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, peer = server.accept()
        with accepted:
            port = server.getsockname()[1]
            assert user_of(peer, port) == os.geteuid()
            assert is_ours(user_of(peer, port))
            client.shutdown(socket.SHUT_WR)
            assert user_of(peer, port) is None


def test_nobody_else_is_ours() -> None:
    assert is_ours(0)
    assert not is_ours(None)
    assert not is_ours(os.geteuid() + 1)
