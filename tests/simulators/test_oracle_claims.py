"""What the oracle makes of injections and of the acts it hears: which fault is at work, since when, and what it takes away."""

import math

import pytest

from simulators.acts import Act, Clear, Fault, HostAct, Keypad, Note, Press, Release, Tip
from simulators.injection import Catalogue, draw, load_catalogue
from simulators.oracle.claims import STRENGTH, Claims, full_name
from simulators.oracle.limits import OracleLimits
from tests.simulators.oracle_stage import FakeEvent, FakeInjection, FakeStops, injection

LIMITS = OracleLimits(target_ul=100.0)
DEAF = Fault(name="pump.deaf")


def claims(*injections: FakeInjection) -> Claims:
    return Claims(LIMITS, injections)


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("deaf", "pump.deaf"),
        ("stuck_at", "pressure.stuck_at"),
        ("weld_a", "button.weld_a"),
        ("freeze_button", "port.freeze_button"),
        ("clog", "line.clog"),
        ("pump_wire.cut", "pump_wire.cut"),
    ],
)
def test_full_names(short, full):
    assert full_name(short) == full


def test_a_fault_is_at_work_from_its_act_to_its_clearing():
    found = claims()
    found.heard(DEAF, "scenario", 2.0)
    assert [found.blocks(from_s, from_s + 0.1) for from_s in (1.0, 1.95, 5.0)] == ["none", "link", "link"]
    found.heard(Clear(name="deaf"), "scenario", 6.0)
    assert [found.blocks(from_s, from_s + 0.1) for from_s in (5.95, 6.0)] == ["link", "none"]


def test_an_injection_speaks_for_its_fault():
    found = claims(injection(DEAF, within_s=2.0))
    found.heard(DEAF, "scenario", 1.0)
    found.heard(DEAF, "scenario", 2.0)
    (claim,) = found.all
    assert (claim.begun_s, claim.within_s, claim.blocks, claim.noted) == (1.0, 2.0, "none", False)


def test_a_second_begin_makes_no_second_demand():
    found = claims(injection(DEAF, within_s=2.0, blocks_stop="link"))
    found.heard(DEAF, "scenario", 1.0)
    found.heard(Clear(name="pump.deaf"), "scenario", 2.0)
    found.heard(DEAF, "scenario", 3.0)
    assert [claim.noted for claim in found.all] == [False, True]
    assert found.blocks(3.0, 3.1) == "link"


def planned(*acts: Act) -> FakeInjection:
    return FakeInjection("it", [FakeEvent(act) for act in acts], FakeStops(1.0, "link"))


@pytest.mark.parametrize(
    ("injected", "done", "begins"),
    [
        (planned(Press(), Note(text="mark"), DEAF), Press(), False),
        (planned(Press(), Note(text="mark"), DEAF, Clear(name="pump.deaf")), DEAF, True),
        (planned(Note(text="mark"), Press(), Release()), Press(), True),
        (planned(Press(), Tip(where="air"), Tip(where="patient")), Tip(where="patient"), False),
        (planned(Press(), Tip(where="air"), Tip(where="patient")), Tip(where="air"), True),
        (planned(Keypad(act="start")), Keypad(act="start"), True),
        (planned(Keypad(act="start")), Keypad(act="stop"), False),
        (planned(HostAct(signal="SIGKILL", target="recorder")), HostAct(signal="SIGKILL", target="recorder"), True),
        (planned(Fault(name="deaf")), Fault(name="pump.deaf"), True),
    ],
)
def test_what_of_an_injection_is_the_fault_itself(injected, done, begins):
    found = claims(injected)
    found.heard(done, "scenario", 1.0)
    assert [claim.name for claim in found.all] == (["it"] if begins else [])


def test_the_routine_of_the_person_at_the_bench_is_no_injection():
    found = claims(planned(Press(), Release()))
    found.heard(Press(), "person", 1.0)
    assert found.all == []
    found.heard(Press(), "scenario", 9.0)
    assert [claim.begun_s for claim in found.all] == [9.0]


def test_a_killed_host_leaves_the_watchdog():
    found = claims()
    found.heard(HostAct(signal="SIGKILL"), "scenario", 1.0)
    found.heard(HostAct(signal="SIGKILL", target="recorder"), "scenario", 2.0)
    assert found.host_gone_s == 1.0
    assert found.blocks(5.0, 6.0) == "link"


def test_a_host_that_stood_still():
    found = claims()
    found.heard(HostAct(freeze_s=0.5), "scenario", 1.0)
    assert found.frozen_until_s(0.5, 0.9) == -math.inf
    assert found.frozen_until_s(0.5, 1.1) == 1.5
    assert found.frozen_until_s(1.6, 2.0) == -math.inf


@pytest.mark.parametrize(
    ("fault", "unordered_s", "hidden"),
    [
        (Fault(name="pump.self_start"), 1.0, False),
        (Fault(name="pump.runaway"), 1.0, False),
        (Fault(name="pump.runaway", reported=False), math.inf, True),
        (Fault(name="pump.deaf"), None, False),
        (Fault(name="pump.lose_next_command"), None, False),
    ],
)
def test_what_nobody_speaks_for_is_judged_by_its_physics(fault, unordered_s, hidden):
    found = claims()
    found.heard(fault, "scenario", 1.0)
    assert found.unordered_s(2.0) == unordered_s
    assert found.moved_unseen is hidden


@pytest.mark.parametrize(("n", "blocks"), [(1, "none"), (5, "link")])
def test_one_lost_command_is_said_again_in_time(n, blocks):
    found = claims()
    found.heard(Fault(name="pump.lose_next_command", n=n), "scenario", 1.0)
    assert found.blocks(1.0, 1.1) == blocks


def test_motion_that_nobody_could_count():
    found = claims()
    found.heard(Fault(name="pump.self_start"), "scenario", 1.0)
    assert not found.moved_unseen
    found.heard(Fault(name="pump_wire.cut"), "scenario", 2.0)
    assert found.moved_unseen


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def test_every_fault_of_the_catalogue_is_found_again_by_its_acts(catalogue):
    unseen = []
    for index in range(400):
        for injected in draw(catalogue, "pairs", 7, index, 100.0):
            found = Claims(LIMITS, [injected])
            for event in injected.events:
                found.heard(event.does, "scenario", 1.0)
            begun = [claim for claim in found.all if claim.name == injected.name]
            if not begun or any(claim.blocks != injected.stops.blocks_stop for claim in begun):
                unseen.append(injected.name)
            assert injected.stops.blocks_stop in STRENGTH
    assert unseen == []
