"""Replay: runs what a record says was heard through the same drivers and the same core, and compares what they decide.

A mismatch is a difference in any decision, event, intent, end of a motion, frame to the pump, or in the outcome.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controller.compose import build_station
from controller.core.core import Core
from controller.core.reasons import Reason
from controller.inputs import Inputs, sent_frames, unpack
from controller.record.chain import canonical_json
from controller.record.errors import RecordError
from controller.record.reader import Record, open_record
from controller.settings import ConfigError, LoadedProfile, build_profile
from controller.station import Outputs, Station
from drivers.link import OutputLines

COMPARED = ("decision", "event", "intent", "motion_end")
GREATEST_SHOWN = 20


@dataclass(slots=True)
class _Diary:
    """Keeps what the replayed station writes down, as the record would."""

    entries: list[tuple[str, float, str]] = field(default_factory=list)

    def put(self, kind: str, t_s: float, body: Mapping[str, object]) -> int:
        """Takes one entry."""
        self.entries.append((kind, t_s, canonical_json(body)))
        return len(self.entries)


@dataclass(slots=True)
class Replay:
    """What came of it. decisions: how many entries were compared; mismatches: sentences, the first ones only."""

    decisions: int
    mismatches: list[str]


def replay(path: Path) -> Replay:
    """Replays one record. Raises RecordError if it can not be read or is of another make."""
    with open_record(path) as record:
        return _replay(record)


def _replay(record: Record) -> Replay:
    loaded, simulated = configuration(record)
    return _replay_entries(loaded, ((entry.kind, entry.t_s, entry.body) for entry in record.entries()), record.end, simulated)


def configuration(record: Record) -> tuple[LoadedProfile, bool]:
    """With which profile a record was made, and whether its devices were simulated ones. Raises RecordError."""
    header = record.header
    try:
        loaded = build_profile(json.loads(str(header["configuration"]))["profile"], str(header["profile"]))
        simulated = bool(header["simulated"])
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        raise RecordError(f"{record.name}: its configuration can not be used by this version: {error}") from error
    if loaded.hash != header.get("configuration_hash"):
        raise RecordError(f"{record.name}: the configuration in it does not have the hash in it, or the catalogue has changed")
    return loaded, simulated


def relive(record: Record) -> Iterator[tuple[float, Core]]:
    """Runs a record through drivers and core, and gives time and core after every cycle: always the same core, as it is then.

    Raises RecordError.
    """
    loaded, simulated = configuration(record)
    station = build_station(loaded, Outputs(_no_write, _no_lines, _Diary()), simulated=simulated)
    for entry in record.entries(["inputs"]):
        for packed in entry.body["cycles"]:
            _run_cycle(station, packed, entry.t_s, [])
            yield packed[0] / 1e6, station.core


def replay_heard(
    loaded: LoadedProfile, heard: Iterable[tuple[str, float, Mapping[str, Any] | str]], end: Mapping[str, Any] | None
) -> list[str]:
    """Replays what a recorder still has in memory (kind, time, body as an object or as its text) and returns the mismatches."""
    return _replay_entries(loaded, heard, end, simulated=True).mismatches


def _replay_entries(
    loaded: LoadedProfile,
    entries: Iterable[tuple[str, float, Mapping[str, Any] | str]],
    end: Mapping[str, Any] | None,
    simulated: bool,
) -> Replay:
    diary = _Diary()
    station = build_station(loaded, Outputs(_no_write, _no_lines, diary), simulated=simulated)
    found: list[str] = []
    recorded: list[tuple[str, float, str]] = []
    heard_us = 0
    for kind, t_s, body in entries:
        if kind == "inputs" and not isinstance(body, str):
            _run_batch(station, body["cycles"], t_s, found)
            heard_us = int(body["cycles"][-1][0]) if body["cycles"] else heard_us
        elif kind in COMPARED:
            recorded.append((kind, t_s, body if isinstance(body, str) else canonical_json(body)))
    if end is None:
        # Inputs are written in batches. Of a process that has died the last batch is missing, not the decisions that came of it.
        recorded = [entry for entry in recorded if entry[1] * 1e6 <= heard_us + 0.5]
    _compare(recorded, diary.entries, found)
    if end is not None and station.outcome is not None:
        _compare_outcome(end, station.outcome, found)
        if len(diary.entries) > len(recorded):
            found.append(
                f"the record ends after {len(recorded)} entries, the replay goes on: {_shown(diary.entries[len(recorded)])}"
            )
    elif end is not None and end.get("reason") != Reason.HOST_ERROR.name and Reason.HOST_ERROR.name not in end.get("also", []):
        found.append(f"the record ends with {end.get('reason')}, the replay does not end")
    return Replay(decisions=len(recorded), mismatches=found[:GREATEST_SHOWN])


def _run_batch(station: Station, cycles: list[list[Any]], t_s: float, found: list[str]) -> None:
    for packed in cycles:
        _run_cycle(station, packed, t_s, found)


def _run_cycle(station: Station, packed: list[Any], t_s: float, found: list[str]) -> None:
    try:
        inputs = unpack(packed)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise RecordError(f"inputs of {t_s:.6f} s that can not be read: {error}") from error
    if inputs.halted:
        station.halt(inputs.now_us / 1e6)
        _compare_sent(station, inputs, packed, found)
        return
    raised = _step(station, inputs)
    if raised is not None and not inputs.raised:
        found.append(f"at {inputs.now_us / 1e6:.6f} s: the replay raises {raised}, the procedure did not")
    if inputs.raised:
        station.emergency_stop(inputs.now_us / 1e6)
    _compare_sent(station, inputs, packed, found)


def _compare_sent(station: Station, inputs: Inputs, packed: list[Any], found: list[str]) -> None:
    if (station.sent or len(packed) > 1) and station.sent != sent_frames(packed):
        found.append(f"at {inputs.now_us / 1e6:.6f} s: the pump was told {sent_frames(packed)}, the replay says {station.sent}")


def _step(station: Station, inputs: Inputs) -> str | None:
    try:
        station.step(inputs)
    except Exception as error:  # noqa: BLE001 - a procedure that ended in an error has to be replayed too
        return f"{type(error).__name__}: {error}"
    return None


def _compare(recorded: list[tuple[str, float, str]], replayed: list[tuple[str, float, str]], found: list[str]) -> None:
    # What was decided in the very last moments of a process that was killed is known from its inputs, and may be one more.
    for index, was in enumerate(recorded):
        now = replayed[index] if index < len(replayed) else None
        if was != now:
            found.append(f"entry {index + 1} of those compared: recorded {_shown(was)}, replayed {_shown(now)}")
            return


def _compare_outcome(recorded: Mapping[str, Any], replayed: dict[str, object], found: list[str]) -> None:
    for key, value in replayed.items():
        if key in ("also", "exit"):  # the recorder's own last word may have been added
            continue
        if canonical_json({"value": recorded.get(key)}) != canonical_json({"value": value}):
            found.append(f"end: {key} was {recorded.get(key)!r}, the replay says {value!r}")


def _shown(entry: tuple[str, float, str] | None) -> str:
    return "nothing" if entry is None else f"{entry[0]} at {entry[1]:.6f} s {entry[2][:200]}"


def _no_write(_name: str, _frame: bytes) -> None:
    pass


def _no_lines(_wanted: OutputLines) -> None:
    pass
