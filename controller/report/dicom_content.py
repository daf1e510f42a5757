"""The tree of the document: TID 11020, Performed Imaging Agent Administration, with what it includes.

What is not in the record is left out. Words that no code has stand in Comment items; templates of this kind are extensible.
"""

from datetime import date
from typing import Any

from pydicom.dataset import Dataset

from controller.banner import BANNER
from controller.report import dicom_codes as codes
from controller.report.dicom_events import adverse_events, injector_events
from controller.report.dicom_facts import Facts
from controller.report.dicom_items import CONTEXT, MODIFIER, PROPERTY, code, container, day, number, text, uid_item
from controller.report.dicom_steps import steps
from controller.report.dicom_uids import uid
from controller.settings import Agent

_BODY_C = 37.0
_ROOM_C, _WARM_C = 25.0, 30.0
"""An agent is called warmed from the one on, not warmed up to the other; between them nobody can tell from its temperature."""


def root(facts: Facts) -> Dataset:
    """The root item."""
    return container(
        codes.PERFORMED,
        [
            code(codes.LANGUAGE, codes.ENGLISH, relation=MODIFIER),
            *_observers(facts),
            uid_item(codes.STUDY_UID, uid(facts.seed, "study"), CONTEXT),
            code(codes.PROCEDURE_CODE, codes.MAMMARY_DUCTOGRAM, relation=CONTEXT),
            _agent(facts),
            text(codes.COMMENT, "\r\n".join(_remarks(facts))),
            *_consumables(facts),
            steps(facts),
            adverse_events(facts),
            injector_events(facts),
        ],
        template=11020,
    )


def _observers(facts: Facts) -> list[Dataset]:
    """TID 1002 and 1004, once a device: the host that wrote the record, the pump, the pressure transmitter."""
    found = _observer(facts, "host", f"ductoject {facts.shown.header.get('version')}")
    if facts.pump is not None:
        name = f"syringe pump, firmware {facts.pump.firmware}"
        found += _observer(facts, "pump", name, model=facts.pump.model)
    if facts.pressure is not None:
        name = f"pressure transmitter, firmware {facts.pressure.firmware}"
        found += _observer(facts, "pressure", name, serial=str(facts.pressure.serial_number))
    return found


def _observer(facts: Facts, which: str, name: str, *, model: str | None = None, serial: str | None = None) -> list[Dataset]:
    return [
        code(codes.OBSERVER_TYPE, codes.DEVICE, relation=CONTEXT),
        uid_item(codes.OBSERVER_UID, uid(facts.seed, "observer", which), CONTEXT),
        text(codes.OBSERVER_NAME, name, relation=CONTEXT),
        *([] if model is None else [text(codes.OBSERVER_MODEL, model, relation=CONTEXT)]),
        *([] if serial is None else [text(codes.OBSERVER_SERIAL, serial, relation=CONTEXT)]),
    ]


def _agent(facts: Facts) -> Dataset:
    """TID 11002: what was in the syringe."""
    line, agent, moved_ul = facts.loaded.profile.line, facts.loaded.parts.agent, facts.moved_ul
    residual_ml = None if moved_ul is None else line.fill_ml - moved_ul / 1000.0
    at_body = next((point.mpa_s for point in agent.viscosity if point.temperature_c == _BODY_C), None)
    warmed = codes.YES if line.temperature_c >= _WARM_C else codes.NO if line.temperature_c <= _ROOM_C else None
    return container(
        codes.AGENT,
        [
            text(codes.AGENT_ID, line.agent),
            _component(agent, line.fill_ml, facts.setup),
            number(codes.INITIAL_VOLUME, line.fill_ml, codes.ML),
            None if residual_ml is None else number(codes.RESIDUAL_VOLUME, round(residual_ml, 6), codes.ML),
            number(codes.OSMOLALITY, agent.osmolality_mosm_kg, codes.MOSM_KG),
            None if at_body is None else number(codes.VISCOSITY, at_body, codes.MPA_S),
            None if warmed is None else code(codes.WARMED, warmed),
            number(codes.TEMPERATURE, line.temperature_c, codes.CELSIUS),
            code(codes.IS_IONIC, codes.YES if agent.ionic else codes.NO),
        ],
    )


def _component(agent: Agent, fill_ml: float, setup: Any) -> Dataset:
    """TID 11004: the agent is the only component. Iodine is what its concentration is of, as everywhere in DICOM."""
    known = codes.AGENTS.get(agent.key.partition("-")[0])
    lot, expiry = setup.get("lot"), setup.get("expiry")
    iodine = number(codes.CONCENTRATION, agent.iodine_mg_ml, codes.MG_ML, relation=PROPERTY)
    return container(
        codes.COMPONENT,
        [
            None if known is None else code(codes.CONTRAST_AGENT, known),
            text(codes.BRAND, agent.name),
            code(codes.INGREDIENT, codes.IODINE, iodine) if agent.iodine_mg_ml > 0 else None,
            number(codes.COMPONENT_VOLUME, fill_ml, codes.ML),
            text(codes.LOT, str(lot)) if lot else None,
            day(codes.EXPIRY, date.fromisoformat(str(expiry))) if expiry else None,
        ],
    )


def _consumables(facts: Facts) -> list[Dataset]:
    """TID 11005, once each. The cannula is a needle: the catheters that DICOM has types for are all of other kinds."""
    line, parts = facts.loaded.profile.line, facts.loaded.parts
    bore = f"bore {parts.cannula.bore_mm:g} mm by the catalogue"
    if line.lot_bore_mm is not None:
        bore = f"bore {line.lot_bore_mm:g} mm by the calibration of its lot"
    words = (
        (codes.SYRINGE, f"{line.syringe}: {parts.syringe.name}, inner diameter {parts.syringe.inner_diameter_mm:g} mm"),
        (codes.NEEDLE, f"{line.cannula}: cannula {parts.cannula.name}, {bore}"),
        (codes.TUBE, f"{line.tube}: {parts.tube.name}"),
    )
    return [container(codes.CONSUMABLE, [code(codes.CONSUMABLE_TYPE, kind), text(codes.COMMENT, said)]) for kind, said in words]


def _remarks(facts: Facts) -> list[str]:
    """What has no code, for people: one line each, the most important first."""
    header, end = facts.shown.header, facts.shown.end or {}
    clock = (header.get("clock") or {}).get("text", "its state is not in the record")
    found = [
        str(header.get("banner") or BANNER),
        f"{facts.who.kind}, {'SIMULATED devices' if header.get('simulated') else 'real devices'}",
        facts.headline,
    ]
    if facts.reason is None:
        found.append("The record was never closed, so there is no completion status.")
    elif end.get("text"):
        found.append(f"In its own words: {end['text']}")
    found += [f"{warning}." for warning in facts.warnings]
    found.append(f"Duct: {facts.who.duct}.")
    if facts.setup.get("side"):
        found.append(f"Side: {facts.setup['side']}.")
    if facts.who.predecessor is not None:
        found.append(f"Continues {facts.who.predecessor}.")
    times = "the begin of the record by the system's clock, plus the loop's own clock"
    if header.get("time") == "virtual":
        times = "virtual: the system's clock has gone another way"
    found.append(f"Times are {times}. The system's clock: {clock}.")
    found.append(f"Made from {facts.shown.record}, whose last entry has SHA-256 {facts.shown.last_hash}.")
    return found
