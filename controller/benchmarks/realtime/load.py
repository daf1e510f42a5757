"""What else a machine may be doing: two processes that never rest, and one that has the disk write all the time."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY = 2
_BUSY = "while True: pass"
_STORM = """
import os, sys
descriptor = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o600)
block = os.urandom(65536)
while True:
    for place in range(64):
        os.pwrite(descriptor, block, place * len(block))
        os.fsync(descriptor)
"""
_ONLY_WHILE = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))
if os.getppid() != int(sys.argv.pop(1)):
    sys.exit()
"""
"""prctl(2), PR_SET_PDEATHSIG: such a process must not outlive whoever started it, however that ends."""


@contextmanager
def under_load() -> Iterator[None]:
    """While this lasts, at the ordinary priority. The storm is in the folder for temporary files: it should be on a disk."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        for code, words in [(_BUSY, [])] * BUSY + [(_STORM, [str(Path(folder) / "storm")])]:
            command = [sys.executable, "-c", _ONLY_WHILE + code, str(os.getpid()), *words]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield
