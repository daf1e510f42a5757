"""The line's physics, one pure function per term. kPa, uL, s, mm, mPa.s; pressures are gauge unless named absolute."""

import math

from simulators.plant.compiled import term

ATMOSPHERE_KPA = 101.325
VAPOUR_FLOOR_KPA = -98.0
"""Gauge pressure at which a watery liquid boils at body temperature; no line pulls harder. Estimate from steam tables."""

_KPA_S_UL_PER_MPA_S_MM = 1e-6
_GRAVITY_M_S2 = 9.80665


def poiseuille_kpa_s_ul(bore_mm: float, length_mm: float, viscosity_mpa_s: float) -> float:
    """Resistance of a round bore to laminar flow, 128 mu L / (pi d^4) (Hagen-Poiseuille), in kPa per uL/s."""
    return 128.0 * viscosity_mpa_s * length_mm / (math.pi * bore_mm**4) * _KPA_S_UL_PER_MPA_S_MM


def viscosity_at_mpa_s(temperature_c: float, label_point: tuple[float, float], other_point: tuple[float, float]) -> float:
    """Viscosity at a temperature from two points (temperature in C, mPa.s) of the agent's label.

    The logarithm of viscosity is taken as linear in temperature: good between the points (contrast agents: 3 to 5 % per
    degree), an estimate beyond them. Raises ValueError where the points have one temperature or no viscosity.
    """
    (first_c, first_mpa_s), (second_c, second_mpa_s) = label_point, other_point
    if first_c == second_c or min(first_mpa_s, second_mpa_s) <= 0.0:
        raise ValueError("viscosity needs two different temperatures and viscosities above 0")
    slope_per_c = math.log(second_mpa_s / first_mpa_s) / (second_c - first_c)
    return first_mpa_s * math.exp(slope_per_c * (temperature_c - first_c))


def column_kpa(height_cm: float, density_kg_l: float) -> float:
    """Pressure rho g h at the foot of a column of liquid."""
    return density_kg_l * _GRAVITY_M_S2 * height_cm / 100.0


@term
def thickening(now_s: float, per_s: float) -> float:
    """By how much viscosity, and every resistance with it, has grown in now_s: log-linear in a temperature that drifts evenly."""
    return math.exp(per_s * now_s)


@term
def bubble_compliance_ul_kpa(bubble_ul: float, pressure_kpa: float) -> float:
    """Compliance V0 P0 / P^2 of a gas bubble of V0 at atmospheric pressure (Boyle, isothermal), at a gauge pressure."""
    return bubble_ul * ATMOSPHERE_KPA / (ATMOSPHERE_KPA + pressure_kpa) ** 2


def stored_ul(pressure_kpa: float, compliance_ul_kpa: float, bubble_ul: float = 0.0) -> float:
    """What a vessel holds beyond its content at atmospheric pressure: its walls stretch, its bubble shrinks."""
    return compliance_ul_kpa * pressure_kpa + bubble_ul * pressure_kpa / (ATMOSPHERE_KPA + pressure_kpa)


@term
def pressure_of_stored_kpa(volume_ul: float, compliance_ul_kpa: float, bubble_ul: float = 0.0) -> float:
    """The inverse of stored_ul. Below the vapour pressure the liquid tears, and the pressure stays there."""
    if bubble_ul <= 0.0:
        return max(volume_ul / compliance_ul_kpa, VAPOUR_FLOOR_KPA)
    # C P^2 + (C Pa + B - V) P - V Pa = 0; of the two roots the one above -Pa, in the form that is exact around V = 0
    linear = compliance_ul_kpa * ATMOSPHERE_KPA + bubble_ul - volume_ul
    root = math.sqrt(linear * linear + 4.0 * compliance_ul_kpa * volume_ul * ATMOSPHERE_KPA)
    return max(2.0 * volume_ul * ATMOSPHERE_KPA / (linear + root), VAPOUR_FLOOR_KPA)


@term
def stiffness_kpa_ul(pressure_kpa: float, compliance_ul_kpa: float, bubble_ul: float = 0.0) -> float:
    """Rise of pressure per volume put into a vessel at this pressure; 0 where the liquid has torn."""
    if pressure_kpa <= VAPOUR_FLOOR_KPA:
        return 0.0
    if bubble_ul <= 0.0:
        return 1.0 / compliance_ul_kpa
    return 1.0 / (compliance_ul_kpa + bubble_compliance_ul_kpa(bubble_ul, pressure_kpa))
