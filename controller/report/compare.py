"""Two procedures side by side: whatever differs, and the increments of both."""

from itertools import zip_longest

from controller.report.content import Report, Table

_OF_NO_USE = ("last entry of the record",)  # always another one
_INCREMENTS = "Increments"
_MISSING = "-"


def compared(first: Report, second: Report) -> list[Table]:
    """Tables of three columns (what, in the first, in the second) with what differs only; of the increments all."""
    columns = ("", first.title, second.title)
    tables = []
    for one, other in zip(first.tables, second.tables, strict=True):
        if one.heading == _INCREMENTS:
            tables.append(_increments(one, other, columns))
        elif not one.columns:
            theirs = {row[0]: row[1] for row in other.rows}
            rows = tuple(
                (name, value, theirs[name]) for name, value in one.rows if value != theirs[name] and name not in _OF_NO_USE
            )
            tables.append(Table(one.heading, columns, rows))
    return tables


def _increments(one: Table, other: Table, columns: tuple[str, ...]) -> Table:
    rows = []
    for mine, theirs in zip_longest(one.rows, other.rows):
        number = (mine or theirs)[0]
        for index, name in ((4, one.columns[4]), (5, one.columns[5])):
            rows.append((f"{number}: {name}", mine[index] if mine else _MISSING, theirs[index] if theirs else _MISSING))
    return Table(one.heading, columns, tuple(rows))
