"""The curves of a report: line pressure and limit, what the duct held at zero flow, volume, and when there was a cause to stop.

Colours are those of Okabe and Ito, told apart by colour-blind people too; what is a limit is dashed, so that it is told in grey.
"""

import io
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from controller.core.states import State
from controller.report.content import Report

SKY, BLUE, GREEN, VERMILION, GREY = "#56B4E9", "#0072B2", "#009E73", "#D55E00", "#666666"
_SIZE_INCH = (9.0, 6.2)
_DPI = 150
_HEADROOM = 1.25


def draw(report: Report) -> Figure:
    """Three plots over one time axis."""
    figure = Figure(figsize=_SIZE_INCH, layout="constrained")
    line, duct, volume = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2, 2))
    curves = report.curves
    line_kpa = np.array([np.nan if kpa is None else kpa for kpa in curves.line_kpa])
    line.plot(curves.t_s, line_kpa, color=BLUE, linewidth=0.9, label="line pressure")
    _limit(line, report.limits_kpa[0], float(np.nanmax(line_kpa, initial=0.0)))
    line.set_ylabel("line (kPa)")
    _holds(duct, report)
    volume.plot(curves.t_s, np.array(curves.patient_ul) / 1000.0, color=GREEN, linewidth=1.4)
    volume.set_ylabel("into the\npatient (mL)")
    volume.set_xlabel("s since the start")
    for axes in (line, duct, volume):
        axes.grid(alpha=0.3)
        for at_s, reason in report.causes:
            axes.axvline(at_s, color=VERMILION, linewidth=1.0)
            if axes is line:
                axes.annotate(reason, (at_s, 1.0), xycoords=("data", "axes fraction"), rotation=90, fontsize=7, color=VERMILION,
                              va="top", ha="right")  # fmt: skip
    _infusions(line, report)
    return figure


def _holds(axes: Axes, report: Report) -> None:
    """The pressure at zero flow stands at the end of its hold."""
    states = report.curves.states
    ends_s = [after for (_, state), (after, _) in pairwise(states) if state is State.HOLDING]
    shown = list(zip(ends_s, report.hold_kpa, strict=False))
    axes.plot([at_s for at_s, _ in shown], [kpa for _, kpa in shown], "o-", color=SKY, markeredgecolor=BLUE)
    for at_s, kpa in shown:
        axes.annotate(f"{kpa:.2f}", (at_s, kpa), textcoords="offset points", xytext=(4, 4), fontsize=7)
    axes.axhline(report.limits_kpa[1], color=GREY, linestyle="--", linewidth=1.0)
    axes.set_ylim(min(0.0, *[kpa for _, kpa in shown], 0.0), report.limits_kpa[1] * _HEADROOM)
    axes.set_ylabel("duct at zero\nflow (kPa)")


def _limit(axes: Axes, limit_kpa: float, highest_kpa: float) -> None:
    """The limit as a line where it is near; else said in words, so that the curve is not pressed flat."""
    if highest_kpa > 0.5 * limit_kpa:
        axes.axhline(limit_kpa, color=GREY, linestyle="--", linewidth=1.0)
        return
    axes.annotate(f"limit {limit_kpa:g} kPa, above", (0.99, 0.95), xycoords="axes fraction", fontsize=7, color=GREY,
                  va="top", ha="right")  # fmt: skip


def _infusions(axes: Axes, report: Report) -> None:
    states = [*report.curves.states, (report.curves.t_s[-1] if report.curves.t_s else 0.0, State.STANDBY)]
    for (from_s, state), (to_s, _) in pairwise(states):
        if state is State.INFUSING:
            axes.axvspan(from_s, to_s, color=GREEN, alpha=0.12, linewidth=0)


def as_svg(figure: Figure) -> str:
    """The picture as an element for a page: the same bytes for the same record."""
    import matplotlib as mpl

    data = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "ductoject", "svg.fonttype": "none"}):
        figure.savefig(data, format="svg", metadata={"Date": None})
    text = data.getvalue().decode()
    return text[text.index("<svg") :]


def as_png(figure: Figure) -> bytes:
    """The picture for printing."""
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=_DPI)
    return data.getvalue()
