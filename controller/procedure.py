"""One procedure as a process: configuration, ports, recorder, display, loop, and the last word. Everything it opens it closes."""

import os
import platform
import secrets
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from controller.banner import BANNER
from controller.clock import clock_state
from controller.compose import build_station
from controller.core.reasons import EXIT_FAULT, EXIT_USAGE, Reason
from controller.display.client import DisplayClient
from controller.display.page_link import PageLink
from controller.loop import Loop
from controller.realtime import Measure, adapters, missing, real_time
from controller.record.client import RecorderClient
from controller.record.errors import RecordError
from controller.record.files import create_private_file, record_path
from controller.record.ledger import remainder_ul, unclosed
from controller.settings import ConfigError, LoadedProfile, load_profile
from controller.settings.profile import SIMULATED
from controller.simulated import (
    BackDoorLine,
    BenchProcess,
    SimulatedBenchError,
    bench_settings,
    why_not_simulated,
)
from controller.station import Outputs
from controller.virtual.overrides import scenario_overrides
from controller.world import RealWorld
from drivers.link import Link, LinkLostError, OutputLines
from drivers.serial_link import PortError, SerialLink
from simulators.scenario import Scenario, ScenarioError, load_scenario

FINISH_S = 5.0
DISPLAY_END_S = 2.0


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for. overrides: dotted key -> (value, the option's name).

    setup: what was answered before, for the record's header. page: the bedside's page in place of a terminal; who acts there has
    shown the operator's token.
    """

    profile: str = "sim"
    overrides: dict[str, object] = field(default_factory=dict)
    scenario: str | None = None
    records: str | None = None
    patient: str | None = None
    duct: str | None = None
    predecessor: str | None = None
    json_output: bool = False
    virtual: bool = False
    setup: Mapping[str, object] | None = None
    page: PageLink | None = None


class RefusedError(Exception):
    """Nothing was begun and nothing moved: one sentence a problem, for people. status: 4 if a virtual one failed on its way."""

    def __init__(self, problems: list[str], status: int = EXIT_USAGE) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        self.status = status


@dataclass(slots=True)
class _Prepared:
    """Everything that is known before anything is opened."""

    loaded: LoadedProfile
    scenario: Scenario | None
    records: Path
    simulated: bool
    patient: str
    duct: str
    predecessor: str | None
    day: str
    warnings: list[str]
    setup: Mapping[str, object] | None


def run_procedure(request: Request) -> dict[str, Any]:
    """Runs one procedure and returns its final object; "exit" in it is the exit status. Raises RefusedError."""
    prepared = _prepare(request)
    if request.virtual:
        return _run_virtual(prepared, json_output=request.json_output)
    _refuse_late_hosts(prepared)
    with ExitStack() as stack:
        links, control = _open_links(prepared, request, stack)
        _refuse_unattended(prepared, request.page)
        recorder, path = _start_recorder(prepared)
        stack.callback(recorder.close)
        display: DisplayClient | PageLink
        if request.page is None:
            display = stack.enter_context(DisplayClient.start("auto", "stderr" if request.json_output else "stdout"))
        else:
            display = request.page
        screens: list[tuple[str, Any]] = [("keyboard" if request.page is None else "page", display)]
        if control:
            line = _back_door(control, recorder.pid)
            stack.callback(line.close)
            if prepared.loaded.profile.prime.closed_tip:
                line.tell({"do": "person", "closes_tip": True})  # the simulated person reads no screen
            screens.append(("simulated operator", line))
        for text in prepared.warnings:
            display.send({"type": "note", "t_s": 0.0, "text": text})
        begun = {"type": "begun", "record": path.name, "path": str(path.absolute())}
        outcome = _run_loop(prepared, links, recorder, screens, lambda: request.page is not None and request.page.send(begun))
        outcome["record"] = str(path.absolute())
        outcome["uncertain_before"] = prepared.warnings  # what earlier records in this place leave open
        display.send({"type": "end", "t_s": outcome["duration_s"], **outcome})
        if isinstance(display, DisplayClient):  # a page is closed by whoever has given it
            display.close(DISPLAY_END_S)
    return outcome


def _run_virtual(prepared: _Prepared, *, json_output: bool) -> dict[str, Any]:
    from controller.virtual.command import VirtualRunError, run_virtual  # heavy, and real procedures start without

    started = datetime.now(UTC)
    path = record_path(prepared.records, started, secrets.token_hex(4))
    try:  # the record is written at the end, and a place that can not take it is told before anything is run
        create_private_file(path)
        path.unlink()
    except RecordError as error:
        raise RefusedError([str(error)]) from error
    with DisplayClient.start("plain", "stderr" if json_output else "stdout") as display:
        for text in prepared.warnings:
            display.send({"type": "note", "t_s": 0.0, "text": text})
        try:
            outcome = run_virtual(
                prepared.loaded,
                prepared.scenario,
                _header(prepared, started) | {"time": "virtual"},
                path,
                [("display", _NotesOnly(display))],
            )
        except VirtualRunError as error:
            display.close(DISPLAY_END_S, told=True)
            raise RefusedError(str(error).splitlines(), error.status) from error
        outcome["record"] = str(path.absolute())
        outcome["uncertain_before"] = prepared.warnings
        display.send({"type": "end", "t_s": outcome["duration_s"], **outcome})
        display.close(DISPLAY_END_S)
    return outcome


class _NotesOnly:
    """A display that is told what happens, and not what is on the dials: virtual time runs too fast to look at them."""

    looks = True

    def __init__(self, display: DisplayClient) -> None:
        self._display = display

    def send(self, message: dict[str, object]) -> bool:
        """Passes notes on."""
        return message["type"] != "note" or self._display.send(message)

    def fileno(self) -> int | None:
        """Nothing to wait for."""
        return None

    def mend(self, *, may_start: bool) -> str | None:
        """As the display itself."""
        return self._display.mend(may_start=may_start)

    def receive(self) -> list[dict[str, object]]:
        """Nobody answers in virtual time."""
        return []


# -- before anything is opened -------------------------------------------------------------------------------------------------


def _prepare(request: Request) -> _Prepared:
    try:
        scenario = None if request.scenario is None else load_scenario(request.scenario)
        loaded = load_profile(request.profile, (scenario_overrides(scenario) if scenario is not None else {}) | request.overrides)
    except ConfigError as error:
        raise RefusedError(error.problems) from error
    except ScenarioError as error:
        raise RefusedError(str(error).splitlines()) from error
    profile = loaded.profile
    simulated = not why_not_simulated(loaded)
    if scenario is not None and SIMULATED not in (profile.pump.port, profile.pressure.port, profile.button.port):
        raise RefusedError(["--scenario: happens at a simulated bench of our own; this profile names ports of another one"])
    if request.virtual and (profile.simulation is None or profile.injection.advance != "auto"):
        raise RefusedError([f'{loaded.source}: --virtual needs a [simulation] table and injection.advance = "auto"'])
    if not simulated and profile.injection.advance == "auto" and profile.kind != "simulation":
        raise RefusedError([f'{loaded.source}: injection.advance = "auto" is for simulated devices only'])
    records = Path(request.records if request.records is not None else profile.records.directory)
    day = datetime.now().astimezone().date().isoformat()
    predecessor = request.predecessor or (scenario.run.predecessor if scenario is not None else None)
    if profile.kind == "bedside" and (request.patient is None or request.duct is None):
        raise RefusedError(["--patient and --duct: a bedside procedure has to say whose duct it is"])
    if (request.patient is None) != (request.duct is None):
        raise RefusedError(["--patient and --duct: either both or none"])
    warnings = []
    try:
        records.mkdir(mode=0o700, parents=True, exist_ok=True)
        remainder = remainder_ul(records, predecessor, request.patient, request.duct, day)
        warnings = [item.text for item in unclosed(records)]
    except OSError as error:
        raise RefusedError([f"--records {records}: {error.strerror}"]) from error
    except RecordError as error:
        raise RefusedError([str(error)]) from error
    if remainder.allowed_ul <= 0:
        raise RefusedError([remainder.why if predecessor is None else f"--predecessor {predecessor}: {remainder.why}"])
    if profile.injection.target_ul > remainder.allowed_ul + 1e-6:
        left_ml = f"{remainder.allowed_ul / 1000:.2f} mL"
        raise RefusedError([f"injection.target_ml = {profile.injection.target_ml} is more than {left_ml}: {remainder.why}"])
    return _Prepared(
        loaded=loaded,
        scenario=scenario,
        records=records,
        simulated=simulated,
        patient=remainder.patient or request.patient or f"new-{secrets.token_hex(4)}",
        duct=remainder.duct or request.duct or "1",
        predecessor=remainder.predecessor,
        day=day,
        warnings=[*warnings, *remainder.ignored],
        setup=request.setup,
    )


def _at_a_terminal() -> bool:
    return sys.stdin.isatty() and (sys.stdout.isatty() or sys.stderr.isatty())


def _refuse_unattended(prepared: _Prepared, page: PageLink | None) -> None:
    """A device that is not simulated is armed by a hand on the button and a word typed in a terminal or on the page."""
    loaded = prepared.loaded
    if page is not None or _at_a_terminal():
        if not prepared.simulated and loaded.profile.injection.advance == "auto":
            raise RefusedError([*why_not_simulated(loaded), f'{loaded.source}: so injection.advance has to be "confirm"'])
    elif not prepared.simulated:
        why = why_not_simulated(loaded)
        raise RefusedError([*why, "arming a device that is not simulated takes a person at a terminal, and there is no terminal"])
    elif loaded.profile.injection.advance != "auto":
        raise RefusedError([f'{loaded.source}: injection.advance = "confirm": somebody has to answer, and there is no terminal'])


# -- opening -------------------------------------------------------------------------------------------------------------------


def _end_bench(bench: BenchProcess) -> None:
    """A bench that failed on its way, by a plant that is not ours say, looks to the host like devices that fall silent."""
    said = bench.end()
    if said:
        sys.stderr.write(f"the simulated bench has failed: {said}\n")


def _open_links(prepared: _Prepared, request: Request, stack: ExitStack) -> tuple[dict[str, Link], str]:
    """The three ports, and the address of the back door where there is one."""
    profile = prepared.loaded.profile
    simulation = profile.simulation
    ports = {"pump": profile.pump.port, "pressure": profile.pressure.port, "button": profile.button.port}
    control = simulation.control if simulation is not None else ""
    if simulation is not None and SIMULATED in ports.values():
        settings = bench_settings(prepared.loaded, prepared.scenario.bench if prepared.scenario is not None else {})
        try:
            bench = BenchProcess.start(
                settings, plant=simulation.plant, seed=simulation.seed, index=simulation.index, scenario=request.scenario
            )
        except SimulatedBenchError as error:
            raise RefusedError(str(error).splitlines()) from error
        stack.callback(_end_bench, bench)
        ports = {name: bench.addresses[name] if port == SIMULATED else port for name, port in ports.items()}
        control = control or bench.addresses["control"]
    bauds = {"pump": profile.pump.baud, "pressure": profile.pressure.baud, "button": 9600}
    links: dict[str, Link] = {}
    problems = []
    for name, port in ports.items():
        try:
            link = SerialLink.open(name, port, bauds[name], lines=name == "button")
        except PortError as error:
            problems.append(f"{prepared.loaded.source}: {name}.port = {port}: {error}")
            continue
        stack.callback(link.close)
        links[name] = link
    if problems:
        raise RefusedError(problems)
    return links, control


def _start_recorder(prepared: _Prepared) -> tuple[RecorderClient, Path]:
    started = datetime.now(UTC)
    path = record_path(prepared.records, started, secrets.token_hex(4))
    try:
        recorder = RecorderClient.start(path)
    except RecordError as error:
        raise RefusedError([str(error)]) from error
    recorder.put("header", 0.0, _header(prepared, started))
    return recorder, path


def _header(prepared: _Prepared, started: datetime) -> dict[str, object]:
    return {
        "software": "ductoject",
        "version": _version(),
        "python": platform.python_version(),
        "kind": prepared.loaded.profile.kind,
        "simulated": prepared.simulated,
        "patient": prepared.patient,
        "duct": prepared.duct,
        "day": prepared.day,
        "predecessor": prepared.predecessor,
        "started_utc": started.isoformat(),
        "clock": clock_state().body(),
        "profile": prepared.loaded.source,
        "configuration": prepared.loaded.canonical_json,
        "configuration_hash": prepared.loaded.hash,
        "banner": BANNER,
    } | ({} if prepared.setup is None else {"setup": dict(prepared.setup)})


def _back_door(control: str, recorder_pid: int | None) -> BackDoorLine:
    try:
        return BackDoorLine(control, os.getpid(), recorder_pid)
    except SimulatedBenchError as error:
        raise RefusedError([str(error)]) from error


def _version() -> str:
    try:
        return version("ductoject")
    except PackageNotFoundError:
        return "unknown"


# -- running -------------------------------------------------------------------------------------------------------------------


def _run_loop(
    prepared: _Prepared,
    links: dict[str, Link],
    recorder: RecorderClient,
    screens: list[tuple[str, Any]],
    begins: Callable[[], object],
) -> dict[str, Any]:
    with RealWorld(links) as world, real_time(prepared.loaded.profile.host.cpu) as measures:
        profile = prepared.loaded.profile
        measures += adapters({name: getattr(profile, name).port for name in links})
        _refuse_without(prepared, measures)
        begins()  # from here on nothing is refused any more
        tell_missing(measures, screens)
        lose: Callable[[str, str], None]

        def write(name: str, frame: bytes) -> None:
            try:
                links[name].write(frame)
            except LinkLostError as error:
                lose(name, str(error))

        def set_lines(wanted: OutputLines) -> None:
            try:
                links["button"].set_lines(wanted)
            except LinkLostError as error:
                lose("button", str(error))

        station = build_station(prepared.loaded, Outputs(write, set_lines, recorder), simulated=prepared.simulated)
        loop = Loop(station, world, recorder, screens, BANNER)
        lose = loop.lose_link
        recorder.put("host", 0.0, {"real_time": {each.name: [each.had, each.text] for each in measures}, "pid": os.getpid()})
        outcome: dict[str, Any] = loop.run()
        recorder.put("host", world.now_us() / 1e6, loop.lateness.body())
        _close_record(recorder, outcome)  # while signals are still ours: a second Ctrl-C must not lose the end
    return outcome


def _refuse_late_hosts(prepared: _Prepared) -> None:
    """Where the profile demands what keeps the loop on time: tries it, gives it back, and refuses before anything is opened."""
    with real_time(prepared.loaded.profile.host.cpu) as measures:
        _refuse_without(prepared, measures)


def tell_missing(measures: list[Measure], screens: list[tuple[str, Any]]) -> None:
    """What could not be had, to whoever looks."""
    for text in missing(measures):
        for _, screen in screens:
            if screen.looks:
                screen.send({"type": "note", "t_s": 0.0, "text": f"not kept on time as it could be: {text}"})


def _refuse_without(prepared: _Prepared, measures: list[Measure]) -> None:
    without = missing(measures)
    if prepared.loaded.profile.requires_realtime and without:
        why = f"{prepared.loaded.source}: this profile demands a loop that is kept on time, and here it can not be"
        raise RefusedError([f"{why}: {each}" for each in without])


def _close_record(recorder: RecorderClient, outcome: dict[str, Any]) -> None:
    """Writes the end; a record that can not be closed is said, and makes a good end a fault."""
    recorder.put("end", outcome["duration_s"], outcome)
    if not recorder.finish(FINISH_S) and Reason.RECORDER_FAULT.name not in (outcome["reason"], *outcome["also"]):
        outcome["also"].append(Reason.RECORDER_FAULT.name)
        outcome["record_trouble"] = recorder.trouble or "the record was not closed in time"
        outcome["exit"] = outcome["exit"] or EXIT_FAULT


__all__ = ["BANNER", "EXIT_USAGE", "RefusedError", "Request", "run_procedure"]
