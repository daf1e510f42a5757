"""The account: its bounds contain the truth, whatever was heard of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.account import COUNT_TOLERANCE_UL, Account
from drivers.pump import Direction, Motion
from tests.core.bench import motion

VOLUMES = st.floats(0.0, 50.0)


def started(account: Account, **more: object):
    entry = account.open("patient", motion(**more))
    entry.programmed, entry.started_s = True, 1.0
    return entry


@given(st.floats(0.0, 50.0), st.lists(st.floats(0.0, 1.0)), st.booleans())
def test_the_bounds_contain_the_truth(truth_ul: float, heard: list[float], seen_to_stop: bool) -> None:
    """The pump goes truth_ul of a 50 ul motion; readings come in any order, some or none of them, and perhaps the end."""
    account = Account()
    started(account)
    for share in heard:
        account.take_counters(share * truth_ul, 0.0)
        low, high = account.patient_forward_ul()
        assert low <= truth_ul <= high
    if seen_to_stop:
        account.take_counters(truth_ul, 0.0)
    account.close(certain=seen_to_stop)
    low, high = account.patient_forward_ul()
    assert low <= truth_ul <= high
    assert not seen_to_stop or low == high == truth_ul


@given(st.lists(st.tuples(VOLUMES, st.booleans()), max_size=6))
def test_sums_over_motions_contain_the_truth(motions: list[tuple[float, bool]]) -> None:
    account = Account()
    for truth_ul, heard in motions:
        started(account)
        if heard:
            account.take_counters(truth_ul, 0.0)
        account.close(certain=heard)
    low, high = account.forward_ul("patient")
    truth = sum(truth_ul for truth_ul, _ in motions)
    assert low <= truth + 1e-9
    assert truth <= high + 1e-9


def test_a_motion_that_was_never_started_counts_nothing() -> None:
    account = Account()
    account.open("patient", motion())
    account.close(certain=False)
    assert account.patient_forward_ul() == (0.0, 0.0)
    assert account.entries[0].certain


def test_priming_is_no_dose() -> None:
    account = Account()
    entry = account.open("air", motion(20.0))
    entry.programmed, entry.started_s = True, 1.0
    account.take_counters(20.0, 0.0)
    assert account.patient_forward_ul() == (0.0, 0.0)
    assert account.forward_ul("air") == (20.0, 20.0)


def test_a_relief_that_went_forward_is_a_dose() -> None:
    account = Account()
    entry = account.open("relief", motion(3.0, 10.0, Direction.WITHDRAW))
    entry.programmed, entry.started_s = True, 1.0
    account.take_counters(1.5, 0.2)
    assert account.patient_forward_ul() == (1.5, 1.5)


def test_counters_that_went_back_change_nothing() -> None:
    account = Account()
    started(account)
    account.take_counters(30.0, 0.0)
    assert not account.take_counters(0.0, 0.0)
    assert account.forward_ul("patient") == (30.0, 50.0)


def test_what_goes_on_after_its_end_is_told_and_open_again() -> None:
    account = Account()
    entry = started(account)
    account.take_counters(50.0, 0.0)
    account.close(certain=True)
    assert not account.take_counters(50.0 + COUNT_TOLERANCE_UL / 2, 0.0)
    assert account.take_counters(52.0, 0.0)
    assert not entry.closed
    assert account.moving is entry
    assert [item.infused_ul for item in account.close(certain=True)] == [52.0]


def test_what_goes_on_while_the_next_intent_is_written_belongs_to_the_last_motion() -> None:
    account = Account()
    entry = started(account)
    account.take_counters(50.0, 0.0)
    account.close(certain=True)
    account.open("patient", motion())  # not programmed yet: the counters still speak of the one before
    assert account.take_counters(55.0, 0.0)
    assert entry.infused_ul == 55.0


def test_a_programmed_motion_that_starts_by_itself_is_counted_at_its_most() -> None:
    account = Account()
    entry = account.open("patient", motion())
    entry.programmed = True
    assert account.take_counters(2.0, 0.0)
    assert account.patient_forward_ul() == (2.0, 50.0)


def test_what_may_have_followed_unseen_counts() -> None:
    account = Account()
    entry = started(account)
    account.take_counters(51.0, 0.0)
    entry.unseen_ul = 12.5
    account.close(certain=False)
    assert account.patient_forward_ul() == (51.0, 63.5)


def test_what_moves_after_priming_may_be_in_the_patient() -> None:
    account = Account()
    primed = account.open("air", Motion(20.0, 10.0, Direction.INFUSE))
    primed.programmed, primed.started_s = True, 1.0
    account.take_counters(20.0, 0.0)
    account.close(certain=True)
    assert account.take_counters(20.7, 0.0)
    assert not account.take_counters(21.0, 0.0)
    assert account.patient_forward_ul() == (0.0, 20.0)  # it may run on to its programmed end
    (entry,) = account.close(certain=True)
    assert (entry.into, entry.unordered, entry.infused_min_ul) == ("patient", True, 0.0)
    assert entry.infused_max_ul == pytest.approx(1.0)
    assert account.forward_ul("air") == (20.0, 20.0)
