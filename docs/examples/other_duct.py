"""An example of a plant by another hand, for every `--plant other_duct:make`: nothing of ductoject is imported here.

A line with a compliance, a cannula, and a duct whose pressure is a polynomial of its volume. Of three patients one is quiet, the
duct of one tears at 1.0 to 2.5 kPa, and one moves now and then. What a plant has to offer is in docs/simulation.md.
"""

import random

STEP_S = 0.001
TISSUE_KPA, TEAR_KPA_S_UL = 0.3, 0.3
HURTS_UL = 30.0


class OtherDuct:
    """Volumes in uL, pressures in kPa above the surroundings."""

    def __init__(self, seed: int, index: int) -> None:
        self._random = random.Random(f"{seed}/{index}")
        self._resistance_kpa_s_ul = self._random.uniform(5.0, 10.0)
        self._compliance_ul_kpa = self._random.uniform(0.12, 0.3)
        self._scale_ul = self._random.uniform(90.0, 220.0)
        self._kind = ("intact", "torn", "motion")[index % 3]
        self._tears_kpa = self._random.uniform(1.0, 2.5) if self._kind == "torn" else float("inf")
        self._line_ul = self._duct_ul = self._lost_ul = self._now_s = 0.0
        self._torn, self._tip = False, "air"
        self._squeeze_kpa, self._squeezed_until_s, self._next_squeeze_s = 0.0, 0.0, self._random.expovariate(0.05)

    def step(self, dt_s: float, plunger_ul_s: float) -> float:
        """Goes on by dt_s with this flow from the plunger; the pressure at the transmitter."""
        count = max(1, round(dt_s / STEP_S))
        for _ in range(count):
            self._small_step(dt_s / count, plunger_ul_s)
        return self._line_ul / self._compliance_ul_kpa

    def _small_step(self, dt_s: float, plunger_ul_s: float) -> None:
        self._now_s += dt_s
        inside = self._tip == "patient"
        far_kpa = self._duct_kpa() + self._moves() if inside else 0.0
        line_kpa = self._line_ul / self._compliance_ul_kpa
        through_ul_s = 0.0 if self._tip == "capped" else (line_kpa - far_kpa) / self._resistance_kpa_s_ul
        self._line_ul += dt_s * (plunger_ul_s - through_ul_s)
        if inside:
            self._torn = self._torn or self._duct_kpa() > self._tears_kpa
            lost_ul_s = max(0.0, self._duct_kpa() - TISSUE_KPA) / TEAR_KPA_S_UL if self._torn else 0.0
            self._duct_ul += dt_s * (through_ul_s - lost_ul_s)
            self._lost_ul += dt_s * lost_ul_s

    def _duct_kpa(self) -> float:
        part = self._duct_ul / self._scale_ul
        return 0.25 * part + 0.55 * part**2 + 0.3 * part**4

    def _moves(self) -> float:
        if self._kind != "motion":
            return 0.0
        if self._now_s > self._next_squeeze_s:
            self._squeeze_kpa = self._random.uniform(0.5, 2.5)
            self._squeezed_until_s = self._now_s + self._random.uniform(0.3, 1.5)
            self._next_squeeze_s = self._now_s + 2.0 + self._random.expovariate(0.05)
        return self._squeeze_kpa if self._now_s < self._squeezed_until_s else 0.0

    def set_tip(self, tip: str) -> None:
        """Where the tip is: "air", "capped" or "patient"."""
        self._tip = tip

    def truth(self) -> dict[str, object]:
        """What only a simulation knows."""
        return {
            "subgroup": self._kind,
            "ruptured": self._torn,
            "duct_kpa": self._duct_kpa(),
            "into_duct_ul": self._duct_ul,
            "extravasated_ul": self._lost_ul,
            "reflux_ul": 0.0,
            "pain": self._lost_ul > HURTS_UL,
        }


def make(seed: int, index: int) -> OtherDuct:
    """The patient of this number."""
    return OtherDuct(seed, index)
