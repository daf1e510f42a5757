"""Invariant 2: every cause that a host can see, its budget, and what may stand between the stop and the pump."""

import pytest

from simulators.acts import Act, Clear, Fault, HostAct, Keypad, Note, Operator, Press, Release, Tip
from simulators.oracle import OracleLimits
from tests.simulators.oracle_stage import Stage, injection

BUDGET_S = 0.12  # the stop's own 0.1 s, and what it takes to notice

CAUSES: dict[str, Act] = {
    "pressed": Press(),
    "wire of a contact broken": Fault(name="button.open_a"),
    "wire of the other contact broken": Fault(name="open_b"),
    "plug out": Fault(name="button.unplug"),
    "operator stops": Operator(say="stop"),
    "operator hears of pain": Operator(say="pain"),
    "operator sees reflux": Operator(say="reflux"),
    "Ctrl-C": HostAct(signal="SIGINT"),
    "terminated": HostAct(signal="SIGTERM"),
}


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES)
@pytest.mark.parametrize(("seconds", "found"), [(BUDGET_S, []), (BUDGET_S + 0.02, [2])])
def test_what_is_seen_stops_within_the_budget(cause, seconds, found):
    stage = Stage()
    stage.under_way()
    stage.act(cause)
    stage.flow(5.0, seconds)
    stage.rest(1.0)
    assert stage.found == found, stage.texts


@pytest.mark.parametrize(
    "act",
    [
        Operator(say="go"),
        Note(text="nothing"),
        Tip(where="patient"),
        HostAct(signal="SIGTERM", target="recorder"),
        Keypad(act="stop"),
        Fault(name="line.clog"),
        Fault(name="button.open_c"),
    ],
)
def test_what_is_no_cause_stops_nothing(act):
    stage = Stage()
    stage.under_way()
    stage.act(act)
    stage.flow(5.0, 3.0)
    assert stage.found == []


def test_the_sentence_says_when_what_and_how_fast():
    stage = Stage()
    stage.under_way()
    stage.act(Press())
    stage.flow(5.0, 0.5)
    (violation,) = stage.oracle.violations
    assert violation.invariant == 2
    assert "5.00 ul/s" in violation.text
    assert "the stop button open at 4.900 s" in violation.text
    assert violation.t_s == pytest.approx(4.90 + BUDGET_S, abs=0.011)


def test_it_must_not_come_back():
    stage = Stage()
    stage.under_way()
    stage.act(Press())
    stage.flow(5.0, 0.05)
    stage.rest(1.0)
    stage.act(Release())
    stage.flow(5.0, 0.1)
    assert stage.found == [2]
    assert "forward again" in stage.texts


def test_a_press_between_two_increments_ends_the_procedure():
    for presses, found in ((False, []), (True, [2])):
        stage = Stage()
        stage.arm()
        stage.increment()
        if presses:
            stage.act(Press())
            stage.rest(0.05)
            stage.act(Release())
        stage.rest(1.0)
        stage.increment()
        assert stage.found == found


def test_a_press_too_short_for_one_poll_may_be_missed():
    stage = Stage()
    stage.under_way()
    stage.act(Press())
    stage.flow(5.0, 0.01)
    stage.act(Release())
    stage.flow(5.0, 1.0)
    assert stage.found == []


def test_a_press_in_priming_counts_while_it_moves():
    for moves, found in ((True, [2]), (False, [])):
        stage = Stage()
        stage.state("self_test", "priming")
        stage.intend("air", 20.0, 10.0)
        stage.flow(10.0, 0.5 if moves else 0.0)
        stage.act(Press())
        stage.flow(10.0 if moves else 0.0, 0.1)
        stage.act(Release())
        stage.flow(10.0, 0.5)
        assert stage.found == found


def test_the_press_of_the_self_test_is_no_cause():
    stage = Stage()
    stage.state("self_test")
    stage.act(Press(), by="person")
    stage.rest(0.4)
    stage.act(Release(), by="person")
    stage.arm()
    stage.increment()
    assert stage.found == []


def test_nothing_begins_with_the_button_open():
    for open_s, found in ((0.03, []), (0.1, [2])):
        stage = Stage()
        stage.state("self_test", "priming")
        stage.intend("air", 20.0, 10.0)
        stage.act(Press())
        stage.rest(open_s)
        stage.flow(10.0, 0.015)
        assert stage.found == found, stage.texts


