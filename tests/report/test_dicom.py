"""The DICOM document of a procedure: what it says is what the record says, and nothing more."""

import json
import shutil
import sqlite3
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from controller.banner import BANNER
from controller.cli import app
from controller.record.after import append_after
from controller.record.dose import Motion
from controller.record.errors import RecordError
from controller.record.listing import Shown, show
from controller.record.reader import Entry
from controller.report import dicom_codes as codes
from controller.report.dicom import sr_of
from controller.report.dicom_codes import Code
from controller.report.dicom_events import injector_events
from controller.report.dicom_facts import facts_of
from controller.report.dicom_given import given_of
from controller.report.dicom_items import decimal, plain
from controller.report.dicom_steps import steps as given_steps
from controller.settings import catalogue
from tests.report.dicom_stage import code_of, document, everything, items, one, read, value
from tests.report.records import made, made_with, whole

BEGUN = datetime(2000, 1, 1, tzinfo=UTC)  # as virtual time has it
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("records")


def of_kind(shown: Shown, kind: str, **body: object) -> list[Entry]:
    return [entry for entry in shown.story if entry.kind == kind and body.items() <= entry.body.items()]


def steps(root: Any) -> list[Any]:
    return items(one(root, codes.STEPS), codes.STEP)


def activity(step: Any) -> Any:
    return one(step, codes.PHASE, codes.ACTIVITY)


def comment(root: Any) -> str:
    return str(value(one(root, codes.COMMENT)))


# -- the document --------------------------------------------------------------------------------------------------------------


