"""What the dials showed: the record is lived through once more, and the core asked after every cycle."""

from dataclasses import dataclass, field

from controller.core.core import Core
from controller.core.states import State
from controller.record.reader import Record
from controller.replay import relive

EVERY_S = 0.05


@dataclass(slots=True)
class Curves:
    """t_s, line_kpa, patient_ul: one value every EVERY_S, of the pressures in between the one furthest from zero (None before
    the zero), and what has gone through the cannula into the patient by the pump's count. states: (from when, which).

    pump, pressure: what the devices called themselves; "" where they never did.
    """

    t_s: list[float] = field(default_factory=list)
    line_kpa: list[float | None] = field(default_factory=list)
    patient_ul: list[float] = field(default_factory=list)
    states: list[tuple[float, State]] = field(default_factory=list)
    pump: str = ""
    pressure: str = ""


def curves_of(record: Record) -> Curves:
    """Raises RecordError where the record can not be lived through by this version."""
    curves = Curves()
    next_s, furthest_kpa, core = 0.0, None, None
    for now_s, core in relive(record):
        view = core.desk.view
        if not curves.states or curves.states[-1][1] is not core.desk.state:
            curves.states.append((now_s, core.desk.state))
        kpa = view.pressure.kpa if view.pressure.zeroed_s is not None else None
        if kpa is not None and (furthest_kpa is None or abs(kpa) > abs(furthest_kpa)):
            furthest_kpa = kpa
        if now_s >= next_s:
            next_s = now_s + EVERY_S
            curves.t_s.append(now_s)
            curves.line_kpa.append(furthest_kpa)
            curves.patient_ul.append(core.desk.account.patient_forward_ul()[0])
            furthest_kpa = None
    if core is not None:
        curves.pump, curves.pressure = _names(core)
    return curves


def _names(core: Core) -> tuple[str, str]:
    pump, pressure = core.desk.view.pump.connected, core.desk.view.pressure.connected
    return (
        "" if pump is None else f"{pump.model}, firmware {pump.firmware}",
        "" if pressure is None else f"serial number {pressure.serial_number}",
    )
