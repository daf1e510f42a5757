"""The core: `decide(now, observation) -> actions`. Pure: no clock, no IO, no randomness, no logging.

Order within one step: the facts are brought up to date, the monitors are asked, and only then the phase that is under way.
A monitor's verdict puts the order to stop first in the list, before the state machine is asked anything.
"""

from controller.core.desk import Desk
from controller.core.injection import Injection
from controller.core.messages import Action, Finish, HostFailed, Operator, PollPump, Tick
from controller.core.monitors import MONITORS, Roster
from controller.core.plan import Plan
from controller.core.priming import Priming
from controller.core.readiness import Readiness
from controller.core.reasons import GOOD_ENDS, Reason, alarm_priority, exit_code
from controller.core.self_test import SelfTest
from controller.core.states import State
from controller.core.stopping import Stopping
from drivers.button import PedalUsed
from drivers.pump import PumpIdle, PumpReading, PumpStopped

POLL_GAP_MOVING_S = 0.020  # between the end of one exchange and the next; leaves the line free half of the time
POLL_GAP_RESTING_S = 0.100

_TELLS_COUNTERS = (PumpReading, PumpStopped)
_TELLS_OF_PEOPLE = (Operator, HostFailed, PedalUsed)

_OPERATOR_REASONS = {
    "stop": (Reason.OPERATOR_STOP, "stop"),
    "pain": (Reason.PAIN_STOP, "the patient reports pain"),
    "reflux": (Reason.REFLUX, "reflux seen"),
}


