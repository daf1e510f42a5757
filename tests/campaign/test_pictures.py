"""Pictures: they are there, they show every patient and event, and labels do not touch."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread
from matplotlib.text import Annotation

from controller.campaign.errors import CampaignError
from controller.campaign.gallery import MOST_LABELS, draw, picture
from controller.campaign.plan import Plan
from controller.campaign.plots import draw_delivered, draw_plots, draw_stops, draw_volumes
from controller.campaign.summary import Row
from controller.campaign.work import Done
from controller.core.reasons import Reason
from controller.virtual.case import COLUMNS
from controller.virtual.trace import Trace
from tests.campaign import fakes


def finished(count: int) -> list[Done]:
    plan = Plan(patients=count)
    return [Done(n, tuple(fakes.fair(plan.case(n)).row[column] for column in COLUMNS), ()) for n in range(count)]


def rows(count: int) -> list[Row]:
    return [dict(zip(COLUMNS, done.row, strict=True)) for done in finished(count)]


def test_every_picture_is_written(tmp_path: Path) -> None:
    paths = draw_plots(finished(40), tmp_path / "plots")
    assert {path.name for path in paths} == {"stops.png", "extravasated.png", "post_stop.png", "delivered.png"}
    for path in paths:
        assert np.ptp(imread(path)) > 0.5, f"{path.name} is not blank"


def test_nothing_finished_is_no_picture(tmp_path: Path) -> None:
    assert draw_plots([], tmp_path / "plots") == []
    assert list(tmp_path.iterdir()) == []


def test_bars_add_up_to_the_whole() -> None:
    axes = draw_stops(rows(40)).axes[0]
    for place, label in enumerate(axes.get_yticklabels()):
        widths = [bar.get_width() for bar in axes.patches if round(bar.get_y() + bar.get_height() / 2) == place]
        assert sum(widths) == pytest.approx(100.0), label.get_text()
    assert sum(bar.get_height() for bar in draw_delivered(rows(40)).axes[0].patches) == 40


def test_every_reason_looks_different() -> None:
    few = rows(1)
    many = [{**few[0], "reason": reason.name} for reason in Reason]
    looks = {(bar.get_facecolor(), bar.get_hatch()) for bar in draw_stops(many).axes[0].patches}
    assert len(looks) == len(Reason)


def test_a_dot_each_patient_and_no_guess_where_nothing_is_known() -> None:
    axes = draw_volumes(rows(40), "extravasated_ul", "volume", "#000000").axes[0]
    dots = sum(len(line.get_xdata()) for line in axes.lines if line.get_marker() == "o")
    assert dots == sum(1 for row in rows(40) if row["extravasated_ul"] is not None)
    assert [text.get_text() for text in axes.texts] == ["not known"]


def a_trace(events: list[tuple[float, str, str]]) -> Trace:
    trace = Trace()
    for step in range(200):
        t_s = step * 0.05
        trace.t_s.append(t_s)
        trace.line_kpa.append(40.0 * np.sin(t_s) ** 2)
        trace.duct_kpa.append(None if t_s < 5 else 0.3 * t_s)
        trace.plunger_ul.append(5.0 * t_s)
        trace.flow_ul_s.append(5.0)
        trace.cannula_ul.append(None if t_s < 5 else 4.0 * t_s)
        trace.into_duct_ul.append(3.0 * t_s)
        trace.extravasated_ul.append(None)
        trace.reflux_ul.append(0.0)
    trace.events.extend(events)
    return trace


CROWD = [(9.0 + 0.05 * n, f"event number {n} with $mathematics_{n}$", "host") for n in range(20)]


def test_labels_do_not_touch_and_stay_inside() -> None:
    figure = picture(a_trace([(0.0, "self_test", "host"), *CROWD]), "title")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    events = figure.axes[3]
    labels = [text for text in events.texts if isinstance(text, Annotation)]
    assert len(labels) == 21
    boxes = [label.get_window_extent(canvas.get_renderer()) for label in labels]
    for n, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[n + 1 :]), labels[n].get_text()
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1


def test_the_curves_are_those_of_the_trace() -> None:
    figure = picture(a_trace([]), "title")
    told = {line.get_label(): line for axes in figure.axes for line in axes.lines}
    assert told["duct (right)"].get_ydata()[-1] == pytest.approx(0.3 * 9.95)
    assert set(told) >= {"line", "plunger", "cannula", "into the duct", "extravasated (not known)", "reflux"}
    through = told["cannula"].get_ydata()
    assert np.isnan(through[:100]).all(), "nothing is drawn where nothing is known"
    assert through[101:] == pytest.approx(4.0)


def test_more_events_than_can_be_read_are_counted() -> None:
    figure = picture(a_trace([(n * 0.1, "again", "") for n in range(MOST_LABELS + 5)]), "title")
    assert figure.axes[3].get_ylabel() == "events\n(5 more)"


def test_an_empty_trace_can_be_drawn(tmp_path: Path) -> None:
    draw(Trace(), "nothing happened", tmp_path / "empty.png")
    assert (tmp_path / "empty.png").stat().st_size > 1000


@pytest.mark.parametrize(("suffix", "begins"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_the_same_trace_gives_the_same_file(suffix: str, begins: bytes, tmp_path: Path) -> None:
    for name in ("a", "b"):
        draw(a_trace(CROWD), "title", tmp_path / f"{name}{suffix}")
    data = (tmp_path / f"a{suffix}").read_bytes()
    assert data.startswith(begins)
    assert data == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("a.jpg", "a.jpg: the file's ending says the format; .png, .svg, .pdf are known"),
        ("nowhere/a.png", "there is no directory"),
        ("folder.png", "is a directory"),
    ],
)
def test_a_place_that_can_not_be_written_is_told(place: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(CampaignError, match=sentence):
        draw(Trace(), "title", tmp_path / place)


def test_a_disk_that_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("controller.campaign.gallery.write_whole", full)
    with pytest.raises(CampaignError, match="can not be written: No space left on device"):
        draw(Trace(), "title", tmp_path / "a.png")
