"""Three vessels in a row, one small step: syringe side - tube - hub - cannula - what the tip is in.

The step is linearly implicit (backward Euler with each vessel's stiffness at the beginning of the step): it can not become
unstable however small a compliance or a resistance is. Only flows come out of it; the caller moves exactly these volumes, so
that nothing is lost, and computes the pressures anew from the volumes.
"""

from simulators.plant.compiled import term

Vessel = tuple[float, float]
"""Pressure in kPa and stiffness in kPa/uL; stiffness 0: the pressure is given."""


@term
def flows_ul_s(
    h_s: float,
    plunger_ul_s: float,
    line: Vessel,
    hub: Vessel,
    outer: Vessel,
    conductances: tuple[float, float, float],
    drain: tuple[float, float],
) -> tuple[float, float, float, float]:
    """Flows in uL/s over the next h_s: through tube, cannula (positive outwards) and leak; then the outer vessel's pressure.

    conductances: leak to atmosphere at the line, tube, cannula, in uL/s per kPa (0: closed).
    drain: conductance out of the outer vessel, and that conductance times the pressure it drains to; what drains follows
    from the pressure at the end of the step.
    """
    leak_g, tube_g, cannula_g = conductances
    line_step, hub_step, outer_step = h_s * line[1], h_s * hub[1], h_s * outer[1]
    # Gaussian elimination from the far end of the row back to the syringe
    outer_diagonal = 1.0 + outer_step * (cannula_g + drain[0])
    outer_known = outer[0] + outer_step * drain[1]
    through = hub_step * cannula_g / outer_diagonal
    hub_diagonal = 1.0 + hub_step * (tube_g + cannula_g) - through * outer_step * cannula_g
    hub_known = hub[0] + through * outer_known
    through = line_step * tube_g / hub_diagonal
    line_diagonal = 1.0 + line_step * (leak_g + tube_g) - through * hub_step * tube_g
    line_kpa = (line[0] + line_step * plunger_ul_s + through * hub_known) / line_diagonal
    hub_kpa = (hub_known + hub_step * tube_g * line_kpa) / hub_diagonal
    outer_kpa = (outer_known + outer_step * cannula_g * hub_kpa) / outer_diagonal
    return (line_kpa - hub_kpa) * tube_g, (hub_kpa - outer_kpa) * cannula_g, line_kpa * leak_g, outer_kpa


@term
def alone_kpa(h_s: float, outer: Vessel, drain: tuple[float, float]) -> float:
    """Pressure after h_s of a vessel that only drains (the same step, without a cannula in it)."""
    step = h_s * outer[1]
    return (outer[0] + step * drain[1]) / (1.0 + step * drain[0])
