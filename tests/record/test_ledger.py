"""The dose ledger: what counts, what a further procedure gets, and what is refused with which sentence."""

import json
import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.record.chain import GENESIS, RawEntry, entry_hash
from controller.record.dose import Delivered, delivered, identity
from controller.record.errors import RecordError
from controller.record.ledger import Remainder, day_total, remainder_ul, unclosed
from controller.record.memory import MemoryRecorder
from controller.record.reader import open_record
from controller.record.store import RecordStore, side_files

DAY = "2026-11-22"


def dose_of(path: Path) -> Delivered:
    with open_record(path) as record:
        return delivered(record)


def ask(records: Path, predecessor: str | Path | None = None, cap_ul: float = 300.0, **changed: str | None) -> Remainder:
    whose: dict[str, str | None] = {"patient": "P1", "duct": "left 2", "day": DAY}
    whose |= changed
    return remainder_ul(records, predecessor, whose["patient"], whose["duct"], str(whose["day"]), cap_ul)


def rewrite(path: Path, kind: str, body: dict[str, object]) -> None:
    """Changes a body and makes the chain right again from there on: a malformed record, not a damaged one."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "UPDATE entries SET body = ? WHERE kind = ?", (json.dumps(body, sort_keys=True, separators=(",", ":")), kind)
        )
        previous = GENESIS
        for row in connection.execute("SELECT seq, t_s, kind, body FROM entries ORDER BY seq").fetchall():
            previous = entry_hash(previous, RawEntry(*row))
            connection.execute("UPDATE entries SET hash = ? WHERE seq = ?", (previous, row[0]))
    connection.close()


def tamper(path: Path) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE entries SET t_s = t_s + 1 WHERE kind = 'decision'")
    connection.close()


# what one record delivered


def test_finished_increments_count_as_they_ended(procedure: Callable, save: Callable) -> None:
    made = procedure().increments(2)
    made.motion_end(made.intent(50.0), 31.0, 33.5)
    dose = dose_of(save(made.end()))
    assert (dose.min_ul, dose.max_ul, dose.uncertain, dose.extravasation) == (131.0, 133.5, False, False)


def test_a_motion_without_an_end_may_have_delivered_nothing_or_all(procedure: Callable, save: Callable) -> None:
    made = procedure().increments(1)
    made.intent(40.0)
    dose = dose_of(save(made))
    assert (dose.min_ul, dose.max_ul, dose.uncertain) == (50.0, 90.0, True)


def test_an_uncertain_end_is_uncertain(procedure: Callable, save: Callable) -> None:
    made = procedure()
    made.motion_end(made.intent(50.0), 10.0, 50.0, certain=False)
    dose = dose_of(save(made.end("PUMP_SILENT")))
    assert (dose.min_ul, dose.max_ul, dose.uncertain) == (10.0, 50.0, True)


def test_air_and_relief_do_not_count(procedure: Callable, save: Callable) -> None:
    made = procedure()
    made.motion_end(made.intent(600.0, into="air"), 600.0, 600.0)
    made.intent(600.0, into="air")
    made.motion_end(made.intent(15.0, into="relief", direction="withdraw"), 0.0, 0.0, withdrawn_ul=15.0)
    made.intent(15.0, into="relief", direction="withdraw")
    dose = dose_of(save(made.end()))
    assert (dose.min_ul, dose.max_ul, dose.uncertain, dose.motions) == (0.0, 0.0, False, ())


def test_forward_volume_counts_where_it_should_not_have_been(procedure: Callable, save: Callable) -> None:
    made = procedure()
    made.motion_end(made.intent(15.0, into="relief", direction="withdraw"), 0.0, 4.0)
    made.motion_end(17, 1.0, 2.0)
    dose = dose_of(save(made.end()))
    assert (dose.min_ul, dose.max_ul, dose.uncertain) == (1.0, 6.0, True)


def test_of_two_ends_of_a_motion_the_widest_range_counts(procedure: Callable, save: Callable) -> None:
    made = procedure()
    motion = made.intent(50.0)
    made.motion_end(motion, 0.0, 40.0, certain=False)
    made.motion_end(motion, 30.0, 50.0)
    assert dose_of(save(made.end())).motions[0].min_ul == 0.0
    assert dose_of(save(made, hour=10)).max_ul == 50.0


def test_a_greater_maximum_in_the_end_counts(procedure: Callable, save: Callable) -> None:
    dose = dose_of(save(procedure().increments(2).end(delivered_max_ml=0.13)))
    assert (dose.min_ul, dose.max_ul, dose.uncertain) == (100.0, 130.0, True)
    dose = dose_of(save(procedure().increments(2).end(delivered_max_ml=0.1), hour=10))
    assert (dose.max_ul, dose.uncertain) == (100.0, False)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"motion": 1, "into": "vein", "direction": "infuse", "volume_ul": 50.0}, "'infuse' into 'vein'"),
        ({"motion": 1, "into": "patient", "direction": "up", "volume_ul": 50.0}, "'up' into 'patient'"),
        ({"motion": 1, "into": "patient", "direction": "infuse", "volume_ul": -1.0}, "volume_ul -1.0"),
        ({"motion": 1, "into": "patient", "direction": "infuse", "volume_ul": "50"}, "volume_ul '50'"),
        ({"motion": 1, "into": "patient", "direction": "infuse", "volume_ul": True}, "volume_ul True"),
        ({"motion": "1", "into": "patient", "direction": "infuse", "volume_ul": 1.0}, "names no motion"),
    ],
)
def test_a_malformed_intent_is_an_error_that_names_it(
    procedure: Callable, save: Callable, body: dict[str, object], said: str
) -> None:
    path = save(procedure().increments(1).end())
    rewrite(path, "intent", body)
    with pytest.raises(RecordError, match=said):
        dose_of(path)


def test_malformed_ends_are_errors(procedure: Callable, save: Callable) -> None:
    path = save(procedure().increments(1).end())
    rewrite(path, "motion_end", {"motion": 1, "infused_min_ul": 2.0, "infused_max_ul": 1.0, "certain": True})
    with pytest.raises(RecordError, match="between"):
        dose_of(path)
    path = save(procedure().end(delivered_max_ml=-1.0), hour=10)
    with pytest.raises(RecordError, match="delivered_max_ml"):
        dose_of(path)
    made = procedure().increments(1)
    made.motions = 0
    with pytest.raises(RecordError, match="announced twice"):
        dose_of(save(made.increments(1), hour=11))


@pytest.mark.parametrize(
    "change",
    [
        {"patient": ""},
        {"duct": None},
        {"kind": "rehearsal"},
        {"day": "22.11.2026"},
        {"predecessor": 5},
        {"started_utc": "now"},
        {"started_utc": "2026-11-22T09:00:00"},
    ],
)
def test_a_malformed_header_is_an_error(procedure: Callable, save: Callable, change: dict[str, object]) -> None:
    with open_record(save(procedure(**change).end())) as record, pytest.raises(RecordError, match="header of"):
        identity(record)


@pytest.mark.parametrize(
    ("reason", "also"), [("EXTRAVASATION_SUSPECTED", []), ("PAIN_STOP", ["RESISTANCE", "EXTRAVASATION_SUSPECTED"])]
)
def test_suspected_extravasation_is_seen_in_the_end(procedure: Callable, save: Callable, reason: str, also: list[str]) -> None:
    assert dose_of(save(procedure().end(reason, also))).extravasation


def test_without_an_end_suspected_extravasation_is_seen_in_what_came_last(procedure: Callable, save: Callable) -> None:
    made = procedure().increments(1)
    made.put("decision", {"action": "stop", "why": "EXTRAVASATION_SUSPECTED: the pressure was lost"})
    assert dose_of(save(made)).extravasation
    assert not dose_of(save(made.end("PRESSURE_CEILING"), hour=10)).extravasation


# what a further procedure gets


def test_the_first_procedure_gets_the_cap(records: Path, procedure: Callable, save: Callable) -> None:
    save(procedure(patient="P2").increments(3).end(), hour=8)
    save(procedure(duct="left 3").increments(3).end(), hour=9)
    save(procedure(day="2026-11-21").increments(3).end(), hour=10)
    for directory in (records, records / "none"):
        answer = ask(directory, cap_ul=200.0)
        assert (answer.allowed_ul, answer.used_max_ul, answer.predecessor) == (200.0, 0.0, None)
        assert answer.why == "The first procedure in this duct on 2026-11-22, which gets up to 0.20 mL."


def test_a_further_procedure_that_names_no_predecessor_is_refused_and_told_which(
    records: Path, procedure: Callable, save: Callable
) -> None:
    path = save(procedure().increments(2).end())
    answer = ask(records, patient=" p1 ", duct="LEFT  2")
    assert (answer.allowed_ul, answer.used_max_ul) == (0.0, 100.0)
    assert path.name in answer.why
    assert "0.20 mL" in answer.why
    assert answer.why.startswith("Refused: ")


@pytest.mark.parametrize("spelled", ["name", "stem", "path"])
def test_one_that_names_its_predecessor_gets_the_rest(records: Path, procedure: Callable, save: Callable, spelled: str) -> None:
    made = procedure().increments(2)
    made.intent(50.0)
    path = save(made)
    named = {"name": path.name, "stem": path.stem, "path": path}[spelled]
    answer = ask(records, named)
    assert (answer.allowed_ul, answer.used_max_ul, answer.predecessor) == (150.0, 150.0, path.name)
    assert ask(records, named, cap_ul=150.0).allowed_ul == 0.0


def test_only_the_latest_can_be_continued(records: Path, procedure: Callable, save: Callable) -> None:
    first = save(procedure().increments(1).end(), hour=9)
    later = procedure(predecessor=first.name, started_utc="2026-11-22T12:00:00+02:00").increments(2).end()
    second = save(later, hour=10)
    answer = ask(records, first.name)
    assert answer.allowed_ul == 0.0
    assert second.name in answer.why
    assert "0.15 mL" in answer.why
    assert ask(records, second.name).allowed_ul == 150.0
    total = day_total(records, "P1", "left 2", date(2026, 11, 22))
    assert (total.min_ul, total.max_ul, total.uncertain) == (150.0, 150.0, False)


def test_nothing_left_is_refused(records: Path, procedure: Callable, save: Callable) -> None:
    path = save(procedure().increments(6).end())
    answer = ask(records, path.name)
    assert (answer.allowed_ul, answer.predecessor) == (0.0, None)
    assert "0.30 mL of 0.30 mL" in answer.why


def test_none_after_suspected_extravasation_even_if_that_was_not_the_latest(
    records: Path, procedure: Callable, save: Callable
) -> None:
    first = save(procedure().increments(1).end("PAIN_STOP", ["EXTRAVASATION_SUSPECTED"]), hour=9)
    second = save(procedure(predecessor=first.name).increments(1).end(), hour=10)
    for named in (None, first.name, second.name):
        answer = ask(records, named)
        assert answer.allowed_ul == 0.0
        assert answer.why == f"Refused: {first.name} has suspected extravasation in this duct."


@pytest.mark.parametrize("change", [{"patient": "P2"}, {"duct": "right 1"}])
def test_a_predecessor_elsewhere_is_refused(records: Path, procedure: Callable, save: Callable, change: dict[str, str]) -> None:
    path = save(procedure(**change).increments(1).end())
    answer = ask(records, path.name)
    assert answer.allowed_ul == 0.0
    assert "not of duct left 2 of patient P1" in answer.why


def test_what_the_predecessor_continues_counts_from_another_day_too(records: Path, procedure: Callable, save: Callable) -> None:
    first = save(procedure(day="2026-11-21", started_utc="2026-11-21T22:50:00Z").increments(2).end(), hour=22, day="20261121")
    second = save(procedure(predecessor=first.stem).increments(1).end(), hour=0)
    answer = ask(records, second)
    assert (answer.allowed_ul, answer.used_max_ul) == (150.0, 150.0)
    answer = ask(records, first)
    assert second.name in answer.why
    first.unlink()
    answer = ask(records, second)
    assert answer.why == f"Refused: there is no record {first.name} to continue."


def test_a_ring_of_predecessors_is_refused(records: Path, procedure: Callable, save: Callable) -> None:
    first = save(procedure(predecessor="20261122T100000Z-00000000").increments(1).end(), hour=9)
    save(procedure(predecessor=first.name).increments(1).end(), hour=10)
    assert "continues a record that continues it" in ask(records, first).why


def test_a_simulated_run_is_a_new_patient_unless_it_names_a_predecessor(
    records: Path, procedure: Callable, save: Callable, tmp_path: Path
) -> None:
    path = save(procedure(patient="simulated 7", duct="sim").increments(4).end())
    new = ask(records, patient=None, duct=None)
    assert (new.allowed_ul, new.used_max_ul, new.patient) == (300.0, 0.0, None)
    for directory in (records, tmp_path / "elsewhere"):
        further = ask(directory, path, patient=None, duct=None)
        assert (further.allowed_ul, further.patient, further.duct) == (100.0, "simulated 7", "sim")


def test_bad_questions_are_errors(records: Path) -> None:
    for cap_ul in (300.1, 0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="cap"):
            ask(records, cap_ul=cap_ul)
    with pytest.raises(ValueError, match="duct"):
        ask(records, patient=None)
    with pytest.raises(ValueError, match="isoformat"):
        ask(records, day="today")
    for named in ("none", "", "/", "a/b"):
        assert ask(records, named).allowed_ul == 0.0


@given(volumes=st.lists(st.floats(0.0, 50.0), max_size=12), cap_ul=st.floats(1.0, 300.0))
def test_used_and_allowed_never_exceed_the_cap_together(
    tmp_path_factory: pytest.TempPathFactory, volumes: list[float], cap_ul: float
) -> None:
    records = tmp_path_factory.mktemp("records")
    recorder = MemoryRecorder()
    whose = {"kind": "bench", "patient": "P1", "duct": "left 2", "day": DAY, "started_utc": "2026-11-22T09:00:00Z"}
    recorder.put("header", 0.0, whose)
    for number, volume_ul in enumerate(volumes):
        body = {"motion": number, "into": "patient", "direction": "infuse", "volume_ul": volume_ul, "rate_ul_s": 5.0}
        recorder.put("intent", 0.0, body)
    recorder.save(records / "a.sqlite")
    answer = ask(records, "a", cap_ul=cap_ul)
    assert 0.0 <= answer.allowed_ul <= max(0.0, cap_ul - sum(volumes) + 1e-9)
    assert answer.used_max_ul == pytest.approx(sum(volumes))


# records that can not be trusted


def test_an_unreadable_record_refuses_where_it_might_matter(records: Path, procedure: Callable, save: Callable) -> None:
    path = save(procedure().increments(1).end(), hour=9)
    for name, matters in [
        ("20261121T120000Z-00000001.sqlite", True),
        ("20261123T120000Z-00000001.sqlite", True),
        ("20261120T120000Z-00000001.sqlite", False),
        ("copy.sqlite", True),
    ]:
        broken = records / name
        broken.write_text("broken " * 2000)
        answer = ask(records, path)
        if matters:
            assert answer.allowed_ul == 0.0
            assert name in answer.why
            with pytest.raises(RecordError, match=name):
                day_total(records, "P1", "left 2", DAY)
        else:
            assert answer.allowed_ul == 250.0
            assert name in answer.ignored[0]
        broken.unlink()


def test_a_record_without_a_single_entry_holds_no_dose(records: Path, procedure: Callable, save: Callable) -> None:
    path = save(procedure().increments(1).end())
    (records / "20261122T100000Z-00000001.sqlite").write_bytes(b"")
    RecordStore.create(records / "20261122T110000Z-00000001.sqlite").close()
    assert ask(records, path).allowed_ul == 250.0


def test_a_record_that_was_tampered_with_refuses(records: Path, procedure: Callable, save: Callable) -> None:
    other = save(procedure(patient="P2").increments(1).end(), hour=8)
    path = save(procedure().increments(1).end(), hour=9)
    tamper(other)  # it may have been of this patient
    answer = ask(records, path)
    assert answer.allowed_ul == 0.0
    assert f"{other.name} is not what was written" in answer.why
    other.unlink()
    tamper(path)
    assert "is not what was written" in ask(records, path).why
    assert "is not what was written" in ask(records).why


def test_a_malformed_record_of_another_patient_does_not_refuse(records: Path, procedure: Callable, save: Callable) -> None:
    other = save(procedure(patient="P2").increments(1).end(), hour=8)
    rewrite(other, "intent", {"motion": 1})
    assert ask(records).allowed_ul == 300.0
    assert ask(records, patient="P2").allowed_ul == 0.0


def test_a_record_that_lost_its_wal_file_refuses(records: Path) -> None:
    path = records / "20261122T090000Z-00000000.sqlite"
    store = RecordStore.create(path)
    store._connection.close()
    for side in side_files(path):
        side.unlink(missing_ok=True)
    assert ask(records).allowed_ul == 0.0


# what to tell at the next start


def test_records_without_an_end_are_told(records: Path, procedure: Callable, save: Callable) -> None:
    save(procedure().increments(1).end(), hour=8)
    calm = save(procedure().increments(1), hour=9)
    made = procedure().increments(2)
    made.intent(40.0)
    cut = save(made, hour=10)
    broken = records / "20261122T110000Z-00000000.sqlite"
    broken.write_text("broken " * 2000)
    found = unclosed(records)
    assert [item.record for item in found] == [calm.name, cut.name, broken.name]
    assert found[0].text == (
        f"{calm.name} has no end; no motion is uncertain; in all between 50.0 and 50.0 uL went into the patient."
    )
    assert "uncertain: motion 3: between 0.0 and 40.0 uL; in all between 100.0 and 140.0 uL" in found[1].text
    assert found[1].dose is not None
    assert found[1].dose.max_ul == 140.0
    assert "what it delivered is not known" in found[2].text
    assert found[2].dose is None
    assert unclosed(records / "none") == []