class Core:
    """One procedure, from standby to its end."""

    def __init__(self, plan: Plan, desk: Desk | None = None) -> None:
        """desk: one that was made for this plan already; only a benchmark has another than the plain one."""
        self.desk = Desk(plan) if desk is None else desk
        self._self_test: SelfTest | None = None
        self._priming = Priming(self.desk)
        self._readiness: Readiness | None = None
        self._injection: Injection | None = None
        self._stopping = Stopping(self.desk)
        self._roster = Roster(MONITORS)
        self.outcome: dict[str, object] | None = None

    def decide(self, now_s: float, observation: object) -> list[Action]:
        """Takes one observation made at now_s and returns what is to be done, in order."""
        desk = self.desk
        desk.now_s = now_s
        desk.actions = []
        if self.outcome is not None:
            return desk.actions
        kind = type(observation)
        if kind is not Tick:  # which says nothing but that time has passed
            desk.view.take(observation, now_s)
            if kind in _TELLS_COUNTERS:
                self._take_counters(observation)
            elif kind in _TELLS_OF_PEOPLE:
                self._take_people(observation)
        for monitor in self._roster[kind]:
            verdict = monitor(desk, observation)
            if verdict is not None:
                desk.stop(verdict.reason, verdict.text, again=verdict.again)
        self._step(observation)
        if kind is Tick or kind is PumpIdle:
            self._keep_alive()
        return desk.actions

    # -- facts and causes ------------------------------------------------------------------------------------------------------

    def _take_counters(self, observation: object) -> None:
        if isinstance(observation, PumpReading | PumpStopped):
            went_on = self.desk.account.take_counters(observation.infused_ul, observation.withdrawn_ul)
            if went_on and not self.desk.stop_under_way:
                self.desk.stop(Reason.UNCOMMANDED_MOTION, "the pump's counters went on without an order", again=True)

    def _take_people(self, observation: object) -> None:
        desk = self.desk
        if isinstance(observation, HostFailed):
            desk.stop(Reason.HOST_ERROR, observation.text, again=True)
        elif isinstance(observation, PedalUsed):
            desk.take_pedal(observation)
        elif isinstance(observation, Operator):
            if observation.act in _OPERATOR_REASONS:
                reason, text = _OPERATOR_REASONS[observation.act]
                if desk.state in (State.COMPLETE, State.STOPPED):
                    desk.note("operator", f"{observation.source}: {text}")
                else:
                    desk.stop(reason, f"{text} ({observation.source})", again=True)
            elif observation.act == "full":
                self._take_fullness(observation.source)
            elif observation.act == "acknowledge":
                desk.note("operator", f"{observation.source}: the alarm was acknowledged")
            else:
                desk.take_answer(observation)

    def _take_fullness(self, source: str) -> None:
        """The end of the injection, without haste: what flows may flow, and what was ordered before this may still come."""
        desk = self.desk
        desk.fullness = desk.fullness or desk.state in (State.INFUSING, State.HOLDING)
        why = "this increment is the last one" if desk.fullness else "nothing is being given"
        desk.note("operator", f"{source}: the patient reports fullness; {why}")

    # -- phases ----------------------------------------------------------------------------------------------------------------

    def _step(self, observation: object) -> None:
        desk = self.desk
        match desk.state:
            case State.HOLDING | State.INFUSING | State.ARMED:
                self._inject(observation)
            case State.STANDBY:
                desk.go("begin", "begun")
                self._self_test = SelfTest(desk)
            case State.SELF_TEST:
                if self._self_test is not None and self._self_test.take(observation) and desk.reason is None:
                    desk.self_test_passed = True
                    desk.go("self_test_passed", "self-test passed")
            case State.PRIMING:
                if self._priming.take(observation) and desk.reason is None:
                    desk.go("prime_passed", "the line is primed")
                    self._readiness = Readiness(desk)
            case State.READY:
                if self._readiness is not None and self._readiness.take() and desk.reason is None:
                    desk.go("arm", "armed")
                    desk.view.pressure.peak_kpa = float("-inf")
                    self._injection = Injection(desk, self._readiness.primed_s)
            case State.STOPPING | State.RELIEVING | State.STOPPED | State.COMPLETE:
                if self._stopping.take(observation):
                    self._finish()

    def _inject(self, observation: object) -> None:
        desk = self.desk
        good_end = self._injection.take(observation) if self._injection is not None else None
        if good_end is not None and desk.reason is None:
            desk.reason, desk.reason_text = good_end, good_end.value
            desk.go("finish", good_end.value)

    def _keep_alive(self) -> None:
        """Polls the pump: this, and nothing else, keeps its watchdog from stopping it."""
        desk, pump = self.desk, self.desk.view.pump
        if pump.connected is None or pump.busy or pump.released or self.outcome is not None or "pump" in desk.view.lost:
            return
        if self._stopping.relief.hushed:
            return
        gap_s = POLL_GAP_MOVING_S if desk.account.moving is not None else POLL_GAP_RESTING_S
        if desk.now_s - pump.idle_s >= gap_s:
            pump.busy = True
            desk.act(PollPump(why="status and volume"))

    # -- what people see -------------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        desk = self.desk
        desk.close_motion(certain=False)  # nothing is left open, whichever way it ended
        reason = desk.reason or Reason.HOST_ERROR
        low_ul, high_ul = desk.account.patient_forward_ul()
        peak = desk.view.pressure.peak_kpa
        code = exit_code(reason)
        if reason in GOOD_ENDS and desk.also:
            code = exit_code(desk.also[0])  # a good end that something bad came after is not good
        self.outcome = {
            "reason": reason.name,
            "text": desk.reason_text,
            "also": [also.name for also in desk.also],
            "delivered_ml": round(low_ul / 1000, 5),
            "delivered_min_ml": round(low_ul / 1000, 5),
            "delivered_max_ml": round(high_ul / 1000, 5),
            "withdrawn_ml": round(sum(entry.withdrawn_ul for entry in desk.account.entries) / 1000, 5),
            "increments": desk.increments_done,
            "peak_line_kpa": round(peak, 2) if peak > float("-inf") else None,
            "hold_kpa": list(desk.hold_kpa),
            "duration_s": round(desk.now_s, 2),
            "exit": code,
        }
        desk.act(Finish(why=desk.reason_text, outcome=self.outcome))

    def snapshot(self) -> dict[str, object]:
        """What a screen shows, as plain data."""
        desk = self.desk
        view, plan = desk.view, desk.plan
        hold = self._injection.hold_elapsed_s() if self._injection is not None and desk.state is State.HOLDING else None
        question = None if plan.simulated and plan.advance_auto else desk.question  # the simulated operator answers it
        return {
            "type": "snapshot",
            "t_s": round(desk.now_s, 3),
            "state": desk.state.value,
            "increment": len(
                [entry for entry in desk.account.entries if entry.into == "patient" and entry.started_s is not None]
            ),
            "increments": plan.increments,
            "delivered_ml": round(desk.account.patient_forward_ul()[0] / 1000, 4),
            "target_ml": plan.target_ul / 1000,
            "line_kpa": None if view.pressure.kpa is None or view.pressure.zeroed_s is None else round(view.pressure.kpa, 2),
            "ceiling_kpa": plan.line_limit_kpa,
            "hold": None if hold is None else {"elapsed_s": round(hold, 1), "limit_s": plan.hold_s},
            "hold_kpa": list(desk.hold_kpa),
            "duct_limit_kpa": plan.duct_limit_kpa,
            "button": _button_word(view.button.closed, view.button.fault),
            "pump": "lost" if "pump" in view.lost else view.pump.status.value if view.pump.status else "unknown",
            "sensor": view.pressure.fault or ("ok" if view.pressure.connected else "unknown"),
            "recorder": view.recorder_trouble or "ok",
            "question": None if question is None else {"id": question.id, "text": question.text, "typed": question.typed or None},
            "prompt": desk.prompt,
            "alarm": self._alarm(),
            "fullness": desk.fullness,
            "simulated": plan.simulated,
        }

    def _alarm(self) -> dict[str, object] | None:
        reason = self.desk.reason
        priority = alarm_priority(reason) if reason is not None else None
        if reason is None or priority is None:
            return None
        return {"priority": priority, "reason": reason.name, "text": self.desk.reason_text}


def _button_word(closed: bool | None, fault: str | None) -> str:
    if fault is not None:
        return "fault"
    if closed is None:
        return "unknown"
    return "closed" if closed else "OPEN"
