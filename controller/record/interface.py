"""What the control loop knows of a recorder, whichever it is."""

import sys
from collections.abc import Mapping
from typing import Protocol

LOST = sys.maxsize
"""The seq of an entry that could not be taken: no durable_seq ever reaches it, so whoever waits for it waits in vain."""


class Recorder(Protocol):
    """Takes entries without ever blocking or raising, and tells which are on the disk."""

    @property
    def durable_seq(self) -> int:
        """Every entry up to this one is on the disk (0: none yet). Moves in `pump` and `finish` only."""

    @property
    def trouble(self) -> str | None:
        """The first thing that went wrong, as a sentence, or None. It stays: a recorder in trouble does not recover by itself."""

    def put(self, kind: str, t_s: float, body: Mapping[str, object]) -> int:
        """Hands over one entry and returns its seq (LOST, with trouble set, if it could not be taken).

        kind: a short lower-case word. t_s: when it happened, seconds of the loop's clock. body: a JSON object; it is written out
        here and now, so it may change afterwards.
        """

    def pump(self, now_s: float) -> None:
        """Sends what is buffered and reads acknowledgements, a bounded amount of each."""

    def oldest_unacked_age_s(self, now_s: float) -> float:
        """How long ago (its t_s) the oldest entry happened that is not yet on the disk; 0.0 when all are."""

    def fileno(self) -> int | None:
        """A descriptor that becomes readable when there is something for `pump`; None where there is none (any more)."""

    @property
    def pid(self) -> int | None:
        """The recorder process, None where there is none."""

    def finish(self, timeout_s: float) -> bool:
        """Waits, at most timeout_s, until everything is on the disk and the file is closed. True if nothing was lost."""
