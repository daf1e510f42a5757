"""Invariant 4: with the host gone, no more than the rest of the programmed increment is pushed, and less with the watchdog."""

from dataclasses import dataclass

from simulators.oracle.limits import RATE_FACTOR, TOLERANCE_UL
from simulators.oracle.record import Intent
from simulators.oracle.scene import Scene
from simulators.oracle.verdicts import Verdicts

NUMBER = 4


@dataclass(frozen=True, slots=True)
class _Left:
    """How things stood when the host went: at t_s, plunger at at_ul, rest_ul still programmed, at rate_ul_s."""

    t_s: float
    at_ul: float
    rest_ul: float
    rate_ul_s: float
    how: str


class HostGone:
    """Told of the moment, it watches what is still pushed. A host that stands still is gone for so long."""

    def __init__(self, scene: Scene, verdicts: Verdicts) -> None:
        self._scene = scene
        self._verdicts = verdicts
        self._gone: _Left | None = None
        self._frozen: list[tuple[_Left, float]] = []
        self._last_word: _Left | None = None

    def gone(self, now_s: float) -> None:
        """The host was killed now."""
        if self._gone is None:
            self._gone = self._as_it_stands(now_s, "was killed")

    def frozen(self, now_s: float, until_s: float) -> None:
        """The host stands still for a while."""
        self._frozen.append((self._as_it_stands(now_s, "stood still"), until_s))

    def spoke(self, t_s: float) -> None:
        """The record has taken an entry: so far the host was there."""
        self._last_word = self._as_it_stands(t_s, "was last heard of")

    def intended(self, intent: Intent, before: Intent | None) -> None:
        """A motion is announced: one increment at most is ever in the pump. before: the one announced last."""
        limit_ul = self._scene.limits.increment_ul
        if intent.into == "patient" and intent.volume_ul > limit_ul:
            text = f"motion {intent.motion} is announced with {intent.volume_ul:g} ul, and an increment is {limit_ul:g} ul"
            self._verdicts.accuse(NUMBER, "increment", intent.put_s, text)
        if before is not None and not before.closed:
            text = f"motion {intent.motion} is announced before motion {before.motion} has ended"
            self._verdicts.accuse(NUMBER, "outstanding", intent.put_s, text)

    def moved(self) -> None:
        """After a step in which the plunger went forward."""
        if self._gone is not None:
            self._judge(self._gone)
        for left, until_s in self._frozen:
            if self._scene.now_s <= until_s:
                self._judge(left)

    def finished(self, outcome: object) -> None:
        """No outcome and no kill heard of: the host went at some time after its last word, so the rest alone can be judged."""
        if outcome is None and self._gone is None and self._last_word is not None:
            self._judge(self._last_word, watchdog=False)

    def _as_it_stands(self, now_s: float, how: str) -> _Left:
        at_ul = self._scene.plunger.forward_ul
        intent = self._scene.record.open_forward
        if intent is None:
            return _Left(now_s, at_ul, 0.0, 0.0, how)
        rest_ul = max(0.0, intent.volume_ul - (at_ul - intent.forward_at_ul))
        return _Left(now_s, at_ul, rest_ul, intent.rate_ul_s, how)

    def _judge(self, left: _Left, *, watchdog: bool = True) -> None:
        scene = self._scene
        pushed_ul = scene.plunger.forward_ul - left.at_ul
        watched_ul = left.rate_ul_s * RATE_FACTOR * scene.claims.watchdog_s if watchdog else left.rest_ul
        if pushed_ul <= min(left.rest_ul, watched_ul) + TOLERANCE_UL or scene.moves_by_itself():
            return
        pushed = f"{pushed_ul:.2f} ul went forward since the host {left.how} at {left.t_s:.3f} s"
        if pushed_ul > left.rest_ul + TOLERANCE_UL:
            text = f"{pushed}, and {left.rest_ul:.2f} ul were left of the increment"
            self._verdicts.accuse(NUMBER, "rest", scene.now_s, text)
        if watchdog and pushed_ul > watched_ul + TOLERANCE_UL and scene.claims.blocks(left.t_s, scene.now_s) != "pump":
            text = f"{pushed}, and the pump's watchdog allows {watched_ul:.2f} ul"
            self._verdicts.accuse(NUMBER, "watchdog", scene.now_s, text)
