"""TID 11006: what was given. One increment is one step of one phase; priming goes into the air and is none."""

from pydicom.dataset import Dataset

from controller.report import dicom_codes as codes
from controller.report.dicom_codes import Code, ending_of
from controller.report.dicom_facts import Facts
from controller.report.dicom_given import Given
from controller.report.dicom_items import PROPERTY, code, container, moment, number, text, uid_item
from controller.report.dicom_uids import uid


def steps(facts: Facts) -> Dataset:
    """How everything was to be given, how it ended, and every step."""
    injection, limits = facts.loaded.profile.injection, facts.loaded.profile.limits
    go = "by itself" if injection.advance == "auto" else "when the operator says so"
    plan = (
        f"{injection.target_ml:g} mL in increments of {injection.increment_ml:g} mL at {injection.rate_ul_s:g} uL/s, "
        f"the next one {go}; at zero flow at most {limits.duct_kpa:g} kPa. "
        "Volumes are those of the plunger; priming is not among them."
    )
    ending = None if facts.reason is None else ending_of(facts.reason)
    back = number(codes.TAKEN_BACK, round(facts.taken_back_ul / 1000.0, 6), codes.ML) if facts.taken_back_ul > 0 else None
    return container(
        codes.STEPS,
        [
            text(codes.PROTOCOL, facts.loaded.source),
            text(codes.DESCRIPTION, plan),
            code(codes.MODE, codes.AUTOMATED),
            number(codes.VOLUME_LIMIT, injection.target_ml, codes.ML),
            number(codes.PRESSURE_LIMIT, limits.line_kpa, codes.KPA),
            None if ending is None else code(codes.COMPLETION, ending.completion),
            back,
            *(_step(facts, index, given) for index, given in enumerate(facts.given, 1)),
        ],
    )


def step_uid(facts: Facts, given: Given) -> str:
    """What other items call a step by."""
    return uid(facts.seed, "step", str(given.number))


def phase_uid(facts: Facts, given: Given) -> str:
    """What other items call the one phase of a step by."""
    return uid(facts.seed, "phase", str(given.number))


def _step(facts: Facts, index: int, given: Given) -> Dataset:
    return container(
        codes.STEP,
        [
            uid_item(codes.STEP_UID, step_uid(facts, given)),
            text(codes.STEP_ID, str(index)),
            code(codes.STEP_TYPE, codes.DIAGNOSTIC),
            code(codes.ROUTE, codes.INTRALUMINAL),
            _volume(codes.STEP_VOLUME, given),
            _completion(given),
            None if given.hold_kpa is None else number(codes.ZERO_FLOW, given.hold_kpa, codes.KPA),
            None if (said := _remark(given)) is None else text(codes.COMMENT, said),
            _phase(facts, given),
        ],
    )


def _phase(facts: Facts, given: Given) -> Dataset:
    return container(
        codes.PHASE,
        [
            uid_item(codes.PHASE_UID, phase_uid(facts, given)),
            text(codes.PHASE_ID, "1"),
            code(codes.PHASE_TYPE, codes.PROGRAMMED),
            _volume(codes.PHASE_VOLUME, given),
            _activity(facts, given),
        ],
    )


def _activity(facts: Facts, given: Given) -> Dataset:
    """TID 11003. The flow is the one that the pump was set to and read back; nothing measures it."""
    flow_ml_s = None if given.rate_ul_s is None or given.started_s is None else given.rate_ul_s / 1000.0
    return container(
        codes.ACTIVITY,
        [
            text(codes.OF_AGENT, facts.loaded.profile.line.agent),
            None if given.ordered_ul is None else number(codes.ORDERED_VOLUME, given.ordered_ul / 1000.0, codes.ML),
            None if given.started_s is None else moment(codes.STARTED, facts.utc(given.started_s)),
            None if given.started_s is None or given.ended_s is None else moment(codes.ENDED, facts.utc(given.ended_s)),
            None if flow_ml_s is None else number(codes.FIRST_FLOW, flow_ml_s, codes.ML_S),
            None if flow_ml_s is None or not given.whole else number(codes.LAST_FLOW, flow_ml_s, codes.ML_S),
            None if given.peak_kpa is None else number(codes.PEAK_PRESSURE, round(given.peak_kpa, 3), codes.KPA),
        ],
    )


def _volume(name: Code, given: Given) -> Dataset:
    """What went in. Where only bounds are known it is the greater one, as everywhere here, and both stand beneath it."""
    least_ml, most_ml = given.least_ul / 1000.0, given.most_ul / 1000.0
    if given.certain and least_ml == most_ml:
        return number(name, most_ml, codes.ML)
    said = f"between {least_ml:g} and {most_ml:g} mL; the value is the most that can have gone in"
    return number(
        name,
        most_ml,
        codes.ML,
        number(codes.LEAST_VOLUME, least_ml, codes.ML, relation=PROPERTY),
        number(codes.MOST_VOLUME, most_ml, codes.ML, relation=PROPERTY),
        text(codes.COMMENT, said, relation=PROPERTY),
    )


def _completion(given: Given) -> Dataset | None:
    """Complete where all went in; else what the cause came nearest to; nothing where no cause is known."""
    if given.whole:
        return code(codes.COMPLETION, codes.COMPLETE)
    ending = None if given.cause is None else ending_of(given.cause)
    return None if ending is None else code(codes.COMPLETION, ending.completion)


def _remark(given: Given) -> str | None:
    if given.ordered_ul is None:
        return "Nobody ordered this: the pump moved by itself, or went forward in a relief."
    if given.started_s is None:
        return "This was ordered and never started."
    return None if given.certain else "How far this went is not certain."
