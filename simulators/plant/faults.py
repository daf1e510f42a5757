"""What can go wrong between plunger and duct. Each fault by name, with its arguments and their defaults.

The same terms as the options of a patient who is like that from the beginning; while a fault lasts, its numbers replace those
of the options (a bubble comes on top, a clog multiplies).
"""

FAULTS: dict[str, str] = {
    "block": "nothing passes any more: at the tip, or (in_tube 1) in the tube behind the transmitter",
    "clog": "the cannula's resistance is factor times as high",
    "open_line": "a luer is open at the transmitter: the line runs out through a small resistance",
    "leak": "the line leaks at the transmitter through this resistance",
    "air": "a gas bubble of this volume (at atmospheric pressure) is in the line",
    "compliance": "the syringe's side of the line is factor times as soft: squeezed off, or another syringe",
    "rupture": "when the duct reaches threshold_kpa it tears and leaks into tissue (0: now); what has torn stays torn",
    "reflux": "above opening_kpa contrast comes back out of the orifice beside the cannula",
    "full_duct": "from its present pressure on the duct is as stiff as one of v0_ul",
    "motion": "the breast is squeezed: one half-sine of kpa lasting s seconds, then over",
}

DEFAULTS: dict[str, dict[str, float]] = {
    "block": {"in_tube": 0.0},
    "clog": {"factor": 3.0},
    "open_line": {"resistance_kpa_s_ul": 0.01},
    "leak": {"resistance_kpa_s_ul": 5.0},
    "air": {"bubble_ul": 10.0},
    "compliance": {"factor": 0.5},
    "rupture": {"resistance_kpa_s_ul": 0.2, "threshold_kpa": 5.0, "tissue_kpa": 0.0, "tissue_stiffness_kpa_ul": 0.0},
    "reflux": {"resistance_kpa_s_ul": 3.7, "opening_kpa": 2.0},
    "full_duct": {"v0_ul": 20.0},
    "motion": {"kpa": 2.0, "s": 0.5},
}

_MAY_BE_ZERO = {"in_tube", "threshold_kpa", "tissue_kpa", "tissue_stiffness_kpa_ul", "opening_kpa"}
_ANY_SIGN = {"kpa"}
_SMALLEST, _LARGEST = 1e-6, 1e6


def arguments(name: str, given: dict[str, float]) -> dict[str, float]:
    """The fault's arguments with defaults filled in. Raises ValueError for an unknown name, argument or bad value."""
    check_name(name)
    defaults = DEFAULTS[name]
    if given.keys() - defaults.keys():
        raise ValueError(f"the fault {name!r} takes {', '.join(defaults)}, not {', '.join(given)}")
    chosen = {**defaults, **given}
    for argument, value in chosen.items():
        lowest = -_LARGEST if argument in _ANY_SIGN else 0.0 if argument in _MAY_BE_ZERO else _SMALLEST
        if not lowest <= value <= _LARGEST:
            raise ValueError(f"the fault {name!r} can not have {argument} = {value}; it must be from {lowest:g} to {_LARGEST:g}")
    return chosen


def check_name(name: str) -> None:
    """Raises ValueError where there is no such fault."""
    if name not in FAULTS:
        raise ValueError(f"this plant has no fault {name!r}; it has {', '.join(FAULTS)}")
