"""A witness of pseudo-terminals: how long the kernel takes to carry a few bytes there and back between two punctual processes.

Its workers have no priority of their own. While every processor is busy with something else they come late, and simulated devices
that have answered in time seem to be silent. A test in real time may ask here whether that is why a procedure has ended.
"""

import os
import select
import subprocess
import sys
from types import TracebackType
from typing import Self

LATE_S = 0.025
"""The transmitter has to answer within less."""
_ECHO = """
import ctypes, os, signal, sys, time, tty
ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))
ours, theirs = os.openpty()
tty.setraw(ours); tty.setraw(theirs)
try:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(45))
except OSError:
    pass
child = os.fork()
if child == 0:
    ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))
    while True:
        os.write(theirs, os.read(theirs, 64))
while os.getppid() == int(sys.argv[1]):
    begun_s = time.monotonic()
    os.write(ours, b"12345678")
    left = 8
    while left > 0:
        left -= len(os.read(ours, left))
    took_s = time.monotonic() - begun_s
    if took_s >= float(sys.argv[2]):
        os.write(1, b"%.4f\\n" % took_s)
    time.sleep(0.01)
"""


class PtyWatch:
    """Watches while its context lasts. worst_s: the longest that bytes took, 0.0 where they never took LATE_S."""

    def __init__(self) -> None:
        self.worst_s = 0.0

    def __enter__(self) -> Self:
        command = [sys.executable, "-S", "-c", _ECHO, str(os.getpid()), str(LATE_S)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.look()
        self._process.kill()
        self._process.wait(5.0)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def look(self) -> None:
        """Takes in what it has told so far."""
        out = self._process.stdout
        assert out is not None
        while select.select([out], [], [], 0.0)[0]:
            data = os.read(out.fileno(), 65536)
            if not data:
                return
            self.worst_s = max(self.worst_s, *(float(line) for line in data.split()))