def test_it_is_a_performed_imaging_agent_administration_of_a_pseudonym(folder: Path) -> None:
    data = sr_of(whole(folder))
    assert data[128:132] == b"DICM"
    root = read(data)
    assert root.SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.75"
    assert root.file_meta.MediaStorageSOPInstanceUID == root.SOPInstanceUID
    assert root.Modality == "SR"
    assert (root.PatientID, str(root.PatientName), root.PatientBirthDate, root.PatientSex) == ("virtual", "", "", "")
    assert (root.StudyDate, root.StudyTime, root.TimezoneOffsetFromUTC) == ("20000101", "000000.000000", "+0000")
    assert (root.CompletionFlag, root.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    assert (root.SynchronizationTrigger, root.AcquisitionTimeSynchronized) == ("NO TRIGGER", "N")
    assert (root.Manufacturer, root.SoftwareVersions) == ("ductoject", "virtual")
    assert "SpecificCharacterSet" not in root, "plain ASCII"
    assert comment(root).startswith(BANNER)
    assert "SIMULATED devices" in comment(root)


def test_the_same_record_gives_the_same_bytes_and_another_one_other_identifiers(folder: Path, tmp_path: Path) -> None:
    path = whole(folder)
    copy = tmp_path / path.name
    shutil.copyfile(path, copy)
    assert sr_of(path) == sr_of(copy)
    one_uids, other_uids = ({item.UID for item in everything(document(each)) if item.ValueType == "UIDREF"} for each in (
        path, made(folder, "pain_button")))  # fmt: skip
    assert not one_uids & other_uids
    assert all(uid.startswith("2.25.") and len(uid) <= 64 for uid in one_uids | other_uids)


def test_no_identifier_is_used_for_two_things(folder: Path) -> None:
    root = document(whole(folder))
    of_itself = [root.SOPInstanceUID, root.StudyInstanceUID, root.SeriesInstanceUID, root.SynchronizationFrameOfReferenceUID]
    named = (codes.STEP_UID, codes.PHASE_UID, codes.OBSERVER_UID)
    within = [item.UID for item in everything(root) if code_of(item.ConceptNameCodeSequence) in named]
    assert len(within) == 4 + 4 + 3
    assert len({*of_itself, *within}) == len(of_itself) + len(within)


def test_the_clocks_word_is_kept(tmp_path: Path) -> None:
    clock = {"synchronised": True, "max_error_s": 0.004, "text": "synchronised, at most 0.004 s off"}
    root = read(sr_of(made_with(tmp_path / "known.sqlite", "pain_operator", {"clock": clock})))
    assert (root.SynchronizationFrameOfReferenceUID, root.AcquisitionTimeSynchronized) == ("1.2.840.10008.15.1.1", "Y")
    assert "synchronised, at most 0.004 s off" in comment(root)
    told = read(sr_of(made_with(tmp_path / "virtual.sqlite", "pain_operator", {"clock": clock, "time": "virtual"})))
    assert told.AcquisitionTimeSynchronized == "N"
    assert "Times are virtual" in comment(told)


# -- value for value -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["duct_tears", "pain_button", "pump_stalls", "tip_clogs"])
def test_every_step_says_what_the_record_says(folder: Path, name: str) -> None:
    path = made(folder, name)
    shown, root = show(path), document(path)
    intents = of_kind(shown, "intent", into="patient")
    assert len(steps(root)) == len(intents) > 0
    for index, (step, intent) in enumerate(zip(steps(root), intents, strict=True), 1):
        (end,) = of_kind(shown, "motion_end", motion=intent.body["motion"])
        begun = next(entry for entry in of_kind(shown, "decision", action="RunPump") if entry.seq > intent.seq)
        told = activity(step)
        assert value(one(step, codes.STEP_ID)) == str(index)
        assert value(one(told, codes.ORDERED_VOLUME)) * 1000 == pytest.approx(intent.body["volume_ul"], abs=1e-6)
        for volume in (one(step, codes.STEP_VOLUME), one(step, codes.PHASE, codes.PHASE_VOLUME)):
            assert value(volume) * 1000 == pytest.approx(end.body["infused_max_ul"], abs=1e-6)
            bounds = [value(item) * 1000 for item in items(volume, codes.LEAST_VOLUME) + items(volume, codes.MOST_VOLUME)]
            certain = end.body["certain"] and end.body["infused_min_ul"] == end.body["infused_max_ul"]
            assert bounds == (
                [] if certain else pytest.approx([end.body["infused_min_ul"], end.body["infused_max_ul"]], abs=1e-6)
            )
        assert value(one(told, codes.FIRST_FLOW)) * 1000 == pytest.approx(intent.body["rate_ul_s"])
        assert abs(value(one(told, codes.STARTED)) - BEGUN - timedelta(seconds=begun.t_s)) <= MICROSECOND
        assert abs(value(one(told, codes.ENDED)) - BEGUN - timedelta(seconds=end.t_s)) <= MICROSECOND


def test_the_whole_is_the_sum_of_its_steps_and_its_peak_the_highest_of_theirs(folder: Path) -> None:
    path = whole(folder)
    root, end = document(path), show(path).end
    assert end is not None
    assert sum(value(one(step, codes.STEP_VOLUME)) for step in steps(root)) == pytest.approx(end["delivered_ml"], abs=1e-6)
    assert [value(one(step, codes.ZERO_FLOW)) for step in steps(root)] == end["hold_kpa"]
    assert max(value(one(activity(step), codes.PEAK_PRESSURE)) for step in steps(root)) == pytest.approx(
        end["peak_line_kpa"], abs=0.01
    )
    assert {value(one(step, codes.COMPLETION)) for step in steps(root)} == {codes.COMPLETE}
    given = one(root, codes.STEPS)
    assert value(one(given, codes.COMPLETION)) == codes.COMPLETE
    assert value(one(given, codes.MODE)) == codes.AUTOMATED
    assert value(one(given, codes.VOLUME_LIMIT)) == 0.2
    assert value(one(given, codes.PRESSURE_LIMIT)) == 200.0
    assert items(given, codes.TAKEN_BACK) == []
    assert items(root, codes.ADVERSE_EVENTS) == []


def test_what_was_in_the_line_and_what_held_it(folder: Path) -> None:
    root, agent = document(whole(folder)), catalogue().agents["conray-60"]
    told = one(root, codes.AGENT)
    component = one(told, codes.COMPONENT)
    assert value(one(told, codes.AGENT_ID)) == agent.key
    assert value(one(component, codes.CONTRAST_AGENT)) == codes.IOTHALAMATE
    assert value(one(component, codes.INGREDIENT)) == codes.IODINE
    assert value(one(component, codes.INGREDIENT, codes.CONCENTRATION)) == agent.iodine_mg_ml
    assert value(one(told, codes.OSMOLALITY)) == agent.osmolality_mosm_kg
    assert value(one(told, codes.VISCOSITY)) == pytest.approx(agent.viscosity_mpa_s(37.0))
    assert value(one(told, codes.IS_IONIC)) == codes.YES
    assert value(one(told, codes.WARMED)) == codes.YES
    assert value(one(told, codes.INITIAL_VOLUME)) == 0.9
    assert value(one(told, codes.RESIDUAL_VOLUME)) == pytest.approx(0.9 - 0.03 - 0.2), "less what primed the line, less the dose"
    assert items(component, codes.LOT) == items(component, codes.EXPIRY) == [], "nobody said"
    held = {value(one(each, codes.CONSUMABLE_TYPE)): value(one(each, codes.COMMENT)) for each in items(root, codes.CONSUMABLE)}
    assert list(held) == [codes.SYRINGE, codes.NEEDLE, codes.TUBE]
    assert held[codes.NEEDLE] == "30g-straight: cannula 30G, straight, blunt, bore 0.159 mm by the catalogue"


def test_the_devices_are_called_what_they_called_themselves(folder: Path) -> None:
    root = document(whole(folder))
    assert [value(item) for item in items(root, codes.OBSERVER_MODEL)] == ["NE-1000"]
    assert [value(item) for item in items(root, codes.OBSERVER_SERIAL)] == ["5157001"]
    unknown = document(made(folder, "other_pump"))
    assert items(unknown, codes.OBSERVER_MODEL) == [], "it was never connected"


# -- how it ended --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "completion", "events", "adverse"),
    [
        ("fullness_reported", codes.COMPLETE, [], []),
        ("pain_button", codes.BY_OPERATOR, [codes.BY_OPERATOR], [codes.PAIN]),
        ("operator_stop", codes.BY_OPERATOR, [codes.BY_OPERATOR], []),
        ("duct_tears", codes.BY_OPERATOR, [codes.BY_OPERATOR], [codes.EXTRAVASATION]),
        ("reflux_seen", codes.BY_OPERATOR, [codes.BY_OPERATOR], []),
        ("line_ceiling", codes.BY_PRESSURE, [codes.BY_PRESSURE], []),
        ("tip_clogs", codes.BY_PRESSURE, [codes.BY_PRESSURE], []),
        ("air_in_line", codes.BY_AIR, [codes.BY_AIR], []),
        ("pump_mute", codes.BY_SILENCE, [codes.BY_SILENCE, codes.EQUIPMENT_FAILURE], []),
        ("pump_starts_itself", codes.BY_FAILURE, [codes.EQUIPMENT_FAILURE], []),
        ("other_pump", codes.BY_FAILURE, [codes.EQUIPMENT_FAILURE], []),
    ],
)
def test_how_it_ended_in_the_standards_words_and_in_ours(
    folder: Path, name: str, completion: Code, events: list[Code], adverse: list[Code]
) -> None:
    path = made(folder, name)
    shown, root = show(path), document(path)
    assert shown.end is not None
    assert value(one(root, codes.STEPS, codes.COMPLETION)) == completion
    assert f"{shown.end['reason']}: " in comment(root)
    assert shown.end["text"] in comment(root)
    causes = of_kind(shown, "event", name="stop_cause")
    told = [each for parent in items(root, codes.INJECTOR_EVENTS) for each in items(parent, codes.INJECTOR_EVENT)]
    told = [each for each in told if value(each) not in (codes.HOLD_STARTED, codes.HOLD_LEFT)]
    assert [value(each) for each in told] == events
    assert [value(one(each, codes.COMMENT)) for each in told] == [cause.body["text"] for cause in causes]
    for each, cause in zip(told, causes, strict=True):
        assert abs(value(one(each, codes.EVENT_TIME)) - BEGUN - timedelta(seconds=cause.t_s)) <= MICROSECOND
    assert [value(each) for parent in items(root, codes.ADVERSE_EVENTS) for each in items(parent, codes.ADVERSE_EVENT)] == adverse
    for parent in items(root, codes.INJECTOR_EVENTS) + items(root, codes.ADVERSE_EVENTS):
        assert value(one(parent, codes.DISCONTINUED)) == (codes.NO if completion == codes.COMPLETE else codes.YES)


