"""The course of things on one server: set-up, procedure, after-care, and set-up again. It is kept here, not in a page.

Nothing in here moves anything: what begins a procedure is an order to a control process, what a window says to one is judged
there once more, by the state machine that would be judged by at a terminal.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from controller.bedside import views
from controller.bedside.alarms import Alarms
from controller.bedside.child import CONTROL, ControlProcess, NotBegunError
from controller.bedside.errors import DeniedError
from controller.bedside.ground import Ground, Wishes, today_of_the_patient
from controller.bedside.live import Live
from controller.bedside.open_question import objection
from controller.bedside.sheets import AfterSheet, SetupSheet
from controller.bedside.work import Work
from controller.display import wire

BEGIN_S: Final = 25.0
STOP_S: Final = 10.0
MOST_EARLY: Final = 50
VIEW_S: Final = 0.1
PATIENT_VIEW_S: Final = 0.15
"""While snapshots come, each is shown as it comes; only where one stays away a view goes out without it."""

Tell = Callable[[Mapping[str, Any]], None]


class Course:
    """changed: told when a window's hello would be another one. tell, show: to all windows."""

    def __init__(
        self,
        wishes: Wishes,
        work: Work,
        changed: Callable[[], None],
        tell: Tell,
        show: Tell,
        control: Sequence[str] = CONTROL,
    ) -> None:
        self.wishes = wishes
        self.stage = "setup"
        self.ground: Ground | None = None
        self.live: Live | None = None
        self.alarms = Alarms()
        self.setup: SetupSheet | None = None
        self.after = AfterSheet()
        self.path: Path | None = None
        self._work = work
        self._changed, self._tell, self._show = changed, tell, show
        self._control = control
        self._child: ControlProcess | None = None
        self._early: list[dict[str, Any]] = []
        self._loaded = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self.storing = asyncio.Lock()
        self.ended_on: date | None = None
        self._n = 0
        self._shown_s = float("-inf")

    def settle(self, ground: Ground) -> None:
        """Everything is loaded."""
        self.ground, self.setup = ground, SetupSheet(ground.first_values)
        self._loaded.set()
        self._changed()

    async def settled(self, limit_s: float = 30.0) -> tuple[Ground, SetupSheet]:
        """Waits for that. Raises DeniedError."""
        try:
            await asyncio.wait_for(self._loaded.wait(), limit_s)
        except TimeoutError:
            raise DeniedError(503, "the profile is still being loaded: ask again in a moment") from None
        if self.ground is None or self.setup is None:
            raise DeniedError(503, "the profile is not loaded")
        return self.ground, self.setup

    # -- beginning -------------------------------------------------------------------------------------------------------------

    async def begin(self) -> str:
        """Orders a procedure of what the set-up says; the record's name. Raises DeniedError with what is missing or wrong."""
        from controller.bedside.setup import check_setup, duct_name, header_values, profile_overrides  # loaded by now

        ground, sheet = await self.settled()
        if self._one_at_a_time.locked():
            raise DeniedError(409, "a procedure is being begun already")
        async with self._one_at_a_time:
            self.need("setup")
            if self._child is not None and self._child.running:
                raise DeniedError(409, "the control process before has not ended yet")
            values, towel_s = dict(sheet.values), sheet.towel_s(wire.clock_s())
            problems = await self._work.do(
                check_setup, values, ground.loaded, today_of_the_patient(), ground.records, towel_s=towel_s
            )
            if problems:
                raise DeniedError(409, problems=problems)
            header = header_values(values, towel_s)
            order = {
                "profile": self.wishes.profile,
                "scenario": self.wishes.scenario,
                "records": str(ground.records),
                "overrides": profile_overrides(values),
                "patient": header.get("patient"),
                "duct": duct_name(header),
                "predecessor": header.get("continues"),
                "setup": header,
            }
            return await self._order(order)

    async def _order(self, order: Mapping[str, Any]) -> str:
        self._early = []
        try:
            self._child = ControlProcess.start(order, self._take, self._over, self._control)
            answer = await self._child.answer(BEGIN_S)
        except NotBegunError as error:
            raise DeniedError(409, " ".join(error.problems)) from error
        return str(answer.get("record"))

    def _take(self, message: dict[str, Any]) -> None:
        now_s = wire.clock_s()
        if self.live is None:
            self._take_early(message, now_s)
            return
        told = self.live.take(message, now_s)
        if message.get("type") == "snapshot":
            self._look(now_s)
        if told is not None:
            self._tell(told)
        if message.get("type") == "end":
            alarm = self.live.last_alarm()
            if alarm is not None and self.alarms.view(now_s) is None:
                self.alarms.take(alarm, now_s)
            self._go_after(now_s)

    def _take_early(self, message: dict[str, Any], now_s: float) -> None:
        """What earlier records leave open is told before anything is begun."""
        if message.get("type") == "note" and len(self._early) < MOST_EARLY:
            self._early.append(message)
        if message.get("type") != "begun":
            return
        self.live = Live(str(message.get("record")), now_s)
        self.path, self.stage, self.after = Path(str(message.get("path"))), "running", AfterSheet()
        for note in self._early:
            self.live.take(note, now_s)
        self._changed()
        self._tell(self.history())

    def _over(self) -> None:
        """No more comes from the control process."""
        if self.live is None or self.stage != "running":
            return
        now_s = wire.clock_s()
        told = self.live.lose(now_s)
        if told is not None:
            self._tell(told)
        self._go_after(now_s)

    def _go_after(self, now_s: float) -> None:
        self.stage, self.ended_on = "after", today_of_the_patient()
        self._look(now_s)  # in place of a view that waits somewhere and still says "live"
        self._changed()

    # -- saying ----------------------------------------------------------------------------------------------------------------

    def say(self, statement: Mapping[str, str]) -> None:
        """Hands a statement on. Raises DeniedError where it can not be, or where nobody asked for it."""
        word = statement["operator"]
        if self._child is None or not self._child.running or self.stage == "after":
            raise DeniedError(409, "no procedure is running")
        if word in ("go", "confirm"):
            shot = self.live.snapshot if self.live is not None and self.live.live(wire.clock_s()) else None
            why_not = objection(statement, shot)
            if why_not is not None:
                raise DeniedError(409, f"not sent: {why_not}")
        if not self._child.say(statement):
            raise DeniedError(503, "NOT SENT: press the stop button")

    def handle_alarm(self, do: str, now_s: float) -> None:
        """Acknowledged, reset, or silent for a while. Raises DeniedError where that can not be."""
        acts = {"acknowledge": self.alarms.acknowledge, "reset": self.alarms.reset, "pause_audio": self.alarms.pause_audio}
        acts[do](now_s)
        self._look(now_s)

    def need(self, stage: str) -> None:
        """Raises DeniedError in another stage."""
        if self.stage != stage:
            now = {"setup": "a procedure is not begun yet", "running": "a procedure is running", "after": "a procedure has ended"}
            raise DeniedError(409, f"this is not the time for it: {now[self.stage]}")

    @property
    def beginning(self) -> bool:
        """Whether a procedure is being begun."""
        return self._one_at_a_time.locked()

    @property
    def running(self) -> bool:
        """Whether a control process is there."""
        return self._child is not None and self._child.running

    def history(self) -> dict[str, Any]:
        """For a window that has just come."""
        return views.history(self.live.points if self.live else [], self.live.notes if self.live else [])

    def tick(self) -> float:
        """Shows what is to be shown by now; in how many seconds to call again."""
        now_s = wire.clock_s()
        patience_s = PATIENT_VIEW_S if self.live is not None and self.live.live(now_s) else VIEW_S
        if now_s - self._shown_s >= patience_s:
            self._look(now_s)
        return max(self._shown_s + patience_s - now_s, 0.01)

    def _look(self, now_s: float) -> None:
        live = self.live
        self.alarms.take(live.condition(now_s) if live is not None else None, now_s)
        self._n += 1
        self._shown_s = now_s
        self._show(
            views.view(
                self._n,
                age_s=live.age_s(now_s) if live else None,
                live=live.live(now_s) if live else False,
                snapshot=live.snapshot if live else None,
                alarm=self.alarms.view(now_s),
                elapsed_s=live.elapsed_s(now_s) if live else None,
                imaging_since_s=live.imaging_since_s(now_s) if live else None,
                health=live.health(now_s) if live else {"control": "none"},
                made_s=now_s,
            )
        )

    # -- ending ----------------------------------------------------------------------------------------------------------------

    def renew(self) -> None:
        """Another procedure may be set up; nothing of the one before stays."""
        if self.ground is None:
            raise DeniedError(503, "the profile is not loaded")
        self.live, self.path, self.after, self.stage = None, None, AfterSheet(), "setup"
        self.setup = SetupSheet(self.ground.first_values)
        self._changed()

    async def leave(self) -> bool:
        """The server is to end: a procedure that runs is stopped, and its end waited for, so long. Whether it has ended."""
        if self._child is None or not self._child.running:
            return True
        return await self._child.stop(STOP_S)
