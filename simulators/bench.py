"""The simulated bench: pump, transmitter, button, line and duct, moving on together, and the truth about all of them.

There is no clock and no port here: bytes are handed to the devices and taken from them by whoever runs the bench, in real
time or in virtual time.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from simulators import contacts as contacts_module
from simulators import keller33x, ne1000
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
from simulators.any_plant import DEFAULT_PLANT, PlantError, load_plant, make_plant, plant_truth
from simulators.contacts import Contacts
from simulators.faults import FaultBoard, timed, timeless
from simulators.keller33x import Keller33x, Keller33xOptions
from simulators.ne1000 import Ne1000, Ne1000Options
from simulators.options import Options, OptionsError, Scalar, WiringOptions
from simulators.plunger import Plunger, PlungerOptions
from simulators.wire import FAULTS as WIRE_FAULTS
from simulators.wire import Wire

STEP_S = 0.001
"""How often whoever runs a bench in real time should let it move on."""
LONGEST_STEP_S = 0.005
_NO_LONGER_S = LONGEST_STEP_S + 1e-6  # a step that would leave less than a microsecond takes it along
_LOG_ENTRIES = 1000
_PLANT_TRUTH = ("duct_kpa", "into_duct_ul", "extravasated_ul", "reflux_ul", "ruptured", "pain", "subgroup")


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """What this bench is made of. settings: see simulators.options. plant: module:factory."""

    settings: Mapping[str, Scalar] = field(default_factory=dict)
    seed: int = 0
    index: int = 0
    plant: str = DEFAULT_PLANT


class Host(Protocol):
    """What can happen to the host as a process, where there is one."""

    def happen(self, act: HostAct, now_s: float) -> None:
        """A signal, or a freeze. Raises ActError."""

    def hear(self, act: Operator) -> None:
        """The operator says something. Raises ActError."""


class Foreseer(Protocol):
    """A watcher that knows in advance when it will have something to do."""

    def next_s(self, bench: Any) -> float:
        """The exact time of its next act, or inf while that is not known."""


class SimulatedBench:
    """One bench. Its time begins at 0 and moves by `advance` alone.

    Bytes: `pump` and `pressure` are ByteDevices; hand them what the host sends with the bench's own time. Modem lines of the
    button: `cts`, `dsr`, `set_outputs`. The watchers are called after every step and may act; the foreseers say where a step
    has to end so that they can act on time. Those in `on_act` hear of everything that is done here: act, by, cause, time.
    """

    def __init__(self, options: BenchOptions | None = None) -> None:
        """Raises OptionsError where the options or the plant can not be used."""
        options = options or BenchOptions()
        maker = load_plant(options.plant)
        makers: dict[str, Callable[..., object]] = {
            "pump": Ne1000Options,
            "pressure": Keller33xOptions,
            "plunger": PlungerOptions,
            "line": maker.named_options,
            "bench": WiringOptions,
        }
        chosen = Options(makers, not_settable=("seed", "index")).sort(options.settings)
        noise_seed = options.seed * 1_000_003 + options.index
        self._wiring = _made("bench", WiringOptions, chosen["bench"])
        self.pump = Ne1000(_made("pump", Ne1000Options, chosen["pump"]))
        self.pressure = Keller33x(_made("pressure", Keller33xOptions, {"seed": noise_seed, **chosen["pressure"]}))
        self.pump_wire = Wire(self.pump, self.pump.options.baud, f"{options.seed}/{options.index}/pump")
        self.pressure_wire = Wire(self.pressure, self.pressure.options.baud, f"{options.seed}/{options.index}/pressure")
        self._wires: tuple[Wire, ...] = (self.pump_wire, self.pressure_wire)
        self.contacts = Contacts()
        self.plunger = Plunger(_made("plunger", PlungerOptions, chosen["plunger"]))
        self._plant = make_plant(options.plant, maker, {"seed": options.seed, "index": options.index, **chosen["line"]})
        self.fault_board = FaultBoard()
        self._list_faults(maker.faults)
        self.host: Host | None = None
        self.person: Callable[[PersonAct], None] | None = None
        self.watchers: list[Callable[[SimulatedBench], None]] = []
        self.foreseers: list[Foreseer] = []
        self.on_act: list[Callable[[Act, str, bool, float], None]] = []
        # Plain attributes, because every watcher reads some of them after every step. Only the bench sets them.
        self.now_s = 0.0
        """The bench's time."""
        self.outputs = (False, False)
        """The host's lines RTS and DTR."""
        self.forward_ul, self.withdrawn_ul = self.pump.travel_ul()
        """Gross travel of the plunger since the start, forwards and backwards."""
        self.forward_patient_ul = 0.0
        """The part of forward_ul with the tip in the patient."""
        self.flow_ul_s = 0.0
        """The plunger's flow in the last step, signed."""
        self.line_kpa = 0.0
        """The true gauge pressure at the transmitter."""
        self.tip = "air"
        """Where the tip of the cannula is: "air", "capped" or "patient"."""
        self._seen_s = 0.0
        """When the host could last look at its ports: between two calls of `advance`."""
        self._log: deque[dict[str, object]] = deque(maxlen=_LOG_ENTRIES)
        self._stalled_at_end = False
        self._last_forward_s: float | None = None
        self._last_motion_s: float | None = None
        self._cause: tuple[float, float] | None = None
        self._trigger_high: bool | None = None
        self._plant.set_tip("air")
        self._wire_trigger()

    def advance(self, now_s: float) -> None:
        """Everything moves on to now_s, in steps of 5 ms at most. Going backwards is an error of the caller: ValueError."""
        from_s = self.now_s
        if not now_s >= from_s:
            raise ValueError(f"the bench is at {from_s} s and can not go to {now_s} s")
        while from_s < now_s:
            to_s = now_s
            if to_s - from_s > _NO_LONGER_S:
                to_s = from_s + LONGEST_STEP_S
            for foreseer in self.foreseers:
                due_s = foreseer.next_s(self)
                if from_s < due_s < to_s:
                    to_s = due_s
            self._step(to_s)
            from_s = to_s
        self._seen_s = now_s

    def next_s(self) -> float:
        """No later than this something happens at the ports that a host could see: a bound for how far to advance at once."""
        now_s = self.now_s
        pump_s, pressure_s = self.pump_wire.next_s(now_s), self.pressure_wire.next_s(now_s)
        return pump_s if pump_s < pressure_s else pressure_s

    def without_wires(self) -> None:
        """From now on bytes come and go past the wires: nothing is taken from the devices, and wires have no faults any more."""
        self._wires = ()
        for name in ("pump_wire", "pressure_wire"):
            self.fault_board.remove(name)

    def watch(self, watcher: Callable[["SimulatedBench"], None]) -> None:
        """Adds a watcher, and if it can foresee its acts a foreseer."""
        self.watchers.append(watcher)
        if hasattr(watcher, "next_s"):
            self.foreseers.append(watcher)

    def _step(self, to_s: float) -> None:
        dt_s = to_s - self.now_s
        pump, pressure = self.pump, self.pressure
        if self.pump_wire.late:
            self.pump_wire.advance(to_s)
        if self.pressure_wire.late:
            self.pressure_wire.advance(to_s)
        pump.advance(to_s)
        forward_ul, withdrawn_ul = pump.travel_ul()
        forward_ul -= self.forward_ul
        withdrawn_ul -= self.withdrawn_ul
        self.flow_ul_s = into_line_ul_s = (forward_ul - withdrawn_ul) / dt_s
        if not self.plunger.passive:
            into_line_ul_s = self.plunger.step(forward_ul, withdrawn_ul, self.line_kpa) / dt_s
            if self.plunger.bottomed or self._stalled_at_end:
                self._stall_at_end(to_s)
        try:
            line_kpa = float(self._plant.step(dt_s, into_line_ul_s))
        except (Exception, SystemExit) as error:  # whatever a plant that is not ours may raise
            raise PlantError(f"the plant failed at {to_s:.3f} s: {type(error).__name__}: {error}") from error
        if not math.isfinite(line_kpa):
            raise PlantError(f"the plant gave a line pressure of {line_kpa} kPa at {to_s:.3f} s")
        self.line_kpa = line_kpa
        pressure.set_pressure(line_kpa)
        pressure.advance(to_s)
        self.now_s = to_s
        if forward_ul > 0.0:
            self.forward_ul += forward_ul
            self._last_forward_s = self._last_motion_s = to_s
            if self.tip == "patient":
                self.forward_patient_ul += forward_ul
        if withdrawn_ul > 0.0:
            self.withdrawn_ul += withdrawn_ul
            self._last_motion_s = to_s
        for watcher in self.watchers:
            watcher(self)

    def _stall_at_end(self, now_s: float) -> None:
        """The drive can not push an empty syringe's plunger any further; as soon as it has given up it may turn back."""
        if self.plunger.bottomed and self.pump.status == "I":
            if not self._stalled_at_end:
                self._collect_what_has_come()
                self.pump.fault("stall", now_s)
                self._stalled_at_end = True
        elif self._stalled_at_end and self.pump.status != "I":
            self._collect_what_has_come()
            self.pump.clear("stall", now_s)
            self._stalled_at_end = False

    def _collect_what_has_come(self) -> None:
        """Before anything is done to a device: what the host could have read already can not be lost any more."""
        for wire in self._wires:
            wire.collect(self._seen_s)

    # The button's port

    @property
    def cts(self) -> bool:
        """The host's line CTS."""
        return self.contacts.cts

    @property
    def dsr(self) -> bool:
        """The host's line DSR."""
        return self.contacts.dsr

    @property
    def dcd(self) -> bool:
        """The host's line DCD."""
        return self.contacts.dcd

    def set_outputs(self, rts: bool, dtr: bool) -> None:
        """The host drives its lines like this from now on."""
        self.outputs = (rts, dtr)
        self.contacts.set_outputs(rts, dtr)

    # What a watcher sees

    @property
    def pressed(self) -> bool:
        """Whether the patient holds the button down."""
        return self.contacts.pressed

    @property
    def plant(self) -> Any:
        """The line and whatever it ends in."""
        return self._plant

    @property
    def rest_s(self) -> float:
        """How long the plunger has not moved (since the start if it never has)."""
        return self.now_s - (self._last_motion_s or 0.0)

    @property
    def log(self) -> list[dict[str, object]]:
        """What has been done here, oldest first; the newest thousand."""
        return list(self._log)

    def faults(self) -> dict[str, str]:
        """Every fault by its full name, with a sentence."""
        return self.fault_board.sentences

    def truth(self) -> dict[str, object]:
        """The physical truth now; flow_ul_s is the plunger's. What the plant does not tell is None."""
        cause_s, cause_ul = self._cause or (None, None)
        ours = {
            "t_s": self.now_s,
            "plunger_ul": self.forward_ul - self.withdrawn_ul,
            "forward_ul": self.forward_ul,
            "forward_patient_ul": self.forward_patient_ul,
            "withdrawn_ul": self.withdrawn_ul,
            "stopper_ul": self.forward_ul - self.withdrawn_ul if self.plunger.passive else self.plunger.stopper_ul,
            "flow_ul_s": self.flow_ul_s,
            "line_kpa": self.line_kpa,
            "tip": self.tip,
            "pump_status": self.pump.status,
            "pressed": self.contacts.pressed,
            "last_forward_s": self._last_forward_s,
            "cause_s": cause_s,
            "forward_since_cause_ul": None if cause_ul is None else self.forward_ul - cause_ul,
        }
        told = plant_truth(self._plant)
        # the plant measures some of the same at another place: through the cannula instead of at the plunger
        theirs = {f"plant_{name}" if name in ours else name: value for name, value in told.items()}
        return {**dict.fromkeys(_PLANT_TRUTH), **theirs, **ours}

    # What can be done

    def check(self, act: Act) -> None:
        """Raises ActError if this act could never be done at this bench."""
        if isinstance(act, Fault | Clear):
            self.fault_board.full_name(act.name)

    def act(self, act: Act, by: str, cause: bool = False) -> None:
        """Does it now, and writes it into the log. Raises ActError; then nothing was done."""
        self._collect_what_has_come()
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
                self.contacts.press()
                self._wire_trigger()
            case Release():
                self.contacts.release()
                self._wire_trigger()
            case Pedal():
                self.contacts.pedal = act.down
            case Fault():
                self.fault_board.begin(act.name, self.now_s, act.values)
                self._wire_trigger()
            case Clear():
                self.fault_board.end(act.name, self.now_s)
                self._wire_trigger()
            case Tip():
                try:
                    self._plant.set_tip(act.where)
                except ValueError as error:
                    raise ActError(f"where: {error}") from None
                self.tip = act.where
            case Keypad():
                press_key = self.pump.keypad_start if act.act == "start" else self.pump.keypad_stop
                press_key(self.now_s)
            case PersonAct():
                if self.person is None:
                    raise ActError("there is no simulated person at this bench")
                self.person(act)
            case HostAct():
                self._host().happen(act, self.now_s)
            case Operator():
                self._host().hear(act)
            case Note():
                pass

    def _host(self) -> Host:
        if self.host is None:
            raise ActError("the host is no process of its own at this bench")
        return self.host

    def _wire_trigger(self) -> None:
        if not self._wiring.trigger_wired or self.contacts.third_contact_open == self._trigger_high:
            return
        self._trigger_high = self.contacts.third_contact_open
        self.pump.set_trigger(self._trigger_high, self.now_s)

    def _list_faults(self, of_plant: Mapping[str, str]) -> None:
        board, plant = self.fault_board, self._plant
        board.add("pump", ne1000.FAULTS, *timed(self.pump, texts=True))
        board.add("pressure", keller33x.FAULTS, *timed(self.pressure))
        board.add("pump_wire", WIRE_FAULTS, *timed(self.pump_wire, texts=True))
        board.add("pressure_wire", WIRE_FAULTS, *timed(self.pressure_wire, texts=True))
        board.add("button", contacts_module.FAULTS, *timeless(self.contacts))
        if hasattr(plant, "fault") and hasattr(plant, "clear"):
            board.add("line", of_plant, *timeless(plant))


def _made(device: str, maker: Callable[..., Any], values: Mapping[str, object]) -> Any:
    try:
        return maker(**values)
    except Exception as error:  # noqa: BLE001 - a plant that is not ours may fail in any way
        said = f"{error}" if isinstance(error, ValueError | TypeError) else f"{type(error).__name__}: {error}"
        raise OptionsError(f"{device}: {said}") from None
