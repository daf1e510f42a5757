"""The host as seen from outside: its processes, which can be signalled or frozen, and its ear for the operator.

A process is held by a descriptor of its own (pidfd), so that a signal can never reach a stranger that got the same number.
"""

import os
import signal
from collections.abc import Callable

from simulators.acts import ActError, HostAct, Operator


class HostProcesses:
    """The processes of the one host that has introduced itself, if any."""

    def __init__(self) -> None:
        self._processes: dict[str, int] = {}
        self._wake_s: dict[str, float] = {}
        self._tell: Callable[[dict[str, object]], None] | None = None

    def introduce(self, pids: dict[str, int], tell: Callable[[dict[str, object]], None]) -> None:
        """A host gives the numbers of its processes ("control", "recorder") and a way to talk to it.

        It takes the place of one introduced before. Raises ActError if there is no such process.
        """
        opened: dict[str, int] = {}
        for target, pid in pids.items():
            if pid <= 1 or pid == os.getpid():
                problem = "can not be a process of the host"
            else:
                try:
                    opened[target] = os.pidfd_open(pid)
                    continue
                except OSError as error:
                    problem = error.strerror or str(error)
            for descriptor in opened.values():
                os.close(descriptor)
            raise ActError(f"process {pid} ({target}): {problem}")
        self.forget()
        self._processes, self._tell = opened, tell

    def forget(self) -> None:
        """The host is gone. What is still frozen goes on, so that nothing stays behind that never ends."""
        for target in list(self._wake_s):
            self._wake(target)
        for descriptor in self._processes.values():
            os.close(descriptor)
        self._processes, self._tell = {}, None

    def happen(self, act: HostAct, now_s: float) -> None:
        """Sends the signal, or freezes the process until now_s + freeze_s. Raises ActError."""
        if act.target not in self._processes:
            raise ActError(f"no host has introduced itself with a {act.target} process")
        if act.signal is not None:
            self._send(act.target, signal.Signals[act.signal])
        elif act.freeze_s is not None:
            self._send(act.target, signal.SIGSTOP)
            self._wake_s[act.target] = now_s + act.freeze_s

    def hear(self, act: Operator) -> None:
        """The operator says something. Raises ActError if nobody listens."""
        if self._tell is None:
            raise ActError("no host has introduced itself that could hear the operator")
        self._tell({"operator": act.say})

    def advance(self, now_s: float) -> None:
        """Wakes what has been frozen long enough."""
        for target in [target for target, at_s in self._wake_s.items() if now_s >= at_s]:
            self._wake(target)

    def _wake(self, target: str) -> None:
        del self._wake_s[target]
        try:
            signal.pidfd_send_signal(self._processes[target], signal.SIGCONT)
        except ProcessLookupError:
            return  # it was killed while it stood still

    def _send(self, target: str, number: signal.Signals) -> None:
        try:
            signal.pidfd_send_signal(self._processes[target], number)
        except OSError as error:
            raise ActError(f"{number.name} to the {target} process: {error.strerror}") from None