@pytest.mark.parametrize(
    ("faults", "visible"),
    [
        (["weld_a"], True),
        (["weld_a", "weld_b"], False),
        (["short_a"], True),
        (["short_a", "short_b"], False),
        (["short_a", "weld_b"], False),
        (["button.freeze"], False),
        (["port.freeze_button"], False),
        (["bridge"], True),
        (["bridge", "weld_a"], False),
        (["bounce"], True),
    ],
)
def test_a_press_that_no_contact_shows_is_not_demanded(faults, visible):
    stage = Stage()
    stage.under_way()
    for name in faults:
        stage.act(Fault(name=name))
    stage.act(Press())
    stage.flow(5.0, 1.0)
    assert stage.found == ([2] if visible else [])


def test_a_fault_of_the_button_that_ends_may_uncover_the_press():
    stage = Stage()
    stage.under_way()
    stage.act(Fault(name="button.freeze"))
    stage.act(Press())
    stage.flow(5.0, 1.0)
    assert stage.found == []
    stage.act(Clear(name="button.freeze"))
    stage.flow(5.0, 0.2)
    assert stage.found == [2]


# -- pressure and the record ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "found"), [(0.22, []), (0.26, [2])])
def test_a_pressure_above_the_ceiling(seconds, found):
    stage = Stage(OracleLimits(target_ul=100.0, ceiling_kpa=200.0))
    stage.under_way()
    stage.bench.line_kpa = 203.0
    stage.flow(5.0, seconds)
    assert stage.found == found
    stage.bench.line_kpa = 20.0
    stage.rest(0.1)
    assert stage.found == found


def test_a_pressure_that_the_transmitter_hides_or_that_is_over_at_once():
    stage = Stage(OracleLimits(target_ul=100.0, ceiling_kpa=200.0))
    stage.under_way()
    stage.bench.line_kpa = 203.0
    stage.flow(5.0, 0.05)
    stage.bench.line_kpa = 20.0
    stage.flow(5.0, 0.5)
    stage.act(Fault(name="pressure.freeze"))
    stage.bench.line_kpa = 203.0
    stage.flow(5.0, 0.5)
    assert stage.found == []
    stage.act(Clear(name="pressure.freeze"))
    stage.flow(5.0, 0.5)
    assert stage.found == [2]


@pytest.mark.parametrize(("seconds", "found"), [(0.1, []), (0.15, [2, 3])])
def test_the_record_s_own_cause_has_no_time_to_be_noticed(seconds, found):
    stage = Stage()
    stage.under_way()
    stage.state("stopping")
    stage.cause("EXTRAVASATION_SUSPECTED")
    stage.flow(5.0, seconds)
    assert stage.found == found


@pytest.mark.parametrize(("kpa", "found"), [(4.99, []), (5.0, [2])])
def test_a_full_duct_in_the_record_is_a_cause(kpa, found):
    stage = Stage()
    stage.arm()
    stage.increment()
    stage.put("event", {"name": "hold_result", "text": "", "kpa": kpa, "error_kpa": 0.01})
    stage.rest(1.0)
    stage.increment()
    assert stage.found == found


# -- faults that demand --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "found"), [(2.9, []), (3.1, [2])])
def test_a_fault_has_to_end_the_motion_within_its_time(seconds, found):
    stage = Stage(injections=[injection(Fault(name="line.block"), within_s=3.0)])
    stage.under_way()
    stage.act(Fault(name="block"))
    stage.flow(5.0, seconds)
    assert stage.found == found


def test_a_fault_while_all_is_at_rest_counts_from_the_motion_it_meets():
    for seconds, found in ((2.9, []), (3.1, [2])):
        stage = Stage(injections=[injection(Fault(name="line.block"), within_s=3.0)])
        stage.arm()
        stage.act(Fault(name="line.block"))
        stage.rest(10.0)
        stage.begin()
        stage.flow(5.0, seconds)
        assert stage.found == found


def test_a_fault_that_is_over_before_anything_moves_demands_nothing():
    stage = Stage(injections=[injection(Fault(name="line.block"), within_s=3.0)])
    stage.arm()
    stage.act(Fault(name="line.block"))
    stage.rest(1.0)
    stage.act(Clear(name="line.block"))
    stage.increment()
    assert stage.found == []


