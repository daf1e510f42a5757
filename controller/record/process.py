"""The recorder process: takes entries from the control process, puts them on the disk, and says what is durable.

It outlives the control process by design: terminal signals are ignored, and only the end of the socket (which comes even if the
control process is killed) ends it. It then commits what it was given and closes the file. It never writes an entry of its own
making, least of all an "end": what the control process did not say is not known to have happened.
"""

import argparse
import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from controller.record.chain import RawEntry, make_entry
from controller.record.errors import RecordError
from controller.record.store import RecordStore
from controller.record.wire import LineReader, encode_line

_IGNORED_SIGNALS = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGTSTP,
    signal.SIGPIPE,
)
_BATCH_BYTES = 1024 * 1024  # at most this much is read before it is committed
_PENDING_BYTES = 64 * 1024 * 1024  # held while the disk refuses them; beyond that the client's buffer fills up, and it says so
_RETRY_S = 0.5
_LAST_TRIES = 4  # after the control process is gone
_GOODBYE_S = 1.0  # for the last acknowledgement to be taken


class Recorder:
    """One record and the socket that feeds it."""

    def __init__(self, connection: socket.socket, store: RecordStore) -> None:
        """connection: non-blocking stream socket. store: freshly created."""
        self._connection = connection
        self._store = store
        self._lines = LineReader()
        self._pending: deque[RawEntry] = deque()
        self._pending_bytes = 0
        self._poll = select.poll()
        self._next_seq = 1
        self._retry_s = 0.0
        self._listened_to = True
        self._out = encode_line({"ready": str(store.path)})
        self._told_durable = 0
        self._trouble: str | None = None

    def run(self) -> bool:
        """Serves until the socket ends, then closes the store (RecordError, see there); true if all that came is on the disk."""
        while self._serve_once():
            pass
        for attempt in range(_LAST_TRIES):
            if attempt and self._pending:
                time.sleep(_RETRY_S)
            self._commit()
        self._say_goodbye()
        self._store.close()
        return not self._pending

    def _serve_once(self) -> bool:
        """Waits for something to do and does it; false at the end of the socket."""
        self._compose()
        wanted = select.POLLRDHUP  # the end is seen even while there is no room for more
        if self._pending_bytes < _PENDING_BYTES:
            wanted |= select.POLLIN
        if self._out:
            wanted |= select.POLLOUT
        self._poll.register(self._connection, wanted)
        wait_ms = max(0.0, self._retry_s - time.monotonic()) * 1000.0 if self._pending else None
        happened = sum(events for _, events in self._poll.poll(wait_ms))
        if happened & select.POLLOUT:
            self._send()
        alive = self._receive() if happened & ~select.POLLOUT else True
        if time.monotonic() >= self._retry_s:
            self._commit()
        return alive

    def _receive(self) -> bool:
        """Reads what is queued, up to one batch; false at the end of the socket."""
        taken = 0
        while taken < _BATCH_BYTES:
            try:
                data = self._connection.recv(256 * 1024)
            except BlockingIOError:
                return True
            except OSError:
                return False  # the other side died with acknowledgements unread; what it had sent came before this
            if not data:
                return False
            taken += len(data)
            try:
                lines = self._lines.feed(data)
            except ValueError as error:
                self._trouble = f"the recorder was sent {error}"
                return False
            for line in lines:
                self._take(line)
        return True

    def _take(self, line: bytes) -> None:
        try:
            seq, t_s, kind, body = json.loads(line)
            entry = make_entry(seq, t_s, kind, body)
        except (TypeError, ValueError, RecursionError) as error:
            self._trouble = f"the recorder was sent an entry that it can not write: {error}"
            return
        if entry.seq != self._next_seq:
            self._trouble = f"the recorder was sent entry {entry.seq} where {self._next_seq} was due"
            return
        self._next_seq += 1
        self._pending.append(entry)
        self._pending_bytes += len(line)

    def _commit(self) -> None:
        if not self._pending:
            return
        try:
            self._store.append(list(self._pending))
        except RecordError as error:
            self._trouble = str(error)
            self._retry_s = time.monotonic() + _RETRY_S
        else:
            self._pending.clear()
            self._pending_bytes = 0
            self._retry_s = 0.0

    def _compose(self) -> None:
        """Puts the news together, once the last words are out: so nothing ever queues up behind a slow listener."""
        if self._out or not self._listened_to:
            return
        if self._trouble is not None:
            self._out += encode_line({"trouble": self._trouble})
            self._trouble = None
        if self._store.last_seq > self._told_durable:
            self._told_durable = self._store.last_seq
            self._out += encode_line({"durable": self._told_durable, "path": str(self._store.path)})

    def _send(self) -> None:
        try:
            self._out = self._out[self._connection.send(self._out) :]
        except BlockingIOError:
            return
        except OSError:
            # nobody listens any more; what was sent to us before can still be read, up to the end
            self._listened_to = False
            self._out = b""

    def _say_goodbye(self) -> None:
        deadline_s = time.monotonic() + _GOODBYE_S
        self._compose()
        while self._out and (left_s := deadline_s - time.monotonic()) > 0:
            if select.select([], [self._connection], [], left_s)[1]:
                self._send()
                self._compose()


def main(arguments: Sequence[str]) -> int:
    """`--fd N --path FILE`: N is one end of a connected AF_UNIX stream socket. Returns 0 if everything is safe in one file."""
    for number in _IGNORED_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    # Real-time scheduling is inherited from the control process; the recorder must never compete with it.
    with contextlib.suppress(OSError):  # some containers forbid the call altogether, and real-time scheduling with it
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    parser = argparse.ArgumentParser(prog="python -m controller.record.process")
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--path", type=Path, required=True)
    options = parser.parse_args(arguments)
    with socket.socket(fileno=options.fd) as connection:
        connection.setblocking(False)
        try:
            if Recorder(connection, RecordStore.create(options.path)).run():
                return 0
            problem = f"not everything that came could be written into {options.path}"
        except RecordError as error:
            problem = str(error)
        connection.settimeout(_GOODBYE_S)
        with contextlib.suppress(OSError):  # often nobody listens any more
            connection.sendall(encode_line({"trouble": problem}))
        with contextlib.suppress(OSError, AttributeError):  # the terminal may be gone, or there never was one
            sys.stderr.write(f"recorder: {problem}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
