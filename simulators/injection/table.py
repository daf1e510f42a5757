"""The catalogue as tables for people (docs/faults.md)."""

from simulators.injection.catalogue import Catalogue, Entry
from simulators.injection.phases import PHASES, SENTENCES

_LAYERS = {
    "wire": "Wires",
    "device": "Devices",
    "patient": "The line, the duct, the patient, and people",
    "host": "The host",
}
_HEAD = (
    "| fault | what happens | act | lasts | phases | ends forward motion within | hinders the stop | because |\n"
    "|---|---|---|---|---|---|---|---|"
)


def as_table(catalogue: Catalogue) -> str:
    """Phases and faults in Markdown, one table for each layer."""
    lines = ["### Phases", "", "| phase | when |", "|---|---|"]
    lines += [f"| {phase} | {SENTENCES[phase]} |" for phase in PHASES]
    for layer, title in _LAYERS.items():
        rows = [_row(name, catalogue[name]) for name in catalogue if catalogue[name].layer == layer]
        if rows:
            lines += ["", f"### {title}", "", _HEAD, *rows]
    return "\n".join(lines) + "\n"


def _row(name: str, entry: Entry) -> str:
    cells = (name, entry.title, _act(entry), _lasts(entry), _phases(entry), _within(entry), _hinders(entry), entry.why)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _act(entry: Entry) -> str:
    kind, name = str(entry.act["do"]), entry.act.get("name")
    told = [str(name) if name is not None else kind]
    told += [f"{key} {values}" for key, values in entry.act.items() if key not in ("do", "name")]
    return ", ".join(told) + (" (also core)" if "core" in entry.fidelity else "")


def _lasts(entry: Entry) -> str:
    return "" if entry.lasts_s is None else f"{entry.lasts_s} s"


def _phases(entry: Entry) -> str:
    phases = entry.all_phases
    if len(phases) == len(PHASES):
        return "any"
    if "start" not in phases and len(phases) == len(PHASES) - 1:
        return "any but start"
    return ", ".join(phases)


def _within(entry: Entry) -> str:
    within_s = entry.stops.within_s
    if within_s is None:
        return ""
    if entry.stops.pushes_unordered:
        return f"{within_s:g} s of each motion that nobody ordered"
    told = f"{within_s:g} s"
    if entry.certain_in is not None:
        told += f", begun in {', '.join(entry.certain_in)}"
    return told


def _hinders(entry: Entry) -> str:
    return {"none": "", "link": "it may not arrive", "pump": "it is not obeyed"}[entry.stops.blocks_stop]