def test_the_increment_in_which_pain_came_is_told_as_broken_off_and_what_came_back_as_taken_back(folder: Path) -> None:
    path = made(folder, "pain_button")
    root, end = document(path), show(path).end
    assert end is not None
    broken = steps(root)[-1]
    assert value(one(broken, codes.COMPLETION)) == codes.BY_OPERATOR
    assert items(activity(broken), codes.LAST_FLOW) == [], "it had no flow of its own at the end"
    assert value(one(root, codes.STEPS, codes.TAKEN_BACK)) == pytest.approx(end["withdrawn_ml"], abs=6e-6), (
        "whose five digits are rounded"
    )
    pain = one(root, codes.ADVERSE_EVENTS, codes.ADVERSE_EVENT)
    assert value(one(pain, codes.OF_STEP)) == value(one(broken, codes.STEP_UID))


def test_holds_are_events(folder: Path) -> None:
    path = whole(folder)
    told = [e for e in items(one(document(path), codes.INJECTOR_EVENTS), codes.INJECTOR_EVENT) if value(e) == codes.HOLD_STARTED]
    done = of_kind(show(path), "event", name="increment_done")
    assert [value(one(each, codes.EVENT_TIME)) for each in told] == [BEGUN + timedelta(seconds=entry.t_s) for entry in done]
    assert len({value(one(each, codes.OF_PHASE)) for each in told}) == 4


