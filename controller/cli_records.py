"""`ductoject records ...`: what people ask of the records of procedures."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from controller.cli_output import JsonOption, print_json, refuse
from controller.core.reasons import EXIT_FAULT
from controller.record.errors import RecordError
from controller.record.export import export_csv, export_jsonl, write_beside
from controller.record.listing import Shown, list_records, show, verify_file
from controller.record.search import Wanted

records_app = typer.Typer(no_args_is_help=True, help="What was done: list, show, verify and export records.")

DirectoryOption = Annotated[Path, typer.Option("--records", metavar="DIR", help="Where records are kept.")]
RecordArgument = Annotated[str, typer.Argument(metavar="RECORD", help="A record's path, or its name in the records directory.")]
HERE = Path("records")


@records_app.command("list")
def list_command(
    directory: DirectoryOption = HERE,
    patient: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this pseudonym.")] = None,
    duct: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this duct.")] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="Only simulation, bench or bedside.")] = None,
    reason: Annotated[str | None, typer.Option(metavar="REASON", help="Only with this end; NOT_CLOSED for none.")] = None,
    since: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Only begun on this day (UTC) or later.")] = None,
    until: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Only begun on this day (UTC) or before.")] = None,
    json_output: JsonOption = False,
) -> None:
    """One line a record, oldest first. What can not be read is listed whatever is looked for: nobody knows what it is."""
    try:
        wanted = Wanted.of(patient=patient, duct=duct, kind=kind, reason=reason, since=since, until=until)
        rows = [row for row in list_records(directory) if wanted.fits(row)]
    except ValueError as error:
        refuse([str(error)], json_output=json_output)
    except RecordError as error:
        refuse([str(error)], json_output=json_output)
    if json_output:
        print_json([asdict(row) for row in rows])
        return
    table = Table(box=None)
    for heading in ("record", "started (UTC)", "kind", "patient", "duct", "reason", "mL", "increments"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        if row.problem is not None:
            table.add_row(row.record, row.problem)
            continue
        volume = "?" if row.delivered_max_ml is None else f"{row.delivered_max_ml:.2f}"
        if row.delivered_min_ml != row.delivered_max_ml:
            volume = f"{row.delivered_min_ml or 0.0:.2f}-{volume}"
        started = (row.started_utc or "?")[:19].replace("T", " ")
        reason = row.reason or "not closed"
        table.add_row(row.record, started, row.kind, row.patient, row.duct, reason, volume, str(row.increments or 0))
    Console(soft_wrap=True, width=200).print(table)


@records_app.command("show")
def show_command(record: RecordArgument, directory: DirectoryOption = HERE, json_output: JsonOption = False) -> None:
    """One procedure from beginning to end, without the raw inputs."""
    try:
        shown = show(_path(record, directory))
    except RecordError as error:
        refuse([str(error)], json_output=json_output)
    if json_output:
        print_json(asdict(shown))
    else:
        _print_story(shown)


def _print_story(shown: Shown) -> None:
    lines = [f"record {shown.record}"]
    wanted = ("kind", "patient", "duct", "day", "predecessor", "started_utc", "profile", "version")
    lines += [f"  {key}: {shown.header[key]}" for key in wanted if shown.header.get(key) is not None]
    for entry in shown.story:
        text = entry.body.get("text") or entry.body.get("why") or ""
        name = entry.body.get("name") or entry.body.get("action") or entry.kind
        if entry.kind in ("event", "decision", "intent", "motion_end"):
            lines.append(f"{entry.t_s:9.3f} s  {name:<16} {text}")
    if shown.end is None:
        lines.append("not closed: how it ended is not in the record")
    else:
        lines.append(f"end: {shown.end.get('reason')} ({shown.end.get('text')}), also {shown.end.get('also')}")
    for entry in shown.story:
        if entry.kind == "after":
            said = entry.body.get("values") or {key: value for key, value in entry.body.items() if key not in ("utc", "name")}
            lines.append(f"afterwards, {entry.body.get('utc')}: {entry.body.get('name')} {json.dumps(said, ensure_ascii=False)}")
    if shown.dose is not None:
        lines.append(f"delivered: {shown.dose.min_ul / 1000:.2f} to {shown.dose.max_ul / 1000:.2f} mL")
    else:
        lines.append(f"delivered: {shown.dose_problem}")
    lines += [f"{'BREACH' if problem.breach else 'note'}: {problem.text}" for problem in shown.problems]
    sys.stdout.write("\n".join(lines) + "\n")


@records_app.command("verify")
def verify_command(record: RecordArgument, directory: DirectoryOption = HERE, json_output: JsonOption = False) -> None:
    """Is the record what was written? Exit 0 if nothing was changed, removed or moved."""
    try:
        problems = verify_file(_path(record, directory))
    except RecordError as error:
        refuse([str(error)], json_output=json_output)
    whole = not any(problem.breach for problem in problems)
    if json_output:
        print_json({"whole": whole, "problems": [asdict(problem) for problem in problems]})
    else:
        for problem in problems:
            sys.stdout.write(f"{'BREACH' if problem.breach else 'note'}: {problem.text}\n")
        sys.stdout.write("whole: every entry is as it was written\n" if whole else "NOT whole\n")
    raise typer.Exit(0 if whole else EXIT_FAULT)


@records_app.command("export")
def export_command(
    record: RecordArgument,
    target: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .csv or .jsonl.")],
    directory: DirectoryOption = HERE,
    overwrite: Annotated[bool, typer.Option(help="Replace a file that exists.")] = False,
    json_output: JsonOption = False,
) -> None:
    """All entries as CSV or JSON Lines."""
    writers = {".csv": export_csv, ".jsonl": export_jsonl}
    if target.suffix not in writers:
        refuse([f"{target}: the file's ending says the format; .csv and .jsonl are known"], json_output=json_output)
    try:
        count = writers[target.suffix](_path(record, directory), target, overwrite=overwrite)
    except RecordError as error:
        refuse([str(error)], json_output=json_output)
    if json_output:
        print_json({"entries": count, "file": str(target)})
    else:
        sys.stdout.write(f"{count} entries in {target}\n")


@records_app.command("compare")
def compare_command(
    first: RecordArgument, second: RecordArgument, directory: DirectoryOption = HERE, json_output: JsonOption = False
) -> None:
    """Two procedures side by side: what differs, and the increments of both."""
    from controller.report.compare import compared  # heavy, and other commands do without
    from controller.report.content import report_of

    try:
        tables = compared(report_of(_path(first, directory)), report_of(_path(second, directory)))
    except RecordError as error:
        refuse([str(error)], json_output=json_output)
    if json_output:
        print_json([asdict(table) for table in tables])
        return
    console = Console(soft_wrap=True)
    for found in tables:
        shown = Table(*found.columns, title=found.heading, box=None, title_justify="left")
        for row in found.rows or (("no difference", "", ""),):
            shown.add_row(*row)
        console.print(shown)


@records_app.command("report")
def report_command(
    record: RecordArgument,
    target: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .html, .pdf or .dcm.")],
    directory: DirectoryOption = HERE,
    overwrite: Annotated[bool, typer.Option(help="Replace a file that exists.")] = False,
    json_output: JsonOption = False,
) -> None:
    """The report of one procedure: for people one page of HTML, or PDF; for programs a DICOM structured report."""
    if target.suffix not in (".html", ".pdf", ".dcm"):
        refuse([f"{target}: the file's ending says the format; .dcm, .html and .pdf are known"], json_output=json_output)
    path = _path(record, directory)
    try:
        data, headline, warnings = _made(path, target.suffix)
        write_beside(path, target, data, overwrite)
    except RecordError as error:
        refuse([str(error)], json_output=json_output)
    if json_output:
        print_json({"file": str(target), "headline": headline, "warnings": list(warnings)})
        return
    sys.stdout.write(f"{target}: {headline}\n")
    sys.stdout.writelines(f"{text}\n" for text in warnings)


def _made(path: Path, ending: str) -> tuple[bytes, str, tuple[str, ...]]:
    """The report as a file of this ending, its headline and its warnings. Raises RecordError."""
    if ending == ".dcm":
        from controller.report.dicom import document_of  # heavy, and other commands do without

        document = document_of(path)
        return document.data, document.headline, document.warnings
    from controller.report.content import report_of
    from controller.report.page import html_of
    from controller.report.paper import pdf_of

    report = report_of(path)
    return (html_of if ending == ".html" else pdf_of)(report), report.headline, report.warnings


def _path(record: str, directory: Path) -> Path:
    """A path as given, or a name (with or without its ending) in the records directory."""
    given = Path(record)
    if given.exists() or len(given.parts) > 1:
        return given
    named = directory / record
    return named if named.suffix == ".sqlite" else named.with_name(named.name + ".sqlite")
