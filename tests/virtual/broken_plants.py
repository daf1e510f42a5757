"""Plants that a bench might bring along and that do not work."""

import math


class _Plant:
    def __init__(self, ends: BaseException | None) -> None:
        self._ends = ends
        self._t_s = 0.0

    def step(self, dt_s: float, plunger_flow_ul_s: float) -> float:
        self._t_s += dt_s
        if self._t_s < 1.0:
            return 0.0
        if self._ends is not None:
            raise self._ends
        return math.nan

    def set_tip(self, tip: str) -> None:
        """Has none."""


def gives_nan(seed: int, index: int) -> _Plant:
    return _Plant(None)


def raises(seed: int, index: int) -> _Plant:
    return _Plant(RuntimeError("the phantom leaks"))
