"""`ductoject campaign` and `ductoject scenario`: virtual procedures by the thousand, or one of them drawn over time."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from controller.campaign.errors import EXIT_CLEAN, EXIT_INTERRUPTED, EXIT_VIOLATIONS, CampaignError
from controller.cli_output import JsonOption, print_json, refuse
from controller.compiled.again import run_compiled

if TYPE_CHECKING:
    from controller.campaign.plan import Plan

# What does the work is loaded by the commands themselves: it is heavy, and other commands do without.

DEFAULT_PATIENTS = 100
LONG_CAMPAIGN = 500
"""From so many procedures on it pays to compile first."""

CohortOption = Annotated[str, typer.Option(metavar="NAME|PATH", help="Who the virtual patients are.")]
FidelityOption = Annotated[str, typer.Option(metavar="wire|core", help="Bytes on simulated wires, or the core alone.")]
FaultsOption = Annotated[str, typer.Option(metavar="none|single|pairs", help="Faults injected into each procedure.")]
ProfileOption = Annotated[str, typer.Option(metavar="sim|PATH", help="Line and plan.")]
PlantOption = Annotated[str | None, typer.Option(metavar="MODULE:FACTORY", help="Another plant than the profile's.")]
TargetOption = Annotated[float | None, typer.Option("--target-ml", help="Volume to deliver, instead of the profile's.")]
SubgroupOption = Annotated[str | None, typer.Option(help="Only patients of this subgroup of the cohort.")]


def campaign(
    patients: Annotated[int | None, typer.Option(help=f"How many procedures; {DEFAULT_PATIENTS} if not said.")] = None,
    seed: Annotated[int, typer.Option(help="Patients and faults follow from seed and index.")] = 1,
    jobs: Annotated[int | None, typer.Option(help="Processes; one a core if not said.")] = None,
    cohort: CohortOption = "mixed",
    fidelity: FidelityOption = "wire",
    faults: FaultsOption = "none",
    profile: ProfileOption = "sim",
    plant: PlantOption = None,
    target_ml: TargetOption = None,
    subgroup: SubgroupOption = None,
    index: Annotated[list[int] | None, typer.Option(help="Only this procedure, with its record. Repeatable.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where results go; by default below campaigns/.")] = None,
    dask: Annotated[str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, instead of processes here.")] = None,
    compiled: Annotated[
        bool | None,
        typer.Option("--compile/--no-compile", help="In a compiled copy of this program; made for long campaigns if not said."),
    ] = None,
    plots: Annotated[bool, typer.Option(help="Draw DIR/plots/*.png.")] = True,
    json_output: JsonOption = False,
) -> None:
    """Run many virtual procedures. A campaign that was stopped is continued by the same command.

    Exit: 0 no violations, 1 violations, 2 not begun, 4 stopped by a fault, 130 stopped by Ctrl-C or SIGTERM.
    """
    from controller.campaign.checks import index_problems, jobs_problems, plan_problems
    from controller.campaign.conduct import Ways
    from controller.campaign.plan import Plan

    count = DEFAULT_PATIENTS if patients is None else patients
    plan = Plan(count, seed, cohort, fidelity, faults, profile, plant, target_ml, subgroup)
    processes = len(os.sched_getaffinity(0)) if jobs is None else jobs
    problems = plan_problems(plan) + jobs_problems(processes) + index_problems(index or [], patients)
    if problems:
        refuse(problems, json_output=json_output)
    if compiled is not False:
        run_compiled(make=compiled is True or (count >= LONG_CAMPAIGN and not index and dask is None))
    if index:
        _repeat(plan, index, out or plan.repeats_folder(), json_output=json_output)
    else:
        _conduct(plan, Ways(out or plan.folder(), processes, dask, plots), json_output=json_output)


def _conduct(plan: "Plan", ways: Any, *, json_output: bool) -> None:
    from controller.campaign import work
    from controller.campaign.conduct import conduct
    from controller.campaign.interruption import stop_on_signals
    from controller.campaign.tables import print_tables, wide_console

    try:
        with stop_on_signals() as stop:
            outcome = conduct(plan, ways, stop, Console(stderr=True), work.run_case)
    except CampaignError as error:
        refuse(error.problems, json_output=json_output, status=error.status)
    except KeyboardInterrupt:
        told = f"stopped at once; what was finished is kept in {ways.out}, and the same command continues it"
        refuse([told], json_output=json_output, status=EXIT_INTERRUPTED)
    for problem in outcome.problems:
        sys.stderr.write(f"{problem}\n")
    print_tables(outcome.summary, wide_console(stderr=json_output))
    if outcome.status == EXIT_INTERRUPTED:
        sys.stderr.write(f"stopped; the same command continues the campaign in {ways.out}\n")
    if json_output:
        print_json(outcome.summary)
    else:
        sys.stdout.write(f"{ways.out}\n")
    raise typer.Exit(outcome.status)


def _repeat(plan: "Plan", indices: list[int], out: Path, *, json_output: bool) -> None:
    from controller.campaign import work
    from controller.campaign.interruption import stop_on_signals
    from controller.campaign.repeat import repeat
    from controller.virtual.case import COLUMNS

    told = []
    wanted = list(dict.fromkeys(indices))
    try:
        with stop_on_signals() as stop:
            for done, record in repeat(plan, wanted, out, stop, work.run_case):
                row = dict(zip(COLUMNS, done.row, strict=True))
                told.append({"row": row, "violations": list(done.violations), "record": str(record)})
                if not json_output:
                    _print_procedure(told[-1])
    except CampaignError as error:
        refuse(error.problems, json_output=json_output, status=error.status)
    if json_output:
        print_json({"procedures": told})
    if len(told) < len(wanted):
        raise typer.Exit(EXIT_INTERRUPTED)
    raise typer.Exit(EXIT_VIOLATIONS if any(each["violations"] for each in told) else EXIT_CLEAN)


def _print_procedure(told: dict[str, Any]) -> None:
    lines = [f"{column}: {'?' if value is None else value}" for column, value in told["row"].items() if column != "violations"]
    lines += [f"VIOLATION at {each['t_s']} s, invariant {each['invariant']}: {each['text']}" for each in told["violations"]]
    lines.append(f"record: {told['record']}")
    sys.stdout.write("\n".join(lines) + "\n")


def scenario(
    name: Annotated[str | None, typer.Argument(metavar="[NAME|PATH]", help="One of `ductoject scenarios`.")] = None,
    patient: Annotated[str | None, typer.Option(metavar="COHORT:SEED:INDEX", help="A virtual patient, instead of it.")] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it over time: .png, .svg or .pdf.")] = None,
    fidelity: FidelityOption = "wire",
    faults: FaultsOption = "none",
    profile: ProfileOption = "sim",
    plant: PlantOption = None,
    target_ml: TargetOption = None,
    subgroup: SubgroupOption = None,
    json_output: JsonOption = False,
) -> None:
    """Run one scenario, or one patient of a campaign, in virtual time, and draw it. The options after --plot are for patients.

    Exit: 0 it was run, 1 a patient's procedure violated an invariant, 2 nothing was run, 4 the plant failed.
    """
    from controller.campaign.single import run_single

    options = {
        "fidelity": fidelity,
        "faults": faults,
        "profile": profile,
        "plant": plant,
        "target_ml": target_ml,
        "subgroup": subgroup,
    }
    try:
        outcome, violations = run_single(name, patient, plot, options)
    except CampaignError as error:
        refuse(error.problems, json_output=json_output, status=error.status)
    if json_output:
        print_json(outcome)
    else:
        sys.stdout.writelines(f"{key}: {'?' if value is None else value}\n" for key, value in outcome.items())
    raise typer.Exit(EXIT_VIOLATIONS if violations else EXIT_CLEAN)
