"""What people read of a campaign: a table by subgroup, one by fault, and every violation with the command that repeats it."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

MOST_VIOLATIONS = 20
MOST_FAULTS = 40

_NUMBERS = ("patients", "false stops", "extravasated uL", "post-stop uL", "delivered uL", "violations")
_WIDTH = 120  # what the tables take; a narrower terminal wraps their lines


def wide_console(*, stderr: bool) -> Console:
    """A console that is wide enough for the tables."""
    narrow = Console(stderr=stderr)
    return narrow if narrow.width >= _WIDTH else Console(stderr=stderr, width=_WIDTH)


def print_tables(summary: Mapping[str, Any], console: Console) -> None:
    """Prints the numbers, on a wide console. Volumes in uL; "?" where no plant told."""
    if summary["finished"]:
        _print_groups(summary["by_subgroup"], "subgroup", console)
        faults = summary["by_fault"]
        if summary["faults"] != "none":
            worst = sorted(faults, key=lambda name: (-faults[name]["violations"], name))[:MOST_FAULTS]
            _print_groups({name: faults[name] for name in worst}, "fault", console)
            if len(faults) > len(worst):
                _say(console, f"{len(faults) - len(worst)} further faults: summary.json")
        _say(console, "extravasated: mean / 95 % / most; post-stop (moved after the cause to stop): mean / 95 %; delivered: mean")
        _say(console, f"false stop: {summary['false_stop']}")
    if summary["finished"] < summary["patients"]:
        _say(console, f"{summary['finished']} of {summary['patients']} procedures are finished")
    print_violations(summary["violation_list"], console)


def print_violations(violations: list[dict[str, Any]], console: Console) -> None:
    """Each violation: where, what, and the command that repeats it."""
    for each in violations[:MOST_VIOLATIONS]:
        _say(console, f"VIOLATION in procedure {each['index']} at {each['t_s']} s, invariant {each['invariant']}: {each['text']}")
        _say(console, f"  again: {each['repeat']}")
    if len(violations) > MOST_VIOLATIONS:
        _say(console, f"{len(violations) - MOST_VIOLATIONS} further violations: summary.json")


def _print_groups(groups: Mapping[str, Any], heading: str, console: Console) -> None:
    table = Table(box=None)
    table.add_column(heading, no_wrap=True)
    for number in _NUMBERS:
        table.add_column(number, justify="right", no_wrap=True)
    for name, group in groups.items():
        extravasated, post_stop = group["extravasated_ul"], group["post_stop_ul"]
        table.add_row(
            name,
            str(group["patients"]),
            str(group["false_stops"]),
            _numbers(extravasated, "mean", "p95", "max"),
            _numbers(post_stop, "mean", "p95"),
            _numbers(group["delivered_ul"], "mean"),
            f"[bold red]{group['violations']}[/]" if group["violations"] else "0",
        )
    console.print(table)
    for name, group in groups.items():
        reasons = sorted(group["reasons"].items(), key=lambda item: (-item[1], item[0]))
        _say(console, f"  {name}: {', '.join(f'{reason} {count}' for reason, count in reasons)}")


def _numbers(spread: Mapping[str, float | None], *names: str) -> str:
    """ "1.2 / 5.0 / 9.3"."""
    return " / ".join("?" if (value := spread[name]) is None else f"{value:.1f}" for name in names)


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
