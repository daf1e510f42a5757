"""A record as the messages that a window got while it was made: the procedure is lived through once more, and the dials are read.

Everything is in record time, seconds of the control loop's clock; how fast that passes is for whoever calls. Living through costs
time: on the machine of docs/realtime.md about a ninetieth of what is played, and a twentieth where other programs want the
processors too. Going to the end of a procedure of a minute takes one to three seconds, also from behind, for going back begins
anew. It holds the interpreter meanwhile, so a server plays in a process of its own, in short steps.
"""

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from controller.banner import BANNER
from controller.bedside import views
from controller.bedside.alarms import Alarms
from controller.bedside.live import Live
from controller.core.core import Core
from controller.record.errors import RecordError
from controller.record.reader import Entry, Record, open_record
from controller.record.verify import verify
from controller.replay import configuration, relive

VIEW_S: Final = 0.1
NOT_CLOSED: Final = "here the record ends without an end: its control process died, or the rest of it was removed"
_UNTOLD: Final = ("question", "state", "noise")
"""Screens see the first two by themselves, and the third never was a note."""
_DAMAGES: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

Message = dict[str, Any]


class Player:
    """One record, played from its beginning on. For one thread: the one that has made it.

    Every method raises RecordError, with a sentence for people, where the record can not be lived through by this version.
    """

    def __init__(self, path: Path) -> None:
        """Opens the record and looks whether it can be played: what damage does not hinder that is told at the beginning."""
        self._record = open_record(path)
        try:
            self._inspect()
        except BaseException:
            self._record.close()
            raise
        self._start()

    def close(self) -> None:
        """Closes the record; may be called again."""
        self._record.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def duration_s(self) -> float:
        """When it ends."""
        return self._duration_s

    @property
    def t_s(self) -> float:
        """Up to when it has been played."""
        return self._t_s

    @property
    def ended(self) -> bool:
        """Whether all of it has been played."""
        return self._live.over

    def begin(self) -> list[Message]:
        """From the start: where the window stands, what there is to know of the record, and the first view."""
        self._start()
        self._run_to(0.0)
        return [self._hello, *self._here()]

    def until(self, t_s: float) -> list[Message]:
        """What was to be seen up to then, in order: notes, a view every VIEW_S, and the end. Nothing where that is behind us."""
        return list(self._run_to(t_s))

    def seek(self, t_s: float) -> list[Message]:
        """To that moment, forth or back: the history until then, the view of then, and the end where that is reached."""
        if t_s < self._t_s:
            self._start()
        self._run_to(t_s)
        return self._here()

    # -- the record ------------------------------------------------------------------------------------------------------------

    def _inspect(self) -> None:
        record = self._record
        with _sentences(record):
            loaded, simulated = configuration(record)
            header, self._end = record.header, record.end
            self._hello: Message = views.hello(
                operator=False,
                desk=False,
                stage="running",
                profile=loaded.source,
                version=str(header.get("version")),
                simulated=simulated,
                record=record.name,
                replay=True,
            )
            self._warnings = [
                f"{'this record is NOT as it was written' if problem.breach else 'of this record'}: {problem.text}"
                for problem in verify(record)
            ]
            times = [row.t_s for row in record.rows(["inputs", "end"])]
            self._duration_s = max((t_s for t_s in times if isinstance(t_s, float) and math.isfinite(t_s)), default=0.0)

    def _start(self) -> None:
        self._live = Live(self._record.name, 0.0)
        self._alarms = Alarms()
        self._cores = relive(self._record)
        self._ahead: tuple[float, Core] | None = None
        self._events = self._record.entries(["event"])
        self._event: Entry | None = None
        self._t_s = 0.0
        self._n = 0
        self._next_view_s = 0.0
        for text in self._warnings:
            self._live.take(views.note(0.0, text), 0.0)

    # -- playing ---------------------------------------------------------------------------------------------------------------

    def _run_to(self, t_s: float) -> list[Message]:
        with _sentences(self._record):
            return list(self._messages(min(t_s, self._duration_s)))

    def _messages(self, until_s: float) -> Iterator[Message]:
        while not self._live.over:
            if self._ahead is None:
                self._ahead = next(self._cores, None)
            if self._ahead is None or self._ahead[0] > until_s:
                break
            now_s, core = self._ahead
            self._ahead = None
            yield from self._notes(now_s)
            if now_s >= self._next_view_s:
                self._next_view_s = now_s + VIEW_S
                yield self._look(now_s, core)
        self._t_s = max(self._t_s, until_s)
        if self._t_s >= self._duration_s and not self._live.over:
            yield from self._finish()

    def _notes(self, now_s: float) -> Iterator[Message]:
        """As the loop gives them to a screen: before the view of the same cycle."""
        while True:
            if self._event is None:
                self._event = next(self._events, None)
            if self._event is None or self._event.t_s > now_s:
                return
            body, t_s = self._event.body, self._event.t_s
            self._event = None
            name = body.get("name")
            if name not in _UNTOLD:
                told = self._live.take({"type": "note", "t_s": t_s, "name": name, "text": body.get("text")}, t_s)
                if told is not None:
                    yield told

    def _look(self, now_s: float, core: Core) -> Message:
        self._live.take({**core.snapshot(), "banner": BANNER}, now_s)
        self._alarms.take(self._live.condition(now_s), now_s)
        return self._view(now_s)

    def _finish(self) -> Iterator[Message]:
        yield from self._notes(self._duration_s)
        if self._end is not None:
            end = {"type": "end", "t_s": self._duration_s, **self._end}
            self._live.take(end, self._duration_s)
            yield end
        else:
            self._live.lose(self._duration_s)
            self._live.notes[-1] = views.note(self._duration_s, NOT_CLOSED)
            yield self._live.notes[-1]
        yield self._view(self._duration_s)

    def _view(self, now_s: float) -> Message:
        live = self._live
        self._n += 1
        message = views.view(
            self._n,
            age_s=live.age_s(now_s),
            live=live.live(now_s),
            snapshot=live.snapshot,
            alarm=self._alarms.view(now_s),
            elapsed_s=live.elapsed_s(now_s),
            imaging_since_s=live.imaging_since_s(now_s),
            health=live.health(now_s),
        )
        return {**message, "replay": {"t_s": round(now_s, 3), "duration_s": round(self._duration_s, 3)}}

    def _here(self) -> list[Message]:
        ends = [{"type": "end", "t_s": self._duration_s, **self._end}] if self._live.over and self._end is not None else []
        return [views.history(self._live.points, self._live.notes), *ends, self._view(self._t_s)]


@contextlib.contextmanager
def _sentences(record: Record) -> Iterator[None]:
    """Makes a sentence of what no version of the host has written."""
    try:
        yield
    except _DAMAGES as error:
        raise RecordError(f"{record.name} holds something that can not be played: {type(error).__name__} {error}") from error
