"""What a plot of one procedure needs: the physical truth every 0.05 s, and what happened."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from simulators.acts import Act
from simulators.injection import Injection

EVERY_S = 0.05

_PLANT = ("duct_kpa", "into_duct_ul", "extravasated_ul", "reflux_ul", "cannula_ul")


@dataclass(slots=True)
class Trace:
    """A watcher of a bench. One list a quantity, all of one length; None where the plant does not tell it.

    cannula_ul: what has gone through the tip into the patient. events: (time, what, by whom), the bench's and, with `recorded`,
    the host's.
    """

    t_s: list[float] = field(default_factory=list)
    line_kpa: list[float] = field(default_factory=list)
    duct_kpa: list[float | None] = field(default_factory=list)
    plunger_ul: list[float] = field(default_factory=list)
    flow_ul_s: list[float] = field(default_factory=list)
    cannula_ul: list[float | None] = field(default_factory=list)
    into_duct_ul: list[float | None] = field(default_factory=list)
    extravasated_ul: list[float | None] = field(default_factory=list)
    reflux_ul: list[float | None] = field(default_factory=list)
    events: list[tuple[float, str, str]] = field(default_factory=list)
    _next_s: float = 0.0
    _done: list[Act] = field(default_factory=list)

    def __call__(self, bench: Any) -> None:
        """Takes a sample if one is due."""
        if bench.now_s < self._next_s:
            return
        self._next_s = bench.now_s + EVERY_S
        self.t_s.append(bench.now_s)
        self.line_kpa.append(bench.line_kpa)
        self.plunger_ul.append(bench.forward_ul - bench.withdrawn_ul)
        self.flow_ul_s.append(bench.flow_ul_s)
        truth = bench.truth()
        for name in _PLANT:
            getattr(self, name).append(truth.get(name))

    def heard(self, act: Act, by: str, cause: bool, now_s: float) -> None:  # noqa: ARG002 - as the bench calls it
        """For SimulatedBench.on_act."""
        self.events.append((now_s, str(act), by))
        self._done.append(act)

    def ended(self, injections: Sequence[Injection], now_s: float) -> None:
        """A fault whose moment did not come, where another one had ended the procedure say, is told at the end."""
        for each in injections:
            if not any(act is each.act for act in self._done):
                self.events.append((now_s, f"NOT BEGUN: {each.name} ({each.phase})", ""))

    def recorded(self, kind: str, t_s: float, body: Any) -> None:
        """For VirtualRecorder.listeners: state changes and causes to stop."""
        if kind != "event":
            return
        if body["name"] == "state":
            self.events.append((t_s, str(body["state"]), "host"))
        elif body["name"] in ("stop_cause", "good_end"):
            self.events.append((t_s, str(body["text"]), "host"))
