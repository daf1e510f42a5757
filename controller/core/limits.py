"""The absolute limits. No profile, option or operator gets past them: configuration can only be tighter.

Every number stands here once, with its unit in its name. Where a limit comes from judgement and not from a source, its
line says so: none of them is a clinical recommendation.
"""

from typing import Final

# Volume
TOTAL_UL: Final[float] = 300.0  # per duct and day, over all records; ductography practice is 0.2 to 0.3 mL (UCLA teaching page)
INCREMENT_UL: Final[float] = 50.0  # the most ever programmed into the pump at once: what a dead host can still deliver
INCREMENT_STEP_UL: Final[float] = 10.0  # increments come in hundredths of a millilitre, as people read them
PRIMING_FORWARD_UL: Final[float] = 600.0  # all forward motion in priming, filling included; cannula outside the patient
CLOSED_TIP_UL: Final[float] = 40.0  # of it, pressed into a line whose tip is closed
RESERVE_UL: Final[float] = 100.0  # stays in the syringe beyond prime and target, so that the plunger never bottoms out

# Rate
INFUSION_RATE_UL_S: Final[float] = 10.0  # hand injection is 5 to 8 uL/s (0.3 to 0.5 mL in a minute or more); twice the default
RELIEF_RATE_UL_S: Final[float] = 15.0  # fastest retraction after a stop; a smaller syringe may make the pump slower than this

# Pressure
LINE_KPA: Final[float] = 250.0  # protects line and cannula seat; a 30G cannula alone takes 30 to 70 kPa at 5 uL/s
CLOSED_TIP_KPA: Final[float] = 60.0  # that is aimed at with the tip closed; what fluid running through a cannula takes anyway
DUCT_KPA: Final[float] = 5.0  # at zero flow; rat bile-pancreatic ducts ruptured at 4.9 kPa (Armstrong, Gut 1985)
RELIEF_FLOOR_KPA: Final[float] = -1.0  # relief never draws harder than this: no blood or air into the line
READY_LINE_KPA: Final[float] = 1.0  # to leave `ready` the line is within this of zero, so that nothing stored is let go
ZERO_GAUGE_MIN_KPA: Final[float] = -3.0  # a gauge transmitter's reading at zero; beyond this it is broken or not open to air
ZERO_GAUGE_MAX_KPA: Final[float] = 3.0
ZERO_ABSOLUTE_MIN_KPA: Final[float] = 80.0  # an absolute transmitter's reading at zero: the atmosphere up to about 1900 m
ZERO_ABSOLUTE_MAX_KPA: Final[float] = 106.0

# Time
SAMPLE_AGE_S: Final[float] = 0.100  # newest pressure while infusing; a blocked line rises by 4 to 40 kPa/s
LATENESS_S: Final[float] = 0.050  # of the loop while infusing: half of the stop budget
STOP_BUDGET_S: Final[float] = 0.100  # from a cause known at the host to a plunger that stands still
UNCONFIRMED_S: Final[float] = 0.500  # not seen stopped for this long after a stop: STOP_UNCONFIRMED
PUMP_SILENT_S: Final[float] = 0.300  # without any valid answer of the pump: PUMP_SILENT
HOLD_S: Final[float] = 60.0  # a hold ends within this; the line relaxes in 0.5 to 6 s, five times that is 30 s
PRIME_EXPIRY_S: Final[float] = 600.0  # age of a prime check; contrast cools and bubbles gather
ZERO_EXPIRY_S: Final[float] = 600.0  # age of a pressure zero; transmitters and heights drift
