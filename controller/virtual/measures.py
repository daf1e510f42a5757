"""What is measured of one virtual procedure for its row in the results: peaks, and what flowed after the stop."""

from collections.abc import Mapping
from typing import Any

from controller.core.reasons import GOOD_ENDS


class Measures:
    """A watcher of a bench and a listener of its record. What the plant does not tell stays None.

    peak_line_kpa, peak_duct_kpa: with the tip in the patient. post_stop_ul: what went through the tip into the patient from the
    first cause to stop on, at its most (a relief takes some of it back).
    """

    def __init__(self, plant: Any) -> None:
        """plant: read as it is, without the truth's dictionary, where it offers that."""
        self._plant = plant
        self._tells_duct = hasattr(plant, "duct_kpa")
        self._tells_cannula = hasattr(plant, "cannula_ul")
        self._at_stop_ul: float | None = None
        self.peak_line_kpa: float | None = None
        self.peak_duct_kpa: float | None = None
        self.post_stop_ul: float | None = 0.0 if self._tells_cannula else None
        self.increments = 0

    def __call__(self, bench: Any) -> None:
        """Looks."""
        if bench.tip != "patient":
            return
        line_kpa = bench.line_kpa
        if self.peak_line_kpa is None or line_kpa > self.peak_line_kpa:
            self.peak_line_kpa = line_kpa
        if self._tells_duct:
            duct_kpa = self._plant.duct_kpa
            if self.peak_duct_kpa is None or duct_kpa > self.peak_duct_kpa:
                self.peak_duct_kpa = duct_kpa
        if self._at_stop_ul is not None and self.post_stop_ul is not None:
            flowed_ul = self._plant.cannula_ul - self._at_stop_ul
            if flowed_ul > self.post_stop_ul:
                self.post_stop_ul = flowed_ul

    def recorded(self, kind: str, _t_s: float, body: Mapping[str, object]) -> None:
        """For the recorder's listeners."""
        if kind != "event":
            return
        name = body["name"]
        if name == "stop_cause" and self._at_stop_ul is None and self._tells_cannula and body["reason"] not in _GOOD:
            self._at_stop_ul = self._plant.cannula_ul
        elif name == "increment_done":
            self.increments += 1


_GOOD = {reason.name for reason in GOOD_ENDS}
