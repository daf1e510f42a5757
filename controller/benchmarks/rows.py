"""What measurements tell: rows of name, value, limit, and whether the value keeps it."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def row(name: str, value: float | None, limit: float | None = None, *, at_least: bool = False) -> dict[str, Any]:
    """One row. ok is None where there is no limit, or nothing to hold against it."""
    ok = None if value is None or limit is None else (value >= limit if at_least else value <= limit)
    return {"name": name, "value": None if value is None else round(value, 4), "limit": limit, "ok": ok}


def quantile(values: Sequence[float], percent: float) -> float | None:
    """The quantile on the straight line between two neighbours; None of nothing."""
    return float(np.percentile(values, percent)) if values else None
