"""The first plant: syringe and tube with a transmitter at the syringe's side, a cannula, and a duct that only fills.

Volumes are what is integrated, pressures follow from them; every volume that leaves one place arrives in another. Each call
is cut into steps of at most 1 ms (shorter where the duct would stiffen within one), each linearly implicit.
"""

import math

from simulators.plant.faults import arguments, check_name
from simulators.plant.hydraulics import pressure_of_stored_kpa, stiffness_kpa_ul, stored_ul
from simulators.plant.interface import Tip
from simulators.plant.network import Flows, flows_ul_s
from simulators.plant.options import LineOptions

_LONGEST_STEP_S = 1e-3
_LARGEST_PART_OF_DUCT_SCALE = 0.25
_HALVINGS = 12


class LineAndDuct:
    """A Plant. No tissue, no wall relaxation, no pain and no friction of the plunger; air that is drawn in through the tip or
    a leak is counted, but flows like the liquid and does not become a bubble.

    Faults act through the numbers in `_leak_g` and so on, so that a step without faults costs nothing extra. A change of an
    elastic part (a bubble comes, the duct stiffens) leaves its pressure as it is: it acts on what follows.
    """

    def __init__(self, options: LineOptions, cannula_kpa_s_ul: float) -> None:
        self._options = options
        self._tip: Tip = "air"
        self._faults: dict[str, dict[str, float]] = {}
        self._duct = options.duct
        self._bubble_ul = 0.0
        self._cannula_kpa_s_ul = cannula_kpa_s_ul
        self._leak_g = 0.0
        self._tube_g = 1.0 / options.tube_resistance_kpa_s_ul
        self._cannula_g = 1.0 / cannula_kpa_s_ul
        # volumes on the elastic laws (a law may change: then they do), and what has gone where
        self._line_ul = self._hub_ul = self._duct_law_ul = 0.0
        self._line_kpa = self._hub_kpa = 0.0
        self._stored_ul = self._in_duct_ul = self._extravasated_ul = self._reflux_ul = self._out_ul = 0.0
        self._pumped_ul = self._through_cannula_ul = self._cannula_ul_s = 0.0
        self._squeeze_kpa = 0.0
        self._squeezed_for_s = 0.0
        self._ruptured = False

    def step(self, dt_s: float, plunger_flow_ul_s: float) -> float:
        """Moves on by dt_s (0 or more); returns the true pressure at the transmitter in kPa gauge.

        Raises ValueError for a time that runs backwards or a flow that is no number.
        """
        if not (0.0 <= dt_s < math.inf and math.isfinite(plunger_flow_ul_s)):
            raise ValueError(f"a plant can not step by {dt_s} s at {plunger_flow_ul_s} uL/s")
        if dt_s > 0.0:
            count = max(1, math.ceil(dt_s / _LONGEST_STEP_S - 1e-9))
            for _ in range(count):
                self._move(dt_s / count, plunger_flow_ul_s, _HALVINGS)
        return self._line_kpa

    def set_tip(self, tip: Tip) -> None:
        """Tip in air (atmosphere), capped (closed) or in the patient (the duct). Raises ValueError for anything else."""
        if tip not in ("air", "capped", "patient"):
            raise ValueError(f'the tip is in "air", "capped" or "patient", not {tip!r}')
        self._tip = tip

    def truth(self) -> dict[str, float | bool | str | None]:
        """What really is. Volumes in uL since the beginning, signed; None is what this plant does not model.

        pumped_ul = stored_ul + into_duct_ul + extravasated_ul + reflux_ul + out_into_air_ul at all times: into_duct_ul is
        what the duct holds now, out_into_air_ul what left through the tip in air or a leak (negative: air drawn in).
        flow_ul_s is through the cannula, and cannula_ul its sum while the tip was in the patient.
        """
        return {
            "duct_kpa": self._duct.pressure_kpa(self._duct_law_ul) + self._squeeze_kpa,
            "into_duct_ul": self._in_duct_ul,
            "extravasated_ul": self._extravasated_ul,
            "reflux_ul": self._reflux_ul,
            "ruptured": self._ruptured,
            "pain": None,
            "subgroup": None,
            "line_kpa": self._line_kpa,
            "flow_ul_s": self._cannula_ul_s,
            "stored_ul": self._stored_ul,
            "out_into_air_ul": self._out_ul,
            "pumped_ul": self._pumped_ul,
            "cannula_ul": self._through_cannula_ul,
        }

    def fault(self, name: str, **args: float) -> None:
        """Makes the named fault happen from now on (again: with the new arguments). Raises ValueError."""
        self._faults[name] = arguments(name, args)
        if name == "motion":
            self._squeezed_for_s = 0.0
        self._apply_faults()

    def clear(self, name: str) -> None:
        """Ends the named fault; clearing what is not there does nothing. A torn duct stays torn. Raises ValueError."""
        check_name(name)
        if name == "rupture" and self._ruptured:
            return
        self._faults.pop(name, None)
        if name == "motion":
            self._squeeze_kpa = 0.0
        self._apply_faults()

    def _apply_faults(self) -> None:
        faults, options = self._faults, self._options
        self._leak_g = sum(1.0 / faults[name]["resistance_kpa_s_ul"] for name in ("open_line", "leak") if name in faults)
        block = faults.get("block")
        self._tube_g = 0.0 if block and block["in_tube"] else 1.0 / options.tube_resistance_kpa_s_ul
        clog = faults["clog"]["factor"] if "clog" in faults else 1.0
        self._cannula_g = 0.0 if block and not block["in_tube"] else 1.0 / (self._cannula_kpa_s_ul * clog)
        bubble_ul = faults["air"]["bubble_ul"] if "air" in faults else 0.0
        if bubble_ul != self._bubble_ul:
            self._bubble_ul = bubble_ul
            self._line_ul = stored_ul(self._line_kpa, options.syringe_compliance_ul_kpa, bubble_ul)
        wanted = options.duct
        if "full_duct" in faults:
            wanted = type(wanted)(faults["full_duct"]["v0_ul"], wanted.p0_kpa, wanted.k)
        if wanted != self._duct:
            transmural_kpa = self._duct.pressure_kpa(self._duct_law_ul)
            self._duct = wanted
            self._duct_law_ul = wanted.volume_ul(transmural_kpa)

    def _move(self, h_s: float, plunger_ul_s: float, halvings: int) -> None:
        transmural_kpa = self._duct.pressure_kpa(self._duct_law_ul)
        rupture = self._faults.get("rupture")
        if rupture and transmural_kpa >= rupture["threshold_kpa"]:
            self._ruptured = True
        tissue_g, tissue_kpa, reflux_g, opening_kpa = self._drains(transmural_kpa)
        options = self._options
        flows = flows_ul_s(
            h_s,
            plunger_ul_s,
            (self._line_kpa, stiffness_kpa_ul(self._line_kpa, options.syringe_compliance_ul_kpa, self._bubble_ul)),
            (self._hub_kpa, stiffness_kpa_ul(self._hub_kpa, options.tube_compliance_ul_kpa)),
            self._outside(transmural_kpa),
            (self._leak_g, self._tube_g, self._open_cannula_g()),
            (tissue_g + reflux_g, tissue_g * tissue_kpa + reflux_g * opening_kpa),
        )
        if self._tip == "patient":
            duct_kpa, entering = flows.outer_kpa, flows.cannula
        else:
            duct_kpa, entering = self._left_alone_kpa(h_s, transmural_kpa, tissue_g, tissue_kpa, reflux_g, opening_kpa), 0.0
        extravasates = max(0.0, tissue_g * (duct_kpa - tissue_kpa))
        refluxes = max(0.0, reflux_g * (duct_kpa - opening_kpa))
        change_ul = h_s * (entering - extravasates - refluxes)
        if abs(change_ul) > _LARGEST_PART_OF_DUCT_SCALE * self._duct.scale_ul and halvings:
            self._move(h_s / 2, plunger_ul_s, halvings - 1)
            self._move(h_s / 2, plunger_ul_s, halvings - 1)
            return
        self._book(h_s, plunger_ul_s, flows, extravasates, refluxes)

    def _drains(self, transmural_kpa: float) -> tuple[float, float, float, float]:
        """Ways out of the duct that are open: conductance and the pressure they drain to, into tissue and as reflux."""
        tissue_g = tissue_kpa = reflux_g = opening_kpa = 0.0
        if self._ruptured:
            rupture = self._faults["rupture"]
            tissue_kpa = rupture["tissue_kpa"]
            if transmural_kpa > tissue_kpa:
                tissue_g = 1.0 / rupture["resistance_kpa_s_ul"]
            tissue_kpa += self._squeeze_kpa  # a squeeze of the breast squeezes the tissue as well
        reflux = self._faults.get("reflux")
        if reflux and transmural_kpa + self._squeeze_kpa > reflux["opening_kpa"]:
            reflux_g, opening_kpa = 1.0 / reflux["resistance_kpa_s_ul"], reflux["opening_kpa"]
        return tissue_g, tissue_kpa, reflux_g, opening_kpa

    def _outside(self, transmural_kpa: float) -> tuple[float, float]:
        """Pressure and stiffness of what the tip is in."""
        if self._tip == "patient":
            return transmural_kpa + self._squeeze_kpa, self._duct.stiffness_kpa_ul(self._duct_law_ul)
        held_back_kpa = self._options.meniscus_kpa
        return math.copysign(held_back_kpa, self._hub_kpa), 0.0

    def _open_cannula_g(self) -> float:
        if self._tip == "capped" or (self._tip == "air" and abs(self._hub_kpa) < self._options.meniscus_kpa):
            return 0.0
        return self._cannula_g

    def _left_alone_kpa(
        self, h_s: float, transmural_kpa: float, tissue_g: float, tissue_kpa: float, reflux_g: float, opening_kpa: float
    ) -> float:
        """The duct's pressure at the end of a step without a cannula in it (implicit, as with one)."""
        step = h_s * self._duct.stiffness_kpa_ul(self._duct_law_ul)
        known = transmural_kpa + self._squeeze_kpa + step * (tissue_g * tissue_kpa + reflux_g * opening_kpa)
        return known / (1.0 + step * (tissue_g + reflux_g))

    def _book(self, h_s: float, plunger_ul_s: float, flows: Flows, extravasates: float, refluxes: float) -> None:
        """Moves the volumes of one step and takes the pressures from them."""
        options = self._options
        through = flows.cannula
        self._cannula_ul_s = through
        self._pumped_ul += h_s * plunger_ul_s
        self._line_ul += h_s * (plunger_ul_s - flows.tube - flows.leak)
        self._hub_ul += h_s * (flows.tube - through)
        self._stored_ul += h_s * (plunger_ul_s - through - flows.leak)
        self._out_ul += h_s * flows.leak
        if self._tip == "patient":
            self._through_cannula_ul += h_s * through
            entering = through
        else:
            self._out_ul += h_s * through
            entering = 0.0
        into_duct_ul = h_s * (entering - extravasates - refluxes)
        self._in_duct_ul += into_duct_ul
        self._duct_law_ul += into_duct_ul
        self._extravasated_ul += h_s * extravasates
        self._reflux_ul += h_s * refluxes
        self._line_kpa = pressure_of_stored_kpa(self._line_ul, options.syringe_compliance_ul_kpa, self._bubble_ul)
        self._hub_kpa = pressure_of_stored_kpa(self._hub_ul, options.tube_compliance_ul_kpa)
        if "motion" in self._faults:
            self._squeeze_on(h_s)

    def _squeeze_on(self, h_s: float) -> None:
        motion = self._faults["motion"]
        self._squeezed_for_s += h_s
        if self._squeezed_for_s >= motion["s"]:
            self.clear("motion")
        else:
            self._squeeze_kpa = motion["kpa"] * math.sin(math.pi * self._squeezed_for_s / motion["s"])
