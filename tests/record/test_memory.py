"""The recorder of virtual time behaves as the real one does towards the loop."""

from pathlib import Path

import pytest

from controller.record.client import RecorderClient
from controller.record.interface import LOST, Recorder
from controller.record.listing import verify_file
from controller.record.memory import MemoryRecorder


def test_both_recorders_are_recorders() -> None:
    kinds: list[type[Recorder]] = [MemoryRecorder, RecorderClient]
    promised = {name for name in vars(Recorder) if not name.startswith("_")}
    for kind in kinds:
        assert promised <= set(dir(kind))


def test_entries_are_acknowledged_on_the_next_pump() -> None:
    recorder = MemoryRecorder()
    assert recorder.oldest_unacked_age_s(5.0) == 0.0
    assert recorder.put("header", 1.0, {}) == 1
    assert recorder.put("event", 2.0, {}) == 2
    assert (recorder.durable_seq, recorder.oldest_unacked_age_s(5.0)) == (0, 4.0)
    recorder.pump(5.0)
    assert (recorder.durable_seq, recorder.oldest_unacked_age_s(5.0)) == (2, 0.0)
    assert recorder.finish(1.0)


def test_a_body_may_change_after_it_was_put() -> None:
    recorder = MemoryRecorder()
    body: dict[str, object] = {"volume_ul": 1.0}
    recorder.put("header", 0.0, body)
    body["volume_ul"] = 2.0
    assert recorder.entries[0].body == '{"volume_ul":1.0}'


def test_holding_and_failing() -> None:
    recorder = MemoryRecorder()
    recorder.holding = True
    recorder.put("header", 0.0, {})
    recorder.pump(0.1)
    assert recorder.durable_seq == 0
    assert not recorder.finish(1.0)
    recorder.fail("the disk is gone")
    recorder.fail("and more")
    assert recorder.trouble == "the disk is gone"
    assert recorder.put("event", 0.2, {}) == LOST
    recorder.holding = False
    assert not recorder.finish(1.0)


def test_what_can_not_be_recorded_is_trouble() -> None:
    recorder = MemoryRecorder()
    assert recorder.put("inputs", 0.0, {"pressure": float("nan")}) == LOST
    assert recorder.trouble is not None
    assert recorder.trouble.startswith("an entry can not be recorded")


def test_saved_it_is_a_closed_record(tmp_path: Path) -> None:
    recorder = MemoryRecorder()
    recorder.put("header", 0.0, {})
    recorder.put("end", 1.0, {"reason": "DUCT_FULL"})
    path = tmp_path / "a.sqlite"
    recorder.save(path)
    assert verify_file(path) == []


@pytest.mark.parametrize("recorder", [MemoryRecorder()])
def test_it_has_neither_process_nor_descriptor(recorder: MemoryRecorder) -> None:
    assert recorder.pid is None
    assert recorder.fileno() is None
