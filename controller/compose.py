"""Puts drivers and core together as a profile says. The only place that knows the makes of devices; replay uses it too."""

from math import floor

from controller.core.core import Core
from controller.core.limits import RELIEF_RATE_UL_S
from controller.core.plan import Plan
from controller.settings import LoadedProfile
from controller.settings.devices import PUMPS
from controller.simulated import SERIAL_NUMBER
from controller.station import Outputs, Station
from drivers.keller33x.driver import Keller33xDriver
from drivers.keller33x.settings import Keller33xSettings
from drivers.modem_button.driver import ModemButtonDriver, ModemButtonSettings
from drivers.ne1000.driver import Ne1000Driver, Ne1000Settings

LOWEST_OF_INTEREST_KPA = -10.0  # a relief never goes below -1 kPa; a transmitter has to see that, and what lies below


def plan_of(loaded: LoadedProfile, *, simulated: bool) -> Plan:
    """The plan of one procedure. simulated: every device is a simulated one."""
    profile = loaded.profile
    return Plan(
        target_ul=profile.injection.target_ul,
        increment_ul=profile.injection.increment_ul,
        rate_ul_s=profile.injection.rate_ul_s,
        relief_rate_ul_s=_relief_rate_ul_s(loaded),
        first_prime_ul=profile.prime.first_volume_ul,
        first_prime_rate_ul_s=profile.prime.first_rate_ul_s,
        prime_ul=profile.prime.volume_ul,
        prime_rate_ul_s=profile.prime.rate_ul_s,
        closed_tip=profile.prime.closed_tip,
        line_limit_kpa=profile.limits.line_kpa,
        duct_limit_kpa=profile.limits.duct_kpa,
        sample_age_s=profile.limits.sample_age_s,
        lateness_s=profile.limits.lateness_s,
        hold_s=profile.limits.hold_s,
        watchdog_s=float(profile.pump.watchdog_s),
        expected_resistance_kpa_s_ul=loaded.expected_resistance_kpa_s_ul,
        lot_calibrated=profile.line.lot_bore_mm is not None,
        greatest_compliance_ul_kpa=loaded.parts.syringe.compliance_max_ul_kpa + loaded.parts.tube.compliance_ul_kpa,
        zero_min_kpa=profile.pressure.zero_min_kpa,
        zero_max_kpa=profile.pressure.zero_max_kpa,
        button_stops_pump=profile.pump.trigger != "none",
        advance_auto=profile.injection.advance == "auto",
        simulated=simulated,
    )


def _relief_rate_ul_s(loaded: LoadedProfile) -> float:
    """The fastest that limit and pump allow with this syringe, cut to what the pump can be told."""
    fastest_ul_s = PUMPS[loaded.profile.pump.model].fastest_ul_s(loaded.parts.syringe.inner_diameter_mm)
    return min(RELIEF_RATE_UL_S, floor(fastest_ul_s * 10.0) / 10.0)


def build_drivers(loaded: LoadedProfile, *, simulated: bool) -> tuple[Ne1000Driver, Keller33xDriver, ModemButtonDriver]:
    """Pump, transmitter and button drivers as the profile says."""
    profile = loaded.profile
    pump = Ne1000Driver(
        Ne1000Settings(
            address=profile.pump.address,
            diameter_mm=loaded.parts.syringe.inner_diameter_mm,
            watchdog_s=profile.pump.watchdog_s,
            trigger=profile.pump.trigger,
        )
    )
    pressure = Keller33xDriver(
        Keller33xSettings(
            address=profile.pressure.address,
            must_cover_kpa=(LOWEST_OF_INTEREST_KPA, profile.limits.line_kpa),
            sample_hz=float(profile.pressure.sample_hz),
            # What makes a bench a simulated one is in the end this number, so then it is always compared.
            expected_serial=SERIAL_NUMBER if simulated else profile.pressure.serial_number,
            reference=profile.pressure.reference,
        )
    )
    return pump, pressure, ModemButtonDriver(ModemButtonSettings(poll_s=profile.button.poll_s, pedal=profile.button.pedal))


def build_station(loaded: LoadedProfile, outputs: Outputs, *, simulated: bool) -> Station:
    """Drivers and core of one procedure."""
    pump, pressure, button = build_drivers(loaded, simulated=simulated)
    return Station(Core(plan_of(loaded, simulated=simulated)), pump, pressure, button, outputs)
