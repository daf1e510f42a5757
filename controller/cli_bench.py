"""`ductoject bench ...`: measurements of this program on this machine."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, NoReturn

import typer

from controller.cli_output import JsonOption, print_json, refuse
from controller.compiled.again import run_compiled

CompileOption = Annotated[bool, typer.Option("--compile/--no-compile", help="In a compiled copy of this program, made once.")]

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
def relief(
    patients: PatientsOption = 300,
    seed: SeedOption = 7,
    rate: Annotated[float | None, typer.Option(metavar="UL_S", help="One rate; 2, 5 and 10 uL/s if not said.")] = None,
    syringe: Annotated[
        str | None, typer.Option(metavar="NAME", help="Another syringe of the catalogue than the profile's.")
    ] = None,
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
