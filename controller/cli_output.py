"""How commands speak: results to standard output, complaints to standard error, exit status by what the caller must do."""

import json
import sys
from typing import Annotated, Any, NoReturn

import typer

from controller.core.reasons import EXIT_USAGE

JsonOption = Annotated[bool, typer.Option("--json", help="Standard output holds only the result, as JSON.")]


def refuse(problems: list[str], *, json_output: bool, status: int = EXIT_USAGE) -> NoReturn:
    """Says what is wrong, one sentence a line, and ends the program."""
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    if json_output:
        print_json({"error": "; ".join(problems), "problems": problems, "exit": status})
    raise typer.Exit(status)


def print_json(value: Any) -> None:
    """The one object on standard output."""
    sys.stdout.write(json.dumps(value, default=str) + "\n")
