"""Scenarios through real ports: each ends as it expects, the true plunger stays within its budget, and replay agrees.

Most of those that need a host process, its operator or a real port, and two beside them, run in `make test`; the others run
there in virtual time (tests/procedures), where that can play them, and here with `make scenarios`. Where real-time priority can
be had two benches are played at a time, because most of a procedure is waiting; docs/decisions/0006 has the measurements.

A scenario that ends too late or for another reason while the machine itself stood still, as a witness beside it has seen, shows
nothing, and is played again. What is delivered and recorded has to be right on any machine.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from controller.record.listing import verify_file
from controller.replay import replay
from hil_tests.hosts import Result, host
from hil_tests.machine_watch import MOST_ATTEMPTS, MachineWatch, boottime_s
from hil_tests.simulated_bench import SimulatedBench
from simulators.scenario import Scenario, load_scenario, scenario_names

pytestmark = [pytest.mark.simulated_only, pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(400)]

GOOD_ENDS = ("VOLUME_REACHED", "DUCT_FULL", "FULLNESS")
LATE_BENCH_MS = 100  # beyond this its devices would have been silent for the host: that shows the computer, not the host
HOST_OR_PORT = ("host", "operator", "port.")
BESIDE_THEM = {"pain_button", "other_pump"}
LIKE_ANOTHER = {
    "host_frozen", "host_stalls",  # as host_killed, for the pump's watchdog; tests/core knows what a late host does
    "operator_stop",  # as operator_interrupt; tests/browser says stop and pain on a page
    "recorder_stalls",  # as recorder_killed
    "button_link_frozen",  # virtual time freezes the same lines
    "operator_terminate",  # as operator_interrupt
    "pain_operator", "reflux_seen", "fullness_reported",  # another word by the same way
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Played:
    """The host's result, the truth when all is still, the bench's log, the records; from when to when (CLOCK_BOOTTIME)."""

    result: Result
    truth: dict[str, Any]
    log: list[dict[str, Any]]
    records: Path
    from_s: float
    to_s: float


def needs_host_or_port(scenario: Scenario) -> bool:
    """True where something happens to the host itself, is said by its operator, or happens to a real port."""
    words = [f"{event.does.do} {getattr(event.does, 'name', '')}" for event in scenario.event]
    return any(part in word for word in words for part in HOST_OR_PORT)


def _parameters() -> list[Any]:
    chosen = {name for name in scenario_names() if needs_host_or_port(load_scenario(name))} | BESIDE_THEM
    chosen -= LIKE_ANOTHER
    return [pytest.param(name, marks=() if name in chosen else pytest.mark.campaign) for name in scenario_names()]


def overrides_of(scenario: Scenario) -> dict[str, object]:
    """What the scenario wants the host's profile to say."""
    found: dict[str, object] = {} if scenario.run.target_ml is None else {"injection.target_ml": scenario.run.target_ml}
    for section, content in scenario.run.profile.items():
        found |= {f"{section}.{key}": value for key, value in content.items()}
    return found


def play(name: str, folder: Path) -> Played:
    """Plays a scenario to its end."""
    from_s = boottime_s()
    overrides = overrides_of(load_scenario(name))
    with SimulatedBench.start(scenario=name, overrides=overrides) as bench, host(bench, folder, overrides) as running:
        result = running.result()
        if result.outcome is None:  # the host was killed: the pump's watchdog has the last word
            bench.wait_until_still(timeout_s=12.0)
        return Played(result, bench.truth(), bench.log(), folder / "records", from_s, boottime_s())


