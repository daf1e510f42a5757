"""When what was seen is enough, and how that is said."""

from dataclasses import dataclass

from controller.core.duct.kink import Break

# Likelihood ratios; so 2 of 120 moving patients of cohort `mixed` are stopped for nothing (tuning seed 105).
BREAK_LIMIT, LEAK_LIMIT = 22.0, 32.0
# Against the course, in the mean of 0.4 s. Good patients of `mixed` show -3 to 2 kPa, those who move up to 4.
RESISTS_KPA, LACKS_KPA = 8.0, 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen. evidence: over its limit from 1 on; numbers: for the record."""

    text: str
    evidence: float
    numbers: dict[str, float]


@dataclass(frozen=True, slots=True)
class Leak:
    """The torn duct that explains the data best: its conductance, and what it has lost by now."""

    conductance_ul_s_kpa: float = 0.0
    leaked_ul: float = 0.0


def evidence(break_likelihood: float, leak_likelihood: float) -> float:
    """How much speaks for a duct that does not keep what goes in: 1 is the limit."""
    return max(break_likelihood / BREAK_LIMIT, leak_likelihood / LEAK_LIMIT)


def lost(found: Break, break_likelihood: float, leak_likelihood: float, leak: Leak) -> Finding | None:
    """What speaks for contrast that leaves the duct, if that is enough."""
    weight = evidence(break_likelihood, leak_likelihood)
    if weight < 1.0:
        return None
    numbers = {
        "evidence": round(weight, 2),
        "break_likelihood": round(break_likelihood, 1),
        "break_s": round(found.at_s, 2),
        "break_kpa_s": round(-found.kpa_s, 3),
        "leak_likelihood": round(leak_likelihood, 1),
        "leak_ul_s_kpa": leak.conductance_ul_s_kpa,
        "leaked_ul": round(leak.leaked_ul, 1),
    }
    if break_likelihood / BREAK_LIMIT >= leak_likelihood / LEAK_LIMIT:
        text = f"the duct's pressure falls away from its course by {found.kpa_s:.2f} kPa a second"
    else:
        text = f"no duct that keeps what goes in shows this pressure; one that has lost about {leak.leaked_ul:.0f} ul does"
    return Finding(text, weight, numbers)


def resists(above_kpa: float) -> Finding | None:
    """What speaks for a tip that is blocked or lies in the wall, while fluid flows."""
    if above_kpa < RESISTS_KPA:
        return None
    text = f"the tip meets {above_kpa:.1f} kPa more than the duct's course (limit {RESISTS_KPA:g} kPa)"
    return Finding(text, above_kpa / RESISTS_KPA, {"above_kpa": round(above_kpa, 2)})


def lacks(above_kpa: float) -> Finding | None:
    """What speaks for a line that has become softer or leaks, while fluid flows: no duct can lose so much."""
    if above_kpa > -LACKS_KPA:
        return None
    text = f"the line lacks {-above_kpa:.1f} kPa of its course, more than any duct can lose (limit {LACKS_KPA:g} kPa)"
    return Finding(text, -above_kpa / LACKS_KPA, {"above_kpa": round(above_kpa, 2)})
