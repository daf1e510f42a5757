"""The simulated pain-stop button: what the host reads back for every combination of outputs, button and fault."""

import itertools

import pytest

from simulators.contacts import FAULTS, Contacts

OUTPUTS = list(itertools.product((False, True), repeat=2))


def read(contacts: Contacts, rts: bool, dtr: bool) -> tuple[bool, bool]:
    contacts.set_outputs(rts=rts, dtr=dtr)
    return contacts.cts, contacts.dsr


def table(contacts: Contacts) -> list[tuple[bool, bool]]:
    """CTS and DSR for RTS, DTR = 00, 01, 10, 11."""
    return [read(contacts, rts, dtr) for rts, dtr in OUTPUTS]


NO, A, B, BOTH = (False, False), (True, False), (False, True), (True, True)


def test_closed_each_input_follows_its_own_output() -> None:
    assert table(Contacts()) == [NO, B, A, BOTH]


def test_pressed_both_are_open_and_released_both_are_back() -> None:
    contacts = Contacts()
    contacts.press()
    assert contacts.pressed
    assert table(contacts) == [NO] * 4
    contacts.release()
    assert not contacts.pressed
    assert table(contacts) == [NO, B, A, BOTH]


@pytest.mark.parametrize("faults", [(), ("bounce",), ("swap", "bounce"), ("freeze",), ("open_a",), ("weld_b", "cross")])
def test_both_inputs_read_at_once_are_those_read_one_after_the_other(faults: tuple[str, ...]) -> None:
    one, other = Contacts(), Contacts()
    for contacts in (one, other):
        contacts.set_outputs(rts=True, dtr=True)
        for name in faults:
            contacts.fault(name)
    for act in (Contacts.press, Contacts.release, Contacts.press, Contacts.release):
        for rts, dtr in OUTPUTS:
            act(one)
            act(other)
            for _ in range(4):
                one.set_outputs(rts=rts, dtr=dtr)
                assert one.inputs() == read(other, rts, dtr)


@pytest.mark.parametrize(
    ("name", "closed", "pressed"),
    [
        ("open_a", [NO, B, NO, B], [NO] * 4),
        ("open_b", [NO, NO, A, A], [NO] * 4),
        ("short_a", [A, BOTH, A, BOTH], [A] * 4),
        ("short_b", [B, B, BOTH, BOTH], [B] * 4),
        ("weld_a", [NO, B, A, BOTH], [NO, NO, A, A]),
        ("weld_b", [NO, B, A, BOTH], [NO, B, NO, B]),
        ("cross", [NO, A, B, BOTH], [NO] * 4),
        ("swap", [NO, B, A, BOTH], [NO] * 4),
        ("bridge", [NO, BOTH, BOTH, BOTH], [NO] * 4),
        ("unplug", [NO] * 4, [NO] * 4),
        ("open_c", [NO, B, A, BOTH], [NO] * 4),
        ("weld_c", [NO, B, A, BOTH], [NO] * 4),
        ("bounce", [NO, B, A, BOTH], [NO] * 4),
    ],
)
def test_faults_show_where_they_should(name: str, closed: list[tuple[bool, bool]], pressed: list[tuple[bool, bool]]) -> None:
    contacts = Contacts()
    contacts.fault(name)
    assert table(contacts) == closed
    contacts.press()
    assert table(contacts) == pressed
    contacts.clear(name)
    assert table(contacts) == [NO] * 4
    contacts.release()
    assert table(contacts) == [NO, B, A, BOTH]


def test_exchanged_contacts_show_only_with_a_contact_that_fails() -> None:
    contacts = Contacts()
    contacts.fault("swap")
    contacts.fault("weld_a")
    contacts.press()
    assert read(contacts, True, True) == B


def test_frozen_lines_stay_as_they_were_whatever_happens() -> None:
    contacts = Contacts()
    assert read(contacts, True, True) == BOTH
    contacts.fault("freeze")
    contacts.press()
    assert table(contacts) == [BOTH] * 4
    contacts.clear("freeze")
    assert table(contacts) == [NO] * 4


def test_a_release_chatters_on_each_contact_and_then_stays() -> None:
    contacts = Contacts()
    contacts.fault("bounce", samples=4)
    contacts.press()
    assert read(contacts, True, True) == NO
    contacts.release()
    assert [read(contacts, True, True) for _ in range(7)] == [NO, BOTH, NO, BOTH, BOTH, BOTH, BOTH]
    contacts.release()
    assert read(contacts, True, True) == BOTH


def test_a_press_while_it_chatters_opens_at_once() -> None:
    contacts = Contacts()
    contacts.fault("bounce", samples=10)
    contacts.press()
    contacts.release()
    assert [read(contacts, True, True) for _ in range(2)] == [NO, BOTH]
    contacts.press()
    assert [read(contacts, True, True) for _ in range(3)] == [NO] * 3


@pytest.mark.parametrize(
    ("names", "idle", "pressed"),
    [
        ([], False, True),
        (["open_c"], True, True),
        (["unplug"], True, True),
        (["weld_c"], False, False),
        (["open_a", "open_b", "cross", "freeze"], False, True),
    ],
)
def test_the_third_contact_goes_its_own_way(names: list[str], idle: bool, pressed: bool) -> None:
    contacts = Contacts()
    for name in names:
        contacts.fault(name)
    assert contacts.third_contact_open is idle
    contacts.press()
    assert contacts.third_contact_open is pressed


def test_wrong_orders_are_refused() -> None:
    contacts = Contacts()
    for order in (lambda: contacts.fault("melt"), lambda: contacts.clear("melt")):
        with pytest.raises(ValueError, match="melt"):
            order()
    for name, samples in (("open_a", 3), ("bounce", 0)):
        with pytest.raises(ValueError, match="samples"):
            contacts.fault(name, samples=samples)


def test_every_fault_is_described() -> None:
    assert all(FAULTS.values())
    assert {"open_a", "open_b", "short_a", "short_b", "cross", "weld_a", "weld_b", "swap", "bounce"} <= FAULTS.keys()
