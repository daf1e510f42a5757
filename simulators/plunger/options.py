"""The numbers of one plunger and its drive."""

import math
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class PlungerOptions:
    """Mechanics of drive and syringe, as volume of the syringe in use. The defaults are an ideal, rigid plunger.

    step_ul: travel of one step of the motor. backlash_ul: dead travel at each change of direction; the first forward travel
    takes it up, as after loading a syringe. static_friction_kpa, sliding_friction_kpa: force of the rubber on the barrel over
    the stopper's area, 29-173 kPa for 1 mL and 8-51 kPa for 3 mL (0.5-3 N, an estimate; ISO 7886-1 guides to 10 N at most to
    begin and 5 N on the way below 2 mL); their difference is what the plunger's pressure jumps by at each slip, 5-50 kPa.
    drive_stiffness_kpa_ul: of everything from the motor to the stopper, 0 = rigid; 1 N/mm is 3.3 kPa/uL at a 1 mL syringe,
    so that 10-100 N/mm (an estimate) are 33-330. fill_ul: what is in the syringe at the beginning.

    Raises ValueError where a number is not finite (fill_ul alone may be inf) or below 0, where fill_ul is 0, and where
    sliding takes more than breaking loose.
    """

    step_ul: float = 0.0
    backlash_ul: float = 0.0
    static_friction_kpa: float = 0.0
    sliding_friction_kpa: float = 0.0
    drive_stiffness_kpa_ul: float = 0.0
    fill_ul: float = math.inf

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name == "fill_ul":
                if not value > 0.0:
                    raise ValueError(f"plunger option fill_ul = {value} must be above 0")
            elif not math.isfinite(value) or value < 0.0:
                raise ValueError(f"plunger option {each.name} = {value} must be finite and not below 0")
        if self.sliding_friction_kpa > self.static_friction_kpa:
            raise ValueError(
                f"plunger option sliding_friction_kpa = {self.sliding_friction_kpa} must not be above "
                f"static_friction_kpa = {self.static_friction_kpa}"
            )