def test_a_record_that_was_never_closed_has_no_completion_status_and_says_why(folder: Path) -> None:
    root = document(made(folder, "host_killed"))
    assert root.CompletionFlag == "PARTIAL"
    assert items(one(root, codes.STEPS), codes.COMPLETION) == []
    assert "The record was never closed, so there is no completion status." in comment(root)
    (step,) = steps(root)
    assert items(step, codes.COMPLETION) == []
    assert items(activity(step), codes.ENDED) == []
    volume = one(step, codes.STEP_VOLUME)
    assert (value(one(volume, codes.LEAST_VOLUME)), value(one(volume, codes.MOST_VOLUME)), value(volume)) == (0.0, 0.05, 0.05)
    assert value(one(volume, codes.COMMENT)) == "between 0 and 0.05 mL; the value is the most that can have gone in"
    assert items(one(root, codes.AGENT), codes.RESIDUAL_VOLUME) == [], "nobody knows what is left"


def test_a_motion_that_went_on_by_itself_counts_with_all_that_it_did(folder: Path) -> None:
    path = made(folder, "pump_starts_itself")
    dose, told = show(path).dose, steps(document(path))
    assert dose is not None
    assert sum(value(one(step, codes.STEP_VOLUME)) for step in told) * 1000 == pytest.approx(dose.max_ul)
    assert dose.max_ul > sum(value(one(activity(step), codes.ORDERED_VOLUME)) for step in told) * 1000


def test_what_nobody_ordered_is_a_step_that_says_so(folder: Path) -> None:
    path = made(folder, "pain_button")
    shown, facts = show(path), facts_of(path)
    assert shown.dose is not None
    number = shown.dose.motions[-1].number + 10
    dose = replace(shown.dose, motions=(*shown.dose.motions, Motion(number, 0.0, 3.0, certain=False)))
    body = {
        "motion": number,
        "infused_min_ul": 0.0,
        "infused_max_ul": 3.0,
        "withdrawn_ul": 0.0,
        "certain": False,
        "unordered": True,
    }
    story = (*shown.story, Entry(10_000, 99.0, "motion_end", body, "0" * 64))
    unordered = given_of(dose, story, facts.causes, {})[-1]
    assert (unordered.ordered_ul, unordered.started_s, unordered.announced_s, unordered.whole) == (None, None, 99.0, False)
    step = items(given_steps(replace(facts, given=(*facts.given, unordered))), codes.STEP)[-1]
    assert value(one(step, codes.COMMENT)) == "Nobody ordered this: the pump moved by itself, or went forward in a relief."
    assert value(one(step, codes.STEP_VOLUME)) == 0.003
    assert items(activity(step), codes.ORDERED_VOLUME) == items(activity(step), codes.FIRST_FLOW) == []
    assert items(step, codes.COMPLETION) == []


