"""Why a procedure ended. One enumeration that reaches the alarm, the record and the report unchanged."""

from enum import Enum


class Reason(Enum):
    """The first cause of an end. The value is what a person reads."""

    VOLUME_REACHED = "the planned volume is in"
    DUCT_FULL = "the duct is full: the next increment would raise its pressure beyond the limit"
    FULLNESS = "the patient reports fullness: no further increment"

    PAIN_STOP = "pain"
    OPERATOR_STOP = "stopped by the operator"
    PRESSURE_CEILING = "the line pressure reached its limit"
    RESISTANCE = "resistance: more pressure than the line alone explains"
    EXTRAVASATION_SUSPECTED = "extravasation suspected"
    REFLUX = "contrast runs back out of the duct"

    LINE_OPEN = "the line is open: fluid moves without pressure"
    AIR_IN_LINE = "air in the line"
    OVER_DELIVERY = "the pump delivered more, or faster, than it was told"
    UNCOMMANDED_MOTION = "the pump moved without an order"
    PUMP_FAULT = "the pump reports a fault or does not do what it was told"
    PUMP_SILENT = "the pump does not answer"
    PRESSURE_FAULT = "the pressure can not be trusted"
    PRESSURE_SILENT = "the pressure transmitter does not answer"
    BUTTON_FAULT = "the stop button can not be trusted"
    HOST_LATE = "the control loop was too late"
    HOST_ERROR = "an error in the control program"
    RECORDER_FAULT = "the record can not be kept"
    STOP_UNCONFIRMED = "the pump was not seen to stop"

    SELF_TEST_FAILED = "the self-test failed"
    PRIME_REFUSED = "the line failed its check before use"


GOOD_ENDS = frozenset({Reason.VOLUME_REACHED, Reason.DUCT_FULL, Reason.FULLNESS})
FOR_THE_PATIENT = frozenset(
    {
        Reason.PAIN_STOP,
        Reason.OPERATOR_STOP,
        Reason.PRESSURE_CEILING,
        Reason.RESISTANCE,
        Reason.EXTRAVASATION_SUSPECTED,
        Reason.REFLUX,
    }
)
# After these the line keeps what it has stored: the contrast is wanted where it is, or a motion could not be watched.
WITHOUT_RELIEF = GOOD_ENDS | {
    Reason.LINE_OPEN,
    Reason.OVER_DELIVERY,
    Reason.UNCOMMANDED_MOTION,
    Reason.PUMP_FAULT,
    Reason.PUMP_SILENT,
    Reason.PRESSURE_FAULT,
    Reason.PRESSURE_SILENT,
    Reason.STOP_UNCONFIRMED,
    Reason.HOST_ERROR,  # a program that has failed moves nothing more
    Reason.RECORDER_FAULT,  # no durable intent, no motion
    Reason.SELF_TEST_FAILED,
    Reason.PRIME_REFUSED,
}

EXIT_GOOD, EXIT_USAGE, EXIT_PATIENT, EXIT_FAULT = 0, 2, 3, 4


def exit_code(reason: Reason) -> int:
    """The program's exit status: 0 good end, 3 stopped for the patient or by the operator, 4 stopped by a fault."""
    if reason in GOOD_ENDS:
        return EXIT_GOOD
    return EXIT_PATIENT if reason in FOR_THE_PATIENT else EXIT_FAULT


def alarm_priority(reason: Reason) -> str | None:
    """ "high", "medium" or None (a good end raises no alarm), after the pattern of IEC 60601-1-8 (no conformity claimed)."""
    if reason in GOOD_ENDS:
        return None
    return "medium" if reason in (Reason.OPERATOR_STOP, Reason.SELF_TEST_FAILED, Reason.PRIME_REFUSED) else "high"
