"""`ductoject bench ...`: measurements of this program on this machine."""

import sys
from typing import Annotated, Any

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


@bench_app.command()
def prime(
    patients: Annotated[int, typer.Option(min=1, max=100_000, help="Lines of each kind.")] = 300,
    seed: Annotated[int, typer.Option(min=0, help="Lines follow from seed and index.")] = 7,
    cohort: Annotated[str, typer.Option(metavar="NAME|PATH", help="With subgroups intact, air and wrong_contrast.")] = "mixed",
    profile: Annotated[str, typer.Option(metavar="sim|PATH", help="Syringe, agent, tube, priming.")] = "sim",
    plant: Annotated[str | None, typer.Option(metavar="MODULE:FACTORY", help="Lines of another plant.")] = None,
    json_output: JsonOption = False,
) -> None:
    """How well the prime check knows a line, and tells good lines from bad ones. A minute for a thousand lines."""
    from controller.benchmarks.prime import measure_prime  # heavy, and other commands do without
    from controller.virtual.case import Case, CaseError
    from controller.virtual.direct import DirectNotEndedError
    from simulators.any_plant import PlantError
    from simulators.options import OptionsError

    case = Case(seed, 0, cohort, "core", profile=profile, plant=plant)
    try:
        rows = measure_prime(case, patients)
    except (CaseError, OptionsError, PlantError, DirectNotEndedError) as error:
        refuse(str(error).splitlines(), json_output=json_output)
    if json_output:
        print_json({"rows": rows, "patients": patients, "seed": seed, "cohort": cohort, "profile": profile, "plant": plant})
    else:
        sys.stdout.writelines(f"{_line(row)}\n" for row in rows)
    raise typer.Exit(1 if any(row["ok"] is False for row in rows) else 0)


def _line(row: dict[str, Any]) -> str:
    value = "?" if row["value"] is None else f"{row['value']:g}"
    limit = "" if row["limit"] is None else f"  (limit {row['limit']:g}: {'kept' if row['ok'] else 'NOT KEPT'})"
    return f"{row['name']:24}{value}{limit}"
