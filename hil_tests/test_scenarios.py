"""Every scenario through real ports: it ends as it expects, the true plunger stays within its budget, and replay agrees."""

import time
from pathlib import Path
from typing import Any

import pytest

from hil_tests.hosts import Result, ductoject, host
from hil_tests.simulated_bench import SimulatedBench
from simulators.scenario import Scenario, load_scenario, scenario_names

pytestmark = [pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(150)]

STILL_S = 1.3  # longer than the pump's watchdog: what it stops has stopped by then
GOOD_ENDS = ("VOLUME_REACHED", "DUCT_FULL")


def overrides_of(scenario: Scenario) -> dict[str, object]:
    """What the scenario wants the host's profile to say."""
    found: dict[str, object] = {} if scenario.run.target_ml is None else {"injection.target_ml": scenario.run.target_ml}
    for section, content in scenario.run.profile.items():
        found |= {f"{section}.{key}": value for key, value in content.items()}
    return found


def play(name: str, folder: Path) -> tuple[Result, dict[str, Any], list[dict[str, Any]]]:
    """Plays a scenario to its end; the host's result, the truth when all is still, and the bench's log."""
    overrides = overrides_of(load_scenario(name))
    with SimulatedBench.start(scenario=name, overrides=overrides) as bench, host(bench, folder, overrides) as running:
        result = running.result()
        until_s = time.monotonic() + STILL_S
        truth = bench.truth()
        while time.monotonic() < until_s and result.status < 0:
            truth = bench.truth()
        return result, truth, bench.log()


@pytest.mark.parametrize("name", scenario_names())
def test_scenario(name: str, tmp_path: Path) -> None:
    expect = load_scenario(name).expect
    assert expect is not None, "a scenario that expects nothing shows nothing"
    result, truth, log = play(name, tmp_path)
    context = f"{result.outcome}\n{result.said[-3000:]}\n{truth}\n{log}"

    assert not [entry for entry in log if "NOT DONE" in str(entry["what"])], context
    assert truth["late_ms_max"] < 50, f"the bench itself was late: {context}"
    if expect.reason is not None:
        assert result.outcome is not None, context
        assert result.outcome["reason"] == expect.reason, context
        assert set(expect.also) <= set(result.outcome["also"]), context
        assert result.status == (expect.exit if expect.exit is not None else result.status), context
        check_account(result.outcome, truth, context)
    if expect.forward_after_ul is not None:
        assert truth["forward_since_cause_ul"] is not None, f"the cause never happened: {context}"
        assert truth["forward_since_cause_ul"] <= expect.forward_after_ul, context
    if expect.forward_patient_ul_max is not None:
        assert truth["forward_patient_ul"] <= expect.forward_patient_ul_max, context
    check_record(tmp_path / "records", closed=expect.reason is not None)


def check_account(outcome: dict[str, Any], truth: dict[str, Any], context: str) -> None:
    """What the host says was delivered contains what was, and nothing exceeds plan and limit."""
    forward_ul = truth["forward_patient_ul"]
    assert outcome["delivered_min_ml"] * 1000 - 0.15 <= forward_ul <= outcome["delivered_max_ml"] * 1000 + 0.15, context
    assert forward_ul <= 300.0, context
    if outcome["reason"] in GOOD_ENDS:
        assert outcome["delivered_min_ml"] == outcome["delivered_max_ml"] == outcome["delivered_ml"], context
        assert truth["withdrawn_ul"] == 0.0, f"no relief after a good end: {context}"


def check_record(records: Path, *, closed: bool) -> None:
    """The record is whole, and the same inputs lead to the same decisions."""
    (path,) = records.glob("*.sqlite")
    verified = ductoject("records", "verify", str(path), "--json")
    assert verified.outcome is not None, verified.said
    assert verified.outcome["whole"], verified.outcome
    replayed = ductoject("replay", str(path), "--json")
    assert replayed.outcome is not None, replayed.said
    assert replayed.outcome["mismatches"] == [], replayed.outcome
    assert replayed.status == 0
    assert replayed.outcome["decisions"] > (10 if closed else 5)
