"""A record played is what a window got while it was made: the same notes, the same dials, forth and back, and no end invented."""

import json
import sqlite3
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from controller.bedside.playing import NOT_CLOSED, VIEW_S, Player
from controller.record.errors import RecordError
from controller.virtual.building import scenario_procedure, virtual_profile
from controller.virtual.overrides import scenario_overrides
from controller.virtual.procedure import virtual_header
from simulators.scenario import load_scenario


class Watching:
    """A screen that keeps all it is sent (controller.loop.Screen)."""

    looks = True

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def fileno(self) -> int | None:
        return None

    def send(self, message: dict[str, object]) -> bool:
        self.messages.append(json.loads(json.dumps(message)))
        return True

    def receive(self) -> list[dict[str, object]]:
        return []

    def mend(self, *, may_start: bool) -> str | None:
        return None


@cache
def made(folder: Path, name: str) -> tuple[Path, list[dict[str, Any]]]:
    """A scenario's record, from virtual time, and what a screen was sent while it was made."""
    scenario = load_scenario(name)
    loaded = virtual_profile("sim", scenario_overrides(scenario) | {"injection.target_ml": 0.05})
    procedure = scenario_procedure(scenario, loaded, header=virtual_header(loaded))
    screen = Watching()
    procedure.loop.move_to(procedure.world, procedure.recorder, [("simulated operator", procedure), ("screen", screen)])
    procedure.run()
    path = folder / f"{name}.sqlite"
    procedure.save(path)
    return path, screen.messages


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("records")


