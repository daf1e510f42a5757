"""The report as PDF, A4."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import matplotlib as mpl
from fpdf import FPDF, FontFace
from fpdf.enums import TableBordersLayout

from controller.report.content import Report, Table
from controller.report.figure import as_png, draw

_FONT: Final = "DejaVu"
_WARNING: Final = (213, 94, 0)
_GREY: Final = (90, 90, 90)
_NAMES_WIDTH: Final = (30, 70)
_NO_DATE: Final = datetime(
    2000, 1, 1, tzinfo=UTC
)  # the same record gives the same bytes; when it was printed is not its business


class _Paper(FPDF):
    """Pages with the banner above and their number below."""

    def __init__(self, report: Report) -> None:
        super().__init__(format="A4")
        self._report = report
        fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
        self.add_font(_FONT, "", fonts / "DejaVuSans.ttf")
        self.add_font(_FONT, "B", fonts / "DejaVuSans-Bold.ttf")
        self.set_creation_date(_NO_DATE)
        self.set_title(report.title)
        self.set_auto_page_break(True, margin=18)

    def header(self) -> None:
        """On every page: what this is not for."""
        self.set_font(_FONT, "B", 8)
        self.multi_cell(0, 5, self._report.banner, border=1, new_x="LMARGIN", new_y="NEXT")
        self.ln(2)

    def footer(self) -> None:
        """Which record, and which of its pages."""
        self.set_y(-14)
        self.set_font(_FONT, "", 7)
        self.cell(0, 5, f"{self._report.title}, page {self.page_no()} of {{nb}}")


def pdf_of(report: Report) -> bytes:
    """The whole file."""
    paper = _Paper(report)
    paper.add_page()
    paper.set_font(_FONT, "B", 15)
    paper.multi_cell(0, 8, report.title, new_x="LMARGIN", new_y="NEXT")
    paper.set_font(_FONT, "B", 11)
    paper.multi_cell(0, 7, report.headline, new_x="LMARGIN", new_y="NEXT")
    paper.set_text_color(*_WARNING)
    for text in report.warnings:
        paper.multi_cell(0, 6, text, new_x="LMARGIN", new_y="NEXT")
    paper.set_text_color(0)
    paper.image(io.BytesIO(as_png(draw(report))), w=paper.epw)
    for table in report.tables:
        _write(paper, table)
    return bytes(paper.output())


def _write(paper: _Paper, table: Table) -> None:
    paper.ln(3)
    paper.set_font(_FONT, "B", 10)
    paper.multi_cell(0, 7, table.heading, new_x="LMARGIN", new_y="NEXT")
    paper.set_font(_FONT, "", 8)
    if not table.rows:
        paper.set_text_color(*_GREY)
        paper.multi_cell(0, 5, "none", new_x="LMARGIN", new_y="NEXT")
        paper.set_text_color(0)
        return
    widths = _NAMES_WIDTH if not table.columns else _widths(table)
    with paper.table(
        col_widths=widths, first_row_as_headings=bool(table.columns), headings_style=FontFace(emphasis="BOLD"),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES, line_height=4.6, text_align="LEFT",
    ) as laid:  # fmt: skip
        for row in ([table.columns] if table.columns else []) + list(table.rows):
            laid.row(row)


def _widths(table: Table) -> tuple[int, ...]:
    """Columns as wide as the longest that stands in them, within reason."""
    longest = [max(len(row[index]) for row in (table.columns, *table.rows)) for index in range(len(table.columns))]
    return tuple(min(60, max(8, each)) for each in longest)
