"""The server's side of a record that is played: asks the player's process, and knows where a window is in the record."""

import asyncio
import contextlib
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from controller.bedside.errors import DeniedError

PLAYER: Final = (sys.executable, "-P", "-m", "controller.bedside.player")
ANSWER_S: Final = 60.0
MOST_LINE_BYTES: Final = 8 * 1024 * 1024
SLOWEST, FASTEST = 0.1, 100.0
LONGEST_STEP_S: Final = 0.2
"""Of the wall clock: a player that can not keep up plays as fast as it can."""

Message = dict[str, Any]


class PlayerProcess:
    """One record's player."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, path: Path, command: Sequence[str] = PLAYER) -> "PlayerProcess":
        """Starts one; what is wrong with the record is told by the first answer."""
        pipe = asyncio.subprocess.PIPE
        return cls(await asyncio.create_subprocess_exec(*command, str(path), stdin=pipe, stdout=pipe, limit=MOST_LINE_BYTES))

    async def ask(self, word: str, t_s: float | None = None) -> list[Message]:
        """The messages that it answers with. Raises DeniedError."""
        reader, writer = self._process.stdout, self._process.stdin
        if reader is None or writer is None:
            raise DeniedError(500, "the record can not be played")
        try:
            writer.write(json.dumps({word: t_s}).encode() + b"\n")
            line = await asyncio.wait_for(reader.readline(), ANSWER_S)
            answer = json.loads(line)
        except (OSError, ValueError, TimeoutError) as error:
            raise DeniedError(500, "the record can not be played: its player has died, or takes too long") from error
        if isinstance(answer, list):
            return answer
        raise DeniedError(422, str(answer.get("error")))

    async def close(self) -> None:
        """Ends it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()


@dataclass(slots=True)
class Place:
    """Where a window is in a record, and how it goes on. seek_s: where it wants to be instead."""

    t_s: float = 0.0
    duration_s: float = 0.0
    speed: float = 1.0
    paused: bool = False
    seek_s: float | None = None

    def step(self, passed_s: float) -> float:
        """Until when to play, so much later."""
        return min(self.t_s + self.speed * min(passed_s, LONGEST_STEP_S), self.duration_s)

    def asked(self, until_s: float) -> float:
        """What the player is asked for: its end lies a little behind the duration that it tells, which is rounded."""
        return until_s + 1.0 if until_s >= self.duration_s else until_s

    def take(self, message: Message) -> bool:
        """What a window wants; False if that is no such message."""
        match message:
            case {"type": "replay", "speed": speed} if len(message) == 2 and is_speed(speed):
                self.speed = float(speed)
            case {"type": "replay", "paused": bool(paused)} if len(message) == 2:
                self.paused = paused
            case {"type": "replay", "seek_s": t_s} if len(message) == 2 and _finite(t_s):
                self.seek_s = min(max(float(t_s), 0.0), self.duration_s)
            case _:
                return False
        return True

    def body(self) -> Message:
        """As a view tells it."""
        return {"t_s": round(self.t_s, 2), "duration_s": round(self.duration_s, 2), "speed": self.speed, "paused": self.paused}


def is_speed(value: object) -> bool:
    """Whether a record may be played so fast."""
    return _finite(value) and isinstance(value, int | float) and SLOWEST <= value <= FASTEST


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9 and math.isfinite(value)
