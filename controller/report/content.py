"""What stands in a report, as plain text: everything that is read out of a record before anything is laid out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controller.banner import BANNER
from controller.core.reasons import Reason, alarm_priority
from controller.record.dose import Identity, identity
from controller.record.errors import RecordError
from controller.record.listing import Shown, show
from controller.record.reader import Entry, open_record
from controller.replay import configuration
from controller.report.curves import Curves, curves_of
from controller.report.people import after_rows, setup_rows
from controller.settings import LoadedProfile

UNKNOWN = "not in the record"
_TOLD = ("state", "stop_cause", "good_end", "increment_done", "hold_result", "hold_repeated", "relieved", "relief_dropped",
         "relief_interrupted", "pump_stopped", "zero", "line_measured", "primed", "button_proved", "answer", "operator",
         "closed_tip")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, the columns' names (none for pairs of name and value), and rows of text."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """warnings: what a reader has to know before anything else. headline: how it ended, in one sentence."""

    title: str
    banner: str
    headline: str
    warnings: tuple[str, ...]
    tables: tuple[Table, ...]
    curves: Curves
    limits_kpa: tuple[float, float]
    hold_kpa: tuple[float, ...]
    causes: tuple[tuple[float, str], ...] = field(default=())
    """When there were causes to stop, and which."""


def report_of(path: Path) -> Report:
    """Raises RecordError where the record can not be read, or not by this version."""
    try:
        return _report_of(path)
    except (AttributeError, LookupError, TypeError, ValueError) as error:  # what no version of the host has written
        raise RecordError(f"{path.name} holds something that no report can be made of: {type(error).__name__} {error}") from error


def _report_of(path: Path) -> Report:
    shown = show(path)
    with open_record(path) as record:
        loaded, _ = configuration(record)
        who = identity(record)
        curves = curves_of(record)
    header, end = shown.header, shown.end
    events = [entry for entry in shown.story if entry.kind == "event"]
    causes = tuple((entry.t_s, str(entry.body.get("reason"))) for entry in _named(events, "stop_cause"))
    hold_kpa = tuple(float(entry.body["kpa"]) for entry in _named(events, "hold_result"))
    findings, cared = after_rows(path.name, shown.story, end or {}, who.day)
    return Report(
        title=f"Procedure {path.stem}",
        banner=str(header.get("banner") or BANNER),
        headline=_headline(end),
        warnings=_warnings(shown),
        tables=(
            _pairs("Whose, and when", _whose(header, who)),
            _pairs("Result", _result(shown)),
            *_if_any("Findings", findings),
            *_if_any("After-care", cared),
            *_if_any("Set-up", setup_rows(header, loaded)),
            _increments(shown.story, hold_kpa),
            _alarms(events),
            _pairs("Line and contrast", _line(loaded, events)),
            _pairs("Plan and limits", _plan(loaded)),
            _pairs("Devices and software", _devices(curves, shown)),
            _happened(events),
        ),
        curves=curves,
        limits_kpa=(loaded.profile.limits.line_kpa, loaded.profile.limits.duct_kpa),
        hold_kpa=hold_kpa,
        causes=causes,
    )


def words_of(reason: object) -> str:
    """A reason by its name, in words; the name itself where this version does not know it."""
    try:
        return Reason[str(reason)].value
    except KeyError:
        return f"{reason} (unknown to this version)"


def _headline(end: dict[str, Any] | None) -> str:
    if end is None:
        return "NOT CLOSED: how it ended is not in the record"
    return f"{end.get('reason')}: {words_of(end.get('reason'))}"


def _warnings(shown: Shown) -> tuple[str, ...]:
    breaches = [problem.text for problem in shown.problems if problem.breach]
    notes = [problem.text for problem in shown.problems if not problem.breach]
    found = [f"This record is NOT as it was written: {text}" for text in breaches]
    found += [f"Of this record: {text}" for text in notes]
    if shown.dose_problem is not None:
        found.append(f"What was delivered can not be told: {shown.dose_problem}")
    elif shown.dose is not None and shown.dose.uncertain:
        found.append("What was delivered is known within bounds only")
    return tuple(found)


def _whose(header: dict[str, Any], who: Identity) -> dict[str, str]:
    return {
        "patient (pseudonym)": who.patient,
        "duct": who.duct,
        "day": who.day.isoformat(),
        "begun (UTC)": who.started_utc.strftime("%Y-%m-%d %H:%M:%S"),
        "the system's clock": str((header.get("clock") or {}).get("text", UNKNOWN)),
        "continues": who.predecessor or "no earlier record",
        "kind": f"{who.kind}, {'SIMULATED devices' if header.get('simulated') else 'real devices'}",
    }


def _happened(events: Sequence[Entry]) -> Table:
    rows = tuple(
        (f"{entry.t_s:.2f}", f"{_state(entry)}{entry.body.get('text', '')}")
        for entry in events
        if entry.body.get("name") in _TOLD
    )
    return Table("What happened", ("s", "what"), rows)


def _state(entry: Entry) -> str:
    return f"now {entry.body['state']}: " if "state" in entry.body else ""


def _result(shown: Shown) -> dict[str, str]:
    end = shown.end or {}
    dose = shown.dose
    volume = "can not be told"
    if dose is not None:
        low, high = f"{dose.min_ul / 1000:.2f}", f"{dose.max_ul / 1000:.2f}"
        volume = f"{high} mL" if low == high else f"between {low} and {high} mL"
    also = ", ".join(f"{name} ({words_of(name)})" for name in end.get("also") or []) or "nothing else"
    peak = end.get("peak_line_kpa")
    return {
        "reason": _headline(shown.end),
        "in its own words": str(end.get("text", UNKNOWN)),
        "also": also if shown.end is not None else UNKNOWN,
        "into the patient": volume,
        "taken back by relief": f"{end['withdrawn_ml'] * 1000:.1f} µL" if "withdrawn_ml" in end else UNKNOWN,
        "increments": str(end.get("increments", UNKNOWN)),
        "highest line pressure, armed": UNKNOWN if peak is None else f"{peak:.1f} kPa",
        "duration": f"{end['duration_s']:.1f} s" if "duration_s" in end else UNKNOWN,
    }


def _increments(story: Sequence[Entry], hold_kpa: Sequence[float]) -> Table:
    ends = {entry.body.get("motion"): entry.body for entry in story if entry.kind == "motion_end"}
    infused = [entry for entry in story if entry.kind == "intent" and entry.body.get("into") == "patient"]
    rows = []
    for number, intent in enumerate(infused, 1):
        body, done = intent.body, ends.get(intent.body.get("motion"))
        volume = "not known" if done is None else _volumes(float(done["infused_min_ul"]), float(done["infused_max_ul"]))
        hold = f"{hold_kpa[number - 1]:.2f}" if number <= len(hold_kpa) else "-"
        rows.append((str(number), f"{intent.t_s:.1f}", f"{body['volume_ul']:.0f}", f"{body['rate_ul_s']:g}", volume, hold))
    columns = ("increment", "ordered at (s)", "ordered (µL)", "rate (µL/s)", "went in (µL)", "zero-flow pressure (kPa)")
    return Table("Increments", columns, tuple(rows))


def _volumes(low_ul: float, high_ul: float) -> str:
    low, high = f"{low_ul:.1f}", f"{high_ul:.1f}"
    return high if low == high else f"{low} to {high}"


def _alarms(events: Sequence[Entry]) -> Table:
    rows = []
    for entry in _named(events, "stop_cause"):
        name = str(entry.body.get("reason"))
        priority = alarm_priority(Reason[name]) if name in Reason.__members__ else None
        rows.append((f"{entry.t_s:.2f}", priority or "-", str(entry.body.get("text"))))
    return Table("Causes to stop and alarms", ("s", "priority", "what"), tuple(rows))


def _line(loaded: LoadedProfile, events: Sequence[Entry]) -> dict[str, str]:
    line, parts = loaded.profile.line, loaded.parts
    measured = [str(entry.body.get("text")) for entry in _named(events, "line_measured")]
    calibrated = UNKNOWN if line.lot_bore_mm is None else f"bore {line.lot_bore_mm:g} mm"
    return {
        "contrast": f"{parts.agent.name} ({parts.agent.iodine_mg_ml:g} mg iodine/mL), {line.temperature_c:g} °C",
        "syringe": f"{parts.syringe.name}, filled with {line.fill_ml:.2f} mL",
        "cannula": parts.cannula.name,
        "calibration of its lot": calibrated if line.lot_bore_mm is not None else "none",
        "tube": parts.tube.name,
        "measured in priming": measured[-1] if measured else UNKNOWN,
    }


def _plan(loaded: LoadedProfile) -> dict[str, str]:
    injection, limits = loaded.profile.injection, loaded.profile.limits
    return {
        "target": f"{injection.target_ml:.2f} mL in increments of {injection.increment_ml:.2f} mL",
        "rate": f"{injection.rate_ul_s:g} µL/s",
        "line pressure, at most": f"{limits.line_kpa:g} kPa",
        "duct at zero flow, at most": f"{limits.duct_kpa:g} kPa",
        "next increment": "by itself" if injection.advance == "auto" else "when the operator says so",
    }


def _devices(curves: Curves, shown: Shown) -> dict[str, str]:
    header = shown.header
    host = [entry.body for entry in shown.story if entry.kind == "host"]
    late = next(
        (f"{body['latest_ms']:.1f} ms ({body['ran'] or 'nothing'})" for body in reversed(host) if "latest_ms" in body), UNKNOWN
    )
    measures: dict[str, list[Any]] = next((body["real_time"] for body in host if "real_time" in body), {})
    without = [f"{name}: {text}" for name, (had, text) in measures.items() if not had]
    return {
        "pump": curves.pump or UNKNOWN,
        "pressure transmitter": curves.pressure or UNKNOWN,
        "software": f"ductoject {header.get('version')}, Python {header.get('python', UNKNOWN)}",
        "profile": f"{header.get('profile')}, SHA-256 {header.get('configuration_hash')}",
        "kept on time": ("; ".join(without) if without else "all measures taken") if measures else UNKNOWN,
        "latest cycle": late,
        "last entry of the record": f"SHA-256 {shown.last_hash}",
    }


def _named(events: Sequence[Entry], name: str) -> list[Entry]:
    return [entry for entry in events if entry.body.get("name") == name]


def _if_any(heading: str, rows: tuple[tuple[str, str], ...]) -> tuple[Table, ...]:
    """Procedures that were begun without a page have nothing to say here."""
    return (Table(heading, (), rows),) if rows else ()


def _pairs(heading: str, pairs: dict[str, str]) -> Table:
    return Table(heading, (), tuple(pairs.items()))


__all__ = ["RecordError", "Report", "Table", "report_of", "words_of"]
