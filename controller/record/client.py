"""The control process's end of the recorder: buffers, never blocks, never raises, and says when the recorder is in trouble."""

import contextlib
import select
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from controller.record.chain import canonical_json, make_entry
from controller.record.errors import RecordError
from controller.record.interface import LOST
from controller.record.wire import LineReader, decode_object

START_TIMEOUT_S = 5.0
BUFFER_BYTES = 8 * 1024 * 1024
RESERVE_BYTES = 1024 * 1024
"""Kept free of raw inputs, so that motions, alarms and the end still find room when the inputs have filled the buffer."""

_LOSS_BYTES = 1024  # room for the event that tells of lost entries, and for the frame around an entry
_SENDS_A_CALL = 64
_SEND_BYTES = 64 * 1024
_READS_A_CALL = 8
_ROOT = Path(__file__).resolve().parents[2]


class RecorderClient:
    """A recorder process and the socket to it. For one thread. See interface.Recorder for what each method promises.

    Any other process that inherited the socket would keep the recorder from seeing this one die: start other processes by exec
    (the socket is not inheritable), never by a bare fork.
    """

    def __init__(self, path: Path, connection: socket.socket, process: subprocess.Popen[bytes], buffer_bytes: int) -> None:
        """Use RecorderClient.start."""
        self.path = path
        self._connection: socket.socket | None = connection
        self._process = process
        self._buffer_bytes = buffer_bytes
        self._lines = LineReader()
        self._queue: deque[memoryview] = deque()
        self._queued_bytes = 0
        self._unacked: deque[tuple[int, float]] = deque()
        self._last_seq = 0
        self._last_t_s = 0.0
        self._lost = 0
        self._lost_untold = 0
        self._durable_seq = 0
        self._ready = False
        self._finishing = False
        self._trouble: str | None = None

    @classmethod
    def start(cls, path: Path, buffer_bytes: int = BUFFER_BYTES) -> "RecorderClient":
        """Starts a recorder process for a new record and waits, at most START_TIMEOUT_S, until its file is there.

        Raises RecordError if it can not be had; then no process is left behind. To be called before the control process takes
        real-time priority.
        """
        path = path.absolute()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        command = [sys.executable, "-m", "controller.record.process", "--fd", str(theirs.fileno()), "--path", str(path)]
        try:
            with theirs:
                process = subprocess.Popen(
                    command,
                    cwd=_ROOT,  # so that -m finds this very package
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,  # no signal from the terminal reaches it
                )
        except OSError as error:
            ours.close()
            raise RecordError(f"the recorder process for {path} can not be started: {error.strerror}") from error
        ours.setblocking(False)
        client = cls(path, ours, process, buffer_bytes)
        client._wait(lambda: client._ready or client._trouble is not None, time.monotonic() + START_TIMEOUT_S)
        if client._ready and client._trouble is None:
            return client
        client.close()
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # a process that hangs in the disk dies when the disk lets go
            process.wait(1.0)
        why = client._trouble or f"it did not say that it is ready within {START_TIMEOUT_S:.0f} s"
        raise RecordError(f"the record could not be begun: {why}")

    @property
    def durable_seq(self) -> int:
        """Every entry up to this one is on the disk."""
        return self._durable_seq

    @property
    def trouble(self) -> str | None:
        """The first thing that went wrong, or None."""
        return self._trouble

    @property
    def pid(self) -> int | None:
        """The recorder process."""
        return self._process.pid

    def fileno(self) -> int | None:
        """The socket, or None once it is closed (it leaves an epoll set by itself then)."""
        return None if self._connection is None else self._connection.fileno()

    def oldest_unacked_age_s(self, now_s: float) -> float:
        """How long ago the oldest entry happened that is not yet on the disk; 0.0 when all are."""
        return max(0.0, now_s - self._unacked[0][1]) if self._unacked else 0.0

    def put(self, kind: str, t_s: float, body: Mapping[str, object]) -> int:
        """Buffers one entry, offers the buffer to the socket at once, and returns the entry's seq, or LOST."""
        try:
            entry = make_entry(self._last_seq + 1, t_s, kind, body)
        except (TypeError, ValueError, RecursionError, OverflowError) as error:
            return self._lose(f"an entry can not be recorded: {error}")
        if self._connection is None:
            return self._lose("the recorder is closed")
        needed = len(entry.body) + _LOSS_BYTES
        if self._queued_bytes + needed > self._buffer_bytes - (RESERVE_BYTES if kind == "inputs" else 0):
            return self._lose(
                f"the recorder does not keep up: {self._queued_bytes / 1e6:.1f} MB wait, an entry of {needed} bytes is lost"
            )
        self._tell_loss(entry.t_s)
        seq = self._enqueue(entry.kind, entry.t_s, entry.body)
        self._send()
        return seq

    def pump(self, now_s: float) -> None:  # noqa: ARG002 - part of the interface; this recorder lives in real time
        """Reads acknowledgements and sends what is buffered, a bounded amount of each."""
        self._receive()
        self._send()

    def finish(self, timeout_s: float) -> bool:
        """Sends everything, lets the recorder close its file, and waits, at most timeout_s, for it to exit.

        True if nothing was lost. After a time-out the recorder is left alone with what it has been sent: it may yet write it.
        """
        deadline_s = time.monotonic() + timeout_s
        self._tell_loss(self._last_t_s)
        self._wait(lambda: not self._queue, deadline_s)
        self._finishing = True
        if self._connection is not None:
            try:
                self._connection.shutdown(socket.SHUT_WR)
            except OSError as error:
                self._break(f"the recorder's socket failed: {error.strerror}")
        self._wait(lambda: False, deadline_s)
        self.close()
        try:
            code = self._process.wait(max(0.0, deadline_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._fail("the recorder process did not end in time")
            return False
        if code != 0:
            self._fail(f"the recorder process ended with code {code}")
        return code == 0 and self._lost == 0 and not self._unacked

    def close(self) -> None:
        """Lets go of the socket: the recorder writes what it has been sent, closes its file and exits. Never raises."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _enqueue(self, kind: str, t_s: float, body: str) -> int:
        """Queues one entry that was checked before."""
        seq = self._last_seq + 1
        line = f'[{seq},{t_s!r},"{kind}",{body}]\n'.encode("ascii")
        self._queue.append(memoryview(line))
        self._queued_bytes += len(line)
        self._unacked.append((seq, t_s))
        self._last_seq, self._last_t_s = seq, t_s
        return seq

    def _lose(self, text: str) -> int:
        self._fail(text)
        self._lost += 1
        self._lost_untold += 1
        return LOST

    def _tell_loss(self, t_s: float) -> None:
        """Has the record say itself that something is missing here."""
        if self._lost_untold:
            text = f"entries could not be recorded: {self._trouble}"[: _LOSS_BYTES // 2]
            body = {"name": "ENTRIES_LOST", "text": text, "count": self._lost_untold}
            self._enqueue("event", t_s, canonical_json(body))
            self._lost_untold = 0

    def _send(self) -> None:
        for _ in range(_SENDS_A_CALL):
            if self._connection is None or not self._queue:
                return
            first = self._queue[0]
            try:
                sent = self._connection.send(first[:_SEND_BYTES])
            except BlockingIOError:
                return
            except OSError as error:
                self._receive()  # the recorder's last words may say why
                self._break(f"the recorder's socket failed: {error.strerror}")
                return
            self._queued_bytes -= sent
            if sent == len(first):
                self._queue.popleft()
            else:
                self._queue[0] = first[sent:]

    def _receive(self) -> None:
        for _ in range(_READS_A_CALL):
            if self._connection is None:
                return
            try:
                data = self._connection.recv(64 * 1024)
                if not data:
                    self._break("the recorder process has ended")
                    return
                for line in self._lines.feed(data):
                    self._hear(decode_object(line))
            except BlockingIOError:
                return
            except OSError as error:
                self._break(f"the recorder's socket failed: {error.strerror}")
            except (ValueError, RecursionError) as error:
                self._break(f"the recorder said something that is not understood: {error}")

    def _hear(self, message: Mapping[str, object]) -> None:
        if "trouble" in message:
            self._fail(str(message["trouble"]))
        if "ready" in message:
            self._ready = True
        durable = message.get("durable")
        if isinstance(durable, int):
            if not self._durable_seq <= durable <= self._last_seq:
                raise ValueError(f"entry {durable} durable, after {self._durable_seq} and of {self._last_seq}")
            self._durable_seq = durable
            while self._unacked and self._unacked[0][0] <= durable:
                self._unacked.popleft()

    def _wait(self, done: Callable[[], bool], deadline_s: float) -> None:
        """Pumps until done, until the socket is gone, or until the deadline."""
        while True:
            self._receive()
            self._send()
            left_s = deadline_s - time.monotonic()
            if self._connection is None or done() or left_s <= 0:
                return
            select.select([self._connection], [self._connection] if self._queue else [], [], left_s)

    def _break(self, text: str) -> None:
        """The socket is of no more use. While finishing, its end is what was asked for."""
        self.close()
        if not self._finishing:
            self._fail(text)

    def _fail(self, text: str) -> None:
        if self._trouble is None:
            self._trouble = text
