"""The ways out of a duct: a tear into tissue, clefts in its wall, and the orifice beside the cannula.

Each is a valve: nothing below its opening pressure, and above it a flow of (P - opening) / R. For the tear P is the pressure
across the wall and the opening pressure that of the tissue (stroma takes fluid only above a threshold: McGuire 2006), which
may rise with what is already in it; clefts open at about 2 kPa (rat bile-pancreatic duct: Armstrong 1985); the orifice sees
the whole pressure in the duct, a squeeze of the breast included. Nothing comes back through any of them.
"""

from simulators.plant.compiled import term


@term
def tears(transmural_kpa: float, rupture_kpa: float, through_tip_ul: float, rupture_after_ul: float) -> bool:
    """The wall tears: by pressure, or mechanically by the tip once this much has gone through it."""
    return transmural_kpa >= rupture_kpa or through_tip_ul >= rupture_after_ul


@term
def pocket_kpa(tissue_kpa: float, tissue_kpa_ul: float, extravasated_ul: float) -> float:
    """Pressure that a tear leads to: that of the tissue, and of the pocket that has formed there."""
    return tissue_kpa + tissue_kpa_ul * extravasated_ul


@term
def valve_g(pressure_kpa: float, opening_kpa: float, resistance_kpa_s_ul: float) -> float:
    """Conductance in uL/s per kPa at this pressure."""
    return 1.0 / resistance_kpa_s_ul if pressure_kpa > opening_kpa else 0.0


@term
def valve_ul_s(valve_conductance: float, pressure_kpa: float, opening_kpa: float) -> float:
    """Flow through a valve with this conductance; a closed one may have an opening pressure of infinity."""
    return max(0.0, valve_conductance * (pressure_kpa - opening_kpa)) if valve_conductance > 0.0 else 0.0


@term
def drawn_to_kpa(valve_conductance: float, opening_kpa: float) -> float:
    """Conductance times opening pressure: this valve's share of the known side of the duct's balance."""
    return valve_conductance * opening_kpa if valve_conductance > 0.0 else 0.0
