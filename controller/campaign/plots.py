"""The pictures of a campaign. Colours are those of Okabe and Ito, told apart by colour-blind people too; hatches help in grey."""

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from controller.campaign.files import write_whole
from controller.campaign.summary import UNKNOWN, Row, known, reasons_of, subgroup_of
from controller.campaign.work import Done
from controller.virtual.case import COLUMNS

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
GREY = "#999999"

_FREQUENT = {
    "VOLUME_REACHED": GREEN,
    "DUCT_FULL": SKY,
    "FULLNESS": GREY,
    "PAIN_STOP": ORANGE,
    "EXTRAVASATION_SUSPECTED": VERMILION,
    "RESISTANCE": BLUE,
    "PRESSURE_CEILING": PURPLE,
    "REFLUX": YELLOW,
    "OPERATOR_STOP": BLACK,
}
_HATCHES = ("", "////", "\\\\\\\\", "xxxx", "....", "||||", "----", "++++", "oooo")
_BIN_UL = 5.0
_DPI = 120


def draw_plots(finished: Iterable[Done], folder: Path) -> list[Path]:
    """Draws what is finished; returns the files, none if nothing is finished. Raises OSError."""
    rows: list[Row] = [dict(zip(COLUMNS, done.row, strict=True)) for done in finished]
    if not rows:
        return []
    folder.mkdir(exist_ok=True)
    figures = {
        "stops": draw_stops(rows),
        "extravasated": draw_volumes(rows, "extravasated_ul", "extravasated volume (\u00b5L)", VERMILION),
        "post_stop": draw_volumes(rows, "post_stop_ul", "volume that moved after the stop's cause (\u00b5L)", BLUE),
        "delivered": draw_delivered(rows),
    }
    return write_figures(figures, folder)


def write_figures(figures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Writes each as NAME.png, whole or not at all; returns the files. Raises OSError."""
    paths = []
    for name, figure in figures.items():
        data = io.BytesIO()
        figure.savefig(data, format="png", dpi=_DPI)
        paths.append(folder / f"{name}.png")
        write_whole(paths[-1], data.getvalue())
    return paths


def draw_stops(rows: Sequence[Row]) -> Figure:
    """Why procedures ended, as shares of each subgroup."""
    groups = _by_subgroup(rows)
    styles = _styles(rows)
    figure, axes = _figure(len(groups), legend=len(styles))
    left = np.zeros(len(groups))
    counts = [Counter(reasons_of(members)) for members in groups.values()]
    for reason, style in styles.items():
        shares = np.array([100.0 * count[reason] / count.total() for count in counts])
        axes.barh(range(len(groups)), shares, left=left, height=0.7, label=reason, edgecolor="white", linewidth=0.5, **style)
        left += shares
    _name_groups(axes, groups)
    axes.set_xlim(0, 100)
    axes.set_xlabel("procedures of the subgroup (%)")
    axes.set_title("Why procedures ended")
    figure.legend(loc="outside right upper", fontsize="small", frameon=False)
    return figure


def draw_volumes(rows: Sequence[Row], column: str, label: str, colour: str) -> Figure:
    """A volume by subgroup: a dot each patient; the box has half of them, its line is the median, the whiskers 5 and 95 %."""
    groups = _by_subgroup(rows)
    figure, axes = _figure(len(groups))
    for place, members in enumerate(groups.values()):
        values = known(members, column)
        if not values:
            axes.annotate("not known", (0, place), xytext=(6, 0), textcoords="offset points", va="center", color=GREY)
            continue
        heights = place + 0.5 * ((np.arange(len(values)) * 0.618034) % 1.0 - 0.5)  # spread evenly, the same every time
        axes.plot(values, heights, linestyle="none", marker="o", markersize=3, color=colour, alpha=0.35, markeredgewidth=0)
        axes.boxplot(
            values,
            positions=[place],
            orientation="horizontal",
            widths=0.6,
            whis=(5, 95),
            showfliers=False,
            manage_ticks=False,
            medianprops={"color": BLACK, "linewidth": 2},
        )
    _name_groups(axes, groups)
    axes.set_xlim(left=min(0.0, axes.get_xlim()[0]))
    axes.set_xlabel(label)
    axes.set_title("Box: quartiles and median, whiskers: 5 % and 95 %, dots: patients", fontsize="medium")
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure


def draw_delivered(rows: Sequence[Row]) -> Figure:
    """How much the plunger delivered, by the reason of the end."""
    styles = _styles(rows)
    figure, axes = _figure(6, legend=len(styles))
    volumes = {reason: known((r for r in rows if (r["reason"] or UNKNOWN) == reason), "delivered_ul") for reason in styles}
    shown = {reason: values for reason, values in volumes.items() if values}
    if shown:
        most = max(values[-1] for values in shown.values())
        edges = np.arange(-_BIN_UL / 2, most + _BIN_UL, _BIN_UL)  # around round numbers: increments are
        axes.set_xlim(edges[0], edges[-1])
        bottom = np.zeros(len(edges) - 1)
        for reason, values in shown.items():
            heights, _ = np.histogram(values, edges)
            style = {"label": reason, "edgecolor": "white", "linewidth": 0.5, **styles[reason]}
            axes.bar(edges[:-1], heights, _BIN_UL, bottom, align="edge", **style)
            bottom += heights
        figure.legend(loc="outside right upper", fontsize="small", frameon=False)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(f"delivered volume (\u00b5L; bars of {_BIN_UL:.0f} \u00b5L)")
    axes.set_ylabel("procedures")
    axes.set_title("Delivered volume")
    return figure


def _by_subgroup(rows: Sequence[Row]) -> dict[str, list[Row]]:
    names = sorted({subgroup_of(row) for row in rows})
    return {name: [row for row in rows if subgroup_of(row) == name] for name in names}


def _figure(lines: int, legend: int = 0) -> tuple[Figure, Axes]:
    """Room for so many lines on the left axis, and so many entries of a legend beside it."""
    height_in = max(1.6 + 0.45 * max(lines, 3), 0.2 + 0.2 * legend)
    figure = Figure(figsize=(10.0 if legend else 8.0, height_in), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _name_groups(axes: Axes, groups: dict[str, list[Row]]) -> None:
    axes.set_yticks(range(len(groups)), [f"{name} (n = {len(members)})" for name, members in groups.items()])
    axes.set_ylim(len(groups) - 0.5, -0.5)  # the first one on top


def _styles(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """Colour and hatch of each reason: the same in every campaign for those that are frequent, and never twice."""
    reasons = reasons_of(rows)
    ordered = [reason for reason in _FREQUENT if reason in reasons]
    styles: dict[str, dict[str, Any]] = {reason: {"color": _FREQUENT[reason]} for reason in ordered}
    palette = (GREY, ORANGE, SKY, PURPLE, YELLOW, GREEN, VERMILION)
    for place, reason in enumerate(sorted(set(reasons) - set(_FREQUENT))):
        hatch = _HATCHES[1 + (place // len(palette)) % (len(_HATCHES) - 1)]
        styles[reason] = {"color": palette[place % len(palette)], "hatch": hatch}
    return styles
