"""The chain: whatever was changed, removed, inserted or moved is found."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import astuple, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.record.chain import GENESIS, RawEntry, canonical_json, entry_hash, make_entry
from controller.record.listing import verify_file
from controller.record.reader import StoredRow
from controller.record.verify import Problem, check_rows

BODIES = [
    ("header", {"patient": "P1"}),
    ("inputs", {"cycles": [1.25, "0a", None]}),
    ("intent", {"motion": 1, "volume_ul": 50.0}),
    ("motion_end", {"motion": 1}),
    ("event", {"name": "x", "text": "weiß \u2028"}),
    ("end", {"reason": "DUCT_FULL"}),
]


def chained(bodies: list[tuple[str, dict[str, object]]]) -> list[StoredRow]:
    rows, previous = [], GENESIS
    for seq, (kind, body) in enumerate(bodies, start=1):
        entry = make_entry(seq, seq / 8, kind, body)
        previous = entry_hash(previous, entry)
        rows.append(StoredRow(*astuple(entry), previous))
    return rows


ROWS = chained(BODIES)


def breaches(rows: list[StoredRow]) -> list[Problem]:
    return [problem for problem in check_rows(rows) if problem.breach]


def test_a_whole_closed_record_has_no_problem() -> None:
    assert list(check_rows(ROWS)) == []


def test_the_first_hash_is_what_the_documentation_says() -> None:
    # printf 'ductoject record, format 1' | sha256sum; printf '%s\n[1,0.5,"header",{"a":1,"b":"\\u00e9"}]' GENESIS | sha256sum
    assert GENESIS == "886d91f787571d051acf5eab7c275f6c041e88dfd472245bed0638a7f63c0854"
    entry = make_entry(1, 0.5, "header", {"b": "é", "a": 1})
    assert entry_hash(GENESIS, entry) == "6d22d683537680e28ac735ca8a1166441e6ef41b66b19cc60620d11e5377f279"


@given(index=st.integers(0, len(ROWS) - 1), field=st.sampled_from(["body", "hash", "kind"]), data=st.data())
def test_any_changed_character_is_found(index: int, field: str, data: st.DataObject) -> None:
    text = getattr(ROWS[index], field)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters().filter(lambda character: character != text[at]))
    rows = list(ROWS)
    rows[index] = replace(ROWS[index], **{field: text[:at] + other + text[at + 1 :]})
    assert breaches(rows)


@given(index=st.integers(0, len(ROWS) - 1), t_s=st.floats() | st.integers() | st.none() | st.text())
def test_any_changed_time_is_found(index: int, t_s: object) -> None:
    rows = list(ROWS)
    if t_s != ROWS[index].t_s:
        rows[index] = replace(ROWS[index], t_s=t_s)
        assert breaches(rows)


@given(index=st.integers(0, len(ROWS) - 1), count=st.integers(1, 3))
def test_removed_entries_are_found(index: int, count: int) -> None:
    rows = ROWS[:index] + ROWS[index + count :]
    if index + count < len(ROWS):
        assert breaches(rows)
    else:
        # all that a cut tail leaves is the missing end
        assert "not closed" in list(check_rows(rows))[-1].text


@given(index=st.integers(0, len(ROWS) - 1), renumber=st.booleans())
def test_a_removed_entry_is_found_even_if_the_rest_is_renumbered(index: int, renumber: bool) -> None:
    rows = ROWS[:index] + [replace(row, seq=seq) for seq, row in enumerate(ROWS[index + 1 :], start=index + 1)]
    assert list(check_rows(rows))


@given(index=st.integers(0, len(ROWS)))
def test_an_inserted_entry_is_found_even_with_a_right_hash(index: int) -> None:
    previous = ROWS[index - 1].hash if index else GENESIS
    entry = make_entry(index + 1, 0.0, "event", {"name": "forged"})
    forged = StoredRow(*astuple(entry), entry_hash(str(previous), entry))
    rows = [*ROWS[:index], forged, *(replace(row, seq=seq) for seq, row in enumerate(ROWS[index:], start=index + 2))]
    assert breaches(rows)


@given(order=st.permutations(range(len(ROWS))), renumber=st.booleans())
def test_any_other_order_is_found(order: list[int], renumber: bool) -> None:
    rows = [ROWS[index] for index in order]
    if renumber:
        rows = [replace(row, seq=seq) for seq, row in enumerate(rows, start=1)]
    if order != sorted(order):
        assert breaches(rows)


def test_one_change_is_one_problem_at_its_place() -> None:
    rows = list(ROWS)
    rows[2] = replace(ROWS[2], body='{"motion":1,"volume_ul":40.0}')
    assert [(problem.seq, problem.breach) for problem in check_rows(rows)] == [(3, True)]


def test_a_body_that_says_the_same_in_another_spelling_is_a_breach() -> None:
    entry = RawEntry(1, 0.0, "header", '{"b": 1, "a": 2}')
    row = StoredRow(*astuple(entry), entry_hash(GENESIS, entry))
    assert [problem.text for problem in check_rows([row]) if problem.breach] == [
        "the body of entry 1 is not a canonical JSON object"
    ]


@pytest.mark.parametrize("body", ["[1]", "3", "{", '{"a":NaN}', '{"a":1e999}', '{"a":1,"a":1}', "[" * 100_000, ""])
def test_a_body_that_is_no_canonical_object_is_a_breach(body: str) -> None:
    entry = RawEntry(1, 0.0, "header", body)
    assert breaches([StoredRow(*astuple(entry), entry_hash(GENESIS, entry))])


def test_no_entries_no_header_two_headers_and_more_after_the_end_are_breaches() -> None:
    assert [problem.text for problem in breaches([])] == ["there are no entries, not even a header"]
    assert [problem.seq for problem in breaches(chained(BODIES[1:]))] == [1]
    assert [problem.seq for problem in breaches(chained([BODIES[0], BODIES[0], BODIES[-1]]))] == [2]
    assert [problem.seq for problem in breaches(chained([BODIES[0], BODIES[-1], BODIES[-1]]))] == [3]


def test_an_open_motion_and_a_missing_end_are_notes() -> None:
    found = list(check_rows(chained(BODIES[:3])))
    assert [(problem.seq, problem.breach) for problem in found] == [(3, False), (None, False)]
    assert "motion 1" in found[0].text
    assert "not closed" in found[1].text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_canonical_json_survives_being_read_and_spelled_again(value: object) -> None:
    text = canonical_json(value)
    assert text.isascii()
    assert "\n" not in text
    assert canonical_json(json.loads(text)) == text


@pytest.mark.parametrize(
    ("seq", "t_s", "kind", "body"),
    [
        (0, 0.0, "event", {}),
        (True, 0.0, "event", {}),
        (1, float("nan"), "event", {}),
        (1, float("inf"), "event", {}),
        (1, "0", "event", {}),
        (1, 0.0, "Event", {}),
        (1, 0.0, "event\n", {}),
        (1, 0.0, None, {}),
        (1, 0.0, "event", [1]),
        (1, 0.0, "event", {"a": float("nan")}),
        (1, 0.0, "event", {"a": object()}),
    ],
)
def test_what_can_not_be_stored_is_refused(seq: object, t_s: object, kind: object, body: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        make_entry(seq, t_s, kind, body)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entries SET body = CAST(X'7B22FF223A317D' AS TEXT) WHERE seq = 3",
        "UPDATE entries SET hash = upper(hash) WHERE seq = 4",
        "UPDATE entries SET t_s = t_s + 1e-9 WHERE seq = 4",
        "UPDATE entries SET kind = 'event' WHERE seq = 3",
        "UPDATE entries SET body = X'00' WHERE seq = 2",
        "UPDATE entries SET t_s = 'soon' WHERE seq = 2",
        "DELETE FROM entries WHERE seq = 1",
        "DELETE FROM entries WHERE seq = 5",
        "INSERT INTO entries VALUES (0, 0.0, 'event', '{}', '')",
        "INSERT INTO entries VALUES (-9223372036854775808, 0.0, 'event', '{}', '')",
        "INSERT INTO entries SELECT max(seq) + 1, t_s, 'event', body, hash FROM entries",
        "UPDATE entries SET seq = seq + 1000",
    ],
)
def test_a_change_in_the_file_is_found(procedure: Callable, save: Callable, change: str) -> None:
    path = save(procedure().increments(2).end())
    assert verify_file(path) == []
    connection = sqlite3.connect(path)
    with connection:
        assert connection.execute(change).rowcount > 0
    connection.close()
    assert any(problem.breach for problem in verify_file(path))


def test_a_file_that_is_damaged_as_a_database_is_a_breach(procedure: Callable, save: Callable) -> None:
    path: Path = save(procedure().increments(40).end())
    content = bytearray(path.read_bytes())
    for page in range(2 * 4096, len(content), 4096):
        content[page : page + 100] = b"\xff" * 100
    path.write_bytes(content)
    assert any(problem.breach for problem in verify_file(path))
