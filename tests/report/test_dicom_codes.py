"""The codes of the DICOM document: known to the standard by these names, and every reason to stop has its own."""

from typing import Final

import pytest
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts

from controller.core.reasons import GOOD_ENDS, Reason
from controller.report import dicom_codes as codes
from controller.report.dicom_codes import ENDINGS, Code, ending_of
from controller.settings import catalogue

ALL: Final = {name: each for name, each in vars(codes).items() if isinstance(each, Code)}
NOT_IN_THE_DICTIONARY: Final = {
    "ADVERSE_EVENT",  # SNOMED CT has it, no context group does
    "ENGLISH",  # of another scheme, RFC 5646
}


def of_group(cid: int) -> set[str]:
    """The code values of a context group."""
    return {value for scheme, names in cid_concepts[cid].items() for name in names for value in concepts[scheme][name]}


@pytest.mark.parametrize("name", sorted(set(ALL) - NOT_IN_THE_DICTIONARY))
def test_every_code_of_the_standard_is_known_to_it_by_this_meaning(name: str) -> None:
    code = ALL[name]
    if code.scheme in (codes.OWN_SCHEME, "UCUM"):
        assert len(code.value) <= 16
        return
    meanings = {text for entries in concepts[code.scheme].values() for value, (text, _) in entries.items() if value == code.value}
    assert code.meaning in {text.removesuffix(" (attribute)") for text in meanings}


def test_no_two_of_our_names_are_one_code_and_none_is_too_long() -> None:
    assert len({(each.scheme, each.value) for each in ALL.values()}) == len(ALL)
    assert all(len(each.value) <= 16 and len(each.scheme) <= 16 and len(each.meaning) <= 64 for each in ALL.values())


def test_every_reason_has_its_ending() -> None:
    assert set(ENDINGS) == set(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_an_ending_is_in_the_standards_own_words(reason: Reason) -> None:
    ending = ENDINGS[reason]
    assert ending.completion.value in of_group(67)
    assert (ending.event is None) == (reason in GOOD_ENDS)
    assert (ending.completion == codes.COMPLETE) == (reason in GOOD_ENDS)
    assert ending.event is None or ending.event.value in of_group(71)
    assert ending.adverse is None or ending.adverse.value in of_group(60)
    assert ending_of(reason.name) is ending


def test_what_the_patient_felt_and_what_became_of_the_duct_are_adverse_events_and_nothing_else_is() -> None:
    assert {reason: ending.adverse for reason, ending in ENDINGS.items() if ending.adverse is not None} == {
        Reason.PAIN_STOP: Code("95388000", "SCT", "Injection site pain"),
        Reason.EXTRAVASATION_SUSPECTED: Code("95384003", "SCT", "Injection Site Extravasation"),
    }


def test_a_reason_of_another_version_has_no_ending() -> None:
    assert ending_of("SOMETHING_NEW") is None
    assert ending_of(None) is None


@pytest.mark.parametrize(
    ("cid", "members"),
    [
        (11, [codes.INTRALUMINAL]),
        (12, [codes.IOTHALAMATE, codes.IOPAMIDOL, codes.WATER]),
        (13, [codes.IODINE]),
        (60, [codes.BURNING, codes.HEMORRHAGE]),
        (62, [codes.PROGRAMMED]),
        (63, [codes.AUTOMATED]),
        (69, [codes.SYRINGE, codes.NEEDLE, codes.TUBE]),
        (71, [codes.HOLD_STARTED, codes.HOLD_LEFT, codes.EQUIPMENT_FAILURE]),
        (72, [codes.DIAGNOSTIC]),
        (231, [codes.YES, codes.NO]),
    ],
)
def test_values_are_of_the_groups_that_the_templates_name(cid: int, members: list[Code]) -> None:
    assert {each.value for each in members} <= of_group(cid)


def test_every_agent_of_the_catalogue_has_a_code() -> None:
    assert {key.partition("-")[0] for key in catalogue().agents} == set(codes.AGENTS)
