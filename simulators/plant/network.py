"""Three vessels in a row, one small step: syringe side - tube - hub - cannula - what the tip is in.

The step is linearly implicit (backward Euler with each vessel's stiffness at the beginning of the step): it can not become
unstable however small a compliance or a resistance is. Only flows come out of it; the caller moves exactly these volumes, so
that nothing is lost, and computes the pressures anew from the volumes.
"""

from typing import NamedTuple


class Flows(NamedTuple):
    """Flows of one step in uL/s, positive away from the syringe."""

    tube: float
    cannula: float
    leak: float
    outer_kpa: float
    """Pressure beyond the tip at the end of the step; what drains from there follows from it."""


def flows_ul_s(
    h_s: float,
    plunger_ul_s: float,
    line: tuple[float, float],
    hub: tuple[float, float],
    outer: tuple[float, float],
    conductances: tuple[float, float, float],
    drain: tuple[float, float],
) -> Flows:
    """Flows over the next h_s.

    line, hub, outer: pressure in kPa and stiffness in kPa/uL of each vessel (stiffness 0: its pressure is given).
    conductances: leak to atmosphere at the line, tube, cannula, in uL/s per kPa (0: closed).
    drain: conductance out of the outer vessel, and that conductance times the pressure it drains to.
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
    return Flows(
        tube=(line_kpa - hub_kpa) * tube_g,
        cannula=(hub_kpa - outer_kpa) * cannula_g,
        leak=line_kpa * leak_g,
        outer_kpa=outer_kpa,
    )
