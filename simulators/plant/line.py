"""The virtual patient at the end of a line: syringe and tube with a transmitter, cannula, duct, and the tissue around it.

The physics is in simulators.plant.kernel. Here are its numbers: from the options, from the faults, and for those who ask.
"""

import math
from typing import Any

from simulators.plant import layout as at
from simulators.plant.compiled import Numbers
from simulators.plant.duct import elastic_ul
from simulators.plant.faults import arguments, check_name
from simulators.plant.hydraulics import stored_ul
from simulators.plant.interface import Tip
from simulators.plant.kernel import kernel, take_pressures
from simulators.plant.options import LineOptions
from simulators.plant.squeeze import Squeezes

_LONGEST_STEP_S = 10.0
_TIPS: dict[str, float] = {"air": at.AIR, "capped": at.CAPPED, "patient": at.PATIENT}


class LineAndDuct:
    """A Plant. No friction of the plunger; air that is drawn in through the tip or a leak is counted, but flows like the
    liquid and does not become a bubble.

    A change of an elastic part (a bubble comes, the duct stiffens) leaves its pressure as it is: it acts on what follows.
    Can be copied deeply and pickled; both go on exactly as the first would have.
    """

    def __init__(self, options: LineOptions, seed: int = 0, index: int = 0) -> None:
        self._options = options
        self._faults: dict[str, dict[str, float]] = {}
        self._cannula_kpa_s_ul = options.cannula_kpa_s_ul(seed, index)
        self._feels_pain = min(options.pain_extravasated_ul, options.pain_duct_kpa) < math.inf
        self._advance = kernel().advance
        self._numbers = kernel().row(self._at_first())
        self._squeezes: Squeezes | None = None
        self._own_squeeze_ends_s = math.inf
        if options.motion_kpa > 0.0 and options.motion_per_min > 0.0:
            self._squeezes = Squeezes(options.motion_kpa, options.motion_per_min, options.motion_s, seed, index)
            self._draw_squeeze(self._squeezes, 0.0)
        self._apply_faults()

    def _at_first(self) -> list[float]:
        """The row of a line that is full, without pressure and in air."""
        options, row = self._options, [0.0] * at.LENGTH
        row[at.SYRINGE_UL_KPA] = options.syringe_compliance_ul_kpa
        row[at.TUBE_UL_KPA] = options.tube_compliance_ul_kpa
        row[at.BUBBLE_UL] = options.bubble_ul
        row[at.THICKENING_PER_S] = options.thickening_per_s
        row[at.MENISCUS_KPA] = options.meniscus_kpa
        row[at.TIP] = at.AIR
        row[at.WALL_CONTACT] = options.wall_contact_factor
        row[at.COLUMN_KPA] = options.column_kpa
        row[at.SCALE_UL], row[at.SCALE_KPA] = options.duct.scale_ul, options.duct.scale_kpa
        row[at.RELAXATION], row[at.RELAXATION_S] = options.wall_relaxation, options.wall_tau_s
        row[at.RUPTURE_AFTER_UL] = options.rupture_after_ul
        row[at.MICRO_LEAK_KPA] = options.micro_leak_kpa
        row[at.MICRO_LEAK_KPA_S_UL] = options.micro_leak_resistance_kpa_s_ul
        row[at.ORDERED_S] = row[at.OWN_S] = 1.0
        return row

    def step(self, dt_s: float, plunger_flow_ul_s: float) -> float:
        """Moves on by dt_s (0 to 10); returns the true pressure at the transmitter in kPa gauge.

        Raises ValueError for a time that runs backwards or is too long, or a flow that is no number.
        """
        if not (0.0 <= dt_s <= _LONGEST_STEP_S and math.isfinite(plunger_flow_ul_s)):
            raise ValueError(f"a plant can not step by {dt_s} s at {plunger_flow_ul_s} uL/s (0 to {_LONGEST_STEP_S:g} s, finite)")
        if self._squeezes is not None:
            dt_s = self._finish_squeezes(self._squeezes, dt_s, plunger_flow_ul_s)
        if dt_s > 0.0:
            return self._advance(self._numbers, dt_s, plunger_flow_ul_s)
        return self.line_kpa

    def _finish_squeezes(self, squeezes: Squeezes, dt_s: float, plunger_flow_ul_s: float) -> float:
        """Steps to the end of each squeeze that ends within dt_s, where the next one is drawn. Returns what is left of dt_s."""
        until_s = self._number(at.NOW_S) + dt_s
        while self._own_squeeze_ends_s < until_s:
            part_s = self._own_squeeze_ends_s - self._number(at.NOW_S)
            if part_s > 0.0:
                self._advance(self._numbers, part_s, plunger_flow_ul_s)
                dt_s -= part_s
            self._draw_squeeze(squeezes, self._own_squeeze_ends_s)
        return max(dt_s, 0.0)

    def _draw_squeeze(self, squeezes: Squeezes, now_s: float) -> None:
        from_s, kpa, lasts_s = squeezes.after(now_s)
        self._own_squeeze_ends_s = from_s + lasts_s
        n = self._numbers
        n[at.OWN_FROM_S], n[at.OWN_KPA], n[at.OWN_S] = from_s, kpa, lasts_s

    def set_tip(self, tip: Tip) -> None:
        """Tip in air (atmosphere), capped (closed) or in the patient (the duct). Raises ValueError for anything else."""
        if tip not in _TIPS:
            raise ValueError(f'the tip is in "air", "capped" or "patient", not {tip!r}')
        self._numbers[at.TIP] = _TIPS[tip]
        take_pressures(self._numbers)

    # What really is. These are cheap enough to be read in every step.

    def _number(self, place: int) -> float:
        return float(self._numbers[place])

    @property
    def line_kpa(self) -> float:
        """True gauge pressure at the transmitter."""
        return self._number(at.LINE_KPA)

    @property
    def duct_kpa(self) -> float:
        """Gauge pressure in the duct at the tip's height: across its wall, and what squeezes the breast."""
        return float(self._numbers[at.TRANSMURAL_KPA] + self._numbers[at.SQUEEZE_KPA])

    @property
    def into_duct_ul(self) -> float:
        """What the duct holds now, in uL since the beginning (negative: collapsed on the tip)."""
        return self._number(at.IN_DUCT_UL)

    @property
    def extravasated_ul(self) -> float:
        """What has gone into tissue, through a tear or clefts."""
        return self._number(at.EXTRAVASATED_UL)

    @property
    def reflux_ul(self) -> float:
        """What has come back out of the orifice."""
        return self._number(at.REFLUX_UL)

    @property
    def cannula_ul(self) -> float:
        """What has gone through the cannula while the tip was in the patient (less what came back through it)."""
        return self._number(at.CANNULA_UL)

    @property
    def ruptured(self) -> bool:
        """The duct has torn."""
        return bool(self._numbers[at.TORN] > 0.0)

    @property
    def pain(self) -> bool | None:
        """It hurts now; None where the options do not say when it would."""
        if not self._feels_pain:
            return None
        n, options = self._numbers, self._options
        return bool(n[at.EXTRAVASATED_UL] >= options.pain_extravasated_ul or n[at.TRANSMURAL_KPA] >= options.pain_duct_kpa)

    @property
    def sources(self) -> int:
        """Which sources the kernel was made of that has moved this plant last (simulators.plant.compiled); 0: none yet."""
        return int(self._numbers[at.SOURCES])

    def truth(self) -> dict[str, float | bool | str | None]:
        """What really is. Volumes in uL since the beginning, signed; None is what this plant does not model.

        pumped_ul = stored_ul + into_duct_ul + extravasated_ul + reflux_ul + out_into_air_ul at all times: into_duct_ul is
        what the duct holds now, out_into_air_ul what left through the tip in air or a leak (negative: air drawn in).
        flow_ul_s is through the cannula, and cannula_ul its sum while the tip was in the patient.
        """
        return {
            "duct_kpa": self.duct_kpa,
            "into_duct_ul": self.into_duct_ul,
            "extravasated_ul": self.extravasated_ul,
            "reflux_ul": self.reflux_ul,
            "ruptured": self.ruptured,
            "pain": self.pain,
            "subgroup": self._options.subgroup or None,
            "line_kpa": self.line_kpa,
            "flow_ul_s": self._number(at.CANNULA_UL_S),
            "stored_ul": self._number(at.STORED_UL),
            "out_into_air_ul": self._number(at.OUT_UL),
            "pumped_ul": self._number(at.PUMPED_UL),
            "cannula_ul": self.cannula_ul,
        }

    # What goes wrong

    def fault(self, name: str, **args: float) -> None:
        """Makes the named fault happen from now on (again: with the new arguments). Raises ValueError."""
        self._faults[name] = arguments(name, args)
        if name == "motion":
            motion, n = self._faults["motion"], self._numbers
            n[at.ORDERED_FROM_S], n[at.ORDERED_KPA], n[at.ORDERED_S] = self._number(at.NOW_S), motion["kpa"], motion["s"]
        self._apply_faults()

    def clear(self, name: str) -> None:
        """Ends the named fault; clearing what is not there does nothing. A torn duct stays torn. Raises ValueError."""
        check_name(name)
        if name == "rupture" and self.ruptured:
            return
        self._faults.pop(name, None)
        if name == "motion":
            self._numbers[at.ORDERED_KPA] = 0.0
        self._apply_faults()

    def _apply_faults(self) -> None:
        faults, options, n = self._faults, self._options, self._numbers
        n[at.LEAK_G] = sum((1.0 / faults[name]["resistance_kpa_s_ul"] for name in ("open_line", "leak") if name in faults), 0.0)
        block = faults.get("block")
        n[at.TUBE_G] = 0.0 if block and block["in_tube"] else 1.0 / options.tube_resistance_kpa_s_ul
        clog = faults["clog"]["factor"] if "clog" in faults else 1.0
        n[at.CANNULA_G] = 0.0 if block and not block["in_tube"] else 1.0 / (self._cannula_kpa_s_ul * clog)
        rupture = faults.get("rupture")
        n[at.RUPTURE_KPA] = rupture["threshold_kpa"] if rupture else options.rupture_kpa
        n[at.TISSUE_KPA_S_UL] = rupture["resistance_kpa_s_ul"] if rupture else options.tissue_resistance_kpa_s_ul
        n[at.TISSUE_KPA] = rupture["tissue_kpa"] if rupture else options.tissue_kpa
        n[at.TISSUE_KPA_UL] = rupture["tissue_stiffness_kpa_ul"] if rupture else options.tissue_stiffness_kpa_ul
        reflux = faults.get("reflux")
        n[at.REFLUX_KPA] = reflux["opening_kpa"] if reflux else options.reflux_kpa
        n[at.REFLUX_KPA_S_UL] = reflux["resistance_kpa_s_ul"] if reflux else options.reflux_resistance_kpa_s_ul
        self._change_elastic_parts()
        take_pressures(n)

    def _change_elastic_parts(self) -> None:
        """Bubble and duct as the faults have them now; their pressures stay as they are."""
        faults, options, n = self._faults, self._options, self._numbers
        bubble_ul = options.bubble_ul + (faults["air"]["bubble_ul"] if "air" in faults else 0.0)
        softer = faults["compliance"]["factor"] if "compliance" in faults else 1.0
        syringe_ul_kpa = options.syringe_compliance_ul_kpa * softer
        if bubble_ul != n[at.BUBBLE_UL] or syringe_ul_kpa != n[at.SYRINGE_UL_KPA]:
            n[at.LINE_UL] = stored_ul(self.line_kpa, syringe_ul_kpa, bubble_ul)
            n[at.BUBBLE_UL], n[at.SYRINGE_UL_KPA] = bubble_ul, syringe_ul_kpa
        full = faults.get("full_duct")
        scale_ul = (full["v0_ul"] if full else options.duct_v0_ul) / options.duct_k
        if scale_ul != n[at.SCALE_UL]:
            n[at.DUCT_LAW_UL] = elastic_ul(self._number(at.ELASTIC_KPA), scale_ul, self._number(at.SCALE_KPA))
            n[at.SCALE_UL] = scale_ul

    # Copies: a compiled function can not be copied, and everything else can.

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_advance"]
        numbers: Numbers = self._numbers
        state["_numbers"] = [float(numbers[place]) for place in range(at.LENGTH)]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._advance = kernel().advance
        self._numbers = kernel().row(state["_numbers"])
