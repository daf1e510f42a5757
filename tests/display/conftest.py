"""A snapshot as the control process sends it."""

from collections.abc import Callable

import pytest


@pytest.fixture
def snapshot() -> Callable[..., dict[str, object]]:
    """Makes a snapshot message; arguments change its fields."""
    return _snapshot


def _snapshot(**changes: object) -> dict[str, object]:
    return {
        "type": "snapshot",
        "t_s": 12.34,
        "state": "infusing",
        "increment": 2,
        "increments": 4,
        "delivered_ml": 0.07,
        "target_ml": 0.20,
        "line_kpa": 34.1,
        "ceiling_kpa": 200,
        "hold": None,
        "hold_kpa": [0.41],
        "duct_limit_kpa": 5.0,
        "button": "closed",
        "pump": "infusing",
        "sensor": "ok",
        "recorder": "ok",
        "question": None,
        "prompt": None,
        "alarm": None,
        "simulated": True,
        "banner": "Investigational: bench and simulation only",
        **changes,
    }
