"""What a server stands on: profile, records' place, first answers. Heavy to load, so it is loaded while the page opens."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controller.settings import LoadedProfile


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user has asked for on the command line."""

    profile: str = "sim"
    scenario: str | None = None
    records: str | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known once it is loaded. fields: what the set-up asks."""

    loaded: "LoadedProfile"
    simulated: bool
    records: Path
    version: str
    fields: list[dict[str, Any]]
    first_values: Mapping[str, Any]


class UnfitError(Exception):
    """A profile, a scenario or a place that can not be used: one sentence a problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def prepare(wishes: Wishes) -> Ground:
    """Loads everything; nothing is opened and nothing moves. Raises UnfitError with all that is wrong."""
    import controller.bedside.after_care  # noqa: F401 - loaded now, so that no request waits for it
    from controller.bedside.setup import first_values, setup_fields  # heavy: the page is bound before
    from controller.settings import ConfigError, load_profile
    from controller.simulated import why_not_simulated
    from controller.virtual.overrides import scenario_overrides
    from simulators.scenario import ScenarioError, load_scenario

    try:
        scenario = None if wishes.scenario is None else load_scenario(wishes.scenario)
        loaded = load_profile(wishes.profile, scenario_overrides(scenario) if scenario is not None else {})
    except ConfigError as error:
        raise UnfitError(error.problems) from error
    except ScenarioError as error:
        raise UnfitError(str(error).splitlines()) from error
    records = Path(wishes.records if wishes.records is not None else loaded.profile.records.directory).absolute()
    try:
        records.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UnfitError([f"--records {records}: {error.strerror}"]) from error
    return Ground(
        loaded=loaded,
        simulated=not why_not_simulated(loaded),
        records=records,
        version=_version(),
        fields=[field.body() for field in setup_fields(loaded)],
        first_values=first_values(loaded),
    )


def today_of_the_patient() -> date:
    """The calendar day here, not in Greenwich."""
    return datetime.now().astimezone().date()


def _version() -> str:
    try:
        return version("ductoject")
    except PackageNotFoundError:
        return "unknown"
