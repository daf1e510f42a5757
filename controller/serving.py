"""`ductoject simulate`: becomes the simulated bench that a profile describes."""

from controller.settings import ConfigError, load_profile
from controller.simulated import bench_settings
from simulators.scenario import load_scenario
from simulators.server import serve_as_told


def serve_bench(profile: str, scenario: str | None, plant: str | None = None) -> int:
    """Serves until told to end; returns the exit status. plant: in place of the profile's.

    Raises ConfigError, ScenarioError, OptionsError: then nothing was served.
    """
    loaded = load_profile(profile, {} if plant is None else {"simulation.plant": (plant, "--plant")})
    simulation = loaded.profile.simulation
    if simulation is None:
        raise ConfigError([f'{loaded.source}: kind = "{loaded.profile.kind}" describes no simulated bench'])
    told_by_scenario = load_scenario(scenario).bench if scenario is not None else {}
    arguments = ["--plant", simulation.plant, "--seed", str(simulation.seed), "--index", str(simulation.index)]
    arguments += [] if scenario is None else ["--scenario", scenario]
    for key, value in bench_settings(loaded, told_by_scenario).items():
        arguments += ["--set", f"{key}={str(value).lower() if isinstance(value, bool) else value}"]
    return serve_as_told(arguments)
