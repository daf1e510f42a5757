"""`ductoject bench ...`: measurements of this program on this machine."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from controller.cli_output import JsonOption, print_json, refuse
from controller.compiled.again import run_compiled
from controller.core.reasons import EXIT_FAULT

CompileOption = Annotated[bool, typer.Option("--compile/--no-compile", help="In a compiled copy of this program, made once.")]

MANY_PATIENTS = 500
"""From so many on it pays to compile first."""

bench_app = typer.Typer(no_args_is_help=True, help="Measure this program on this machine.")


@bench_app.callback()
def bench() -> None:
    """Measure this program on this machine."""


@bench_app.command()
def simulation(compiled: CompileOption = True, json_output: JsonOption = False) -> None:
    """How much faster than real time virtual procedures are. Takes a minute or two; let nothing else run."""
    if compiled:
        run_compiled(make=True)
    from controller.benchmarks.simulation import measure_simulation  # heavy, and other commands do without

    found = measure_simulation()
    if json_output:
        print_json(found)
        return
    sys.stdout.write(f"wire fidelity: {found['wire_x']} times real time on one core\n")
    sys.stdout.write(f"core fidelity: {found['core_x']} times real time on one core\n")
    sys.stdout.write(f"two processes do {found['jobs2_speedup']} times the work of one ({found['cores']} cores here)\n")
    sys.stdout.write(f"patients of cohort intact, 0.30 mL, procedures of {found['procedure_s']} s; oracle and replay on\n")


PatientsOption = Annotated[int, typer.Option(min=1, max=100_000, help="How many, of each kind.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Patients and their lines follow from seed and index.")]
CohortOption = Annotated[str, typer.Option(metavar="NAME|PATH", help="Has to have the subgroups that are measured.")]
ProfileOption = Annotated[str, typer.Option(metavar="sim|PATH", help="Syringe, agent, tube, priming.")]
SyringeOption = Annotated[str | None, typer.Option(metavar="NAME", help="Another syringe of the catalogue than the profile's.")]
PlantOption = Annotated[str | None, typer.Option(metavar="MODULE:FACTORY", help="Another plant than ours.")]


@bench_app.command()
def prime(
    patients: PatientsOption = 300,
    seed: SeedOption = 7,
    cohort: CohortOption = "mixed",
    profile: ProfileOption = "sim",
    plant: PlantOption = None,
    json_output: JsonOption = False,
) -> None:
    """How well the prime check knows a line, and tells good lines from bad ones. Exit: 1 where a limit is not kept."""
    from controller.benchmarks.prime import measure_prime  # heavy, and other commands do without
    from controller.virtual.case import Case

    _measure(measure_prime, Case(seed, 0, cohort, "core", profile=profile, plant=plant), patients, json_output=json_output)


@bench_app.command()
def hold(
    patients: PatientsOption = 300,
    seed: SeedOption = 7,
    cohort: CohortOption = "mixed",
    profile: ProfileOption = "sim",
    plant: PlantOption = None,
    json_output: JsonOption = False,
) -> None:
    """How well and how soon the hold test knows the duct's own pressure. Exit: 1 where a limit is not kept."""
    from controller.benchmarks.hold import measure_hold  # heavy, and other commands do without
    from controller.virtual.case import Case

    _measure(measure_hold, Case(seed, 0, cohort, "core", profile=profile, plant=plant), patients, json_output=json_output)


@bench_app.command()
def decide(
    patients: Annotated[int, typer.Option(min=1, max=10_000, help="How many procedures.")] = 8,
    seed: SeedOption = 7,
    cohort: CohortOption = "mixed",
    profile: ProfileOption = "sim",
    plant: PlantOption = None,
    json_output: JsonOption = False,
) -> None:
    """What the core's decisions cost in every cycle; let nothing else run. Exit: 1 where a limit is not kept."""
    from controller.benchmarks.decide import measure_decide  # heavy, and other commands do without
    from controller.virtual.case import Case

    _measure(measure_decide, Case(seed, 0, cohort, "core", profile=profile, plant=plant), patients, json_output=json_output)


