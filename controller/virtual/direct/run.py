"""One direct procedure, from its first cycle to its outcome: the plainest loop there is.

One cycle is one sampling period of the transmitter: the bench moves on by it, the station takes one step.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from controller.compose import LOWEST_OF_INTEREST_KPA, plan_of
from controller.core.core import Core
from controller.core.messages import Operator
from controller.inputs import Inputs
from controller.settings import LoadedProfile
from controller.simulated import SERIAL_NUMBER
from controller.station import Outputs, Station
from controller.virtual.direct.bench import DirectBench
from controller.virtual.direct.button import BOTH_CLOSED, BOTH_OPEN, DirectButton
from controller.virtual.direct.pressure import DirectPressure
from controller.virtual.direct.pump import DirectPump
from drivers.keller33x.settings import Keller33xSettings
from drivers.link import OutputLines
from drivers.pressure import PressureConnected
from simulators.acts import HostAct
from simulators.acts import Operator as OperatorAct

BAR_KPA = 100.0
LIMIT_S = 900.0


class DirectNotEndedError(Exception):
    """The procedure did not come to an end within its limit."""


class DirectRecorder(Protocol):
    """What a direct procedure needs of a recorder: decisions, intents and events are put; there are no inputs to keep."""

    @property
    def durable_seq(self) -> int:
        """Every entry up to this one is acknowledged."""

    def put(self, kind: str, t_s: float, body: Mapping[str, object]) -> int:
        """Takes one entry and returns its number."""

    def pump(self, now_s: float) -> None:
        """Lets the recorder go on."""


def run_direct(
    loaded: LoadedProfile,
    bench: DirectBench,
    recorder: DirectRecorder,
    watchers: Iterable[Callable[[DirectBench], None]] = (),
    limit_s: float = LIMIT_S,
    core: Core | None = None,
) -> dict[str, object]:
    """Runs one procedure on a bench at its time 0; the watchers (people, scenarios, judges) join those that it has.

    core: one that has begun nothing yet, in place of that of the profile's plan.
    Returns the outcome. Raises DirectNotEndedError after limit_s of virtual time, and whatever bench, core and watchers
    raise: an error of the program is none of the patient's ends here.
    """
    for watcher in watchers:
        bench.watch(watcher)
    bench.host = people = _People()
    button = DirectButton()
    station = direct_station(loaded, bench, recorder, button, core)
    hz, cycle, pressed = float(loaded.profile.pressure.sample_hz), 0, None
    inputs = Inputs(now_us=0)
    while True:
        now_s = inputs.now_us / 1e6
        if cycle:
            bench.advance(now_s)
        lines = None
        if bench.pressed is not pressed or now_s >= button.next_deadline_s():
            pressed = bench.pressed
            lines = BOTH_OPEN if pressed else BOTH_CLOSED
        inputs.lines = lines
        inputs.statements = people.said
        station.step(inputs)
        if station.outcome is not None:
            return station.outcome
        if now_s > limit_s:
            raise DirectNotEndedError(f"not ended after {limit_s:g} s: {station.core.snapshot()}")
        people.said = []
        inputs.durable = []
        if station.intents:
            recorder.pump(now_s)
            inputs.durable = _durable(station.intents, recorder.durable_seq)
        cycle += 1
        inputs.now_us = round(cycle * 1e6 / hz)


def direct_station(
    loaded: LoadedProfile, bench: DirectBench, recorder: DirectRecorder, button: DirectButton, core: Core | None = None
) -> Station:
    """The station of one procedure, with stand-ins for its drivers."""
    profile, sensor = loaded.profile, bench.pressure.options
    settings = Keller33xSettings(
        address=profile.pressure.address,
        must_cover_kpa=(LOWEST_OF_INTEREST_KPA, profile.limits.line_kpa),
        sample_hz=float(profile.pressure.sample_hz),
        expected_serial=SERIAL_NUMBER,
        reference=profile.pressure.reference,
    )
    connected = PressureConnected(SERIAL_NUMBER, "direct", sensor.range_min_bar * BAR_KPA, sensor.range_max_bar * BAR_KPA)
    return Station(
        Core(plan_of(loaded, simulated=True)) if core is None else core,
        DirectPump(bench.pump, obeys_trigger=profile.pump.trigger != "none"),
        DirectPressure(settings, connected, bench.pressure.pressure_bar),
        button,
        Outputs(_no_wire, lambda wanted: _drive(bench, wanted), recorder),
    )


class _People:
    """The bench's host as far as there is one: what people say reaches the next cycle (simulators.bench.Host)."""

    def __init__(self) -> None:
        self.said: list[Operator] = []

    def happen(self, act: HostAct, now_s: float) -> None:  # noqa: ARG002 - part of the interface
        """A signal to the control process; DirectBench.check lets nothing else through."""
        self.said.append(Operator("stop", f"signal {act.signal}"))

    def hear(self, act: OperatorAct) -> None:
        """A statement of the operator."""
        self.said.append(Operator(act.say, "simulated operator"))


def _durable(intents: dict[int, int], durable_seq: int) -> list[int]:
    return [intents.pop(seq) for seq in [seq for seq in intents if seq <= durable_seq]]


def _drive(bench: DirectBench, wanted: OutputLines) -> None:
    bench.set_outputs(wanted.rts, wanted.dtr)


def _no_wire(name: str, frame: bytes) -> None:
    raise RuntimeError(f"a direct procedure has no wire to the {name} for {frame!r}")