def at_once() -> int:
    """Two where real-time priority is permitted, else one."""
    policy = os.sched_getscheduler(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return 1
    os.sched_setscheduler(0, policy, os.sched_param(0))
    return 2


class Plays:
    """Scenarios being played, as many at once as this machine may."""

    def __init__(self, pool: ThreadPoolExecutor, folders: pytest.TempPathFactory) -> None:
        self._pool = pool
        self._folders = folders
        self._first: dict[str, Future[Played]] = {}

    def begin(self, names: list[str]) -> None:
        """All of them, in this order."""
        self._first = {name: self.again(name) for name in names}

    def first(self, name: str) -> Played:
        """How it ended."""
        return self._first[name].result()

    def again(self, name: str) -> "Future[Played]":
        """Once more."""
        return self._pool.submit(play, name, self._folders.mktemp(name))

    def cancel(self) -> None:
        """What has not begun will not."""
        for future in self._first.values():
            future.cancel()


@pytest.fixture(scope="session")
def plays(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plays]:
    """Every scenario that this session is going to ask for, being played."""
    mine = [item for item in request.session.items if item.path == Path(__file__) and isinstance(item, pytest.Function)]
    with ThreadPoolExecutor(at_once()) as pool:
        plays = Plays(pool, tmp_path_factory)
        plays.begin([str(item.callspec.params["name"]) for item in mine])
        yield plays
        plays.cancel()


@pytest.mark.parametrize("name", _parameters())
def test_scenario(name: str, machine: MachineWatch, plays: Plays, record_property: Callable[[str, object], None]) -> None:
    played = plays.first(name)
    check_whatever_happened(played)
    for _ in range(MOST_ATTEMPTS - 1):
        try:
            check_end(name, played)
        except AssertionError as failed:
            why = machine.excuse(played.from_s, played.to_s, failed)
            if why is None:
                raise
            record_property("played_again", f"{name}: {why}")
            played = plays.again(name).result()
            check_whatever_happened(played)
        else:
            return
    check_end(name, played)


def check_whatever_happened(played: Played) -> None:
    """What holds on any machine, however late: volumes and record."""
    context = f"{played.result.outcome}\n{played.result.said[-3000:]}\n{played.truth}\n{played.log}"
    if played.result.outcome is not None:
        check_account(played.result.outcome, played.truth, context)
    check_record(played.records)


def check_end(name: str, played: Played) -> None:
    """Holds the end and the true plunger against what the scenario expects."""
    expect = load_scenario(name).expect
    assert expect is not None, "a scenario that expects nothing shows nothing"
    result, truth, log = played.result, played.truth, played.log
    context = f"{result.outcome}\n{result.said[-3000:]}\n{truth}\n{log}"

    assert not [entry for entry in log if "NOT DONE" in str(entry["what"])], context
    assert truth["late_ms_max"] < LATE_BENCH_MS, f"the bench itself was late: {context}"
    if expect.reason is not None:
        assert result.outcome is not None, context
        assert result.outcome["reason"] in (expect.reason, *expect.or_reason), context
        assert set(expect.also) <= set(result.outcome["also"]), context
        assert expect.exit is None or result.status == expect.exit, context
    if expect.forward_after_ul is not None:
        assert truth["forward_since_cause_ul"] is not None, f"the cause never happened: {context}"
        assert truth["forward_since_cause_ul"] <= expect.forward_after_ul, context
    if expect.forward_patient_ul_max is not None:
        assert truth["forward_patient_ul"] <= expect.forward_patient_ul_max, context


def check_account(outcome: dict[str, Any], truth: dict[str, Any], context: str) -> None:
    """What the host says was delivered contains what was, and nothing exceeds plan and limit."""
    forward_ul = truth["forward_patient_ul"]
    assert outcome["delivered_min_ml"] * 1000 - 0.15 <= forward_ul <= outcome["delivered_max_ml"] * 1000 + 0.15, context
    assert forward_ul <= 300.0, context
    if outcome["reason"] in GOOD_ENDS:
        assert outcome["delivered_min_ml"] == outcome["delivered_max_ml"] == outcome["delivered_ml"], context
        assert truth["withdrawn_ul"] == 0.0, f"no relief after a good end: {context}"


def check_record(records: Path) -> None:
    """The record is whole, and the same inputs lead to the same decisions."""
    (path,) = records.glob("*.sqlite")
    assert [problem.text for problem in verify_file(path) if problem.breach] == []
    replayed = replay(path)
    assert replayed.mismatches == []
    assert replayed.decisions > 3
