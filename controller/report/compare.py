"""Two procedures side by side: whatever differs, and the increments of both."""

from itertools import zip_longest

from controller.report.content import Report, Table

_OF_NO_USE = ("last entry of the record",)  # always another one
_INCREMENTS = "Increments"
_MISSING = "-"


def compared(first: Report, second: Report) -> list[Table]:
    """Tables of three columns (what, in the first, in the second) with what differs only; of the increments all.

    A table that only one of them has, for only one was set up on a page, is there with all of its rows.
    """
    columns = ("", first.title, second.title)
    mine = {table.heading: table for table in first.tables}
    theirs = {table.heading: table for table in second.tables}
    tables = []
    for heading in dict.fromkeys([*mine, *theirs]):
        one, other = mine.get(heading), theirs.get(heading)
        if heading == _INCREMENTS and one is not None and other is not None:
            tables.append(_increments(one, other, columns))
        elif not (one.columns if one is not None else other.columns if other is not None else ()):
            tables.append(Table(heading, columns, _differing(one, other)))
    return tables


def _differing(one: Table | None, other: Table | None) -> tuple[tuple[str, ...], ...]:
    mine, theirs = ({row[0]: row[1] for row in table.rows} if table is not None else {} for table in (one, other))
    both = ((name, mine.get(name, _MISSING), theirs.get(name, _MISSING)) for name in dict.fromkeys([*mine, *theirs]))
    return tuple(row for row in both if row[1] != row[2] and row[0] not in _OF_NO_USE)


def _increments(one: Table, other: Table, columns: tuple[str, ...]) -> Table:
    rows = []
    for mine, theirs in zip_longest(one.rows, other.rows):
        number = (mine or theirs)[0]
        for index, name in ((4, one.columns[4]), (5, one.columns[5])):
            rows.append((f"{number}: {name}", mine[index] if mine else _MISSING, theirs[index] if theirs else _MISSING))
    return Table(one.heading, columns, tuple(rows))
