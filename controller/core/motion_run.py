"""One motion from intent to end: written down durably, programmed, read back, allowed, started, watched to its end."""

from collections.abc import Callable
from enum import Enum

from controller.core.account import COUNT_TOLERANCE_UL, Entry
from controller.core.desk import Desk
from controller.core.messages import Durable, PreparePump, RunPump, WriteIntent
from controller.core.reasons import Reason
from drivers.pump import Motion, PumpPrepared, PumpReading, PumpRefused

DURABLE_S = 2.0
PREPARE_S = 3.0
START_GRACE_S = 0.3  # from RUN until the pump's own word counts
LATE_FACTOR = 1.1
LATE_EXTRA_S = 1.0


class Step(Enum):
    """How far the motion is."""

    INTENT = "intent"
    PROGRAM = "program"
    GATE = "gate"
    MOVING = "moving"
    ENDED = "ended"


class MotionRun:
    """Runs one motion. gate: asked until it says None, before the motion starts; its text is what is waited for.

    started: called when RUN goes out, so that the state changes with it and not before. at_once: the pump is programmed while
    the intent is being written; the motion starts only when both are done.
    """

    def __init__(
        self,
        desk: Desk,
        into: str,
        motion: Motion,
        *,
        why: str,
        gate: Callable[[], str | None],
        started: Callable[[], None],
        at_once: bool = False,
    ) -> None:
        self._desk = desk
        self._gate = gate
        self._started = started
        self.entry: Entry = desk.account.open(into, motion)
        self.step = Step.PROGRAM if at_once else Step.INTENT
        self._durable = False
        self._announced_s = desk.now_s
        self._since_s = desk.now_s
        self._ordered = False
        desk.act(WriteIntent(why=why, motion_number=self.entry.number, into=into, motion=motion))

    @property
    def ended(self) -> bool:
        """True once the pump was seen to have done all of it."""
        return self.step is Step.ENDED

    def take(self, observation: object) -> None:
        """One observation further; every wait in here ends in a stop."""
        if not self._durable:
            self._look_for_durable(observation)
        match self.step:
            case Step.INTENT:
                if self._durable:
                    self._enter(Step.PROGRAM)
            case Step.PROGRAM:
                self._await_prepared(observation)
            case Step.GATE:
                self._await_gate()
            case Step.MOVING:
                self._watch(observation)
            case Step.ENDED:
                pass

    def _enter(self, step: Step) -> None:
        self.step, self._since_s = step, self._desk.now_s

    def _waited_s(self) -> float:
        return self._desk.now_s - self._since_s

    def _look_for_durable(self, observation: object) -> None:
        if isinstance(observation, Durable) and observation.motion == self.entry.number:
            self._durable = True
        elif self._desk.now_s - self._announced_s > DURABLE_S:
            self._desk.stop(Reason.RECORDER_FAULT, f"the intent of motion {self.entry.number} was not on disk in {DURABLE_S} s")

    def _await_prepared(self, observation: object) -> None:
        desk, motion = self._desk, self.entry.motion
        if not self._ordered:
            if not desk.view.pump.busy:
                self._ordered = True
                desk.view.pump.busy = True
                desk.act(PreparePump(why=f"program motion {self.entry.number}", motion=motion))
        elif isinstance(observation, PumpPrepared):
            if observation.motion == motion:
                self.entry.programmed = True
                self._enter(Step.GATE)
            else:
                desk.stop(Reason.PUMP_FAULT, "the pump reads back another motion than was programmed")
        elif isinstance(observation, PumpRefused):
            return  # the monitors stop for it
        if self.step is Step.PROGRAM and self._waited_s() > PREPARE_S:
            desk.stop(Reason.PUMP_FAULT, f"the pump was not programmed within {PREPARE_S} s")

    def _await_gate(self) -> None:
        desk = self._desk
        waiting_for = "the pump is busy" if desk.view.pump.busy else self._gate()
        if not self._durable:
            waiting_for = "the intent is not on disk"
        if waiting_for is None:
            self.entry.started_s = desk.now_s
            desk.view.pump.busy = True
            desk.act(RunPump(why=f"motion {self.entry.number}: {self.entry.into}, {self.entry.motion.volume_ul:g} ul"))
            self._started()
            self._enter(Step.MOVING)
        elif self._waited_s() > PREPARE_S:
            desk.stop(Reason.PUMP_FAULT, f"motion {self.entry.number} could not start: {waiting_for}")

    def _watch(self, observation: object) -> None:
        desk, motion, entry = self._desk, self.entry.motion, self.entry
        if isinstance(observation, PumpReading) and not observation.status.moving:
            if abs(entry.done_ul - motion.volume_ul) <= COUNT_TOLERANCE_UL:
                self._enter(Step.ENDED)
                desk.close_motion(certain=True)
                return
            if entry.done_ul < motion.volume_ul and self._waited_s() > START_GRACE_S:
                self._stopped_by_itself()
                return
        if self._waited_s() > motion.volume_ul / motion.rate_ul_s * LATE_FACTOR + LATE_EXTRA_S:
            desk.stop(
                Reason.PUMP_FAULT,
                f"motion {entry.number} has not ended in time: {entry.done_ul:.2f} of {motion.volume_ul:g} ul after "
                f"{self._waited_s():.1f} s",
            )

    def _stopped_by_itself(self) -> None:
        """A hard-wired stop button reaches the pump before it reaches us."""
        desk, entry = self._desk, self.entry
        text = f"the pump stopped by itself at {entry.done_ul:.2f} of {entry.motion.volume_ul:g} ul"
        by_hand = desk.view.button.closed is False
        if by_hand and entry.into == "relief":
            desk.note("relief_interrupted", f"{text}, with the stop button open")
            self._enter(Step.ENDED)
            desk.close_motion(certain=True)
        elif by_hand:
            desk.stop(Reason.PAIN_STOP, f"{text}, with the stop button open")
        else:
            desk.stop(Reason.PUMP_FAULT, text)
