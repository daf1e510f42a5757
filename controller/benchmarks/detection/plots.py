"""The pictures: what is found at which price, and how soon. Colours as in the pictures of campaigns."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from controller.benchmarks.detection.judging import Alarm, Fate, Run, alarm_in, alarmed, fate, label, reference, threshold_at
from controller.benchmarks.detection.measure import Findings, alarm_at, place
from controller.benchmarks.detection.methods import METHODS, OURS
from controller.campaign.plots import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, write_figures

MOST_FALSE_STOPS = 0.2
POINTS = 41
SHOWN_RATE = 0.02  # in the pictures of how soon
_COLOURS = (SKY, GREEN, ORANGE, PURPLE, BLUE, GREY, BLACK)
_DASHES = ("--", "-.", ":", (0, (3, 1, 1, 1)), (0, (5, 1)))

_Measure = Callable[[Run, float], float | None]


def draw(findings: Findings, folder: Path) -> list[Path]:
    """Draws into the folder, which is made if it is not there; returns the files. Raises OSError."""
    groups, base = _tears(findings.runs), reference(findings.runs)
    if not groups or not base:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    figures = {
        "roc": draw_roc(groups, base),
        "delay": draw_found(groups, base, _delay_s, "s after the tear"),
        "extravasated": draw_found(groups, base, _spilt_ul, "extravasated at the alarm (\u00b5L)"),
    }
    return write_figures(figures, folder)


def draw_roc(groups: dict[str, list[Run]], base: Sequence[Run]) -> Figure:
    """Part of the tears that is found, over the part of false stops."""
    figure, places = _figure(groups)
    for (name, runs), axes in zip(groups.items(), places, strict=True):
        for method in METHODS:
            points = sorted(_roc(method, runs, base))
            axes.plot([100 * x for x, _ in points], [100 * y for _, y in points], label=method, **_style(method))
        axes.set_title(f"{name} (n = {_count(runs)})", fontsize="medium")
        axes.set_xlim(0, 100 * MOST_FALSE_STOPS)
        axes.set_xlabel("false stops, at most (%)")
        axes.set_ylabel("tears found (%)")
    _finish(figure, places, f"Tears found, over false stops in {base[0].subgroup}")
    return figure


def draw_found(groups: dict[str, list[Run]], base: Sequence[Run], measure: _Measure, unit: str) -> Figure:
    """Part of the tears that is found by then, at thresholds with the same rate of false stops."""
    figure, places = _figure(groups)
    most = 1.0
    for (name, runs), axes in zip(groups.items(), places, strict=True):
        for method in METHODS:
            alarm = alarm_at(method, threshold_at(base, method, SHOWN_RATE))
            values = sorted(
                value
                for run in runs
                if fate(run, alarm) is Fate.FOUND
                and (at_s := alarm_in(run, alarm)) is not None
                and (value := measure(run, at_s)) is not None
            )
            most = max([most, *values])
            parts = 100 * np.arange(len(values) + 1) / max(1, _count(runs))
            axes.step([0.0, *values, 1e6], [*parts, parts[-1]], where="post", label=method, **_style(method))
        axes.set_title(f"{name} (n = {_count(runs)})", fontsize="medium")
        axes.set_xlabel(unit)
        axes.set_ylabel("tears found (%)")
    for axes in places:
        axes.set_xlim(0, 1.03 * most)
    _finish(figure, places, f"Tears found, at most {100 * SHOWN_RATE:g} % false stops in {base[0].subgroup}")
    return figure


def _tears(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """The sub-groups in which there is something to find, in the order of the rows."""
    names = sorted({label(run) for run in runs if fate(run, _never) is Fate.MISSED}, key=place)
    return {name: [run for run in runs if label(run) == name] for name in names}


def _never(_: Run) -> float | None:
    return None


def _count(runs: Sequence[Run]) -> int:
    return sum(fate(run, _never) is Fate.MISSED for run in runs)


def _roc(method: str, runs: Sequence[Run], base: Sequence[Run]) -> list[tuple[float, float]]:
    points = []
    for rate in np.linspace(0.0, MOST_FALSE_STOPS, POINTS):
        alarm: Alarm = alarm_at(method, threshold_at(base, method, float(rate)))
        found = sum(fate(run, alarm) is Fate.FOUND for run in runs)
        # what a test may do at less than this, it may do here too; where it stops more for certain, it is drawn there
        points.append((max(float(rate), alarmed(base, alarm) or 0.0), found / max(1, _count(runs))))
    return points


def _delay_s(run: Run, at_s: float) -> float | None:
    return None if run.tear_s is None else at_s - run.tear_s


def _spilt_ul(run: Run, at_s: float) -> float | None:
    return run.spilt_ul(at_s)


def _style(method: str) -> dict[str, Any]:
    if method == OURS:
        return {"color": VERMILION, "linewidth": 2.2}
    place = METHODS.index(method)
    return {"color": _COLOURS[place % len(_COLOURS)], "linestyle": _DASHES[place % len(_DASHES)], "linewidth": 1.4}


def _figure(groups: dict[str, list[Run]]) -> tuple[Figure, list[Axes]]:
    columns = min(2, len(groups))
    lines = -(-len(groups) // columns)
    figure = Figure(figsize=(5.0 * columns + 2.0, 3.4 * lines + 0.4), layout="constrained")
    places = list(figure.subplots(lines, columns, squeeze=False).flat)
    for axes in places[len(groups) :]:
        axes.set_axis_off()
    return figure, places[: len(groups)]


def _finish(figure: Figure, places: Sequence[Axes], title: str) -> None:
    for axes in places:
        axes.set_ylim(0, 102)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
    handles, labels = places[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", fontsize="small", frameon=False)
    figure.suptitle(title, fontsize="medium")
