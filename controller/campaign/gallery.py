"""One procedure over time: pressures, flows, volumes, and what happened when."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from controller.campaign.errors import CampaignError
from controller.campaign.files import write_whole
from controller.campaign.plots import BLACK, BLUE, GREY, ORANGE, SKY, VERMILION

if TYPE_CHECKING:
    from controller.virtual.trace import Trace

SUFFIXES = (".png", ".svg", ".pdf")
MOST_LABELS = 60

_WIDTH_IN, _LEFT, _RIGHT = 12.0, 0.075, 0.945
_AXES_IN, _ROW_IN, _GAP_IN, _TOP_IN, _BOTTOM_IN = 2.0, 0.17, 0.16, 0.45, 0.5
_AROUND_IN = 0.12  # of a label: its distance from the dot, and from the next label
_LONGEST_LABEL = 60
_DPI = 120
_FONT = FontProperties(size=8)


def check_target(path: Path) -> None:
    """Raises CampaignError if no picture can be written there; nothing is simulated in vain."""
    if path.suffix not in SUFFIXES:
        raise CampaignError([f"--plot = {path}: the file's ending says the format; {', '.join(SUFFIXES)} are known"])
    if path.is_dir():
        raise CampaignError([f"--plot = {path}: is a directory"])
    if not path.parent.is_dir():
        raise CampaignError([f"--plot = {path}: there is no directory {path.parent}"])


def draw(trace: "Trace", title: str, path: Path) -> None:
    """Draws a trace into a .png, .svg or .pdf; the same trace gives the same bytes. Raises CampaignError."""
    check_target(path)
    figure = picture(trace, title)
    data = io.BytesIO()
    metadata: dict[str, Any] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix, {})
    with mpl.rc_context({"svg.hashsalt": "ductoject", "svg.fonttype": "none"}):
        figure.savefig(data, format=path.suffix[1:], dpi=_DPI, metadata=metadata)
    try:
        write_whole(path, data.getvalue())
    except OSError as error:
        raise CampaignError([f"--plot = {path}: can not be written: {error.strerror}"]) from error


def picture(trace: "Trace", title: str) -> Figure:
    """The figure: four stacked axes over one time."""
    end_s = max([*trace.t_s, *(event[0] for event in trace.events), 1.0])
    labels = place_labels(trace.events[:MOST_LABELS], end_s)
    events_in = max(0.6, _ROW_IN * (max((label.row for label in labels), default=0) + 1.5))
    heights = [_AXES_IN, _AXES_IN, _AXES_IN, events_in]
    height_in = sum(heights) + _GAP_IN * 3 + _TOP_IN + _BOTTOM_IN
    figure = Figure(figsize=(_WIDTH_IN, height_in))
    FigureCanvasAgg(figure)
    axes = _stack(figure, heights, height_in)
    _draw_pressures(axes[0], trace)
    _draw_flows(axes[1], trace)
    _draw_volumes(axes[2], trace)
    _draw_events(axes[3], labels, len(trace.events) - len(labels))
    for each in axes:
        each.set_xlim(0.0, end_s)
        each.spines[["top", "right"]].set_visible(False)
        for label in labels:
            each.axvline(label.t_s, color=GREY, linewidth=0.6, alpha=0.6, zorder=0)
    axes[3].set_xlabel("time (s)")
    figure.align_ylabels(axes)
    figure.text(_LEFT, 1 - 0.5 * _TOP_IN / height_in, title, va="center", fontsize="large", parse_math=False)
    return figure


class Label(NamedTuple):
    """The text of an event: right of its moment or, where there is no room, left of it."""

    t_s: float
    text: str
    row: int
    leftwards: bool


def place_labels(events: Sequence[tuple[float, str, str]], end_s: float) -> list[Label]:
    """Puts each label into the uppermost row in which it touches no other one."""
    across_in = _WIDTH_IN * (_RIGHT - _LEFT)
    canvas: Any = FigureCanvasAgg(Figure(dpi=72))
    renderer = canvas.get_renderer()
    rows: list[list[tuple[float, float]]] = []
    labels = []
    for t_s, what, by in sorted(events, key=lambda event: event[0]):
        text = _label(what, by)
        at_in, width_in = t_s / end_s * across_in, _width_in(text, renderer) + _AROUND_IN
        leftwards = at_in + width_in > across_in
        begin_in, end_in = (at_in - width_in, at_in + _AROUND_IN) if leftwards else (at_in - _AROUND_IN, at_in + width_in)
        row = next((n for n, spans in enumerate(rows) if all(end_in <= a or begin_in >= b for a, b in spans)), len(rows))
        if row == len(rows):
            rows.append([])
        rows[row].append((begin_in, end_in))
        labels.append(Label(t_s, text, row, leftwards))
    return labels


def _width_in(text: str, renderer: Any) -> float:
    width, _, _ = renderer.get_text_width_height_descent(text, _FONT, ismath=False)
    return float(width) / 72.0


def _stack(figure: Figure, heights: Sequence[float], height_in: float) -> list[Axes]:
    axes: list[Axes] = []
    top_in = height_in - _TOP_IN
    for each in heights:
        box = (_LEFT, (top_in - each) / height_in, _RIGHT - _LEFT, each / height_in)
        axes.append(figure.add_axes(box, sharex=axes[0] if axes else None))
        top_in -= each + _GAP_IN
    for each_axes in axes[:-1]:
        each_axes.tick_params(labelbottom=False)
    return axes


def _draw_pressures(axes: Axes, trace: "Trace") -> None:
    """The duct has a scale of its own, on the right: its limit is a few hundredths of what the line bears."""
    right = axes.twinx()
    _line(axes, trace.t_s, trace.line_kpa, BLUE, "-", "line")
    _line(right, trace.t_s, trace.duct_kpa, VERMILION, "--", "duct (right)")
    low, high = right.get_ylim()
    right.set_ylim(min(low, 0.0), max(1.2 * high, 1.0))
    right.set_ylabel("duct (kPa)", color=VERMILION)
    right.tick_params(axis="y", colors=VERMILION)
    right.spines["top"].set_visible(False)
    axes.plot([], [], color=VERMILION, linestyle="--", label=right.lines[0].get_label())
    _finish(axes, "line (kPa)")


def _draw_flows(axes: Axes, trace: "Trace") -> None:
    _line(axes, trace.t_s, trace.flow_ul_s, BLUE, "-", "plunger")
    t_s, cannula_ul = np.array(trace.t_s, dtype=float), np.array(trace.cannula_ul, dtype=float)
    if len(t_s) > 1:
        with np.errstate(invalid="ignore", divide="ignore"):
            through = np.diff(cannula_ul) / np.diff(t_s)
        _line(axes, (t_s[1:] + t_s[:-1]) / 2, through, ORANGE, "--", "cannula")
    _finish(axes, "flow (\u00b5L/s)")


def _draw_volumes(axes: Axes, trace: "Trace") -> None:
    _line(axes, trace.t_s, trace.plunger_ul, BLUE, "-", "plunger")
    _line(axes, trace.t_s, trace.into_duct_ul, SKY, "--", "into the duct")
    _line(axes, trace.t_s, trace.extravasated_ul, VERMILION, "-.", "extravasated")
    _line(axes, trace.t_s, trace.reflux_ul, BLACK, ":", "reflux")
    _finish(axes, "volume (\u00b5L)")


def _line(axes: Axes, x: Any, y: Any, colour: str, style: str, label: str) -> None:
    """A line with gaps where a value is not known; a curve of which nothing is known is named as such."""
    values = np.array(y, dtype=float)
    told = label if np.isfinite(values).any() else f"{label} (not known)"
    axes.plot(np.array(x, dtype=float), values, color=colour, linestyle=style, linewidth=1.4, label=told)


def _finish(axes: Axes, label: str) -> None:
    axes.set_ylabel(label)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.2 * (high - low))  # room for the legend
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(loc="upper left", fontsize="small", ncols=4, frameon=True, framealpha=0.85, edgecolor="none")


def _draw_events(axes: Axes, labels: Sequence["Label"], left_out: int) -> None:
    axes.set_ylim(max((label.row for label in labels), default=0) + 1.0, -0.5)
    axes.set_yticks([])
    axes.set_ylabel("events" if not left_out else f"events\n({left_out} more)")
    for label in labels:
        axes.plot([label.t_s], [label.row], marker="o", markersize=3.5, color=BLACK, clip_on=False)
        axes.annotate(
            label.text,
            (label.t_s, label.row),
            xytext=(-5 if label.leftwards else 5, 0),
            textcoords="offset points",
            va="center",
            ha="right" if label.leftwards else "left",
            fontproperties=_FONT,
            parse_math=False,
            bbox={"boxstyle": "square,pad=0.05", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
        )


def _label(text: str, by: str) -> str:
    told = f"{text} ({by})" if by else text
    return told if len(told) <= _LONGEST_LABEL else f"{told[: _LONGEST_LABEL - 3]}..."
