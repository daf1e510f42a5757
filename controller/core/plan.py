"""What a procedure is to be: the numbers of one run, already checked against the absolute limits."""

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Plan:
    """One procedure. Volumes in ul, rates in ul/s, pressures in kPa above zero level, times in s."""

    target_ul: float
    increment_ul: float
    rate_ul_s: float
    relief_rate_ul_s: float  # of the retraction after a stop
    first_prime_ul: float  # takes up the drive's play and fills what is empty
    first_prime_rate_ul_s: float
    prime_ul: float  # the measured run
    prime_rate_ul_s: float
    closed_tip: bool  # the line is also measured with its tip closed
    line_limit_kpa: float
    duct_limit_kpa: float
    sample_age_s: float
    lateness_s: float
    hold_s: float
    watchdog_s: float
    expected_resistance_kpa_s_ul: float
    lot_calibrated: bool  # the expectation rests on the cannula lot's own calibration, not on the catalogue's nominal bore
    greatest_compliance_ul_kpa: float  # of syringe and tube, as the catalogue has them
    zero_min_kpa: float
    zero_max_kpa: float
    advance_auto: bool
    button_stops_pump: bool  # the button is also wired to the pump itself, which then stays stopped while it is open
    simulated: bool  # true only when every device is a simulated one: questions are then answered by a simulated operator

    @property
    def increments(self) -> int:
        """How many increments the target takes."""
        return ceil(self.target_ul / self.increment_ul - 1e-9)
