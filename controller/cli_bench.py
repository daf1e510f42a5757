"""`ductoject bench ...`: measurements of this program on this machine."""

import sys
from typing import Annotated

import typer

from controller.cli_output import JsonOption, print_json
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
