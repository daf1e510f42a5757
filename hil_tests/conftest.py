"""Where the devices are: a simulated bench of our own, or with --bench the ports of a profile."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.settings import ConfigError, LoadedProfile, load_profile
from controller.settings.profile import SIMULATED
from hil_tests.hands import PersonsHands
from hil_tests.machine_watch import MachineWatch, Steady
from hil_tests.simulated_bench import SimulatedBench
from hil_tests.stand import Stand

_LOADED = pytest.StashKey[LoadedProfile]()
_HANDS_TIMEOUT_S = 900


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one option."""
    parser.addoption("--bench", metavar="PROFILE", help="test real devices: the profile (path of a .toml file) with their ports")


def pytest_configure(config: pytest.Config) -> None:
    """Refuses a profile that must not be tested with, before anything is opened."""
    path = config.getoption("--bench")
    if path is None:
        return
    try:
        loaded = load_profile(path)
    except ConfigError as error:
        raise pytest.UsageError("\n".join(error.problems)) from error
    if loaded.profile.kind == "bedside":
        raise pytest.UsageError(f"--bench {path}: these tests are never run with a bedside profile")
    if SIMULATED in (loaded.profile.pump.port, loaded.profile.pressure.port, loaded.profile.button.port):
        raise pytest.UsageError(f"--bench {path}: names no ports; without --bench a simulated bench is tested")
    if hasattr(config, "workerinput") or config.getoption("numprocesses", None):
        raise pytest.UsageError("--bench: a person is asked on the terminal, one test at a time: leave out -n")
    config.stash[_LOADED] = loaded


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Says what has to be connected."""
    if _LOADED not in config.stash:
        return []
    profile = config.stash[_LOADED].profile
    return [
        f"bench: pump at {profile.pump.port}, transmitter at {profile.pressure.port}, button at {profile.button.port}",
        f"bench: NO PATIENT. {profile.line.syringe} with {profile.line.fill_ml:.2f} mL of {profile.line.agent} in the pump,",
        f"bench: transmitter behind it, {profile.line.cannula} at the end over a beaker; about 0.10 mL will be pushed",
    ]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On hardware: what nobody can do there is deselected, and people get time."""
    if _LOADED not in config.stash:
        return
    mine = Path(__file__).parent
    impossible = [item for item in items if mine in item.path.parents and item.get_closest_marker("simulated_only")]
    config.hook.pytest_deselected(items=impossible)
    items[:] = [item for item in items if item not in impossible]
    for item in items:
        if mine in item.path.parents:
            item.add_marker(pytest.mark.timeout(_HANDS_TIMEOUT_S), append=False)


@pytest.fixture(scope="module")
def bench(request: pytest.FixtureRequest) -> Iterator[SimulatedBench | None]:
    """The simulated bench, one for each file of tests; None on hardware. Its person does nothing by itself."""
    if _LOADED in request.config.stash:
        yield None
        return
    with SimulatedBench.start() as started:
        started.do({"do": "person", "self_test": False, "inserts_cannula": False})
        yield started


@pytest.fixture(scope="session")
def machine() -> Iterator[MachineWatch]:
    """The witness of the machine."""
    with MachineWatch.start() as watch:
        yield watch


@pytest.fixture
def steady(machine: MachineWatch, tmp_path: Path, request: pytest.FixtureRequest) -> Steady:
    """For tests that need a machine that does not stand still: tells in the summary what it tried once more."""
    properties = request.node.user_properties
    return Steady(machine, tmp_path, lambda why: properties.append(("played_again", f"{request.node.name}: {why}")))


@pytest.fixture(scope="session")
def person() -> Iterator[PersonsHands]:
    """The person at the real devices: one for all tests, so that nobody is asked twice for the same."""
    with PersonsHands.at_terminal() as hands:
        yield hands


@pytest.fixture
def stand(request: pytest.FixtureRequest, bench: SimulatedBench | None, tmp_path: Path) -> Iterator[Stand]:
    """What the test works with."""
    if bench is None:
        with Stand.on_hardware(request.config.stash[_LOADED], request.getfixturevalue("person")) as made:
            yield made
    else:
        with Stand.at_bench(bench, tmp_path) as made:
            yield made


@pytest.fixture
def simulated(bench: SimulatedBench | None) -> SimulatedBench:
    """The bench, in tests that are for the simulated one only."""
    assert bench is not None, "this test lacks the marker simulated_only"
    return bench
