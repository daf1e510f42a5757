"""Records for the tests of what is made of them, from virtual time."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from controller.virtual.building import bench_options, scenario_procedure, virtual_profile
from controller.virtual.overrides import scenario_overrides
from controller.virtual.procedure import VirtualProcedure, virtual_header
from simulators.bench import SimulatedBench
from simulators.scenario import load_scenario


@cache
def made(folder: Path, name: str) -> Path:
    """A scenario's record."""
    return made_with(folder / f"{name}.sqlite", name, {})


def made_with(path: Path, name: str, header: Mapping[str, object]) -> Path:
    """A scenario's record whose header says this as well."""
    scenario = load_scenario(name)
    loaded = virtual_profile("sim", scenario_overrides(scenario))
    procedure = scenario_procedure(scenario, loaded, header=virtual_header(loaded) | dict(header))
    procedure.run()
    procedure.save(path)
    return path


@cache
def whole(folder: Path) -> Path:
    """Four increments in which nothing happens."""
    loaded = virtual_profile("sim")
    procedure = VirtualProcedure(loaded, SimulatedBench(bench_options(loaded)))
    procedure.run()
    path = folder / "whole.sqlite"
    procedure.save(path)
    return path
