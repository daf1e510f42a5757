"""The set-up: what is complete, what is said beside which field, and that no answer of a page raises."""

import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.bedside.fields import CLOCK, Field, accepted, complaints, options, pairs
from controller.bedside.questions import PROFILE_KEYS, QUESTIONS
from controller.bedside.setup import (
    TOWEL_BEGAN,
    check_setup,
    duct_name,
    first_values,
    header_values,
    profile_overrides,
    setup_fields,
)
from controller.record.after import append_after
from controller.record.chain import canonical_json
from controller.record.memory import MemoryRecorder
from controller.settings import LoadedProfile, load_profile
from tests.bedside.answers import RIGHT, TODAY

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=200) | st.sampled_from([10**400, "\ud800", "\0"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = [*(field.name for field in QUESTIONS), TOWEL_BEGAN, "", "nonsense"]


@pytest.fixture(scope="module")
def sim() -> LoadedProfile:
    return load_profile("sim")


@pytest.fixture(scope="module")
def bedside() -> LoadedProfile:
    return load_profile("bedside")


@pytest.fixture
def records(tmp_path: Path) -> Path:
    directory = tmp_path / "records"
    directory.mkdir()
    return directory


Said = Callable[..., dict[str, str]]


@pytest.fixture
def said(bedside: LoadedProfile, records: Path) -> Said:
    """said(fill_ml=0.3) -> what is said of the right answers but for that one; None takes an answer out."""

    def ask(towel_s: float | None = None, loaded: LoadedProfile = bedside, **changed: object) -> dict[str, str]:
        values = {name: value for name, value in (RIGHT | changed).items() if value is not None}
        return check_setup(values, loaded, TODAY, records, towel_s=towel_s)

    return ask


def test_a_right_set_up_is_complete_at_every_profile(said: Said, sim: LoadedProfile) -> None:
    assert said() == {}
    assert said(loaded=sim) == {}
    assert said(loaded=load_profile("bench"), agent="water", lot=None, expiry=None) == {}, "water has neither"


OPTIONAL = {
    "indication_note",
    "discharge_other",
    "scout_findings",
    "continues",
    "lot_bore_mm",
    "anaesthetic_what",
    "towel_note",
}


@pytest.mark.parametrize("name", [field.name for field in QUESTIONS])
@pytest.mark.parametrize("nothing", [None, "", "   ", False, []])
def test_an_answer_that_is_missing_is_said_at_its_own_field_alone(said: Said, name: str, nothing: object) -> None:
    found = said(**{name: nothing})
    if name in OPTIONAL:
        assert found == {}
    else:
        assert list(found) == [name]
        assert found[name].endswith(("is missing.", "nothing is chosen yet.", "not confirmed yet."))


def test_nothing_that_has_to_be_ticked_is_ticked_beforehand(sim: LoadedProfile, records: Path) -> None:
    first = first_values(sim)
    assert first == {
        "agent": "conray-60",
        "temperature_c": 37.0,
        "syringe": "bd-1ml",
        "fill_ml": 0.9,
        "cannula": "30g-straight",
        "target_ml": 0.2,
    }
    missing = check_setup(first, sim, TODAY, records)
    assert {field.name for field in QUESTIONS} - set(first) - OPTIONAL == set(missing)


def test_fields_are_data_for_a_page(sim: LoadedProfile, bedside: LoadedProfile) -> None:
    bodies = [field.body() for field in setup_fields(bedside)]
    json.dumps(bodies, allow_nan=False)
    assert all(set(body) == {"name", "group", "label", "kind", "options", "unit", "required", "help"} for body in bodies)
    offered = {str(body["name"]): [each["value"] for each in body["options"]] for body in bodies}  # type: ignore[attr-defined]
    assert "water" not in offered["agent"]
    assert "conray-60" in offered["agent"]
    assert offered["duct"] == [*(str(hour) for hour in range(1, 13)), "central"]
    assert "water" in {option.value for field in setup_fields(sim) if field.name == "agent" for option in field.options}
    assert len({field.name for field in QUESTIONS}) == len(QUESTIONS)
    assert all(bool(body["options"]) == (body["kind"] in ("choice", "multi")) for body in bodies)


@pytest.mark.parametrize(
    ("changed", "field", "parts"),
    [
        ({"contra_iodine": "yes"}, "contra_iodine", ["contraindication"]),
        ({"contra_surgery": "yes"}, "contra_surgery", ["contraindication"]),
        ({"contra_retraction": "yes"}, "contra_retraction", ["contraindication"]),
        ({"contra_mastitis": "yes"}, "contra_mastitis", ["contraindication"]),
        ({"indication": ["unilateral", "spontaneous"]}, "indication", ["from a single pore", "not ticked"]),
        ({"indication": ["spontaneous", "single_pore", "unilateral", "spontaneous"]}, "indication", ["twice"]),
        ({"discharge": "other"}, "discharge_other", ["missing"]),
        ({"discharge_other": "milky"}, "discharge_other", ['"milky"', '"clear"']),
        ({"expiry": "2026-11-27"}, "expiry", ["A123", "2026-11-27", "2026-11-28"]),
        ({"expiry": "2206-11-27"}, "expiry", ["2206-11-27", "ten years"]),
        ({"expiry": "20261128"}, "expiry", ["2026-11-28", "is not a day"]),
        ({"expiry": "2027-02-29"}, "expiry", ["is not a day"]),
        ({"fill_ml": 0.32}, "fill_ml", ["0.32", "0.33 mL", "prime 0.03 + target 0.20 + reserve 0.10 mL"]),
        ({"fill_ml": 1.5}, "fill_ml", ["1.5", "1.00 mL", "bd-1ml"]),
        ({"fill_ml": -1}, "fill_ml", ["-1", "0.00 mL"]),
        ({"target_ml": 0.35}, "target_ml", ["0.35", "0.30 mL"]),
        ({"target_ml": 0.22}, "target_ml", ["0.22", "0.20 and 0.25 mL"]),
        ({"target_ml": "0,2"}, "target_ml", ['"0,2"', "not a number"]),
        ({"temperature_c": 41}, "temperature_c", ["41", "40 C"]),
        ({"temperature_c": 14.9}, "temperature_c", ["14.9", "15 C"]),
        ({"temperature_c": float("nan")}, "temperature_c", ["finite"]),
        ({"temperature_c": 10**400}, "temperature_c", ["beyond all measure"]),
        ({"temperature_c": True}, "temperature_c", ["not a number"]),
        ({"agent": "barium"}, "agent", ['"barium"', "not in the catalogue", "conray-60"]),
        ({"agent": "water"}, "agent", ['"water"', "bench only"]),
        ({"agent": ["conray-60"]}, "agent", ["not a text"]),
        ({"syringe": "bd-5ml"}, "syringe", ['"bd-5ml"', "not in the catalogue"]),
        ({"cannula": 30}, "cannula", ["30", "not a text"]),
        ({"lot_bore_mm": 1.59}, "lot_bore_mm", ["1.59", "0.4 mm"]),
        ({"agent": "isovue-370", "temperature_c": 15}, "agent", ["239.9 kPa", "limits.line_kpa = 120"]),
        ({"patient": "Anna Smith"}, "patient", ['"Anna Smith"', "no spaces", "hold no name"]),
        ({"patient": " P-17"}, "patient", ["no spaces"]),
        ({"patient": "Smith"}, "patient", ['"Smith"', "digit", "hold no name"]),
        ({"patient": "P" * 32 + "1"}, "patient", ["32 at most"]),
        ({"patient": "Müller1"}, "patient", ["A-Z"]),
        ({"patient": "P-17\n"}, "patient", ["can not be printed"]),
        ({"patient": 17}, "patient", ["17", "not a text"]),
        ({"continues": "../secret"}, "continues", ["not the name of a record"]),
        ({"continues": "20261128T090000Z-00000000"}, "continues", ["there is no record"]),
        ({"anaesthetic": "given"}, "anaesthetic_what", ["missing"]),
        ({"anaesthetic_what": "lidocaine"}, "anaesthetic_what", ['"none"']),
        ({"side": "middle"}, "side", ['"middle"', "left, right"]),
        ({"duct": "13"}, "duct", ['"13"', "central"]),
        ({"consent": "yes"}, "consent", ["neither true nor false"]),
        ({"lot": "x" * 200}, "lot", ["200", "120"]),
        ({"scout_findings": "x" * 2001}, "scout_findings", ["2001", "2000"]),
        ({"shoe_size": 38}, "", ['"shoe_size"']),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(said: Said, changed: dict[str, object], field: str, parts: list[str]) -> None:
    found = said(**changed)
    assert list(found) == [field]
    assert all(part in found[field] for part in parts), found[field]
    assert found[field].endswith(".")
    assert "\n" not in found[field]


def test_where_one_of_the_three_does_not_hold_a_reason_makes_it_right(said: Said) -> None:
    assert said(indication=["spontaneous"], indication_note="discharge from two pores, papilloma before") == {}


def test_a_rule_that_needs_an_answer_which_is_missing_is_left_out(said: Said) -> None:
    assert list(said(fill_ml=0.2, target_ml=None)) == ["target_ml"], "whether 0.2 mL is enough depends on the target"
    assert list(said(fill_ml=0.2, target_ml="lots")) == ["target_ml"]


def test_contrast_that_expires_today_may_be_used(said: Said) -> None:
    assert said(expiry=TODAY.isoformat()) == {}
    assert list(said(expiry=(TODAY - timedelta(days=1)).isoformat())) == ["expiry"]


def test_the_towel_takes_its_time_or_a_reason(said: Said) -> None:
    assert "its time was not taken" in said(towel="used")["towel"]
    assert "3 min 20 s are left of the 10 to 15 min" in said(400.0, towel="used")["towel"]
    assert said(600.0, towel="used") == {}
    assert said(3600.0, towel="used") == {}
    assert said(400.0, towel="used", towel_note="the patient is in a hurry") == {}
    assert said(400.0, towel="not_used") == {}


def test_a_bore_that_the_profile_gives_is_confirmed_or_corrected_but_not_cleared(said: Said) -> None:
    calibrated = load_profile("bedside", {"line.lot_bore_mm": 0.159})
    assert first_values(calibrated)["lot_bore_mm"] == 0.159
    assert list(said(loaded=calibrated)) == ["lot_bore_mm"]
    assert said(loaded=calibrated, lot_bore_mm=0.162) == {}


def test_what_was_answered_goes_over_the_profile_and_into_the_header(sim: LoadedProfile) -> None:
    overrides = profile_overrides(RIGHT | {"target_ml": 0.3, "temperature_c": 25, "cannula": "30g-right-angled"})
    assert set(overrides) == set(PROFILE_KEYS.values()) - {"line.lot_bore_mm"}
    loaded = load_profile("sim", overrides)
    assert (loaded.profile.injection.target_ml, loaded.profile.line.temperature_c) == (0.3, 25.0)
    assert loaded.profile.line.cannula == "30g-right-angled"
    header = header_values(RIGHT | {"lot": " A123 ", "nonsense": 1, "towel_note": "", "scout_findings": 7}, 601.26)
    assert header == RIGHT | {"warm_towel_s": 601.3}
    canonical_json(header)
    assert "warm_towel_s" not in header_values(RIGHT, None)
    assert duct_name(RIGHT) == "left 2"
    assert duct_name({"side": "right"}) is None
    assert duct_name({"side": "right", "duct": 3}) is None


# -- what earlier records say ---------------------------------------------------------------------------------------------------


def record(records: Path, hour: int = 9, volume_ul: float = 100.0, day: date = TODAY, **end: object) -> Path:
    """A procedure in duct "left 2" of P-17."""
    made = MemoryRecorder()
    header = {"kind": "bedside", "patient": "P-17", "duct": "left 2", "day": day.isoformat(), "predecessor": None}
    made.put("header", 0.0, header | {"started_utc": f"{day.isoformat()}T{hour:02d}:00:00+00:00"})
    motion = {"motion": 1, "into": "patient", "direction": "infuse", "volume_ul": volume_ul, "rate_ul_s": 5.0}
    made.put("intent", 1.0, motion)
    made.put("motion_end", 2.0, {"motion": 1, "infused_min_ul": volume_ul, "infused_max_ul": volume_ul, "certain": True})
    made.put("end", 3.0, {"reason": "OPERATOR_STOP", "also": []} | end)
    path = records / f"{day:%Y%m%d}T{hour:02d}0000Z-00000000.sqlite"
    made.save(path)
    return path


def test_a_further_injection_names_what_it_continues_and_gets_what_is_left(said: Said, records: Path) -> None:
    path = record(records, volume_ul=150.0)
    assert path.name in said()["continues"]
    assert said(continues=path.stem, target_ml=0.15) == {}
    assert said(continues=path.name, target_ml=0.15) == {}
    found = said(continues=path.stem)
    assert list(found) == ["target_ml"]
    assert "Target = 0.2 mL is more than the 0.15 mL that are left" in found["target_ml"]
    assert said(side="right") == {}, "another duct"
    assert said(patient="P-18") == {}, "another patient"


def test_where_nothing_is_left_that_is_said(said: Said, records: Path) -> None:
    path = record(records, volume_ul=300.0)
    assert "nothing is left" in said(continues=path.stem, target_ml=0.05)["continues"]


def test_after_suspected_extravasation_the_duct_rests_for_a_week(said: Said, records: Path, bedside: LoadedProfile) -> None:
    record(records, reason="EXTRAVASATION_SUSPECTED")
    for days in (0, 1, 6):
        found = check_setup(RIGHT | {"patient": "p-17"}, bedside, TODAY + timedelta(days=days), records)
        assert list(found) == ["duct"]
        assert "between 2026-12-05 and 2026-12-12" in found["duct"]
    assert check_setup(RIGHT, bedside, TODAY + timedelta(days=7), records) == {}
    assert said(duct="3") == {}


@pytest.mark.parametrize(("pain", "rests"), [("focal", True), ("burning", True), ("other", False), ("none", False)])
def test_pain_that_was_noted_afterwards_counts_as_extravasation(said: Said, records: Path, pain: str, rests: bool) -> None:
    path = record(records, reason="PAIN_STOP")
    values = {"pain_kind": pain}
    append_after(path, {"utc": "2026-11-28T09:10:00+00:00", "name": "after_care", "values": values})
    found = said(continues=path.stem, target_ml=0.1)
    assert ("suspected extravasation" in found.get("duct", "")) is rests
    assert rests or found == {}


def test_a_record_that_can_not_be_read_refuses_and_one_of_another_day_does_not(said: Said, records: Path) -> None:
    (records / "20261101T090000Z-00000000.sqlite").write_text("broken " * 1000)
    assert said() == {}
    (records / "20261128T090000Z-00000000.sqlite").write_text("broken " * 1000)
    assert "20261128T090000Z-00000000.sqlite can not be read" in said()["continues"]


def test_a_place_of_records_that_is_none_is_a_sentence(bedside: LoadedProfile, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = check_setup(RIGHT, bedside, TODAY, tmp_path / "file")
    assert list(found) == [""]
    assert "can not be read" in found[""]


# -- whatever a page sends ------------------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8), base=st.booleans())
def test_no_answer_raises_and_none_passes_that_is_of_the_wrong_type(
    bedside: LoadedProfile, records: Path, values: Mapping[str, object], base: bool
) -> None:
    given_values = RIGHT | dict(values) if base else dict(values)
    found = check_setup(given_values, bedside, TODAY, records, towel_s=700.0)
    assert all(isinstance(text, str) and text.isprintable() for text in found.values())
    kept = header_values(given_values, None)
    canonical_json(kept)
    if not found:
        load_profile("bedside", profile_overrides(given_values))
        for field in setup_fields(bedside):
            assert field.name not in kept or field.complaint(kept[field.name]) is None


KINDS = [
    Field("f", "g", "F", "choice", CLOCK),
    Field("f", "g", "F", "check"),
    Field("f", "g", "F", "text"),
    Field("f", "g", "F", "text", long=True),
    Field("f", "g", "F", "number", unit="mm", above=0.0, at_most=9.0),
    Field("f", "g", "F", "date"),
    Field("f", "g", "F", "multi", options("a", "b")),
]


@settings(max_examples=300, deadline=None)
@given(field=st.sampled_from(KINDS), value=JSON)
def test_a_field_has_words_for_anything(field: Field, value: object) -> None:
    words = field.words(value)
    assert all(sign.isprintable() or sign in "\n\t" for sign in words)
    found = complaints([field], {"f": value})
    if not found and value:
        assert accepted([field], {"f": value}).keys() <= {"f"}


def test_words_are_those_of_the_options_and_units() -> None:
    shown = dict(pairs(QUESTIONS, RIGHT | {"towel": "not_used", "scout_cc": False, "lot_bore_mm": 0.162}))
    assert shown["The discharge is"] == "spontaneous, from a single pore, of one breast only"
    assert shown["Warm towel on the breast"] == "not used"
    assert shown["Orifice"] == "2 o'clock"
    assert shown["Scout view craniocaudal (CC)"] == "no"
    assert shown["Scout view mediolateral (ML)"] == "yes"
    assert shown["Calibrated bore of the lot"] == "0.162 mm"