def test_an_increment_that_never_began_is_a_step_of_nothing(folder: Path) -> None:
    facts = facts_of(made(folder, "pain_button"))
    never = replace(facts.given[-1], started_s=None, least_ul=0.0, most_ul=0.0, certain=True, peak_kpa=None)
    step = items(given_steps(replace(facts, given=(never,))), codes.STEP)[-1]
    assert value(one(step, codes.COMMENT)) == "This was ordered and never started."
    assert value(one(step, codes.STEP_VOLUME)) == 0.0
    assert [items(activity(step), name) for name in (codes.STARTED, codes.ENDED, codes.FIRST_FLOW, codes.PEAK_PRESSURE)] == [
        []
    ] * 4


def test_a_go_of_a_person_ends_a_hold(folder: Path) -> None:
    facts = facts_of(whole(folder))
    assert facts.resumed_s == (), "the simulated operator is nobody"
    root = injector_events(replace(facts, resumed_s=(facts.holds_s[0] + 5.0,)))
    assert root is not None
    told = [value(each) for each in items(root, codes.INJECTOR_EVENT)]
    assert told == [codes.HOLD_STARTED, codes.HOLD_LEFT, *[codes.HOLD_STARTED] * 3]


def test_what_never_began_has_no_steps_and_no_agent_left_to_guess(folder: Path) -> None:
    root = document(made(folder, "other_pump"))
    assert steps(root) == []
    assert value(one(root, codes.AGENT, codes.RESIDUAL_VOLUME)) == 0.9


# -- what people entered -------------------------------------------------------------------------------------------------------


def test_what_was_set_up_is_told_and_more_letters_than_ascii_have_are_kept(tmp_path: Path) -> None:
    setup = {"lot": "L-4711\\ß", "expiry": "2031-02-28", "side": "left"}
    header = {"setup": setup, "patient": "Müller-7"}
    root = read(sr_of(made_with(tmp_path / "set_up.sqlite", "pain_operator", header)))
    component = one(root, codes.AGENT, codes.COMPONENT)
    assert value(one(component, codes.LOT)) == "L-4711\\ß"
    assert value(one(component, codes.EXPIRY)) == "20310228"
    assert "Side: left." in comment(root)
    assert root.SpecificCharacterSet == "ISO_IR 192"
    assert root.PatientID == "Müller-7"
    assert str(root.PatientName) == ""


@pytest.mark.parametrize("patient", ["x" * 65, "a\\b", "a\nb"])
def test_a_pseudonym_that_does_not_fit_is_refused_and_not_cut(tmp_path: Path, patient: str) -> None:
    path = made_with(tmp_path / "long.sqlite", "pain_operator", {"patient": patient})
    with pytest.raises(RecordError, match=r"patient = .* can not stand in a DICOM file: at most 64 characters"):
        sr_of(path)


def test_what_the_care_afterwards_tells_of_is_an_adverse_event(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "cared_for.sqlite"
    shutil.copyfile(made(folder, "pain_button"), path)
    before = read(sr_of(path))
    told = {"utc": "2026-01-02T03:04:05+00:00", "name": "after_care", "values": {"pain_kind": "burning", "bleeding": "slight"}}
    append_after(path, told)
    root = read(sr_of(path))
    events = items(one(root, codes.ADVERSE_EVENTS), codes.ADVERSE_EVENT)
    assert [value(each) for each in events] == [codes.PAIN, codes.BURNING, codes.HEMORRHAGE]
    assert [value(one(each, codes.ADVERSE_TIME)) for each in events[1:]] == [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)] * 2
    assert value(one(events[2], codes.COMMENT)) == "slight bleeding, told in the care afterwards"
    assert root.SOPInstanceUID != before.SOPInstanceUID, "another document"
    assert root.StudyInstanceUID == before.StudyInstanceUID
    assert [value(one(each, codes.STEP_UID)) for each in steps(root)] == [
        value(one(each, codes.STEP_UID)) for each in steps(before)
    ]
    append_after(path, told | {"values": {"pain_kind": "none", "bleeding": "none"}})
    append_after(path, {"utc": "2026-01-02T04:00:00+00:00", "name": "alarm", "do": "reset"})
    calm = read(sr_of(path))
    assert items(calm, codes.ADVERSE_EVENTS) == [], "the newest account counts: the button was opened, and nothing hurt"
    assert codes.BY_OPERATOR in [value(each) for each in items(one(calm, codes.INJECTOR_EVENTS), codes.INJECTOR_EVENT)]


