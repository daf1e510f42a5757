"""The rows as people read them: a table for each false-stop rate, by sub-group.

before: how many runs a test has stopped for nothing before their tear. full too: what is found, and ducts that were called full
after their tear.
"""

from collections.abc import Iterable, Iterator, Sequence

from controller.benchmarks.detection.measure import Findings, Row

_HEAD = f"  {'test':18}{'false stops':>12}{'before':>8}{'found':>9}{'full too':>10}{'median uL':>11}{'95 % uL':>9}{'delay s':>9}"


def table(findings: Findings) -> Iterator[str]:
    """Lines."""
    for rate in _in_order(row["at_rate"] for row in findings.rows):
        rows = [row for row in findings.rows if row["at_rate"] == rate]
        yield "At the core's own threshold" if rate is None else f"At most {_percent(rate)} false stops"
        for name in _in_order(row["subgroup"] for row in rows):
            members = [row for row in rows if row["subgroup"] == name]
            yield f"\n  {name}, n = {members[0]['n']}{_left_out(members)}"
            yield _HEAD
            for row in members:
                yield (
                    f"  {row['method']:18}{_percent(row['false_stop_rate']):>12}{row.get('stopped_before', '-'):>8}"
                    f"{_percent(row['sensitivity']):>9}{_percent(row.get('stopped_after')):>10}"
                    f"{_number(row['median_ul']):>11}{_number(row['p95_ul']):>9}{_number(row['delay_s']):>9}"
                )
        yield ""
    refused = ", ".join(f"{name} {count}" for name, count in findings.refused.items())
    yield f"Lines refused by the prime check, left out: {refused or 'none'}. Runs without a good end: {findings.not_ended}."


def _left_out(members: Sequence[Row]) -> str:
    row = members[0]
    told = {"never": "full or done before a tear, or no tear", "too_little": "spill too little"}
    words = [f"{row[key]} {text}" for key, text in told.items() if row.get(key)]
    return f" ({'; '.join(words)}: left out)" if words else ""


def _in_order(values: Iterable[object]) -> list[object]:
    return list(dict.fromkeys(values))


def _percent(value: object) -> str:
    return f"{100 * value:.1f} %" if isinstance(value, float) else "-"


def _number(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else "-"
