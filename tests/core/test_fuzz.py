"""The core under everything that could be said to it, in any order: what must always hold, holds after every word."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from controller.core.messages import (
    Durable,
    HostFailed,
    Late,
    LinkLost,
    Operator,
    PollPump,
    PreparePump,
    RecorderTrouble,
    ReleasePump,
    RunPump,
    StopPump,
    Tick,
    WriteIntent,
)
from controller.core.states import State
from drivers.button import ButtonClosed, ButtonFault, ButtonFullyOpened, ButtonOpened, ButtonProved
from drivers.driver import DeviceProblem
from drivers.pressure import PressureFault, PressureRejected, PressureSample
from drivers.pump import (
    Direction,
    Motion,
    PumpAlarm,
    PumpAlarmed,
    PumpConnected,
    PumpHeard,
    PumpIdle,
    PumpPrepared,
    PumpReading,
    PumpRefused,
    PumpReleased,
    PumpStatus,
    PumpStopped,
)
from tests.core.bench import PLAN, in_state
from tests.core.closed_bench import pressing

VOLUME = st.sampled_from([0.0, 0.05, 1.0, 20.0, 49.95, 50.0, 50.2, 300.0, 1e9, -5.0])
KPA = st.sampled_from([0.0, 0.3, 1.2, 4.0, 20.0, 60.0, 199.0, 251.0, -0.6, -50.0, 1e30, float("nan"), float("inf")])
SMALL_KPA = st.floats(-0.2, 40.0)
STATUS = st.sampled_from(list(PumpStatus))
DEVICE = st.sampled_from(["pump", "pressure", "button"])
CHANNEL = st.sampled_from(["A", "B"])
STOPS = ("stop", "pain", "reflux")
EVENTS = st.one_of(
    st.builds(PumpReading, STATUS, VOLUME, VOLUME),
    st.builds(PumpStopped, VOLUME, VOLUME),
    st.builds(PumpAlarmed, st.sampled_from(list(PumpAlarm))),
    st.builds(PumpRefused, st.just("no")),
    st.builds(PumpConnected, st.just("NE-1000"), st.just("1")),
    st.just(PumpReleased()),
    st.builds(PressureFault, st.just("frozen")),
    st.builds(PressureRejected, st.just("crc")),
    st.builds(ButtonOpened, st.sampled_from(["A", "B", "AB"])),
    st.just(ButtonFullyOpened()),
    st.just(ButtonClosed()),
    st.builds(ButtonProved, CHANNEL),
    st.builds(ButtonFault, st.just("no pulse")),
    st.builds(LinkLost, DEVICE, st.just("gone")),
    st.builds(DeviceProblem, DEVICE, st.just("no")),
    st.builds(RecorderTrouble, st.just("full")),
    st.builds(HostFailed, st.just("error")),
    st.builds(Late, st.sampled_from([0.001, 0.06, 100.0])),
    st.builds(
        Operator, st.sampled_from([*STOPS, "go", "confirm", "dance"]), st.just("test"), st.sampled_from(["", "arm", "zero"])
    ),
    st.builds(Durable, st.integers(-1, 6)),
    st.builds(PumpPrepared, st.builds(Motion, VOLUME, st.just(5.0), st.sampled_from(list(Direction)))),
)
CALM = st.sampled_from([Tick(), PumpHeard(), PumpIdle(), ButtonProved("A"), ButtonProved("B")])
STARTS = [State.STANDBY, State.SELF_TEST, State.PRIMING, State.READY, State.ARMED, State.INFUSING, State.HOLDING, State.COMPLETE]

CLOSED_TIP = "pressing into a closed line"


class AnythingGoes(RuleBasedStateMachine):
    """Begins in some state that was reached in the ordinary way; then anything is said."""

    @initialize(start=st.sampled_from([*STARTS, State.STOPPING, State.RELIEVING, State.STOPPED, CLOSED_TIP]))
    def begin(self, start: State | str) -> None:
        self.bench = in_state(start) if isinstance(start, State) else pressing().core
        self.prepared: Motion | None = None
        self.durable = {intent.motion_number for intent in self.bench.ordered(WriteIntent) if self._was_run(intent)}

    def _was_run(self, intent: WriteIntent) -> bool:
        return any(
            entry.number == intent.motion_number and entry.started_s is not None for entry in self.bench.desk.account.entries
        )

    def _say(self, observation: object, after_s: float = 0.0) -> None:
        desk = self.bench.desk
        before, stopped_before = desk.state, desk.reason
        if isinstance(observation, Durable):
            self.durable.add(observation.motion)
        if isinstance(observation, PumpPrepared):
            self.prepared = observation.motion
        actions = self.bench.say(observation, after_s=after_s)
        stops = [index for index, action in enumerate(actions) if isinstance(action, StopPump)]
        assert stops in ([], [0]), actions
        if stops:
            assert not [action for action in actions if isinstance(action, RunPump | PreparePump | PollPump | ReleasePump)]
        if desk.reason is not None and stopped_before is None and desk.state is not State.COMPLETE:
            assert stops, "a cause without an order to stop"
        for action in actions:
            if isinstance(action, RunPump):
                self._check_run(before)
        if before is State.STOPPED:
            assert desk.state is State.STOPPED
            assert not [action for action in actions if isinstance(action, RunPump | PreparePump | WriteIntent)]

    def _check_run(self, before: State) -> None:
        desk = self.bench.desk
        intent = self.bench.intent
        assert intent.motion_number in self.durable
        assert self.prepared == intent.motion
        self.prepared = None
        assert desk.pressure_is_fresh
        if intent.motion.direction is Direction.INFUSE:
            assert desk.view.button.closed
            assert desk.reason is None
            assert before in ((State.PRIMING,) if intent.into == "air" else (State.ARMED, State.HOLDING))
        else:
            assert before is State.RELIEVING
            assert intent.into == "relief"

    @rule(observation=EVENTS)
    def anything(self, observation: object) -> None:
        self._say(observation)

    @rule(observation=CALM, after_s=st.sampled_from([0.0, 0.01, 0.04]))
    def calm(self, observation: object, after_s: float) -> None:
        self._say(observation, after_s)

    @rule(kpa=st.one_of(KPA, SMALL_KPA), age_s=st.sampled_from([0.0, 0.0, 0.05, 0.3, -5.0]))
    def pressure(self, kpa: float, age_s: float) -> None:
        self._say(PressureSample(kpa, self.bench.now_s - age_s))

    @rule(seconds=st.sampled_from([0.1, 0.6, 1.6, 3.0]), kpa=SMALL_KPA)
    def all_is_well_for_a_while(self, seconds: float, kpa: float) -> None:
        for count in range(round(seconds / 0.02)):
            for observation in (ButtonProved("A"), ButtonProved("B"), PumpHeard(), PumpIdle()):
                self._say(observation)
            self._say(PressureSample(kpa + (0.02 if count % 2 else -0.02), self.bench.now_s))
            self._say(Tick(), 0.02)

    @rule()
    def the_record_is_kept(self) -> None:
        if list(self.bench.ordered(WriteIntent)):
            self._say(Durable(self.bench.intent.motion_number))

    @rule()
    def the_pump_is_programmed(self) -> None:
        orders = list(self.bench.ordered(PreparePump))
        if orders:
            self._say(PumpPrepared(orders[-1].motion))
            self._say(PumpIdle())

    @rule()
    def the_motion_ends(self) -> None:
        entry = self.bench.desk.account.moving
        if entry is not None:
            back = entry.motion.direction is Direction.WITHDRAW
            counters = (0.0, entry.motion.volume_ul) if back else (entry.motion.volume_ul, 0.0)
            self.bench.now_s = round(self.bench.now_s + 0.05, 6)
            self._say(PumpReading(PumpStatus.STOPPED, *counters))

    @invariant()
    def never_more_than_an_increment_is_programmed(self) -> None:
        if hasattr(self, "bench"):
            for order in self.bench.ordered(PreparePump):
                assert 0 < order.motion.volume_ul <= 50.0

    @invariant()
    def never_more_than_the_target_is_intended(self) -> None:
        if hasattr(self, "bench"):
            intents = [intent for intent in self.bench.ordered(WriteIntent) if intent.into == "patient"]
            assert sum(intent.motion.volume_ul for intent in intents) <= PLAN.target_ul + 1e-9
            back = [intent for intent in self.bench.ordered(WriteIntent) if intent.into == "relief"]
            assert all(intent.motion.direction is Direction.WITHDRAW for intent in back)

    @invariant()
    def the_bounds_are_in_order(self) -> None:
        if hasattr(self, "bench"):
            low, high = self.bench.desk.account.patient_forward_ul()
            assert low <= high


AnythingGoes.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None, derandomize=True)
TestAnythingGoes = AnythingGoes.TestCase
