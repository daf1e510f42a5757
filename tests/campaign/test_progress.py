"""How far a campaign is."""

import io

import pytest
from rich.console import Console

from controller.campaign import progress
from controller.campaign.progress import CampaignProgress, duration
from controller.campaign.work import Done
from controller.virtual.case import COLUMNS


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "?"), (0.2, "0 s"), (59.6, "1 min 0 s"), (185.0, "3 min 5 s"), (7800.0, "2 h 10 min")]
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize("terminal", [True, False])
def test_rates_and_what_is_left(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of ten were there before; four more in twenty seconds, of 100 s each, leave four and twenty seconds."""
    now_s = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now_s[0])
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120)
    with CampaignProgress(10, 2, console) as shown:
        for index in range(4):
            now_s[0] += 5.0
            row = tuple(100.0 if column == "duration_s" else None for column in COLUMNS)
            shown.finished(Done(index, row, ({"invariant": 1},) if index == 0 else ()))
        assert shown.rates(now_s[0]) == "0.20/s, 20 x real time, 20 s left, violations: 1"
    assert isinstance(console.file, io.StringIO)
    told = console.file.getvalue()
    if terminal:
        assert "6/10" in told
    else:
        assert told.splitlines() == [
            "4 of 10 procedures: 0.20/s, 20 x real time, 30 s left, violations: 1",
            "6 of 10 procedures: 0.20/s, 20 x real time, 20 s left, violations: 1",
        ]
