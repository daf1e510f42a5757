"""TID 11021 and 11022: what befell the patient, and what the injector did about anything at all."""

from datetime import datetime

from pydicom.dataset import Dataset

from controller.report import dicom_codes as codes
from controller.report.dicom_codes import Code, ending_of
from controller.report.dicom_facts import Facts
from controller.report.dicom_given import Given
from controller.report.dicom_items import PROPERTY, code, container, moment, text, uid_item
from controller.report.dicom_steps import phase_uid, step_uid

_BLEEDINGS = ("slight", "significant")


def adverse_events(facts: Facts) -> Dataset | None:
    """TID 11021: pain and suspected extravasation when they were noticed, and what the care afterwards tells of.

    An open button is taken for pain, a broken wire is none: where the care afterwards says that there was none, it counts.
    """
    told, values = facts.after if facts.after is not None else (None, {})
    found = []
    for cause in facts.causes:
        ending = ending_of(cause.reason)
        adverse = None if ending is None else ending.adverse
        if adverse is not None and not (adverse == codes.PAIN and values.get("pain_kind") == "none"):
            found.append(_adverse(facts, adverse, facts.utc(cause.t_s), cause.text, facts.under_way(cause.t_s)))
    if told is not None and values.get("pain_kind") == "burning":
        found.append(_adverse(facts, codes.BURNING, told, "told in the care afterwards", None))
    if told is not None and values.get("bleeding") in _BLEEDINGS:
        found.append(_adverse(facts, codes.HEMORRHAGE, told, f"{values['bleeding']} bleeding, told in the care afterwards", None))
    if not found:
        return None
    return container(codes.ADVERSE_EVENTS, [_discontinued(facts), *found])


def injector_events(facts: Facts) -> Dataset | None:
    """TID 11022: every cause to stop, every hold, and every go of a person after a hold, in the order of time."""
    happened: list[tuple[float, Code, str]] = []
    for cause in facts.causes:
        ending = ending_of(cause.reason)
        if ending is not None and ending.event is not None:
            happened.append((cause.t_s, ending.event, cause.text))
    happened += [(t_s, codes.HOLD_STARTED, "the line is left to come to rest") for t_s in facts.holds_s]
    happened += [(t_s, codes.HOLD_LEFT, "the operator asked for the next increment") for t_s in facts.resumed_s]
    if not happened:
        return None
    ordered = sorted(happened, key=lambda event: event[0])
    return container(codes.INJECTOR_EVENTS, [_discontinued(facts), *(_event(facts, *event) for event in ordered)], template=11022)


def _discontinued(facts: Facts) -> Dataset | None:
    """Whether it ended otherwise than it should; nothing where the record does not say how it ended."""
    ending = None if facts.reason is None else ending_of(facts.reason)
    if ending is None:
        return None
    good = ending.event is None
    return code(codes.DISCONTINUED, codes.NO if good else codes.YES)


def _adverse(facts: Facts, what: Code, when: datetime, said: str, given: Given | None) -> Dataset:
    return code(
        codes.ADVERSE_EVENT,
        what,
        moment(codes.ADVERSE_TIME, when, PROPERTY),
        None if given is None else uid_item(codes.OF_STEP, step_uid(facts, given), PROPERTY),
        text(codes.COMMENT, said, relation=PROPERTY),
    )


def _event(facts: Facts, t_s: float, what: Code, said: str) -> Dataset:
    given = facts.under_way(t_s)
    return code(
        codes.INJECTOR_EVENT,
        what,
        moment(codes.EVENT_TIME, facts.utc(t_s), PROPERTY),
        None if given is None else uid_item(codes.OF_STEP, step_uid(facts, given), PROPERTY),
        None if given is None else uid_item(codes.OF_PHASE, phase_uid(facts, given), PROPERTY),
        text(codes.OF_AGENT, facts.loaded.profile.line.agent, relation=PROPERTY),
        text(codes.COMMENT, said, relation=PROPERTY),
    )
