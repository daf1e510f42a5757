"""One step of the whole plant: line, duct, wall, tissue, orifice. What each term says stands in its own module.

Volumes are what is integrated, pressures follow from them; every volume that leaves one place arrives in another. A step is
cut into steps of at most half a millisecond, each linearly implicit, and finer ones where the duct would stiffen within one.
"""

import math
from functools import cache

from simulators.plant import layout as at
from simulators.plant.compiled import Advance, Kernel, Numbers, build, term
from simulators.plant.duct import elastic_kpa, elastic_stiffness_kpa_ul
from simulators.plant.hydraulics import pressure_of_stored_kpa, stiffness_kpa_ul, thickening
from simulators.plant.network import alone_kpa, flows_ul_s
from simulators.plant.openings import drawn_to_kpa, pocket_kpa, tears, valve_g, valve_ul_s
from simulators.plant.squeeze import half_sine_kpa
from simulators.plant.wall import given_way_after_kpa, is_slack, transmural_kpa

_LONGEST_STEP_S = 0.5e-3
_PARTS = 256
"""Into how many parts such a step may be cut: this bounds what a step can cost."""
_LARGEST_PART_OF_SCALE = 0.25
_LARGEST_STEP_INTO_SEAL_UL = 0.02


@cache
def kernel() -> Kernel:
    """The kernel of this process, compiled where that is possible. The first call may take seconds."""
    return build(_made_from)


def _made_from(sources: int) -> Advance:
    def advance(n: Numbers, dt_s: float, plunger_ul_s: float) -> float:
        n[at.SOURCES] = sources
        move(n, dt_s, plunger_ul_s)
        return n[at.LINE_KPA]

    return advance


@term
def move(n: Numbers, dt_s: float, plunger_ul_s: float) -> None:
    """Moves the plant on by dt_s while the plunger delivers this flow."""
    count = max(1, math.ceil(dt_s / _LONGEST_STEP_S - 1e-9))
    longest_s = dt_s / count
    resistance = thickening(n[at.NOW_S] + dt_s / 2.0, n[at.THICKENING_PER_S])
    tube_g = n[at.TUBE_G] / resistance
    cannula_g = n[at.CANNULA_G] / resistance
    if n[at.TIP] == at.PATIENT:
        cannula_g /= n[at.WALL_CONTACT]
    for _ in range(count):
        done, size = 0, _PARTS
        while done < _PARTS:
            if small_step(n, longest_s * size / _PARTS, plunger_ul_s, tube_g, cannula_g, size == 1):
                done += size
                if size < _PARTS and done % (2 * size) == 0:
                    size *= 2
            else:
                size //= 2


