"""Scenarios through real ports: each ends as it expects, the true plunger stays within its budget, and replay agrees.

Those that need a host process, its operator or a real port, and one of each kind beside them, run in `make test`; the others
run there in virtual time (tests/procedures) and here with `make scenarios`. Where real-time priority can be had two benches
are played at a time, because most of a procedure is waiting; docs/decisions/0006 has the measurements.
"""

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from controller.record.listing import verify_file
from controller.replay import replay
from hil_tests.hosts import Result, host
from hil_tests.simulated_bench import SimulatedBench
from simulators.scenario import Scenario, load_scenario, scenario_names

pytestmark = [pytest.mark.simulated_only, pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(240)]

GOOD_ENDS = ("VOLUME_REACHED", "DUCT_FULL")
LATE_BENCH_MS = 100  # beyond this its devices would have been silent for the host: that shows the computer, not the host
HOST_OR_PORT = ("host", "operator", "port.")
ONE_OF_A_KIND = {
    "nominal",
    "pain_button",
    "pain_hard_wired",
    "line_blocked",
    "pump_starts_itself",
    "stop_ignored",
    "other_pump",
}
Played = tuple[Result, dict[str, Any], list[dict[str, Any]], Path]


def needs_host_or_port(scenario: Scenario) -> bool:
    """True where something happens to the host itself, is said by its operator, or happens to a real port."""
    words = [f"{event.does.do} {getattr(event.does, 'name', '')}" for event in scenario.event]
    return any(part in word for word in words for part in HOST_OR_PORT)


def _parameters() -> list[Any]:
    chosen = {name for name in scenario_names() if needs_host_or_port(load_scenario(name))} | ONE_OF_A_KIND
    return [pytest.param(name, marks=() if name in chosen else pytest.mark.campaign) for name in scenario_names()]


def overrides_of(scenario: Scenario) -> dict[str, object]:
    """What the scenario wants the host's profile to say."""
    found: dict[str, object] = {} if scenario.run.target_ml is None else {"injection.target_ml": scenario.run.target_ml}
    for section, content in scenario.run.profile.items():
        found |= {f"{section}.{key}": value for key, value in content.items()}
    return found


def play(name: str, folder: Path) -> Played:
    """Plays a scenario to its end: the host's result, the truth when all is still, the bench's log, the records."""
    overrides = overrides_of(load_scenario(name))
    with SimulatedBench.start(scenario=name, overrides=overrides) as bench, host(bench, folder, overrides) as running:
        result = running.result()
        if result.outcome is None:  # the host was killed: the pump's watchdog has the last word
            bench.wait_until_still(timeout_s=12.0)
        return result, bench.truth(), bench.log(), folder / "records"


def at_once() -> int:
    """Two where real-time priority is permitted, else one."""
    policy = os.sched_getscheduler(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return 1
    os.sched_setscheduler(0, policy, os.sched_param(0))
    return 2


@pytest.fixture(scope="session")
def plays(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, "Future[Played]"]]:
    """Every scenario that this session is going to ask for, being played."""
    mine = [item for item in request.session.items if item.path == Path(__file__) and isinstance(item, pytest.Function)]
    names = [str(item.callspec.params["name"]) for item in mine]
    with ThreadPoolExecutor(at_once()) as pool:
        futures = {name: pool.submit(play, name, tmp_path_factory.mktemp(name)) for name in names}
        yield futures
        for future in futures.values():
            future.cancel()


@pytest.mark.parametrize("name", _parameters())
def test_scenario(name: str, plays: dict[str, "Future[Played]"]) -> None:
    expect = load_scenario(name).expect
    assert expect is not None, "a scenario that expects nothing shows nothing"
    result, truth, log, records = plays[name].result()
    context = f"{result.outcome}\n{result.said[-3000:]}\n{truth}\n{log}"

    assert not [entry for entry in log if "NOT DONE" in str(entry["what"])], context
    assert truth["late_ms_max"] < LATE_BENCH_MS, f"the bench itself was late: {context}"
    if expect.reason is not None:
        assert result.outcome is not None, context
        assert result.outcome["reason"] in (expect.reason, *expect.or_reason), context
        assert set(expect.also) <= set(result.outcome["also"]), context
        assert expect.exit is None or result.status == expect.exit, context
        check_account(result.outcome, truth, context)
    if expect.forward_after_ul is not None:
        assert truth["forward_since_cause_ul"] is not None, f"the cause never happened: {context}"
        assert truth["forward_since_cause_ul"] <= expect.forward_after_ul, context
    if expect.forward_patient_ul_max is not None:
        assert truth["forward_patient_ul"] <= expect.forward_patient_ul_max, context
    check_record(records)


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
