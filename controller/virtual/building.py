"""Puts virtual procedures together from a profile and, where there is one, a scenario."""

from collections.abc import Mapping

from controller.settings import ConfigError, LoadedProfile, load_profile
from controller.simulated import bench_settings
from controller.virtual.procedure import VirtualProcedure
from simulators.bench import BenchOptions, SimulatedBench
from simulators.scenario import Scenario


def virtual_profile(name_or_path: str, overrides: Mapping[str, object] | None = None) -> LoadedProfile:
    """A profile that can be run in virtual time. Raises ConfigError."""
    loaded = load_profile(name_or_path, overrides)
    if loaded.profile.simulation is None or loaded.profile.injection.advance != "auto":
        raise ConfigError(
            [f'{loaded.source}: virtual time is for simulations: it needs a [simulation] table and injection.advance = "auto"']
        )
    return loaded


def bench_options(
    loaded: LoadedProfile,
    settings: Mapping[str, object] | None = None,
    *,
    plant: str | None = None,
    seed: int | None = None,
    index: int | None = None,
) -> BenchOptions:
    """What the bench that the profile describes is made of; settings, plant, seed and index replace the profile's."""
    simulation = loaded.profile.simulation
    assert simulation is not None, "virtual_profile has seen to it"
    chosen = plant or simulation.plant
    told = dict(settings or {})
    return BenchOptions(
        settings=bench_settings(loaded, told, plant=chosen) | told,  # type: ignore[arg-type]  # checked by the bench
        seed=simulation.seed if seed is None else seed,
        index=simulation.index if index is None else index,
        plant=chosen,
    )


def scenario_procedure(scenario: Scenario, loaded: LoadedProfile, header: Mapping[str, object] | None = None) -> VirtualProcedure:
    """A scenario in virtual time; loaded with its overrides. Raises OptionsError, ScenarioError."""
    bench = SimulatedBench(bench_options(loaded, scenario.bench))
    return VirtualProcedure(loaded, bench, person=scenario.person, events=[scenario.event], header=header)
