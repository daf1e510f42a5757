"""After-care: what is asked by which end, what is advised, and what the patient takes home."""

import re
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.bedside.advice import IMAGE_NOW
from controller.bedside.after_care import (
    QUESTIONS,
    advice,
    after_fields,
    after_values_of,
    check_after,
    reschedule,
    suspects_extravasation,
)
from controller.bedside.instructions import instructions, instructions_html, instructions_text
from controller.core.reasons import GOOD_ENDS, Reason
from controller.record.chain import canonical_json

ENDED = date(2026, 12, 28)
RIGHT: dict[str, object] = {
    "imaging_cc_mag": True,
    "imaging_lateral_mag": True,
    "findings_seen": "none",
    "cannula_removed": True,
    "bleeding": "none",
    "discharge_after": "none",
    "instructions_verbal": True,
}
REASONS = [None, *Reason.__members__, "OF_ANOTHER_VERSION"]


def required(reason: str | None, also: tuple[str, ...] = ()) -> set[str]:
    return {field.name for field in after_fields(reason, also) if field.required}


def test_what_has_to_be_answered_goes_by_the_end() -> None:
    always = {"cannula_removed", "bleeding", "discharge_after", "instructions_verbal"}
    assert required("OPERATOR_STOP") == required(None) == always
    for reason in GOOD_ENDS:
        assert required(reason.name) == always | {"imaging_cc_mag", "imaging_lateral_mag", "findings_seen"}
    for stop in ("PAIN_STOP", "EXTRAVASATION_SUSPECTED"):
        assert required(stop) == always | {"pain_kind", "analgesia"}
    assert "pain_kind" in required("PRESSURE_CEILING", ("EXTRAVASATION_SUSPECTED",))


def test_right_answers_leave_nothing_to_say() -> None:
    assert check_after(RIGHT, "VOLUME_REACHED") == {}
    assert check_after(RIGHT | {"pain_kind": "none", "analgesia": "none"}, "PAIN_STOP") == {}
    assert set(check_after({}, "VOLUME_REACHED")) == required("VOLUME_REACHED")