def test_who_sees_only_pressure_is_excused_by_a_lying_transmitter():
    for lies, found in ((False, [2]), (True, [])):
        injections = [injection(Fault(name="line.block"), within_s=1.0), injection(Fault(name="pressure.drift"))]
        stage = Stage(injections=injections)
        stage.under_way()
        if lies:
            stage.act(Fault(name="pressure.drift"))
        stage.act(Fault(name="line.block"))
        stage.flow(5.0, 2.0)
        assert stage.found == found


# -- what hinders a stop -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pump.deaf", "port.unplug_pump", "pump.wrong_baud", "pump_wire.drop"])
@pytest.mark.parametrize(("seconds", "found"), [(1.5, []), (1.7, [2])])
def test_without_a_link_the_watchdog_is_the_budget(name, seconds, found):
    stage = Stage()
    stage.under_way()
    stage.act(Fault(name=name))
    stage.flow(5.0, 0.5)
    stage.act(Press())
    stage.flow(5.0, seconds)
    assert stage.found == found


def test_a_link_that_was_mended_before_is_no_excuse():
    stage = Stage()
    stage.under_way()
    stage.act(Fault(name="pump.deaf"))
    stage.flow(5.0, 0.5)
    stage.act(Clear(name="pump.deaf"))
    stage.flow(5.0, 0.5)
    stage.act(Press())
    stage.flow(5.0, 0.2)
    assert stage.found == [2]


@pytest.mark.parametrize("fault", [None, "weld_c"])
def test_a_button_that_is_wired_to_the_pump_needs_no_link(fault):
    stage = Stage(OracleLimits(target_ul=100.0, trigger_wired=True))
    stage.under_way()
    stage.act(Fault(name="pump.deaf"))
    if fault is not None:
        stage.act(Fault(name=fault))
    stage.act(Press())
    stage.flow(5.0, 0.2)
    assert stage.found == ([2] if fault is None else [])


@pytest.mark.parametrize(("seconds", "found"), [(8.0, []), (8.3, [1, 2])])
def test_a_pump_that_ignores_the_stop_ends_with_its_program(seconds, found):
    stage = Stage()
    stage.under_way()
    stage.act(Fault(name="pump.ignore_stop", every_stop=True))
    stage.act(Press())
    stage.flow(5.0, seconds)
    assert stage.found == found


def test_of_two_hindrances_the_more_permissive_wins():
    stage = Stage()
    stage.under_way()
    stage.act(Fault(name="pump.deaf"))
    stage.act(Fault(name="pump.ignore_stop"))
    stage.act(Press())
    stage.flow(5.0, 7.9)
    assert stage.found == []


@pytest.mark.parametrize(("seconds", "found"), [(0.41, []), (0.5, [2])])
def test_a_host_that_stands_still_hears_of_it_when_it_wakes(seconds, found):
    stage = Stage()
    stage.under_way()
    stage.act(HostAct(freeze_s=0.3))
    stage.act(Press())
    stage.flow(5.0, seconds)
    assert stage.found == found


def test_what_a_sleeping_host_can_not_have_seen():
    stage = Stage()
    stage.arm()
    stage.increment()
    stage.act(HostAct(freeze_s=0.5))
    stage.act(Press())
    stage.rest(0.3)
    stage.act(Release())
    stage.rest(1.0)
    stage.increment()
    assert stage.found == []


def test_each_kind_is_told_once():
    stage = Stage()
    stage.under_way()
    stage.act(Press())
    stage.act(Operator(say="stop"))
    stage.flow(5.0, 3.0)
    stage.rest(1.0)
    stage.flow(5.0, 1.0)
    stage.rest(1.0)
    stage.flow(5.0, 1.0)
    assert stage.found == [2, 2, 2], "late, come back, and begun with the button open"


@pytest.mark.parametrize(("kpa", "found"), [(9.9, []), (10.0, [2])])
def test_nothing_more_goes_into_a_duct_that_is_full_whatever_the_record_says_of_it(kpa, found):
    stage = Stage()
    stage.arm()
    stage.increment()
    stage.bench.line_kpa = kpa
    stage.rest(1.0)
    stage.begin()
    stage.flow(5.0, 1.0)
    assert stage.found == found, stage.texts


@pytest.mark.parametrize("name", ["pressure.drift", "line.motion"])
def test_a_full_duct_that_could_not_be_seen(name):
    stage = Stage()
    stage.arm()
    stage.increment()
    stage.act(Fault(name=name))
    stage.bench.line_kpa = 30.0
    stage.rest(1.0)
    stage.begin()
    stage.flow(5.0, 1.0)
    assert stage.found == []
