"""The host dies at any instant: what the pump still does is bounded by its watchdog and by the increment's rest."""

import random

from simulators.scenario import load_scenario
from tests.procedures.harness import Procedure

WATCHDOG_S = 1.0
SLACK_S = 0.1
AFTER_S = 5.0
INSTANTS = 14


def test_the_host_dies_at_random_instants() -> None:
    """One procedure; at each instant the bench goes on without a host, as a copy."""
    draw = random.Random(20261122)
    instants = sorted([draw.uniform(0.5, 29.0) for _ in range(INSTANTS)] + [draw.uniform(9.0, 20.0) for _ in range(INSTANTS)])
    procedure = Procedure({"injection.target_ml": 0.05})
    rate_ul_s = procedure.loaded.profile.injection.rate_ul_s
    found: list[tuple[float, float, float]] = []

    def look() -> None:
        if not instants or procedure.now_s < instants[0]:
            return
        instants.pop(0)
        account = procedure.station.core.desk.account
        entry = account.moving
        rest_ul = (
            0.0
            if entry is None
            else entry.motion.volume_ul - procedure.bench.pump.forward_ul + sum(item.infused_ul for item in account.entries[:-1])
        )
        fastest_ul_s = rate_ul_s if entry is None else entry.motion.rate_ul_s
        went_ul = float(procedure.later(AFTER_S)["forward_ul"]) - procedure.bench.forward_ul  # type: ignore[arg-type]
        found.append((went_ul, rest_ul, fastest_ul_s * (WATCHDOG_S + SLACK_S)))

    procedure.world.before_wait.append(look)
    assert procedure.run()["reason"] == "VOLUME_REACHED"
    assert len(found) == 2 * INSTANTS
    for went_ul, rest_ul, watchdog_ul in found:
        assert went_ul <= max(0.0, rest_ul) + 0.02
        assert went_ul <= watchdog_ul
    assert max(went_ul for went_ul, _, _ in found) > 1.0  # some of the instants were within the motion


def test_the_host_is_killed_by_the_scenario() -> None:
    scenario = load_scenario("host_killed")
    procedure = Procedure(scenario=scenario)
    assert procedure.run() is None
    assert scenario.expect is not None
    assert scenario.expect.forward_after_ul is not None
    truth = procedure.bench.truth()  # the bench has gone on alone
    assert truth["forward_patient_ul"] <= 20.0 + scenario.expect.forward_after_ul
    assert truth["flow_ul_s"] == 0.0
