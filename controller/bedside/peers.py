"""Which user of this machine is at the other end of a connection over loopback: the kernel knows, and nobody can claim otherwise.

A one-time address can be read by every user of the machine while a browser is started with it (it stands in the list of
processes), and a port of loopback is open to all of them. Files are not: what is read out of records is for the user who may
read the files.
"""

import ipaddress
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ESTABLISHED: Final = "01"  # a connection whose other end has closed is shown as root's


def user_of(peer: tuple[str, int], port: int) -> int | None:
    """The user id that has the connection from this address to our port, or None where that can not be told."""
    lines: list[str] = []
    for table in _TABLES:
        try:
            lines += table.read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
    return find_user(lines, peer, port)


def find_user(lines: Iterable[str], peer: tuple[str, int], port: int) -> int | None:
    """The same from lines of /proc/net/tcp and tcp6."""
    wanted = {(spelt, f"{peer[1]:04X}") for spelt in _spellings(peer[0])}
    for line in lines:
        words = line.split()
        if len(words) < 8 or words[3] != _ESTABLISHED or not words[7].isdecimal():
            continue
        ours, theirs = words[1].rpartition(":"), words[2].rpartition(":")
        if (ours[0], ours[2]) in wanted and theirs[2] == f"{port:04X}":
            return int(words[7])
    return None


def is_ours(user: int | None) -> bool:
    """Whether it is the user that this process runs as, or root, who needs no leave."""
    return user in (os.geteuid(), 0)


def _spellings(address: str) -> tuple[str, ...]:
    """An IPv4 address as the two tables write it: words of 32 bits in the machine's own order."""
    try:
        packed = ipaddress.IPv4Address(address).packed
    except ValueError:
        return ()
    word = f"{int.from_bytes(packed, sys.byteorder):08X}"
    mapped = f"{int.from_bytes(bytes.fromhex('0000ffff'), sys.byteorder):08X}"
    return word, f"{'0' * 16}{mapped}{word}"
