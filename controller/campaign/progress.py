"""How far a campaign is: a bar in a terminal, a line now and then elsewhere. Both go to standard error."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from controller.campaign.work import Done
from controller.virtual.case import COLUMNS

PLAIN_EVERY_S = 10.0

_DURATION = COLUMNS.index("duration_s")


class CampaignProgress:
    """Counts what is finished. duration_s of a row is simulated time: against the clock it gives the "x real time"."""

    def __init__(self, patients: int, already: int, console: Console) -> None:
        self._patients, self._already, self._console = patients, already, console
        self._new = self._violations = 0
        self._simulated_s = 0.0
        self._begun_s = self._told_s = time.monotonic()
        self._bar = Progress(
            SpinnerColumn(),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rates]}"),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("", total=patients, completed=already, rates="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def finished(self, done: Done) -> None:
        """One more procedure."""
        self._new += 1
        self._violations += len(done.violations)
        duration_s = done.row[_DURATION]
        self._simulated_s += duration_s if isinstance(duration_s, int | float) else 0.0
        now_s = time.monotonic()
        if self._console.is_terminal:
            self._bar.update(self._task, completed=self._already + self._new, rates=self.rates(now_s))
        elif now_s - self._told_s >= PLAIN_EVERY_S:
            self._told_s = now_s
            count = self._already + self._new
            self._console.print(f"{count} of {self._patients} procedures: {self.rates(now_s)}", highlight=False, soft_wrap=True)

    def rates(self, now_s: float) -> str:
        """Procedures a second, simulated seconds a second, time left, and violations, in words."""
        run_s = max(now_s - self._begun_s, 1e-9)
        left_s = (self._patients - self._already - self._new) * run_s / self._new if self._new else None
        told = [f"{self._new / run_s:.2f}/s", f"{self._simulated_s / run_s:.0f} x real time", f"{duration(left_s)} left"]
        if self._violations:
            told.append(f"violations: {self._violations}")
        return ", ".join(told)


def duration(seconds: float | None) -> str:
    """ "42 s", "3 min 5 s", "2 h 10 min"."""
    if seconds is None:
        return "?"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
