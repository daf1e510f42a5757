"""Rows of times: percentiles, and what they are held against."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

PERCENTILES = {"p50_ms": 50.0, "p99_ms": 99.0, "p999_ms": 99.9, "max_ms": 100.0}


@dataclass(frozen=True, slots=True)
class Against:
    """What a percentile is held against: a time, named, and how many times as much is allowed. limit: None for no limit."""

    percentile: str
    reference: str
    reference_ms: float | None
    limit: float | None = None


NO_TIMES = dict.fromkeys((*PERCENTILES, "reference", "ratio", "limit", "ok"))
"""For a row that is not of times, or not of so many."""


def time_row(name: str, times_ms: Sequence[float], *, lost: int = 0, against: Against | None = None) -> dict[str, Any]:
    """name, count, lost, percentiles, reference, ratio, limit and ok; None where there is nothing to say."""
    row: dict[str, Any] = {"name": name, "count": len(times_ms), "lost": lost}
    for key, percent in PERCENTILES.items():
        row[key] = round(float(np.percentile(times_ms, percent)), 4) if len(times_ms) else None
    row |= dict.fromkeys(("compared", "reference", "ratio", "limit", "ok"))
    if against is not None and against.reference_ms is not None and row[against.percentile] is not None:
        ratio = row[against.percentile] / max(1e-6, against.reference_ms)
        row |= {"compared": against.percentile, "reference": against.reference, "ratio": round(ratio, 3), "limit": against.limit}
        row["ok"] = None if against.limit is None else ratio <= against.limit
    return row
