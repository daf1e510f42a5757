"""The bench of a direct procedure: motor, plunger, line and duct, transmitter, button contacts, and the truth about them.

To watchers, people and scenarios it is what simulators.bench.SimulatedBench is; there are no devices behind it that speak.
"""

import math
from collections import deque
from collections.abc import Callable
from typing import Any

from controller.virtual.direct.making import make_parts
from controller.virtual.direct.motor import Motor
from simulators.acts import (
    Act,
    ActError,
    Clear,
    Fault,
    HostAct,
    Keypad,
    Note,
    Operator,
    Pedal,
    PersonAct,
    Press,
    Release,
    Tip,
)
from simulators.any_plant import PlantError, plant_truth
from simulators.bench import BenchOptions, Foreseer, Host
from simulators.contacts import Contacts
from simulators.faults import FaultBoard, timeless
from simulators.keller33x.sensor import Sensor

_LOG_ENTRIES = 1000
_PLANT_TRUTH = ("duct_kpa", "into_duct_ul", "extravasated_ul", "reflux_ul", "ruptured", "pain", "subgroup")
_SIGNALS_HEARD = ("SIGINT", "SIGTERM", "SIGHUP")


class DirectBench:
    """One bench; its time begins at 0 and moves by `advance` alone, one step each call, shorter where a foreseer asks for it.

    The plain attributes are for watchers to read: they are plain because they are read at every step. forward_ul and
    withdrawn_ul are the drive's gross travel; what enters the line comes past the plunger's own mechanics.
    """

    def __init__(self, options: BenchOptions | None = None) -> None:
        """Raises OptionsError where options or plant can not be used, or need the wire fidelity."""
        parts = make_parts(options or BenchOptions())
        self.pump = Motor()
        self.plant: Any = parts.plant
        self.plunger = parts.plunger
        self.pressure = Sensor(parts.pressure, {})
        self.contacts = Contacts()
        self.fault_board = FaultBoard()
        if hasattr(self.plant, "fault") and hasattr(self.plant, "clear"):
            self.fault_board.add("line", parts.line_faults, *timeless(self.plant))
        self.host: Host | None = None
        self.person: Callable[[PersonAct], None] | None = None
        self.watchers: list[Callable[[DirectBench], None]] = []
        self.foreseers: list[Foreseer] = []
        self.on_act: list[Callable[[Act, str, bool, float], None]] = []
        self.now_s = 0.0
        self.outputs = (False, False)
        self.pressed = False
        self.tip = "air"
        self.line_kpa = 0.0
        self.flow_ul_s = 0.0
        self.forward_ul = 0.0
        self.forward_patient_ul = 0.0
        self.withdrawn_ul = 0.0
        self._trigger_wired = parts.trigger_wired
        self._log: deque[dict[str, object]] = deque(maxlen=_LOG_ENTRIES)
        self._last_forward_s: float | None = None
        self._last_motion_s = 0.0
        self._cause: tuple[float, float] | None = None
        self.plant.set_tip("air")

    # -- time ------------------------------------------------------------------------------------------------------------------

    def advance(self, now_s: float) -> None:
        """Everything moves on to now_s. Raises ValueError for a time that runs backwards, and PlantError."""
        if not now_s >= self.now_s:
            raise ValueError(f"the bench is at {self.now_s} s and can not go to {now_s} s")
        while self.now_s < now_s:
            to_s = now_s
            for foreseer in self.foreseers:
                due_s = foreseer.next_s(self)
                if self.now_s < due_s < to_s:
                    to_s = due_s
            self._step(to_s)

    def watch(self, watcher: Callable[["DirectBench"], None]) -> None:
        """Adds a watcher, and if it can foresee its acts a foreseer."""
        self.watchers.append(watcher)
        if hasattr(watcher, "next_s"):
            self.foreseers.append(watcher)

    def _step(self, to_s: float) -> None:
        dt_s = to_s - self.now_s
        forward_ul = withdrawn_ul = 0.0
        if self.pump.advance(to_s):
            forward_ul, withdrawn_ul = self._moved(to_s)
        entering_ul = forward_ul - withdrawn_ul
        self.flow_ul_s = entering_ul / dt_s
        if not self.plunger.passive:
            entering_ul = self.plunger.step(forward_ul, withdrawn_ul, self.line_kpa)
            if self.plunger.bottomed and forward_ul > 0.0:
                self.pump.stall(to_s)
        try:
            self.line_kpa = line_kpa = float(self.plant.step(dt_s, entering_ul / dt_s))
        except (Exception, SystemExit) as error:  # whatever a plant that is not ours may raise
            raise PlantError(f"the plant failed at {to_s:.3f} s: {type(error).__name__}: {error}") from error
        if not math.isfinite(line_kpa):
            raise PlantError(f"the plant gave a line pressure of {line_kpa} kPa at {to_s:.3f} s")
        self.pressure.true_kpa = line_kpa
        self.pressure.advance(to_s)
        self.now_s = to_s
        for watcher in self.watchers:
            watcher(self)

    def _moved(self, to_s: float) -> tuple[float, float]:
        """What the drive has travelled since the step before, forwards and backwards."""
        forward_ul = self.pump.forward_ul - self.forward_ul
        withdrawn_ul = self.pump.withdrawn_ul - self.withdrawn_ul
        self.forward_ul += forward_ul
        self.withdrawn_ul += withdrawn_ul
        if forward_ul > 0.0:
            self._last_forward_s = to_s
            if self.tip == "patient":
                self.forward_patient_ul += forward_ul
        if forward_ul > 0.0 or withdrawn_ul > 0.0:
            self._last_motion_s = to_s
        return forward_ul, withdrawn_ul

    # -- what watchers see, beside the plain attributes --------------------------------------------------------------------------

    @property
    def rest_s(self) -> float:
        """How long the plunger has not moved (since the start if it never has)."""
        return self.now_s - self._last_motion_s

    @property
    def log(self) -> list[dict[str, object]]:
        """What has been done here, oldest first; the newest thousand."""
        return list(self._log)

    def faults(self) -> dict[str, str]:
        """Every fault that can be had at this fidelity, by its full name, with a sentence."""
        return self.fault_board.sentences

    def truth(self) -> dict[str, object]:
        """The physical truth now, by the names of simulators.bench; what the plant does not tell is None."""
        cause_s, cause_ul = self._cause or (None, None)
        ours = {
            "t_s": self.now_s,
            "plunger_ul": self.forward_ul - self.withdrawn_ul,
            "stopper_ul": self.forward_ul - self.withdrawn_ul if self.plunger.passive else self.plunger.stopper_ul,
            "forward_ul": self.forward_ul,
            "forward_patient_ul": self.forward_patient_ul,
            "withdrawn_ul": self.withdrawn_ul,
            "flow_ul_s": self.flow_ul_s,
            "line_kpa": self.line_kpa,
            "tip": self.tip,
            "pump_status": self.pump.status,
            "pressed": self.pressed,
            "last_forward_s": self._last_forward_s,
            "cause_s": cause_s,
            "forward_since_cause_ul": None if cause_ul is None else self.forward_ul - cause_ul,
        }
        told = plant_truth(self.plant)
        theirs = {f"plant_{name}" if name in ours else name: value for name, value in told.items()}
        return {**dict.fromkeys(_PLANT_TRUTH), **theirs, **ours}

    # -- what can be done ------------------------------------------------------------------------------------------------------

    def set_outputs(self, rts: bool, dtr: bool) -> None:
        """The host drives its lines like this from now on."""
        self.outputs = (rts, dtr)

    def check(self, act: Act) -> None:
        """Raises ActError if this act could never be done at this bench."""
        if isinstance(act, Fault | Clear):
            self._line_fault(act.name)
        elif isinstance(act, Keypad):
            raise ActError("keypad: a pump with keys needs the wire fidelity")
        elif isinstance(act, HostAct) and (act.signal not in _SIGNALS_HEARD or act.target != "control"):
            raise ActError(f"{act}: processes that can be killed or frozen need the wire fidelity")

    def act(self, act: Act, by: str, cause: bool = False) -> None:
        """Does it now, and writes it into the log. Raises ActError; then nothing was done."""
        self.check(act)
        self._do(act)
        self.note(str(act), by, cause)
        for hear in self.on_act:
            hear(act, by, cause, self.now_s)

    def note(self, what: str, by: str, cause: bool = False) -> None:
        """Writes one line into the log. cause: from here on the host's reaction is measured."""
        if cause:
            self._cause = (self.now_s, self.forward_ul)
        self._log.append(
            {
                "t_s": self.now_s,
                "what": what,
                "by": by,
                "cause": cause,
                "forward_ul": self.forward_ul,
                "forward_patient_ul": self.forward_patient_ul,
                "line_kpa": self.line_kpa,
            }
        )

    def _do(self, act: Act) -> None:
        match act:
            case Press():
                self._press(pressed=True)
            case Release():
                self._press(pressed=False)
            case Fault():
                self.fault_board.begin(self._line_fault(act.name), self.now_s, act.values)
            case Clear():
                self.fault_board.end(self._line_fault(act.name), self.now_s)
            case Tip():
                try:
                    self.plant.set_tip(act.where)
                except ValueError as error:
                    raise ActError(f"where: {error}") from None
                self.tip = act.where
            case PersonAct():
                if self.person is None:
                    raise ActError("there is no simulated person at this bench")
                self.person(act)
            case HostAct():
                self._host().happen(act, self.now_s)
            case Operator():
                self._host().hear(act)
            case Note() | Keypad() | Pedal():
                pass

    def _press(self, *, pressed: bool) -> None:
        self.pressed = pressed
        if pressed:
            self.contacts.press()
        else:
            self.contacts.release()
        if self._trigger_wired:
            self.pump.hold(held=self.contacts.third_contact_open, now_s=self.now_s)

    def _host(self) -> Host:
        if self.host is None:
            raise ActError("there is no host at this bench")
        return self.host

    def _line_fault(self, name: str) -> str:
        """The full name of a fault of the line. Raises ActError for every other one."""
        device, dot, _ = name.partition(".")
        if dot and device != "line":
            raise ActError(f"name {name!r}: faults of {device} need the wire fidelity; the core fidelity has those of the line")
        return self.fault_board.full_name(name)