@term
def small_step(n: Numbers, h_s: float, plunger_ul_s: float, tube_g: float, cannula_g: float, however_far: bool) -> bool:
    """One linearly implicit step, or False and nothing moved where it would go too far along the duct's law."""
    inside = n[at.TIP] == at.PATIENT
    duct_ul, across_kpa = n[at.DUCT_LAW_UL], n[at.TRANSMURAL_KPA]
    if tears(across_kpa, n[at.RUPTURE_KPA], n[at.CANNULA_UL] if inside else -math.inf, n[at.RUPTURE_AFTER_UL]):
        n[at.TORN] = 1.0
    # from here on pressures in the duct are those that the transmitter would see: with squeeze and column
    squeeze_kpa = squeeze_at(n, n[at.NOW_S] + h_s)
    column_kpa = n[at.COLUMN_KPA] if inside else 0.0
    pocket = pocket_kpa(n[at.TISSUE_KPA], n[at.TISSUE_KPA_UL], n[at.EXTRAVASATED_UL])
    tissue_g = 0.0
    if n[at.TORN] > 0.0:  # the pocket's own rise within the step acts like a resistance in series
        tissue_g = valve_g(across_kpa, pocket, n[at.TISSUE_KPA_S_UL] + h_s * n[at.TISSUE_KPA_UL])
    micro_g = valve_g(across_kpa, n[at.MICRO_LEAK_KPA], n[at.MICRO_LEAK_KPA_S_UL])
    reflux_g = valve_g(across_kpa + squeeze_kpa, n[at.REFLUX_KPA], n[at.REFLUX_KPA_S_UL])
    tissue_kpa = pocket + squeeze_kpa + column_kpa
    micro_kpa = n[at.MICRO_LEAK_KPA] + squeeze_kpa + column_kpa
    reflux_kpa = n[at.REFLUX_KPA] + column_kpa
    drain = (
        tissue_g + micro_g + reflux_g,
        drawn_to_kpa(tissue_g, tissue_kpa) + drawn_to_kpa(micro_g, micro_kpa) + drawn_to_kpa(reflux_g, reflux_kpa),
    )
    duct_stiffness = elastic_stiffness_kpa_ul(duct_ul, n[at.SCALE_UL], n[at.SCALE_KPA])
    if is_slack(duct_ul, n[at.ELASTIC_KPA], n[at.GIVEN_WAY_KPA]):
        duct_stiffness = 0.0
    duct = (across_kpa + squeeze_kpa + column_kpa, duct_stiffness)

    line_kpa, hub_kpa = n[at.LINE_KPA], n[at.HUB_KPA]
    line = (line_kpa, stiffness_kpa_ul(line_kpa, n[at.SYRINGE_UL_KPA], n[at.BUBBLE_UL]))
    hub = (hub_kpa, stiffness_kpa_ul(hub_kpa, n[at.TUBE_UL_KPA], 0.0))
    if inside:
        tube, through, leak, duct_kpa = flows_ul_s(h_s, plunger_ul_s, line, hub, duct, (n[at.LEAK_G], tube_g, cannula_g), drain)
        entering = through
    else:
        if n[at.TIP] == at.CAPPED or abs(hub_kpa) < n[at.MENISCUS_KPA]:
            cannula_g = 0.0
        held_back = (math.copysign(n[at.MENISCUS_KPA], hub_kpa), 0.0)
        tube, through, leak, _ = flows_ul_s(
            h_s, plunger_ul_s, line, hub, held_back, (n[at.LEAK_G], tube_g, cannula_g), (0.0, 0.0)
        )
        duct_kpa = alone_kpa(h_s, duct, drain)
        entering = 0.0
    extravasates = valve_ul_s(tissue_g, duct_kpa, tissue_kpa) + valve_ul_s(micro_g, duct_kpa, micro_kpa)
    refluxes = valve_ul_s(reflux_g, duct_kpa, reflux_kpa)
    into_duct_ul = h_s * (entering - extravasates - refluxes)
    if not however_far and goes_too_far(duct_ul, into_duct_ul, n[at.SCALE_UL]):
        return False

    n[at.NOW_S] += h_s
    n[at.PUMPED_UL] += h_s * plunger_ul_s
    n[at.STORED_UL] += h_s * (plunger_ul_s - through - leak)
    n[at.LINE_UL] += h_s * (plunger_ul_s - tube - leak)
    n[at.HUB_UL] += h_s * (tube - through)
    n[at.IN_DUCT_UL] += into_duct_ul
    n[at.DUCT_LAW_UL] += into_duct_ul
    n[at.EXTRAVASATED_UL] += h_s * extravasates
    n[at.REFLUX_UL] += h_s * refluxes
    n[at.OUT_UL] += h_s * (through - entering + leak)
    n[at.CANNULA_UL] += h_s * entering
    n[at.CANNULA_UL_S] = through
    elastic = elastic_kpa(n[at.DUCT_LAW_UL], n[at.SCALE_UL], n[at.SCALE_KPA])
    n[at.GIVEN_WAY_KPA] = given_way_after_kpa(n[at.GIVEN_WAY_KPA], elastic, n[at.RELAXATION], n[at.RELAXATION_S], h_s)
    take_pressures(n)
    return True


@term
def goes_too_far(duct_ul: float, into_duct_ul: float, scale_ul: float) -> bool:
    """The duct would stiffen so much on the way that its stiffness at the beginning says too little."""
    if abs(into_duct_ul) > _LARGEST_PART_OF_SCALE * scale_ul:
        return True
    return duct_ul >= 0.0 and duct_ul + into_duct_ul < -_LARGEST_STEP_INTO_SEAL_UL


@term
def squeeze_at(n: Numbers, now_s: float) -> float:
    """What squeezes the breast at this time: what was ordered, and while the tip is in the patient the patient's own."""
    kpa = half_sine_kpa(now_s, n[at.ORDERED_FROM_S], n[at.ORDERED_KPA], n[at.ORDERED_S])
    if n[at.TIP] == at.PATIENT:
        kpa += half_sine_kpa(now_s, n[at.OWN_FROM_S], n[at.OWN_KPA], n[at.OWN_S])
    return kpa


@term
def take_pressures(n: Numbers) -> None:
    """The pressures that belong to the volumes as they are now."""
    n[at.LINE_KPA] = pressure_of_stored_kpa(n[at.LINE_UL], n[at.SYRINGE_UL_KPA], n[at.BUBBLE_UL])
    n[at.HUB_KPA] = pressure_of_stored_kpa(n[at.HUB_UL], n[at.TUBE_UL_KPA], 0.0)
    n[at.ELASTIC_KPA] = elastic_kpa(n[at.DUCT_LAW_UL], n[at.SCALE_UL], n[at.SCALE_KPA])
    n[at.TRANSMURAL_KPA] = transmural_kpa(n[at.DUCT_LAW_UL], n[at.ELASTIC_KPA], n[at.GIVEN_WAY_KPA])
    n[at.SQUEEZE_KPA] = squeeze_at(n, n[at.NOW_S])
