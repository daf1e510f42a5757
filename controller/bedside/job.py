"""One long job of the page's server, in a process of its own: reads records and writes what was asked for to standard output.

Exit status 3, and one sentence on standard error, where it can not be made. It is no reason for the procedure to wait: it runs
at low priority.
"""

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from controller.record.errors import RecordError

_NICER: Final = 10
REFUSED_STATUS: Final = 3


def story(path: Path) -> bytes:
    """The report's tables as JSON."""
    from controller.report.content import report_of

    report = report_of(path)
    return _json(
        {
            "record": path.name,
            "title": report.title,
            "headline": report.headline,
            "warnings": list(report.warnings),
            "tables": [asdict(table) for table in report.tables],
        }
    )


def compare(first: Path, second: Path) -> bytes:
    """Two procedures side by side, as JSON."""
    from controller.report.compare import compared
    from controller.report.content import report_of

    return _json({"tables": [asdict(table) for table in compared(report_of(first), report_of(second))]})


def html(path: Path) -> bytes:
    """The report as a page."""
    from controller.report.content import report_of
    from controller.report.page import html_of

    return html_of(report_of(path))


def pdf(path: Path) -> bytes:
    """The report for paper."""
    from controller.report.content import report_of
    from controller.report.paper import pdf_of

    return pdf_of(report_of(path))


def dicom(path: Path) -> bytes:
    """The report as a DICOM document."""
    from controller.report.dicom import sr_of

    return sr_of(path)


def csv(path: Path) -> bytes:
    """All entries as CSV."""
    from controller.record.export import export_csv

    return _exported(path, export_csv)


def jsonl(path: Path) -> bytes:
    """All entries as JSON Lines."""
    from controller.record.export import export_jsonl

    return _exported(path, export_jsonl)


JOBS: Final[dict[str, Callable[..., bytes]]] = {
    "story": story,
    "compare": compare,
    "html": html,
    "pdf": pdf,
    "dcm": dicom,
    "csv": csv,
    "jsonl": jsonl,
}


def main(arguments: Sequence[str]) -> int:
    """KIND PATH [PATH]. The exit status."""
    give_way()
    os.umask(0o077)
    kind, *paths = arguments
    try:
        data = JOBS[kind](*(Path(path) for path in paths))
    except RecordError as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED_STATUS
    except OSError as error:
        sys.stderr.write(f"this can not be made: {error.strerror or error}\n")
        return REFUSED_STATUS
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return 0


def give_way() -> None:
    """Whatever this process does can wait, and where memory is short it is the first that may go: never the control process."""
    os.nice(_NICER)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _exported(path: Path, export: Callable[[Path, Path], int]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="ductoject-") as folder:
        target = Path(folder, "export")
        export(path, target)
        return target.read_bytes()


def _json(value: Any) -> bytes:
    return json.dumps(value, default=str).encode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
