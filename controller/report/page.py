"""The report as one page of HTML that needs nothing else: no script, no file, no address."""

from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from controller.report.content import Report
from controller.report.figure import as_svg, draw


def html_of(report: Report) -> bytes:
    """Everything that comes from the record is text here, whatever is in it."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    template = environment.from_string(files("controller.report").joinpath("report.html.j2").read_text(encoding="utf-8"))
    return template.render(report=report, picture=Markup(as_svg(draw(report)))).encode()
