"""Every scenario that needs no process of its own: reason, volumes, floor of the line, and the replay of its record."""

from pathlib import Path

import pytest

from controller.replay import replay
from simulators.acts import HostAct
from simulators.scenario import Scenario, load_scenario, scenario_names
from tests.procedures.harness import Procedure

RELIEF_FLOOR_KPA = -1.0


def leaves_no_host(scenario: Scenario) -> bool:
    """Where the controlling process itself is killed, nothing is left to end the procedure (see test_host_gone)."""
    acts = [event.does for event in scenario.event]
    return any(isinstance(act, HostAct) and act.target == "control" and act.signal == "SIGKILL" for act in acts)


NAMES = [name for name in scenario_names() if not leaves_no_host(load_scenario(name))]


def test_few_scenarios_are_left_out() -> None:
    assert set(scenario_names()) - set(NAMES) == {"host_killed"}


@pytest.mark.parametrize("name", NAMES)
def test_scenario(name: str, tmp_path: Path) -> None:
    scenario = load_scenario(name)
    assert scenario.expect is not None
    procedure = Procedure(scenario=scenario)
    outcome = procedure.run()
    truth = procedure.bench.truth()
    undone = [entry["what"] for entry in procedure.bench.log if str(entry["what"]).startswith("NOT DONE")]
    assert not undone

    assert outcome["reason"] in [scenario.expect.reason, *scenario.expect.or_reason]
    assert scenario.expect.exit in (None, outcome["exit"])
    assert set(scenario.expect.also) <= set(outcome["also"])
    if scenario.expect.forward_after_ul is not None:
        assert truth["forward_since_cause_ul"] <= scenario.expect.forward_after_ul
    if scenario.expect.forward_patient_ul_max is not None:
        assert truth["forward_patient_ul"] <= scenario.expect.forward_patient_ul_max
    # What is told of the volume is true. A pump that jams has counted a little before it notices.
    assert outcome["delivered_min_ml"] * 1000 <= truth["forward_patient_ul"] + 0.05
    assert truth["forward_patient_ul"] <= outcome["delivered_max_ml"] * 1000 + 0.05
    assert procedure.lowest_kpa >= RELIEF_FLOOR_KPA
    # Nobody moves any more, the host being gone.
    assert procedure.later(5.0)["forward_ul"] <= truth["forward_ul"] + 1e-9

    record = tmp_path / f"{name}.ductoject"
    procedure.save(record)
    replayed = replay(record)
    assert replayed.mismatches == []
    assert replayed.decisions > 3