@bench_app.command()
def detection(
    patients: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many in all; the sub-groups share them.")] = 4000,
    seed: SeedOption = 7,
    cohort: CohortOption = "mixed",
    profile: ProfileOption = "sim",
    plant: PlantOption = None,
    jobs: Annotated[int | None, typer.Option(help="Processes; one a core if not said.")] = None,
    plots: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Draws pictures into it.")] = None,
    compiled: Annotated[
        bool | None,
        typer.Option("--compile/--no-compile", help="In a compiled copy of this program; made for many patients if not said."),
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """How soon tests of the pressure find a tear, at equal rates of false stops: ductoject's own beside known ones."""
    from controller.campaign.checks import jobs_problems

    processes = len(os.sched_getaffinity(0)) if jobs is None else jobs
    problems = jobs_problems(processes)
    if problems:
        refuse(problems, json_output=json_output)
    if compiled is not False:
        run_compiled(make=compiled is True or patients >= MANY_PATIENTS)
    from controller.benchmarks.detection.measure import Told, measure_detection  # heavy, and other commands do without
    from controller.benchmarks.detection.plots import draw
    from controller.benchmarks.detection.table import table
    from controller.virtual.case import Case, CaseError
    from controller.virtual.direct import DirectNotEndedError
    from simulators.any_plant import PlantError
    from simulators.options import OptionsError

    case = Case(seed, 0, cohort, "core", profile=profile, plant=plant)
    try:
        found = measure_detection(case, patients, processes, Told(sys.stderr.write))
        pictures = [] if plots is None else draw(found, plots)
    except (CaseError, OptionsError, PlantError, DirectNotEndedError) as error:
        refuse(str(error).splitlines(), json_output=json_output)
    except OSError as error:
        refuse([f"--plots {plots}: {error.strerror or error}"], json_output=json_output, status=EXIT_FAULT)
    except BrokenExecutor as error:
        refuse([f"a process was lost: {error}"], json_output=json_output, status=EXIT_FAULT)
    if json_output:
        told = {"patients": patients, "seed": seed, "cohort": cohort, "profile": profile, "plant": plant}
        print_json({"rows": found.rows, **told, "refused": found.refused, "not_ended": found.not_ended})
        return
    sys.stdout.writelines(f"{line}\n" for line in table(found))
    sys.stdout.writelines(f"{picture}\n" for picture in pictures)


@bench_app.command()
def occlusion(
    patients: PatientsOption = 300,
    seed: SeedOption = 7,
    syringe: SyringeOption = None,
    cohort: CohortOption = "mixed",
    profile: ProfileOption = "sim",
    json_output: JsonOption = False,
) -> None:
    """How soon a tip that is blocked all at once is noticed, at 5 uL/s. Exit: 1 where a limit is not kept."""
    from controller.benchmarks.occlusion import measure_occlusion  # heavy, and other commands do without
    from controller.virtual.case import Case

    case = Case(seed, 0, cohort, "core", profile=profile)
    _measure(partial(measure_occlusion, syringe=syringe), case, patients, json_output=json_output, syringe=syringe)


@bench_app.command()
def relief(
    patients: PatientsOption = 300,
    seed: SeedOption = 7,
    rate: Annotated[float | None, typer.Option(metavar="UL_S", help="One rate; 2, 5 and 10 uL/s if not said.")] = None,
    syringe: SyringeOption = None,
    fidelity: Annotated[str, typer.Option(metavar="wire|core", help="Bytes on simulated wires, or the core alone.")] = "wire",
    cohort: CohortOption = "mixed",
    profile: ProfileOption = "sim",
    plant: PlantOption = None,
    json_output: JsonOption = False,
) -> None:
    """How much flows into the duct after a stop, with relief and without. Exit: 1 where a limit is not kept."""
    from controller.benchmarks.relief import RATES_UL_S, measure_relief  # heavy, and other commands do without
    from controller.virtual.case import Case

    if fidelity not in ("wire", "core"):
        refuse([f"--fidelity {fidelity}: has to be wire or core"], json_output=json_output)
    measure = partial(measure_relief, rates_ul_s=RATES_UL_S if rate is None else (rate,), syringe=syringe)
    case = Case(seed, 0, cohort, fidelity, profile=profile, plant=plant)  # type: ignore[arg-type]  # checked above
    _measure(measure, case, patients, json_output=json_output, syringe=syringe, fidelity=fidelity)


@bench_app.command()
def jitter(
    cycles: Annotated[int, typer.Option(min=400, max=10_000_000, help="Of 5 ms, by each test, in four turns.")] = 40_000,
    json_output: JsonOption = False,
) -> None:
    """By how much the loop's wait is late, beside a C program's and cyclictest's. Exit: 1 where the limit is not kept."""
    from controller.benchmarks.realtime.jitter import measure_jitter  # heavy, and other commands do without

    _print_times(measure_jitter(cycles, _to_stderr), json_output=json_output, cycles=cycles)


@bench_app.command(name="stop-latency")
def stop_latency(
    trials: Annotated[int, typer.Option(min=10, max=100_000, help="Of each kind, and as many of the C program.")] = 300,
    loaded: Annotated[
        bool, typer.Option("--loaded", help="With recorder and display, two busy processes and a busy disk.")
    ] = False,
    wire: Annotated[bool, typer.Option("--wire", help="On lines of 19200 baud, up to the plunger that stands still.")] = False,
    only: Annotated[
        str | None, typer.Option(metavar="pressure|button|operator", help="Only this cause, beside the C program.")
    ] = None,
    seed: SeedOption = 7,
    json_output: JsonOption = False,
) -> None:
    """From what decides to the first byte of STP, beside a C program. Exit: 1 where a limit is not kept."""
    from controller.benchmarks.realtime.stop_latency import KINDS, measure_stop_latency  # heavy, and other commands do without
    from controller.benchmarks.realtime.wire_stops import measure_wire_stops
    from controller.virtual.case import Case

    if loaded and wire:
        refuse(["--loaded and --wire: one or the other"], json_output=json_output)
    kinds = tuple(kind for kind in KINDS if only in (None, kind))
    if not kinds or (only is not None and wire):
        refuse([f"--only {only}: pressure, button or operator, and not with --wire"], json_output=json_output)
    case, say = Case(seed, 0, "mixed", "wire"), _to_stderr
    try:
        rows = (
            measure_wire_stops(case, trials, say)
            if wire
            else measure_stop_latency(case, trials, loaded=loaded, kinds=kinds, say=say)
        )
    except RuntimeError as error:
        refuse([str(error)], json_output=json_output, status=EXIT_FAULT)
    _print_times(rows, json_output=json_output, trials=trials, seed=seed)


@bench_app.command()
def cycle(
    seconds: Annotated[float, typer.Option(min=1.0, max=3600.0, help="Of an increment that flows.")] = 40.0,
    seed: SeedOption = 7,
    json_output: JsonOption = False,
) -> None:
    """What one cycle of the loop costs, by part, with recorder and display; let nothing else run."""
    from controller.benchmarks.realtime.cycle import measure_cycle  # heavy, and other commands do without
    from controller.virtual.case import Case

    rows = measure_cycle(Case(seed, 0, "mixed", "wire", subgroup="intact"), seconds, _to_stderr)
    _print_times(rows, json_output=json_output, seconds=seconds, seed=seed)


@bench_app.command()
def memory(
    hours: Annotated[float, typer.Option(min=0.01, max=240.0, help="Of virtual time; one takes about a minute.")] = 24.0,
    json_output: JsonOption = False,
) -> None:
    """How much the control process grows while it waits, armed. Exit: 1 where the limit is not kept."""
    from controller.benchmarks.realtime.memory import measure_memory  # heavy, and other commands do without

    try:
        rows = measure_memory(hours, _to_stderr)
    except RuntimeError as error:
        refuse([str(error)], json_output=json_output, status=EXIT_FAULT)
    _print_rows(rows, json_output=json_output, hours=hours)


@bench_app.command()
def procedures(
    number: Annotated[int, typer.Option("--procedures", min=1, max=1000, help="A minute and a half each.")] = 10,
    json_output: JsonOption = False,
) -> None:
    """Late cycles of whole procedures on a busy machine, beside cyclictest's. Exit: 1 where there are more of them."""
    from controller.benchmarks.realtime.procedures import measure_procedures  # heavy, and other commands do without

    try:
        rows = measure_procedures(number, _to_stderr)
    except RuntimeError as error:
        refuse([str(error)], json_output=json_output, status=EXIT_FAULT)
    _print_rows(rows, json_output=json_output)


@bench_app.command()
def page(
    trials: Annotated[int, typer.Option(min=10, max=10_000, help="Stops with the page open, and as many without.")] = 100,
    seed: SeedOption = 7,
    json_output: JsonOption = False,
) -> None:
    """The bedside's page: its start, the age of what it shows, and loop and stop beside it. Exit: 1 where a limit is not kept."""
    from controller.benchmarks.page.measure import measure_page  # heavy, and other commands do without
    from controller.virtual.case import Case

    try:
        rows = measure_page(Case(seed, 0, "mixed", "wire"), trials, _to_stderr)
    except RuntimeError as error:
        refuse([str(error)], json_output=json_output, status=EXIT_FAULT)
    _print_times(rows, json_output=json_output, trials=trials, seed=seed)


def _print_rows(rows: list[dict[str, Any]], *, json_output: bool, **more: object) -> NoReturn:
    """Rows of whatever they have, as JSON or as lines, and the end of the program."""
    if json_output:
        print_json({"rows": rows, **more})
    else:
        for row in rows:
            told = "  ".join(f"{key} {value}" for key, value in row.items() if value is not None and key not in ("name", "ok"))
            kept = "" if row["ok"] is None else f"  {'kept' if row['ok'] else 'NOT KEPT'}"
            sys.stdout.write(f"{row['name']}: {told}{kept}\n")
    raise typer.Exit(1 if any(row["ok"] is False for row in rows) else 0)


def _to_stderr(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _print_times(rows: list[dict[str, Any]], *, json_output: bool, **more: object) -> NoReturn:
    """Rows of percentiles, as JSON or as lines, and the end of the program."""
    if json_output:
        print_json({"rows": rows, **more})
    else:
        for row in rows:
            named = ((name[:-3], row[name]) for name in ("p50_ms", "p99_ms", "p999_ms", "max_ms"))
            times = "  ".join(f"{name} {'?' if value is None else f'{value:.3f}'}" for name, value in named)
            lost = f"  lost {row['lost']}" if row["lost"] else ""
            limit = "" if row["limit"] is None else f" (limit {row['limit']:g}: {'kept' if row['ok'] else 'NOT KEPT'})"
            ratio = (
                "" if row["ratio"] is None else f"  {row['compared'][:-3]} is {row['ratio']:g} times {row['reference']}{limit}"
            )
            sys.stdout.write(f"{row['name']:32} ms: {times}{lost}{ratio}\n")
    raise typer.Exit(1 if any(row["ok"] is False for row in rows) else 0)


def _measure(
    measure: Callable[[Any, int], list[dict[str, Any]]], case: Any, patients: int, *, json_output: bool, **more: object
) -> NoReturn:
    """Runs one measurement over patients, prints its rows, and ends the program. more: what else was asked for."""
    from controller.settings import ConfigError
    from controller.virtual.case import CaseError
    from controller.virtual.direct import DirectNotEndedError
    from controller.virtual.procedure import NotEndedError
    from simulators.any_plant import PlantError
    from simulators.options import OptionsError

    try:
        rows = measure(case, patients)
    except (CaseError, ConfigError, OptionsError, PlantError, DirectNotEndedError, NotEndedError) as error:
        refuse(str(error).splitlines(), json_output=json_output)
    if json_output:
        told = {"patients": patients, "seed": case.seed, "cohort": case.cohort, "profile": case.profile, "plant": case.plant}
        print_json({"rows": rows, **told, **more})
    else:
        sys.stdout.writelines(f"{_line(row)}\n" for row in rows)
    raise typer.Exit(1 if any(row["ok"] is False for row in rows) else 0)


def _line(row: dict[str, Any]) -> str:
    value = "?" if row["value"] is None else f"{row['value']:g}"
    limit = "" if row["limit"] is None else f"  (limit {row['limit']:g}: {'kept' if row['ok'] else 'NOT KEPT'})"
    return f"{row['name']:30}{value}{limit}"
