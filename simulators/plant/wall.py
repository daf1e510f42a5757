"""The duct's wall gives way in time: a Maxwell branch beside the elastic law.

Quasi-linear viscoelasticity (Fung) with one time constant: of the pressure that a stretch brings at once, a fraction relaxes
with tau while the stretch is held. What has given way so far is the state, g: g' = (fraction P_elastic - g) / tau, and the
transmural pressure is P_elastic - g. Soft tissue relaxes by 20 to 40 % in 5 to 20 s (estimate).

A wall that has given way and is then emptied quickly is slack: it holds some volume without any pressure, and does not suck.
"""

from simulators.plant.compiled import term


@term
def transmural_kpa(volume_ul: float, elastic_kpa: float, given_way_kpa: float) -> float:
    """Pressure across the wall; below volume 0 the wall lies on the tip, and what it has given way does not matter."""
    return elastic_kpa if volume_ul <= 0.0 else max(elastic_kpa - given_way_kpa, 0.0)


@term
def is_slack(volume_ul: float, elastic_kpa: float, given_way_kpa: float) -> bool:
    """The wall hangs loose: more volume brings no pressure yet."""
    return volume_ul > 0.0 and elastic_kpa < given_way_kpa


@term
def given_way_after_kpa(given_way_kpa: float, elastic_kpa: float, fraction: float, tau_s: float, h_s: float) -> float:
    """What the wall has given way after another h_s (backward Euler; elastic_kpa is the pressure at the end of it)."""
    part = h_s / tau_s
    return (given_way_kpa + part * fraction * max(elastic_kpa, 0.0)) / (1.0 + part)