def test_text_that_is_none_and_numbers_that_are_none() -> None:
    assert plain("a\x00b\udc80c\r\n") == "a?b?c\r\n"
    assert decimal(0.1 + 0.2) == "0.3"
    assert all(len(decimal(number)) <= 16 for number in (1 / 3, -1.23456789012e-7, 1.23456789012e300))
    with pytest.raises(ValueError, match="nan is no number"):
        decimal(float("nan"))


# -- the command ---------------------------------------------------------------------------------------------------------------


def report(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["records", "report", *arguments])
    return done.exit_code, done.output


def altered(path: Path, target: Path, old: str, new: str) -> Path:
    """A copy in which somebody has changed something."""
    shutil.copyfile(path, target)
    connection = sqlite3.connect(target)
    connection.execute("UPDATE entries SET body = replace(body, ?, ?) WHERE kind IN ('event', 'end')", (old, new))
    connection.commit()
    connection.close()
    return target


def test_it_is_written_for_its_owner_only_and_never_over_anything(folder: Path, tmp_path: Path) -> None:
    record, target = made(folder, "pain_button"), tmp_path / "report.dcm"
    assert report(str(record), str(target)) == (0, f"{target}: PAIN_STOP: pain\n")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert target.read_bytes() == sr_of(record)
    code, said = report(str(record), str(target))
    assert code == 2
    assert "exists already" in said
    assert report(str(record), str(target), "--overwrite")[0] == 0


def test_what_a_reader_has_to_know_is_said_to_who_asks_for_it(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.dcm"
    code, said = report(str(made(folder, "host_killed")), str(target), "--json")
    assert code == 0
    told = json.loads(said)
    assert told["headline"].startswith("NOT CLOSED")
    assert any("known within bounds only: between 0.00000 and 0.05000 mL" in text for text in told["warnings"])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("PAIN_STOP", "REFLUX", "is not as it was written, so no DICOM document is made of it"),
        ('"reason":', '"Reason":', "is not as it was written"),
    ],
)
def test_an_altered_record_gives_a_sentence_and_no_file(folder: Path, tmp_path: Path, old: str, new: str, said: str) -> None:
    record = altered(made(folder, "pain_button"), tmp_path / "altered.sqlite", old, new)
    code, output = report(str(record), str(tmp_path / "report.dcm"))
    assert code == 2
    assert said in output
    assert "altered.sqlite" in output
    assert not (tmp_path / "report.dcm").exists()


def test_a_damaged_record_gives_a_sentence_and_no_file(tmp_path: Path) -> None:
    broken = tmp_path / "broken.sqlite"
    broken.write_text("broken " * 1000)
    code, said = report(str(broken), str(tmp_path / "report.dcm"))
    assert code == 2
    assert "broken.sqlite" in said
    assert "Traceback" not in said
    assert not (tmp_path / "report.dcm").exists()


def test_what_no_host_has_written_gives_a_sentence(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(path: Path) -> Shown:
        shown = show(path)
        return replace(shown, header=shown.header | {"setup": {"expiry": "soon"}})

    monkeypatch.setattr("controller.report.dicom_facts.show", odd)
    code, said = report(str(made(folder, "pain_button")), str(tmp_path / "report.dcm"))
    assert code == 2
    assert "pain_button.sqlite holds something that no DICOM document can be made of" in said
    assert list(tmp_path.iterdir()) == []


def test_other_commands_do_without_it() -> None:
    asked = "import sys, controller.cli; sys.exit('pydicom' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], timeout=60, check=False).returncode == 0
