"""A core on a line whose tip can be closed, and what the core presses into it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from controller.core.line import ATMOSPHERE_KPA, LineModel
from controller.core.messages import Note, Operator, WriteIntent
from controller.core.plan import Plan
from controller.core.reasons import Reason
from controller.core.states import State
from drivers.button import ButtonProved
from drivers.pressure import PressureSample
from drivers.pump import Direction, PumpHeard, PumpIdle, PumpReading, PumpStatus, PumpStopped
from tests.core.bench import LINE, PLAN, CoreBench, after_10_ms

CLOSED = replace(PLAN, closed_tip=True)
BEDSIDE = replace(CLOSED, advance_auto=False, simulated=False)


@dataclass
class ClosedBench:
    """A core on a line whose tip can be closed; see `live`. leak_ul_s_kpa: of whatever is at the end while it is closed."""

    core: CoreBench
    line: LineModel = field(default_factory=lambda: LINE)
    kpa: float = 0.0
    closed: bool = False
    leak_ul_s_kpa: float = 0.0
    pushed_ul: float = 0.0
    begun: int = 0

    @classmethod
    def primed(cls, line: LineModel = LINE, plan: Plan = CLOSED) -> "ClosedBench":
        """Both runs into air are over, and the question to close the tip stands. plan: what holds from there on."""
        bench = CoreBench(replace(plan, advance_auto=True, simulated=True)).to_priming()
        bench.breathe(0.6)
        self = cls(bench, line, begun=2)
        bench.prime(line, limit_s=40.0)
        assert self.asked == "close_tip", bench.core.snapshot()
        bench.desk.plan = plan
        return self

    @property
    def asked(self) -> str | None:
        question = self.core.desk.question
        return None if question is None else question.id

    def answer(self) -> None:
        assert self.asked is not None
        self.core.say(Operator("confirm", "test", self.asked))

    def live(self, until: Callable[[], object] = lambda: False, limit_s: float = 30.0) -> "ClosedBench":
        """Goes on in steps of 10 ms, doing what is ordered, until something is so, or it has ended."""
        bench = self.core
        for _ in range(round(limit_s / 0.01)):
            if until() or bench.state is not State.PRIMING:
                break
            intents = list(bench.ordered(WriteIntent))
            if len(intents) > self.begun:
                self.begun, self.pushed_ul = len(intents), 0.0
                bench.start_motion(self.kpa)
            entry = bench.desk.account.moving
            flow_ul_s = 0.0
            if entry is not None:
                flow_ul_s = min(entry.motion.rate_ul_s, (entry.motion.volume_ul - self.pushed_ul) / 0.01)
                self.pushed_ul += flow_ul_s * 0.01
            self._flow(flow_ul_s)
            if entry is None:
                bench.breathe(0.01, self.kpa)
                continue
            ended = self.pushed_ul >= entry.motion.volume_ul - 1e-9
            status = PumpStatus.STOPPED if ended else PumpStatus.INFUSING
            bench.say(
                ButtonProved("A"), ButtonProved("B"), PressureSample(self.kpa, round(bench.now_s + 0.01, 6)), PumpHeard(),
                PumpReading(status, self.pushed_ul, 0.0), PumpIdle(), after_s=0.01,
            )  # fmt: skip
        return self

    def _flow(self, flow_ul_s: float) -> None:
        if not self.closed:
            self.kpa = after_10_ms(self.line, self.kpa, flow_ul_s)
            return
        line = self.line
        softness = line.compliance_ul_kpa + line.bubble_ul * ATMOSPHERE_KPA / (ATMOSPHERE_KPA + self.kpa) ** 2
        self.kpa += 0.01 * (flow_ul_s - self.leak_ul_s_kpa * self.kpa) / softness

    def close(self) -> "ClosedBench":
        self.closed = True
        return self

    def to_question(self) -> "ClosedBench":
        """Closed, pressed, and the question to open it stands."""
        return self.close().live(lambda: self.asked == "open_tip")

    def refusal(self) -> str:
        bench = self.core
        assert bench.desk.reason is Reason.PRIME_REFUSED, bench.core.snapshot()
        counted = bench.desk.account.counted
        bench.say(PumpStopped(0.0 if counted is None else counted.infused_ul, 0.0), PumpIdle())
        bench.breathe(1.0, self.kpa)
        assert bench.state is State.STOPPED
        assert {(intent.into, intent.motion.direction) for intent in bench.ordered(WriteIntent)} == {("air", Direction.INFUSE)}
        return bench.desk.reason_text

    def told(self) -> list[Note]:
        return [each for each in self.core.ordered(Note) if each.name == "closed_tip_measured"]


def pressing() -> ClosedBench:
    """The second press is under way."""
    bench = ClosedBench.primed().close()
    bench.live(lambda: bench.begun == 4 and bench.pushed_ul > 2.0)
    assert bench.core.desk.account.moving is not None
    return bench
