"""On lines of 19200 baud: from what decides, at a random moment of polling, to STP's last byte, and to a plunger that stands.

The simulated pump loses a command that meets a reply of its own, as the real one may; then it has to be said again. Beside ours
a public client, nesp-lib, is asked to stop the same pump at such moments, with a poll of its own outstanding.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from controller.benchmarks.realtime.devices import BYTE_S, Cause, Trial
from controller.benchmarks.realtime.host import TIME, Attendants
from controller.benchmarks.realtime.rows import Against, time_row
from controller.benchmarks.realtime.stage import Stage
from controller.benchmarks.realtime.stop_latency import FROM_KPA, LIMIT_KPA, Job, Say, Trials, each_stage, shares
from controller.core.limits import STOP_BUDGET_S
from controller.virtual.case import Case
from controller.virtual.procedure import NotEndedError

SLACK_MS: Final = 1.0
WITNESS: Final = "nesp-lib"
SET_UP_S: Final = 1.0
"""nesp-lib asks for model and firmware first, and sets the watchdog anew."""
_OURS: Final = {"pressure": "pressure crossing", "operator": "operator stop"}


def measure_wire_stops(case: Case, trials: int, say: Say = lambda _: None) -> list[dict[str, Any]]:
    """Rows of controller.benchmarks.realtime.rows, over so many trials of each kind."""
    found: Trials = {kind: [] for kind in (*_OURS, WITNESS)}
    if not _has_witness():
        say(f"no {WITNESS} here (it comes with the extra `test`)")
    for done in each_stage(_run, [Job(each, share, False, None) for each, share in shares(case, trials)]):
        for kind, times in done.items():
            found[kind] += times
        say(f"{len(found['pressure'])} of {trials} trials of each kind on the wire")
    rows = [row for kind, name in _OURS.items() for row in _rows(name, found[kind])]
    if found[WITNESS]:
        rows += [row | {"limit": None, "ok": None} for row in _rows(WITNESS, found[WITNESS])]
    return rows


def _run(job: Job) -> Trials:
    found: Trials = {kind: [] for kind in (*_OURS, WITNESS)}
    try:
        stage = Stage(job.case, FROM_KPA, LIMIT_KPA, paced=True)
    except NotEndedError:
        return found  # a line that was refused, or one that never rises so far
    for number in range(job.trials):
        moment = Cause.at_random("operator", 1000 * job.case.index + number)
        found["pressure"].append(stage.ours(Cause("pressure")))
        found["operator"].append(stage.ours(moment))
        if _has_witness():
            later = Cause("operator", moment.after_s + SET_UP_S)
            found[WITNESS].append(stage.witness(later, _witness))
    return found


def _has_witness() -> bool:
    try:
        import nesp_lib  # noqa: F401 - a benchmark's own, and not everywhere
    except ImportError:
        return False
    return True


def _witness(pump: str, _pressure: str, attendants: Attendants, ready: Callable[[], int], written: int) -> None:
    """One thread polls without a pause; another waits for the word, and says stop."""
    import nesp_lib

    ready()
    with nesp_lib.Port(pump, 19200) as port:
        client = nesp_lib.Pump(port, model_number=1000, safe_mode_timeout_s=1)

        def poll() -> None:
            while True:
                client.volume_infused_ml  # noqa: B018 - asking is all that is wanted

        threading.Thread(target=poll, daemon=True).start()
        attendants.await_word()
        os.write(written, TIME.pack(0))
        client.stop(wait_while_running=False)
        time.sleep(SET_UP_S)


def _rows(name: str, trials: list[Trial | None]) -> list[dict[str, Any]]:
    seen = [each for each in trials if each is not None]
    lost = trials.count(None)
    on_wire_ms = [(each.sent_s - each.cause_s) * 1000.0 for each in seen]
    rest_ms = [each.rest_s * 1000.0 for each in seen]
    own_ms = [len(bytes.fromhex(each.stop)) * BYTE_S * 1000.0 for each in seen]
    beyond_ms = [total - rest - own for total, rest, own in zip(on_wire_ms, rest_ms, own_ms, strict=True)]
    still_ms = [(each.still_s - each.cause_s) * 1000.0 for each in seen]
    budget = Against("max_ms", "the budget of 100 ms", STOP_BUDGET_S * 1000.0, 1.0)
    return [
        time_row(f"{name}: to STP's last byte", on_wire_ms, lost=lost),
        time_row(f"{name}: of it, frame under way", rest_ms),
        time_row(f"{name}: beyond that and STP's own", beyond_ms, against=Against("p99_ms", "1 ms", SLACK_MS, 1.0)),
        time_row(f"{name}: to a plunger at rest", still_ms, against=budget),
    ]