@pytest.mark.parametrize(
    ("changed", "field", "parts"),
    [
        ({"cannula_removed": False}, "cannula_removed", ["not confirmed yet"]),
        ({"findings_seen": "yes"}, "findings_seen", ["say what"]),
        ({"filling_defect": "yes"}, "findings_seen", ['"none"', "Filling defect"]),
        ({"dilatation": "mild"}, "findings_seen", ['"none"', '"mild"']),
        ({"findings_seen": "yes", "cut_off": "yes"}, "cut_off_mm", ["missing"]),
        ({"cut_off_mm": 18}, "cut_off_mm", ["18 mm", '"yes"']),
        ({"findings_seen": "yes", "cut_off": "yes", "cut_off_mm": 0}, "cut_off_mm", ["0", "not above the limit of 0 mm"]),
        ({"findings_seen": "yes", "cut_off": "yes", "cut_off_mm": 180}, "cut_off_mm", ["180", "150 mm"]),
        ({"analgesia": "given"}, "analgesia_what", ["missing"]),
        ({"analgesia_what": "paracetamol"}, "analgesia_what", ['"given"']),
        ({"pain_kind": "burning"}, "analgesia", ["advised"]),
        ({"pain_kind": ["burning"]}, "pain_kind", ["not a text"]),
        ({"more_views": ["rolled_cc", "ultrasound"]}, "more_views", ['"ultrasound"', "rolled_cc, mlo"]),
        ({"findings_text": "x" * 2001}, "findings_text", ["2001", "2000"]),
        ({"mood": "good"}, "", ['"mood"']),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(changed: dict[str, object], field: str, parts: list[str]) -> None:
    found = check_after(RIGHT | changed, "VOLUME_REACHED")
    assert field in found
    assert all(part in found[field] for part in parts), found[field]
    assert set(found) <= {field, "cut_off_mm"}


def test_findings_of_the_worked_case_are_complete() -> None:
    findings = {"findings_seen": "yes", "filling_defect": "yes", "cut_off": "yes", "cut_off_mm": 18, "dilatation": "mild"}
    words = {"orifice_clock": "6", "findings_text": "System opacified at 6 o'clock.\nBeyond the defect nothing fills."}
    assert check_after(RIGHT | findings | words, "VOLUME_REACHED") == {}


def test_what_is_stored_is_what_is_right_by_itself() -> None:
    kept = after_values_of(RIGHT | {"bleeding": "much", "instructions_printed": False, "recommendation": " MRI ", "mood": "good"})
    assert kept == {name: value for name, value in RIGHT.items() if name != "bleeding"} | {
        "instructions_printed": False,
        "recommendation": "MRI",
    }


# -- advice ---------------------------------------------------------------------------------------------------------------------


def test_a_planned_end_means_image_now() -> None:
    for reason in GOOD_ENDS:
        said = advice(reason.name, ENDED, {})
        assert said[0] == IMAGE_NOW == "Image now: magnified CC and lateral views."
        assert "MLO" in said[1]
        assert "cannula" in said[2]


def test_extravasation_is_rescheduled_in_one_to_two_weeks() -> None:
    assert reschedule(ENDED) == (date(2027, 1, 4), date(2027, 1, 11))
    by_machine = advice("EXTRAVASATION_SUSPECTED", ENDED, {})
    assert by_machine[0] == "Take the cannula out."
    assert "analgesia" in by_machine[1]
    assert "Reschedule between 2027-01-04 and 2027-01-11." in by_machine
    assert advice("PAIN_STOP", ENDED, {"pain_kind": "focal"}) == by_machine
    assert advice("PAIN_STOP", ENDED, {"pain_kind": "burning"}) == by_machine
    assert advice("PRESSURE_CEILING", ENDED, {}, ["EXTRAVASATION_SUSPECTED"]) == by_machine
    assert IMAGE_NOW not in advice("VOLUME_REACHED", ENDED, {"pain_kind": "burning"}), "what the patient feels goes first"
    assert "Ask where it hurts" in advice("PAIN_STOP", ENDED, {})[0]
    assert not any("Reschedule" in text for text in advice("PAIN_STOP", ENDED, {"pain_kind": "other"}))


@pytest.mark.parametrize("reason", REASONS)
def test_there_is_advice_for_every_end(reason: str | None) -> None:
    said = advice(reason, ENDED, {})
    assert said
    assert all(text.endswith(".") and text[0].isupper() for text in said)
    unknown = said[0].startswith("How it ended is not known")
    assert unknown is (reason not in Reason.__members__), "every reason of this version has its own"


def test_what_is_most_urgent_comes_first() -> None:
    assert "Switch the pump off" in advice("STOP_UNCONFIRMED", ENDED, {})[0]
    assert "Switch the pump off" in advice("STOP_UNCONFIRMED", ENDED, {"pain_kind": "focal"})[0]
    assert "Switch the pump off" in advice("PAIN_STOP", ENDED, {}, ["STOP_UNCONFIRMED"])[0]
    assert "sterile pad" in advice("VOLUME_REACHED", ENDED, {"bleeding": "significant"})[0]
    assert "by hand" in advice("VOLUME_REACHED", ENDED, {}, ["RECORDER_FAULT"])[-1]


# -- what she takes home --------------------------------------------------------------------------------------------------------


def test_the_instructions_say_what_to_watch_for() -> None:
    text = instructions_text(instructions("VOLUME_REACHED", ENDED, RIGHT | {"imaging_follow_up": "MRI in six months"}))
    assert "views of the breast were taken" in text
    assert re.search(r"discharge or bleeding that goes on", text)
    assert re.search(r"pain that grows", text)
    assert "Further imaging: MRI in six months" in text
    assert "repeated between" not in text


def test_the_instructions_claim_nothing_that_did_not_happen() -> None:
    assert "before anything was injected" in instructions_text(instructions("PRIME_REFUSED", ENDED, {}))
    assert "What to expect" not in instructions_text(instructions("SELF_TEST_FAILED", ENDED, {}))
    assert "ended early" in instructions_text(instructions("OPERATOR_STOP", ENDED, {}))
    assert "views of the breast" not in instructions_text(instructions("VOLUME_REACHED", ENDED, {}))
    torn = instructions_text(instructions("PAIN_STOP", ENDED, {"pain_kind": "burning", "analgesia": "given"}))
    assert "repeated between 2027-01-04 and 2027-01-11" in torn
    assert "something for the pain" in torn


def test_the_printed_page_needs_nothing_else_and_what_was_typed_is_text() -> None:
    page = instructions_html(instructions("VOLUME_REACHED", ENDED, {"imaging_follow_up": "<script>x</script>\ud800"})).decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(?:src|href)=", page)
    assert "Investigational" in page
    assert "Telephone" in page
    assert "What to expect" not in instructions_html(instructions("PRIME_REFUSED", ENDED, {})).decode()


# -- whatever a page sends ------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50) | st.sampled_from([10**400, "\ud800", "yes"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(
    values=st.dictionaries(st.sampled_from([*(field.name for field in QUESTIONS), "nonsense"]), JSON, max_size=8),
    reason=st.sampled_from(REASONS),
)
def test_no_answer_raises(values: Mapping[str, object], reason: str | None) -> None:
    found = check_after(RIGHT | dict(values), reason)
    assert all(text.isprintable() for text in found.values())
    assert advice(reason, ENDED, values)
    suspects_extravasation(reason, values)
    canonical_json(after_values_of(values))
    instructions_html(instructions(reason, ENDED, values))
