"""`ductoject run --virtual`: one procedure as `run` does it, in virtual time instead of real time."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from controller.core.reasons import EXIT_FAULT, EXIT_USAGE
from controller.loop import Screen
from controller.record.errors import RecordError
from controller.settings import LoadedProfile
from controller.virtual.building import bench_options
from controller.virtual.procedure import NotEndedError, VirtualProcedure
from simulators.any_plant import PlantError
from simulators.bench import SimulatedBench
from simulators.options import OptionsError
from simulators.scenario import Scenario, ScenarioError


class VirtualRunError(Exception):
    """The procedure could not be run, or its record could not be written; one sentence a line. status: the exit status."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


def run_virtual(
    loaded: LoadedProfile, scenario: Scenario | None, header: Mapping[str, object], path: Path, screens: list[tuple[str, Screen]]
) -> dict[str, Any]:
    """Runs it and writes its record to path; returns the outcome, with the reason NO_HOST where the scenario kills the host.

    SIGINT and SIGTERM reach the procedure as they would reach a real one. Raises VirtualRunError.
    """
    try:
        bench = SimulatedBench(bench_options(loaded, scenario.bench if scenario is not None else None))
        procedure = VirtualProcedure(
            loaded,
            bench,
            person=scenario.person if scenario is not None else None,
            events=[scenario.event] if scenario is not None else [],
            header=header,
            screens=screens,
        )
        with _signals_to(procedure.world.heard):
            outcome = procedure.run()
        procedure.save(path)
    except (OptionsError, ScenarioError) as error:
        raise VirtualRunError(str(error), EXIT_USAGE) from error
    except (PlantError, NotEndedError, RecordError) as error:  # it was begun
        raise VirtualRunError(str(error), EXIT_FAULT) from error
    if outcome is not None:
        return outcome
    told = {"reason": "NO_HOST", "text": "the scenario has killed the host", "also": [], "exit": EXIT_FAULT}
    return {**told, "duration_s": bench.now_s}


@contextmanager
def _signals_to(heard: list[str]) -> Iterator[None]:
    def hear(number: int, _frame: FrameType | None) -> None:
        heard.append(signal.Signals(number).name)

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
