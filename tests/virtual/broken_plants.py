"""Plants that a bench might bring along and that do not work."""

import math
import sys


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


def ends_the_program(seed: int, index: int) -> _Plant:
    return _Plant(SystemExit(3))


class _Talker(_Plant):
    def step(self, dt_s: float, plunger_flow_ul_s: float) -> float:
        if self._t_s == 0.0:
            for stream in (sys.stdout, sys.stderr):
                stream.write("the phantom is warming up\n" * 20_000)
                stream.flush()
        return super().step(dt_s, plunger_flow_ul_s)


def talks(seed: int, index: int) -> _Talker:
    sys.stdout.write("made\n")
    return _Talker(None)


def gives_nothing(seed: int, index: int) -> None:
    return None


def refuses(seed: int, index: int) -> _Plant:
    raise ValueError("no phantom is connected")


class _Teller(_Plant):
    def __init__(self, truth: object) -> None:
        super().__init__(None)
        self._truth = truth

    def truth(self) -> object:
        if isinstance(self._truth, BaseException):
            raise self._truth
        return self._truth


def tells_a_list(seed: int, index: int) -> _Teller:
    return _Teller([1.0])


def tells_nan(seed: int, index: int) -> _Teller:
    return _Teller({"extravasated_ul": math.nan})


def tells_words(seed: int, index: int) -> _Teller:
    return _Teller({"extravasated_ul": "much"})


def tells_a_number_as_subgroup(seed: int, index: int) -> _Teller:
    return _Teller({"subgroup": 7})


def can_not_tell(seed: int, index: int) -> _Teller:
    return _Teller(RuntimeError("the scale is off"))
