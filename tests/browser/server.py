"""The real bedside program in a process of its own, on a free port, with records of its own."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

READY_S = 30.0
LEAVES_S = 25.0
"""A procedure that runs is stopped first, and its end waited for."""


class Bedside:
    """`ductoject bedside`. url: the operator's address, which works once. base: the page's address without a token."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.records = folder / "records"
        self.complaints = folder / "stderr.txt"
        command = [str(Path(sys.executable).with_name("ductoject")), "bedside", "--profile", "sim", "--no-browser", "--json"]
        self.began_s = time.monotonic()
        with self.complaints.open("wb") as errors:
            words = [*command, "--records", str(self.records), *options]
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        self.url = str(json.loads(self._line())["url"])
        self.base = self.url.partition("/operator")[0]
        self.port = int(self.base.rpartition(":")[2])

    def freeze(self) -> None:
        """It does nothing any more, and does not know it."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on as if nothing had been."""
        os.kill(self._process.pid, signal.SIGCONT)

    def only_record(self) -> Path:
        """The one record that there is."""
        (path,) = self.records.glob("*.sqlite")
        return path

    def close(self) -> int:
        """Ends it; its exit status. Never waits for long."""
        if self._process.poll() is None:
            self.thaw()
            self._process.terminate()
            try:
                self._process.wait(LEAVES_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(5.0)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return int(self._process.returncode)

    def _line(self) -> bytes:
        stdout = self._process.stdout
        assert stdout is not None
        if not select.select([stdout], [], [], READY_S)[0]:
            self.close()
            raise AssertionError(f"no address within {READY_S} s: {self.complaints.read_text()}")
        line = stdout.readline()
        if not line:
            self.close()
            raise AssertionError(f"it has ended: {self.complaints.read_text()}")
        return line