def of(messages: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [message for message in messages if message["type"] == kind]


def altered(path: Path, target: Path, *statements: str) -> Path:
    target.write_bytes(path.read_bytes())
    connection = sqlite3.connect(target)
    for statement in statements:
        assert connection.execute(statement).rowcount > 0
    connection.commit()
    connection.close()
    return target


def test_it_begins_with_where_the_window_stands(folder: Path) -> None:
    path, _ = made(folder, "nominal")
    with Player(path) as player:
        hello, history, view = player.begin()
    assert hello["type"] == "hello"
    assert (hello["replay"], hello["role"], hello["desk"], hello["simulated"]) == (True, "watcher", False, True)
    assert (hello["record"], hello["version"]) == (path.name, "virtual")
    assert history["notes"] == []
    assert view["snapshot"]["state"] in ("standby", "self_test")
    assert view["replay"] == {"t_s": 0.0, "duration_s": round(player.duration_s, 3)}


def test_notes_and_dials_are_those_that_a_screen_was_sent(folder: Path) -> None:
    path, seen = made(folder, "nominal")
    with Player(path) as player:
        played = player.begin() + player.until(player.duration_s)
    assert of(played, "note") == [{key: note[key] for key in ("type", "t_s", "text", "name")} for note in of(seen, "note")]
    snapshots = [view["snapshot"] for view in of(played, "view")]
    now = 0
    for was in of(seen, "snapshot"):
        while now + 1 < len(snapshots) and snapshots[now + 1]["t_s"] <= was["t_s"] + 0.001:
            now += 1
        near = snapshots[now]
        assert abs(near["t_s"] - was["t_s"]) <= VIEW_S + 0.01
        assert near["delivered_ml"] == pytest.approx(was["delivered_ml"], abs=0.0006), was["t_s"]
    assert [key for key in was if key not in snapshots[-1]] == []
    assert snapshots[-1]["hold_kpa"] == was["hold_kpa"]


def test_a_view_comes_every_tenth_of_a_second_of_the_record(folder: Path) -> None:
    path, _ = made(folder, "nominal")
    with Player(path) as player:
        player.begin()
        views = of(player.until(5.0), "view")
    times = [view["replay"]["t_s"] for view in views]
    assert times[-1] <= 5.0 < times[-1] + 0.11
    assert all(VIEW_S - 1e-6 <= later - sooner <= VIEW_S + 0.006 for sooner, later in pairwise(times))
    assert [view["n"] for view in views] == list(range(views[0]["n"], views[0]["n"] + len(views)))
    assert all(view["live"] and view["age_s"] == 0.0 for view in views)


def test_in_steps_it_is_the_same_as_at_once(folder: Path) -> None:
    path, _ = made(folder, "pain_button")
    with Player(path) as player:
        at_once = player.begin() + player.until(player.duration_s)
        in_steps = player.begin()
        for step in range(1, 1 + int(player.duration_s / 0.7) + 1):
            in_steps += player.until(0.7 * step)
        assert player.ended
    assert in_steps == at_once
    times = [message["t_s"] for message in at_once if message["type"] == "note"]
    assert times == sorted(times)


def test_the_end_is_the_records_own_and_comes_once(folder: Path) -> None:
    path, _ = made(folder, "pain_button")
    with Player(path) as player:
        player.begin()
        played = player.until(1e9)
        (end,) = of(played, "end")
        assert player.until(2e9) == []
    assert (end["reason"], end["exit"], end["t_s"]) == ("PAIN_STOP", 3, player.duration_s)
    last = of(played, "view")[-1]
    assert (last["live"], last["health"]["control"]) == (False, "none")
    assert last["imaging_since_s"] > 0.0


def test_the_alarm_of_a_stop_is_shown_from_its_cause_on(folder: Path) -> None:
    path, _ = made(folder, "pain_button")
    with Player(path) as player:
        views = of(player.begin() + player.until(1e9), "view")
        before = [view for view in views if view["alarm"] is None]
        alarmed = views[len(before) :]
    assert before
    assert alarmed
    assert all(view["alarm"] is not None for view in alarmed), "it stays"
    assert {view["alarm"]["reason"] for view in alarmed} == {"PAIN_STOP"}
    assert alarmed[0]["snapshot"]["state"] in ("stopping", "relieving")


def test_forth_and_back(folder: Path) -> None:
    path, _ = made(folder, "pain_button")
    with Player(path) as player:
        player.begin()
        straight = player.until(15.0)
        after = player.until(16.0)
        history, view = player.seek(15.0)
        assert view["replay"]["t_s"] == 15.0
        assert history["notes"] == of(straight, "note")
        points = [point for point in history["points"] if point[0] > 0.1]
        assert [point[0] for point in points] == [view["snapshot"]["t_s"] for view in of(straight, "view")][-len(points) :]
        shown = ("note", "view")
        again = [{**message, "n": 0} for message in player.until(16.0) if message["type"] in shown]
        assert again == [{**message, "n": 0} for message in after if message["type"] in shown]
        history, end, view = player.seek(1e9)
        assert (end["type"], end["reason"], view["live"]) == ("end", "PAIN_STOP", False)
        assert [message["type"] for message in player.seek(0.0)] == ["history", "view"]
        assert not player.ended


def test_a_record_without_an_end_is_given_none(folder: Path) -> None:
    path, _ = made(folder, "host_killed")
    with Player(path) as player:
        warnings = [note["text"] for note in player.begin()[1]["notes"]]
        played = player.until(1e9)
        assert player.ended
    assert any("not closed" in text for text in warnings)
    assert of(played, "end") == []
    assert of(played, "note")[-1]["text"] == NOT_CLOSED
    assert of(played, "view")[-1]["health"]["control"] == "gone"
    assert of(played, "view")[-1]["live"] is False


def test_a_record_that_is_not_as_it_was_written_says_so_first(folder: Path, tmp_path: Path) -> None:
    path, _ = made(folder, "pain_button")
    odd = altered(
        path, tmp_path / "odd.sqlite", "UPDATE entries SET body = replace(body, 'PAIN_STOP', 'REFLUX') WHERE kind = 'end'"
    )
    with Player(odd) as player:
        notes = player.begin()[1]["notes"]
    assert notes[0]["text"].startswith("this record is NOT as it was written")
    assert notes[0]["t_s"] == 0.0


def played_whole(path: Path) -> list[dict[str, Any]]:
    with Player(path) as player:
        return player.begin() + player.until(1e9)


BROKEN = {
    "no record at all": ["UPDATE entries SET body = '{}' WHERE kind = 'header'"],
    "another configuration": ["UPDATE entries SET body = replace(body, 'conray-60', 'isovue-200') WHERE kind = 'header'"],
    "inputs without cycles": ["UPDATE entries SET body = '{}' WHERE kind = 'inputs' AND seq > 200"],
    "cycles that are none": ["UPDATE entries SET body = '{\"cycles\":[[]]}' WHERE kind = 'inputs' AND seq > 200"],
    "times that are words": ["UPDATE entries SET body = '{\"cycles\":[[\"soon\"]]}' WHERE kind = 'inputs' AND seq > 200"],
    "no text": ["UPDATE entries SET body = 'inputs' WHERE kind = 'inputs' AND seq > 200"],
}


@pytest.mark.parametrize("statements", BROKEN.values(), ids=BROKEN)
def test_what_can_not_be_played_is_refused_in_a_sentence(statements: list[str], folder: Path, tmp_path: Path) -> None:
    path, _ = made(folder, "pain_button")
    broken = altered(path, tmp_path / "broken.sqlite", *statements)
    with pytest.raises(RecordError) as refused:
        played_whole(broken)
    said = str(refused.value)
    assert len(said) > 20
    assert "Traceback" not in said


@pytest.mark.parametrize("content", [None, b"", b"broken " * 1000])
def test_what_is_no_record_is_refused_in_a_sentence(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "broken.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordError, match="broken"):
        Player(path)


def test_the_record_is_left_as_it_is(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite"
    path.write_bytes(made(folder, "pain_button")[0].read_bytes())
    before = path.read_bytes()
    with Player(path) as player:
        player.begin()
        player.seek(1e9)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
