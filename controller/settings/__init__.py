"""Configuration: profiles and the catalogue, checked strictly and all at once before anything else happens."""

from controller.settings.catalogue import Agent, Cannula, Catalogue, Syringe, Tube, catalogue, expected_resistance_kpa_s_ul
from controller.settings.loading import LoadedProfile, Parts, build_profile, load_profile
from controller.settings.problems import ConfigError
from controller.settings.profile import Profile

__all__ = [
    "Agent",
    "Cannula",
    "Catalogue",
    "ConfigError",
    "LoadedProfile",
    "Parts",
    "Profile",
    "Syringe",
    "Tube",
    "build_profile",
    "catalogue",
    "expected_resistance_kpa_s_ul",
    "load_profile",
]
