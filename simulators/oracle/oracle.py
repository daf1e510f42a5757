"""The oracle: a watcher of the simulated bench that judges one procedure by the six invariants of DESIGN.md section 7."""

from collections.abc import Mapping, Sequence

from simulators.acts import Act, HostAct, Press, Release
from simulators.oracle.account import AccountOfMotion
from simulators.oracle.causes import Causes
from simulators.oracle.claims import Claims, Injection
from simulators.oracle.dose import Dose
from simulators.oracle.ending import Ending
from simulators.oracle.host_gone import HostGone
from simulators.oracle.limits import CEILING_MARGIN_KPA, MOVED_UL, OracleLimits
from simulators.oracle.place import Place
from simulators.oracle.scene import Bench, Scene
from simulators.oracle.stop import Stop
from simulators.oracle.verdicts import Verdicts, Violation


class Oracle:
    """Call it after every step of the bench; tell it the acts at the bench and the entries of the record as they are put.

    One object judges one procedure. `violations` has each kind of violation once, with its first moment.
    """

    def __init__(self, limits: OracleLimits, injections: Sequence[Injection] = ()) -> None:
        self._verdicts = Verdicts()
        self._claims = Claims(limits, injections)
        self._scene = scene = Scene(limits, self._claims)
        self._causes = Causes(scene)
        self._pressed = False
        self._ceiling_kpa = limits.ceiling_kpa + CEILING_MARGIN_KPA
        verdicts = self._verdicts
        self._dose = Dose(scene, verdicts)
        self._stop = Stop(scene, verdicts, self._causes)
        self._place = Place(scene, verdicts)
        self._host_gone = HostGone(scene, verdicts)
        self._ending = Ending(scene, verdicts, self._causes)
        self._account = AccountOfMotion(scene, verdicts)

    @property
    def violations(self) -> list[Violation]:
        """What was found so far."""
        return self._verdicts.violations

    # -- the truth -------------------------------------------------------------------------------------------------------------

    def __call__(self, bench: Bench) -> None:
        """Looks at the bench after one step."""
        scene = self._scene
        plunger = scene.plunger
        now_s, line_kpa, pressed = bench.now_s, bench.line_kpa, bench.contacts.pressed
        forward_ul, withdrawn_ul = bench.forward_ul, bench.withdrawn_ul
        if (
            forward_ul - plunger.forward_ul <= MOVED_UL
            and withdrawn_ul - plunger.withdrawn_ul <= MOVED_UL
            and line_kpa < self._ceiling_kpa
            and pressed is self._pressed
            and now_s < self._causes.due_s
        ):
            scene.now_s, scene.line_kpa = now_s, line_kpa
            return
        scene.since_s, scene.before_kpa = scene.now_s, scene.line_kpa
        scene.now_s, scene.line_kpa, scene.tip = now_s, line_kpa, bench.tip
        if pressed is not self._pressed:
            self._press(pressed, now_s)
        moved = plunger.take(scene.since_s, now_s, forward_ul, bench.forward_patient_ul, withdrawn_ul)
        self._causes.look()
        if moved:
            self._judge_motion()

    def _judge_motion(self) -> None:
        if self._scene.plunger.moved_ul > MOVED_UL:
            self._causes.moved()
            self._dose.moved()
            self._stop.moved()
            self._place.moved()
            self._host_gone.moved()
            self._account.moved()
        self._ending.moved()

    def _press(self, pressed: bool, now_s: float) -> None:
        self._pressed = pressed
        self._causes.press(pressed, now_s)

    def heard(self, act: Act, by: str, cause: bool, now_s: float) -> None:  # noqa: ARG002 - `cause` is the scenario's own measure
        """An act was done at the bench. cause marks from where a scenario measures; what an act demands follows from the act."""
        self._claims.heard(act, by, now_s)
        self._causes.heard(act, now_s)
        if isinstance(act, Press | Release):
            self._press(isinstance(act, Press), now_s)
        if isinstance(act, HostAct) and act.target == "control":
            if act.signal == "SIGKILL":
                self._host_gone.gone(now_s)
            elif act.freeze_s is not None:
                self._host_gone.frozen(now_s, now_s + act.freeze_s)

    # -- the record ------------------------------------------------------------------------------------------------------------

    def recorded(self, kind: str, t_s: float, body: Mapping[str, object]) -> None:
        """An entry was put into the record. Raises KeyError or ValueError for an intent or an end that is none."""
        scene, record = self._scene, self._scene.record
        match kind:
            case "event" if body.get("name") == "state":
                state = str(body["state"])
                self._ending.state(record.state, state)
                record.enter(state, t_s, scene.plunger.forward_ul)
                self._causes.state_changed(t_s)
            case "event":
                name = str(body.get("name"))
                if name == "stop_cause":
                    record.stop_cause(str(body.get("reason")))
                    self._ending.stop_cause(str(body.get("reason")), t_s)
                self._causes.recorded(name, t_s, body)
            case "intent":
                outstanding = record.newest
                intent = record.intend(body, t_s, scene.plunger.forward_ul, scene.plunger.withdrawn_ul)
                self._host_gone.intended(intent, outstanding)
                self._ending.intended(intent)
            case "motion_end":
                self._account.ended(body["motion"], record.end_motion(body))
        self._host_gone.spoke(t_s)

    def replayed(self, mismatches: Sequence[str]) -> None:
        """Where the record, replayed through the same code, came to something else."""
        self._account.replayed(mismatches)

    def finish(self, bench: Bench, outcome: Mapping[str, object] | None) -> None:
        """The end. outcome: the host's last word, None where no host is left to say one."""
        self(bench)
        self._host_gone.finished(outcome)
        self._ending.finished(outcome)
        self._account.finished(outcome)
